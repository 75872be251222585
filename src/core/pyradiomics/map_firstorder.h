/*
 * Class firstorder of the box around every voxel.
 */
#ifndef RAD_PYRADIOMICS_MAP_FIRSTORDER_H
#define RAD_PYRADIOMICS_MAP_FIRSTORDER_H

#include "pyradiomics/levels.h"

/*
 * values[n][v] = features[n] at voxel v (x, y, z in the region, which is the
 * crop).  box: the label's, whose extent limits the boxes with maskedKernel.
 * values[n] may be NULL.
 */
extern bool rad_map_firstorder(RadContext *context, const PyradiomicsRegion *region,
							   const PyradiomicsLevels *levels,
							   const PyradiomicsOptions *options, const Box *box,
							   int32_t (*voxels)[3], int64_t voxel_count,
							   const PyradiomicsFeature *features, double **values,
							   int feature_count);

#endif							/* RAD_PYRADIOMICS_MAP_FIRSTORDER_H */
