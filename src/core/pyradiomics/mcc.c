/*
 * The second largest eigenvalue of Q(i,j) = sum over k of
 * p(i,k) p(j,k) / (px(i) py(k) + eps), without forming Q.
 *
 * Without eps, Q is similar to S = B B' with B(i,k) = p(i,k) / sqrt(px(i) py(k)),
 * whose largest eigenvalue is 1 with the vector sqrt(px).  For a symmetric
 * matrix S = B B, so the eigenvalues of B itself will do: the one of largest
 * magnitude but for that first one, squared.  They are found by the Lanczos
 * method (Golub and Van Loan, Matrix Computations, chapter 10) on the complement
 * of sqrt(px), with full reorthogonalisation, until the residual bounds the
 * error; for few levels until the complement is exhausted, which makes it a
 * tridiagonalisation.  eps enters as the first order correction
 * l (Q - Q0) r / (l r) with l = v sqrt(px), r = v / sqrt(px); it is visible
 * (1e-7) where px py is small.
 */
#include "pyradiomics/mcc.h"

#include <math.h>
#include <string.h>

/* Steps before the first look at the residual, and then between looks. */
#define FIRST_CHECK 16
#define CHECK_STEPS 8

/* The most steps; unconverged, the error is far below a residual of 1e-6. */
#define MOST_STEPS 400

/* Vectors that the basis grows by. */
#define BASIS_STEP 32

/* B or B B', restricted to levels that occur. */
typedef struct Operator
{
	const MccWork *work;
	int			rows;
	int			columns;
	bool		symmetric;
	double	   *between;		/* B' v */
} Operator;

/* T: the tridiagonal matrix of the Lanczos steps. */
typedef struct Tridiagonal
{
	int			size;
	double		diagonal[MOST_STEPS];
	double		below[MOST_STEPS];	/* [n]: between n and n + 1 */
} Tridiagonal;

static bool
make_room(RadContext *context, MccWork *work, int64_t cell_count, int level_count)
{
	if (work->cell_room < cell_count)
	{
		rad_release(context, work->column);
		rad_release(context, work->element);
		rad_release(context, work->joint);
		work->cell_room = 2 * cell_count;
		work->column = rad_new(context, int32_t, work->cell_room);
		work->element = rad_new(context, double, work->cell_room);
		work->joint = rad_new(context, double, work->cell_room);
		if (work->column == NULL || work->element == NULL || work->joint == NULL)
			return false;
	}
	if (work->level_room < level_count + 1)
	{
		rad_release(context, work->index);
		work->level_room = level_count + 1;
		work->index = rad_new(context, int32_t, 2 * work->level_room);
		if (work->index == NULL)
			return false;
	}
	return true;
}

static bool
make_row_room(RadContext *context, MccWork *work, int rows)
{
	if (work->row_room >= rows)
		return true;
	rad_release(context, work->row_begin);
	rad_release(context, work->row_root);
	rad_release(context, work->column_root);
	rad_release(context, work->vectors);
	rad_release(context, work->basis);
	work->row_room = rows;
	work->basis_room = rows < BASIS_STEP ? rows : BASIS_STEP;
	work->row_begin = rad_new(context, int32_t, rows + 1);
	work->row_root = rad_new(context, double, rows);
	work->column_root = rad_new(context, double, rows);
	work->vectors = rad_new(context, double, 5 * (int64_t) rows);
	work->basis = rad_new(context, double, (int64_t) rows * work->basis_room);
	return work->row_begin != NULL && work->row_root != NULL && work->column_root != NULL &&
		work->vectors != NULL && work->basis != NULL;
}

void
rad_pyradiomics_mcc_release(RadContext *context, MccWork *work)
{
	rad_release(context, work->index);
	rad_release(context, work->row_begin);
	rad_release(context, work->column);
	rad_release(context, work->element);
	rad_release(context, work->joint);
	rad_release(context, work->row_root);
	rad_release(context, work->column_root);
	rad_release(context, work->vectors);
	rad_release(context, work->basis);
	memset(work, 0, sizeof(*work));
}

/* Number the levels that have a sum; roots of the shares.  Returns how many. */
static int
number_levels(const double *sum, int level_count, double total, int32_t *index,
			  double *root)
{
	int			count = 0;

	for (int level = 1; level <= level_count; level++)
		if (sum[level] > 0.0)
		{
			index[level] = count;
			root[count++] = sqrt(sum[level] / total);
		}
	return count;
}

static int
count_levels(const double *sum, int level_count)
{
	int			count = 0;

	for (int level = 1; level <= level_count; level++)
		count += sum[level] > 0.0;
	return count;
}

/* B by rows. */
static void
fill_elements(MccWork *work, const PyradiomicsCell *cells, int64_t cell_count, double total)
{
	const int32_t *column_index = work->index + work->level_room;
	int			row = -1;

	for (int64_t c = 0; c < cell_count; c++)
	{
		int			column = column_index[cells[c].j];

		while (row < work->index[cells[c].i])
			work->row_begin[++row] = (int32_t) c;
		work->column[c] = column;
		work->joint[c] = cells[c].value / total;
		work->element[c] = work->joint[c] / (work->row_root[row] * work->column_root[column]);
	}
	work->row_begin[row + 1] = (int32_t) cell_count;
}

/* out = B v, or B B' v. */
static void
apply(const Operator *operator, const double *v, double *out)
{
	const MccWork *work = operator->work;
	const int32_t *begin = work->row_begin;

	if (!operator->symmetric)
	{
		double	   *between = operator->between;

		memset(between, 0, (size_t) operator->columns * sizeof(double));
		for (int row = 0; row < operator->rows; row++)
			for (int32_t c = begin[row]; c < begin[row + 1]; c++)
				between[work->column[c]] += work->element[c] * v[row];
		v = between;
	}
	for (int row = 0; row < operator->rows; row++)
	{
		double		sum = 0.0;

		for (int32_t c = begin[row]; c < begin[row + 1]; c++)
			sum += work->element[c] * v[work->column[c]];
		out[row] = sum;
	}
}

/* Eight sums side by side: the additions of one would wait for each other. */
static double
dot(const double *a, const double *b, int size)
{
	double		sum[8] = {0.0};
	int			n = 0;

	for (; n + 8 <= size; n += 8)
		for (int m = 0; m < 8; m++)
			sum[m] += a[n + m] * b[n + m];
	for (; n < size; n++)
		sum[0] += a[n] * b[n];
	return ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
}

static void
subtract(double *from, double factor, const double *v, int size)
{
	for (int n = 0; n < size; n++)
		from[n] -= factor * v[n];
}

/*
 * Make w orthogonal to sqrt(px) and the basis; returns its length.  A second
 * time when the first has taken much away: twice is enough (Parlett, The
 * Symmetric Eigenvalue Problem, section 6.9).
 */
static double
orthogonalise(const Operator *operator, int basis_count, double *w)
{
	const MccWork *work = operator->work;
	int			size = operator->rows;
	double		before = sqrt(dot(w, w, size));

	for (int pass = 0;; pass++)
	{
		double		norm;

		subtract(w, dot(w, work->row_root, size), work->row_root, size);
		for (int n = 0; n < basis_count; n++)
		{
			const double *v = work->basis + (int64_t) n * size;

			subtract(w, dot(w, v, size), v, size);
		}
		norm = sqrt(dot(w, w, size));
		if (norm > 0.7 * before || pass > 0)
			return norm;
		before = norm;
	}
}

/* A fixed vector without structure, orthogonal to what there is. */
static bool
fresh_vector(const Operator *operator, int basis_count, uint64_t *state, double *v)
{
	int			size = operator->rows;

	for (int attempt = 0; attempt < 4; attempt++)
	{
		double		norm;

		for (int n = 0; n < size; n++)
		{
			/* xorshift64* (Vigna, ACM Trans. Math. Softw. 42 (2016) 30) */
			*state ^= *state >> 12;
			*state ^= *state << 25;
			*state ^= *state >> 27;
			v[n] = (double) (int64_t) (*state * UINT64_C(2685821657736338717)) / 9.3e18;
		}
		norm = orthogonalise(operator, basis_count, v);
		if (norm < 1e-8)
			continue;
		for (int n = 0; n < size; n++)
			v[n] /= norm;
		return true;
	}
	return false;
}

/*
 * Eigenvalues of T by the implicit QL method (Golub and Van Loan, section 8.3),
 * in no order.
 */
static void
tridiagonal_eigenvalues(const Tridiagonal *matrix, double *values)
{
	int			size = matrix->size;
	double		below[MOST_STEPS];

	memcpy(values, matrix->diagonal, (size_t) size * sizeof(double));
	memcpy(below, matrix->below, (size_t) size * sizeof(double));
	below[size - 1] = 0.0;
	for (int first = 0; first < size; first++)
		for (int sweep = 0; sweep < 60; sweep++)
		{
			int			last = first;
			double		shift;
			double		sine = 1.0;
			double		cosine = 1.0;
			double		carried = 0.0;

			while (last + 1 < size &&
				   fabs(below[last]) > 1e-17 * (fabs(values[last]) + fabs(values[last + 1])) &&
				   fabs(below[last]) > 1e-300)
				last++;
			if (last == first)
				break;
			shift = (values[first + 1] - values[first]) / (2.0 * below[first]);
			shift = values[last] - values[first] +
				below[first] / (shift + copysign(sqrt(shift * shift + 1.0), shift));
			for (int n = last - 1; n >= first; n--)
			{
				double		bulge = sine * below[n];
				double		other = cosine * below[n];
				double		length = sqrt(bulge * bulge + shift * shift);
				double		step;

				below[n + 1] = length;
				if (length == 0.0)
				{
					values[n + 1] -= carried;
					below[last] = 0.0;
					break;
				}
				sine = bulge / length;
				cosine = shift / length;
				shift = values[n + 1] - carried;
				step = (values[n] - shift) * sine + 2.0 * cosine * other;
				carried = sine * step;
				values[n + 1] = shift + carried;
				shift = cosine * step - other;
				if (n == first)
				{
					values[first] -= carried;
					below[first] = shift;
					below[last] = 0.0;
				}
			}
		}
}

/* Eigenvector of T for an eigenvalue by inverse iteration. */
static void
tridiagonal_vector(const Tridiagonal *matrix, double value, double *vector)
{
	int			size = matrix->size;
	double		pivot[MOST_STEPS];
	double		upper[MOST_STEPS];
	double		second[MOST_STEPS];

	for (int n = 0; n < size; n++)
		vector[n] = 1.0;
	for (int iteration = 0; iteration < 3; iteration++)
	{
		double		norm = 0.0;
		double		here = matrix->diagonal[0] - value;
		double		next = size > 1 ? matrix->below[0] : 0.0;

		/* Elimination with row exchanges; the right hand side goes along. */
		for (int n = 0; n + 1 < size; n++)
		{
			double		low = matrix->below[n];
			double		low_next = matrix->diagonal[n + 1] - value;
			double		low_second = n + 2 < size ? matrix->below[n + 1] : 0.0;
			double		factor;

			if (fabs(low) > fabs(here))
			{
				double		swap = vector[n];

				factor = here / low;
				pivot[n] = low;
				upper[n] = low_next;
				second[n] = low_second;
				vector[n] = vector[n + 1];
				vector[n + 1] = swap - factor * vector[n];
				here = next - factor * low_next;
				next = -factor * low_second;
			}
			else
			{
				factor = here == 0.0 ? 0.0 : low / here;
				pivot[n] = here;
				upper[n] = next;
				second[n] = 0.0;
				vector[n + 1] -= factor * vector[n];
				here = low_next - factor * next;
				next = low_second;
			}
		}
		pivot[size - 1] = here;
		for (int n = size - 1; n >= 0; n--)
		{
			double		sum = vector[n];

			if (n + 1 < size)
				sum -= upper[n] * vector[n + 1];
			if (n + 2 < size)
				sum -= second[n] * vector[n + 2];
			vector[n] = sum / (fabs(pivot[n]) > 1e-300 ? pivot[n] : 1e-300);
			/* A huge component says enough: keep clear of overflow. */
			if (fabs(vector[n]) > 1e100)
				for (int m = n; m < size; m++)
					vector[m] *= 1e-100;
		}
		for (int n = 0; n < size; n++)
			norm = fmax(norm, fabs(vector[n]));
		for (int n = 0; n < size; n++)
			vector[n] /= norm;
		norm = sqrt(dot(vector, vector, size));
		for (int n = 0; n < size; n++)
			vector[n] /= norm;
	}
}

/*
 * The Ritz value of largest magnitude and its vector in the basis.  True when
 * it is good enough: next is the coupling to the step that would follow.
 */
static bool
largest_ritz(const Tridiagonal *matrix, double next, double *value, double *vector)
{
	double		values[MOST_STEPS];
	double		gap = INFINITY;
	double		opposite = 0.0;
	double		residual;
	int			best = 0;

	tridiagonal_eigenvalues(matrix, values);
	for (int n = 1; n < matrix->size; n++)
		if (fabs(values[n]) > fabs(values[best]))
			best = n;
	*value = values[best];
	tridiagonal_vector(matrix, *value, vector);
	if (next == 0.0)
		return true;

	for (int n = 0; n < matrix->size; n++)
	{
		if (n != best)
			gap = fmin(gap, fabs(values[n] - values[best]));
		if (values[n] * values[best] < 0.0)
			opposite = fmax(opposite, fabs(values[n]));
	}
	residual = next * fabs(vector[matrix->size - 1]);

	/*
	 * Error of the value is residual^2 / gap, of the vector residual / gap (it
	 * only goes into a correction below 1e-6); the other end of the spectrum
	 * must not come out on top later.
	 */
	if (residual > 1e-13)
	{
		if (!(residual * residual < 1e-13 * gap * fabs(*value)) || !(residual < 1e-5 * gap))
			return false;
	}
	return opposite < 0.9 * fabs(*value) || residual < 1e-12;
}

/* Enlarge the basis, keeping what it holds. */
static bool
grow_basis(RadContext *context, MccWork *work, int rows, int count)
{
	double	   *grown;

	if ((int64_t) work->basis_room * work->row_room >= (int64_t) count * rows)
		return true;
	work->basis_room = (int) ((int64_t) (count + BASIS_STEP) * rows / work->row_room) + 1;
	grown = rad_new(context, double, (int64_t) work->basis_room * work->row_room);
	if (grown == NULL)
		return false;
	memcpy(grown, work->basis, (size_t) (count - 1) * (size_t) rows * sizeof(double));
	rad_release(context, work->basis);
	work->basis = grown;
	return true;
}

/*
 * Eigenvalue of largest magnitude of the operator on the complement of
 * sqrt(px), and its vector v.
 */
static bool
largest_eigenvalue(RadContext *context, MccWork *work, const Operator *operator,
				   double *eigenvalue, double *v)
{
	int			size = operator->rows;
	int			most = size - 1 < MOST_STEPS ? size - 1 : MOST_STEPS;
	double	   *w = work->vectors + work->row_room;
	double		in_basis[MOST_STEPS];
	uint64_t	state = UINT64_C(0x9E3779B97F4A7C15);
	Tridiagonal matrix;
	int			steps = 0;

	*eigenvalue = 0.0;
	memset(v, 0, (size_t) size * sizeof(double));
	if (!fresh_vector(operator, 0, &state, work->basis))
		return true;
	for (;;)
	{
		const double *last = work->basis + (int64_t) steps * size;
		double		norm;

		apply(operator, last, w);
		matrix.diagonal[steps] = dot(w, last, size);
		subtract(w, matrix.diagonal[steps], last, size);
		if (steps > 0)
			subtract(w, matrix.below[steps - 1], last - size, size);
		steps++;
		matrix.size = steps;
		norm = orthogonalise(operator, steps, w);
		matrix.below[steps - 1] = norm;
		if (steps == most)
		{
			largest_ritz(&matrix, 0.0, eigenvalue, in_basis);
			break;
		}
		if (steps % CHECK_STEPS == 0 && steps >= FIRST_CHECK)
		{
			if (!rad_continue(context))
				return false;
			if (norm > 1e-14 && largest_ritz(&matrix, norm, eigenvalue, in_basis))
				break;
		}
		if (!grow_basis(context, work, size, steps + 1))
			return false;
		if (norm > 1e-14)
		{
			double	   *next = work->basis + (int64_t) steps * size;

			for (int n = 0; n < size; n++)
				next[n] = w[n] / norm;
			continue;
		}
		/* An invariant subspace: go on in the rest of the complement. */
		matrix.below[steps - 1] = 0.0;
		if (!fresh_vector(operator, steps, &state, work->basis + (int64_t) steps * size))
		{
			largest_ritz(&matrix, 0.0, eigenvalue, in_basis);
			break;
		}
	}
	for (int n = 0; n < steps; n++)
		subtract(v, -in_basis[n], work->basis + (int64_t) n * size, size);
	return true;
}

/* l (Q - Q0) r for l = v sqrt(px), r = v / sqrt(px), v of length 1. */
static double
epsilon_correction(const MccWork *work, const Operator *operator, const double *v,
				   double *sums)
{
	double		correction = 0.0;

	memset(sums, 0, (size_t) operator->columns * sizeof(double));
	for (int row = 0; row < operator->rows; row++)
		for (int32_t c = work->row_begin[row]; c < work->row_begin[row + 1]; c++)
			sums[work->column[c]] += work->joint[c] * (v[row] / work->row_root[row]);
	for (int row = 0; row < operator->rows; row++)
	{
		double		left = v[row] * work->row_root[row];
		double		px = work->row_root[row] * work->row_root[row];

		for (int32_t c = work->row_begin[row]; c < work->row_begin[row + 1]; c++)
		{
			double		root = work->column_root[work->column[c]];
			double		product = px * (root * root);

			correction += left * work->joint[c] * sums[work->column[c]] /
				(product * (product + PYRADIOMICS_EPSILON));
		}
	}
	return -PYRADIOMICS_EPSILON * correction;
}

bool
rad_pyradiomics_mcc(RadContext *context, MccWork *work, const PyradiomicsCell *cells,
					int64_t cell_count, double total, const double *row_sum,
					const double *column_sum, int level_count, bool symmetric, double *mcc)
{
	Operator	operator = {.work = work, .symmetric = symmetric};
	double		eigenvalue;
	double	   *v;

	operator.rows = count_levels(row_sum, level_count);
	operator.columns = symmetric ? operator.rows : count_levels(column_sum, level_count);
	*mcc = 0.0;
	if (operator.rows < 2)
		return true;
	if (!make_room(context, work, cell_count, level_count) ||
		!make_row_room(context, work, operator.rows > operator.columns ? operator.rows :
					   operator.columns))
		return false;
	number_levels(row_sum, level_count, total, work->index, work->row_root);
	number_levels(column_sum, level_count, total, work->index + work->level_room,
				  work->column_root);
	fill_elements(work, cells, cell_count, total);
	v = work->vectors;
	operator.between = work->vectors + 2 * (int64_t) work->row_room;
	if (!largest_eigenvalue(context, work, &operator, &eigenvalue, v))
		return false;
	if (symmetric)
		eigenvalue *= eigenvalue;
	eigenvalue += epsilon_correction(work, &operator, v,
									 work->vectors + 3 * (int64_t) work->row_room);
	*mcc = sqrt(eigenvalue > 0.0 ? eigenvalue : 0.0);
	return true;
}
