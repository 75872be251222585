/*
 * The numbers behind the intensity statistics (IBSI section 3.3) and the first
 * sixteen features of the intensity histogram (section 3.4), which are the same
 * formulas on intensities and on bin numbers.
 */
#ifndef RAD_FEATURES_DISTRIBUTION_H
#define RAD_FEATURES_DISTRIBUTION_H

#include "base/context.h"

typedef struct Distribution
{
	int64_t		count;			/* N_v */
	double		mean;
	double		second;			/* central moments, divided by N_v */
	double		third;
	double		fourth;
	double		minimum;
	double		maximum;
	double		p10;			/* percentiles */
	double		p25;
	double		median;
	double		p75;
	double		p90;
	double		mean_deviation; /* mean |x - mean| */
	double		robust_deviation;	/* the same of the values in [p10, p90]; NAN when
									 * there is none, as with two voxels */
	double		median_deviation;	/* mean |x - median| */
	double		sum_of_squares;
} Distribution;

/*
 * Of distinct values in ascending order and how often each occurs (> 0).  The
 * sums run over the values in this order.
 */
extern void rad_distribution_of_counts(const double *values, const int64_t *counts,
									   int64_t value_count, Distribution *distribution);

/*
 * Of count values in voxel order, which lie in [minimum, maximum] (both occur).
 * The sums run over blocks of fixed size.
 */
extern bool rad_distribution_of_values(RadContext *context, const double *values,
									   int64_t count, double minimum, double maximum,
									   Distribution *distribution);

/*
 * Of values in voxel order: by counting them when they are integers and a
 * histogram pays, else by the values themselves.
 */
extern bool rad_distribution(RadContext *context, const double *values, int64_t count,
							 double minimum, double maximum, bool integer_valued,
							 Distribution *distribution);

/* skewness, excess kurtosis, ...: formulas that both families share. */
extern double rad_skewness(const Distribution *distribution);
extern double rad_excess_kurtosis(const Distribution *distribution);
extern double rad_coefficient_of_variation(const Distribution *distribution);
extern double rad_quartile_coefficient_of_dispersion(const Distribution *distribution);

#endif							/* RAD_FEATURES_DISTRIBUTION_H */
