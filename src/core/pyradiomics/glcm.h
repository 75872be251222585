/*
 * The formulas of class glcm on one matrix, for regions and for voxel maps.
 */
#ifndef RAD_PYRADIOMICS_GLCM_H
#define RAD_PYRADIOMICS_GLCM_H

#include "pyradiomics/mcc.h"

#define PYRADIOMICS_GLCM_FEATURES 28

/* Index of a feature among those of the class. */
#define GLCM_FEATURE(name) \
	(PYRADIOMICS_glcm_##name - PYRADIOMICS_glcm_Autocorrelation)

/* What one matrix after another uses, for levels 1 .. level_count. */
typedef struct GlcmWork
{
	int			level_count;	/* Ng */
	int			present_count;	/* levels that occur in the region */
	bool		symmetric;
	bool		want_mcc;
	PyradiomicsLogs logs;
	MccWork		mcc;

	/* Sums of the current matrix, by level, sum of levels and difference. */
	double	   *row;			/* [level_count + 1] */
	double	   *column;			/* the same; the row's when symmetric */
	double	   *plus;			/* [2 level_count + 1] */
	double	   *minus;			/* [level_count] */

	/* 1 / (1 + k), 1 / (1 + k^2), 1 / (1 + k / Ng), 1 / (1 + k^2 / Ng^2), 1 / k^2 */
	double		(*weight)[5];	/* [level_count] */
} GlcmWork;

extern bool rad_pyradiomics_glcm_work(RadContext *context, int level_count, int present_count,
									  bool symmetric, bool want_mcc, GlcmWork **work);
extern void rad_pyradiomics_glcm_work_release(RadContext *context, GlcmWork *work);

/*
 * The features of one matrix: cells ordered by i, then j.  All NAN without a
 * cell, but for MCC of a region of one level, which is 1.
 */
extern bool rad_pyradiomics_glcm_matrix(RadContext *context, GlcmWork *work,
										const PyradiomicsCell *cells, int64_t cell_count,
										double features[PYRADIOMICS_GLCM_FEATURES]);

#endif							/* RAD_PYRADIOMICS_GLCM_H */
