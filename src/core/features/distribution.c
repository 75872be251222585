/*
 * Moments, percentiles and deviations; see distribution.h.
 */
#include "features/distribution.h"

#include <math.h>

#include "features/order_statistics.h"

/* The percentiles of a Distribution. */
static const double percentiles[] = {0.10, 0.25, 0.50, 0.75, 0.90};

#define PERCENTILE_COUNT 5

static void
set_percentiles(Distribution *distribution, const PercentileRank ranks[],
				const double elements[])
{
	double	   *const targets[PERCENTILE_COUNT] = {
		&distribution->p10, &distribution->p25, &distribution->median,
		&distribution->p75, &distribution->p90
	};

	for (int n = 0; n < PERCENTILE_COUNT; n++)
		*targets[n] = rad_percentile(&ranks[n], elements[2 * n], elements[2 * n + 1]);
}

/* All moments of a region with one intensity are known exactly. */
static void
set_constant(Distribution *distribution, double value, int64_t count)
{
	*distribution = (Distribution) {
		.count = count, .mean = value, .minimum = value, .maximum = value,
		.p10 = value, .p25 = value, .median = value, .p75 = value, .p90 = value,
		.sum_of_squares = (double) count * (value * value)
	};
}

static void
percentiles_of_counts(const double *values, const int64_t *counts, Distribution *distribution)
{
	PercentileRank ranks[PERCENTILE_COUNT];
	double		elements[2 * PERCENTILE_COUNT];
	int64_t		end = counts[0];	/* values up to and with index n */
	int64_t		n = 0;

	for (int p = 0; p < PERCENTILE_COUNT; p++)
	{
		ranks[p] = rad_percentile_rank(percentiles[p], distribution->count);
		while (end <= ranks[p].below)
			end += counts[++n];
		elements[2 * p] = values[n];
		elements[2 * p + 1] = ranks[p].above < end ? values[n] : values[n + 1];
	}
	set_percentiles(distribution, ranks, elements);
}

void
rad_distribution_of_counts(const double *values, const int64_t *counts, int64_t value_count,
						   Distribution *distribution)
{
	Distribution d = {0};
	double		sum = 0.0;
	double		inner_count = 0.0;
	double		inner_sum = 0.0;
	double		inner_mean;

	for (int64_t n = 0; n < value_count; n++)
	{
		d.count += counts[n];
		sum += (double) counts[n] * (values[n] - values[0]);
	}
	if (value_count == 1)
	{
		set_constant(distribution, values[0], d.count);
		return;
	}
	d.mean = values[0] + sum / (double) d.count;
	d.minimum = values[0];
	d.maximum = values[value_count - 1];
	percentiles_of_counts(values, counts, &d);

	for (int64_t n = 0; n < value_count; n++)
	{
		double		weight = (double) counts[n];
		double		x = values[n];
		double		difference = x - d.mean;
		double		square = difference * difference;

		d.second += weight * square;
		d.third += weight * (square * difference);
		d.fourth += weight * (square * square);
		d.mean_deviation += weight * fabs(difference);
		d.median_deviation += weight * fabs(x - d.median);
		d.sum_of_squares += weight * (x * x);
		if (x >= d.p10 && x <= d.p90)
		{
			inner_count += weight;
			inner_sum += weight * difference;
		}
	}
	inner_mean = d.mean + inner_sum / inner_count;
	for (int64_t n = 0; n < value_count; n++)
		if (values[n] >= d.p10 && values[n] <= d.p90)
			d.robust_deviation += (double) counts[n] * fabs(values[n] - inner_mean);
	d.second /= (double) d.count;
	d.third /= (double) d.count;
	d.fourth /= (double) d.count;
	d.mean_deviation /= (double) d.count;
	d.median_deviation /= (double) d.count;
	d.robust_deviation = inner_count > 0.0 ? d.robust_deviation / inner_count : NAN;
	*distribution = d;
}

/*
 * Sums over values in voxel order are formed in LANES partial sums per block,
 * element n going to lane n % LANES, then lanes, then blocks are added in
 * order.  So the order does not depend on the vector length of a machine, and
 * rounding errors grow with the block, not with the region.
 */
#define LANES 8
#define BLOCK 4096

/* Values between two looks at the interrupt flag; a multiple of BLOCK. */
#define POLL_VALUES (1 << 20)

static double
add_lanes(const double lane[LANES])
{
	return ((lane[0] + lane[1]) + (lane[2] + lane[3])) +
		((lane[4] + lane[5]) + (lane[6] + lane[7]));
}

/* Sum of x - shift over one block. */
static double
block_sum(const double *values, int count, double shift)
{
	double		sum[LANES] = {0};
	int			n = 0;

	for (; n + LANES <= count; n += LANES)
		for (int lane = 0; lane < LANES; lane++)
			sum[lane] += values[n + lane] - shift;
	for (int lane = 0; n + lane < count; lane++)
		sum[lane] += values[n + lane] - shift;
	return add_lanes(sum);
}

/* Sums of one block for the central moments and the deviations. */
typedef struct BlockSums
{
	double		second[LANES];
	double		third[LANES];
	double		fourth[LANES];
	double		mean_deviation[LANES];
	double		median_deviation[LANES];
	double		squares[LANES];
	double		inner_count[LANES];
	double		inner_sum[LANES];
} BlockSums;

static inline __attribute__((always_inline)) void
add_to_lane(BlockSums *sums, int lane, double x, const Distribution *d)
{
	double		difference = x - d->mean;
	double		square = difference * difference;
	bool		inner = (x >= d->p10) & (x <= d->p90);

	sums->second[lane] += square;
	sums->third[lane] += square * difference;
	sums->fourth[lane] += square * square;
	sums->mean_deviation[lane] += fabs(difference);
	sums->median_deviation[lane] += fabs(x - d->median);
	sums->squares[lane] += x * x;
	sums->inner_count[lane] += inner ? 1.0 : 0.0;
	sums->inner_sum[lane] += inner ? difference : 0.0;
}

/* Adds one block to the sums in *d and to the inner ones. */
static void
add_block(const double *values, int count, Distribution *d, double *inner_count,
		  double *inner_sum)
{
	const Distribution fixed = *d;
	BlockSums	sums = {0};
	int			n = 0;

	for (; n + LANES <= count; n += LANES)
		for (int lane = 0; lane < LANES; lane++)
			add_to_lane(&sums, lane, values[n + lane], &fixed);
	for (int lane = 0; n + lane < count; lane++)
		add_to_lane(&sums, lane, values[n + lane], &fixed);
	d->second += add_lanes(sums.second);
	d->third += add_lanes(sums.third);
	d->fourth += add_lanes(sums.fourth);
	d->mean_deviation += add_lanes(sums.mean_deviation);
	d->median_deviation += add_lanes(sums.median_deviation);
	d->sum_of_squares += add_lanes(sums.squares);
	*inner_count += add_lanes(sums.inner_count);
	*inner_sum += add_lanes(sums.inner_sum);
}

/* Sum of |x - center| over the values of a block that lie in [low, high]. */
static double
block_inner_deviation(const double *values, int count, double low, double high, double center)
{
	double		sum[LANES] = {0};

	for (int n = 0; n < count; n += LANES)
		for (int lane = 0; lane < LANES && n + lane < count; lane++)
		{
			double		x = values[n + lane];
			bool		inner = (x >= low) & (x <= high);

			sum[lane] += inner ? fabs(x - center) : 0.0;
		}
	return add_lanes(sum);
}

/* Percentiles of values in any order. */
static bool
percentiles_of_values(RadContext *context, const double *values, Distribution *d)
{
	PercentileRank ranks[PERCENTILE_COUNT];
	int64_t		wanted[2 * PERCENTILE_COUNT];
	double		found[2 * PERCENTILE_COUNT];
	double		elements[2 * PERCENTILE_COUNT];
	int			count = 0;

	/* In a small region the ranks of neighbouring percentiles overlap. */
	for (int p = 0; p < PERCENTILE_COUNT; p++)
	{
		ranks[p] = rad_percentile_rank(percentiles[p], d->count);
		for (int64_t rank = ranks[p].below; rank <= ranks[p].above; rank++)
			if (count == 0 || rank > wanted[count - 1])
				wanted[count++] = rank;
	}
	if (!rad_order_statistics(context, values, d->count, d->minimum, d->maximum,
							  wanted, count, found))
		return false;
	for (int p = 0; p < PERCENTILE_COUNT; p++)
		for (int n = 0; n < count; n++)
		{
			if (wanted[n] == ranks[p].below)
				elements[2 * p] = found[n];
			if (wanted[n] == ranks[p].above)
				elements[2 * p + 1] = found[n];
		}
	set_percentiles(d, ranks, elements);
	return true;
}

/* Size of the block that begins at `first`. */
static int
block_size(int64_t first, int64_t count)
{
	return count - first < BLOCK ? (int) (count - first) : BLOCK;
}

bool
rad_distribution_of_values(RadContext *context, const double *values, int64_t count,
						   double minimum, double maximum, Distribution *distribution)
{
	Distribution d = {.count = count, .minimum = minimum, .maximum = maximum};
	double		sum = 0.0;
	double		inner_count = 0.0;
	double		inner_sum = 0.0;
	double		inner_mean;

	if (minimum == maximum)
	{
		set_constant(distribution, minimum, count);
		return true;
	}
	if (!percentiles_of_values(context, values, &d) || !rad_continue(context))
		return false;
	for (int64_t first = 0; first < count; first += BLOCK)
		sum += block_sum(values + first, block_size(first, count), d.median);
	d.mean = d.median + sum / (double) count;
	for (int64_t first = 0; first < count; first += BLOCK)
	{
		if (first % POLL_VALUES == 0 && !rad_continue(context))
			return false;
		add_block(values + first, block_size(first, count), &d, &inner_count, &inner_sum);
	}
	inner_mean = d.mean + inner_sum / inner_count;
	for (int64_t first = 0; first < count; first += BLOCK)
		d.robust_deviation += block_inner_deviation(values + first, block_size(first, count),
													d.p10, d.p90, inner_mean);
	d.second /= (double) count;
	d.third /= (double) count;
	d.fourth /= (double) count;
	d.mean_deviation /= (double) count;
	d.median_deviation /= (double) count;
	d.robust_deviation = inner_count > 0.0 ? d.robust_deviation / inner_count : NAN;
	*distribution = d;
	return true;
}

double
rad_skewness(const Distribution *distribution)
{
	if (distribution->minimum == distribution->maximum)
		return 0.0;
	return distribution->third / (distribution->second * sqrt(distribution->second));
}

double
rad_excess_kurtosis(const Distribution *distribution)
{
	if (distribution->minimum == distribution->maximum)
		return 0.0;
	return distribution->fourth / (distribution->second * distribution->second) - 3.0;
}

double
rad_coefficient_of_variation(const Distribution *distribution)
{
	if (distribution->mean == 0.0)
		return NAN;
	return sqrt(distribution->second) / distribution->mean;
}

double
rad_quartile_coefficient_of_dispersion(const Distribution *distribution)
{
	double		sum = distribution->p75 + distribution->p25;

	if (sum == 0.0)
		return NAN;
	return (distribution->p75 - distribution->p25) / sum;
}

/* More distinct values than this are not counted. */
#define MOST_DISTINCT 65536

/* Values between two looks at the interrupt flag. */
#define POLL_VALUES (1 << 20)

/* Count integers, and keep those that occur. */
static bool
distribution_of_integers(RadContext *context, const double *values, int64_t count,
						 double minimum, double maximum, Distribution *distribution)
{
	int64_t		low = (int64_t) minimum;
	int64_t		bins = (int64_t) maximum - low + 1;
	int64_t    *counts = rad_new_zeroed(context, int64_t, 2 * bins);
	double	   *distinct = rad_new(context, double, bins);
	int64_t		distinct_count = 0;

	if (counts == NULL || distinct == NULL)
		return false;

	/*
	 * Neighbouring voxels often have the same intensity; counting them into
	 * two histograms keeps one increment from waiting for the other.
	 */
	for (int64_t n = 0; n < count; n++)
	{
		int64_t		bin = (int64_t) values[n] - low;

		if (n % POLL_VALUES == 0 && !rad_continue(context))
			return false;
		counts[2 * bin + (n & 1)]++;
	}
	for (int64_t bin = 0; bin < bins; bin++)
	{
		int64_t		of_bin = counts[2 * bin] + counts[2 * bin + 1];

		if (of_bin == 0)
			continue;
		distinct[distinct_count] = (double) (low + bin);
		counts[distinct_count++] = of_bin;
	}
	rad_distribution_of_counts(distinct, counts, distinct_count, distribution);
	rad_release(context, counts);
	rad_release(context, distinct);
	return true;
}

bool
rad_distribution(RadContext *context, const double *values, int64_t count, double minimum,
				 double maximum, bool integer_valued, Distribution *distribution)
{
	double		distinct = maximum - minimum + 1.0;

	/* A histogram pays when it is small, or at least not much larger than the region. */
	if (integer_valued && distinct <= MOST_DISTINCT &&
		distinct <= 4096.0 + 2.0 * (double) count)
		return distribution_of_integers(context, values, count, minimum, maximum,
										distribution);
	return rad_distribution_of_values(context, values, count, minimum, maximum, distribution);
}
