/*
 * submit(): checks everything that can be checked now, finds the keys that are
 * to be computed, and enters the job.
 *
 * The query runs here with the rights of the caller, and later in workers that
 * are logged in as the caller; only what was found is written to the queue with
 * the rights of its owner.
 */
#include "compat.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

#include "jobs/submit.h"

PG_FUNCTION_INFO_V1(radiomics_submit);

#define LONGEST_CHUNK 60		/* each key is a subtransaction: the cache has 64 */

static int32 positive_argument(FunctionCallInfo fcinfo, int argument, const char *name, int32 largest);
static Datum overlay_settings(Datum settings, const JobProfile *profile);
static char *settings_hash(Datum settings, const JobProfile *profile);
static int	automatic_chunk(int count);

/*
 * submit(query, into_table, settings, profile, priority, chunk, max_attempts,
 * max_crashes, recompute) -> bigint
 */
Datum
radiomics_submit(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {
		"query", "into_table", "settings", "profile", "priority", "chunk", "max_attempts",
		"max_crashes", "recompute"
	};
	JobDefinition job = {0};
	bool		recompute;
	int			chunk;
	int64		number;

	for (int n = 0; n < lengthof(names); n++)
		if (PG_ARGISNULL(n) && n != 5)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s must not be null", names[n])));
	job.priority = PG_GETARG_INT32(4);
	chunk = PG_ARGISNULL(5) ? 0 : positive_argument(fcinfo, 5, names[5], LONGEST_CHUNK);
	job.max_attempts = positive_argument(fcinfo, 6, names[6], PG_INT32_MAX);
	job.max_crashes = positive_argument(fcinfo, 7, names[7], PG_INT32_MAX);
	recompute = PG_GETARG_BOOL(8);

	radpg_check_job_owner();
	SPI_connect();
	radpg_define_job(&job, text_to_cstring(PG_GETARG_TEXT_PP(0)),
					 text_to_cstring(PG_GETARG_TEXT_PP(1)), PG_GETARG_DATUM(2),
					 text_to_cstring(PG_GETARG_TEXT_PP(3)));
	job.keys = radpg_find_keys(&job, !recompute);
	number = radpg_enter_job(&job, chunk, recompute ? "all" : "missing");
	SPI_finish();
	PG_RETURN_INT64(number);
}

static int32
positive_argument(FunctionCallInfo fcinfo, int argument, const char *name, int32 largest)
{
	int32		value = PG_GETARG_INT32(argument);

	if (value < 1 || value > largest)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be from 1 to %d, not %d", name, largest, value)));
	return value;
}

/* Workers log in as the owner of the job. */
void
radpg_check_job_owner(void)
{
	HeapTuple	tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(GetUserId()));
	Form_pg_authid role;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for role %u", GetUserId());
	role = (Form_pg_authid) GETSTRUCT(tuple);
	if (!role->rolcanlogin)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("role \"%s\" cannot own a job, because it is not permitted to log in",
						NameStr(role->rolname)),
				 errdetail("A job runs in background workers that are logged in as its owner."),
				 errhint("Submit it as a role with the attribute LOGIN.")));
	ReleaseSysCache(tuple);
	if (InSecurityRestrictedOperation())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("cannot submit a job within a security-restricted operation")));
}

/* Analyse and check, with SPI connected as the caller. */
void
radpg_define_job(JobDefinition *job, const char *query, const char *into_table, Datum settings,
				 const char *profile)
{
	const JobProfile *known = radpg_find_profile(profile);

	job->settings = overlay_settings(settings, known);
	job->settings_hash = settings_hash(job->settings, known);
	job->cohort = radpg_describe_cohort(query, known);
	job->search_path = GetConfigOptionByName("search_path", NULL, false);
	job->target = radpg_result_table(job->cohort, into_table, &job->target_name);
}

static Datum
overlay_settings(Datum settings, const JobProfile *profile)
{
	Oid			types[] = {JSONBOID, TEXTOID};
	Datum		values[] = {settings, CStringGetTextDatum(profile->overrides)};
	bool		is_null;

	if (!JB_ROOT_IS_OBJECT(DatumGetJsonbP(settings)))
		return settings;		/* the check of settings has a message for it */
	if (SPI_execute_with_args("SELECT $1 OPERATOR(pg_catalog.||) $2::pg_catalog.jsonb", 2, types,
							  values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not set settings");
	return SPI_datumTransfer(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null),
							 false, -1);
}

static char *
settings_hash(Datum settings, const JobProfile *profile)
{
	Oid			types[] = {JSONBOID};

	if (SPI_execute_with_args(psprintf("SELECT radiomics.%s($1)", profile->hash), 1, types, &settings,
							  NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not hash settings");
	return SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
}

/*
 * The keys of the cohort as jsonb objects; only those without a row of these
 * settings and this version when only_missing.
 */
ArrayType *
radpg_find_keys(const JobDefinition *job, bool only_missing)
{
	char	   *condition = "true";
	Datum	   *keys;
	char	   *statement;

	if (only_missing)
		condition = psprintf("NOT EXISTS (SELECT FROM %s AS t WHERE %s AND "
							 "t.settings_hash OPERATOR(pg_catalog.=) %s AND "
							 "t.extension_version OPERATOR(pg_catalog.=) %s)",
							 job->target_name, radpg_keys_equal_columns(job->cohort, "t", RADPG_QUERY_ALIAS),
							 quote_literal_cstr(job->settings_hash),
							 quote_literal_cstr(RADIOMICS_VERSION));
	statement = radpg_select_keys(job->cohort, condition);
	radpg_run_without_scans(statement);
	keys = palloc(sizeof(Datum) * Max(SPI_processed, 1));
	for (uint64 n = 0; n < SPI_processed; n++)
	{
		HeapTuple	row = SPI_tuptable->vals[n];
		TupleDesc	descriptor = SPI_tuptable->tupdesc;
		bool		is_null;

		if (DatumGetInt64(SPI_getbinval(row, descriptor, 2, &is_null)) > 1)
			ereport(ERROR,
					(errcode(ERRCODE_CARDINALITY_VIOLATION),
					 errmsg("the query yields the key %s more than once",
							SPI_getvalue(row, descriptor, 1)),
					 errhint("The columns besides image and mask must identify a scan.")));
		if (DatumGetBool(SPI_getbinval(row, descriptor, 3, &is_null)))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("the query yields the key %s, of which a part is null",
							SPI_getvalue(row, descriptor, 1))));
		keys[n] = SPI_getbinval(row, descriptor, 1, &is_null);
	}
	return construct_array(keys, (int) SPI_processed, JSONBOID, -1, false, TYPALIGN_INT);
}

/* Write the job and its tasks to the queue, and call the scheduler. */
int64
radpg_enter_job(const JobDefinition *job, int chunk, const char *mode)
{
	int			count = ArrayGetNItems(ARR_NDIM(job->keys), ARR_DIMS(job->keys));
	Oid			job_types[] = {TEXTOID, OIDOID, TEXTOID, OIDOID, TEXTOID, TEXTOID, JSONBOID, TEXTOID,
	INT4OID, INT4OID, INT4OID, BOOLOID};
	Datum		job_values[] = {
		CStringGetTextDatum(job->cohort->query), ObjectIdGetDatum(GetUserId()),
		CStringGetTextDatum(job->search_path), ObjectIdGetDatum(job->target),
		CStringGetTextDatum(job->target_name), CStringGetTextDatum(job->cohort->profile->name),
		job->settings, CStringGetTextDatum(job->settings_hash), Int32GetDatum(job->priority),
		Int32GetDatum(job->max_attempts), Int32GetDatum(job->max_crashes), BoolGetDatum(job->managed)
	};
	Oid			task_types[] = {INT8OID, JSONBARRAYOID, INT4OID, TEXTOID};
	Datum		task_values[4];
	QueueAccess access;
	bool		is_null;
	int64		number;

	(void) radpg_call_scheduler(true);
	radpg_queue_enter(&access);
	radpg_queue_run("SELECT radiomics.create_job($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
					12, job_types, job_values, NULL);
	number = DatumGetInt64(radpg_queue_value(&is_null));
	task_values[0] = Int64GetDatum(number);
	task_values[1] = PointerGetDatum(job->keys);
	task_values[2] = Int32GetDatum(chunk > 0 ? chunk : automatic_chunk(count));
	task_values[3] = CStringGetTextDatum(mode);
	radpg_queue_run("SELECT radiomics.add_tasks($1, $2, $3, $4)", 4, task_types, task_values, NULL);
	radpg_queue_leave(&access);
	return number;
}

/* Small enough that the workers end together, large enough for few commits. */
static int
automatic_chunk(int count)
{
	int			chunk = count / (8 * Max(radpg_max_job_workers, 1));

	return Max(1, Min(chunk, 32));
}
