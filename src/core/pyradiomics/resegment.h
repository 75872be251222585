/*
 * PyRadiomics' re-segmentation of a region by its intensities.
 */
#ifndef RAD_PYRADIOMICS_RESEGMENT_H
#define RAD_PYRADIOMICS_RESEGMENT_H

#include "pyradiomics/settings.h"
#include "volume/volume.h"

/*
 * kept (over box) is 1 where mask is and the intensity lies in the setting
 * resegmentRange.  RAD_INVALID_PARAMETER for a list that is not of one or two
 * numbers.
 */
extern bool rad_pyradiomics_resegment(RadContext *context, const PyradiomicsOptions *options,
									  const Volume *image, const Box *box,
									  const uint8_t *mask, int64_t count, uint8_t *kept);

#endif							/* RAD_PYRADIOMICS_RESEGMENT_H */
