/*
 * Recursive filters over lines side by side, compiled once per x86-64 level by
 * recursive_v2.c and recursive_v3.c, which define RECURSIVE_KERNEL(name).  No
 * include guard, on purpose.
 *
 * A sample waits for the one before it some 20 cycles; the vectors of one step
 * are independent of each other and fill that time.  The order of operations is
 * ITK's, so that the bits are.
 */
#include "filters/recursive_gaussian.h"

typedef double Lanes __attribute__((vector_size(32), aligned(8), may_alias));

#define LANE_VECTORS (RAD_RECURSIVE_LANES / 4)

/* From left to right.  A macro, as a function of wide vectors has no v2 ABI. */
#define COMBINE(c, a0, a1, a2, a3) \
	((c)[0] * (a0) + (c)[1] * (a1) + (c)[2] * (a2) + (c)[3] * (a3))

/*
 * A sample at distance `from` from the end at which the recursion starts: the
 * terms that would reach over that end take its first sample.  step: +1 when
 * the recursion runs upwards.  The anticausal one does not use its own sample,
 * so its inputs lie one behind.
 */
static inline void
start_sample(const double weights[4], const double feedback[4], const double boundary[4],
			 const Lanes *in, Lanes *out, int64_t step, int from, int delay, const Lanes *end)
{
	Lanes		x[4];
	Lanes		y[4];
	double		c[4];

	for (int k = 0; k < 4; k++)
	{
		int			back = k + delay;

		x[k] = back <= from ? in[-back * step] : *end;
		y[k] = k + 1 <= from ? out[-(k + 1) * step] : *end;
		c[k] = k + 1 <= from ? feedback[k] : boundary[k];
	}
	*out = COMBINE(weights, x[0], x[1], x[2], x[3]) - COMBINE(c, y[0], y[1], y[2], y[3]);
}

/* The first four samples of both recursions. */
static void
start_lines(const RecursiveFilter *f, int count, const Lanes *in, Lanes *causal,
			Lanes *anticausal)
{
	for (int i = 0; i < 4; i++)
		for (int v = 0; v < LANE_VECTORS; v++)
		{
			int64_t		last = (int64_t) (count - 1) * LANE_VECTORS + v;
			int64_t		forward = (int64_t) i * LANE_VECTORS + v;
			int64_t		backward = last - (int64_t) i * LANE_VECTORS;

			start_sample(f->n, f->d, f->bn, in + forward, causal + forward,
						 LANE_VECTORS, i, 0, in + v);
			start_sample(f->m, f->d, f->bm, in + backward, anticausal + backward,
						 -LANE_VECTORS, i, 1, in + last);
		}
}

void
RECURSIVE_KERNEL(rad_recursive_lines)(const RecursiveFilter *filter, int count,
									  const double *samples, double *result, double *scratch)
{
	const RecursiveFilter f = *filter;
	const Lanes *in = (const Lanes *) samples;
	Lanes	   *causal = (Lanes *) result;
	Lanes	   *anticausal = (Lanes *) scratch;

	start_lines(&f, count, in, causal, anticausal);
	for (int i = 4; i < count; i++)
	{
		const Lanes *x = in + (int64_t) i * LANE_VECTORS;
		Lanes	   *y = causal + (int64_t) i * LANE_VECTORS;

		for (int v = 0; v < LANE_VECTORS; v++)
			y[v] = COMBINE(f.n, x[v], x[v - LANE_VECTORS], x[v - 2 * LANE_VECTORS],
						   x[v - 3 * LANE_VECTORS]) -
				COMBINE(f.d, y[v - LANE_VECTORS], y[v - 2 * LANE_VECTORS],
						y[v - 3 * LANE_VECTORS], y[v - 4 * LANE_VECTORS]);
	}
	for (int i = count - 1; i >= count - 4; i--)
		for (int v = 0; v < LANE_VECTORS; v++)
			causal[(int64_t) i * LANE_VECTORS + v] += anticausal[(int64_t) i * LANE_VECTORS + v];
	for (int i = count - 5; i >= 0; i--)
	{
		const Lanes *x = in + (int64_t) i * LANE_VECTORS;
		Lanes	   *z = anticausal + (int64_t) i * LANE_VECTORS;
		Lanes	   *y = causal + (int64_t) i * LANE_VECTORS;

		for (int v = 0; v < LANE_VECTORS; v++)
		{
			z[v] = COMBINE(f.m, x[v + LANE_VECTORS], x[v + 2 * LANE_VECTORS],
						   x[v + 3 * LANE_VECTORS], x[v + 4 * LANE_VECTORS]) -
				COMBINE(f.d, z[v + LANE_VECTORS], z[v + 2 * LANE_VECTORS],
						z[v + 3 * LANE_VECTORS], z[v + 4 * LANE_VECTORS]);
			y[v] += z[v];
		}
	}
}
