/*
 * Local binary patterns of a volume: samples on an icosphere around a voxel are
 * compared with it, and the pattern is described by the power of its spherical
 * harmonics (Banerjee et al., "Rotation invariant 3-D local binary patterns",
 * ICPR 2012), as PyRadiomics has it.
 *
 * Samples are cubic B-spline interpolations in scipy's order of operations.
 * Voxels of a row have the samples of one vertex next to each other, so a row is
 * interpolated at once.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "filters/dense.h"
#include "filters/lbp3d.h"
#include "image/spline_filter.h"

/* Coefficients beyond the image's edge that a sample reaches. */
#define EDGE 2

typedef struct Sampler
{
	const Volume *image;
	const Lbp3dParameters *parameters;
	const uint8_t *inside;
	Box			wanted;
	Icosphere	sphere;
	Harmonics  *harmonics;		/* [levels] */

	/* Spline coefficients of a box, mirrored at the image's edges. */
	Box			box;			/* may lie EDGE voxels outside the image */
	double	   *coefficients;

	double	   *samples;		/* [vertex][x], of one row */
	double	   *weights;		/* [4][x], along x of one vertex */
	double	   *products;		/* [x + 3] */
	double	   *centres;		/* [x] */
	double	   *pattern;		/* [vertex] */
	float	   *single;			/* [vertex] */
	double	  **results;		/* [levels + 1], over wanted; the last is kurtosis */
} Sampler;

static int
mirrored(int index, int size)
{
	if (size == 1)
		return 0;
	while (index < 0 || index >= size)
		index = index < 0 ? -index : 2 * (size - 1) - index;
	return index;
}

/* The box whose voxels the coefficients of the sampled ones depend on. */
static Box
source_box(const Sampler *sampler)
{
	const Box  *whole = &sampler->image->box;
	double		reach = ceil(sampler->parameters->icosphere_radius) + EDGE +
		RAD_SPLINE_EXACT_MARGIN;
	Box			box;

	for (int axis = 0; axis < 3; axis++)
	{
		box.lo[axis] = (int) fmax(sampler->wanted.lo[axis] - reach, whole->lo[axis]);
		box.hi[axis] = (int) fmin(sampler->wanted.hi[axis] + reach, whole->hi[axis]);
	}
	return box;
}

/* Coefficients of box, mirrored around the image as far as samples reach. */
static bool
load_coefficients(RadContext *context, Sampler *sampler)
{
	const Volume *image = sampler->image;
	Box			source = source_box(sampler);
	int			size[3];
	double	   *values = rad_new(context, double, rad_box_voxel_count(&source));
	double	   *out;

	if (values == NULL)
		return false;
	for (int axis = 0; axis < 3; axis++)
	{
		size[axis] = rad_box_size(&source, axis);
		sampler->box.lo[axis] = source.lo[axis] - EDGE;
		sampler->box.hi[axis] = source.hi[axis] + EDGE;
	}
	for (int z = source.lo[2]; z < source.hi[2]; z++)
		for (int y = source.lo[1]; y < source.hi[1]; y++)
		{
			int64_t		row = (int64_t) (z - source.lo[2]) * size[1] + (y - source.lo[1]);

			if (!rad_continue(context))
				return false;
			rad_dense_row(image, source.lo[0], source.hi[0], y, z, values + row * size[0]);
		}
	out = rad_new(context, double, rad_box_voxel_count(&sampler->box));
	if (out == NULL || !rad_spline_filter(context, SPLINE_SCIPY, size, values))
		return false;
	sampler->coefficients = out;
	for (int z = -EDGE; z < size[2] + EDGE; z++)
	{
		if (!rad_continue(context))
			return false;
		for (int y = -EDGE; y < size[1] + EDGE; y++)
		{
			const double *row = values + ((int64_t) mirrored(z, size[2]) * size[1] +
										  mirrored(y, size[1])) * size[0];

			for (int x = -EDGE; x < size[0] + EDGE; x++)
				*out++ = row[mirrored(x, size[0])];
		}
	}
	rad_release(context, values);
	return true;
}

/* The four weights at a position; returns the first coefficient's index. */
static int
spline_weights(double position, double weights[4])
{
	double		base = floor(position);
	double		y = position - base;
	double		z = 1.0 - y;

	weights[1] = (y * y * (y - 2.0) * 3.0 + 4.0) / 6.0;
	weights[2] = (z * z * (z - 2.0) * 3.0 + 4.0) / 6.0;
	weights[0] = z * z * z / 6.0;
	weights[3] = 1.0 - weights[0] - weights[1] - weights[2];
	return (int) base - 1;
}

/* The value as an array of the image's type would hold it. */
static double
stored_as(VoxelType type, double value)
{
	static const double ranges[][2] = {
		[VOXEL_INT8] = {INT8_MIN, INT8_MAX}, [VOXEL_UINT8] = {0, UINT8_MAX},
		[VOXEL_INT16] = {INT16_MIN, INT16_MAX}, [VOXEL_UINT16] = {0, UINT16_MAX},
		[VOXEL_INT32] = {INT32_MIN, INT32_MAX}, [VOXEL_UINT32] = {0, UINT32_MAX},
	};
	volatile float single;

	if (type == VOXEL_FLOAT64)
		return value;
	if (type == VOXEL_FLOAT32)
	{
		single = (float) value;
		return single;
	}
	value = trunc(value > 0.0 ? value + 0.5 : value - 0.5);
	return fmin(fmax(value, ranges[type][0]), ranges[type][1]);
}

/*
 * Add the four coefficients along x, each times wz, wy and wx in this order, to
 * the sums of a row.  products: scratch of count + 3.
 */
static void
add_row(const double *restrict row, double wz, double wy, const double *restrict weights,
		int stride, int count, double *restrict products, double *restrict sums)
{
	for (int x = 0; x < count + 3; x++)
		products[x] = row[x] * wz * wy;
	for (int x = 0; x < count; x++)
	{
		double		sum = sums[x];

		sum += products[x] * weights[x];
		sum += products[x + 1] * weights[stride + x];
		sum += products[x + 2] * weights[2 * stride + x];
		sum += products[x + 3] * weights[3 * stride + x];
		sums[x] = sum;
	}
}

/*
 * Samples of one vertex for voxels x = lo ... hi - 1 of row (y, z); 0 where
 * they are outside the image.
 */
static void
sample_row(const Sampler *sampler, const double vertex[3], int lo, int hi, int y, int z,
		   double *samples)
{
	const Box  *image = &sampler->image->box;
	const Box  *box = &sampler->box;
	double		position[3] = {0.0, y - image->lo[1] + vertex[1], z - image->lo[2] + vertex[0]};
	double		wy[4];
	double		wz[4];
	int			first[3] = {0};
	int			stride = hi - lo;

	memset(samples, 0, (size_t) (hi - lo) * sizeof(double));
	for (int axis = 1; axis < 3; axis++)
	{
		if (position[axis] < 0.0 || position[axis] > rad_box_size(image, axis) - 1)
			return;
		first[axis] = spline_weights(position[axis], axis == 1 ? wy : wz) + image->lo[axis] -
			box->lo[axis];
	}
	while (lo < hi && lo - image->lo[0] + vertex[2] < 0.0)
	{
		lo++;
		samples++;
	}
	while (lo < hi && hi - 1 - image->lo[0] + vertex[2] > rad_box_size(image, 0) - 1)
		hi--;
	for (int x = lo; x < hi; x++)
	{
		double		wx[4];
		int			at = spline_weights(x - image->lo[0] + vertex[2], wx) + image->lo[0] -
			box->lo[0];

		int			shift;

		if (x == lo)
			first[0] = at;

		/* Rounding to a whole position makes the outermost weight zero. */
		shift = at - (first[0] + x - lo);
		for (int tap = 0; tap < 4; tap++)
			sampler->weights[tap * stride + x - lo] =
				tap - shift >= 0 && tap - shift < 4 ? wx[tap - shift] : 0.0;
	}
	for (int tap_z = 0; tap_z < 4; tap_z++)
		for (int tap_y = 0; tap_y < 4; tap_y++)
			add_row(sampler->coefficients +
					((int64_t) (first[2] + tap_z) * rad_box_size(box, 1) + first[1] + tap_y) *
					rad_box_size(box, 0) + first[0], wz[tap_z], wy[tap_y], sampler->weights,
					stride, hi - lo, sampler->products, samples);
	for (int x = lo; x < hi; x++)
		samples[x - lo] = stored_as(sampler->image->type, samples[x - lo]);
}

/*
 * pattern: 1 where a sample reaches the centre, else 0.  A product instead of a
 * condition, which would be guessed wrong half of the time.
 *
 * Root of the sum over the vertices of g squared, where g is the pattern's part
 * of one degree: the sum over m of c_m Y_m.  Terms of m and -m are conjugates.
 */
static double
power_of_degree(const Harmonics *harmonics, int vertices, const double *pattern)
{
	int			degree = harmonics->degree;
	double		sum = 0.0;
	double		real[degree + 1];
	double		imaginary[degree + 1];

	for (int m = 0; m <= degree; m++)
	{
		const double *y_real = harmonics->real + (int64_t) m * vertices;
		const double *y_imaginary = harmonics->imaginary + (int64_t) m * vertices;

		real[m] = imaginary[m] = 0.0;
		for (int n = 0; n < vertices; n++)
		{
			real[m] += pattern[n] * y_real[n];
			imaginary[m] += pattern[n] * y_imaginary[n];
		}
	}
	for (int n = 0; n < vertices; n++)
	{
		double		g = real[0] * harmonics->real[n];

		for (int m = 1; m <= degree; m++)
			g += 2.0 * (real[m] * harmonics->real[(int64_t) m * vertices + n] -
						imaginary[m] * harmonics->imaginary[(int64_t) m * vertices + n]);
		sum += g * g;
	}
	return sqrt(sum);
}

/*
 * numpy's sum of count single precision numbers: eight sums side by side, in
 * blocks of at most 128.
 */
static float
numpy_sum(int count, const float *values)
{
	float		lane[8];
	float		sum = 0.0f;
	int			n;

	if (count > 128)
	{
		int			half = count / 2 - count / 2 % 8;

		return numpy_sum(half, values) + numpy_sum(count - half, values + half);
	}
	for (n = 0; n < 8 && count >= 8; n++)
		lane[n] = values[n];
	for (; n + 8 <= count; n += 8)
		for (int k = 0; k < 8; k++)
			lane[k] += values[n + k];
	if (count >= 8)
		sum = ((lane[0] + lane[1]) + (lane[2] + lane[3])) +
			((lane[4] + lane[5]) + (lane[6] + lane[7]));
	for (; n < count; n++)
		sum += values[n];
	return sum;
}

/*
 * Excess kurtosis (population); NaN when the samples are equal but for rounding.
 * For float32 images PyRadiomics computes it in single precision.
 */
static double
kurtosis_single(int count, const double *samples, int stride, float *work)
{
	float		mean;
	float		second;
	float		fourth;

	for (int n = 0; n < count; n++)
		work[n] = (float) samples[(int64_t) n * stride];
	mean = numpy_sum(count, work) / (float) count;
	for (int n = 0; n < count; n++)
		work[n] = (work[n] - mean) * (work[n] - mean);
	second = numpy_sum(count, work) / (float) count;
	for (int n = 0; n < count; n++)
		work[n] = work[n] * work[n];
	fourth = numpy_sum(count, work) / (float) count;
	if (second <= (1e-6f * mean) * (1e-6f * mean))
		return NAN;
	return fourth / (second * second) - 3.0f;
}

static double
kurtosis(int count, const double *samples, int stride)
{
	double		mean = 0.0;
	double		second = 0.0;
	double		fourth = 0.0;

	for (int n = 0; n < count; n++)
		mean += samples[(int64_t) n * stride];
	mean /= count;
	for (int n = 0; n < count; n++)
	{
		double		square = samples[(int64_t) n * stride] - mean;

		square *= square;
		second += square;
		fourth += square * square;
	}
	second /= count;
	fourth /= count;
	if (second <= (1e-15 * mean) * (1e-15 * mean))
		return NAN;
	return fourth / (second * second) - 3.0;
}

/* Results of the voxels lo ... hi - 1 of a row; all are inside. */
static bool
describe_run(RadContext *context, const Sampler *sampler, int lo, int hi, int y, int z)
{
	int			count = sampler->sphere.count;
	int			width = hi - lo;
	int64_t		at = ((int64_t) (z - sampler->wanted.lo[2]) * rad_box_size(&sampler->wanted, 1) +
					  (y - sampler->wanted.lo[1])) * rad_box_size(&sampler->wanted, 0) +
		(lo - sampler->wanted.lo[0]);

	for (int n = 0; n < count; n++)
	{
		if (n % 64 == 0 && !rad_continue(context))
			return false;
		sample_row(sampler, sampler->sphere.vertices[n], lo, hi, y, z,
				   sampler->samples + (int64_t) n * width);
	}
	rad_dense_row(sampler->image, lo, hi, y, z, sampler->centres);
	for (int x = 0; x < width; x++)
	{
		const double *samples = sampler->samples + x;
		int			levels = sampler->parameters->levels;

		if (!rad_continue(context))
			return false;
		for (int n = 0; n < count; n++)
			sampler->pattern[n] = samples[(int64_t) n * width] >= sampler->centres[x];
		for (int n = 0; n < levels; n++)
			sampler->results[n][at + x] = power_of_degree(&sampler->harmonics[n], count,
														  sampler->pattern);
		sampler->results[levels][at + x] = sampler->image->type == VOXEL_FLOAT32 ?
			kurtosis_single(count, samples, width, sampler->single) :
			kurtosis(count, samples, width);
	}
	return true;
}

static bool
describe_voxels(RadContext *context, const Sampler *sampler)
{
	const Box  *wanted = &sampler->wanted;
	const uint8_t *inside = sampler->inside;

	for (int z = wanted->lo[2]; z < wanted->hi[2]; z++)
		for (int y = wanted->lo[1]; y < wanted->hi[1]; y++, inside += rad_box_size(wanted, 0))
			for (int x = 0; x < rad_box_size(wanted, 0);)
			{
				int			end = x;

				while (end < rad_box_size(wanted, 0) && inside[end])
					end++;
				if (end > x && !describe_run(context, sampler, wanted->lo[0] + x,
											 wanted->lo[0] + end, y, z))
					return false;
				x = end + 1;
			}
	return true;
}

static bool
prepare(RadContext *context, Sampler *sampler)
{
	const Lbp3dParameters *parameters = sampler->parameters;
	int			width = rad_box_size(&sampler->wanted, 0);
	int64_t		count = rad_box_voxel_count(&sampler->wanted);

	if (parameters->levels > RAD_MOST_LBP3D_LEVELS)
	{
		rad_fail(context, RAD_LIMIT_EXCEEDED, "%d levels of LBP3D are too many",
				 parameters->levels);
		return rad_hint(context, "At most %d are accepted for \"lbp3DLevels\".",
						RAD_MOST_LBP3D_LEVELS);
	}
	if (!rad_icosphere(context, parameters->icosphere_radius, parameters->icosphere_subdivision,
					   &sampler->sphere))
		return false;
	sampler->harmonics = rad_new(context, Harmonics, parameters->levels);
	sampler->results = rad_new(context, double *, parameters->levels + 1);
	sampler->samples = rad_new(context, double, (int64_t) width * sampler->sphere.count);
	sampler->weights = rad_new(context, double, 4 * (int64_t) width);
	sampler->products = rad_new(context, double, (int64_t) width + 3);
	sampler->centres = rad_new(context, double, width);
	sampler->pattern = rad_new(context, double, sampler->sphere.count);
	sampler->single = rad_new(context, float, sampler->sphere.count);
	if (sampler->harmonics == NULL || sampler->results == NULL || sampler->samples == NULL ||
		sampler->weights == NULL || sampler->products == NULL || sampler->centres == NULL ||
		sampler->pattern == NULL || sampler->single == NULL)
		return false;
	for (int n = 0; n <= parameters->levels; n++)
	{
		sampler->results[n] = rad_new_zeroed(context, double, count);
		if (sampler->results[n] == NULL)
			return false;
		if (n < parameters->levels &&
			!rad_spherical_harmonics(context, &sampler->sphere, parameters->icosphere_radius, n,
									 &sampler->harmonics[n]))
			return false;
	}
	return true;
}

static void
finish(RadContext *context, Sampler *sampler)
{
	for (int n = 0; n <= sampler->parameters->levels; n++)
	{
		rad_release(context, sampler->results[n]);
		if (n < sampler->parameters->levels)
		{
			rad_release(context, sampler->harmonics[n].real);
			rad_release(context, sampler->harmonics[n].imaginary);
		}
	}
	rad_release(context, sampler->single);
	rad_release(context, sampler->pattern);
	rad_release(context, sampler->centres);
	rad_release(context, sampler->products);
	rad_release(context, sampler->weights);
	rad_release(context, sampler->samples);
	rad_release(context, sampler->results);
	rad_release(context, sampler->harmonics);
	rad_release(context, sampler->coefficients);
	rad_release(context, sampler->sphere.vertices);
}

bool
rad_filter_lbp3d(RadContext *context, const Volume *image, const Lbp3dParameters *parameters,
				 const uint8_t *inside, const Box *wanted, FilteredImageVisitor visit,
				 void *argument)
{
	Sampler		sampler = {
		.image = image, .parameters = parameters, .inside = inside,
		.wanted = wanted != NULL ? *wanted : image->box,
	};

	if (!prepare(context, &sampler) || !load_coefficients(context, &sampler) ||
		!describe_voxels(context, &sampler))
		return false;
	for (int n = 0; n <= parameters->levels; n++)
	{
		char		name[RAD_IMAGE_NAME_SIZE] = "lbp-3D-k";
		Volume		volume = {image->grid, sampler.wanted, VOXEL_FLOAT64, sampler.results[n]};

		if (n < parameters->levels)
			snprintf(name, sizeof(name), "lbp-3D-m%d", n + 1);
		if (!visit(context, argument, name, &volume))
			return false;
	}
	finish(context, &sampler);
	return true;
}
