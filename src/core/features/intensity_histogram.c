/*
 * Intensity histogram (IBSI ZVCW, manual section 3.4): the grey levels of the
 * intensity mask, without their positions.
 *
 * Percentiles are interpolated linearly between bin numbers.
 */
#include <math.h>

#include "features/distribution.h"
#include "features/families.h"

typedef struct Histogram
{
	const int64_t *count;		/* [level_count + 1]; [0] unused */
	int			level_count;	/* N_g, empty bins included */
	Distribution distribution;	/* of the bin numbers */

	/* Gradient of the counts, NAN with a single bin; the first bin on ties. */
	double		maximum_gradient;
	double		minimum_gradient;
	double		maximum_gradient_level;
	double		minimum_gradient_level;
} Histogram;

/* Mean discretised intensity, IBSI X6K6. */
static double
mean_discretised_intensity(const Histogram *h)
{
	return h->distribution.mean;
}

/* Discretised intensity variance, IBSI CH89: population variance. */
static double
discretised_intensity_variance(const Histogram *h)
{
	return h->distribution.second;
}

/* Discretised intensity skewness, IBSI 88K1: 0 when the variance is 0. */
static double
discretised_intensity_skewness(const Histogram *h)
{
	return rad_skewness(&h->distribution);
}

/* (Excess) discretised intensity kurtosis, IBSI C3I7: 0 when the variance is 0. */
static double
excess_discretised_intensity_kurtosis(const Histogram *h)
{
	return rad_excess_kurtosis(&h->distribution);
}

/* Median discretised intensity, IBSI WIFQ. */
static double
median_discretised_intensity(const Histogram *h)
{
	return h->distribution.median;
}

/* Minimum discretised intensity, IBSI 1PR8: lowest bin in use. */
static double
minimum_discretised_intensity(const Histogram *h)
{
	return h->distribution.minimum;
}

/* 10th discretised intensity percentile, IBSI GPMT. */
static double
tenth_discretised_intensity_percentile(const Histogram *h)
{
	return h->distribution.p10;
}

/* 90th discretised intensity percentile, IBSI OZ0C. */
static double
ninetieth_discretised_intensity_percentile(const Histogram *h)
{
	return h->distribution.p90;
}

/* Maximum discretised intensity, IBSI 3NCY. */
static double
maximum_discretised_intensity(const Histogram *h)
{
	return h->distribution.maximum;
}

/*
 * Intensity histogram mode, IBSI AMMC: the most frequent bin; on ties the one
 * nearest to the mean, then the lower one.
 */
static double
intensity_histogram_mode(const Histogram *h)
{
	int			mode = 1;

	for (int level = 2; level <= h->level_count; level++)
		if (h->count[level] > h->count[mode] ||
			(h->count[level] == h->count[mode] &&
			 fabs(level - h->distribution.mean) < fabs(mode - h->distribution.mean)))
			mode = level;
	return mode;
}

/* Discretised intensity interquartile range, IBSI WR0O. */
static double
discretised_intensity_interquartile_range(const Histogram *h)
{
	return h->distribution.p75 - h->distribution.p25;
}

/* Discretised intensity range, IBSI 5Z3W. */
static double
discretised_intensity_range(const Histogram *h)
{
	return h->distribution.maximum - h->distribution.minimum;
}

/* Intensity histogram mean absolute deviation, IBSI D2ZX: around the mean. */
static double
intensity_histogram_mean_absolute_deviation(const Histogram *h)
{
	return h->distribution.mean_deviation;
}

/*
 * Intensity histogram robust mean absolute deviation, IBSI WRZB: within [P10, P90];
 * undefined when no bin number lies there.
 */
static double
intensity_histogram_robust_mean_absolute_deviation(const Histogram *h)
{
	return h->distribution.robust_deviation;
}

/* Intensity histogram median absolute deviation, IBSI 4RNL: mean of |x - median|. */
static double
intensity_histogram_median_absolute_deviation(const Histogram *h)
{
	return h->distribution.median_deviation;
}

/* Intensity histogram coefficient of variation, IBSI CWYJ. */
static double
intensity_histogram_coefficient_of_variation(const Histogram *h)
{
	return rad_coefficient_of_variation(&h->distribution);
}

/* Intensity histogram quartile coefficient of dispersion, IBSI SLWD. */
static double
intensity_histogram_quartile_coefficient_of_dispersion(const Histogram *h)
{
	return rad_quartile_coefficient_of_dispersion(&h->distribution);
}

/* Discretised intensity entropy, IBSI TLU2, in bits. */
static double
discretised_intensity_entropy(const Histogram *h)
{
	double		entropy = 0.0;

	for (int level = 1; level <= h->level_count; level++)
	{
		double		probability = (double) h->count[level] / (double) h->distribution.count;

		if (h->count[level] > 0)
			entropy -= probability * log2(probability);
	}
	return entropy;
}

/* Discretised intensity uniformity, IBSI BJ5W. */
static double
discretised_intensity_uniformity(const Histogram *h)
{
	double		uniformity = 0.0;

	for (int level = 1; level <= h->level_count; level++)
	{
		double		probability = (double) h->count[level] / (double) h->distribution.count;

		uniformity += probability * probability;
	}
	return uniformity;
}

/* Maximum histogram gradient, IBSI 12CE: undefined with a single bin. */
static double
maximum_histogram_gradient(const Histogram *h)
{
	return h->maximum_gradient;
}

/* Maximum histogram gradient intensity, IBSI 8E6O: its bin, the first on ties. */
static double
maximum_histogram_gradient_intensity(const Histogram *h)
{
	return h->maximum_gradient_level;
}

/* Minimum histogram gradient, IBSI VQB3: undefined with a single bin. */
static double
minimum_histogram_gradient(const Histogram *h)
{
	return h->minimum_gradient;
}

/* Minimum histogram gradient intensity, IBSI RHQZ: its bin, the first on ties. */
static double
minimum_histogram_gradient_intensity(const Histogram *h)
{
	return h->minimum_gradient_level;
}

typedef double (*Formula) (const Histogram *histogram);

static const Formula formulas[] = {
#define SELECT_INTENSITY_HISTOGRAM(function) function,
#include "catalogue/select_family.h"
};

/*
 * Extremes of the gradient of the counts over bins 1 .. N_g: differences to the
 * neighbour at both ends, half the difference of both neighbours in between.
 */
static void
find_gradients(Histogram *h)
{
	h->maximum_gradient = h->minimum_gradient = NAN;
	h->maximum_gradient_level = h->minimum_gradient_level = NAN;
	if (h->level_count < 2)
		return;
	for (int level = 1; level <= h->level_count; level++)
	{
		int			below = level > 1 ? level - 1 : level;
		int			above = level < h->level_count ? level + 1 : level;
		double		gradient = (double) (h->count[above] - h->count[below]) / (above - below);

		if (level == 1 || gradient > h->maximum_gradient)
		{
			h->maximum_gradient = gradient;
			h->maximum_gradient_level = level;
		}
		if (level == 1 || gradient < h->minimum_gradient)
		{
			h->minimum_gradient = gradient;
			h->minimum_gradient_level = level;
		}
	}
}

bool
rad_intensity_histogram_features(RadContext *context, const GreyLevels *levels,
								 const Settings *settings, FeatureValues *values)
{
	const FamilyEntry *family = &rad_families[FAMILY_INTENSITY_HISTOGRAM];
	Histogram	histogram = {.count = levels->histogram, .level_count = levels->level_count};
	double	   *used = rad_new(context, double, levels->level_count);
	int64_t    *counts = rad_new(context, int64_t, levels->level_count);
	int64_t		used_count = 0;

	if (used == NULL || counts == NULL)
		return false;
	for (int level = 1; level <= levels->level_count; level++)
	{
		if (levels->histogram[level] == 0)
			continue;
		used[used_count] = level;
		counts[used_count++] = levels->histogram[level];
	}
	rad_distribution_of_counts(used, counts, used_count, &histogram.distribution);
	find_gradients(&histogram);
	for (int n = 0; n < family->count; n++)
		if (!settings->excluded[family->first + n])
			values->value[family->first + n][0] = formulas[n](&histogram);
	rad_release(context, used);
	rad_release(context, counts);
	return true;
}
