/*
 * Pair sums through the Fourier transform.
 *
 * With the box zero-padded to at least 2 n - 1 per axis, so that nothing wraps
 * around, the sum over all ordered pairs of a_i w(i - j) b_j is
 *
 *	1 / N * sum over frequencies k of W(k) Re(conj(A(k)) B(k))
 *
 * so no inverse transform is needed.  W is real, because w is even.  A real
 * image has A(-k) = conj(A(k)), so half the frequencies of one axis do.
 *
 * The padded box does not fit in memory for large regions (8 times the box, 16
 * bytes each, three arrays), so the longest axis ("a") is transformed in
 * residue classes of its frequencies: for ka = B q + r,
 *
 *	A(B q + r) = sum over j of exp(-2 pi i q j / (L / B)) *
 *				 sum over a = j mod L / B of x(a) exp(-2 pi i a r / L)
 *
 * a transform of length L / B over folded data.  What a class keeps per
 * frequency is the unpadded plane of the two other axes ("b" contiguous, "c");
 * each plane is then padded, transformed and summed on its own.
 */
#include "features/autocorrelation.h"

#include <math.h>
#include <string.h>

/*
 * The planes of one class stay below this many bytes, plus two per voxel of the
 * box: every class looks at the whole box again, so their number must not grow
 * with it.
 */
#define CLASS_BYTES 24000000

/* Arrays that are transformed: mask, deviation, deviation squared. */
#define ARRAY_COUNT 3

typedef struct Axis
{
	int			size;			/* of the box */
	int			first;			/* of the box in the region's arrays */
	int64_t		stride;			/* in the region's arrays */
	double		spacing;		/* mm */
	int			half;			/* distances 0 .. length / 2 */
	FourierPlan plan;			/* of the padded length */
} Axis;

typedef struct PairSearch
{
	FourierColumns columns;
	const Region *region;
	double		mean;

	Axis		a;				/* longest axis, split into classes */
	Axis		b;				/* contiguous here */
	Axis		c;

	/* Numbers of columns, rounded up to whole vectors. */
	int64_t		b_columns;		/* b.size */
	int64_t		b_half_columns; /* b.half */
	int64_t		c_columns;		/* c's padded length */
	int64_t		c_half_columns; /* c.half */

	int			class_count;	/* B */
	FourierPlan class_plan;		/* of length L / B */

	/*
	 * One class: planes of kept frequencies.  spectrum[n] is
	 * [kept][c.size][b_columns]; kernel is [kept][c.half][b_half_columns].
	 */
	int			kept;
	ComplexArray spectrum[ARRAY_COUNT];
	double	   *kernel;

	/* Slabs of constant c: [a.size][b_columns] and scratch for transforms. */
	double	   *slab[ARRAY_COUNT];
	ComplexArray scratch[3];
	ComplexArray kernel_rows;	/* [a's length][b_half_columns] */
	double	   *kernel_plane[2];	/* [b.half][c_columns] */

	/* Sums per column of c's frequencies: [c_columns] */
	double	   *weights;
	double	   *products;
	double	   *squares;
} PairSearch;

static int64_t
whole_vectors(int64_t count)
{
	return (count + RAD_FOURIER_LANES - 1) / RAD_FOURIER_LANES * RAD_FOURIER_LANES;
}

static bool
new_complex(RadContext *context, int64_t count, ComplexArray *array)
{
	array->real = rad_new(context, double, count);
	array->imaginary = rad_new(context, double, count);
	return array->real != NULL && array->imaginary != NULL;
}

static void
release_complex(RadContext *context, ComplexArray *array)
{
	rad_release(context, array->real);
	rad_release(context, array->imaginary);
}

static bool
prepare_axis(RadContext *context, const Region *region, int number, Axis *axis)
{
	const int  *size = region->grid.size;
	int			length;

	axis->size = region->intensity_box.hi[number] - region->intensity_box.lo[number];
	axis->first = region->intensity_box.lo[number];
	axis->stride = number == 0 ? 1 : number == 1 ? size[0] : (int64_t) size[0] * size[1];
	axis->spacing = region->grid.spacing[number];
	length = rad_fourier_length(2 * axis->size - 1);
	axis->half = length / 2 + 1;
	return rad_fourier_plan(context, length, &axis->plan);
}

/* Frequencies kept of class r: with its mirror image only the lower half. */
static int
kept_frequencies(const PairSearch *search, int r)
{
	int			length = search->a.plan.length;
	int			count = search->class_count;

	if (r == 0 || 2 * r == count)
		return (length / 2 - r) / count + 1;
	return length / count;
}

/* The fewest classes whose planes fit. */
static void
choose_class_count(PairSearch *search)
{
	int			length = search->a.plan.length;
	int64_t		plane = (int64_t) search->c.size * search->b_columns * ARRAY_COUNT * 2 +
		(int64_t) search->c.half * search->b_half_columns;
	int64_t		limit = CLASS_BYTES + 2 * rad_box_voxel_count(&search->region->intensity_box);

	for (search->class_count = 1; search->class_count < length; search->class_count++)
	{
		int			most = 0;

		if (length % search->class_count != 0)
			continue;
		for (int r = 0; 2 * r <= search->class_count; r++)
			if (kept_frequencies(search, r) > most)
				most = kept_frequencies(search, r);
		if (most * plane * (int64_t) sizeof(double) <= limit)
			break;
	}
}

static bool
prepare_arrays(RadContext *context, PairSearch *search)
{
	int			class_length = search->a.plan.length / search->class_count;
	int			most = kept_frequencies(search, search->class_count > 2 ? 1 : 0);
	int64_t		columns = search->b_columns;
	int64_t		scratch;
	int64_t		sizes[4];

	/* What the scratch arrays hold at their largest; see their users. */
	if (columns < search->b_half_columns)
		columns = search->b_half_columns;
	sizes[0] = class_length * columns;
	sizes[1] = search->c.plan.length * columns;
	sizes[2] = search->b.plan.length * search->c_columns;
	sizes[3] = search->b.plan.length * search->c_half_columns;
	scratch = 0;
	for (int n = 0; n < 4; n++)
		if (sizes[n] > scratch)
			scratch = sizes[n];
	for (int n = 0; n < 3; n++)
		if (!new_complex(context, scratch, &search->scratch[n]))
			return false;
	if (!new_complex(context, search->a.plan.length * search->b_half_columns,
					 &search->kernel_rows))
		return false;
	for (int n = 0; n < ARRAY_COUNT; n++)
	{
		search->slab[n] = rad_new_zeroed(context, double, search->a.size * search->b_columns);
		if (search->slab[n] == NULL ||
			!new_complex(context, (int64_t) most * search->c.size * search->b_columns,
						 &search->spectrum[n]))
			return false;
	}
	search->kernel = rad_new(context, double,
							 (int64_t) most * search->c.half * search->b_half_columns);
	for (int n = 0; n < 2; n++)
	{
		search->kernel_plane[n] = rad_new_zeroed(context, double,
												 search->b.half * search->c_columns);
		if (search->kernel_plane[n] == NULL)
			return false;
	}
	search->weights = rad_new_zeroed(context, double, search->c_columns);
	search->products = rad_new_zeroed(context, double, search->c_columns);
	search->squares = rad_new_zeroed(context, double, search->c_columns);
	return search->kernel != NULL && search->weights != NULL &&
		search->products != NULL && search->squares != NULL;
}

static bool
prepare_search(RadContext *context, PairSearch *search)
{
	const Box  *box = &search->region->intensity_box;
	int			longest = 0;

	for (int axis = 1; axis < 3; axis++)
		if (box->hi[axis] - box->lo[axis] > box->hi[longest] - box->lo[longest])
			longest = axis;
	if (!prepare_axis(context, search->region, longest, &search->a) ||
		!prepare_axis(context, search->region, longest == 0 ? 1 : 0, &search->b) ||
		!prepare_axis(context, search->region, longest == 2 ? 1 : 2, &search->c))
		return false;
	search->b_columns = whole_vectors(search->b.size);
	search->b_half_columns = whole_vectors(search->b.half);
	search->c_columns = whole_vectors(search->c.plan.length);
	search->c_half_columns = whole_vectors(search->c.half);
	choose_class_count(search);
	return rad_fourier_plan(context, search->a.plan.length / search->class_count,
							&search->class_plan) &&
		prepare_arrays(context, search);
}

static void
release_search(RadContext *context, PairSearch *search)
{
	rad_fourier_plan_release(context, &search->a.plan);
	rad_fourier_plan_release(context, &search->b.plan);
	rad_fourier_plan_release(context, &search->c.plan);
	rad_fourier_plan_release(context, &search->class_plan);
	for (int n = 0; n < ARRAY_COUNT; n++)
	{
		release_complex(context, &search->spectrum[n]);
		release_complex(context, &search->scratch[n]);
		rad_release(context, search->slab[n]);
	}
	release_complex(context, &search->kernel_rows);
	rad_release(context, search->kernel);
	rad_release(context, search->kernel_plane[0]);
	rad_release(context, search->kernel_plane[1]);
	rad_release(context, search->weights);
	rad_release(context, search->products);
	rad_release(context, search->squares);
}

/* Mask, deviation and its square of the plane at c, as [a][b]. */
static void
load_slab(PairSearch *search, int c)
{
	const Region *region = search->region;
	const Axis *a = &search->a;
	const Axis *b = &search->b;
	int64_t		plane = (search->c.first + c) * search->c.stride +
		a->first * a->stride + b->first * b->stride;

	for (int y = 0; y < b->size; y++)
		for (int x = 0; x < a->size; x++)
		{
			int64_t		voxel = plane + x * a->stride + y * b->stride;
			int64_t		place = x * search->b_columns + y;
			bool		inside = region->intensity_mask[voxel] != 0;
			double		deviation = inside ? region->intensity[voxel] - search->mean : 0.0;

			search->slab[0][place] = inside;
			search->slab[1][place] = deviation;
			search->slab[2][place] = deviation * deviation;
		}
}

/*
 * Turn rows by exp(-2 pi i a r / L) and add those of equal a mod L / B; real
 * rows in (imaginary NULL) or complex ones.  Returns how many rows come out.
 */
static int
fold_rows(const PairSearch *search, int r, int rows, int64_t batch, const double *real,
		  const double *imaginary, ComplexArray out)
{
	int			length = search->a.plan.length;
	int			class_length = search->class_plan.length;
	int			used = rows < class_length ? rows : class_length;

	memset(out.real, 0, (size_t) (used * batch) * sizeof(double));
	memset(out.imaginary, 0, (size_t) (used * batch) * sizeof(double));
	for (int a = 0; a < rows; a++)
	{
		int			turn = (int) ((int64_t) a * r % length);
		double		cosine = search->a.plan.cosine[turn];
		double		sine = search->a.plan.sine[turn];
		double	   *to_real = out.real + a % class_length * batch;
		double	   *to_imaginary = out.imaginary + a % class_length * batch;
		const double *from = real + a * batch;

		if (imaginary == NULL)
			for (int64_t n = 0; n < batch; n++)
			{
				to_real[n] += from[n] * cosine;
				to_imaginary[n] -= from[n] * sine;
			}
		else
			for (int64_t n = 0; n < batch; n++)
			{
				double		other = imaginary[a * batch + n];

				to_real[n] += from[n] * cosine + other * sine;
				to_imaginary[n] += other * cosine - from[n] * sine;
			}
	}
	return used;
}

/* Transform the slab at c along a, and keep the frequencies of class r. */
static void
transform_slab(PairSearch *search, int r, int c)
{
	int64_t		batch = search->b_columns;

	load_slab(search, c);
	for (int n = 0; n < ARRAY_COUNT; n++)
	{
		int			rows = fold_rows(search, r, search->a.size, batch, search->slab[n], NULL,
									 search->scratch[0]);
		ComplexArray result = search->columns(&search->class_plan, batch, rows,
											  search->scratch[0], search->scratch[1]);

		for (int q = 0; q < search->kept; q++)
		{
			int64_t		place = ((int64_t) q * search->c.size + c) * batch;

			memcpy(search->spectrum[n].real + place, result.real + q * batch,
				   (size_t) batch * sizeof(double));
			memcpy(search->spectrum[n].imaginary + place, result.imaginary + q * batch,
				   (size_t) batch * sizeof(double));
		}
	}
}

/* 1 / distance for b = 0 .. half at given a and c (voxels); 0 at distance 0. */
static void
kernel_row(const PairSearch *search, int a, int c, double *row)
{
	double		x = a * search->a.spacing;
	double		z = c * search->c.spacing;

	for (int b = 0; b < search->b.half; b++)
	{
		double		y = b * search->b.spacing;

		row[b] = 1.0 / sqrt(x * x + z * z + y * y);
	}
	if (a == 0 && c == 0)
		row[0] = 0.0;
	for (int64_t b = search->b.half; b < search->b_half_columns; b++)
		row[b] = 0.0;
}

/*
 * Kernel at distance c (and c + 1 in the imaginary part: both transforms are
 * real, so one complex transform does both) along a, class r.
 */
static void
transform_kernel(PairSearch *search, int r, int c)
{
	int64_t		batch = search->b_half_columns;
	int			length = search->a.plan.length;
	bool		pair = c + 1 < search->c.half;
	ComplexArray rows = search->kernel_rows;
	ComplexArray result;
	int			used;

	for (int a = 0; a < length; a++)
	{
		int			distance = a < length - a ? a : length - a;

		if (distance < a)
		{
			memcpy(rows.real + a * batch, rows.real + distance * batch,
				   (size_t) batch * sizeof(double));
			memcpy(rows.imaginary + a * batch, rows.imaginary + distance * batch,
				   (size_t) batch * sizeof(double));
			continue;
		}
		kernel_row(search, a, c, rows.real + a * batch);
		kernel_row(search, a, c + 1, rows.imaginary + a * batch);
	}
	used = fold_rows(search, r, length, batch, rows.real, rows.imaginary, search->scratch[0]);
	result = search->columns(&search->class_plan, batch, used, search->scratch[0],
							 search->scratch[1]);
	for (int q = 0; q < search->kept; q++)
	{
		double	   *row = search->kernel + ((int64_t) q * search->c.half + c) * batch;

		memcpy(row, result.real + q * batch, (size_t) batch * sizeof(double));
		if (pair)
			memcpy(row + batch, result.imaginary + q * batch, (size_t) batch * sizeof(double));
	}
}

/* out[column][row] = in[row][column] */
static void
transpose(const double *in, int64_t rows, int64_t columns, int64_t in_stride, double *out,
		  int64_t out_stride)
{
	for (int64_t row = 0; row < rows; row += 8)
		for (int64_t column = 0; column < columns; column++)
			for (int64_t n = row; n < row + 8 && n < rows; n++)
				out[column * out_stride + n] = in[n * in_stride + column];
}

/*
 * Kernel planes of the kept frequencies q and q + 1 over the frequencies of b
 * and c, times how often the frequency along a counts.
 */
static void
transform_kernel_planes(PairSearch *search, int r, int q)
{
	int64_t		batch = search->b_half_columns;
	int64_t		plane = search->c.half * batch;
	int			c_length = search->c.plan.length;
	int			b_length = search->b.plan.length;
	bool		pair = q + 1 < search->kept;
	const double *first = search->kernel + q * plane;
	const double *second = pair ? first + plane : first;
	ComplexArray in = search->scratch[0];
	ComplexArray result;
	ComplexArray turned;

	for (int c = 0; c < c_length; c++)
	{
		int			distance = c < c_length - c ? c : c_length - c;

		memcpy(in.real + c * batch, first + distance * batch, (size_t) batch * sizeof(double));
		memcpy(in.imaginary + c * batch, second + distance * batch,
			   (size_t) batch * sizeof(double));
	}
	result = search->columns(&search->c.plan, batch, c_length, in, search->scratch[1]);
	turned = result.real == in.real ? search->scratch[1] : in;

	/* b's other half mirrors the first; of c only half the frequencies matter. */
	batch = search->c_half_columns;
	memset(turned.real, 0, (size_t) (b_length * batch) * sizeof(double));
	memset(turned.imaginary, 0, (size_t) (b_length * batch) * sizeof(double));
	transpose(result.real, search->c.half, search->b.half, search->b_half_columns,
			  turned.real, batch);
	transpose(result.imaginary, search->c.half, search->b.half, search->b_half_columns,
			  turned.imaginary, batch);
	for (int b = search->b.half; b < b_length; b++)
	{
		memcpy(turned.real + b * batch, turned.real + (b_length - b) * batch,
			   (size_t) batch * sizeof(double));
		memcpy(turned.imaginary + b * batch, turned.imaginary + (b_length - b) * batch,
			   (size_t) batch * sizeof(double));
	}
	result = search->columns(&search->b.plan, batch, b_length, turned, result);
	for (int n = 0; n < 2; n++)
	{
		int64_t		frequency = (int64_t) search->class_count * (q + n) + r;
		bool		single = frequency == 0 || 2 * frequency == search->a.plan.length;
		const double *from = n == 0 ? result.real : result.imaginary;

		for (int b = 0; b < search->b.half; b++)
			for (int c = 0; c < c_length; c++)
			{
				int			mirrored = c < c_length - c ? c : c_length - c;

				search->kernel_plane[n][b * search->c_columns + c] =
					from[b * batch + mirrored] * (single ? 1.0 : 2.0);
			}
	}
}

/*
 * Pad and transform plane q of array n along c and b: [b's frequency][c_columns].
 * The result lies in scratch 0, 1 or 2, but never in `avoid`.
 */
static ComplexArray
transform_plane(PairSearch *search, int n, int q, const double *avoid)
{
	int64_t		batch = search->b_columns;
	int64_t		plane = search->c.size * batch;
	int			c_length = search->c.plan.length;
	ComplexArray in = search->scratch[search->scratch[0].real == avoid ? 2 : 0];
	ComplexArray work = search->scratch[search->scratch[1].real == avoid ? 2 : 1];
	ComplexArray result;
	ComplexArray turned;

	memcpy(in.real, search->spectrum[n].real + q * plane, (size_t) plane * sizeof(double));
	memcpy(in.imaginary, search->spectrum[n].imaginary + q * plane,
		   (size_t) plane * sizeof(double));
	result = search->columns(&search->c.plan, batch, search->c.size, in, work);
	turned = result.real == in.real ? work : in;
	for (int b = 0; b < search->b.size; b++)
		for (int64_t c = c_length; c < search->c_columns; c++)
		{
			turned.real[b * search->c_columns + c] = 0.0;
			turned.imaginary[b * search->c_columns + c] = 0.0;
		}
	transpose(result.real, c_length, search->b.size, batch, turned.real, search->c_columns);
	transpose(result.imaginary, c_length, search->b.size, batch, turned.imaginary,
			  search->c_columns);
	return search->columns(&search->b.plan, search->c_columns, search->b.size, turned, result);
}

/* sum += kernel * Re(conj(first) second), per column of c's frequencies. */
static void
add_products(const PairSearch *search, const double *kernel, ComplexArray first,
			 ComplexArray second, double *sum)
{
	int			length = search->b.plan.length;
	int64_t		columns = search->c_columns;

	for (int b = 0; b < length; b++)
	{
		int64_t		row = b * columns;
		const double *weight = kernel + (b < length - b ? b : length - b) * columns;

		for (int64_t c = 0; c < columns; c++)
			sum[c] += weight[c] * (first.real[row + c] * second.real[row + c] +
								   first.imaginary[row + c] * second.imaginary[row + c]);
	}
}

/* All planes of class r. */
static bool
sum_class(RadContext *context, PairSearch *search, int r)
{
	search->kept = kept_frequencies(search, r);
	for (int c = 0; c < search->c.size; c++)
	{
		if (!rad_continue(context))
			return false;
		transform_slab(search, r, c);
	}
	for (int c = 0; c < search->c.half; c += 2)
	{
		if (!rad_continue(context))
			return false;
		transform_kernel(search, r, c);
	}
	for (int q = 0; q < search->kept; q++)
	{
		const double *kernel = search->kernel_plane[q & 1];
		ComplexArray mask;
		ComplexArray other;

		if (!rad_continue(context))
			return false;
		if (q % 2 == 0)
			transform_kernel_planes(search, r, q);
		other = transform_plane(search, 1, q, NULL);
		add_products(search, kernel, other, other, search->products);
		if (!rad_continue(context))
			return false;
		mask = transform_plane(search, 0, q, NULL);
		add_products(search, kernel, mask, mask, search->weights);
		if (!rad_continue(context))
			return false;
		other = transform_plane(search, 2, q, mask.real);
		add_products(search, kernel, mask, other, search->squares);
	}
	return true;
}

static double
total(const double *sums, int64_t count, double frequencies)
{
	double		sum = 0.0;

	for (int64_t n = 0; n < count; n++)
		sum += sums[n];
	return sum / frequencies;
}

bool
rad_autocorrelation(RadContext *context, FourierColumns columns, const Region *region,
					double mean, PairSums *sums)
{
	PairSearch	search;
	double		frequencies;

	memset(&search, 0, sizeof(search));
	search.columns = columns;
	search.region = region;
	search.mean = mean;
	if (!prepare_search(context, &search))
		return false;
	for (int r = 0; 2 * r <= search.class_count; r++)
		if (!sum_class(context, &search, r))
			return false;
	frequencies = (double) search.a.plan.length * search.b.plan.length * search.c.plan.length;
	sums->weights = total(search.weights, search.c_columns, frequencies);
	sums->products = total(search.products, search.c_columns, frequencies);
	sums->squares = total(search.squares, search.c_columns, frequencies);
	release_search(context, &search);
	return true;
}
