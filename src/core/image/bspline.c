/*
 * Cubic B-spline prefilter: one causal and one anticausal first-order
 * recursion per axis.  Across the axis the lines are independent, so y and z
 * work on whole rows (vectors), and x on several rows side by side, which hides
 * the latency of the recursion.  The order of operations within a line is the
 * same in all of them.
 */
#include "image/bspline.h"

#include <math.h>

/* Pole of the cubic B-spline filter, sqrt(3) - 2. */
#define POLE (-0.26794919243112270647)

/* Gain (1 - z) (1 - 1/z). */
#define GAIN 6.0

/* |POLE|^HORIZON < 2^-55: terms beyond do not change a double. */
#define HORIZON 29

/* Rows along x that are filtered side by side. */
#define LANES 4

/*
 * Weights of the samples 0 .. count - 1 in the causal start value
 * c+(0) = sum over k of z^k s(k) of the mirrored signal.  Short lines wrap
 * around, so the geometric series over all periods is summed in closed form.
 */
static int
start_weights(int size, double weights[HORIZON])
{
	double		power = 1.0;
	double		period;

	if (size > HORIZON)
	{
		for (int k = 0; k < HORIZON; k++, power *= POLE)
			weights[k] = power;
		return HORIZON;
	}
	period = pow(POLE, 2 * size - 2);
	for (int k = 0; k < size; k++, power *= POLE)
	{
		weights[k] = power;
		if (k > 0 && k < size - 1)
			weights[k] += pow(POLE, 2 * size - 2 - k);
		weights[k] /= 1.0 - period;
	}
	return size;
}

/* LANES rows of the given length, `stride` elements apart. */
static void
filter_rows(double *row, int size, int64_t stride, const double *weights, int count)
{
	double		state[LANES] = {0};
	double		previous[LANES];

	for (int k = 0; k < count; k++)
		for (int lane = 0; lane < LANES; lane++)
			state[lane] += weights[k] * row[k + lane * stride];
	for (int lane = 0; lane < LANES; lane++)
		row[lane * stride] = state[lane];
	for (int k = 1; k < size; k++)
		for (int lane = 0; lane < LANES; lane++)
		{
			previous[lane] = state[lane];
			state[lane] = row[k + lane * stride] + POLE * state[lane];
			row[k + lane * stride] = state[lane];
		}
	for (int lane = 0; lane < LANES; lane++)
	{
		state[lane] = POLE / (POLE * POLE - 1.0) * (state[lane] + POLE * previous[lane]);
		row[size - 1 + lane * stride] = GAIN * state[lane];
	}
	for (int k = size - 2; k >= 0; k--)
		for (int lane = 0; lane < LANES; lane++)
		{
			state[lane] = POLE * (state[lane] - row[k + lane * stride]);
			row[k + lane * stride] = GAIN * state[lane];
		}
}

/*
 * `size` rows of `width` samples, `stride` elements apart, filtered across the
 * rows.  Rows are short pieces, so that all of them stay in cache.
 */
static void
filter_across(double *rows, int size, int64_t stride, int width, const double *weights,
			  int count, double *restrict start)
{
	for (int x = 0; x < width; x++)
		start[x] = 0.0;
	for (int k = 0; k < count; k++)
	{
		const double *restrict row = rows + k * stride;

		for (int x = 0; x < width; x++)
			start[x] += weights[k] * row[x];
	}
	for (int x = 0; x < width; x++)
		rows[x] = start[x];
	for (int k = 1; k < size; k++)
	{
		double	   *restrict row = rows + k * stride;
		const double *restrict before = row - stride;

		for (int x = 0; x < width; x++)
			row[x] += POLE * before[x];
	}

	double	   *last = rows + (size - 1) * stride;

	for (int x = 0; x < width; x++)
		last[x] = POLE / (POLE * POLE - 1.0) * (last[x] + POLE * (last - stride)[x]);
	for (int k = size - 2; k >= 0; k--)
	{
		double	   *restrict row = rows + k * stride;
		double	   *restrict after = row + stride;

		/* The row behind is not needed any more: give it its gain here. */
		for (int x = 0; x < width; x++)
		{
			row[x] = POLE * (after[x] - row[x]);
			after[x] *= GAIN;
		}
	}
	for (int x = 0; x < width; x++)
		rows[x] *= GAIN;
}

/* Samples of a row handled at once when filtering along y or z. */
#define PIECE 64

static bool
filter_along_x(RadContext *context, const int size[3], double *samples)
{
	double		weights[HORIZON];
	int			count = start_weights(size[0], weights);
	int64_t		row_count = (int64_t) size[1] * size[2];
	int64_t		row = 0;

	for (; row + LANES <= row_count; row += LANES)
	{
		if (row % 1024 == 0 && !rad_continue(context))
			return false;
		filter_rows(samples + row * size[0], size[0], size[0], weights, count);
	}

	/* The rest goes through the same code, copied LANES wide. */
	if (row < row_count)
	{
		double	   *copy = rad_new_zeroed(context, double, (int64_t) LANES * size[0]);
		int64_t		rest = (row_count - row) * size[0];

		if (copy == NULL)
			return false;
		for (int64_t n = 0; n < rest; n++)
			copy[n] = samples[row * size[0] + n];
		filter_rows(copy, size[0], size[0], weights, count);
		for (int64_t n = 0; n < rest; n++)
			samples[row * size[0] + n] = copy[n];
		rad_release(context, copy);
	}
	return true;
}

/* axis is 1 or 2. */
static bool
filter_along(RadContext *context, const int size[3], int axis, double *samples)
{
	double		weights[HORIZON];
	double		start[PIECE];
	int			count = start_weights(size[axis], weights);
	int64_t		slice = (int64_t) size[0] * size[1];
	int64_t		stride = axis == 1 ? size[0] : slice;
	int64_t		outer_stride = axis == 1 ? slice : size[0];
	int			outer_count = axis == 1 ? size[2] : size[1];

	for (int outer = 0; outer < outer_count; outer++)
	{
		if (!rad_continue(context))
			return false;
		for (int x = 0; x < size[0]; x += PIECE)
			filter_across(samples + outer * outer_stride + x, size[axis], stride,
						  size[0] - x < PIECE ? size[0] - x : PIECE, weights, count, start);
	}
	return true;
}

bool
rad_spline_prefilter(RadContext *context, const int size[3], const bool filter[3],
					 double *samples)
{
	/* A line of one sample is its own coefficient: a constant. */
	if (filter[0] && size[0] > 1 && !filter_along_x(context, size, samples))
		return false;
	for (int axis = 1; axis < 3; axis++)
		if (filter[axis] && size[axis] > 1 && !filter_along(context, size, axis, samples))
			return false;
	return true;
}
