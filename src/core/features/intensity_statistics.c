/*
 * Intensity-based statistics (IBSI UHIW, manual section 3.3), of the intensities
 * of the intensity mask, without discretisation.
 *
 * Regions with integers in a moderate range (CT) are counted into a histogram
 * of their intensities, from which everything else is cheap; other regions go
 * through blocks of voxels.  Which way is taken depends on the intensities
 * alone.
 */
#include <math.h>

#include "features/distribution.h"
#include "features/families.h"

/* Mean intensity, IBSI Q4LE. */
static double
mean_intensity(const Distribution *d)
{
	return d->mean;
}

/* Intensity variance, IBSI ECT3: population variance. */
static double
intensity_variance(const Distribution *d)
{
	return d->second;
}

/* Intensity skewness, IBSI KE2A: 0 when the variance is 0. */
static double
intensity_skewness(const Distribution *d)
{
	return rad_skewness(d);
}

/* (Excess) intensity kurtosis, IBSI IPH6: 0 when the variance is 0. */
static double
excess_intensity_kurtosis(const Distribution *d)
{
	return rad_excess_kurtosis(d);
}

/* Median intensity, IBSI Y12H. */
static double
median_intensity(const Distribution *d)
{
	return d->median;
}

/* Minimum intensity, IBSI 1GSF. */
static double
minimum_intensity(const Distribution *d)
{
	return d->minimum;
}

/* 10th intensity percentile, IBSI QG58: interpolated linearly, as all. */
static double
tenth_intensity_percentile(const Distribution *d)
{
	return d->p10;
}

/* 90th intensity percentile, IBSI 8DWT. */
static double
ninetieth_intensity_percentile(const Distribution *d)
{
	return d->p90;
}

/* Maximum intensity, IBSI 84IY. */
static double
maximum_intensity(const Distribution *d)
{
	return d->maximum;
}

/* Intensity interquartile range, IBSI SALO. */
static double
intensity_interquartile_range(const Distribution *d)
{
	return d->p75 - d->p25;
}

/* Intensity range, IBSI 2OJQ. */
static double
intensity_range(const Distribution *d)
{
	return d->maximum - d->minimum;
}

/* Intensity-based mean absolute deviation, IBSI 4FUA: around the mean. */
static double
intensity_based_mean_absolute_deviation(const Distribution *d)
{
	return d->mean_deviation;
}

/*
 * Intensity-based robust mean absolute deviation, IBSI 1128: within [P10, P90];
 * undefined when no intensity lies there, as with two different voxels.
 */
static double
intensity_based_robust_mean_absolute_deviation(const Distribution *d)
{
	return d->robust_deviation;
}

/* Intensity-based median absolute deviation, IBSI N72L: mean of |x - median|. */
static double
intensity_based_median_absolute_deviation(const Distribution *d)
{
	return d->median_deviation;
}

/* Intensity-based coefficient of variation, IBSI 7TET: undefined for mean 0. */
static double
intensity_based_coefficient_of_variation(const Distribution *d)
{
	return rad_coefficient_of_variation(d);
}

/*
 * Intensity-based quartile coefficient of dispersion, IBSI 9S40: undefined when
 * the quartiles add up to 0.
 */
static double
intensity_based_quartile_coefficient_of_dispersion(const Distribution *d)
{
	return rad_quartile_coefficient_of_dispersion(d);
}

/* Intensity-based energy, IBSI N8CA: the sum of squares. */
static double
intensity_based_energy(const Distribution *d)
{
	return d->sum_of_squares;
}

/* Root mean square intensity, IBSI 5ZWQ. */
static double
root_mean_square_intensity(const Distribution *d)
{
	return sqrt(d->sum_of_squares / (double) d->count);
}

typedef double (*Formula) (const Distribution *distribution);

static const Formula formulas[] = {
#define SELECT_INTENSITY_STATISTICS(function) function,
#include "catalogue/select_family.h"
};

bool
rad_intensity_statistics_features(RadContext *context, const Region *region,
								  const Settings *settings, FeatureValues *values)
{
	const FamilyEntry *family = &rad_families[FAMILY_INTENSITY_STATISTICS];
	Distribution distribution;

	if (!rad_distribution(context, region->values, region->intensity_count, region->minimum,
						  region->maximum, region->integer_valued, &distribution))
		return false;
	for (int n = 0; n < family->count; n++)
		if (!settings->excluded[family->first + n])
			values->value[family->first + n][0] = formulas[n](&distribution);
	return true;
}
