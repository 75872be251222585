/*
 * From an intensity to its grey level, for the CPU and for GPUs: the same
 * operations in the same order, and no contraction in either compiler.
 */
#ifndef RAD_ROI_BIN_RULE_H
#define RAD_ROI_BIN_RULE_H

#include <stdint.h>

#ifdef __CUDACC__
#define BIN_RULE_FUNCTION __host__ __device__ static inline
#else
#define BIN_RULE_FUNCTION static inline
#endif

/* One conversion of intensity to bin number - 1, before rounding down. */
typedef struct BinRule
{
	double		low;			/* subtracted */
	double		factor;			/* multiplied, then */
	double		divisor;		/* divided by */
	double		highest;		/* bin number of the highest bin - 1 */
} BinRule;

BIN_RULE_FUNCTION double
bin_position(const BinRule *rule, double value)
{
	return rule->factor * (value - rule->low) / rule->divisor;
}

/* Grey level, from 1. */
BIN_RULE_FUNCTION int32_t
bin_level(const BinRule *rule, double value)
{
	double		position = bin_position(rule, value);

	/* Rounding down: truncation of numbers that are not negative. */
	position = position > 0.0 ? position : 0.0;
	position = position < rule->highest ? position : rule->highest;
	return (int32_t) position + 1;
}

#endif							/* RAD_ROI_BIN_RULE_H */
