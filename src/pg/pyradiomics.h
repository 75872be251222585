/*
 * What the functions with PyRadiomics' conventions share.
 */
#ifndef RADPG_PYRADIOMICS_H
#define RADPG_PYRADIOMICS_H

#include "scan.h"

#include "pyradiomics/pipeline.h"

/* One call: its settings, and image and mask opened. */
typedef struct PyradiomicsCall
{
	RadContext *context;
	const PyradiomicsSettings *settings;
	ByteSource	image;			/* of bytea values and large objects */
	ByteSource	mask;
	PyradiomicsScan scan;
} PyradiomicsCall;

/*
 * Open the image and mask of arguments 0 and 1; labels as in
 * rad_pyradiomics_join().  Returns false, with the failure in call->context,
 * when they cannot be used and the settings ask for a status instead of an
 * error.  Ereports otherwise.
 */
extern bool radpg_pyradiomics_open(PyradiomicsCall *call, FunctionCallInfo fcinfo,
								   SourceKind kind, const PyradiomicsSettings *settings,
								   const int32 *labels, int label_count);

/* Raise the context's failure unless the settings make a status of it. */
extern void radpg_pyradiomics_check_failure(const PyradiomicsCall *call);

extern void radpg_pyradiomics_close(PyradiomicsCall *call);

/* PyradiomicsOutput.notice: a NOTICE. */
extern void radpg_pyradiomics_notice(void *argument, const char *message);

/* Attributes of feature_row, in either profile. */
enum
{
	ROW_LABEL,
	ROW_IMAGE_TYPE,
	ROW_FAMILY,
	ROW_FEATURE,
	ROW_IBSI_CODE,
	ROW_AGGREGATION,
	ROW_UNIT,
	ROW_VALUE,
	ROW_COLUMNS
};

/*
 * feature_rows() of the profile: rows of the labels (NULL: all of the mask, or
 * the one of the setting label) into the store.
 */
extern void radpg_pyradiomics_rows(FunctionCallInfo fcinfo, SourceKind kind,
								   const PyradiomicsSettings *settings, const int32 *labels,
								   int label_count, Tuplestorestate *store,
								   TupleDesc descriptor);

#endif							/* RADPG_PYRADIOMICS_H */
