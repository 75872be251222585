/*
 * Re-segmentation as PyRadiomics with NumPy 1 does it: thresholds are compared
 * in the precision that NumPy gives an array of the image's type and a number,
 * which for 8 and 16 bit integers and float32 is float32; and the mean and the
 * standard deviation of a float32 image are sums of float32.
 */
#include "pyradiomics/resegment.h"

#include <math.h>

#include "pyradiomics/numpy_sum.h"

/* A number through float32, where the image's type asks for it. */
static double
rounded(VoxelType type, double value)
{
	volatile float single = (float) value;

	switch (type)
	{
		case VOXEL_INT32:
		case VOXEL_UINT32:
		case VOXEL_FLOAT64:
			return value;
		default:
			return single;
	}
}

/* Mean and population standard deviation; values are overwritten. */
static void
measure_doubles(double *values, int64_t count, double *mean, double *deviation)
{
	*mean = rad_numpy_sum(values, count) / (double) count;
	for (int64_t n = 0; n < count; n++)
		values[n] = (values[n] - *mean) * (values[n] - *mean);
	*deviation = sqrt(rad_numpy_sum(values, count) / (double) count);
}

static bool
measure_floats(RadContext *context, const double *values, int64_t count, double *mean,
			   double *deviation)
{
	float	   *single = rad_new(context, float, count);
	volatile float average;
	volatile float variance;

	if (single == NULL)
		return false;
	for (int64_t n = 0; n < count; n++)
		single[n] = (float) values[n];
	average = rad_numpy_sum_float(single, count) / (float) count;
	for (int64_t n = 0; n < count; n++)
	{
		float		from = single[n] - average;

		single[n] = from * from;
	}
	variance = rad_numpy_sum_float(single, count) / (float) count;
	*mean = average;
	*deviation = sqrtf(variance);
	rad_release(context, single);
	return true;
}

/* Values of the region in voxel order. */
static void
collect_values(const Volume *image, const Box *box, const uint8_t *mask, double *row,
			   double *values)
{
	int			width = image->box.hi[0] - image->box.lo[0];
	int			height = image->box.hi[1] - image->box.lo[1];
	int			size = box->hi[0] - box->lo[0];

	for (int z = box->lo[2]; z < box->hi[2]; z++)
		for (int y = box->lo[1]; y < box->hi[1]; y++, mask += size)
		{
			int64_t		at = ((int64_t) (z - image->box.lo[2]) * height + y - image->box.lo[1]) *
				width + box->lo[0] - image->box.lo[0];

			rad_voxels_to_double(image->type, image->voxels, at, size, row);
			for (int x = 0; x < size; x++)
				if (mask[x])
					*values++ = row[x];
		}
}

/* The thresholds as intensities. */
static bool
find_thresholds(RadContext *context, const PyradiomicsOptions *options, VoxelType type,
				double *values, int64_t count, double thresholds[2])
{
	double		mean = 0.0;
	double		unit = 1.0;

	if (options->resegment_mode == PYRADIOMICS_RESEGMENT_RELATIVE)
	{
		unit = values[0];
		for (int64_t n = 1; n < count; n++)
			unit = values[n] > unit ? values[n] : unit;
	}
	else if (options->resegment_mode == PYRADIOMICS_RESEGMENT_SIGMA)
	{
		if (type != VOXEL_FLOAT32)
			measure_doubles(values, count, &mean, &unit);
		else if (!measure_floats(context, values, count, &mean, &unit))
			return false;
	}
	for (int n = 0; n < options->resegment_range.count; n++)
		thresholds[n] = rounded(type, mean + unit * options->resegment_range.values[n]);
	return true;
}

bool
rad_pyradiomics_resegment(RadContext *context, const PyradiomicsOptions *options,
						  const Volume *image, const Box *box, const uint8_t *mask,
						  int64_t count, uint8_t *kept)
{
	PyradiomicsOptions sorted = *options;
	double	   *range = sorted.resegment_range.values;
	double		thresholds[2] = {-INFINITY, INFINITY};
	double	   *row = rad_new(context, double, box->hi[0] - box->lo[0]);
	double	   *values = rad_new(context, double, count);
	double	   *next = values;
	int64_t		size = rad_box_voxel_count(box);

	if (row == NULL || values == NULL)
		return false;
	if (sorted.resegment_range.count > 2)
		return rad_fail(context, RAD_INVALID_PARAMETER,
						"setting \"resegmentRange\" has %d elements, one or two are allowed",
						sorted.resegment_range.count);
	if (sorted.resegment_range.count == 2 && range[0] > range[1])
	{
		double		swap = range[0];

		range[0] = range[1];
		range[1] = swap;
	}
	collect_values(image, box, mask, row, values);
	if (!find_thresholds(context, &sorted, image->type, values, count, thresholds))
		return false;

	/* The statistics have overwritten the values. */
	collect_values(image, box, mask, row, values);
	for (int64_t n = 0; n < size; n++)
	{
		kept[n] = 0;
		if (mask[n])
		{
			kept[n] = *next >= thresholds[0] && *next <= thresholds[1];
			next++;
		}
	}
	rad_release(context, row);
	rad_release(context, values);
	return true;
}
