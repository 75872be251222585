/*
 * Sinks for tests: keep every delivered matrix, and average the formulas per
 * aggregation as features do.
 */
#ifndef TEST_MATRIX_COLLECTOR_H
#define TEST_MATRIX_COLLECTOR_H

#include "features/texture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_MATRICES 256

typedef struct MatrixCollector
{
	int			count;
	TextureMatrix matrices[MOST_MATRICES];
} MatrixCollector;

static inline bool
collect_matrix(RadContext *context, void *argument, const TextureMatrix *matrix)
{
	MatrixCollector *collector = argument;
	TextureMatrix *kept = &collector->matrices[collector->count++];
	MatrixCell *cells = rad_new(context, MatrixCell, matrix->cell_count);

	*kept = *matrix;
	memcpy(cells, matrix->cells, (size_t) matrix->cell_count * sizeof(MatrixCell));
	kept->cells = cells;
	if (matrix->difference != NULL)
	{
		double	   *difference = rad_new(context, double, matrix->cell_count);

		memcpy(difference, matrix->difference,
			   (size_t) matrix->cell_count * sizeof(double));
		kept->difference = difference;
	}
	return true;
}

/* Mean of every formula over the matrices with cells of one aggregation. */
static inline void
collector_features(RadContext *context, const MatrixCollector *collector,
				   MatrixFormulas formulas, Aggregation aggregation, double values[25])
{
	int			matrices = 0;

	memset(values, 0, 25 * sizeof(double));
	for (int m = 0; m < collector->count; m++)
	{
		double		of_matrix[25] = {0};

		if (collector->matrices[m].aggregation != aggregation ||
			collector->matrices[m].cell_count == 0)
			continue;
		if (!formulas(context, &collector->matrices[m], of_matrix))
			abort();
		for (int n = 0; n < 25; n++)
			values[n] += of_matrix[n];
		matrices++;
	}
	for (int n = 0; n < 25; n++)
		values[n] /= matrices;
}

#endif							/* TEST_MATRIX_COLLECTOR_H */
