/*
 * Local binary patterns (Ojala, Pietikainen, Maenpaa, IEEE Trans. Pattern Anal.
 * Mach. Intell. 24 (2002) 971-987), slice by slice, as scikit-image computes
 * them and PyRadiomics stores them.
 */
#include "filters/image_types.h"

#include <math.h>
#include <string.h>

#include "filters/dense.h"

/* One slice as doubles with a border of zeros. */
typedef struct Slice
{
	int			row_axis;
	int			column_axis;
	int			size[2];		/* rows, columns */
	int			border;
	int			width;			/* of a row with its borders */
	double	   *pixels;
} Slice;

/* A sample's place along one direction, for each row or column. */
typedef struct Offset
{
	int			low;			/* floor of the position, less the pixel's index */
	int			high;			/* ceil */
	double		part;			/* position - floor */
} Offset;

typedef struct Patterns
{
	const Volume *image;
	const Lbp2dParameters *parameters;
	Slice		slice;
	Offset	   *rows;			/* [row][sample] */
	Offset	   *columns;		/* [column][sample] */
	double	   *samples;		/* [sample] */
} Patterns;

/* Sample i's offset from the pixel, rounded to five decimals. */
static double
sample_offset(const Lbp2dParameters *parameters, int i, bool along_rows)
{
	double		angle = 2.0 * M_PI * i / parameters->samples;
	double		offset = along_rows ? -parameters->radius * sin(angle) :
		parameters->radius * cos(angle);

	return rint(offset * 1e5) / 1e5;
}

static bool
create_offsets(RadContext *context, const Patterns *patterns, bool along_rows, Offset **offsets)
{
	int			samples = patterns->parameters->samples;
	int			count = patterns->slice.size[along_rows ? 0 : 1];

	*offsets = rad_new(context, Offset, (int64_t) count * samples);
	if (*offsets == NULL)
		return false;
	for (int i = 0; i < samples; i++)
	{
		double		offset = sample_offset(patterns->parameters, i, along_rows);

		for (int n = 0; n < count; n++)
		{
			double		position = n + offset;
			Offset	   *entry = &(*offsets)[(int64_t) n * samples + i];

			entry->low = (int) floor(position) - n;
			entry->high = (int) ceil(position) - n;
			entry->part = position - floor(position);
		}
	}
	return true;
}

static bool
create_slice(RadContext *context, const Volume *image, const Lbp2dParameters *parameters,
			 Slice *slice)
{
	static const int axes[3][2] = {{1, 2}, {2, 0}, {1, 0}};	/* rows, columns */
	double		reach = ceil(parameters->radius) + 1.0;

	slice->row_axis = axes[parameters->slice_axis][0];
	slice->column_axis = axes[parameters->slice_axis][1];
	slice->size[0] = rad_box_size(&image->box, slice->row_axis);
	slice->size[1] = rad_box_size(&image->box, slice->column_axis);
	if (!(reach <= RAD_MAX_DIMENSION))
		return rad_fail(context, RAD_LIMIT_EXCEEDED,
						"LBP radius of %g pixels is too large", parameters->radius);
	slice->border = (int) reach;
	slice->width = slice->size[1] + 2 * slice->border;
	slice->pixels = rad_new_zeroed(context, double, (int64_t) slice->width *
								   (slice->size[0] + 2 * slice->border));
	return slice->pixels != NULL;
}

/* Fill the slice at a position along the slice axis. */
static void
load_slice(const Patterns *patterns, int position)
{
	const Volume *image = patterns->image;
	const Slice *slice = &patterns->slice;
	int			index[3];

	index[patterns->parameters->slice_axis] = position;
	for (int r = 0; r < slice->size[0]; r++)
	{
		double	   *row = slice->pixels + (int64_t) (r + slice->border) * slice->width +
			slice->border;

		index[slice->row_axis] = image->box.lo[slice->row_axis] + r;
		for (int c = 0; c < slice->size[1]; c++)
		{
			index[slice->column_axis] = image->box.lo[slice->column_axis] + c;
			rad_voxels_to_double(image->type, image->voxels,
								 rad_dense_index(image, index[0], index[1], index[2]), 1,
								 row + c);
		}
	}
}

/* Bilinear; pixels outside the slice are 0. */
static double
sample_at(const double *pixel, int width, const Offset *row, const Offset *column)
{
	const double *low = pixel + (int64_t) row->low * width;
	const double *high = pixel + (int64_t) row->high * width;
	double		top = (1.0 - column->part) * low[column->low] + column->part * low[column->high];
	double		bottom = (1.0 - column->part) * high[column->low] +
		column->part * high[column->high];

	return (1.0 - row->part) * top + row->part * bottom;
}

/* Bits that do not equal the next one; the last and the first are not compared. */
static double
uniform_pattern(const double *samples, int count, double centre)
{
	int			changes = 0;
	int			ones = samples[count - 1] - centre >= 0.0;

	for (int i = 0; i < count - 1; i++)
	{
		bool		bit = samples[i] - centre >= 0.0;

		ones += bit;
		changes += bit != (samples[i + 1] - centre >= 0.0);
	}
	return changes <= 2 ? ones : count + 1;
}

/* The number whose bits are the pattern's, turned by `turn`. */
static double
pattern_number(const double *samples, int count, double centre, int turn)
{
	double		number = 0.0;

	for (int i = count - 1; i >= 0; i--)
		number = 2.0 * number + (samples[(i + turn) % count] - centre >= 0.0);
	return number;
}

static double
variance(const double *samples, int count)
{
	double		sum = 0.0;
	double		squares = 0.0;
	double		result;

	for (int i = 0; i < count; i++)
	{
		sum += samples[i];
		squares += samples[i] * samples[i];
	}
	result = (squares - (sum * sum) / count) / count;
	return result != 0.0 ? result : NAN;
}

static double
pattern_of(const Patterns *patterns, int row, int column)
{
	const Slice *slice = &patterns->slice;
	const Lbp2dParameters *parameters = patterns->parameters;
	int			count = parameters->samples;
	const double *pixel = slice->pixels + (int64_t) (row + slice->border) * slice->width +
		slice->border + column;
	double		smallest;

	for (int i = 0; i < count; i++)
		patterns->samples[i] = sample_at(pixel, slice->width,
										 &patterns->rows[(int64_t) row * count + i],
										 &patterns->columns[(int64_t) column * count + i]);
	switch (parameters->method)
	{
		case LBP2D_DEFAULT:
			return pattern_number(patterns->samples, count, *pixel, 0);
		case LBP2D_ROR:
			smallest = INFINITY;
			for (int turn = 0; turn < count; turn++)
				smallest = fmin(smallest, pattern_number(patterns->samples, count, *pixel, turn));
			return smallest;
		case LBP2D_UNIFORM:
			return uniform_pattern(patterns->samples, count, *pixel);
		case LBP2D_VAR:
			return variance(patterns->samples, count);
	}
	return NAN;
}

/*
 * Truncation as numpy's cast to integers does it on x86-64: out of range (and
 * NaN) gives the smallest int32 (for uint32: int64), of which the low bits stay.
 */
static uint32_t
truncated(double value, bool to_uint32)
{
	if (to_uint32)
		return value > -0x1p63 && value < 0x1p63 ? (uint32_t) (int64_t) value : 0;
	return value > -2147483649.0 && value < 2147483648.0 ? (uint32_t) (int32_t) value :
		(uint32_t) INT32_MIN;
}

static void
store(const Volume *filtered, int64_t at, double value)
{
	switch (filtered->type)
	{
		case VOXEL_INT8:
		case VOXEL_UINT8:
			((uint8_t *) filtered->voxels)[at] = (uint8_t) truncated(value, false);
			break;
		case VOXEL_INT16:
		case VOXEL_UINT16:
			((uint16_t *) filtered->voxels)[at] = (uint16_t) truncated(value, false);
			break;
		case VOXEL_INT32:
		case VOXEL_UINT32:
			((uint32_t *) filtered->voxels)[at] = truncated(value, filtered->type == VOXEL_UINT32);
			break;
		case VOXEL_FLOAT32:
			((float *) filtered->voxels)[at] = (float) value;
			break;
		case VOXEL_FLOAT64:
			((double *) filtered->voxels)[at] = value;
			break;
	}
}

bool
rad_filter_lbp2d(RadContext *context, const Volume *image, const Lbp2dParameters *parameters,
				 const Box *wanted, Volume *filtered)
{
	Patterns	patterns = {.image = image, .parameters = parameters};
	const Box  *box = &filtered->box;
	int			across = parameters->slice_axis;
	int			row_axis;
	int			column_axis;

	if (!rad_dense_create(context, image, wanted,
						  parameters->two_dimensional ? VOXEL_FLOAT64 : image->type, filtered) ||
		!create_slice(context, image, parameters, &patterns.slice) ||
		!create_offsets(context, &patterns, true, &patterns.rows) ||
		!create_offsets(context, &patterns, false, &patterns.columns))
		return false;
	patterns.samples = rad_new(context, double, parameters->samples);
	if (patterns.samples == NULL)
		return false;
	row_axis = patterns.slice.row_axis;
	column_axis = patterns.slice.column_axis;
	for (int s = box->lo[across]; s < box->hi[across]; s++)
	{
		int			index[3];

		load_slice(&patterns, s);
		index[across] = s;
		for (int r = box->lo[row_axis]; r < box->hi[row_axis]; r++)
		{
			if (!rad_continue(context))
				return false;
			index[row_axis] = r;
			for (int c = box->lo[column_axis]; c < box->hi[column_axis]; c++)
			{
				index[column_axis] = c;
				store(filtered, rad_dense_index(filtered, index[0], index[1], index[2]),
					  pattern_of(&patterns, r - image->box.lo[row_axis],
								 c - image->box.lo[column_axis]));
			}
		}
	}
	rad_release(context, patterns.samples);
	rad_release(context, patterns.columns);
	rad_release(context, patterns.rows);
	rad_release(context, patterns.slice.pixels);
	return true;
}
