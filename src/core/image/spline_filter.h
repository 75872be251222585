/*
 * Prefilter of the cubic B-spline (that of image/bspline.h) with the bits that
 * other libraries give: they differ in the order of operations and of axes, and
 * in how far the causal start value is summed up.
 */
#ifndef RAD_IMAGE_SPLINE_FILTER_H
#define RAD_IMAGE_SPLINE_FILTER_H

#include "base/context.h"

typedef enum SplineFlavour
{
	SPLINE_ITK,					/* x, y, z; the start value to 1e-10 */
	SPLINE_SCIPY				/* z, y, x; the start value exactly */
} SplineFlavour;

/*
 * A recursion forgets a sample k voxels away like 0.268^k, and rounding makes
 * two that began differently equal soon after.  Coefficients this far from where
 * a box was cut out of an image are the whole image's, bit for bit.
 */
#define RAD_SPLINE_EXACT_MARGIN 96

/* Replace samples by coefficients, in place; mirrored about the end samples. */
extern bool rad_spline_filter(RadContext *context, SplineFlavour flavour, const int size[3],
							  double *values);

#endif							/* RAD_IMAGE_SPLINE_FILTER_H */
