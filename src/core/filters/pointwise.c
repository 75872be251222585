/*
 * Square, square root, logarithm and exponential of an image, each rescaled so
 * that the largest magnitude of the image stays in range.
 *
 * The order of operations is PyRadiomics'.  Logarithm and exponential are
 * rounded from long double: the same bits on every CPU, where the C library's
 * double functions have variants.
 */
#include "filters/image_types.h"

#include <math.h>

#include "filters/dense.h"

static const char *const names[] = {
	[POINTWISE_SQUARE] = "square",
	[POINTWISE_SQUARE_ROOT] = "squareroot",
	[POINTWISE_LOGARITHM] = "logarithm",
	[POINTWISE_EXPONENTIAL] = "exponential",
};

const char *
rad_pointwise_name(PointwiseFilter filter)
{
	return names[filter];
}

/* sign(x) ln(|x| + 1) */
static double
signed_logarithm(double x)
{
	return copysign((double) logl((long double) (fabs(x) + 1.0)), x);
}

/* What a row is multiplied with (square root: under the root). */
static double
rescaling(PointwiseFilter filter, double largest)
{
	switch (filter)
	{
		case POINTWISE_SQUARE:
			return 1.0 / sqrt(largest);
		case POINTWISE_SQUARE_ROOT:
			return largest;
		case POINTWISE_LOGARITHM:
			return largest / signed_logarithm(largest);
		case POINTWISE_EXPONENTIAL:
			return (double) logl((long double) largest) / largest;
	}
	return NAN;
}

static void
filter_row(PointwiseFilter filter, double factor, int count, double *row)
{
	switch (filter)
	{
		case POINTWISE_SQUARE:
			for (int x = 0; x < count; x++)
				row[x] = (factor * row[x]) * (factor * row[x]);
			break;
		case POINTWISE_SQUARE_ROOT:
			for (int x = 0; x < count; x++)
				row[x] = copysign(sqrt(fabs(row[x]) * factor), row[x]);
			break;
		case POINTWISE_LOGARITHM:
			for (int x = 0; x < count; x++)
				row[x] = signed_logarithm(row[x]) * factor;
			break;
		case POINTWISE_EXPONENTIAL:
			for (int x = 0; x < count; x++)
				row[x] = (double) expl((long double) (factor * row[x]));
			break;
	}
}

bool
rad_filter_pointwise(RadContext *context, const Volume *image, PointwiseFilter filter,
					 const Box *wanted, Volume *filtered)
{
	double		largest;
	double		factor;

	if (!rad_dense_create(context, image, wanted, VOXEL_FLOAT64, filtered) ||
		!rad_dense_largest(context, image, &largest))
		return false;
	factor = rescaling(filter, largest);
	for (int z = filtered->box.lo[2]; z < filtered->box.hi[2]; z++)
		for (int y = filtered->box.lo[1]; y < filtered->box.hi[1]; y++)
		{
			int			lo = filtered->box.lo[0];
			int			hi = filtered->box.hi[0];
			double	   *row = (double *) filtered->voxels + rad_dense_index(filtered, lo, y, z);

			if (!rad_continue(context))
				return false;
			rad_dense_row(image, lo, hi, y, z, row);
			filter_row(filter, factor, hi - lo, row);
		}
	return true;
}
