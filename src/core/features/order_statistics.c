/*
 * Bucket selection: count the values in equally wide buckets, then look only
 * into the buckets that hold a wanted rank.
 */
#include "features/order_statistics.h"

#include <math.h>
#include <string.h>

#define BUCKETS 4096

/* Fewer values than this are simply sorted. */
#define SMALL_COUNT 64

/* A bucket with more values than this is split again. */
#define LARGE_BUCKET 4096

/* Values between two looks at the interrupt flag. */
#define POLL_VALUES (1 << 20)

PercentileRank
rad_percentile_rank(double q, int64_t count)
{
	double		position = q * (double) (count - 1);
	PercentileRank rank;

	rank.below = (int64_t) floor(position);
	rank.above = rank.below + 1 < count ? rank.below + 1 : rank.below;
	rank.fraction = position - (double) rank.below;
	return rank;
}

double
rad_percentile(const PercentileRank *rank, double below, double above)
{
	/* From the nearer end, as numpy does: exact at both. */
	if (rank->fraction >= 0.5)
		return above - (above - below) * (1.0 - rank->fraction);
	return below + (above - below) * rank->fraction;
}

/* Let the element at `root` sink to its place in a heap of count elements. */
static void
sift_down(double *heap, int64_t root, int64_t count)
{
	double		value = heap[root];

	for (int64_t child = 2 * root + 1; child < count; child = 2 * root + 1)
	{
		if (child + 1 < count && heap[child + 1] > heap[child])
			child++;
		if (heap[child] <= value)
			break;
		heap[root] = heap[child];
		root = child;
	}
	heap[root] = value;
}

/* Heapsort: no bad case, no extra memory. */
static bool
sort_values(RadContext *context, double *values, int64_t count)
{
	for (int64_t root = count / 2 - 1; root >= 0; root--)
		sift_down(values, root, count);
	for (int64_t last = count - 1; last > 0; last--)
	{
		double		largest = values[0];

		if (last % POLL_VALUES == 0 && !rad_continue(context))
			return false;
		values[0] = values[last];
		values[last] = largest;
		sift_down(values, 0, last);
	}
	return true;
}

/* Sort a copy and pick. */
static bool
pick_from_sorted(RadContext *context, const double *values, int64_t count,
				 const int64_t *ranks, int rank_count, double *result)
{
	double	   *copy = rad_new(context, double, count);

	if (copy == NULL)
		return false;
	memcpy(copy, values, (size_t) count * sizeof(double));
	if (!sort_values(context, copy, count))
		return false;
	for (int n = 0; n < rank_count; n++)
		result[n] = copy[ranks[n]];
	rad_release(context, copy);
	return true;
}

/* Values whose buckets are computed before they are looked at. */
#define PIECE 512

/* Buckets of count values (at most PIECE); they grow with the value. */
static void
find_buckets(const double *restrict values, int count, double minimum, double scale,
			 int32_t *restrict buckets)
{
	for (int n = 0; n < count; n++)
	{
		double		position = (values[n] - minimum) * scale;

		buckets[n] = (int32_t) (position < BUCKETS - 1 ? position : BUCKETS - 1);
	}
}

static int
piece_size(int64_t first, int64_t count)
{
	return count - first < PIECE ? (int) (count - first) : PIECE;
}

static bool
count_buckets(RadContext *context, const double *values, int64_t count, double minimum,
			  double scale, int64_t *histogram)
{
	int32_t		buckets[PIECE];

	for (int64_t first = 0; first < count; first += PIECE)
	{
		int			size = piece_size(first, count);

		if (first % POLL_VALUES == 0 && !rad_continue(context))
			return false;
		find_buckets(values + first, size, minimum, scale, buckets);
		for (int n = 0; n < size; n++)
			histogram[buckets[n]]++;
	}
	return true;
}

/* One bucket that holds wanted ranks. */
typedef struct WantedBucket
{
	int64_t		before;			/* values in lower buckets */
	int64_t		count;
	int64_t		filled;
	double	   *members;
	double		minimum;
	double		maximum;
	int			first_rank;		/* index into ranks */
	int			rank_count;
} WantedBucket;

/* Find the buckets that hold the ranks; slot_of maps a bucket to wanted. */
static int
find_wanted(const int64_t *histogram, const int64_t *ranks, int rank_count,
			WantedBucket *wanted, int8_t *slot_of)
{
	int64_t		before = 0;
	int			next = 0;
	int			wanted_count = 0;

	memset(slot_of, -1, BUCKETS);
	for (int bucket = 0; bucket < BUCKETS && next < rank_count; bucket++)
	{
		int64_t		end = before + histogram[bucket];

		if (ranks[next] < end)
		{
			WantedBucket *entry = &wanted[wanted_count];

			*entry = (WantedBucket) {.before = before, .count = histogram[bucket],
				.minimum = INFINITY, .maximum = -INFINITY, .first_rank = next};
			while (next < rank_count && ranks[next] < end)
				next++;
			entry->rank_count = next - entry->first_rank;
			slot_of[bucket] = (int8_t) wanted_count++;
		}
		before = end;
	}
	return wanted_count;
}

/* Copy the members of the wanted buckets. */
static bool
gather_wanted(RadContext *context, const double *values, int64_t count, double minimum,
			  double scale, WantedBucket *wanted, const int8_t *slot_of)
{
	int32_t		buckets[PIECE];

	for (int64_t first = 0; first < count; first += PIECE)
	{
		int			size = piece_size(first, count);

		if (first % POLL_VALUES == 0 && !rad_continue(context))
			return false;
		find_buckets(values + first, size, minimum, scale, buckets);
		for (int n = 0; n < size; n++)
		{
			int			slot = slot_of[buckets[n]];

			if (slot >= 0)
				wanted[slot].members[wanted[slot].filled++] = values[first + n];
		}
	}
	return true;
}

bool
rad_order_statistics(RadContext *context, const double *values, int64_t count,
					 double minimum, double maximum,
					 const int64_t *ranks, int rank_count, double *result)
{
	double		scale = BUCKETS / (maximum - minimum);
	WantedBucket wanted[RAD_MOST_RANKS];
	int8_t		slot_of[BUCKETS];
	int64_t    *histogram;
	int			wanted_count;

	if (minimum == maximum)
	{
		for (int n = 0; n < rank_count; n++)
			result[n] = minimum;
		return true;
	}
	/* Differences that overflow or underflow cannot be scaled. */
	if (count <= SMALL_COUNT || !isnormal(scale))
		return pick_from_sorted(context, values, count, ranks, rank_count, result);

	histogram = rad_new_zeroed(context, int64_t, BUCKETS);
	if (histogram == NULL || !count_buckets(context, values, count, minimum, scale, histogram))
		return false;
	wanted_count = find_wanted(histogram, ranks, rank_count, wanted, slot_of);
	rad_release(context, histogram);
	for (int slot = 0; slot < wanted_count; slot++)
	{
		wanted[slot].members = rad_new(context, double, wanted[slot].count);
		if (wanted[slot].members == NULL)
			return false;
	}
	if (!gather_wanted(context, values, count, minimum, scale, wanted, slot_of))
		return false;

	for (int slot = 0; slot < wanted_count; slot++)
	{
		WantedBucket *bucket = &wanted[slot];
		int64_t		inner[RAD_MOST_RANKS];
		double	   *found = result + bucket->first_rank;
		bool		done;

		for (int n = 0; n < bucket->rank_count; n++)
			inner[n] = ranks[bucket->first_rank + n] - bucket->before;
		for (int64_t n = 0; n < bucket->count; n++)
		{
			bucket->minimum = fmin(bucket->minimum, bucket->members[n]);
			bucket->maximum = fmax(bucket->maximum, bucket->members[n]);
		}

		/*
		 * The extremes fell into different buckets, so this one holds fewer
		 * values in a range that is 4096 times smaller: few rounds suffice.
		 */
		if (bucket->count > LARGE_BUCKET)
			done = rad_order_statistics(context, bucket->members, bucket->count,
										bucket->minimum, bucket->maximum,
										inner, bucket->rank_count, found);
		else
			done = pick_from_sorted(context, bucket->members, bucket->count,
									inner, bucket->rank_count, found);
		if (!done)
			return false;
		rad_release(context, bucket->members);
	}
	return true;
}
