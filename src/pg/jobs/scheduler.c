/*
 * The scheduler of a database: starts workers for jobs that are ready, passes
 * on cancels and pauses, gives back the tasks of workers that died, and leaves
 * when there is nothing to do.
 *
 * It runs no user's code: only the functions of sql/71_job_queue.sql.  All it
 * knows is in the tables, so it may be killed at any moment; an error ends the
 * process, and the postmaster starts it again.
 */
#include "compat.h"

#include <signal.h>

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "libpq/pqsignal.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "jobs/crash_mark.h"
#include "jobs/progress.h"
#include "jobs/queue.h"

#define POLL_BUSY_MS 1000		/* a safety net: events set the latch */
#define POLL_IDLE_MS 200
#define LINGER_MS 2000			/* less than DROP DATABASE waits */

/* How often a worker may end without a task before its job is given up. */
#define MOST_FAILED_STARTS 5

/* A worker that this scheduler has started. */
typedef struct WorkerEntry
{
	BackgroundWorkerHandle *handle; /* NULL: the slot is free */
	int64		job;
} WorkerEntry;

typedef struct ReadyJob
{
	int64		id;
	Oid			owner;
	int			priority;
	int64		tasks;			/* that could start now */
} ReadyJob;

/* What one look at the queue showed. */
typedef struct QueueView
{
	int64		unfinished;
	int			ready_count;
	ReadyJob   *ready;
	int			signal_count;
	int		   *signals;		/* workers of jobs that are being cancelled */
} QueueView;

static WorkerEntry workers[JOB_SLOTS];
static Progress *progress;
static dsm_handle progress_handle;
static bool connected = false;

/* The last job whose worker ended without having claimed a task, and how often. */
static int64 failing_job = 0;
static int	failed_starts = 0;

static void leave_for_good(int code, Datum argument);
static bool become_the_scheduler(void);
static void look_at_queue(QueueView *view);
static void recover_dead_tasks(void);
static void list_ready_jobs(QueueView *view);
static void list_cancelled_workers(QueueView *view);
static void reap_workers(void);
static void note_failed_start(int64 job);
static void pass_on_stops(void);
static bool start_workers(const QueueView *view);
static bool start_worker(const ReadyJob *job);
static void ask_to_leave(int64 job, int keep);
static void give_up(int64 job);
static int	workers_of(int64 job, bool only_claimed);
static int	running_workers(void);
static bool may_leave(void);

void
radpg_scheduler_main(Datum argument)
{
	SchedulerStart start;
	MemoryContext memory;
	TimestampTz idle_since = 0;

	memcpy(&start, MyBgworkerEntry->bgw_extra, sizeof(start));
	pqsignal(SIGTERM, die);
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	before_shmem_exit(leave_for_good, (Datum) 0);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(start.database, InvalidOid, 0);
	connected = true;
	SetConfigOption("application_name", "radiomics scheduler", PGC_USERSET, PGC_S_SESSION);
	SetConfigOption("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION);
	SetConfigOption("default_transaction_read_only", "off", PGC_USERSET, PGC_S_SESSION);
	SetConfigOption("default_transaction_isolation", "read committed", PGC_USERSET, PGC_S_SESSION);
	SetConfigOption("jit", "off", PGC_USERSET, PGC_S_SESSION);

	if (!become_the_scheduler())
		proc_exit(0);
	memory = AllocSetContextCreate(TopMemoryContext, "radiomics scheduler", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(memory);

	for (;;)
	{
		QueueView	view = {0};
		bool		idle;

		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
		reap_workers();
		look_at_queue(&view);
		for (int n = 0; n < view.signal_count; n++)
			(void) kill(view.signals[n], SIGINT);
		idle = !start_workers(&view) && view.unfinished == 0 && running_workers() == 0;

		if (!idle)
			idle_since = 0;
		else if (idle_since == 0)
			idle_since = GetCurrentTimestamp();
		if (idle && (start.from_launcher ||
					 TimestampDifferenceExceeds(idle_since, GetCurrentTimestamp(), LINGER_MS)) &&
			may_leave())
			proc_exit(0);
		MemoryContextReset(memory);
		MemoryContextSwitchTo(memory);
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 idle ? POLL_IDLE_MS : POLL_BUSY_MS, PG_WAIT_EXTENSION);
	}
}

/*
 * A scheduler that cannot connect, as after DROP DATABASE, must not be started
 * again and again; one that has connected and fails should be.
 */
static void
leave_for_good(int code, Datum argument)
{
	if (!connected && code != 0)
		proc_exit(0);
}

/* False when the extension is not there or another scheduler is. */
static bool
become_the_scheduler(void)
{
	bool		alone = false;

	/* Somebody who looks whether there is one holds the lock for an instant. */
	for (int attempt = 0; attempt < 10 && !alone; attempt++)
	{
		CHECK_FOR_INTERRUPTS();
		if (attempt > 0)
			pg_usleep(20 * 1000L);
		SetCurrentStatementStartTimestamp();
		StartTransactionCommand();
		if (RecoveryInProgress() || !radpg_queue_exists())
		{
			CommitTransactionCommand();
			return false;
		}
		alone = radpg_lock_scheduler();
		CommitTransactionCommand();
	}
	if (alone)
	{
		QueueAccess access;
		Oid			types[] = {INT4OID, INT8OID};
		Datum		values[2];

		SetCurrentStatementStartTimestamp();
		StartTransactionCommand();
		PushActiveSnapshot(GetTransactionSnapshot());
		progress = radpg_progress_create(&progress_handle);
		radpg_queue_enter(&access);
		values[0] = Int32GetDatum(MyProcPid);
		values[1] = Int64GetDatum((int64) progress_handle);
		radpg_queue_run("DELETE FROM radiomics.scheduler", 0, NULL, NULL, NULL);
		radpg_queue_run("INSERT INTO radiomics.scheduler (pid, progress) VALUES ($1, $2)",
						2, types, values, NULL);
		radpg_queue_leave(&access);
		PopActiveSnapshot();
		CommitTransactionCommand();
	}
	return alone;
}

/* One transaction: recover, arrange, and see what there is to do. */
static void
look_at_queue(QueueView *view)
{
	MemoryContext memory = CurrentMemoryContext;
	QueueAccess access;
	bool		is_null;

	SetCurrentStatementStartTimestamp();
	pgstat_report_activity(STATE_RUNNING, "looking at the queue");
	StartTransactionCommand();
	if (!radpg_queue_exists())
		proc_exit(0);			/* DROP EXTENSION */
	PushActiveSnapshot(GetTransactionSnapshot());
	radpg_queue_enter(&access);
	recover_dead_tasks();
	radpg_queue_run("SELECT radiomics.arrange_jobs()", 0, NULL, NULL, NULL);
	view->unfinished = DatumGetInt64(radpg_queue_value(&is_null));
	MemoryContextSwitchTo(memory);
	list_ready_jobs(view);
	list_cancelled_workers(view);
	pass_on_stops();
	radpg_queue_leave(&access);
	PopActiveSnapshot();
	CommitTransactionCommand();
	pgstat_report_stat(true);
	pgstat_report_activity(STATE_IDLE, NULL);
	MemoryContextSwitchTo(memory);
}

/* Tasks that are marked as running, but whose lock is free. */
static void
recover_dead_tasks(void)
{
	uint64		count = radpg_queue_run("SELECT id FROM radiomics.task WHERE state = 'running'",
										0, NULL, NULL, NULL);
	SPITupleTable *running = SPI_tuptable;

	for (uint64 n = 0; n < count; n++)
	{
		Oid			types[] = {INT8OID, INT4OID};
		Datum		values[2];
		char		nulls[2] = {' ', ' '};
		bool		is_null;
		int64		task = DatumGetInt64(SPI_getbinval(running->vals[n], running->tupdesc, 1, &is_null));
		int			key;

		if (!radpg_lock_task(task))
			continue;
		/* It may have ended, in good order, since the statement above. */
		values[0] = Int64GetDatum(task);
		if (radpg_queue_run("SELECT id FROM radiomics.task WHERE id = $1 AND state = 'running'",
							1, types, values, NULL) == 1)
		{
			key = radpg_take_crash_mark(task);
			values[1] = Int32GetDatum(key);
			nulls[1] = key == 0 ? 'n' : ' ';
			ereport(LOG,
					(errmsg("the worker of task " INT64_FORMAT " of radiomics is gone: the task is given back",
							task),
					 key > 0 ? errdetail("It was killed while it computed scan %d of the task.", key) : 0));
			radpg_queue_run("SELECT radiomics.recover_task($1, $2)", 2, types, values, nulls);
		}
		radpg_unlock_task();
	}
}

static void
list_ready_jobs(QueueView *view)
{
	MemoryContext memory = CurrentMemoryContext;
	uint64		count = radpg_queue_run("SELECT job, owner, priority, tasks FROM radiomics.ready_jobs()",
										0, NULL, NULL, NULL);

	view->ready = MemoryContextAlloc(memory, sizeof(ReadyJob) * Max(count, 1));
	view->ready_count = (int) count;
	for (uint64 n = 0; n < count; n++)
	{
		HeapTuple	row = SPI_tuptable->vals[n];
		TupleDesc	descriptor = SPI_tuptable->tupdesc;
		bool		is_null;

		view->ready[n].id = DatumGetInt64(SPI_getbinval(row, descriptor, 1, &is_null));
		view->ready[n].owner = DatumGetObjectId(SPI_getbinval(row, descriptor, 2, &is_null));
		view->ready[n].priority = DatumGetInt32(SPI_getbinval(row, descriptor, 3, &is_null));
		view->ready[n].tasks = DatumGetInt64(SPI_getbinval(row, descriptor, 4, &is_null));
	}
}

/* The task's lock, not free a moment ago, says that its process is the worker. */
static void
list_cancelled_workers(QueueView *view)
{
	MemoryContext memory = CurrentMemoryContext;
	uint64		count = radpg_queue_run("SELECT t.pid FROM radiomics.task AS t "
										"JOIN radiomics.job AS j ON j.id = t.job_id "
										"WHERE j.state = 'cancelling' AND t.state = 'running' "
										"AND t.pid IS NOT NULL", 0, NULL, NULL, NULL);

	view->signals = MemoryContextAlloc(memory, sizeof(int) * Max(count, 1));
	view->signal_count = (int) count;
	for (uint64 n = 0; n < count; n++)
	{
		bool		is_null;

		view->signals[n] = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[n], SPI_tuptable->tupdesc,
													   1, &is_null));
	}
}

/* Workers of a paused job stop after the scan that they compute. */
static void
pass_on_stops(void)
{
	uint64		count = radpg_queue_run("SELECT id FROM radiomics.job WHERE state = 'paused'",
										0, NULL, NULL, NULL);

	for (uint64 n = 0; n < count; n++)
	{
		bool		is_null;
		int64		job = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[n], SPI_tuptable->tupdesc,
													  1, &is_null));

		for (int m = 0; m < JOB_SLOTS; m++)
			if (workers[m].handle != NULL && workers[m].job == job)
				pg_atomic_write_u32(&progress->slot[m].stop_after_key, 1);
	}
}

/* Free the slots of workers that have ended. */
static void
reap_workers(void)
{
	for (int n = 0; n < JOB_SLOTS; n++)
	{
		pid_t		pid;

		if (workers[n].handle == NULL ||
			GetBackgroundWorkerPid(workers[n].handle, &pid) != BGWH_STOPPED)
			continue;
		if (pg_atomic_read_u32(&progress->slot[n].claimed) == 0)
			note_failed_start(workers[n].job);
		else if (workers[n].job == failing_job)
			failing_job = 0;
		pfree(workers[n].handle);
		workers[n].handle = NULL;
		radpg_progress_clear(&progress->slot[n]);
	}
}

/* A worker may find nothing to claim; that its job never gets one is a failure. */
static void
note_failed_start(int64 job)
{
	if (job != failing_job)
	{
		failing_job = job;
		failed_starts = 0;
	}
	failed_starts++;
}

/*
 * Fill the free slots.  A higher priority goes first; jobs of one priority
 * share, so that none waits for the end of another: a job that has more than
 * its share gets back a slot when a task ends.  True when a worker has been
 * started.
 */
static bool
start_workers(const QueueView *view)
{
	int			limit = Min(radpg_max_job_workers, JOB_SLOTS);
	int		   *share = palloc0(sizeof(int) * Max(view->ready_count, 1));
	int			left = limit - running_workers();
	bool		started = false;

	for (int n = 0; n < view->ready_count; n++)
		left += workers_of(view->ready[n].id, false);
	for (int first = 0, last; first < view->ready_count; first = last)
	{
		bool		given = true;

		for (last = first; last < view->ready_count &&
			 view->ready[last].priority == view->ready[first].priority; last++)
			;
		while (given && left > 0)
		{
			given = false;
			for (int n = first; n < last && left > 0; n++)
			{
				/* Who has not claimed yet will take one of the tasks that wait. */
				int64		useful = Max(workers_of(view->ready[n].id, false),
										 workers_of(view->ready[n].id, true) + view->ready[n].tasks);

				if (share[n] >= useful)
					continue;
				share[n]++;
				left--;
				given = true;
			}
		}
	}
	for (int n = 0; n < view->ready_count; n++)
	{
		ask_to_leave(view->ready[n].id, share[n]);
		while (workers_of(view->ready[n].id, false) < share[n] && running_workers() < limit)
		{
			if (!start_worker(&view->ready[n]))
				return started;
			started = true;
		}
	}
	return started;
}

/* Let a job keep so many workers; the others end with their task. */
static void
ask_to_leave(int64 job, int keep)
{
	for (int n = 0; n < JOB_SLOTS; n++)
		if (workers[n].handle != NULL && workers[n].job == job)
			pg_atomic_write_u32(&progress->slot[n].stop_after_task, keep-- > 0 ? 0 : 1);
}

/* False when it cannot be started now; the next look tries again. */
static bool
start_worker(const ReadyJob *job)
{
	WorkerStart start = {
		.database = MyDatabaseId, .owner = job->owner, .job = job->id, .progress = progress_handle
	};
	int			slot = 0;

	if (job->id == failing_job && failed_starts >= MOST_FAILED_STARTS)
	{
		give_up(job->id);
		return false;
	}
	while (workers[slot].handle != NULL)
		slot++;
	radpg_progress_reset(&progress->slot[slot]);
	start.slot = slot;
	if (!radpg_start_process("radiomics worker", "radpg_worker_main", BGW_NEVER_RESTART,
							 &start, sizeof(start), &workers[slot].handle))
		return false;
	workers[slot].job = job->id;
	return true;
}

/* Workers of a job cannot do anything: the reason is in the server log. */
static void
give_up(int64 job)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(job)};
	QueueAccess access;

	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	radpg_queue_enter(&access);
	radpg_queue_run("SELECT radiomics.set_job_state($1, 'cancelling', '53000', "
					"'the workers of the job cannot start: see the server log')",
					1, types, values, NULL);
	radpg_queue_leave(&access);
	PopActiveSnapshot();
	CommitTransactionCommand();
	failing_job = 0;
}

static int
workers_of(int64 job, bool only_claimed)
{
	int			count = 0;

	for (int n = 0; n < JOB_SLOTS; n++)
		if (workers[n].handle != NULL && workers[n].job == job &&
			(!only_claimed || pg_atomic_read_u32(&progress->slot[n].claimed) != 0))
			count++;
	return count;
}

static int
running_workers(void)
{
	int			count = 0;

	for (int n = 0; n < JOB_SLOTS; n++)
		if (workers[n].handle != NULL)
			count++;
	return count;
}

/*
 * Nobody can be about to give us work while we hold the departure lock, and the
 * scheduler's is free before that one is, which ends with the process.
 */
static bool
may_leave(void)
{
	QueueAccess access;
	bool		leave;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	if (!radpg_queue_exists())
		proc_exit(0);
	leave = radpg_lock_departure();
	if (leave)
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		radpg_queue_enter(&access);
		leave = radpg_queue_run("SELECT FROM radiomics.job "
								"WHERE state IN ('runnable', 'running', 'cancelling') "
								"UNION ALL SELECT FROM radiomics.changed_key LIMIT 1",
								0, NULL, NULL, NULL) == 0;
		if (leave)
			radpg_queue_run("DELETE FROM radiomics.scheduler", 0, NULL, NULL, NULL);
		radpg_queue_leave(&access);
		PopActiveSnapshot();
		if (leave)
			radpg_unlock_scheduler();
		else
			radpg_unlock_departure();
	}
	CommitTransactionCommand();
	return leave;
}
