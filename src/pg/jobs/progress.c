/*
 * Shared memory of running tasks, and its SQL face running_tasks().
 */
#include "compat.h"

#include "storage/dsm.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "jobs/progress.h"
#include "jobs/queue.h"

PG_FUNCTION_INFO_V1(radiomics_running_tasks);

#define PROGRESS_MAGIC 0x52616450

static const char *const phase_names[PHASE_COUNT] = {
	[PHASE_READ] = "read",
	[PHASE_HASH] = "hash",
	[PHASE_COMPUTE] = "compute",
	[PHASE_WRITE] = "write",
};

static bool current_segment(dsm_handle *handle);
static void put_task(ReturnSetInfo *result, const TaskProgress *task);

Progress *
radpg_progress_create(dsm_handle *handle)
{
	dsm_segment *segment = dsm_create(sizeof(Progress), 0);
	Progress   *progress = dsm_segment_address(segment);

	dsm_pin_mapping(segment);
	memset(progress, 0, sizeof(*progress));
	progress->scheduler_pid = MyProcPid;
	for (int n = 0; n < JOB_SLOTS; n++)
	{
		pg_atomic_init_u32(&progress->slot[n].stop_after_key, 0);
		pg_atomic_init_u32(&progress->slot[n].stop_after_task, 0);
		pg_atomic_init_u32(&progress->slot[n].claimed, 0);
		SpinLockInit(&progress->slot[n].lock);
	}
	progress->magic = PROGRESS_MAGIC;
	*handle = dsm_segment_handle(segment);
	return progress;
}

Progress *
radpg_progress_attach(dsm_handle handle)
{
	dsm_segment *segment = dsm_attach(handle);
	Progress   *progress;

	if (segment == NULL)
		return NULL;
	progress = dsm_segment_address(segment);
	if (dsm_segment_map_length(segment) < sizeof(Progress) || progress->magic != PROGRESS_MAGIC)
	{
		dsm_detach(segment);
		return NULL;
	}
	dsm_pin_mapping(segment);
	return progress;
}

void
radpg_progress_reset(ProgressSlot *slot)
{
	pg_atomic_write_u32(&slot->stop_after_key, 0);
	pg_atomic_write_u32(&slot->stop_after_task, 0);
	pg_atomic_write_u32(&slot->claimed, 0);
	radpg_progress_clear(slot);
}

void
radpg_progress_clear(ProgressSlot *slot)
{
	SpinLockAcquire(&slot->lock);
	memset(&slot->task, 0, sizeof(slot->task));
	SpinLockRelease(&slot->lock);
}

/* The handle that the present scheduler, or the last one, has written down. */
static bool
current_segment(dsm_handle *handle)
{
	QueueAccess access;
	bool		is_null;
	bool		found = false;

	radpg_queue_enter(&access);
	if (radpg_queue_run("SELECT progress FROM radiomics.scheduler", 0, NULL, NULL, NULL) == 1)
	{
		*handle = (dsm_handle) DatumGetInt64(radpg_queue_value(&is_null));
		found = true;
	}
	radpg_queue_leave(&access);
	return found;
}

/* running_tasks() -> setof record */
Datum
radiomics_running_tasks(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	dsm_handle	handle;
	dsm_segment *segment;
	dsm_segment *ours = NULL;

	(void) radpg_begin_materialize(fcinfo);
	if (!current_segment(&handle))
		return (Datum) 0;
	/* A worker whose query looks at its own job has it mapped already. */
	segment = dsm_find_mapping(handle);
	if (segment == NULL)
		segment = ours = dsm_attach(handle);
	if (segment == NULL)
		return (Datum) 0;
	if (dsm_segment_map_length(segment) >= sizeof(Progress))
	{
		Progress   *progress = dsm_segment_address(segment);

		for (int n = 0; n < JOB_SLOTS && progress->magic == PROGRESS_MAGIC; n++)
		{
			TaskProgress task;

			SpinLockAcquire(&progress->slot[n].lock);
			task = progress->slot[n].task;
			SpinLockRelease(&progress->slot[n].lock);
			if (task.pid != 0 && has_privs_of_role(GetUserId(), task.owner))
				put_task(result, &task);
		}
	}
	if (ours != NULL)
		dsm_detach(ours);
	return (Datum) 0;
}

static void
put_task(ReturnSetInfo *result, const TaskProgress *task)
{
	Datum		milliseconds[PHASE_COUNT];
	Datum		values[10];
	bool		nulls[10] = {false};

	for (int phase = 0; phase < PHASE_COUNT; phase++)
		milliseconds[phase] = Float8GetDatum((double) task->microseconds[phase] / 1000.0);
	values[0] = Int64GetDatum(task->job);
	values[1] = Int64GetDatum(task->task);
	values[2] = Int32GetDatum(task->pid);
	values[3] = CStringGetTextDatum(phase_names[task->phase]);
	values[4] = Int32GetDatum(task->total);
	values[5] = Int32GetDatum(task->done);
	values[6] = Int32GetDatum(task->failed);
	values[7] = Int64GetDatum(task->bytes);
	values[8] = PointerGetDatum(construct_array(milliseconds, PHASE_COUNT, FLOAT8OID, 8, FLOAT8PASSBYVAL,
												TYPALIGN_DOUBLE));
	values[9] = CStringGetTextDatum(task->device);
	nulls[9] = task->device[0] == '\0';
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}
