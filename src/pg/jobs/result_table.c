/*
 * The table that a job writes: keys, label, features, and where they come from.
 */
#include "compat.h"

#include "access/genam.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/varlena.h"

#include "jobs/cohort.h"

static CohortColumn *expected_columns(const Cohort *cohort, int *count, int *unique_count);
static void create_table(const Cohort *cohort, const char *name);
static void check_table(const Cohort *cohort, Oid table, const char *name);
static void check_privileges(Oid table, const char *name);
static bool has_unique_index(Relation relation, const int16 *attributes, int count);
static bool index_is_unique_on(Oid index, const int16 *attributes, int count);

Oid
radpg_result_table(const Cohort *cohort, const char *name, char **quoted_name)
{
	RangeVar   *range = makeRangeVarFromNameList(textToQualifiedNameList(cstring_to_text(name)));
	Oid			table = RangeVarGetRelid(range, NoLock, true);

	if (!OidIsValid(table))
	{
		create_table(cohort, quote_qualified_identifier(range->schemaname, range->relname));
		table = RangeVarGetRelid(range, NoLock, false);
	}
	*quoted_name = radpg_table_name(table);
	check_table(cohort, table, *quoted_name);
	return table;
}

/* Quoted, with its schema. */
char *
radpg_table_name(Oid table)
{
	const char *name = get_rel_name(table);

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table with OID %u does not exist", table)));
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(table)), name);
}

/*
 * Keys, label and settings hash (the first *unique_count of them, which are
 * unique together), then features, then the rest of the provenance.
 */
static CohortColumn *
expected_columns(const Cohort *cohort, int *count, int *unique_count)
{
	int			feature_count;
	CohortColumn *features = radpg_feature_columns(cohort->profile, &feature_count);
	CohortColumn *columns = palloc(sizeof(CohortColumn) *
								   (cohort->key_count + 1 + feature_count + PROVENANCE_COUNT));
	int			n = 0;

	for (int key = 0; key < cohort->key_count; key++)
		columns[n++] = cohort->keys[key];
	columns[n++] = (CohortColumn) {"label", INT4OID, -1};
	*unique_count = n + 1;
	for (int m = 0; m < PROVENANCE_COUNT; m++)
	{
		columns[n++] = (CohortColumn) {(char *) radpg_provenance[m].name, radpg_provenance[m].type, -1};
		if (m > 0)
			continue;
		/* Features stand behind the settings, which are the first of them. */
		memcpy(columns + n, features, sizeof(CohortColumn) * feature_count);
		n += feature_count;
	}
	*count = n;
	return columns;
}

static void
create_table(const Cohort *cohort, const char *name)
{
	int			count;
	int			unique_count;
	int			feature_count;
	CohortColumn *columns = expected_columns(cohort, &count, &unique_count);
	StringInfoData text;

	(void) radpg_feature_columns(cohort->profile, &feature_count);
	initStringInfo(&text);
	appendStringInfo(&text, "CREATE TABLE %s (", name);
	for (int n = 0; n < count; n++)
		appendStringInfo(&text, "%s %s%s, ", quote_identifier(columns[n].name),
						 format_type_extended(columns[n].type, columns[n].typmod,
											  FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY),
						 n < unique_count || n >= unique_count + feature_count ? " NOT NULL" : "");
	appendStringInfo(&text, "PRIMARY KEY (%s))", radpg_unique_columns(cohort));
	if (SPI_execute(text.data, false, 0) != SPI_OK_UTILITY)
		elog(ERROR, "could not create table %s", name);
}

/* Every column with its type, a unique index, and the rights to write. */
static void
check_table(const Cohort *cohort, Oid table, const char *name)
{
	Relation	relation = relation_open(table, AccessShareLock);
	int			count;
	int			unique_count;
	CohortColumn *columns = expected_columns(cohort, &count, &unique_count);
	int16	   *unique_attributes = palloc(sizeof(int16) * unique_count);

	if (relation->rd_rel->relkind != RELKIND_RELATION &&
		relation->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("%s is not a table", name)));
	if (relation->rd_rel->relpersistence == RELPERSISTENCE_TEMP)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s is a temporary table", name),
				 errdetail("Background workers cannot see temporary tables of a session.")));
	for (int n = 0; n < count; n++)
	{
		int16		attribute = get_attnum(table, columns[n].name);
		const char *type = format_type_be(columns[n].type);

		if (attribute <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("table %s has no column \"%s\" of type %s", name, columns[n].name, type),
					 errhint("Let submit make a table: give the name of one that does not exist.")));
		if (get_atttype(table, attribute) != columns[n].type)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" of table %s has type %s, but the results have type %s",
							columns[n].name, name,
							format_type_be(get_atttype(table, attribute)), type)));
		if (n < unique_count)
			unique_attributes[n] = attribute;
	}
	if (!has_unique_index(relation, unique_attributes, unique_count))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("table %s has no unique index on (%s)", name, radpg_unique_columns(cohort)),
				 errhint("Run ALTER TABLE %s ADD UNIQUE (%s).", name, radpg_unique_columns(cohort))));
	relation_close(relation, AccessShareLock);
	check_privileges(table, name);
}

static void
check_privileges(Oid table, const char *name)
{
	static const struct
	{
		AclMode		mode;
		const char *name;
	}			wanted[] = {
		{ACL_SELECT, "SELECT"}, {ACL_INSERT, "INSERT"}, {ACL_UPDATE, "UPDATE"}, {ACL_DELETE, "DELETE"}
	};

	for (int n = 0; n < lengthof(wanted); n++)
		if (pg_class_aclcheck(table, GetUserId(), wanted[n].mode) != ACLCHECK_OK)
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("permission denied for table %s", name),
					 errdetail("A job needs the privilege %s on it.", wanted[n].name)));
}

static bool
has_unique_index(Relation relation, const int16 *attributes, int count)
{
	List	   *indexes = RelationGetIndexList(relation);
	ListCell   *cell;

	foreach(cell, indexes)
		if (index_is_unique_on(lfirst_oid(cell), attributes, count))
			return true;
	return false;
}

/* Unique, complete, and on exactly these attributes in any order? */
static bool
index_is_unique_on(Oid index, const int16 *attributes, int count)
{
	Relation	relation = index_open(index, AccessShareLock);
	Form_pg_index form = relation->rd_index;
	bool		matches = form->indisunique && form->indimmediate && form->indisvalid &&
		form->indnkeyatts == count && RelationGetIndexPredicate(relation) == NIL &&
		RelationGetIndexExpressions(relation) == NIL;

	for (int n = 0; matches && n < count; n++)
	{
		bool		found = false;

		for (int m = 0; m < count; m++)
			found |= form->indkey.values[m] == attributes[n];
		matches = found;
	}
	index_close(relation, AccessShareLock);
	return matches;
}
