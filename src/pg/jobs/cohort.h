/*
 * A cohort: the user's query, which yields key columns, image, mask and perhaps
 * label or labels, and the table that its features go into.
 */
#ifndef RADPG_JOBS_COHORT_H
#define RADPG_JOBS_COHORT_H

#include "jobs.h"
#include "scan.h"

/* Kinds of features that a job computes.  Adding one is a line in cohort.c. */
typedef struct JobProfile
{
	const char *name;
	const char *function;		/* (image, mask, label, settings) -> row_type */
	const char *by_label;		/* (image, mask, settings) -> setof row_type, or NULL */
	const char *row_type;		/* its attributes are the columns */
	const char *label;			/* SQL of the label when the query has none */
	const char *hash;			/* (settings) -> text; checks them too */
	const char *overrides;		/* JSON that is laid over the settings */
} JobProfile;

typedef enum LabelSource
{
	LABEL_DEFAULT,				/* no column: the profile's default */
	LABEL_COLUMN,				/* label integer: part of the key */
	LABELS_COLUMN				/* labels integer[]; NULL means all */
} LabelSource;

typedef struct CohortColumn
{
	char	   *name;
	Oid			type;
	int32		typmod;
} CohortColumn;

typedef struct Cohort
{
	char	   *query;			/* one SELECT, without a semicolon */
	const JobProfile *profile;
	int			key_count;		/* without label */
	CohortColumn *keys;
	Oid			image_type;		/* of image and mask */
	SourceKind	source;			/* what that is */
	List	   *relations;		/* oids of all that it reads, views and tables */
	LabelSource labels;
} Cohort;

/* Name and type of the columns that stand beside keys, label and features. */
typedef struct ProvenanceColumn
{
	const char *name;
	Oid			type;
} ProvenanceColumn;

enum
{
	PROVENANCE_SETTINGS,
	PROVENANCE_IMAGE,
	PROVENANCE_MASK,
	PROVENANCE_VERSION,
	PROVENANCE_DEVICE,
	PROVENANCE_TIME,
	PROVENANCE_COUNT
};

extern const ProvenanceColumn radpg_provenance[PROVENANCE_COUNT];

/* The profile of that name, or an error that lists them. */
extern const JobProfile *radpg_find_profile(const char *name);

/*
 * Analyse the query as the current user, with SPI connected; errors say what
 * is wrong with it.  The result is in CurrentMemoryContext.
 */
extern Cohort *radpg_describe_cohort(const char *query, const JobProfile *profile);

/* Columns of the profile's features, without label and status. */
extern CohortColumn *radpg_feature_columns(const JobProfile *profile, int *count);

/*
 * SQL text.  Conditions compare columns of `alias` with another relation's
 * (source = its alias) or with the parameter of type jsonb called `source`;
 * operators are named with their schema.
 */
extern char *radpg_keys_equal_columns(const Cohort *cohort, const char *alias, const char *source);
extern char *radpg_keys_equal_json(const Cohort *cohort, const char *alias, const char *source);

/* What the user's query is called in statements made of it. */
#define RADPG_QUERY_ALIAS "radiomics_cohort"

/*
 * A SELECT of the keys in the query's order: the key as a jsonb object, how
 * often it comes, whether a part of it is null.
 */
extern char *radpg_select_keys(const Cohort *cohort, const char *condition);

/*
 * Run a SELECT that reads the user's query, called RADPG_QUERY_ALIAS, but not
 * its images and masks, which are not computed.  With SPI connected; rows are
 * in SPI_tuptable.
 */
extern void radpg_run_without_scans(const char *statement);

/* The columns that make a row unique, as a list. */
extern char *radpg_unique_columns(const Cohort *cohort);

/*
 * The table for the results as the current user: made when missing, else
 * checked column by column.  Returns its oid and its quoted name, which
 * radpg_table_name() gives for any table.
 */
extern char *radpg_table_name(Oid table);
extern Oid	radpg_result_table(const Cohort *cohort, const char *name, char **quoted_name);

#endif							/* RADPG_JOBS_COHORT_H */
