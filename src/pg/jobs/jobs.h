/*
 * Background jobs: what the parts share.
 *
 *   launcher.c   starts a scheduler per database after the server started
 *   scheduler.c  one per database with work: starts workers, finds dead ones
 *   worker.c     computes tasks of one job, connected as its owner
 *   compute.c    one key of a task: read, hash, compute, write
 *   submit.c     submit(): checks, keys, the table for the results
 *   control.c    wait, cancel, pause, resume, retry, purge
 *   managed.c    feature tables that follow their source
 *   queue.c      rights and locks for the statements of sql/71_job_queue.sql
 *   cohort.c     the user's query, and the statements made of it
 *   progress.c   shared memory of running tasks
 *   crash_mark.c which key a worker was computing when it was killed
 */
#ifndef RADPG_JOBS_JOBS_H
#define RADPG_JOBS_JOBS_H

#include "compat.h"

#include "storage/dsm.h"

/* Server variables of jobs. */
extern int	radpg_max_job_workers;
extern int	radpg_job_memory_mb;
extern int	radpg_job_nice;
extern int	radpg_launcher_interval_s;

/* Define the variables and, when preloaded, register the launcher. */
extern void radpg_jobs_init(void);

/* What a scheduler is started with (bgw_extra). */
typedef struct SchedulerStart
{
	Oid			database;
	bool		from_launcher;	/* leave at once when there is nothing to do */
} SchedulerStart;

/* What a worker is started with (bgw_extra). */
typedef struct WorkerStart
{
	Oid			database;
	Oid			owner;
	int64		job;
	dsm_handle	progress;
	int			slot;
} WorkerStart;

/*
 * Register a background worker of this library with `size` bytes of
 * arguments; false when no slot is free.  handle may be NULL.
 */
typedef struct BackgroundWorkerHandle BackgroundWorkerHandle;
extern bool radpg_start_process(const char *name, const char *function, int restart_seconds,
								const void *arguments, size_t size,
								BackgroundWorkerHandle **handle);

/* Entry points of the processes, looked up by name. */
extern PGDLLEXPORT void radpg_launcher_main(Datum argument);
extern PGDLLEXPORT void radpg_scheduler_main(Datum argument);
extern PGDLLEXPORT void radpg_worker_main(Datum argument);

#endif							/* RADPG_JOBS_JOBS_H */
