/*
 * Feature tables that follow their source: feature_table(), refresh_features(),
 * drop_feature_table(), and the trigger that reports changed scans.
 *
 * The trigger only notes keys; the scheduler hands them to the job of the table,
 * and workers, logged in as the owner of the table, look at the scans again.
 */
#include "compat.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/varlena.h"

#include "jobs/submit.h"

PG_FUNCTION_INFO_V1(radiomics_feature_table);
PG_FUNCTION_INFO_V1(radiomics_refresh_features);
PG_FUNCTION_INFO_V1(radiomics_drop_feature_table);
PG_FUNCTION_INFO_V1(radiomics_feature_source_changed);

#define TRIGGER_NAME "radiomics_follow"

/* A row of radiomics.managed_table. */
typedef struct ManagedTable
{
	Oid			target;
	Oid			owner;
	char	   *query;
	char	   *search_path;
	char	   *profile;
	Datum		settings;
	ArrayType  *sources;		/* regclass[] */
} ManagedTable;

static ArrayType *find_sources(const Cohort *cohort);
static bool has_key_columns(Oid relation, const Cohort *cohort);
static bool has_column(Oid relation, const char *name, Oid type);
static void create_triggers(ArrayType *sources);
static void drop_triggers(ArrayType *sources);
static bool has_trigger(Oid relation);
static void store_managed_table(const JobDefinition *job, const char *query, ArrayType *sources);
static ArrayType *key_columns(const Cohort *cohort);
static void find_managed_table(const char *name, ManagedTable *table);
static ArrayType *find_removed_keys(const JobDefinition *job);
static int64 enter_changes(Oid target, ArrayType *keys, const char *mode, ArrayType *removed);
static bool row_changed(const TriggerData *trigger);
static void report_row(Relation relation, HeapTuple row);
static Datum row_key(Relation relation, HeapTuple row, Datum *names, int count);

/* feature_table(name, query, settings, profile) -> bigint: its job */
Datum
radiomics_feature_table(PG_FUNCTION_ARGS)
{
	char	   *query = text_to_cstring(PG_GETARG_TEXT_PP(1));
	JobDefinition job = {0};
	ArrayType  *sources;
	int64		number;

	radpg_check_job_owner();
	SPI_connect();
	radpg_define_job(&job, query, text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_DATUM(2),
					 text_to_cstring(PG_GETARG_TEXT_PP(3)));
	sources = find_sources(job.cohort);
	store_managed_table(&job, job.cohort->query, sources);
	create_triggers(sources);
	number = enter_changes(job.target, radpg_find_keys(&job, true), "missing",
						   find_removed_keys(&job));
	SPI_finish();
	PG_RETURN_INT64(number);
}

/*
 * Tables of the query that have all key columns: a change of one of their rows
 * names a key.  Changes of other tables are not seen.
 */
static ArrayType *
find_sources(const Cohort *cohort)
{
	Datum	   *sources = palloc(sizeof(Datum) * Max(list_length(cohort->relations), 1));
	int			count = 0;
	ListCell   *cell;

	foreach(cell, cohort->relations)
	{
		Oid			relation = lfirst_oid(cell);
		char		kind = get_rel_relkind(relation);

		if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE)
			continue;
		if (has_key_columns(relation, cohort))
			sources[count++] = ObjectIdGetDatum(relation);
		else
			ereport(NOTICE,
					(errmsg("changes of table \"%s\" are not followed, because it does not have the key columns",
							get_rel_name(relation)),
					 errhint("Call radiomics.refresh_features with verify => true after such changes.")));
	}
	if (count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no table of the query has all its key columns"),
				 errdetail("A feature table follows the tables that its keys come from."),
				 errhint("Use radiomics.submit, on a schedule if need be.")));
	return construct_array(sources, count, REGCLASSOID, sizeof(Oid), true, TYPALIGN_INT);
}

static bool
has_key_columns(Oid relation, const Cohort *cohort)
{
	for (int n = 0; n < cohort->key_count; n++)
		if (!has_column(relation, cohort->keys[n].name, cohort->keys[n].type))
			return false;
	return cohort->labels != LABEL_COLUMN || has_column(relation, "label", INT4OID);
}

static bool
has_column(Oid relation, const char *name, Oid type)
{
	AttrNumber	attribute = get_attnum(relation, name);

	return attribute > 0 && get_atttype(relation, attribute) == type;
}

/* As the caller, who needs the privilege TRIGGER. */
static void
create_triggers(ArrayType *sources)
{
	Oid		   *relations = (Oid *) ARR_DATA_PTR(sources);

	for (int n = 0; n < ArrayGetNItems(ARR_NDIM(sources), ARR_DIMS(sources)); n++)
	{
		char	   *statement;

		if (has_trigger(relations[n]))
			continue;
		statement = psprintf("CREATE TRIGGER %s AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW "
							 "EXECUTE FUNCTION radiomics.feature_source_changed()", TRIGGER_NAME,
							 radpg_table_name(relations[n]));
		if (SPI_execute(statement, false, 0) != SPI_OK_UTILITY)
			elog(ERROR, "could not create a trigger");
	}
}

/* Those that no feature table needs any more. */
static void
drop_triggers(ArrayType *sources)
{
	Oid		   *relations = (Oid *) ARR_DATA_PTR(sources);

	for (int n = 0; n < ArrayGetNItems(ARR_NDIM(sources), ARR_DIMS(sources)); n++)
	{
		Oid			types[] = {OIDOID};
		Datum		values[] = {ObjectIdGetDatum(relations[n])};
		QueueAccess access;
		bool		needed;

		radpg_queue_enter(&access);
		needed = radpg_queue_run("SELECT FROM radiomics.managed_table WHERE $1 = ANY (sources)",
								 1, types, values, NULL) > 0;
		radpg_queue_leave(&access);
		if (needed || !has_trigger(relations[n]))
			continue;
		if (SPI_execute(psprintf("DROP TRIGGER %s ON %s", TRIGGER_NAME,
								 radpg_table_name(relations[n])), false, 0) != SPI_OK_UTILITY)
			elog(ERROR, "could not drop a trigger");
	}
}

static bool
has_trigger(Oid relation)
{
	return OidIsValid(get_trigger_oid(relation, TRIGGER_NAME, true));
}

static void
store_managed_table(const JobDefinition *job, const char *query, ArrayType *sources)
{
	Oid			types[] = {OIDOID, OIDOID, TEXTOID, TEXTOID, TEXTOID, JSONBOID, TEXTOID, TEXTARRAYOID,
	REGCLASSARRAYOID};
	Datum		values[] = {
		ObjectIdGetDatum(job->target), ObjectIdGetDatum(GetUserId()), CStringGetTextDatum(query),
		CStringGetTextDatum(job->search_path), CStringGetTextDatum(job->cohort->profile->name),
		job->settings, CStringGetTextDatum(job->settings_hash),
		PointerGetDatum(key_columns(job->cohort)), PointerGetDatum(sources)
	};
	QueueAccess access;

	radpg_queue_enter(&access);
	if (radpg_queue_run("SELECT FROM radiomics.managed_table WHERE target = $1", 1, types, values,
						NULL) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("%s is a feature table already", job->target_name),
				 errhint("Call radiomics.refresh_features, or radiomics.drop_feature_table first.")));
	radpg_queue_run("INSERT INTO radiomics.managed_table (target, owner, query, search_path, profile, "
					"settings, settings_hash, keys, sources) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
					lengthof(types), types, values, NULL);
	radpg_queue_leave(&access);
}

static ArrayType *
key_columns(const Cohort *cohort)
{
	Datum	   *names = palloc(sizeof(Datum) * (cohort->key_count + 1));
	int			count = 0;

	for (int n = 0; n < cohort->key_count; n++)
		names[count++] = CStringGetTextDatum(cohort->keys[n].name);
	if (cohort->labels == LABEL_COLUMN)
		names[count++] = CStringGetTextDatum("label");
	return construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT);
}

/* Keys that the table has and the query does not yield any more. */
static ArrayType *
find_removed_keys(const JobDefinition *job)
{
	const Cohort *cohort = job->cohort;
	StringInfoData text;
	Datum	   *keys;

	initStringInfo(&text);
	appendStringInfoString(&text, "SELECT DISTINCT pg_catalog.to_jsonb(x) FROM (SELECT ");
	for (int n = 0; n < cohort->key_count; n++)
		appendStringInfo(&text, "%st.%s", n > 0 ? ", " : "", quote_identifier(cohort->keys[n].name));
	if (cohort->labels == LABEL_COLUMN)
		appendStringInfoString(&text, ", t.label");
	appendStringInfo(&text, " FROM %s AS t WHERE NOT EXISTS (SELECT FROM (%s\n) AS %s WHERE %s)) AS x",
					 job->target_name, cohort->query, RADPG_QUERY_ALIAS,
					 radpg_keys_equal_columns(cohort, "t", RADPG_QUERY_ALIAS));
	radpg_run_without_scans(text.data);
	keys = palloc(sizeof(Datum) * Max(SPI_processed, 1));
	for (uint64 n = 0; n < SPI_processed; n++)
	{
		bool		is_null;

		keys[n] = SPI_getbinval(SPI_tuptable->vals[n], SPI_tuptable->tupdesc, 1, &is_null);
	}
	return construct_array(keys, (int) SPI_processed, JSONBOID, -1, false, TYPALIGN_INT);
}

/* Hand keys to the job of a table at once; returns the job. */
static int64
enter_changes(Oid target, ArrayType *keys, const char *mode, ArrayType *removed)
{
	Oid			types[] = {OIDOID, JSONBARRAYOID, TEXTOID, JSONBARRAYOID};
	Datum		values[] = {
		ObjectIdGetDatum(target), PointerGetDatum(keys), CStringGetTextDatum(mode),
		PointerGetDatum(removed)
	};
	QueueAccess access;
	bool		is_null;
	int64		job;

	(void) radpg_call_scheduler(true);
	radpg_queue_enter(&access);
	radpg_queue_run("INSERT INTO radiomics.changed_key (target, key, mode) "
					"SELECT $1, key, $3 FROM unnest($2) AS key "
					"UNION ALL SELECT $1, key, 'verify' FROM unnest($4) AS key",
					lengthof(types), types, values, NULL);
	radpg_queue_run("SELECT radiomics.enqueue_changes($1)", 1, types, values, NULL);
	job = DatumGetInt64(radpg_queue_value(&is_null));
	radpg_queue_leave(&access);
	return job;
}

/* The managed table of that name; an error when the caller has no right to it. */
static void
find_managed_table(const char *name, ManagedTable *table)
{
	RangeVar   *range = makeRangeVarFromNameList(textToQualifiedNameList(cstring_to_text(name)));
	Oid			types[] = {OIDOID};
	Datum		values[1];
	MemoryContext memory = CurrentMemoryContext;
	QueueAccess access;
	HeapTuple	row;
	TupleDesc	descriptor;
	bool		is_null;

	table->target = RangeVarGetRelid(range, NoLock, false);
	values[0] = ObjectIdGetDatum(table->target);
	radpg_queue_enter(&access);
	if (radpg_queue_run("SELECT owner, query, search_path, profile, settings, sources "
						"FROM radiomics.managed_table WHERE target = $1", 1, types, values, NULL) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a feature table", range->relname),
				 errhint("Feature tables are made by radiomics.feature_table.")));
	row = SPI_tuptable->vals[0];
	descriptor = SPI_tuptable->tupdesc;
	table->owner = DatumGetObjectId(SPI_getbinval(row, descriptor, 1, &is_null));
	if (!has_privs_of_role(access.user, table->owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of feature table \"%s\"", range->relname)));
	MemoryContextSwitchTo(memory);
	table->query = SPI_getvalue(row, descriptor, 2);
	table->search_path = SPI_getvalue(row, descriptor, 3);
	table->profile = SPI_getvalue(row, descriptor, 4);
	table->settings = PointerGetDatum(PG_DETOAST_DATUM_COPY(SPI_getbinval(row, descriptor, 5, &is_null)));
	table->sources = DatumGetArrayTypePCopy(SPI_getbinval(row, descriptor, 6, &is_null));
	radpg_queue_leave(&access);
}

/*
 * refresh_features(name, verify) -> bigint: the job
 *
 * The query lists its keys here.  It runs as the owner of the table and within
 * a security-restricted operation, as that of a materialized view does when
 * somebody else refreshes it.
 */
Datum
radiomics_refresh_features(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	bool		verify = PG_GETARG_BOOL(1);
	ManagedTable table;
	JobDefinition job = {0};
	ArrayType  *keys;
	ArrayType  *removed;
	Oid			user;
	int			security_context;
	int			nest_level;
	int64		number;

	find_managed_table(name, &table);
	GetUserIdAndSecContext(&user, &security_context);
	SetUserIdAndSecContext(table.owner, security_context | SECURITY_RESTRICTED_OPERATION);
	nest_level = NewGUCNestLevel();
	SPI_connect();
	(void) set_config_option("search_path", table.search_path, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	radpg_define_job(&job, table.query, radpg_table_name(table.target), table.settings,
					 table.profile);
	keys = radpg_find_keys(&job, !verify);
	removed = find_removed_keys(&job);
	AtEOXact_GUC(false, nest_level);
	SetUserIdAndSecContext(user, security_context);
	number = enter_changes(table.target, keys, verify ? "verify" : "missing", removed);
	SPI_finish();
	PG_RETURN_INT64(number);
}

/* drop_feature_table(name): the table, its job, and triggers that it needed */
Datum
radiomics_drop_feature_table(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Oid			types[] = {OIDOID};
	Datum		values[1];
	ManagedTable table;
	QueueAccess access;
	char	   *target;

	find_managed_table(name, &table);
	target = radpg_table_name(table.target);
	values[0] = ObjectIdGetDatum(table.target);
	SPI_connect();
	radpg_queue_enter(&access);
	radpg_queue_run("DELETE FROM radiomics.managed_table WHERE target = $1", 1, types, values, NULL);
	radpg_queue_run("DELETE FROM radiomics.job WHERE target = $1 AND managed", 1, types, values, NULL);
	radpg_queue_leave(&access);
	drop_triggers(table.sources);
	if (SPI_execute(psprintf("DROP TABLE %s", target), false, 0) != SPI_OK_UTILITY)
		elog(ERROR, "could not drop table %s", target);
	SPI_finish();
	PG_RETURN_VOID();
}

/* feature_source_changed() -> trigger: after each row of a source */
Datum
radiomics_feature_source_changed(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("feature_source_changed must be called by a trigger, after each row")));
	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) && !row_changed(trigger))
		return PointerGetDatum(NULL);
	SPI_connect();
	report_row(trigger->tg_relation, trigger->tg_trigtuple);
	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		report_row(trigger->tg_relation, trigger->tg_newtuple);
	SPI_finish();
	return PointerGetDatum(NULL);
}

/*
 * Are the stored bytes of a column different?  An image that an update does not
 * touch keeps its TOAST pointer, so nothing is read.
 */
static bool
row_changed(const TriggerData *trigger)
{
	TupleDesc	descriptor = RelationGetDescr(trigger->tg_relation);

	for (int n = 1; n <= descriptor->natts; n++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, n - 1);
		bool		null_before;
		bool		null_after;
		Datum		before;
		Datum		after;

		if (attribute->attisdropped)
			continue;
		before = SPI_getbinval(trigger->tg_trigtuple, descriptor, n, &null_before);
		after = SPI_getbinval(trigger->tg_newtuple, descriptor, n, &null_after);
		if (null_before != null_after ||
			(!null_before && !datumIsEqual(before, after, attribute->attbyval, attribute->attlen)))
			return true;
	}
	return false;
}

/* Note the key of a row for every feature table that follows the relation. */
static void
report_row(Relation relation, HeapTuple row)
{
	Oid			types[] = {OIDOID, JSONBOID};
	Datum		values[2];
	MemoryContext memory = CurrentMemoryContext;
	QueueAccess access;
	SPITupleTable *tables;
	uint64		count;

	values[0] = ObjectIdGetDatum(RelationGetRelid(relation));
	radpg_queue_enter(&access);
	count = radpg_queue_run("SELECT m.target::oid, m.keys FROM radiomics.managed_table AS m "
							"WHERE $1 = ANY (m.sources) OR EXISTS ("
							"SELECT FROM pg_partition_ancestors($1::oid::regclass) AS a "
							"WHERE a.relid = ANY (m.sources))", 1, types, values, NULL);
	tables = SPI_tuptable;
	for (uint64 n = 0; n < count; n++)
	{
		bool		is_null;
		ArrayType  *keys = DatumGetArrayTypeP(SPI_getbinval(tables->vals[n], tables->tupdesc, 2,
														   &is_null));
		Datum	   *names;
		int			name_count;

		deconstruct_array(keys, TEXTOID, -1, false, TYPALIGN_INT, &names, NULL, &name_count);
		values[0] = SPI_getbinval(tables->vals[n], tables->tupdesc, 1, &is_null);

		/* How a type is written is a matter of the user's, not of the queue's. */
		SetUserIdAndSecContext(access.user, access.security_context);
		values[1] = row_key(relation, row, names, name_count);
		SetUserIdAndSecContext(radpg_queue_owner(), access.security_context | SECURITY_LOCAL_USERID_CHANGE);
		radpg_queue_run("INSERT INTO radiomics.changed_key (target, key, mode) VALUES ($1, $2, 'verify')",
						2, types, values, NULL);
	}
	radpg_queue_leave(&access);
	MemoryContextSwitchTo(memory);
	if (count > 0 && !radpg_call_scheduler(false))
		ereport(LOG,
				(errmsg("could not start the scheduler of jobs: all background workers are in use"),
				 errdetail("Changed scans are computed when it runs again.")));
}

/* The key columns of a row as a jsonb object, as to_jsonb() writes them. */
static Datum
row_key(Relation relation, HeapTuple row, Datum *names, int count)
{
	TupleDesc	descriptor = RelationGetDescr(relation);
	Oid		   *types = palloc(sizeof(Oid) * count);
	Datum	   *values = palloc(sizeof(Datum) * count);
	char	   *nulls = palloc(count);
	StringInfoData statement;
	bool		is_null;

	initStringInfo(&statement);
	appendStringInfoString(&statement, "SELECT pg_catalog.jsonb_build_object(");
	for (int n = 0; n < count; n++)
	{
		char	   *name = TextDatumGetCString(names[n]);
		int			attribute = SPI_fnumber(descriptor, name);

		if (attribute <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("table \"%s\" has no column \"%s\", which a feature table takes its keys from",
							RelationGetRelationName(relation), name),
					 errhint("Drop the feature table with radiomics.drop_feature_table and make it again.")));
		types[n] = SPI_gettypeid(descriptor, attribute);
		values[n] = SPI_getbinval(row, descriptor, attribute, &is_null);
		nulls[n] = is_null ? 'n' : ' ';
		appendStringInfo(&statement, "%s%s, $%d", n > 0 ? ", " : "", quote_literal_cstr(name), n + 1);
	}
	appendStringInfoChar(&statement, ')');
	if (SPI_execute_with_args(statement.data, count, types, values, nulls, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not write a key");
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);
}
