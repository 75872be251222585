/*
 * What submit() and feature_table() share.
 */
#ifndef RADPG_JOBS_SUBMIT_H
#define RADPG_JOBS_SUBMIT_H

#include "jobs/cohort.h"
#include "jobs/queue.h"

#include "utils/array.h"
#include "utils/jsonb.h"

typedef struct JobDefinition
{
	Cohort	   *cohort;
	Datum		settings;		/* jsonb */
	char	   *settings_hash;
	char	   *search_path;	/* for the query */
	Oid			target;
	char	   *target_name;	/* quoted, with its schema */
	int32		priority;
	int32		max_attempts;
	int32		max_crashes;
	bool		managed;
	ArrayType  *keys;			/* jsonb[] */
} JobDefinition;

extern void radpg_check_job_owner(void);
extern void radpg_define_job(JobDefinition *job, const char *query, const char *into_table,
							 Datum settings, const char *profile);
extern ArrayType *radpg_find_keys(const JobDefinition *job, bool only_missing);
extern int64 radpg_enter_job(const JobDefinition *job, int chunk, const char *mode);

#endif							/* RADPG_JOBS_SUBMIT_H */
