/*
 * Re-segmentation (IBSI IF9H): which voxels of the morphological mask form the
 * intensity mask.
 */
#ifndef RAD_ROI_RESEGMENT_H
#define RAD_ROI_RESEGMENT_H

#include "roi/region.h"

/*
 * Fill the intensity mask and everything that follows from it (count, box,
 * values, extremes) of a region whose intensities and morphological mask are
 * in place: range re-segmentation (USB3, closed interval), then the outlier
 * filter (7ACA).
 *
 * Errors: RAD_DATA_EXCEPTION when no voxel is left.
 */
extern bool rad_resegment(RadContext *context, const Settings *settings, Region *region);

#endif							/* RAD_ROI_RESEGMENT_H */
