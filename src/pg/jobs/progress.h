/*
 * Progress of running tasks, in dynamic shared memory that the scheduler makes
 * and whose handle it keeps in the table radiomics.scheduler: the same with and
 * without shared_preload_libraries, on every version.
 */
#ifndef RADPG_JOBS_PROGRESS_H
#define RADPG_JOBS_PROGRESS_H

#include "jobs.h"

#include "port/atomics.h"
#include "storage/spin.h"

#define JOB_SLOTS 64
#define DEVICE_NAME_SIZE 96

typedef enum JobPhase
{
	PHASE_READ,
	PHASE_HASH,
	PHASE_COMPUTE,
	PHASE_WRITE,
	PHASE_COUNT
} JobPhase;

/* One running task; what its worker writes and others copy under the lock. */
typedef struct TaskProgress
{
	int			pid;			/* 0: no task */
	Oid			owner;
	int64		job;
	int64		task;
	JobPhase	phase;
	int			total;			/* keys */
	int			done;
	int			failed;
	int64		bytes;			/* of images and masks read */
	int64		microseconds[PHASE_COUNT];
	char		device[DEVICE_NAME_SIZE];	/* that counted the worker's last scan; "": none yet */
} TaskProgress;

typedef struct ProgressSlot
{
	/* Of the scheduler to the worker of this slot. */
	pg_atomic_uint32 stop_after_key;
	pg_atomic_uint32 stop_after_task;
	/* Of the worker to the scheduler. */
	pg_atomic_uint32 claimed;
	slock_t		lock;
	TaskProgress task;
} ProgressSlot;

typedef struct Progress
{
	uint32		magic;
	int			scheduler_pid;
	ProgressSlot slot[JOB_SLOTS];
} Progress;

/* Make the segment, mapped until this process ends.  In a transaction. */
extern Progress *radpg_progress_create(dsm_handle *handle);

/* Map it until this process ends; NULL when it is gone.  In a transaction. */
extern Progress *radpg_progress_attach(dsm_handle handle);

/* Make a slot ready for a new worker; say that its task is over. */
extern void radpg_progress_reset(ProgressSlot *slot);
extern void radpg_progress_clear(ProgressSlot *slot);

#endif							/* RADPG_JOBS_PROGRESS_H */
