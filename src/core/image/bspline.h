/*
 * Interpolating B-splines of order 3: the prefilter that turns samples into
 * spline coefficients (Unser, Aldroubi, Eden, IEEE Trans. Signal Process. 41
 * (1993) 821-848; Unser, IEEE Signal Process. Mag. 16 (1999) 22-38).
 */
#ifndef RAD_IMAGE_BSPLINE_H
#define RAD_IMAGE_BSPLINE_H

#include "base/context.h"

/*
 * A coefficient depends on a sample k voxels away by |z|^k with z = sqrt(3) - 2,
 * so coefficients of a box that ends this many voxels farther out differ from
 * those of the whole image by less than |z|^24 = 2e-14 of the intensity range.
 */
#define RAD_SPLINE_MARGIN 24

/*
 * Replace samples by cubic B-spline coefficients, in place, along the axes for
 * which filter[axis] is set.  x fastest.  Samples beyond the ends are mirrored
 * about the end samples (whole-sample symmetric).
 */
extern bool rad_spline_prefilter(RadContext *context, const int size[3],
								 const bool filter[3], double *samples);

#endif							/* RAD_IMAGE_BSPLINE_H */
