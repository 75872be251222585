/*
 * The formulas of class ngtdm, for regions and for voxel maps.
 */
#ifndef RAD_PYRADIOMICS_NGTDM_H
#define RAD_PYRADIOMICS_NGTDM_H

#include "pyradiomics/levels.h"

/* One level that occurs. */
typedef struct NgtdmLevel
{
	int32_t		level;
	int64_t		count;			/* n_i: voxels, also those without a neighbour */
	double		difference;		/* s_i */
} NgtdmLevel;

#define PYRADIOMICS_NGTDM_FEATURES 5
#define NGTDM_FEATURE(name) (PYRADIOMICS_ngtdm_##name - PYRADIOMICS_ngtdm_Busyness)

/* Of levels in ascending order. */
extern bool rad_pyradiomics_ngtdm_formulas(RadContext *context, const NgtdmLevel *levels,
										   int level_count,
										   double features[PYRADIOMICS_NGTDM_FEATURES]);

#endif							/* RAD_PYRADIOMICS_NGTDM_H */
