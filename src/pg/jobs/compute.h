/*
 * Computing one key of a job, connected as its owner.
 */
#ifndef RADPG_JOBS_COMPUTE_H
#define RADPG_JOBS_COMPUTE_H

#include "jobs/cohort.h"
#include "jobs/progress.h"

#include "executor/spi.h"

/* A job as its worker knows it. */
typedef struct RunningJob
{
	int64		id;
	bool		managed;		/* a key that is gone loses its rows */
	char	   *query;
	Oid			target;
	char	   *target_name;	/* quoted, with its schema, which may have changed */
	char	   *profile;
	Datum		settings;		/* jsonb */
	char	   *settings_hash;
	Cohort	   *cohort;
	int			feature_count;
	CohortColumn *features;
	char		device[DEVICE_NAME_SIZE];	/* that counted the last scan; "": none yet */

	/* Statements, kept for the life of the process. */
	SPIPlanPtr	read;			/* ($1 key) */
	SPIPlanPtr	stored;			/* ($1 key): hashes of what the table has */
	SPIPlanPtr	compute;		/* (image, mask, label or labels, settings) */
	SPIPlanPtr	compute_all;	/* (image, mask, NULL, settings), of LABELS_COLUMN only */
	SPIPlanPtr	insert;			/* (keys, label, hash, features, other provenance) */
	SPIPlanPtr	remove_labels;	/* ($1 key, $2 labels that stay) */
	SPIPlanPtr	remove_key;		/* ($1 key) */
} RunningJob;

/*
 * Analyse the query and prepare the statements, with SPI connected.  The
 * result's memory is CurrentMemoryContext.  An error here is one of the job.
 */
extern void radpg_prepare_job(RunningJob *job);

/*
 * Compute and store one key; an error is one of this key.  In a
 * subtransaction of the caller, with SPI connected, which owns the memory, and
 * a snapshot active, which keeps what was read.  mode as in the table task.
 */
extern void radpg_compute_key(RunningJob *job, ProgressSlot *slot, Datum key, const char *mode);

#endif							/* RADPG_JOBS_COMPUTE_H */
