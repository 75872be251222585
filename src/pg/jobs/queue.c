/*
 * Rights, locks and wake-up calls of the queue.  Its statements are the SQL
 * functions of sql/71_job_queue.sql.
 */
#include "compat.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "commands/extension.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "tcop/utility.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "jobs/queue.h"

/* Below the locks of tasks, whose numbers start at 1. */
#define LOCK_SCHEDULER 0
#define LOCK_DEPARTURE 0

static Oid	queue_table(const char *name, bool missing_ok);
static void set_lock_tag(LOCKTAG *tag, const char *table, int64 number);
static void at_transaction_end(XactEvent event, void *argument);

/* Of the task that this worker has. */
static LOCKTAG task_lock;

/* Process to wake when the transaction commits; 0: none. */
static int	pid_to_wake = 0;

bool
radpg_queue_exists(void)
{
	return OidIsValid(queue_table("scheduler", true));
}

/* A table of the queue in the extension's schema. */
static Oid
queue_table(const char *name, bool missing_ok)
{
	Oid			schema = get_namespace_oid("radiomics", true);
	Oid			table = InvalidOid;

	if (OidIsValid(schema) && OidIsValid(get_extension_oid("radiomics", true)))
		table = get_relname_relid(name, schema);
	if (!OidIsValid(table) && !missing_ok)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("extension radiomics in this database has no table \"%s\"", name),
				 errhint("Run CREATE EXTENSION radiomics, or ALTER EXTENSION radiomics UPDATE.")));
	return table;
}

Oid
radpg_queue_owner(void)
{
	Oid			table = queue_table("job", false);
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", table);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

void
radpg_queue_enter(QueueAccess *access)
{
	Oid			owner = radpg_queue_owner();

	GetUserIdAndSecContext(&access->user, &access->security_context);
	SetUserIdAndSecContext(owner, access->security_context | SECURITY_LOCAL_USERID_CHANGE);
	access->guc_level = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	SPI_connect();
}

void
radpg_queue_leave(const QueueAccess *access)
{
	SPI_finish();
	AtEOXact_GUC(false, access->guc_level);
	SetUserIdAndSecContext(access->user, access->security_context);
}

uint64
radpg_queue_run(const char *statement, int count, const Oid *types, const Datum *values,
				const char *nulls)
{
	int			result = SPI_execute_with_args(statement, count, (Oid *) types, (Datum *) values,
											   nulls, false, 0);

	if (result < 0)
		elog(ERROR, "queue statement failed: %s", SPI_result_code_string(result));
	return SPI_processed;
}

Datum
radpg_queue_value(bool *is_null)
{
	if (SPI_processed != 1)
		elog(ERROR, "queue statement gave " UINT64_FORMAT " rows", SPI_processed);
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, is_null);
}

/*
 * Locks of the user's method, because a session keeps those when a transaction
 * aborts and loses them when it ends.  The last field keeps them apart from
 * advisory locks that SQL can take, where it is 1 or 2.
 */
static void
set_lock_tag(LOCKTAG *tag, const char *table, int64 number)
{
	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, queue_table(table, false), (uint32) number,
						 0x8000 | (uint16) (number >> 32));
}

bool
radpg_lock_task(int64 task)
{
	set_lock_tag(&task_lock, "task", task);
	return LockAcquire(&task_lock, ExclusiveLock, true, true) != LOCKACQUIRE_NOT_AVAIL;
}

void
radpg_unlock_task(void)
{
	LockRelease(&task_lock, ExclusiveLock, true);
}

/* Keys of equal hash wait for each other, which does no harm. */
void
radpg_lock_key(Oid target, Datum key)
{
	uint64		hash = DatumGetUInt64(DirectFunctionCall2(jsonb_hash_extended, key,
														  Int64GetDatum(0)));
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, target, (uint32) hash, (uint16) (hash >> 32));
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
}

bool
radpg_lock_scheduler(void)
{
	LOCKTAG		tag;

	set_lock_tag(&tag, "scheduler", LOCK_SCHEDULER);
	return LockAcquire(&tag, ExclusiveLock, true, true) != LOCKACQUIRE_NOT_AVAIL;
}

void
radpg_unlock_scheduler(void)
{
	LOCKTAG		tag;

	set_lock_tag(&tag, "scheduler", LOCK_SCHEDULER);
	LockRelease(&tag, ExclusiveLock, true);
}

bool
radpg_lock_departure(void)
{
	LOCKTAG		tag;

	set_lock_tag(&tag, "job", LOCK_DEPARTURE);
	return LockAcquire(&tag, ExclusiveLock, true, true) != LOCKACQUIRE_NOT_AVAIL;
}

void
radpg_unlock_departure(void)
{
	LOCKTAG		tag;

	set_lock_tag(&tag, "job", LOCK_DEPARTURE);
	LockRelease(&tag, ExclusiveLock, true);
}

/*
 * With the departure lock shared until our transaction ends, a scheduler that
 * runs now will see what we commit; if none runs, one is started now and stays
 * at least as long.
 */
bool
radpg_call_scheduler(bool must)
{
	static bool registered = false;
	QueueAccess access;
	LOCKTAG		departure;
	LOCKTAG		scheduler;
	bool		is_null;

	PreventCommandIfReadOnly("a function that changes jobs");
	set_lock_tag(&departure, "job", LOCK_DEPARTURE);
	set_lock_tag(&scheduler, "scheduler", LOCK_SCHEDULER);
	(void) LockAcquire(&departure, ShareLock, false, false);
	if (LockAcquire(&scheduler, ShareLock, false, true) != LOCKACQUIRE_NOT_AVAIL)
	{
		SchedulerStart start = {.database = MyDatabaseId};

		LockRelease(&scheduler, ShareLock, false);
		if (radpg_start_process("radiomics scheduler", "radpg_scheduler_main", 1,
								&start, sizeof(start), NULL))
			return true;
		if (must)
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
					 errmsg("cannot start the scheduler of jobs: all background workers are in use"),
					 errhint("Try again later, or raise max_worker_processes.")));
		return false;
	}

	radpg_queue_enter(&access);
	if (radpg_queue_run("SELECT pid FROM radiomics.scheduler", 0, NULL, NULL, NULL) == 1)
		pid_to_wake = DatumGetInt32(radpg_queue_value(&is_null));
	radpg_queue_leave(&access);
	if (!registered)
	{
		RegisterXactCallback(at_transaction_end, NULL);
		registered = true;
	}
	return true;
}

/* Waking another process by mistake does no harm. */
static void
at_transaction_end(XactEvent event, void *argument)
{
	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT)
		return;
	if (event == XACT_EVENT_COMMIT && pid_to_wake != 0)
	{
		PGPROC	   *proc = BackendPidGetProc(pid_to_wake);

		if (proc != NULL)
			SetLatch(&proc->procLatch);
	}
	pid_to_wake = 0;
}
