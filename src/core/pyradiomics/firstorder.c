/*
 * PyRadiomics' class firstorder: of the intensities of the region; Entropy and
 * Uniformity of their grey levels.
 */
#include <math.h>

#include "features/distribution.h"
#include "pyradiomics/classes.h"
#include "pyradiomics/numpy_sum.h"

/* Sum of (x + shift)^2, in blocks so that rounding does not grow with N. */
static double
shifted_energy(const double *values, int64_t count, double shift)
{
	double		sum = 0.0;

	for (int64_t first = 0; first < count; first += 256)
	{
		int64_t		end = first + 256 < count ? first + 256 : count;
		double		block = 0.0;

		for (int64_t n = first; n < end; n++)
			block += (values[n] + shift) * (values[n] + shift);
		sum += block;
	}
	return sum;
}

/* Entropy and Uniformity. */
static void
level_features(const PyradiomicsLevels *levels, int64_t count, double *values)
{
	double		entropy = 0.0;
	double		uniformity = 0.0;

	for (int n = 0; n < levels->present_count; n++)
	{
		double		p = (double) levels->voxels[n] / (double) count;

		entropy -= p * log2(p + PYRADIOMICS_EPSILON);
		uniformity += p * p;
	}
	values[PYRADIOMICS_firstorder_Entropy] = entropy;
	values[PYRADIOMICS_firstorder_Uniformity] = uniformity;
}

/*
 * Equal intensities have no deviation, skewness and kurtosis (0) unless their
 * mean, as NumPy rounds it, is not quite their value: then every deviation is the
 * same tiny number, which gives skewness +-1 and kurtosis 1.
 */
static void
flat_features(const PyradiomicsRegion *region, double *values)
{
	double		mean = rad_numpy_sum(region->values, region->count) / (double) region->count;
	double		deviation = region->minimum - mean;

	values[PYRADIOMICS_firstorder_MeanAbsoluteDeviation] = fabs(deviation);
	values[PYRADIOMICS_firstorder_RobustMeanAbsoluteDeviation] = fabs(deviation);
	values[PYRADIOMICS_firstorder_StandardDeviation] = fabs(deviation);
	values[PYRADIOMICS_firstorder_Variance] = deviation * deviation;
	if (deviation * deviation == 0.0)
		return;
	values[PYRADIOMICS_firstorder_Skewness] = deviation > 0.0 ? 1.0 : -1.0;
	values[PYRADIOMICS_firstorder_Kurtosis] = 1.0;
}

bool
rad_pyradiomics_firstorder(RadContext *context, const PyradiomicsRegion *region,
						   const PyradiomicsLevels *levels,
						   const PyradiomicsOptions *options,
						   double values[PYRADIOMICS_FEATURE_COUNT])
{
	const double *spacing = region->spacing;
	Distribution of;
	double		energy;

	if (!rad_distribution(context, region->values, region->count, region->minimum,
						  region->maximum, region->integer_valued, &of))
		return false;
	energy = shifted_energy(region->values, region->count, options->voxel_array_shift);
	level_features(levels, region->count, values);
	values[PYRADIOMICS_firstorder_10Percentile] = of.p10;
	values[PYRADIOMICS_firstorder_90Percentile] = of.p90;
	values[PYRADIOMICS_firstorder_Energy] = energy;
	values[PYRADIOMICS_firstorder_InterquartileRange] = of.p75 - of.p25;
	values[PYRADIOMICS_firstorder_Kurtosis] =
		of.second == 0.0 ? 0.0 : of.fourth / (of.second * of.second);
	values[PYRADIOMICS_firstorder_Maximum] = of.maximum;
	values[PYRADIOMICS_firstorder_MeanAbsoluteDeviation] = of.mean_deviation;
	values[PYRADIOMICS_firstorder_Mean] = of.mean;
	values[PYRADIOMICS_firstorder_Median] = of.median;
	values[PYRADIOMICS_firstorder_Minimum] = of.minimum;
	values[PYRADIOMICS_firstorder_Range] = of.maximum - of.minimum;
	values[PYRADIOMICS_firstorder_RobustMeanAbsoluteDeviation] = of.robust_deviation;
	values[PYRADIOMICS_firstorder_RootMeanSquared] = sqrt(energy / (double) region->count);
	values[PYRADIOMICS_firstorder_Skewness] =
		of.second == 0.0 ? 0.0 : of.third / pow(of.second, 1.5);
	values[PYRADIOMICS_firstorder_StandardDeviation] = sqrt(of.second);
	values[PYRADIOMICS_firstorder_TotalEnergy] =
		(region->dimension == 2 ? spacing[0] * spacing[1] :
		 spacing[0] * spacing[1] * spacing[2]) * energy;
	values[PYRADIOMICS_firstorder_Variance] = of.second;
	if (region->minimum == region->maximum)
		flat_features(region, values);
	return true;
}
