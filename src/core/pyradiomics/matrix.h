/*
 * Matrices of the texture classes as lists of cells, and the formulas on them.
 * Values are numbers of occurrences, whole or (weightingNorm) weighted.
 */
#ifndef RAD_PYRADIOMICS_MATRIX_H
#define RAD_PYRADIOMICS_MATRIX_H

#include "pyradiomics/levels.h"

typedef struct PyradiomicsCell
{
	int32_t		i;				/* grey level, from 1 */
	int32_t		j;				/* level, run length, zone size or dependence */
	double		value;			/* > 0 */
} PyradiomicsCell;

/*
 * Entropy -sum of p log2(p + eps), p = value / total, of a list that is added
 * to value by value.
 *
 * Whole values are the rule, so it sums c log2 c, remembered for small counts:
 * H = log2(total) - sum of c log2 c / total, less eps / ln 2 per value, which
 * is what eps does while p is far above it.  With few values, where more than
 * rounding may hang on exact zeros, the terms are computed as PyRadiomics does.
 */
#define PYRADIOMICS_REMEMBERED_COUNTS 1024
#define PYRADIOMICS_FEW_VALUES 16

typedef struct PyradiomicsLogs
{
	double		c_log_c[PYRADIOMICS_REMEMBERED_COUNTS];
} PyradiomicsLogs;

typedef struct PyradiomicsEntropy
{
	const PyradiomicsLogs *logs;
	int64_t		count;
	double		sum;			/* of c log2 c */
	double		few[PYRADIOMICS_FEW_VALUES];
} PyradiomicsEntropy;

extern void rad_pyradiomics_logs_fill(PyradiomicsLogs *logs);
extern double rad_pyradiomics_c_log_c(double value);

static inline void
rad_pyradiomics_entropy_begin(PyradiomicsEntropy *entropy, const PyradiomicsLogs *logs)
{
	entropy->logs = logs;
	entropy->count = 0;
	entropy->sum = 0.0;
}

static inline void
rad_pyradiomics_entropy_add(PyradiomicsEntropy *entropy, double value)
{
	int			whole = value < PYRADIOMICS_REMEMBERED_COUNTS ? (int) value : -1;

	if (entropy->count < PYRADIOMICS_FEW_VALUES)
		entropy->few[entropy->count] = value;
	entropy->count++;
	if ((double) whole == value)
		entropy->sum += entropy->logs->c_log_c[whole];
	else
		entropy->sum += rad_pyradiomics_c_log_c(value);
}

extern double rad_pyradiomics_entropy_end(const PyradiomicsEntropy *entropy, double total);

/*
 * What GLRLM, GLSZM and GLDM compute from a matrix over level and size; the
 * names are those of IBSI's corresponding features.
 */
typedef struct LevelSizeValues
{
	double		small_size;
	double		large_size;
	double		low_level;
	double		high_level;
	double		small_size_low_level;
	double		small_size_high_level;
	double		large_size_low_level;
	double		large_size_high_level;
	double		level_non_uniformity;
	double		level_non_uniformity_normalised;
	double		size_non_uniformity;
	double		size_non_uniformity_normalised;
	double		percentage;		/* total over the sum of value * size */
	double		level_variance;
	double		size_variance;
	double		entropy;
} LevelSizeValues;

/* Of cells ordered by level; all NAN without a cell. */
extern bool rad_pyradiomics_level_size(RadContext *context, const PyradiomicsLogs *logs,
									   const PyradiomicsCell *cells, int64_t cell_count,
									   LevelSizeValues *values);

/* Sort cells by i, then j, and merge those of equal i and j; their new number. */
extern int64_t rad_pyradiomics_merge_cells(PyradiomicsCell *cells, int64_t cell_count);

#endif							/* RAD_PYRADIOMICS_MATRIX_H */
