/*
 * Entropies of counts, and the formulas of matrices over level and size.
 */
#include "pyradiomics/matrix.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void
rad_pyradiomics_logs_fill(PyradiomicsLogs *logs)
{
	logs->c_log_c[0] = 0.0;
	for (int c = 1; c < PYRADIOMICS_REMEMBERED_COUNTS; c++)
		logs->c_log_c[c] = c * log2(c);
}

double
rad_pyradiomics_c_log_c(double value)
{
	return value * log2(value);
}

double
rad_pyradiomics_entropy_end(const PyradiomicsEntropy *entropy, double total)
{
	double		sum = 0.0;

	if (entropy->count > PYRADIOMICS_FEW_VALUES)
		return log2(total) - entropy->sum / total -
			(double) entropy->count * (PYRADIOMICS_EPSILON * M_LOG2E);
	for (int n = 0; n < entropy->count; n++)
	{
		double		p = entropy->few[n] / total;

		sum += p * log2(p + PYRADIOMICS_EPSILON);
	}
	return -sum;
}

/* Emphases, level sums and the means of i and j; returns the total. */
static double
sum_cells(const PyradiomicsCell *cells, int64_t cell_count, LevelSizeValues *values,
		  double *level_mean, double *size_mean)
{
	const PyradiomicsCell *cell = cells;
	const PyradiomicsCell *end = cells + cell_count;
	double		total = 0.0;
	double		level_sum = 0.0;
	double		size_sum = 0.0;

	while (cell < end)
	{
		int32_t		row = cell->i;
		double		square = (double) row * row;
		double		count = 0.0;
		double		small = 0.0;
		double		large = 0.0;

		for (; cell < end && cell->i == row; cell++)
		{
			double		j = cell->j;

			count += cell->value;
			small += cell->value / (j * j);
			large += cell->value * (j * j);
			size_sum += cell->value * j;
		}
		total += count;
		level_sum += count * row;
		values->small_size += small;
		values->large_size += large;
		values->low_level += count / square;
		values->high_level += count * square;
		values->small_size_low_level += small / square;
		values->small_size_high_level += small * square;
		values->large_size_low_level += large / square;
		values->large_size_high_level += large * square;
		values->level_non_uniformity += count * count;
	}
	*level_mean = level_sum / total;
	*size_mean = size_sum / total;
	values->percentage = total / size_sum;
	return total;
}

/* Sizes up to this are summed in an array, larger ones by sorting. */
#define DIRECT_SIZES 2048

static int
compare_sizes(const void *left, const void *right)
{
	int32_t		a = ((const PyradiomicsCell *) left)->j;
	int32_t		b = ((const PyradiomicsCell *) right)->j;

	return (a > b) - (a < b);
}

/* Sum of squared column sums. */
static bool
sum_columns(RadContext *context, const PyradiomicsCell *cells, int64_t cell_count,
			double *sum)
{
	double		columns[DIRECT_SIZES + 1];
	int32_t		largest = 0;
	int64_t		large_count = 0;
	PyradiomicsCell *large;

	for (int64_t c = 0; c < cell_count; c++)
	{
		if (cells[c].j > DIRECT_SIZES)
			large_count++;
		else if (cells[c].j > largest)
			largest = cells[c].j;
	}
	memset(columns, 0, (size_t) (largest + 1) * sizeof(columns[0]));
	for (int64_t c = 0; c < cell_count; c++)
		if (cells[c].j <= DIRECT_SIZES)
			columns[cells[c].j] += cells[c].value;
	*sum = 0.0;
	for (int32_t j = 1; j <= largest; j++)
		*sum += columns[j] * columns[j];
	if (large_count == 0)
		return true;

	large = rad_new(context, PyradiomicsCell, large_count);
	if (large == NULL)
		return false;
	large_count = 0;
	for (int64_t c = 0; c < cell_count; c++)
		if (cells[c].j > DIRECT_SIZES)
			large[large_count++] = cells[c];
	qsort(large, (size_t) large_count, sizeof(large[0]), compare_sizes);
	for (int64_t first = 0, next; first < large_count; first = next)
	{
		double		column = 0.0;

		for (next = first; next < large_count && large[next].j == large[first].j; next++)
			column += large[next].value;
		*sum += column * column;
	}
	rad_release(context, large);
	return true;
}

bool
rad_pyradiomics_level_size(RadContext *context, const PyradiomicsLogs *logs,
						   const PyradiomicsCell *cells, int64_t cell_count,
						   LevelSizeValues *values)
{
	PyradiomicsEntropy entropy;
	double		total;
	double		level_mean;
	double		size_mean;

	memset(values, 0, sizeof(*values));
	total = sum_cells(cells, cell_count, values, &level_mean, &size_mean);
	rad_pyradiomics_entropy_begin(&entropy, logs);
	for (int64_t c = 0; c < cell_count; c++)
	{
		double		level = cells[c].i - level_mean;
		double		size = cells[c].j - size_mean;

		values->level_variance += cells[c].value * (level * level);
		values->size_variance += cells[c].value * (size * size);
		rad_pyradiomics_entropy_add(&entropy, cells[c].value);
	}
	values->entropy = rad_pyradiomics_entropy_end(&entropy, total);
	if (!sum_columns(context, cells, cell_count, &values->size_non_uniformity))
		return false;

	/* Without a cell every quotient is 0 / 0. */
	values->small_size /= total;
	values->large_size /= total;
	values->low_level /= total;
	values->high_level /= total;
	values->small_size_low_level /= total;
	values->small_size_high_level /= total;
	values->large_size_low_level /= total;
	values->large_size_high_level /= total;
	values->level_variance /= total;
	values->size_variance /= total;
	values->level_non_uniformity /= total;
	values->level_non_uniformity_normalised = values->level_non_uniformity / total;
	values->size_non_uniformity /= total;
	values->size_non_uniformity_normalised = values->size_non_uniformity / total;
	if (cell_count == 0)
		values->entropy = NAN;
	return true;
}

static int
compare_cells(const void *left, const void *right)
{
	const PyradiomicsCell *a = left;
	const PyradiomicsCell *b = right;

	if (a->i != b->i)
		return a->i < b->i ? -1 : 1;
	if (a->j != b->j)
		return a->j < b->j ? -1 : 1;
	/* Equal cells are added up, so their order has to be one. */
	return (a->value > b->value) - (a->value < b->value);
}

int64_t
rad_pyradiomics_merge_cells(PyradiomicsCell *cells, int64_t cell_count)
{
	int64_t		kept = 0;

	/* Without a cell there may be no array, which qsort does not take. */
	if (cell_count > 0)
		qsort(cells, (size_t) cell_count, sizeof(cells[0]), compare_cells);
	for (int64_t c = 0; c < cell_count; c++)
	{
		if (kept > 0 && cells[kept - 1].i == cells[c].i && cells[kept - 1].j == cells[c].j)
			cells[kept - 1].value += cells[c].value;
		else
			cells[kept++] = cells[c];
	}
	return kept;
}
