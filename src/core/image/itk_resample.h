/*
 * Resampling as PyRadiomics has it: on the grid of PyRadiomics, whose corner is
 * the mask's corner, with the interpolators of ITK, bit for bit.  Values come
 * back in the image's own voxel type: clamped to its range and, for integers,
 * truncated towards zero.
 *
 * (IBSI's resampling, aligned at the centres, is image/resample.h.)
 */
#ifndef RAD_IMAGE_ITK_RESAMPLE_H
#define RAD_IMAGE_ITK_RESAMPLE_H

#include "volume/volume.h"

/* In the order of PyRadiomics' numbers, which start at 1. */
typedef enum ItkInterpolator
{
	ITK_NEAREST_NEIGHBOR = 1,
	ITK_LINEAR,
	ITK_BSPLINE,
	ITK_GAUSSIAN,
	ITK_LABEL_GAUSSIAN,
	ITK_HAMMING_WINDOWED_SINC,
	ITK_COSINE_WINDOWED_SINC,
	ITK_WELCH_WINDOWED_SINC,
	ITK_LANCZOS_WINDOWED_SINC,
	ITK_BLACKMAN_WINDOWED_SINC
} ItkInterpolator;

/*
 * The spacing that is resampled to: wanted, but the mask's where wanted is 0 or
 * where the label is one voxel thick (label_box is in voxels of the mask).
 */
extern void rad_itk_target_spacing(const Grid *mask, const Box *label_box,
								   const double wanted[3], double spacing[3]);

/* Whether an image of this grid has that spacing already and is left alone. */
extern bool rad_itk_keeps_spacing(const Grid *image, const double spacing[3]);

/*
 * The grid around the label: new voxels from the mask's corner on, the label's
 * box grown by pad (>= 0) new voxels, within the mask's extent.
 */
extern bool rad_itk_target_grid(RadContext *context, const Grid *mask, const Box *label_box,
								const double spacing[3], int pad, Grid *target);

/*
 * Whether the label's box, from corner to corner, lies within the image (to a
 * thousandth of a voxel).
 */
extern bool rad_itk_inside(const Grid *mask, const Box *label_box, const Grid *image);

/*
 * Sample the image on all of the target grid.  image holds all of its grid.
 * Voxels outside the image are 0.  A mask is resampled with
 * ITK_NEAREST_NEIGHBOR.  The result's voxels are the caller's to release.
 */
extern bool rad_itk_resample(RadContext *context, const Volume *image, const Grid *target,
							 ItkInterpolator interpolator, Volume *resampled);

#endif							/* RAD_IMAGE_ITK_RESAMPLE_H */
