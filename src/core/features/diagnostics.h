/*
 * Image and mask after each processing step, as IBSI's diagnostic features
 * describe them: sizes, boxes, voxel counts and intensity extremes.
 */
#ifndef RAD_FEATURES_DIAGNOSTICS_H
#define RAD_FEATURES_DIAGNOSTICS_H

#include "features/extract.h"

/*
 * The part that all labels share: the image as read (image->box must be the
 * whole grid) and after interpolation.
 */
extern bool rad_diagnose_image(RadContext *context, const Volume *image,
							   const Settings *settings, Diagnostics *diagnostics);

/* The part of one label: its mask as read, interpolated and re-segmented. */
extern bool rad_diagnose_label(RadContext *context, const Volume *image,
							   const MaskRuns *mask, const LabelSummary *label,
							   const Region *region, Diagnostics *diagnostics);

#endif							/* RAD_FEATURES_DIAGNOSTICS_H */
