/*
 * Recursive filters over lines side by side, compiled once per x86-64 level by
 * recursive_v2.c and recursive_v3.c, which define RECURSIVE_KERNELS.  No
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

static void
filter_lines(const RecursiveFilter *filter, int count, const double *samples, double *result,
			 double *scratch)
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

typedef float Floats __attribute__((vector_size(16), aligned(4), may_alias));

/* Four vectors of four become their columns. */
#define TRANSPOSE(a, b, c, d) \
	do \
	{ \
		Floats		ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5); \
		Floats		ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7); \
		Floats		cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5); \
		Floats		cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7); \
		\
		a = __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5); \
		b = __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7); \
		c = __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5); \
		d = __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7); \
	} while (0)

static void
load_lines(const float *voxels, const LineBlock *block, double *samples)
{
	const float *source = voxels + block->first;
	const float *line[RAD_RECURSIVE_LANES];
	Lanes	   *out = (Lanes *) samples;
	int			i = 0;

	if (block->apart == 1 && block->lanes == RAD_RECURSIVE_LANES)
	{
		for (; i < block->count; i++, source += block->step)
			for (int v = 0; v < LANE_VECTORS; v++)
				*out++ = __builtin_convertvector(*(const Floats *) (source + 4 * v), Lanes);
		return;
	}
	for (int n = 0; n < RAD_RECURSIVE_LANES; n++)
		line[n] = source + (n < block->lanes ? n : block->lanes - 1) * block->apart;
	for (; block->step == 1 && i + 4 <= block->count; i += 4)
		for (int v = 0; v < LANE_VECTORS; v++)
		{
			Floats		a = *(const Floats *) (line[4 * v] + i);
			Floats		b = *(const Floats *) (line[4 * v + 1] + i);
			Floats		c = *(const Floats *) (line[4 * v + 2] + i);
			Floats		d = *(const Floats *) (line[4 * v + 3] + i);
			Lanes	   *to = out + i * LANE_VECTORS + v;

			TRANSPOSE(a, b, c, d);
			to[0] = __builtin_convertvector(a, Lanes);
			to[LANE_VECTORS] = __builtin_convertvector(b, Lanes);
			to[2 * LANE_VECTORS] = __builtin_convertvector(c, Lanes);
			to[3 * LANE_VECTORS] = __builtin_convertvector(d, Lanes);
		}
	for (; i < block->count; i++)
		for (int n = 0; n < RAD_RECURSIVE_LANES; n++)
			samples[i * RAD_RECURSIVE_LANES + n] = line[n][i * block->step];
}

static void
store_lines(const double *result, const LineBlock *block, int lo, int hi, float *voxels)
{
	float	   *out = voxels + block->first;
	const Lanes *in = (const Lanes *) result;
	int			whole = block->lanes / 4 * 4;
	int			i = lo;

	if (block->apart == 1 && block->lanes == RAD_RECURSIVE_LANES)
	{
		for (; i < hi; i++)
			for (int v = 0; v < LANE_VECTORS; v++)
				*(Floats *) (out + i * block->step + 4 * v) =
					__builtin_convertvector(in[i * LANE_VECTORS + v], Floats);
		return;
	}
	for (; block->step == 1 && i + 4 <= hi; i += 4)
	{
		for (int n = 0; n < whole; n += 4)
		{
			const Lanes *from = in + i * LANE_VECTORS + n / 4;
			Floats		a = __builtin_convertvector(from[0], Floats);
			Floats		b = __builtin_convertvector(from[LANE_VECTORS], Floats);
			Floats		c = __builtin_convertvector(from[2 * LANE_VECTORS], Floats);
			Floats		d = __builtin_convertvector(from[3 * LANE_VECTORS], Floats);
			float	   *to = out + n * block->apart + i;

			TRANSPOSE(a, b, c, d);
			*(Floats *) to = a;
			*(Floats *) (to + block->apart) = b;
			*(Floats *) (to + 2 * block->apart) = c;
			*(Floats *) (to + 3 * block->apart) = d;
		}
		for (int n = whole; n < block->lanes; n++)
			for (int k = i; k < i + 4; k++)
				out[n * block->apart + k] = (float) result[k * RAD_RECURSIVE_LANES + n];
	}
	for (; i < hi; i++)
		for (int n = 0; n < block->lanes; n++)
			out[n * block->apart + i * block->step] = (float) result[i * RAD_RECURSIVE_LANES + n];
}

const RecursiveKernels RECURSIVE_KERNELS = {filter_lines, load_lines, store_lines};
