/*
 * Separable resampling.  Rows of the source are resampled along x when they
 * are first needed, combined along y into rows of a slice, and slices are
 * combined along z last; only the few rows and slices that the interpolator
 * spans are kept.  When slices are thicker than the new spacing, which is the
 * usual case, most of the work is then the last, vector-friendly step.
 */
#include "image/resample.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "image/bspline.h"
#include "volume/volume.h"

/* Most source voxels along an axis that one output voxel is computed from. */
#define MOST_TAPS 4

/*
 * Part of the threshold by which it is lowered: a partial volume of exactly the
 * threshold counts as inside although its floating sum may end up a little below.
 */
#define MASK_EPSILON 2e-6

/* Rows between two looks at the interrupt flag. */
#define POLL_ROWS 64

/* Positions closer than this to the middle of two voxels count as the middle. */
#define NEAREST_EPSILON 1e-9

/* One axis: from which source voxels output voxel n is computed, and how. */
typedef struct AxisPlan
{
	int			taps;			/* 1, 2 or 4 */
	bool		kept;			/* the axis is not resampled */
	int			count;			/* output voxels */
	int			first_source;	/* first source voxel of the support */
	int			source_count;
	int		   *source;			/* [count][taps], relative to first_source */
	double	   *weight;			/* [count][taps]; 2 taps: the fraction in [0] */
} AxisPlan;

/*
 * Delivers row (y, z) of the support as doubles, either in `row` or in place;
 * NULL for a row of zeros.
 */
typedef struct RowSource
{
	const double *(*load) (const void *argument, int y, int z, double *row);
	const void *argument;
} RowSource;

/*
 * Rows or slices of one stage that are kept for the next output voxels.  Those
 * needed at once are at most `taps` neighbours, so slot = source index % taps.
 */
typedef struct Ring
{
	int			held[MOST_TAPS];	/* source index in the slot, or -1 */
	double	   *values[MOST_TAPS];
	bool	   *zero[MOST_TAPS];	/* per row: zeros, and values not filled */
} Ring;

typedef struct Resampler
{
	AxisPlan	axes[3];
	RowSource	source;
	double	   *source_row;
	Ring		rows;			/* resampled along x, of source slice rows_slice */
	int			rows_slice;
	Ring		slices;			/* resampled along x and y */
} Resampler;

static bool
axis_is_kept(const Grid *grid, double spacing, int axis)
{
	return !(spacing > 0.0) ||
		fabs(spacing - grid->spacing[axis]) <= FLT_EPSILON * grid->spacing[axis];
}

void
rad_resample_grid(const Grid *grid, const double spacing[3], Grid *resampled)
{
	double		first[3] = {0.0, 0.0, 0.0};

	*resampled = *grid;
	for (int axis = 0; axis < 3; axis++)
	{
		double		extent;

		if (axis_is_kept(grid, spacing[axis], axis))
			continue;
		extent = grid->size[axis] * grid->spacing[axis] / spacing[axis];

		/*
		 * ceil() must not add a voxel for the rounding of a spacing that went
		 * through float32 in a file's header.
		 */
		if (fabs(extent - round(extent)) <= FLT_EPSILON * extent)
			extent = round(extent);
		extent = fmin(fmax(ceil(extent), 1.0), 1 << 30);
		resampled->size[axis] = (int) extent;
		resampled->spacing[axis] = spacing[axis];
		first[axis] = rad_resample_position(grid, resampled, axis, 0);
	}
	rad_grid_to_world(grid, first, resampled->origin);
}

bool
rad_resample_check(RadContext *context, const Grid *resampled)
{
	bool		fits = true;

	for (int axis = 0; axis < 3; axis++)
		fits = fits && resampled->size[axis] <= RAD_MAX_DIMENSION;
	if (fits && rad_grid_voxel_count(resampled) <= RAD_MAX_VOLUME_VOXELS)
		return true;
	rad_fail(context, RAD_LIMIT_EXCEEDED,
			 "resampled image of %d x %d x %d voxels is too large",
			 resampled->size[0], resampled->size[1], resampled->size[2]);
	rad_detail(context, "At most %d voxels along an axis and %lld in all are accepted.",
			   RAD_MAX_DIMENSION, (long long) RAD_MAX_VOLUME_VOXELS);
	return rad_hint(context, "Choose a larger \"resample_spacing\" (mm).");
}

double
rad_resample_position(const Grid *grid, const Grid *resampled, int axis, int k)
{
	double		step = resampled->spacing[axis] / grid->spacing[axis];

	if (axis_is_kept(grid, resampled->spacing[axis], axis))
		return k;
	return 0.5 * (grid->size[axis] - 1 - step * (resampled->size[axis] - 1)) + step * k;
}

static double
clamped_position(const Grid *grid, const Grid *resampled, int axis, int k)
{
	double		position = rad_resample_position(grid, resampled, axis, k);

	return fmin(fmax(position, 0.0), grid->size[axis] - 1);
}

/* Source index of a nearest neighbour; the middle goes up. */
static int
nearest_source(double position, int size)
{
	int			index = (int) floor(position + 0.5 + NEAREST_EPSILON);

	return index < size ? index : size - 1;
}

Box
rad_resample_support(const Grid *grid, const Grid *resampled, const Box *target,
					 Interpolator interpolator)
{
	Box			support;

	for (int axis = 0; axis < 3; axis++)
	{
		double		lowest = clamped_position(grid, resampled, axis, target->lo[axis]);
		double		highest = clamped_position(grid, resampled, axis, target->hi[axis] - 1);
		int			lo = (int) floor(lowest);
		int			hi = (int) floor(highest) + 2;

		if (axis_is_kept(grid, resampled->spacing[axis], axis))
			hi--;
		else if (interpolator == INTERPOLATOR_NEAREST)
		{
			lo = nearest_source(lowest, grid->size[axis]);
			hi = nearest_source(highest, grid->size[axis]) + 1;
		}
		else if (interpolator == INTERPOLATOR_TRICUBIC_SPLINE)
		{
			/* At an edge the mirrored taps reach two voxels inwards. */
			lo -= 2 + RAD_SPLINE_MARGIN;
			hi += 1 + RAD_SPLINE_MARGIN;
		}
		support.lo[axis] = lo > 0 ? lo : 0;
		support.hi[axis] = hi < grid->size[axis] ? hi : grid->size[axis];
	}
	return support;
}

/* Weights of the four B-splines around a position with this fraction. */
static void
cubic_weights(double f, double weight[4])
{
	double		g = 1.0 - f;

	weight[0] = g * g * g / 6.0;
	weight[1] = (4.0 + f * f * (3.0 * f - 6.0)) / 6.0;
	weight[2] = (4.0 + g * g * (3.0 * g - 6.0)) / 6.0;
	weight[3] = f * f * f / 6.0;
}

/* Index mirrored about the first and last of size samples. */
static int
mirrored(int index, int size)
{
	if (size == 1)
		return 0;
	while (index < 0 || index >= size)
		index = index < 0 ? -index : 2 * (size - 1) - index;
	return index;
}

static bool
plan_axis(RadContext *context, const Grid *grid, const Grid *resampled, int axis,
		  const Box *target, const Box *support, Interpolator interpolator, AxisPlan *plan)
{
	int			size = grid->size[axis];

	plan->kept = axis_is_kept(grid, resampled->spacing[axis], axis);
	plan->taps = plan->kept || interpolator == INTERPOLATOR_NEAREST ? 1 :
		interpolator == INTERPOLATOR_TRILINEAR ? 2 : 4;
	plan->count = target->hi[axis] - target->lo[axis];
	plan->first_source = support->lo[axis];
	plan->source_count = support->hi[axis] - support->lo[axis];
	plan->source = rad_new(context, int, (int64_t) plan->count * plan->taps);
	plan->weight = rad_new(context, double, (int64_t) plan->count * plan->taps);
	if (plan->source == NULL || plan->weight == NULL)
		return false;
	for (int n = 0; n < plan->count; n++)
	{
		double		position = clamped_position(grid, resampled, axis, target->lo[axis] + n);
		int			below = (int) floor(position);
		double		fraction = position - below;
		int		   *source = plan->source + (int64_t) n * plan->taps;
		double	   *weight = plan->weight + (int64_t) n * plan->taps;

		switch (plan->taps)
		{
			case 1:
				source[0] = plan->kept ? below : nearest_source(position, size);
				weight[0] = 1.0;
				break;
			case 2:
				/* On a voxel the next one has no say, not even as a NaN. */
				source[0] = below;
				source[1] = fraction > 0.0 ? below + 1 : below;
				weight[0] = fraction;
				weight[1] = 0.0;
				break;
			case 4:
				for (int tap = 0; tap < 4; tap++)
					source[tap] = mirrored(below - 1 + tap, size);
				cubic_weights(fraction, weight);
				break;
		}
		for (int tap = 0; tap < plan->taps; tap++)
			source[tap] -= plan->first_source;
	}
	return true;
}

static void
release_plan(RadContext *context, AxisPlan *plan)
{
	rad_release(context, plan->source);
	rad_release(context, plan->weight);
}

/* Resample a row along x. */
static void
interpolate_row(const AxisPlan *plan, const double *restrict in, double *restrict out)
{
	const int  *source = plan->source;
	const double *weight = plan->weight;

	switch (plan->taps)
	{
		case 1:
			if (plan->kept)
				memcpy(out, in + source[0], (size_t) plan->count * sizeof(double));
			else
				for (int n = 0; n < plan->count; n++)
					out[n] = in[source[n]];
			break;
		case 2:
			for (int n = 0; n < plan->count; n++, source += 2, weight += 2)
				out[n] = in[source[0]] + weight[0] * (in[source[1]] - in[source[0]]);
			break;
		case 4:
			for (int n = 0; n < plan->count; n++, source += 4, weight += 4)
				out[n] = ((weight[0] * in[source[0]] + weight[1] * in[source[1]]) +
						  weight[2] * in[source[2]]) + weight[3] * in[source[3]];
			break;
	}
}

/*
 * Combine rows (NULL: zeros) into one: the step along y and along z.  Zero rows
 * come only from masks, whose two-tap sums are the same with the term left out.
 */
static void
combine_rows(int taps, const double *const rows[], const double *weight, int count,
			 double *restrict out)
{
	if (taps == 1)
		memcpy(out, rows[0], (size_t) count * sizeof(double));
	else if (taps == 2)
	{
		const double *restrict a = rows[0];
		const double *restrict b = rows[1];
		const double fraction = weight[0];

		if (a == NULL)
			for (int n = 0; n < count; n++)
				out[n] = fraction * b[n];
		else if (b == NULL)
			for (int n = 0; n < count; n++)
				out[n] = a[n] - fraction * a[n];
		else
			for (int n = 0; n < count; n++)
				out[n] = a[n] + fraction * (b[n] - a[n]);
	}
	else
	{
		const double *restrict a = rows[0];
		const double *restrict b = rows[1];
		const double *restrict c = rows[2];
		const double *restrict d = rows[3];

		for (int n = 0; n < count; n++)
			out[n] = ((weight[0] * a[n] + weight[1] * b[n]) +
					  weight[2] * c[n]) + weight[3] * d[n];
	}
}

static bool
all_null(int taps, const double *const rows[])
{
	for (int tap = 0; tap < taps; tap++)
		if (rows[tap] != NULL)
			return false;
	return true;
}

/* A source row resampled along x, or NULL for zeros. */
static const double *
row_along_x(Resampler *resampler, int y, int z)
{
	Ring	   *rows = &resampler->rows;
	int			slot = y % resampler->axes[1].taps;

	if (resampler->rows_slice != z)
	{
		for (int other = 0; other < MOST_TAPS; other++)
			rows->held[other] = -1;
		resampler->rows_slice = z;
	}
	if (rows->held[slot] != y)
	{
		const double *row = resampler->source.load(resampler->source.argument, y, z,
												   resampler->source_row);

		rows->held[slot] = y;
		*rows->zero[slot] = row == NULL;
		if (row != NULL)
			interpolate_row(&resampler->axes[0], row, rows->values[slot]);
	}
	return *rows->zero[slot] ? NULL : rows->values[slot];
}

/* Bring a source slice, resampled along x and y, into its slot. */
static bool
slice_along_xy(RadContext *context, Resampler *resampler, int z)
{
	const AxisPlan *plan = &resampler->axes[1];
	Ring	   *slices = &resampler->slices;
	int			width = resampler->axes[0].count;
	int			slot = z % resampler->axes[2].taps;

	if (slices->held[slot] == z)
		return true;
	slices->held[slot] = z;
	for (int n = 0; n < plan->count; n++)
	{
		const double *rows[MOST_TAPS];

		if (n % POLL_ROWS == 0 && !rad_continue(context))
			return false;
		for (int tap = 0; tap < plan->taps; tap++)
			rows[tap] = row_along_x(resampler, plan->source[n * plan->taps + tap], z);
		slices->zero[slot][n] = all_null(plan->taps, rows);
		if (!slices->zero[slot][n])
			combine_rows(plan->taps, rows, plan->weight + n * plan->taps, width,
						 slices->values[slot] + (int64_t) n * width);
	}
	return true;
}

/*
 * One row of the target, its slices being at hand: in place or in `row`; NULL
 * when it is all zeros.
 */
static const double *
target_row(const Resampler *resampler, int n_y, int n_z, double *row)
{
	const AxisPlan *plan = &resampler->axes[2];
	const Ring *slices = &resampler->slices;
	int			width = resampler->axes[0].count;
	const double *rows[MOST_TAPS];

	for (int tap = 0; tap < plan->taps; tap++)
	{
		int			slot = plan->source[n_z * plan->taps + tap] % plan->taps;

		rows[tap] = slices->zero[slot][n_y] ? NULL :
			slices->values[slot] + (int64_t) n_y * width;
	}
	if (plan->taps == 1 || all_null(plan->taps, rows))
		return rows[0];
	combine_rows(plan->taps, rows, plan->weight + n_z * plan->taps, width, row);
	return row;
}

static bool
start_ring(RadContext *context, Ring *ring, int taps, int64_t rows, int64_t width)
{
	for (int slot = 0; slot < MOST_TAPS; slot++)
	{
		ring->held[slot] = -1;
		ring->values[slot] = NULL;
		ring->zero[slot] = NULL;
		if (slot >= taps)
			continue;
		ring->values[slot] = rad_new(context, double, rows * width);
		ring->zero[slot] = rad_new(context, bool, rows);
		if (ring->values[slot] == NULL || ring->zero[slot] == NULL)
			return false;
	}
	return true;
}

static void
finish_ring(RadContext *context, Ring *ring)
{
	for (int slot = 0; slot < MOST_TAPS; slot++)
	{
		rad_release(context, ring->values[slot]);
		rad_release(context, ring->zero[slot]);
	}
}

/*
 * What becomes of a finished row of the target, whose first voxel is element
 * `first`; NULL: all zeros.
 */
typedef void (*RowSink) (void *argument, int64_t first, int count, const double *row);

static bool
run_resampler(RadContext *context, const Grid *grid, const Grid *resampled,
			  const Box *target, const Box *support, Interpolator interpolator,
			  RowSource source, RowSink sink, void *sink_argument)
{
	Resampler	resampler = {.source = source, .rows_slice = -1};
	AxisPlan   *axes = resampler.axes;
	double	   *row;

	for (int axis = 0; axis < 3; axis++)
		if (!plan_axis(context, grid, resampled, axis, target, support, interpolator,
					   &axes[axis]))
			return false;
	row = rad_new(context, double, axes[0].count);
	resampler.source_row = rad_new(context, double, axes[0].source_count);
	if (row == NULL || resampler.source_row == NULL ||
		!start_ring(context, &resampler.rows, axes[1].taps, 1, axes[0].count) ||
		!start_ring(context, &resampler.slices, axes[2].taps, axes[1].count, axes[0].count))
		return false;

	for (int n_z = 0; n_z < axes[2].count; n_z++)
	{
		for (int tap = 0; tap < axes[2].taps; tap++)
			if (!slice_along_xy(context, &resampler, axes[2].source[n_z * axes[2].taps + tap]))
				return false;
		for (int n_y = 0; n_y < axes[1].count; n_y++)
		{
			int64_t		first = ((int64_t) n_z * axes[1].count + n_y) * axes[0].count;

			if (n_y % POLL_ROWS == 0 && !rad_continue(context))
				return false;
			sink(sink_argument, first, axes[0].count, target_row(&resampler, n_y, n_z, row));
		}
	}

	finish_ring(context, &resampler.rows);
	finish_ring(context, &resampler.slices);
	rad_release(context, resampler.source_row);
	rad_release(context, row);
	for (int axis = 0; axis < 3; axis++)
		release_plan(context, &axes[axis]);
	return true;
}

/* RowSource of an image's voxels. */
typedef struct ImageRows
{
	const Volume *image;
	Box			support;
} ImageRows;

static const double *
load_image_row(const void *argument, int y, int z, double *row)
{
	const ImageRows *rows = argument;
	const Volume *image = rows->image;
	const Box  *box = &image->box;
	int64_t		line = (int64_t) (rows->support.lo[2] + z - box->lo[2]) *
		(box->hi[1] - box->lo[1]) + (rows->support.lo[1] + y - box->lo[1]);
	int64_t		first = line * (box->hi[0] - box->lo[0]) + (rows->support.lo[0] - box->lo[0]);

	rad_voxels_to_double(image->type, image->voxels, first,
						 rows->support.hi[0] - rows->support.lo[0], row);
	return row;
}

/* RowSource of spline coefficients that fill the support. */
typedef struct CoefficientRows
{
	const double *coefficients;
	int			size[3];
} CoefficientRows;

static const double *
load_coefficient_row(const void *argument, int y, int z, double *row)
{
	const CoefficientRows *rows = argument;

	(void) row;
	return rows->coefficients + ((int64_t) z * rows->size[1] + y) * rows->size[0];
}

/* RowSink of an image. */
typedef struct ImageSink
{
	double	   *out;
	bool		round;
} ImageSink;

static void
store_image_row(void *argument, int64_t first, int count, const double *row)
{
	const ImageSink *sink = argument;
	double	   *restrict out = sink->out + first;

	/* + 0.0 turns -0 into 0, so that equal values have equal bits. */
	if (sink->round)
		for (int n = 0; n < count; n++)
			out[n] = rad_round_intensity(row[n]) + 0.0;
	else
		for (int n = 0; n < count; n++)
			out[n] = row[n] + 0.0;
}

/* Spline coefficients of the support. */
static bool
spline_coefficients(RadContext *context, const Grid *grid, const Grid *resampled,
					ImageRows *source, CoefficientRows *rows)
{
	bool		filter[3];
	int64_t		row_count;
	double	   *coefficients;

	for (int axis = 0; axis < 3; axis++)
	{
		rows->size[axis] = source->support.hi[axis] - source->support.lo[axis];
		filter[axis] = !axis_is_kept(grid, resampled->spacing[axis], axis);
	}
	row_count = (int64_t) rows->size[1] * rows->size[2];
	coefficients = rad_new(context, double, row_count * rows->size[0]);
	if (coefficients == NULL)
		return false;
	for (int64_t line = 0; line < row_count; line++)
	{
		int			y = (int) (line % rows->size[1]);
		int			z = (int) (line / rows->size[1]);
		double	   *row = coefficients + line * rows->size[0];

		if (line % POLL_ROWS == 0 && !rad_continue(context))
			return false;
		load_image_row(source, y, z, row);
		for (int x = 0; x < rows->size[0]; x++)
		{
			if (isfinite(row[x]))
				continue;
			rad_fail(context, RAD_DATA_EXCEPTION,
					 "image voxel (%d, %d, %d) is not a finite number",
					 source->support.lo[0] + x, source->support.lo[1] + y,
					 source->support.lo[2] + z);
			rad_detail(context, "It lies within reach of the region's spline interpolation, "
					   "which it would make undefined as a whole.");
			return rad_hint(context, "Replace such voxels, or set \"image_interpolator\" to "
							"\"trilinear\", which needs only the voxels next to the region.");
		}
	}
	rows->coefficients = coefficients;
	return rad_spline_prefilter(context, rows->size, filter, coefficients);
}

bool
rad_resample_image(RadContext *context, const Volume *image, const Grid *resampled,
				   const Box *target, Interpolator interpolator, bool round, double *out)
{
	ImageRows	rows = {.image = image};
	CoefficientRows coefficient_rows = {0};
	ImageSink	sink = {.out = out, .round = round};
	RowSource	source = {load_image_row, &rows};
	bool		any_resampled = false;
	bool		done;

	rows.support = rad_resample_support(&image->grid, resampled, target, interpolator);
	for (int axis = 0; axis < 3; axis++)
	{
		if (rows.support.lo[axis] < image->box.lo[axis] ||
			rows.support.hi[axis] > image->box.hi[axis])
			return rad_fail(context, RAD_INTERNAL,
							"image box does not hold the voxels that resampling needs");
		if (!axis_is_kept(&image->grid, resampled->spacing[axis], axis))
			any_resampled = true;
	}
	if (interpolator == INTERPOLATOR_TRICUBIC_SPLINE && any_resampled)
	{
		if (!spline_coefficients(context, &image->grid, resampled, &rows, &coefficient_rows))
			return false;
		source = (RowSource) {load_coefficient_row, &coefficient_rows};
	}
	done = run_resampler(context, &image->grid, resampled, target, &rows.support,
						 interpolator, source, store_image_row, &sink);
	rad_release(context, (void *) coefficient_rows.coefficients);
	return done;
}

/* RowSource of a mask that is 0 outside its box. */
typedef struct MaskRows
{
	const uint8_t *mask;
	Box			box;
	Box			support;
} MaskRows;

static const double *
load_mask_row(const void *argument, int y, int z, double *row)
{
	const MaskRows *rows = argument;
	const Box  *box = &rows->box;
	int			width = box->hi[0] - box->lo[0];
	const uint8_t *mask;
	bool		any = false;

	y += rows->support.lo[1];
	z += rows->support.lo[2];
	if (y < box->lo[1] || y >= box->hi[1] || z < box->lo[2] || z >= box->hi[2])
		return NULL;
	mask = rows->mask +
		((int64_t) (z - box->lo[2]) * (box->hi[1] - box->lo[1]) + (y - box->lo[1])) * width;
	for (int x = rows->support.lo[0]; x < rows->support.hi[0]; x++)
	{
		bool		inside = x >= box->lo[0] && x < box->hi[0] && mask[x - box->lo[0]] != 0;

		row[x - rows->support.lo[0]] = inside;
		any |= inside;
	}
	return any ? row : NULL;
}

/* RowSink of a mask. */
typedef struct MaskSink
{
	uint8_t    *out;
	double		threshold;
} MaskSink;

static void
store_mask_row(void *argument, int64_t first, int count, const double *row)
{
	const MaskSink *sink = argument;
	uint8_t    *out = sink->out + first;

	if (row == NULL)
		memset(out, 0, (size_t) count);
	else
		for (int n = 0; n < count; n++)
			out[n] = row[n] >= sink->threshold;
}

bool
rad_resample_mask(RadContext *context, const Grid *grid, const Box *box,
				  const uint8_t *mask, const Grid *resampled, const Box *target,
				  Interpolator interpolator, double threshold, uint8_t *out)
{
	MaskRows	rows = {.mask = mask, .box = *box};
	MaskSink	sink = {.out = out, .threshold = threshold * (1.0 - MASK_EPSILON)};
	RowSource	source = {load_mask_row, &rows};

	rows.support = rad_resample_support(grid, resampled, target, interpolator);
	return run_resampler(context, grid, resampled, target, &rows.support, interpolator,
						 source, store_mask_row, &sink);
}
