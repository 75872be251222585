/*
 * Magnitude of the gradient, in ITK's order of operations: each sample is
 * multiplied with +-0.5 / spacing, the squares are added in the order x, y, z
 * in double, and the root is rounded to float32 once.
 */
#include "filters/image_types.h"

#include <math.h>

#include "filters/dense.h"

static int
clamped(int index, const Box *box, int axis)
{
	if (index < box->lo[axis])
		return box->lo[axis];
	return index < box->hi[axis] ? index : box->hi[axis] - 1;
}

/* sums[x] += ((after[x] - before[x]) weight)^2 */
static void
add_square(const double *restrict before, const double *restrict after, double weight,
		   int count, double *restrict sums)
{
	for (int x = 0; x < count; x++)
	{
		double		difference = after[x] * weight - before[x] * weight;

		sums[x] += difference * difference;
	}
}

/* Rows that are read for one row of the result; before and after reach x +- 1. */
typedef struct GradientRows
{
	double	   *along_x;
	double	   *before;
	double	   *after;
	double	   *sums;
} GradientRows;

static void
gradient_row(const Volume *image, const double weight[3], int lo, int hi, int y, int z,
			 const GradientRows *rows, float *out)
{
	const Box  *box = &image->box;
	int			first = clamped(lo - 1, box, 0);
	int			last = clamped(hi, box, 0);
	double	   *along_x = rows->along_x + (first - (lo - 1));

	/* along_x[n] is voxel lo - 1 + n, the outermost repeated. */
	rad_dense_row(image, first, last + 1, y, z, along_x);
	if (first == lo)
		rows->along_x[0] = rows->along_x[1];
	if (last == hi - 1)
		rows->along_x[hi - lo + 1] = rows->along_x[hi - lo];
	for (int x = 0; x < hi - lo; x++)
		rows->sums[x] = 0.0;
	add_square(rows->along_x, rows->along_x + 2, weight[0], hi - lo, rows->sums);

	rad_dense_row(image, lo, hi, clamped(y - 1, box, 1), z, rows->before);
	rad_dense_row(image, lo, hi, clamped(y + 1, box, 1), z, rows->after);
	add_square(rows->before, rows->after, weight[1], hi - lo, rows->sums);

	rad_dense_row(image, lo, hi, y, clamped(z - 1, box, 2), rows->before);
	rad_dense_row(image, lo, hi, y, clamped(z + 1, box, 2), rows->after);
	add_square(rows->before, rows->after, weight[2], hi - lo, rows->sums);

	for (int x = 0; x < hi - lo; x++)
		out[x] = (float) sqrt(rows->sums[x]);
}

bool
rad_filter_gradient(RadContext *context, const Volume *image, bool use_spacing,
					const Box *wanted, Volume *filtered)
{
	GradientRows rows;
	double		weight[3];
	int			width;
	int			lo;

	if (!rad_dense_create(context, image, wanted, VOXEL_FLOAT32, filtered))
		return false;
	lo = filtered->box.lo[0];
	width = filtered->box.hi[0] - lo;
	rows.along_x = rad_new(context, double, 2 + 4 * (int64_t) width);
	if (rows.along_x == NULL)
		return false;
	rows.before = rows.along_x + width + 2;
	rows.after = rows.before + width;
	rows.sums = rows.after + width;
	for (int axis = 0; axis < 3; axis++)
		weight[axis] = 0.5 / (use_spacing ? image->grid.spacing[axis] : 1.0);
	for (int z = filtered->box.lo[2]; z < filtered->box.hi[2]; z++)
	{
		if (!rad_continue(context))
			return false;
		for (int y = filtered->box.lo[1]; y < filtered->box.hi[1]; y++)
			gradient_row(image, weight, lo, lo + width, y, z, &rows,
						 (float *) filtered->voxels + rad_dense_index(filtered, lo, y, z));
	}
	rad_release(context, rows.along_x);
	return true;
}
