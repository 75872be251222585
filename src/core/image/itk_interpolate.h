/*
 * ITK's interpolators on a box of samples, in ITK's order of operations.
 */
#ifndef RAD_IMAGE_ITK_INTERPOLATE_H
#define RAD_IMAGE_ITK_INTERPOLATE_H

#include "image/itk_resample.h"

/*
 * Samples (or spline coefficients) of a box of an image, as doubles, x fastest.
 * It holds all that the positions to come are computed from.
 */
typedef struct ItkSamples
{
	Box			box;
	int			size[3];		/* of the whole image */
	double		spacing[3];		/* mm */
	double	   *values;
} ItkSamples;

/* Samples at most this far from the voxel at or below a position are used. */
extern int	rad_itk_reach(ItkInterpolator interpolator);

/*
 * Values at positions in voxels of the whole image, -0.5 <= position < size -
 * 0.5 on each axis.  Not for ITK_NEAREST_NEIGHBOR.
 */
extern void rad_itk_interpolate_row(const ItkSamples *samples, ItkInterpolator interpolator,
									int count, double (*positions)[3], double *values);

#endif							/* RAD_IMAGE_ITK_INTERPOLATE_H */
