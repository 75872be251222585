/*
 * The user's query: what its columns mean, and the statements made of it.
 *
 * A key travels as a jsonb object (column name to value), which is exact for
 * every scalar type and does not depend on a session's formats; comparing turns
 * it back into the column's type.
 */
#include "compat.h"

#include "access/htup_details.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "nodes/makefuncs.h"
#include "parser/parse_func.h"
#include "parser/parse_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "jobs/cohort.h"

/*
 * A failing scan is an error of the job, never a row of NULLs.
 */
static const JobProfile profiles[] = {
	{"ibsi", "features", "features_by_label", "ibsi_features", "1", "settings_hash",
	"{\"on_error\": \"error\"}"},
	/* Label NULL is the one of the settings. */
	{"pyradiomics", "pyradiomics", NULL, "pyradiomics_features", "NULL::pg_catalog.int4", "settings_hash",
	"{\"profile\": \"pyradiomics\", \"on_error\": \"error\"}"},
};

const ProvenanceColumn radpg_provenance[PROVENANCE_COUNT] = {
	[PROVENANCE_SETTINGS] = {"settings_hash", TEXTOID},
	[PROVENANCE_IMAGE] = {"image_hash", TEXTOID},
	[PROVENANCE_MASK] = {"mask_hash", TEXTOID},
	[PROVENANCE_VERSION] = {"extension_version", TEXTOID},
	[PROVENANCE_DEVICE] = {"device", TEXTOID},
	[PROVENANCE_TIME] = {"computed_at", TIMESTAMPTZOID},
};

static CachedPlanSource *analyse(const char *query, char **statement);
static void take_column(Cohort *cohort, Form_pg_attribute attribute, Oid *image, Oid *mask);
static void check_key(const CohortColumn *column);
static void check_sources(const JobProfile *profile, Oid image, Oid mask);
static bool is_result_column(const JobProfile *profile, const char *name);
static char *equality(const CohortColumn *column, const char *left, const char *right);

const JobProfile *
radpg_find_profile(const char *name)
{
	StringInfoData names;

	for (int n = 0; n < lengthof(profiles); n++)
		if (strcmp(profiles[n].name, name) == 0)
			return &profiles[n];
	initStringInfo(&names);
	for (int n = 0; n < lengthof(profiles); n++)
		appendStringInfo(&names, "%s%s", n > 0 ? ", " : "", profiles[n].name);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown profile \"%s\"", name),
			 errhint("The profiles are %s.", names.data)));
}

Cohort *
radpg_describe_cohort(const char *query, const JobProfile *profile)
{
	Cohort	   *cohort = palloc0(sizeof(Cohort));
	CachedPlanSource *source = analyse(query, &cohort->query);
	TupleDesc	descriptor = source->resultDesc;
	Oid			image = InvalidOid;
	Oid			mask = InvalidOid;

	cohort->profile = profile;
	cohort->keys = palloc0(sizeof(CohortColumn) * descriptor->natts);
	for (int n = 0; n < descriptor->natts; n++)
		take_column(cohort, TupleDescAttr(descriptor, n), &image, &mask);
	check_sources(profile, image, mask);
	cohort->image_type = image;
	/* Of other types than these three, features() had not been found. */
	cohort->source = image == BYTEAOID ? SOURCE_BYTEA :
		image == OIDOID ? SOURCE_LARGE_OBJECT : SOURCE_VOLUME;
	cohort->relations = list_copy(source->relationOids);
	if (cohort->key_count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the query has no key column"),
				 errhint("Besides image and mask it must yield one or more columns that identify a scan.")));
	return cohort;
}

/* One SELECT, analysed but not planned; its text without what follows it. */
static CachedPlanSource *
analyse(const char *query, char **statement)
{
	MemoryContext memory = CurrentMemoryContext;
	SPIPlanPtr	plan = SPI_prepare(query, 0, NULL);
	CachedPlanSource *source;
	List	   *sources;
	RawStmt    *raw;

	MemoryContextSwitchTo(memory);	/* SPI leaves its own behind */
	if (plan == NULL)
		elog(ERROR, "could not prepare the query: %s", SPI_result_code_string(SPI_result));
	sources = SPI_plan_get_plan_sources(plan);
	source = list_length(sources) == 1 ? linitial(sources) : NULL;
	raw = source != NULL ? source->raw_parse_tree : NULL;
	if (raw == NULL || !IsA(raw->stmt, SelectStmt) || source->resultDesc == NULL ||
		((SelectStmt *) raw->stmt)->intoClause != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the query must be one SELECT"),
				 errhint("It yields key columns, image, mask and optionally label or labels.")));
	*statement = raw->stmt_len > 0 ?
		pnstrdup(query + Max(raw->stmt_location, 0), raw->stmt_len) :
		pstrdup(query + Max(raw->stmt_location, 0));
	return source;
}

/* Columns are known by their names: image, mask, label, labels, else a key. */
static void
take_column(Cohort *cohort, Form_pg_attribute attribute, Oid *image, Oid *mask)
{
	const char *name = NameStr(attribute->attname);
	CohortColumn *key = &cohort->keys[cohort->key_count];
	Oid			type = getBaseType(attribute->atttypid);

	if (strcmp(name, "image") == 0 && !OidIsValid(*image))
		*image = type;
	else if (strcmp(name, "mask") == 0 && !OidIsValid(*mask))
		*mask = type;
	else if (strcmp(name, "label") == 0 || strcmp(name, "labels") == 0)
	{
		bool		list = strcmp(name, "labels") == 0;

		if (cohort->labels != LABEL_DEFAULT)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("the query has more than one column label or labels")));
		if (type != (list ? INT4ARRAYOID : INT4OID))
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" of the query has type %s, but must be %s", name,
							format_type_be(attribute->atttypid), list ? "integer[]" : "integer")));
		cohort->labels = list ? LABELS_COLUMN : LABEL_COLUMN;
	}
	else
	{
		key->name = pstrdup(name);
		key->type = attribute->atttypid;
		key->typmod = attribute->atttypmod;
		for (int n = 0; n < cohort->key_count; n++)
			if (strcmp(cohort->keys[n].name, name) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_DUPLICATE_COLUMN),
						 errmsg("the query has two columns \"%s\"", name)));
		if (is_result_column(cohort->profile, name))
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("column \"%s\" of the query has the name of a column of the results", name),
					 errhint("Give it another name with AS.")));
		check_key(key);
		cohort->key_count++;
	}
}

static void
check_key(const CohortColumn *column)
{
	Oid			base = getBaseType(column->type);
	TypeCacheEntry *entry = lookup_type_cache(base, TYPECACHE_EQ_OPR);

	if (base == UNKNOWNOID || base == JSONBOID || base == JSONOID ||
		type_is_array(base) || type_is_rowtype(base) || !OidIsValid(entry->eq_opr))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of the query cannot be a key, because it has type %s",
						column->name, format_type_be(column->type)),
				 errhint("The query yields key columns of scalar types, image, mask and optionally "
						 "label or labels.")));
}

/* Both there, and of a type that the profile's function takes. */
static void
check_sources(const JobProfile *profile, Oid image, Oid mask)
{
	Oid			arguments[] = {image, mask, INT4OID, JSONBOID};

	if (!OidIsValid(image) || !OidIsValid(mask))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the query has no column \"%s\"", OidIsValid(image) ? "mask" : "image"),
				 errhint("It yields key columns, image, mask and optionally label or labels.")));
	if (image != mask)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("image has type %s and mask has type %s, but they must be of one type",
						format_type_be(image), format_type_be(mask))));
	if (!OidIsValid(LookupFuncName(list_make2(makeString("radiomics"),
											  makeString(pstrdup(profile->function))),
								   lengthof(arguments), arguments, true)))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("image and mask have type %s, of which no features can be computed",
						format_type_be(image)),
				 errhint("Images and masks are files in columns of type bytea, large objects, or volumes.")));
}

static bool
is_result_column(const JobProfile *profile, const char *name)
{
	int			count;
	CohortColumn *columns = radpg_feature_columns(profile, &count);

	for (int n = 0; n < count; n++)
		if (strcmp(columns[n].name, name) == 0)
			return true;
	for (int n = 0; n < PROVENANCE_COUNT; n++)
		if (strcmp(radpg_provenance[n].name, name) == 0)
			return true;
	return false;
}

CohortColumn *
radpg_feature_columns(const JobProfile *profile, int *count)
{
	Oid			type = typenameTypeId(NULL, makeTypeNameFromNameList(
										  list_make2(makeString("radiomics"),
													 makeString(pstrdup(profile->row_type)))));
	TupleDesc	descriptor = lookup_rowtype_tupdesc_copy(type, -1);
	CohortColumn *columns = palloc(sizeof(CohortColumn) * descriptor->natts);

	*count = 0;
	for (int n = 0; n < descriptor->natts; n++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, n);
		const char *name = NameStr(attribute->attname);

		if (attribute->attisdropped || strcmp(name, "label") == 0 || strcmp(name, "status") == 0)
			continue;
		columns[*count].name = pstrdup(name);
		columns[*count].type = attribute->atttypid;
		columns[*count].typmod = attribute->atttypmod;
		(*count)++;
	}
	return columns;
}

/* "left = right" with the type's own operator, whatever the search path. */
static char *
equality(const CohortColumn *column, const char *left, const char *right)
{
	Oid			operator = lookup_type_cache(getBaseType(column->type), TYPECACHE_EQ_OPR)->eq_opr;
	HeapTuple	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(operator));
	Form_pg_operator form;
	char	   *text;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for operator %u", operator);
	form = (Form_pg_operator) GETSTRUCT(tuple);
	text = psprintf("%s OPERATOR(%s.%s) %s", left,
					quote_identifier(get_namespace_name(form->oprnamespace)),
					NameStr(form->oprname), right);
	ReleaseSysCache(tuple);
	return text;
}

char *
radpg_keys_equal_columns(const Cohort *cohort, const char *alias, const char *source)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int n = 0; n < cohort->key_count; n++)
	{
		const char *name = quote_identifier(cohort->keys[n].name);

		appendStringInfo(&text, "%s%s", n > 0 ? " AND " : "",
						 equality(&cohort->keys[n], psprintf("%s.%s", alias, name),
								  psprintf("%s.%s", source, name)));
	}
	if (cohort->labels == LABEL_COLUMN)
		appendStringInfo(&text, " AND %s.label OPERATOR(pg_catalog.=) %s.label", alias, source);
	return text.data;
}

char *
radpg_keys_equal_json(const Cohort *cohort, const char *alias, const char *source)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int n = 0; n < cohort->key_count; n++)
	{
		const CohortColumn *column = &cohort->keys[n];
		char	   *type = format_type_extended(column->type, column->typmod,
												FORMAT_TYPE_TYPEMOD_GIVEN |
												FORMAT_TYPE_FORCE_QUALIFY);

		appendStringInfo(&text, "%s%s", n > 0 ? " AND " : "",
						 equality(column, psprintf("%s.%s", alias, quote_identifier(column->name)),
								  psprintf("(%s OPERATOR(pg_catalog.->>) %s)::%s", source,
										   quote_literal_cstr(column->name), type)));
	}
	if (cohort->labels == LABEL_COLUMN)
		appendStringInfo(&text, " AND %s.label OPERATOR(pg_catalog.=) "
						 "(%s OPERATOR(pg_catalog.->>) 'label')::pg_catalog.int4", alias, source);
	return text.data;
}

char *
radpg_unique_columns(const Cohort *cohort)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int n = 0; n < cohort->key_count; n++)
		appendStringInfo(&text, "%s, ", quote_identifier(cohort->keys[n].name));
	appendStringInfo(&text, "label, %s", radpg_provenance[PROVENANCE_SETTINGS].name);
	return text.data;
}

char *
radpg_select_keys(const Cohort *cohort, const char *condition)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfoString(&text,
						   "SELECT y.key, pg_catalog.count(*), "
						   "pg_catalog.jsonb_path_exists(y.key, '$.* ? (@ == null)') FROM ("
						   "SELECT pg_catalog.row_number() OVER () AS n, pg_catalog.to_jsonb(x) AS key "
						   "FROM (SELECT ");
	for (int n = 0; n < cohort->key_count; n++)
		appendStringInfo(&text, "%s%s.%s", n > 0 ? ", " : "", RADPG_QUERY_ALIAS,
						 quote_identifier(cohort->keys[n].name));
	if (cohort->labels == LABEL_COLUMN)
		appendStringInfo(&text, ", %s.label", RADPG_QUERY_ALIAS);
	appendStringInfo(&text, " FROM (%s\n) AS %s WHERE %s) AS x) AS y "
					 "GROUP BY y.key ORDER BY pg_catalog.min(y.n)", cohort->query, RADPG_QUERY_ALIAS,
					 condition);
	return text.data;
}
