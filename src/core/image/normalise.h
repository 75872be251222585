/*
 * Normalisation of intensities as PyRadiomics has it.
 */
#ifndef RAD_IMAGE_NORMALISE_H
#define RAD_IMAGE_NORMALISE_H

#include "volume/volume.h"

/*
 * (x - mean) / standard deviation over all voxels that the image holds (sample
 * standard deviation), clamped to +-outliers when outliers > 0, then times
 * scale.  Stored as double; the voxels are the caller's to release.  A constant
 * image gives NaN, as it does in PyRadiomics.
 */
extern bool rad_normalise(RadContext *context, const Volume *image, double scale,
						  double outliers, Volume *normalised);

#endif							/* RAD_IMAGE_NORMALISE_H */
