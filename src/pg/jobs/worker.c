/*
 * A worker: computes tasks of one job, logged in as its owner.
 *
 * Every task takes three transactions at most: the claim, committed before the
 * work; the work with all its results and the end of the task; and, when that
 * one failed as a whole, a note of the failure.  Each key of a task is a
 * subtransaction, so one bad scan costs nothing else.
 */
#include "compat.h"

#include <sys/resource.h>
#include <sys/time.h>

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "libpq/pqsignal.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "tcop/tcopprot.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/timeout.h"

#include "jobs/compute.h"
#include "jobs/crash_mark.h"
#include "jobs/queue.h"

/* A task, copied out of the queue. */
typedef struct ClaimedTask
{
	int64		id;
	char	   *mode;
	int			key_count;
	Datum	   *keys;			/* jsonb */
} ClaimedTask;

/* Keys that failed, as the arrays that finish_task() takes. */
typedef struct Failures
{
	int			count;
	Datum	   *keys;
	ErrorData **errors;
} Failures;

typedef enum TaskEnd
{
	TASK_DONE,
	TASK_CANCELLED,
	JOB_FAILED
} TaskEnd;

static Progress *progress;
static ProgressSlot *slot;
static RunningJob job;
static MemoryContext job_memory;	/* of the job and its statements */
static MemoryContext task_memory;	/* reset after every task */

static void connect_as_owner(const WorkerStart *start);
static void apply_limits(void);
static bool load_job(int64 number);
static bool scheduler_lives(void);
static bool claim(ClaimedTask *task);
static TaskEnd run_task(ClaimedTask *task);
static void run_keys(ClaimedTask *task);
static ErrorData *run_key(ClaimedTask *task, int n);
static void prepare_job(void);
static void finish(ClaimedTask *task, int reached, const Failures *failures);
static Datum text_array(char **texts, int count);
static TaskEnd settle_failure(ClaimedTask *task, ErrorData *error);
static bool is_transient(int sqlstate);
static bool is_cancel(int sqlstate);

/* True while an error would be one of the job, not of a key. */
static bool preparing;

void
radpg_worker_main(Datum argument)
{
	WorkerStart start;
	ClaimedTask task;

	memcpy(&start, MyBgworkerEntry->bgw_extra, sizeof(start));
	pqsignal(SIGTERM, die);
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	radpg_crash_mark_init();
	BackgroundWorkerUnblockSignals();
	connect_as_owner(&start);

	job_memory = AllocSetContextCreate(TopMemoryContext, "radiomics job", ALLOCSET_DEFAULT_SIZES);
	task_memory = AllocSetContextCreate(TopMemoryContext, "radiomics task", ALLOCSET_DEFAULT_SIZES);

	StartTransactionCommand();
	progress = radpg_progress_attach(start.progress);
	CommitTransactionCommand();
	if (progress == NULL)
		proc_exit(0);			/* our scheduler is gone, the next one starts others */
	slot = &progress->slot[start.slot];

	if (load_job(start.job))
	{
		apply_limits();
		while (scheduler_lives() && pg_atomic_read_u32(&slot->stop_after_task) == 0 &&
			   pg_atomic_read_u32(&slot->stop_after_key) == 0 && claim(&task))
		{
			TaskEnd		end = run_task(&task);

			radpg_progress_clear(slot);
			radpg_unlock_task();
			MemoryContextReset(task_memory);
			if (end != TASK_DONE)
				break;
			if (ConfigReloadPending)
			{
				ConfigReloadPending = false;
				ProcessConfigFile(PGC_SIGHUP);
				apply_limits();
			}
		}
	}
	proc_exit(0);
}

static void
connect_as_owner(const WorkerStart *start)
{
	BackgroundWorkerInitializeConnectionByOid(start->database, start->owner, 0);
	/*
	 * The worker is the unit of parallelism, and its statements, which look
	 * expensive, run for too short a time to be compiled.
	 */
	SetConfigOption("application_name", psprintf("radiomics job " INT64_FORMAT, start->job),
					PGC_USERSET, PGC_S_SESSION);
	SetConfigOption("max_parallel_workers_per_gather", "0", PGC_USERSET, PGC_S_SESSION);
	SetConfigOption("jit", "off", PGC_USERSET, PGC_S_SESSION);
	SetConfigOption("default_transaction_isolation", "read committed", PGC_USERSET, PGC_S_SESSION);
	SetConfigOption("default_transaction_read_only", "off", PGC_USERSET, PGC_S_SESSION);
}

/* Failing to be nice is no reason not to work. */
static void
apply_limits(void)
{
	if (radpg_job_nice > 0 && setpriority(PRIO_PROCESS, 0, radpg_job_nice) != 0)
		ereport(LOG, (errmsg("could not lower the priority of a worker: %m")));
	if (radpg_job_memory_mb > 0)
	{
		struct rlimit limit;

		if (getrlimit(RLIMIT_DATA, &limit) == 0)
		{
			limit.rlim_cur = Min((rlim_t) radpg_job_memory_mb * 1024 * 1024, limit.rlim_max);
			if (setrlimit(RLIMIT_DATA, &limit) != 0)
				ereport(LOG, (errmsg("could not limit the memory of a worker: %m")));
		}
	}
}

/* What the job says; false when it is gone. */
static bool
load_job(int64 number)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(number)};
	QueueAccess access;
	char	   *search_path = NULL;
	bool		found = false;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (radpg_queue_exists())
	{
		radpg_queue_enter(&access);
		found = radpg_queue_run("SELECT query, search_path, target, profile, settings, "
								"settings_hash, managed FROM radiomics.job WHERE id = $1",
								1, types, values, NULL) == 1;
		if (found)
		{
			HeapTuple	row = SPI_tuptable->vals[0];
			TupleDesc	descriptor = SPI_tuptable->tupdesc;
			MemoryContext previous = MemoryContextSwitchTo(job_memory);
			bool		is_null;

			search_path = SPI_getvalue(row, descriptor, 2);
			job.id = number;
			job.query = SPI_getvalue(row, descriptor, 1);
			job.target = DatumGetObjectId(SPI_getbinval(row, descriptor, 3, &is_null));
			job.profile = SPI_getvalue(row, descriptor, 4);
			job.settings = PointerGetDatum(PG_DETOAST_DATUM_COPY(SPI_getbinval(row, descriptor, 5,
																			  &is_null)));
			job.settings_hash = SPI_getvalue(row, descriptor, 6);
			job.managed = DatumGetBool(SPI_getbinval(row, descriptor, 7, &is_null));
			MemoryContextSwitchTo(previous);
		}
		radpg_queue_leave(&access);
		if (found)
			SetConfigOption("search_path", search_path, PGC_USERSET, PGC_S_SESSION);
	}
	PopActiveSnapshot();
	CommitTransactionCommand();
	return found;
}

/* A new scheduler starts workers of its own, whose progress can be seen. */
static bool
scheduler_lives(void)
{
	return BackendPidGetProc(progress->scheduler_pid) != NULL;
}

/*
 * Take the next task of the job; false when there is none.  The lock that says
 * so is ours before anybody can see that the task is.
 */
static bool
claim(ClaimedTask *task)
{
	Oid			types[] = {INT8OID, INT4OID};
	Datum		values[] = {Int64GetDatum(job.id), Int32GetDatum(MyProcPid)};
	QueueAccess access;
	bool		found = false;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (radpg_queue_exists())
	{
		bool		is_null = true;

		radpg_queue_enter(&access);
		radpg_queue_run("SELECT id, mode, keys FROM radiomics.claim_task($1, $2)",
						2, types, values, NULL);
		if (SPI_processed == 1)
			task->id = DatumGetInt64(radpg_queue_value(&is_null));
		if (!is_null)
		{
			HeapTuple	row = SPI_tuptable->vals[0];
			TupleDesc	descriptor = SPI_tuptable->tupdesc;
			MemoryContext previous = MemoryContextSwitchTo(task_memory);
			ArrayType  *keys = DatumGetArrayTypePCopy(SPI_getbinval(row, descriptor, 3, &is_null));

			deconstruct_array(keys, JSONBOID, -1, false, TYPALIGN_INT, &task->keys, NULL,
							  &task->key_count);
			task->mode = SPI_getvalue(row, descriptor, 2);
			MemoryContextSwitchTo(previous);
			if (!radpg_lock_task(task->id))
				elog(ERROR, "task " INT64_FORMAT " is locked by another worker", task->id);
			found = true;
		}
		radpg_queue_leave(&access);
	}
	PopActiveSnapshot();
	CommitTransactionCommand();
	if (found)
	{
		pg_atomic_write_u32(&slot->claimed, 1);
		SpinLockAcquire(&slot->lock);
		memset(&slot->task, 0, sizeof(slot->task));
		slot->task.owner = GetUserId();
		slot->task.job = job.id;
		slot->task.task = task->id;
		slot->task.total = task->key_count;
		memcpy(slot->task.device, job.device, sizeof(job.device));
		slot->task.pid = MyProcPid;
		SpinLockRelease(&slot->lock);
	}
	return found;
}

/* Compute a claimed task and settle what became of it. */
static TaskEnd
run_task(ClaimedTask *task)
{
	ErrorData  *volatile error = NULL;
	TaskEnd		end;

	MemoryContextSwitchTo(task_memory);
	SetCurrentStatementStartTimestamp();
	pgstat_report_activity(STATE_RUNNING,
						   psprintf("radiomics job " INT64_FORMAT ", task " INT64_FORMAT, job.id,
									task->id));
	PG_TRY();
	{
		StartTransactionCommand();
		run_keys(task);
		CommitTransactionCommand();
	}
	PG_CATCH();
	{
		disable_all_timeouts(false);
		QueryCancelPending = false;
		MemoryContextSwitchTo(task_memory);
		error = CopyErrorData();
		FlushErrorState();
		AbortOutOfAnyTransaction(); /* a cancel leaves the subtransaction open */
		radpg_crash_mark(task->id, 0);
	}
	PG_END_TRY();
	/* A cancel has been obeyed by now; more of them would only hinder. */
	pqsignal(SIGINT, SIG_IGN);
	end = error != NULL ? settle_failure(task, error) : TASK_DONE;
	pqsignal(SIGINT, StatementCancelHandler);
	pgstat_report_stat(true);
	pgstat_report_activity(STATE_IDLE, NULL);
	return end;
}

/* The transaction of the work. */
static void
run_keys(ClaimedTask *task)
{
	Failures	failures = {0};
	int			reached = 0;

	if (job.cohort == NULL)
		prepare_job();
	failures.keys = MemoryContextAlloc(task_memory, sizeof(Datum) * task->key_count);
	failures.errors = MemoryContextAlloc(task_memory, sizeof(ErrorData *) * task->key_count);
	while (reached < task->key_count && pg_atomic_read_u32(&slot->stop_after_key) == 0)
	{
		ErrorData  *error;

		radpg_crash_mark(task->id, reached + 1);
		error = run_key(task, reached);
		if (error != NULL)
		{
			failures.keys[failures.count] = task->keys[reached];
			failures.errors[failures.count++] = error;
		}
		reached++;
		SpinLockAcquire(&slot->lock);
		slot->task.failed = failures.count;
		slot->task.done = reached - failures.count;
		SpinLockRelease(&slot->lock);
	}
	radpg_crash_mark(task->id, 0);
	finish(task, reached, &failures);
}

static void
prepare_job(void)
{
	preparing = true;
	PushActiveSnapshot(GetTransactionSnapshot());
	SPI_connect();
	MemoryContextSwitchTo(job_memory);
	radpg_prepare_job(&job);
	SPI_finish();
	PopActiveSnapshot();
	preparing = false;
}

/* One key as a subtransaction; returns its error, in task_memory, or NULL. */
static ErrorData *
run_key(ClaimedTask *task, int n)
{
	MemoryContext memory = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	SetCurrentStatementStartTimestamp();
	PushActiveSnapshot(GetTransactionSnapshot());
	BeginInternalSubTransaction(NULL);
	/* The server does not enforce it in background workers by itself. */
	if (StatementTimeout > 0)
		enable_timeout_after(STATEMENT_TIMEOUT, StatementTimeout);
	PG_TRY();
	{
		SPI_connect();
		radpg_compute_key(&job, slot, task->keys[n], task->mode);
		SPI_finish();
		disable_timeout(STATEMENT_TIMEOUT, false);
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(memory);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		disable_timeout(STATEMENT_TIMEOUT, false);
		MemoryContextSwitchTo(task_memory);
		/* Who cancels means the task, or the job. */
		if (is_cancel(geterrcode()))
			PG_RE_THROW();
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(memory);
		CurrentResourceOwner = owner;
	}
	PG_END_TRY();
	PopActiveSnapshot();
	return error;
}

/* The end of a task, in the transaction of its results. */
static void
finish(ClaimedTask *task, int reached, const Failures *failures)
{
	Oid			types[] = {INT8OID, JSONBARRAYOID, INT4OID, INT8OID, FLOAT8ARRAYOID, JSONBARRAYOID,
	TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, BOOLARRAYOID};
	int			count = failures->count;
	char	  **texts = palloc(sizeof(char *) * 5 * Max(count, 1));
	Datum	   *transient = palloc(sizeof(Datum) * Max(count, 1));
	Datum		milliseconds[PHASE_COUNT];
	Datum		values[12];
	QueueAccess access;
	bool		is_null;

	for (int n = 0; n < count; n++)
	{
		const ErrorData *error = failures->errors[n];

		texts[n] = pstrdup(unpack_sql_state(error->sqlerrcode));
		texts[count + n] = error->message;
		texts[2 * count + n] = error->detail;
		texts[3 * count + n] = error->hint;
		texts[4 * count + n] = error->context;
		transient[n] = BoolGetDatum(is_transient(error->sqlerrcode));
	}
	for (int phase = 0; phase < PHASE_COUNT; phase++)
		milliseconds[phase] = Float8GetDatum((double) slot->task.microseconds[phase] / 1000.0);
	values[0] = Int64GetDatum(task->id);
	values[1] = PointerGetDatum(construct_array(task->keys + reached, task->key_count - reached,
												JSONBOID, -1, false, TYPALIGN_INT));
	values[2] = Int32GetDatum(reached - count);
	values[3] = Int64GetDatum(slot->task.bytes);
	values[4] = PointerGetDatum(construct_array(milliseconds, PHASE_COUNT, FLOAT8OID, 8,
												FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	values[5] = PointerGetDatum(construct_array(failures->keys, count, JSONBOID, -1, false,
												TYPALIGN_INT));
	for (int n = 0; n < 5; n++)
		values[6 + n] = text_array(texts + n * count, count);
	values[11] = PointerGetDatum(construct_array(transient, count, BOOLOID, 1, true, TYPALIGN_CHAR));

	PushActiveSnapshot(GetTransactionSnapshot());
	radpg_queue_enter(&access);
	radpg_queue_run("SELECT radiomics.finish_task($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
					12, types, values, NULL);
	if (!DatumGetBool(radpg_queue_value(&is_null)))
		elog(ERROR, "task " INT64_FORMAT " is not running any more", task->id);
	radpg_queue_leave(&access);
	PopActiveSnapshot();
}

/* text[], with NULL for what is missing. */
static Datum
text_array(char **texts, int count)
{
	Datum	   *values = palloc0(sizeof(Datum) * Max(count, 1));
	bool	   *nulls = palloc(Max(count, 1));
	int			lower = 1;

	for (int n = 0; n < count; n++)
	{
		nulls[n] = texts[n] == NULL;
		if (!nulls[n])
			values[n] = CStringGetTextDatum(texts[n]);
	}
	if (count == 0)
		return PointerGetDatum(construct_empty_array(TEXTOID));
	return PointerGetDatum(construct_md_array(values, nulls, 1, &count, &lower, TEXTOID, -1, false,
											  TYPALIGN_INT));
}

/*
 * The transaction of the work has failed as a whole.  A cancel ends the task;
 * an error while the job was analysed ends the job; anything else, such as a
 * constraint that is checked at commit, sends the keys back one by one.
 */
static TaskEnd
settle_failure(ClaimedTask *task, ErrorData *error)
{
	Oid			types[] = {INT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, BOOLOID};
	Datum		values[7];
	char		nulls[7];
	const char *texts[] = {
		NULL, unpack_sql_state(error->sqlerrcode), error->message, error->detail, error->hint,
		error->context
	};
	TaskEnd		end = TASK_DONE;
	QueueAccess access;
	bool		is_null;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (!radpg_queue_exists())
		proc_exit(0);			/* DROP EXTENSION: nothing is left to settle */
	values[0] = Int64GetDatum(task->id);
	nulls[0] = ' ';
	for (int n = 1; n <= 5; n++)
	{
		nulls[n] = texts[n] == NULL ? 'n' : ' ';
		values[n] = texts[n] == NULL ? (Datum) 0 : CStringGetTextDatum(texts[n]);
	}
	values[6] = BoolGetDatum(is_transient(error->sqlerrcode));
	nulls[6] = ' ';

	radpg_queue_enter(&access);
	radpg_queue_run("SELECT radiomics.drop_task($1)", 1, types, values, NULL);
	if (DatumGetBool(radpg_queue_value(&is_null)))
		end = TASK_CANCELLED;
	else if (preparing)
	{
		Oid			job_types[] = {INT8OID, TEXTOID, TEXTOID};
		Datum		job_values[] = {Int64GetDatum(job.id), values[1], values[2]};

		radpg_queue_run("SELECT radiomics.recover_task($1, NULL)", 1, types, values, NULL);
		radpg_queue_run("SELECT radiomics.set_job_state($1, 'cancelling', $2, $3)", 3, job_types,
						job_values, NULL);
		end = JOB_FAILED;
	}
	else
		radpg_queue_run("SELECT radiomics.fail_task($1, $2, $3, $4, $5, $6, $7)", 7, types, values,
						nulls);
	radpg_queue_leave(&access);
	PopActiveSnapshot();
	CommitTransactionCommand();
	return end;
}

/*
 * May the same scan succeed a little later?  Serialization, lack of resources,
 * locks, a server that stops, input and output.
 */
static bool
is_transient(int sqlstate)
{
	int			category = ERRCODE_TO_CATEGORY(sqlstate);

	return category == ERRCODE_TO_CATEGORY(ERRCODE_TRANSACTION_ROLLBACK) ||
		category == ERRCODE_TO_CATEGORY(ERRCODE_INSUFFICIENT_RESOURCES) ||
		category == ERRCODE_TO_CATEGORY(ERRCODE_SYSTEM_ERROR) ||
		sqlstate == ERRCODE_LOCK_NOT_AVAILABLE || sqlstate == ERRCODE_OBJECT_IN_USE ||
		sqlstate == ERRCODE_CONNECTION_FAILURE || sqlstate == ERRCODE_ADMIN_SHUTDOWN;
}

static bool
is_cancel(int sqlstate)
{
	return sqlstate == ERRCODE_QUERY_CANCELED;
}
