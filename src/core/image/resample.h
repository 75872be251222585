/*
 * Resampling to another voxel spacing, IBSI VTM2: grids aligned at their
 * centres (3WE3), size and position as in IBSI section 2.4.
 *
 * Everything is computed in double, one axis after the other in the order x,
 * y, z, and each output voxel by the same operations whatever part of the
 * image is at hand.  So nearest and trilinear give the same bits for a box as
 * for the whole image.  The spline's prefilter is recursive: its margin
 * (RAD_SPLINE_MARGIN) makes the difference smaller than 1e-13.
 */
#ifndef RAD_IMAGE_RESAMPLE_H
#define RAD_IMAGE_RESAMPLE_H

#include <math.h>

#include "settings/settings.h"
#include "volume/volume.h"

/*
 * Rounding to the nearest integer, IBSI 68QD.  Halves go to the even neighbour,
 * as IEEE 754 and numpy have it, which does not shift the mean.  IBSI leaves
 * halves open, and its reference values are met either way.
 */
static inline double
rad_round_intensity(double intensity)
{
	return rint(intensity);
}

/*
 * Grid with the given spacing (mm per axis; 0 keeps the axis): ceil(n s / t)
 * voxels, centred on the old grid.  A target that equals the old spacing but
 * for the rounding of a float32 header keeps the axis too.
 */
extern void rad_resample_grid(const Grid *grid, const double spacing[3], Grid *resampled);

/* RAD_LIMIT_EXCEEDED when a resampled grid is larger than we accept. */
extern bool rad_resample_check(RadContext *context, const Grid *resampled);

/*
 * Position of voxel k of the resampled grid along an axis, in voxels of the
 * source grid; before the clamping to the source's edge voxels.
 */
extern double rad_resample_position(const Grid *grid, const Grid *resampled, int axis, int k);

/* The box of source voxels that a box of the resampled grid is computed from. */
extern Box	rad_resample_support(const Grid *grid, const Grid *resampled,
								 const Box *target, Interpolator interpolator);

/*
 * Resample into target, a box of the resampled grid (x fastest).  image must
 * hold at least the support.  Positions beyond the edge voxels' centres take
 * the edge voxels' values.  round: to the nearest integer (see
 * rad_round_intensity).  A non-finite voxel makes every voxel that is
 * interpolated from it non-finite; with the spline it is RAD_DATA_EXCEPTION,
 * because it would reach all of them.
 */
extern bool rad_resample_image(RadContext *context, const Volume *image,
							   const Grid *resampled, const Box *target,
							   Interpolator interpolator, bool round, double *out);

/*
 * The same for a mask of bytes 0 and 1 that fills box of the source grid and
 * is 0 elsewhere.  out is 1 where the interpolated value reaches threshold.
 */
extern bool rad_resample_mask(RadContext *context, const Grid *grid, const Box *box,
							  const uint8_t *mask, const Grid *resampled,
							  const Box *target, Interpolator interpolator,
							  double threshold, uint8_t *out);

#endif							/* RAD_IMAGE_RESAMPLE_H */
