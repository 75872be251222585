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
 * The first four samples of a recursion over one vector of lines.  Terms that
 * would reach over the end at which it starts take the sample there.  step: to
 * the next sample in the direction of the recursion.  The anticausal one does
 * not use its own sample: its inputs lie `delay` = 1 behind.
 */
static inline __attribute__((always_inline)) void
start_line(const double weights[4], const double feedback[4], const double boundary[4],
		   const Lanes *in, Lanes *out, int64_t step, int delay)
{
#define INPUT(i, k) ((i) - (k) - delay > 0 ? in[((i) - (k) - delay) * step] : in[0])
#define FEEDBACK(i, k) \
	((i) > (k) ? feedback[k] * out[((i) - 1 - (k)) * step] : boundary[k] * in[0])
#define START(i) \
	out[(i) * step] = \
		COMBINE(weights, INPUT(i, 0), INPUT(i, 1), INPUT(i, 2), INPUT(i, 3)) - \
		(FEEDBACK(i, 0) + FEEDBACK(i, 1) + FEEDBACK(i, 2) + FEEDBACK(i, 3))

	START(0);
	START(1);
	START(2);
	START(3);
#undef START
#undef FEEDBACK
#undef INPUT
}

void
RECURSIVE_KERNEL(rad_recursive_lines)(const RecursiveFilter *filter, int count,
									  const double *samples, double *result, double *scratch)
{
	const RecursiveFilter f = *filter;
	const Lanes *in = (const Lanes *) samples;
	Lanes	   *causal = (Lanes *) result;
	Lanes	   *anticausal = (Lanes *) scratch;

	for (int v = 0; v < LANE_VECTORS; v++)
	{
		int64_t		last = (int64_t) (count - 1) * LANE_VECTORS + v;

		start_line(f.n, f.d, f.bn, in + v, causal + v, LANE_VECTORS, 0);
		start_line(f.m, f.d, f.bm, in + last, anticausal + last, -LANE_VECTORS, 1);
	}
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
