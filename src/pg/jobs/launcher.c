/*
 * The launcher: with shared_preload_libraries, starts a scheduler in every
 * database after the server has started, so that unfinished jobs go on by
 * themselves.  A scheduler without work leaves at once.  After that it looks
 * again from time to time, for schedulers that could not be started.
 *
 * And what all processes of jobs share: server variables and registration.
 */
#include "compat.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
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
#include "utils/wait_event.h"

#include "jobs/jobs.h"
#include "jobs/progress.h"

#define WAIT_FOR_SLOT_MS 500
#define WAIT_FOR_SLOT_TIMES 20
#define LOOK_AT_SCHEDULER_MS 50
#define LOOK_AT_SCHEDULER_TIMES 100

int			radpg_max_job_workers = 2;
int			radpg_job_memory_mb = 0;
int			radpg_job_nice = 0;
int			radpg_launcher_interval_s = 300;

static void fill_worker(BackgroundWorker *worker, const char *name, const char *function,
						int restart_seconds);
static List *connectable_databases(MemoryContext memory);
static void start_scheduler(Oid database);
static void pause_launcher(long milliseconds);

void
radpg_jobs_init(void)
{
	BackgroundWorker launcher;

	DefineCustomIntVariable("radiomics.job_memory",
							"Sets the memory that one worker of a job may allocate.",
							"A scan that needs more fails, instead of bringing the server down. 0 is no limit.",
							&radpg_job_memory_mb, 0, 0, INT_MAX / 1024,
							PGC_SIGHUP, GUC_UNIT_MB, NULL, NULL, NULL);
	DefineCustomIntVariable("radiomics.job_nice",
							"Sets how much the workers of jobs give way to other processes.",
							"It is added to their nice value, as far as the system has one.",
							&radpg_job_nice, 0, 0, 19,
							PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("radiomics.launcher_interval",
							"Sets how often the launcher looks for unfinished jobs that nobody works on.",
							"It always looks when the server has started. 0 is never again.",
							&radpg_launcher_interval_s, 300, 0, INT_MAX / 1000,
							PGC_SIGHUP, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomIntVariable("radiomics.max_job_workers",
							"Sets how many workers may compute jobs in a database at the same time.",
							"They are taken from max_worker_processes. 0 stops the start of new ones.",
							&radpg_max_job_workers, 2, 0, JOB_SLOTS,
							PGC_SIGHUP, 0, NULL, NULL, NULL);

	/* Nothing may run while pg_upgrade has the server. */
	if (!process_shared_preload_libraries_in_progress || IsBinaryUpgrade)
		return;
	fill_worker(&launcher, "radiomics launcher", "radpg_launcher_main", 5);
	launcher.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	RegisterBackgroundWorker(&launcher);
}

static void
fill_worker(BackgroundWorker *worker, const char *name, const char *function, int restart_seconds)
{
	memset(worker, 0, sizeof(*worker));
	worker->bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	/* On a standby, when it is promoted. */
	worker->bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker->bgw_restart_time = restart_seconds;
	strlcpy(worker->bgw_library_name, "radiomics", sizeof(worker->bgw_library_name));
	strlcpy(worker->bgw_function_name, function, sizeof(worker->bgw_function_name));
	strlcpy(worker->bgw_name, name, sizeof(worker->bgw_name));
	strlcpy(worker->bgw_type, name, sizeof(worker->bgw_type));
}

bool
radpg_start_process(const char *name, const char *function, int restart_seconds,
					const void *arguments, size_t size, BackgroundWorkerHandle **handle)
{
	BackgroundWorker worker;
	MemoryContext previous;
	bool		registered;

	Assert(size <= BGW_EXTRALEN);
	fill_worker(&worker, name, function, restart_seconds);
	memcpy(worker.bgw_extra, arguments, size);
	worker.bgw_notify_pid = handle != NULL ? MyProcPid : 0;
	previous = MemoryContextSwitchTo(TopMemoryContext);
	registered = RegisterDynamicBackgroundWorker(&worker, handle);
	MemoryContextSwitchTo(previous);
	return registered;
}

void
radpg_launcher_main(Datum argument)
{
	MemoryContext memory;

	pqsignal(SIGTERM, die);
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	BackgroundWorkerUnblockSignals();
	/* Connected to no database: it sees the list of them, and locks none. */
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	memory = AllocSetContextCreate(TopMemoryContext, "radiomics launcher", ALLOCSET_DEFAULT_SIZES);

	for (;;)
	{
		List	   *databases = connectable_databases(memory);
		ListCell   *cell;

		foreach(cell, databases)
			start_scheduler(lfirst_oid(cell));
		MemoryContextReset(memory);
		pause_launcher(radpg_launcher_interval_s > 0 ? radpg_launcher_interval_s * 1000L : -1L);
	}
}

static List *
connectable_databases(MemoryContext memory)
{
	List	   *databases = NIL;
	Relation	relation;
	TableScanDesc scan;
	HeapTuple	tuple;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	relation = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(relation, 0, NULL);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_database database = (Form_pg_database) GETSTRUCT(tuple);

		if (database->datallowconn && !database->datistemplate)
		{
			MemoryContext previous = MemoryContextSwitchTo(memory);

			databases = lappend_oid(databases, database->oid);
			MemoryContextSwitchTo(previous);
		}
	}
	table_endscan(scan);
	table_close(relation, AccessShareLock);
	CommitTransactionCommand();
	return databases;
}

/*
 * One after the other: a scheduler without work needs its slot for an instant
 * only.  One that stays, because it has work, is not waited for long.
 */
static void
start_scheduler(Oid database)
{
	SchedulerStart start = {.database = database, .from_launcher = true};
	BackgroundWorkerHandle *handle = NULL;
	pid_t		pid;

	for (int n = 0; !radpg_start_process("radiomics scheduler", "radpg_scheduler_main", 1,
										 &start, sizeof(start), &handle); n++)
	{
		if (n == WAIT_FOR_SLOT_TIMES)
		{
			ereport(LOG,
					(errmsg("could not start the scheduler of radiomics in database %u: "
							"all background workers are in use", database),
					 errhint("Raise max_worker_processes.")));
			return;
		}
		pause_launcher(WAIT_FOR_SLOT_MS);
	}
	for (int n = 0; n < LOOK_AT_SCHEDULER_TIMES &&
		 GetBackgroundWorkerPid(handle, &pid) != BGWH_STOPPED; n++)
		pause_launcher(LOOK_AT_SCHEDULER_MS);
	pfree(handle);
}

/* -1: until something happens. */
static void
pause_launcher(long milliseconds)
{
	int			events = WL_LATCH_SET | WL_EXIT_ON_PM_DEATH | (milliseconds >= 0 ? WL_TIMEOUT : 0);

	(void) WaitLatch(MyLatch, events, milliseconds, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
	}
}
