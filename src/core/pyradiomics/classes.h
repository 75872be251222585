/*
 * The feature classes: each fills its features of values[], in the order of
 * features.def; NAN where PyRadiomics has NaN.
 */
#ifndef RAD_PYRADIOMICS_CLASSES_H
#define RAD_PYRADIOMICS_CLASSES_H

#include "pyradiomics/levels.h"

/* What the texture classes of one image share. */
typedef struct PyradiomicsTexture
{
	const Device *device;
	const PyradiomicsOptions *options;
	PyradiomicsGrid grid;
} PyradiomicsTexture;

/*
 * Padding that the texture classes want around the grid: the radius up to
 * which the kernels look for neighbours.
 */
#define PYRADIOMICS_PADDED_RADIUS 4
extern int	rad_pyradiomics_padding(const PyradiomicsOptions *options);

extern bool rad_pyradiomics_firstorder(RadContext *context, const PyradiomicsRegion *region,
									   const PyradiomicsLevels *levels,
									   const PyradiomicsOptions *options,
									   double values[PYRADIOMICS_FEATURE_COUNT]);

/* Of a mask of bytes 0 or 1 that fills its box (x fastest). */
extern bool rad_pyradiomics_shape(RadContext *context, const uint8_t *mask,
								  const int size[3], const double spacing[3],
								  double values[PYRADIOMICS_FEATURE_COUNT]);

/*
 * Of a mask that is one voxel thick along the slice axis; of a plane of any
 * orientation.  RAD_DATA_EXCEPTION when it is thicker.
 */
extern bool rad_pyradiomics_shape2d(RadContext *context, const uint8_t *mask,
									const int size[3], const double spacing[3],
									int slice_axis,
									double values[PYRADIOMICS_FEATURE_COUNT]);

/* mcc: whether MCC, the dearest of the features, is wanted. */
extern bool rad_pyradiomics_glcm(RadContext *context, const PyradiomicsTexture *texture,
								 bool mcc, double values[PYRADIOMICS_FEATURE_COUNT]);
extern bool rad_pyradiomics_glrlm(RadContext *context, const PyradiomicsTexture *texture,
								  double values[PYRADIOMICS_FEATURE_COUNT]);
extern bool rad_pyradiomics_glszm(RadContext *context, const PyradiomicsTexture *texture,
								  double values[PYRADIOMICS_FEATURE_COUNT]);
extern bool rad_pyradiomics_gldm(RadContext *context, const PyradiomicsTexture *texture,
								 double values[PYRADIOMICS_FEATURE_COUNT]);
extern bool rad_pyradiomics_ngtdm(RadContext *context, const PyradiomicsTexture *texture,
								  double values[PYRADIOMICS_FEATURE_COUNT]);

#endif							/* RAD_PYRADIOMICS_CLASSES_H */
