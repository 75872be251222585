/*
 * What the owner of a job can do with it: wait, cancel, pause, resume, retry,
 * and purge.
 */
#include "compat.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "jobs/queue.h"

PG_FUNCTION_INFO_V1(radiomics_wait_job);
PG_FUNCTION_INFO_V1(radiomics_cancel_job);
PG_FUNCTION_INFO_V1(radiomics_pause_job);
PG_FUNCTION_INFO_V1(radiomics_resume_job);
PG_FUNCTION_INFO_V1(radiomics_retry_job);
PG_FUNCTION_INFO_V1(radiomics_purge_jobs);

#define POLL_MS 50

static void check_owner(int64 job);
static bool change_state(int64 job, const char *state);
static char *awaited_state(int64 job);
static bool has_ended(const char *state);
static void refuse_uncommitted(int64 job);

/* An error unless the job exists and the caller is its owner, or of that role. */
static void
check_owner(int64 job)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(job)};
	Oid			owner = InvalidOid;
	QueueAccess access;
	bool		is_null;

	radpg_queue_enter(&access);
	if (radpg_queue_run("SELECT owner FROM radiomics.job WHERE id = $1", 1, types, values, NULL) == 1)
		owner = DatumGetObjectId(radpg_queue_value(&is_null));
	radpg_queue_leave(&access);
	if (!OidIsValid(owner))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("job %lld does not exist", (long long) job)));
	if (!has_privs_of_role(GetUserId(), owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of job %lld", (long long) job)));
}

/* False when there is no step to this state from the present one. */
static bool
change_state(int64 job, const char *state)
{
	Oid			types[] = {INT8OID, TEXTOID};
	Datum		values[] = {Int64GetDatum(job), CStringGetTextDatum(state)};
	QueueAccess access;
	bool		is_null;
	bool		changed;

	radpg_queue_enter(&access);
	radpg_queue_run("SELECT radiomics.set_job_state($1, $2)", 2, types, values, NULL);
	changed = DatumGetBool(radpg_queue_value(&is_null));
	radpg_queue_leave(&access);
	return changed;
}

/* cancel_job(job) -> boolean */
Datum
radiomics_cancel_job(PG_FUNCTION_ARGS)
{
	int64		job = PG_GETARG_INT64(0);
	bool		changed;

	check_owner(job);
	(void) radpg_call_scheduler(true);
	changed = change_state(job, "cancelling");
	PG_RETURN_BOOL(changed);
}

/* pause_job(job) -> boolean */
Datum
radiomics_pause_job(PG_FUNCTION_ARGS)
{
	int64		job = PG_GETARG_INT64(0);

	check_owner(job);
	(void) radpg_call_scheduler(true);
	PG_RETURN_BOOL(change_state(job, "paused"));
}

/* resume_job(job) -> boolean */
Datum
radiomics_resume_job(PG_FUNCTION_ARGS)
{
	int64		job = PG_GETARG_INT64(0);
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(job)};
	QueueAccess access;
	bool		paused;

	check_owner(job);
	(void) radpg_call_scheduler(true);
	radpg_queue_enter(&access);
	paused = radpg_queue_run("SELECT FROM radiomics.job WHERE id = $1 AND state = 'paused' FOR UPDATE",
							 1, types, values, NULL) == 1;
	radpg_queue_leave(&access);
	PG_RETURN_BOOL(paused && change_state(job, "runnable"));
}

/* retry_job(job) -> bigint: keys that are computed again */
Datum
radiomics_retry_job(PG_FUNCTION_ARGS)
{
	int64		job = PG_GETARG_INT64(0);
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(job)};
	QueueAccess access;
	char	   *state;
	bool		is_null;
	int64		count;

	check_owner(job);
	(void) radpg_call_scheduler(true);
	radpg_queue_enter(&access);
	radpg_queue_run("SELECT state FROM radiomics.job WHERE id = $1 FOR UPDATE", 1, types, values, NULL);
	state = TextDatumGetCString(radpg_queue_value(&is_null));
	if (strcmp(state, "cancelled") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("job %lld has been cancelled", (long long) job),
				 errhint("Submit it again: only the keys that are missing are computed.")));
	if (strcmp(state, "cancelling") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("job %lld has tasks that are being stopped", (long long) job),
				 errhint("Wait for it with radiomics.wait_job, then call radiomics.retry_job again.")));
	radpg_queue_run("SELECT radiomics.retry_errors($1)", 1, types, values, NULL);
	count = DatumGetInt64(radpg_queue_value(&is_null));
	if (strcmp(state, "failed") == 0 || (strcmp(state, "done") == 0 && count > 0))
		radpg_queue_run("SELECT radiomics.set_job_state($1, 'runnable')", 1, types, values, NULL);
	radpg_queue_leave(&access);
	PG_RETURN_INT64(count);
}

/* purge_jobs(age) -> bigint: jobs of roles that the caller belongs to */
Datum
radiomics_purge_jobs(PG_FUNCTION_ARGS)
{
	Oid			types[] = {INTERVALOID, OIDARRAYOID};
	Datum		values[2];
	QueueAccess access;
	ArrayType  *owners;
	Datum	   *roles;
	int			count = 0;
	bool		is_null;
	int64		purged;

	radpg_queue_enter(&access);
	roles = palloc(sizeof(Datum) *
				   Max(radpg_queue_run("SELECT DISTINCT owner FROM radiomics.job", 0, NULL, NULL, NULL), 1));
	for (uint64 n = 0; n < SPI_processed; n++)
	{
		Datum		owner = SPI_getbinval(SPI_tuptable->vals[n], SPI_tuptable->tupdesc, 1, &is_null);

		if (has_privs_of_role(access.user, DatumGetObjectId(owner)))
			roles[count++] = owner;
	}
	owners = construct_array(roles, count, OIDOID, sizeof(Oid), true, TYPALIGN_INT);
	values[0] = PG_GETARG_DATUM(0);
	values[1] = PointerGetDatum(owners);
	radpg_queue_run("SELECT radiomics.purge_owned($1, $2)", 2, types, values, NULL);
	purged = DatumGetInt64(radpg_queue_value(&is_null));
	radpg_queue_leave(&access);
	PG_RETURN_INT64(purged);
}

/* wait_job(job, timeout) -> text */
Datum
radiomics_wait_job(PG_FUNCTION_ARGS)
{
	TimestampTz end = 0;
	int64		job;
	char	   *state;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	job = PG_GETARG_INT64(0);
	check_owner(job);
	refuse_uncommitted(job);
	if (!PG_ARGISNULL(1))
		end = DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
													  TimestampTzGetDatum(GetCurrentTimestamp()),
													  PG_GETARG_DATUM(1)));
	if (!has_ended(awaited_state(job)) && !RecoveryInProgress() && !XactReadOnly)
		(void) radpg_call_scheduler(true);
	for (;;)
	{
		state = awaited_state(job);
		if (has_ended(state) || (end != 0 && GetCurrentTimestamp() >= end))
			break;
		pfree(state);
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, POLL_MS,
						 PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
	PG_RETURN_TEXT_P(cstring_to_text(state));
}

/* With a snapshot of now, in transactions of every isolation level. */
static char *
awaited_state(int64 job)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(job)};
	MemoryContext memory = CurrentMemoryContext;
	QueueAccess access;
	char	   *state;
	bool		is_null;

	PushActiveSnapshot(GetLatestSnapshot());
	radpg_queue_enter(&access);
	/* Read only, so that SPI keeps to the snapshot. */
	if (SPI_execute_with_args("SELECT radiomics.awaited_state($1)", 1, types, values, NULL, true, 1)
		!= SPI_OK_SELECT)
		elog(ERROR, "could not look at a job");
	(void) SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);
	MemoryContextSwitchTo(memory);
	state = is_null ? pstrdup("purged") : SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	radpg_queue_leave(&access);
	PopActiveSnapshot();
	return state;
}

static bool
has_ended(const char *state)
{
	return strcmp(state, "done") == 0 || strcmp(state, "failed") == 0 ||
		strcmp(state, "cancelled") == 0 || strcmp(state, "purged") == 0;
}

/* No worker sees a job before it is committed: waiting would have no end. */
static void
refuse_uncommitted(int64 job)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(job)};
	QueueAccess access;
	TransactionId writer;
	bool		is_null;

	radpg_queue_enter(&access);
	radpg_queue_run("SELECT xmin FROM radiomics.job WHERE id = $1", 1, types, values, NULL);
	writer = DatumGetTransactionId(radpg_queue_value(&is_null));
	radpg_queue_leave(&access);
	if (TransactionIdIsCurrentTransactionId(writer))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("job %lld has been changed by this transaction", (long long) job),
				 errdetail("Workers see it when the transaction has been committed."),
				 errhint("Commit first, then wait in another statement.")));
}
