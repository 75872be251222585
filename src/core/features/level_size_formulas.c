/*
 * The sixteen (NGLDM: seventeen) features of a matrix over grey level and
 * size; see level_size_formulas.h.
 *
 * Cells come ordered by level, so a row's sums are known when it ends, and the
 * factors in i are applied once per row instead of once per cell.
 */
#include "features/level_size_formulas.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * Columns up to this size are summed in an array; larger sizes (big zones) are
 * few, at most N_v / DIRECT_SIZES of them, and are sorted.
 */
#define DIRECT_SIZES 2048

/* Counts up to this have p log2 p remembered: most cells hold small counts. */
#define REMEMBERED_COUNTS 256

typedef struct SizeCount
{
	int32_t		size;
	int64_t		count;
} SizeCount;

static int
compare_sizes(const void *left, const void *right)
{
	int32_t		a = ((const SizeCount *) left)->size;
	int32_t		b = ((const SizeCount *) right)->size;

	return (a > b) - (a < b);
}

/* Sum of c_.j^2 over columns above DIRECT_SIZES, in ascending order of j. */
static bool
sum_large_columns(RadContext *context, const TextureMatrix *matrix, int64_t large_count,
				  double *sum)
{
	SizeCount  *large = rad_new(context, SizeCount, large_count);
	int64_t		n = 0;

	if (large == NULL)
		return false;
	for (int64_t c = 0; c < matrix->cell_count; c++)
		if (matrix->cells[c].j > DIRECT_SIZES)
			large[n++] = (SizeCount) {matrix->cells[c].j, matrix->cells[c].count};
	qsort(large, (size_t) n, sizeof(SizeCount), compare_sizes);
	for (int64_t first = 0, next; first < n; first = next)
	{
		int64_t		column = 0;

		for (next = first; next < n && large[next].size == large[first].size; next++)
			column += large[next].count;
		*sum += (double) column * (double) column;
	}
	rad_release(context, large);
	return true;
}

/* Sum of c_.j^2 in ascending order of j. */
static bool
sum_columns(RadContext *context, const TextureMatrix *matrix, double *sum)
{
	int64_t		columns[DIRECT_SIZES + 1];
	int32_t		largest = 0;
	int64_t		large_count = 0;

	for (int64_t c = 0; c < matrix->cell_count; c++)
	{
		int32_t		j = matrix->cells[c].j;

		if (j > DIRECT_SIZES)
			large_count++;
		else if (j > largest)
			largest = j;
	}
	memset(columns, 0, (size_t) (largest + 1) * sizeof(columns[0]));
	for (int64_t c = 0; c < matrix->cell_count; c++)
		if (matrix->cells[c].j <= DIRECT_SIZES)
			columns[matrix->cells[c].j] += matrix->cells[c].count;
	*sum = 0.0;
	for (int32_t j = 1; j <= largest; j++)
		*sum += (double) columns[j] * (double) columns[j];
	return large_count == 0 || sum_large_columns(context, matrix, large_count, sum);
}

/* Emphases, level non-uniformity, and the means of i and j. */
static void
sum_rows(const TextureMatrix *matrix, LevelSizeFeatures *features,
		 double *level_mean, double *size_mean)
{
	const MatrixCell *cell = matrix->cells;
	const MatrixCell *end = cell + matrix->cell_count;
	double		level_sum = 0.0;
	double		size_sum = 0.0;

	while (cell < end)
	{
		double		i = cell->i;
		int32_t		row = cell->i;
		double		count = 0.0;
		double		small = 0.0;
		double		large = 0.0;

		for (; cell < end && cell->i == row; cell++)
		{
			double		c = (double) cell->count;
			double		j = cell->j;

			count += c;
			small += c / (j * j);
			large += c * (j * j);
			size_sum += c * j;
		}
		level_sum += count * i;
		features->small_size += small;
		features->large_size += large;
		features->low_level += count / (i * i);
		features->high_level += count * (i * i);
		features->small_size_low_level += small / (i * i);
		features->small_size_high_level += small * (i * i);
		features->large_size_low_level += large / (i * i);
		features->large_size_high_level += large * (i * i);
		features->level_non_uniformity += count * count;
	}
	*level_mean = level_sum / (double) matrix->total;
	*size_mean = size_sum / (double) matrix->total;
}

/* Central moments, entropy and energy of p_ij. */
static void
sum_probabilities(const TextureMatrix *matrix, LevelSizeFeatures *features,
				  double level_mean, double size_mean)
{
	double		total = (double) matrix->total;
	double		remembered[REMEMBERED_COUNTS + 1];

	for (int n = 0; n <= REMEMBERED_COUNTS; n++)
		remembered[n] = NAN;
	for (int64_t c = 0; c < matrix->cell_count; c++)
	{
		const MatrixCell *cell = &matrix->cells[c];
		double		p = (double) cell->count / total;
		double		level_difference = cell->i - level_mean;
		double		size_difference = cell->j - size_mean;

		features->level_variance += p * (level_difference * level_difference);
		features->size_variance += p * (size_difference * size_difference);
		features->energy += p * p;
		if (cell->count > REMEMBERED_COUNTS)
			features->entropy -= p * log2(p);
		else
		{
			double	   *term = &remembered[cell->count];

			if (isnan(*term))
				*term = p * log2(p);
			features->entropy -= *term;
		}
	}
}

bool
rad_level_size_formulas(RadContext *context, const TextureMatrix *matrix,
						LevelSizeFeatures *features)
{
	double		total = (double) matrix->total;
	double		level_mean;
	double		size_mean;

	memset(features, 0, sizeof(*features));
	sum_rows(matrix, features, &level_mean, &size_mean);
	if (!rad_continue(context))
		return false;
	sum_probabilities(matrix, features, level_mean, size_mean);
	if (!rad_continue(context) ||
		!sum_columns(context, matrix, &features->size_non_uniformity))
		return false;

	features->small_size /= total;
	features->large_size /= total;
	features->low_level /= total;
	features->high_level /= total;
	features->small_size_low_level /= total;
	features->small_size_high_level /= total;
	features->large_size_low_level /= total;
	features->large_size_high_level /= total;
	features->level_non_uniformity /= total;
	features->level_non_uniformity_normalised = features->level_non_uniformity / total;
	features->size_non_uniformity /= total;
	features->size_non_uniformity_normalised = features->size_non_uniformity / total;
	features->percentage = total / (double) matrix->voxel_count;
	return true;
}
