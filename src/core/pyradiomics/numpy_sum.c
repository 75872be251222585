/*
 * Pairwise summation as NumPy does it: eight partial sums in blocks of up to
 * 128 values, blocks added by halves (rounded to multiples of eight).
 *
 * Where a result hangs on the last bit of a mean, as with equal values whose
 * mean is not quite their value, only the same order gives the same result.
 */
#include "pyradiomics/numpy_sum.h"

/* Most values that are summed without splitting. */
#define SUM_BLOCK 128

#define PAIRWISE_SUM(name, type) \
type \
name(const type *values, int64_t count) \
{ \
	type		part[8]; \
	type		sum = 0; \
	int64_t		n; \
	\
	if (count > SUM_BLOCK) \
	{ \
		int64_t		half = count / 2 - count / 2 % 8; \
		\
		return name(values, half) + name(values + half, count - half); \
	} \
	if (count < 8) \
	{ \
		for (n = 0; n < count; n++) \
			sum += values[n]; \
		return sum; \
	} \
	for (int m = 0; m < 8; m++) \
		part[m] = values[m]; \
	for (n = 8; n < count - count % 8; n += 8) \
		for (int m = 0; m < 8; m++) \
			part[m] += values[n + m]; \
	sum = ((part[0] + part[1]) + (part[2] + part[3])) + \
		((part[4] + part[5]) + (part[6] + part[7])); \
	for (; n < count; n++) \
		sum += values[n]; \
	return sum; \
}

PAIRWISE_SUM(rad_numpy_sum, double)
PAIRWISE_SUM(rad_numpy_sum_float, float)
