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
#include <string.h>

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

/* Merge the sorted runs [0, middle) and [middle, count) of from into to. */
static void
merge_runs(const int64_t *from, int64_t middle, int64_t count, int64_t *to)
{
	int64_t		a = 0;
	int64_t		b = middle;

	for (int64_t n = 0; n < count; n++)
	{
		bool		first = b >= count || (a < middle && from[a] <= from[b]);

		to[n] = first ? from[a] : from[b];
		a += first;
		b += !first;
	}
}

/*
 * Sort ascending; scratch holds count elements.  A slice has a matrix of few
 * hundred levels, on which qsort()'s calls would cost more than the sums.
 */
static void
sort_integers(int64_t *values, int64_t count, int64_t *scratch)
{
	int64_t    *from = values;
	int64_t    *to = scratch;

	for (int64_t run = 1; run < count; run *= 2)
	{
		int64_t    *swap = from;

		for (int64_t start = 0; start < count; start += 2 * run)
		{
			int64_t		rest = count - start;

			merge_runs(from + start, run < rest ? run : rest,
					   2 * run < rest ? 2 * run : rest, to + start);
		}
		from = to;
		to = swap;
	}
	if (from != values)
		memcpy(values, from, (size_t) count * sizeof(int64_t));
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
	products = rad_new(sums->context, int64_t, 2 * matrix->cell_count);
	if (products == NULL)
		return false;
	for (int64_t c = 0; c < matrix->cell_count; c++)
		products[c] = matrix->cells[c].i * matrix->cells[c].count;
	sort_integers(products, matrix->cell_count, products + matrix->cell_count);
	for (int64_t c = 0; c < matrix->cell_count; c++)
		gaps += (WideInteger) products[c] * (2 * c - matrix->cell_count + 1);
	rad_release(sums->context, products);
	*value = gaps > 0 ? sums->ns / (2.0 * (double) gaps) : NAN;
	return true;
}

/*
 * Levels taken together because their n_j are equal.  While complexity passes
 * the levels i upwards, slope * i + offset is the sum of |i - j| over the
 * group: integers, exact in double.
 */
typedef struct LevelGroups
{
	int64_t		count;			/* a multiple of GROUP_LANES */
	double	   *n;				/* ascending; behind the last group 1 */
	double	   *slope;			/* levels below i minus the others */
	double	   *offset;			/* sum of the others minus that of those below */
	int64_t    *of_cell;		/* group of each cell of the matrix */
} LevelGroups;

#define GROUP_LANES 4

/* A cell's count and its position below 2^16 (there are no more levels). */
#define POSITION_BITS 16

_Static_assert(RAD_MAX_LEVELS < 1 << POSITION_BITS, "positions need more bits");

/* Groups of a matrix, below all its levels. */
static bool
group_levels(RadContext *context, const TextureMatrix *matrix, LevelGroups *groups)
{
	int64_t		room = matrix->cell_count + GROUP_LANES;
	int64_t    *keys = rad_new(context, int64_t, 2 * matrix->cell_count);

	groups->n = rad_new(context, double, room);
	groups->slope = rad_new_zeroed(context, double, room);
	groups->offset = rad_new_zeroed(context, double, room);
	groups->of_cell = rad_new(context, int64_t, matrix->cell_count);
	if (keys == NULL || groups->n == NULL || groups->slope == NULL ||
		groups->offset == NULL || groups->of_cell == NULL)
		return false;
	for (int64_t c = 0; c < matrix->cell_count; c++)
		keys[c] = matrix->cells[c].count << POSITION_BITS | c;
	sort_integers(keys, matrix->cell_count, keys + matrix->cell_count);
	groups->count = 0;
	for (int64_t k = 0; k < matrix->cell_count; k++)
	{
		int64_t		c = keys[k] & ((1 << POSITION_BITS) - 1);
		double		n = (double) matrix->cells[c].count;

		if (groups->count == 0 || groups->n[groups->count - 1] != n)
			groups->n[groups->count++] = n;
		groups->of_cell[c] = groups->count - 1;
		groups->slope[groups->count - 1] -= 1.0;
		groups->offset[groups->count - 1] += matrix->cells[c].i;
	}
	for (; groups->count % GROUP_LANES != 0; groups->count++)
		groups->n[groups->count] = 1.0;
	rad_release(context, keys);
	return true;
}

/*
 * Complexity, IBSI HDEZ: sum over i, j of
 * |i - j| (p_i s_i + p_j s_j) / (p_i + p_j), over N_v,c.
 * By symmetry twice the sum of n_i s_i times the sum over j of
 * |i - j| / (n_i + n_j), where only groups of j matter: of many levels most
 * have one of few counts.
 */
static bool
complexity(const NgtdmSums *sums, double *value)
{
	const TextureMatrix *matrix = sums->matrix;
	LevelGroups groups;
	double		sum = 0.0;

	if (!group_levels(sums->context, matrix, &groups))
		return false;
	for (int64_t c = 0; c < matrix->cell_count; c++)
	{
		double		i = matrix->cells[c].i;
		double		n = (double) matrix->cells[c].count;
		double		partial[GROUP_LANES] = {0.0};
		int64_t		own = groups.of_cell[c];

		if (c % ROWS_PER_POLL == 0 && !rad_continue(sums->context))
			return false;
		for (int64_t g = 0; g < groups.count; g += GROUP_LANES)
			for (int lane = 0; lane < GROUP_LANES; lane++)
				partial[lane] += (i * groups.slope[g + lane] + groups.offset[g + lane]) /
					(n + groups.n[g + lane]);
		sum += n * matrix->difference[c] *
			((partial[0] + partial[1]) + (partial[2] + partial[3]));
		groups.slope[own] += 2.0;
		groups.offset[own] -= 2.0 * i;
	}
	rad_release(sums->context, groups.n);
	rad_release(sums->context, groups.slope);
	rad_release(sums->context, groups.offset);
	rad_release(sums->context, groups.of_cell);
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
