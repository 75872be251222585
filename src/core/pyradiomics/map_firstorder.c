/*
 * First order statistics of small boxes: sorted values say everything.
 */
#include "pyradiomics/map_firstorder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "features/order_statistics.h"

/* Voxels of a box. */
#define MOST_BOX_VOXELS 32768

/* Values and levels of the crop, and room for one box. */
typedef struct Boxes
{
	const PyradiomicsRegion *region;
	const PyradiomicsOptions *options;
	double		voxel_volume;
	int			reach[3];
	double	   *dense;			/* NAN where nothing counts */
	int32_t    *level;			/* the same places */
	double	   *value;			/* of one box, sorted */
	int32_t    *box_level;
	int			count;
} Boxes;

static int
compare_values(const void *left, const void *right)
{
	double		a = *(const double *) left;
	double		b = *(const double *) right;

	return (a > b) - (a < b);
}

static int
compare_levels(const void *left, const void *right)
{
	int32_t		a = *(const int32_t *) left;
	int32_t		b = *(const int32_t *) right;

	return (a > b) - (a < b);
}

/*
 * How far boxes reach: PyRadiomics lists offsets shorter than the region's
 * extent (or the crop's, unmasked), none along the axis that force2D forces.
 */
static void
find_reach(Boxes *boxes, const Box *box)
{
	const PyradiomicsOptions *options = boxes->options;
	int			slowest = boxes->region->dimension == 2 ? 1 : 2;

	for (int axis = 0; axis < 3; axis++)
	{
		int			extent = options->masked_kernel ? box->hi[axis] - box->lo[axis] :
			boxes->region->size[axis];

		boxes->reach[axis] = options->kernel_radius < extent ? options->kernel_radius :
			extent - 1;
		if (options->force_2d && slowest - options->force_2d_dimension == axis)
			boxes->reach[axis] = 0;
	}
}

static bool
create_boxes(RadContext *context, const PyradiomicsRegion *region,
			 const PyradiomicsLevels *levels, Boxes *boxes)
{
	int64_t		size = (int64_t) region->size[0] * region->size[1] * region->size[2];
	int64_t		most = 1;
	int64_t		next = 0;

	for (int axis = 0; axis < 3; axis++)
		most *= 2 * boxes->reach[axis] + 1;
	if (most > MOST_BOX_VOXELS)
		return rad_fail(context, RAD_LIMIT_EXCEEDED,
						"kernelRadius %d makes boxes of %lld voxels, more than %d",
						boxes->options->kernel_radius, (long long) most, MOST_BOX_VOXELS);
	boxes->dense = rad_new(context, double, size);
	boxes->level = rad_new(context, int32_t, size);
	boxes->value = rad_new(context, double, most);
	boxes->box_level = rad_new(context, int32_t, most);
	if (boxes->dense == NULL || boxes->level == NULL || boxes->value == NULL ||
		boxes->box_level == NULL)
		return false;
	for (int64_t n = 0; n < size; n++)
	{
		boxes->dense[n] = region->mask[n] ? region->values[next] : NAN;
		boxes->level[n] = region->mask[n] ? levels->level[next] : 0;
		next += region->mask[n];
	}
	return true;
}

/* Collect and sort the box around a voxel. */
static void
load_box(Boxes *boxes, const int32_t at[3])
{
	const int  *size = boxes->region->size;
	int			lo[3];
	int			hi[3];

	for (int axis = 0; axis < 3; axis++)
	{
		lo[axis] = at[axis] - boxes->reach[axis] > 0 ? at[axis] - boxes->reach[axis] : 0;
		hi[axis] = at[axis] + boxes->reach[axis] < size[axis] - 1 ?
			at[axis] + boxes->reach[axis] : size[axis] - 1;
	}
	boxes->count = 0;
	for (int z = lo[2]; z <= hi[2]; z++)
		for (int y = lo[1]; y <= hi[1]; y++)
			for (int x = lo[0]; x <= hi[0]; x++)
			{
				int64_t		n = ((int64_t) z * size[1] + y) * size[0] + x;

				if (boxes->level[n] == 0)
					continue;
				boxes->value[boxes->count] = boxes->dense[n];
				boxes->box_level[boxes->count++] = boxes->level[n];
			}
	qsort(boxes->value, (size_t) boxes->count, sizeof(double), compare_values);
	qsort(boxes->box_level, (size_t) boxes->count, sizeof(int32_t), compare_levels);
}

static double
percentile(const Boxes *boxes, double q)
{
	PercentileRank rank = rad_percentile_rank(q, boxes->count);

	return rad_percentile(&rank, boxes->value[rank.below], boxes->value[rank.above]);
}

/* Mean of the values from first to before end, and of their distances from it. */
static double
mean_deviation(const double *value, int first, int end, double *mean)
{
	double		sum = 0.0;
	double		deviation = 0.0;

	for (int n = first; n < end; n++)
		sum += value[n];
	*mean = sum / (end - first);
	for (int n = first; n < end; n++)
		deviation += fabs(value[n] - *mean);
	return deviation / (end - first);
}

static void
level_features(const Boxes *boxes, double *values)
{
	double		entropy = 0.0;
	double		uniformity = 0.0;

	for (int first = 0, next; first < boxes->count; first = next)
	{
		double		p;

		for (next = first; next < boxes->count; next++)
			if (boxes->box_level[next] != boxes->box_level[first])
				break;
		p = (double) (next - first) / boxes->count;
		entropy -= p * log2(p + PYRADIOMICS_EPSILON);
		uniformity += p * p;
	}
	values[PYRADIOMICS_firstorder_Entropy] = entropy;
	values[PYRADIOMICS_firstorder_Uniformity] = uniformity;
}

static void
box_features(const Boxes *boxes, double *values)
{
	const double *value = boxes->value;
	const int	count = boxes->count;
	double		shift = boxes->options->voxel_array_shift;
	double		energy = 0.0;
	double		moment[3] = {0.0, 0.0, 0.0};
	double		mean;
	double		robust;
	double		p10 = percentile(boxes, 0.1);
	double		p90 = percentile(boxes, 0.9);
	int			first = 0;
	int			end = count;

	values[PYRADIOMICS_firstorder_MeanAbsoluteDeviation] = mean_deviation(value, 0, count, &mean);
	for (int n = 0; n < count; n++)
	{
		double		from = value[n] - mean;
		double		square = from * from;

		energy += (value[n] + shift) * (value[n] + shift);
		moment[0] += square;
		moment[1] += square * from;
		moment[2] += square * square;
	}
	for (int n = 0; n < 3; n++)
		moment[n] /= count;
	while (first < count && value[first] < p10)
		first++;
	while (end > first && value[end - 1] > p90)
		end--;
	values[PYRADIOMICS_firstorder_10Percentile] = p10;
	values[PYRADIOMICS_firstorder_90Percentile] = p90;
	values[PYRADIOMICS_firstorder_Energy] = energy;
	values[PYRADIOMICS_firstorder_TotalEnergy] = energy * boxes->voxel_volume;
	values[PYRADIOMICS_firstorder_RootMeanSquared] = sqrt(energy / count);
	values[PYRADIOMICS_firstorder_InterquartileRange] =
		percentile(boxes, 0.75) - percentile(boxes, 0.25);
	values[PYRADIOMICS_firstorder_Kurtosis] =
		moment[0] == 0.0 ? 0.0 : moment[2] / (moment[0] * moment[0]);
	values[PYRADIOMICS_firstorder_Skewness] =
		moment[0] == 0.0 ? 0.0 : moment[1] / pow(moment[0], 1.5);
	values[PYRADIOMICS_firstorder_Maximum] = value[count - 1];
	values[PYRADIOMICS_firstorder_Minimum] = value[0];
	values[PYRADIOMICS_firstorder_Range] = value[count - 1] - value[0];
	values[PYRADIOMICS_firstorder_Mean] = mean;
	values[PYRADIOMICS_firstorder_Median] = percentile(boxes, 0.5);
	values[PYRADIOMICS_firstorder_RobustMeanAbsoluteDeviation] =
		mean_deviation(value, first, end, &robust);
	values[PYRADIOMICS_firstorder_StandardDeviation] = sqrt(moment[0]);
	values[PYRADIOMICS_firstorder_Variance] = moment[0];
	level_features(boxes, values);
}

bool
rad_map_firstorder(RadContext *context, const PyradiomicsRegion *region,
				   const PyradiomicsLevels *levels, const PyradiomicsOptions *options,
				   const Box *box, int32_t (*voxels)[3], int64_t voxel_count,
				   const PyradiomicsFeature *features, double **values, int feature_count)
{
	Boxes		boxes = {
		.region = region,
		.options = options,
		.voxel_volume = region->spacing[0] * region->spacing[1] *
			(region->dimension == 2 ? 1.0 : region->spacing[2]),
	};
	double		of[PYRADIOMICS_FEATURE_COUNT];

	find_reach(&boxes, box);
	if (!create_boxes(context, region, levels, &boxes))
		return false;
	for (int64_t v = 0; v < voxel_count; v++)
	{
		if (!rad_continue(context))
			return false;
		load_box(&boxes, voxels[v]);
		box_features(&boxes, of);
		for (int n = 0; n < feature_count; n++)
			if (values[n] != NULL)
				values[n][v] = of[features[n]];
	}
	rad_release(context, boxes.dense);
	rad_release(context, boxes.level);
	rad_release(context, boxes.value);
	rad_release(context, boxes.box_level);
	return true;
}
