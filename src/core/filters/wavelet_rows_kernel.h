/*
 * Weighted sums of rows, compiled once per x86-64 level by wavelet_v2.c and
 * wavelet_v3.c, which define WAVELET_KERNELS.  No include guard, on purpose.
 */
#include "filters/wavelet_rows.h"

/* Vectors are written out, as compilers vectorise the sum over j otherwise. */
typedef float FloatLanes __attribute__((vector_size(32), aligned(4), may_alias));
typedef double DoubleLanes __attribute__((vector_size(32), aligned(8), may_alias));

/*
 * Sums of a piece of four vectors stay in registers.  A row that is no multiple
 * of the piece ends with one that overlaps the piece before; its results are the
 * same.
 */
#define COMBINE(name, real, Lanes) \
	static void \
	name(const real *const *rows, const real *taps, int length, int count, real *out) \
	{ \
		const int	lanes = sizeof(Lanes) / sizeof(real); \
		const int	piece = 4 * lanes; \
		\
		for (int x = 0; x < count && count >= piece; x += piece) \
		{ \
			int			at = x + piece <= count ? x : count - piece; \
			Lanes		s0 = {0}; \
			Lanes		s1 = {0}; \
			Lanes		s2 = {0}; \
			Lanes		s3 = {0}; \
			\
			for (int j = 0; j < length; j++) \
			{ \
				const real *row = rows[j] + at; \
				\
				s0 += taps[j] * *(const Lanes *) row; \
				s1 += taps[j] * *(const Lanes *) (row + lanes); \
				s2 += taps[j] * *(const Lanes *) (row + 2 * lanes); \
				s3 += taps[j] * *(const Lanes *) (row + 3 * lanes); \
			} \
			*(Lanes *) (out + at) = s0; \
			*(Lanes *) (out + at + lanes) = s1; \
			*(Lanes *) (out + at + 2 * lanes) = s2; \
			*(Lanes *) (out + at + 3 * lanes) = s3; \
		} \
		for (int x = 0; x < count && count < piece; x++) \
		{ \
			real		sum = 0; \
			\
			for (int j = 0; j < length; j++) \
				sum += taps[j] * rows[j][x]; \
			out[x] = sum; \
		} \
	}

COMBINE(combine_float, float, FloatLanes)
COMBINE(combine_double, double, DoubleLanes)

const WaveletKernels WAVELET_KERNELS = {combine_float, combine_double};
