/*
 * Order statistics: single elements of the sorted intensities without sorting
 * all of them.  The results are elements of the input, so every way of finding
 * them gives the same bits.
 */
#ifndef RAD_FEATURES_ORDER_STATISTICS_H
#define RAD_FEATURES_ORDER_STATISTICS_H

#include "base/context.h"

/* Most ranks that can be asked for at once. */
#define RAD_MOST_RANKS 16

/*
 * result[n] = the element with rank ranks[n] (0: smallest) of count finite
 * values that lie in [minimum, maximum], both of which occur.  ranks ascend.
 */
extern bool rad_order_statistics(RadContext *context, const double *values, int64_t count,
								 double minimum, double maximum,
								 const int64_t *ranks, int rank_count, double *result);

/*
 * Percentiles as numpy's default (linear interpolation between the two
 * neighbours in rank): the ranks that percentile q in [0, 1] of count values
 * needs, and the percentile from the elements at these ranks.
 */
typedef struct PercentileRank
{
	int64_t		below;
	int64_t		above;
	double		fraction;
} PercentileRank;

extern PercentileRank rad_percentile_rank(double q, int64_t count);
extern double rad_percentile(const PercentileRank *rank, double below, double above);

#endif							/* RAD_FEATURES_ORDER_STATISTICS_H */
