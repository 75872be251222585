/*
 * Neighbourhood grey tone difference matrix (IBSI IPET, manual section 3.10).
 *
 * n_i is the number of voxels of grey level i that have a neighbour in the
 * intensity mask, s_i the sum over them of |i - mean level of those
 * neighbours|.  Voxels without such a neighbour count neither in n_i nor in
 * N_v,c, the sum of n_i; p_i = n_i / N_v,c; N_g,p is the number of levels with
 * p_i > 0.  Cells are (i, 0, n_i), with s_i beside them.
 *
 * The kernel counts integers per level and number of neighbours k, so that
 * s_i is a sum of few terms in the order of k.  Integer sums go into the
 * formulas as such: what should cancel does so exactly.
 *
 * Undefined (NAN): busyness of several levels whose i p_i are all equal, where
 * its denominator is 0.  A matrix without a voxel has no features at all.
 */
#include "features/neighbourhoods.h"

#include <math.h>
#include <stdlib.h>

typedef __int128 WideInteger;

/* IBSI's value for coarseness where no level differs from its neighbours. */
#define LARGEST_COARSENESS 1e6

/* Rows of complexity's double sum between two polls for a cancel. */
#define ROWS_PER_POLL 64

/* Sums that several features use. */
typedef struct NgtdmSums
{
	RadContext *context;
	const TextureMatrix *matrix;
	double		s;				/* sum of s_i */
	double		ns;				/* sum of n_i s_i */
	WideInteger level;			/* sum of i over present levels */
	WideInteger level_square;
	WideInteger n_level;		/* sum of n_i i */
	WideInteger n_level_square;
} NgtdmSums;

typedef bool (*Formula) (const NgtdmSums *sums, double *value);

static bool
count_differences(RadContext *context, const TextureInput *input, int first_slice,
				  int last_slice, bool planar, NeighbourhoodTable *table)
{
	return input->device->count_neighbourhood_differences(context, input->levels,
														  first_slice, last_slice,
														  input->settings->ngtdm_distance,
														  planar, table->count,
														  table->difference);
}

/* s_i: a voxel with k neighbours adds difference / k. */
static int64_t
difference_cells(int32_t level, const int64_t *count, const int64_t *difference,
				 int64_t width, MatrixCell *cells, double *cell_difference)
{
	int64_t		n = 0;
	double		s = 0.0;

	for (int64_t k = 1; k < width; k++)
	{
		if (count[k] == 0)
			continue;
		n += count[k];
		s += (double) difference[k] / (double) k;
	}
	if (n == 0)
		return 0;
	cells[0] = (MatrixCell) {level, 0, n};
	cell_difference[0] = s;
	return 1;
}

bool
rad_ngtdm_matrices(RadContext *context, TextureInput *input, MatrixSink sink,
				   void *argument)
{
	const NeighbourhoodFamily family = {
		.distance = input->settings->ngtdm_distance,
		.differences = true,
		.count = count_differences,
		.row_cells = difference_cells,
	};

	return rad_neighbourhood_matrices(context, input, &family, sink, argument);
}

/* Coarseness, IBSI QCDE: 1 / sum p_i s_i, at most 10^6. */
static bool
coarseness(const NgtdmSums *sums, double *value)
{
	*value = fmin((double) sums->matrix->total / sums->ns, LARGEST_COARSENESS);
	return true;
}

/*
 * Contrast, IBSI 65HE: sum over i, j of p_i p_j (i - j)^2, over N_g,p (N_g,p - 1),
 * times sum s_i / N_v,c; 0 for a single level.
 * sum over i, j of n_i n_j (i - j)^2 = 2 (N sum n_i i^2 - (sum n_i i)^2).
 */
static bool
contrast(const NgtdmSums *sums, double *value)
{
	double		total = (double) sums->matrix->total;
	double		levels = (double) sums->matrix->cell_count;
	WideInteger spread = 2 * (sums->matrix->total * sums->n_level_square -
							  sums->n_level * sums->n_level);

	*value = 0.0;
	if (sums->matrix->cell_count > 1)
		*value = (double) spread / (total * total) / (levels * (levels - 1.0)) *
			(sums->s / total);
	return true;
}

static int
compare_integers(const void *left, const void *right)
{
	int64_t		a = *(const int64_t *) left;
	int64_t		b = *(const int64_t *) right;

	return (a > b) - (a < b);
}

/*
 * Busyness, IBSI NQ30: sum p_i s_i / sum over i, j of |i p_i - j p_j|; 0 for a
 * single level.  In ascending order the value at position m (from 0) of L
 * enters the double sum 2 m - L + 1 times with its sign, twice over.
 */
static bool
busyness(const NgtdmSums *sums, double *value)
{
	const TextureMatrix *matrix = sums->matrix;
	int64_t    *products;
	WideInteger gaps = 0;

	*value = 0.0;
	if (matrix->cell_count == 1)
		return true;
	products = rad_new(sums->context, int64_t, matrix->cell_count);
	if (products == NULL)
		return false;
	for (int64_t c = 0; c < matrix->cell_count; c++)
		products[c] = matrix->cells[c].i * matrix->cells[c].count;
	qsort(products, (size_t) matrix->cell_count, sizeof(int64_t), compare_integers);
	for (int64_t c = 0; c < matrix->cell_count; c++)
		gaps += (WideInteger) products[c] * (2 * c - matrix->cell_count + 1);
	rad_release(sums->context, products);
	*value = gaps > 0 ? sums->ns / (2.0 * (double) gaps) : NAN;
	return true;
}

/*
 * Complexity, IBSI HDEZ: sum over i, j of
 * |i - j| (p_i s_i + p_j s_j) / (p_i + p_j), over N_v,c.
 */
static bool
complexity(const NgtdmSums *sums, double *value)
{
	const TextureMatrix *matrix = sums->matrix;
	double	   *n = rad_new(sums->context, double, matrix->cell_count);
	double	   *ns = rad_new(sums->context, double, matrix->cell_count);
	double		sum = 0.0;

	if (n == NULL || ns == NULL)
		return false;
	for (int64_t c = 0; c < matrix->cell_count; c++)
	{
		n[c] = (double) matrix->cells[c].count;
		ns[c] = n[c] * matrix->difference[c];
	}
	for (int64_t a = 0; a < matrix->cell_count; a++)
	{
		if (a % ROWS_PER_POLL == 0 && !rad_continue(sums->context))
			return false;
		for (int64_t b = 0; b < a; b++)
			sum += (matrix->cells[a].i - matrix->cells[b].i) * (ns[a] + ns[b]) /
				(n[a] + n[b]);
	}
	rad_release(sums->context, n);
	rad_release(sums->context, ns);
	*value = 2.0 * sum / (double) matrix->total;
	return true;
}

/*
 * Strength, IBSI 1X9X: sum over i, j of (p_i + p_j) (i - j)^2 / sum s_i; 0 when
 * the latter is.  By symmetry twice the sum of p_i (i - j)^2.
 */
static bool
strength(const NgtdmSums *sums, double *value)
{
	WideInteger spread = 2 * (sums->matrix->cell_count * sums->n_level_square -
							  2 * sums->n_level * sums->level +
							  sums->matrix->total * sums->level_square);

	*value = 0.0;
	if (sums->s > 0.0)
		*value = (double) spread / (double) sums->matrix->total / sums->s;
	return true;
}

static const Formula formulas[] = {
#define SELECT_NGTDM(function) function,
#include "catalogue/select_family.h"
};

bool
rad_ngtdm_formulas(RadContext *context, const TextureMatrix *matrix, double *values)
{
	NgtdmSums	sums = {.context = context, .matrix = matrix};

	for (int64_t c = 0; c < matrix->cell_count; c++)
	{
		WideInteger i = matrix->cells[c].i;
		WideInteger n = matrix->cells[c].count;

		sums.s += matrix->difference[c];
		sums.ns += (double) n * matrix->difference[c];
		sums.level += i;
		sums.level_square += i * i;
		sums.n_level += n * i;
		sums.n_level_square += n * i * i;
	}
	for (size_t f = 0; f < sizeof(formulas) / sizeof(formulas[0]); f++)
		if (!formulas[f](&sums, &values[f]))
			return false;
	return true;
}
