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
 *
 * All transforms work on blocks of a few columns, [length][block], which with
 * their work space stay in the processor's first cache: on whole planes they
 * took two and a half times as long.
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

/* Columns that are transformed together: fewer where they are long. */
#define WIDE_BLOCK 8
#define NARROW_BLOCK 4
#define LONGEST_WIDE 192

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

	int			longest;		/* of the axes' padded lengths */
	int			block_columns;

	/* Numbers of columns, rounded up to whole blocks. */
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

	double	   *image[ARRAY_COUNT]; /* a block: [a.size][block_columns] */
	ComplexArray kernel_rows;	/* [a's length][b_half_columns] */

	/* Of one kept frequency, turned so that c is contiguous */
	ComplexArray plane[ARRAY_COUNT];	/* [b_columns][c_columns] */
	ComplexArray kernel_turned; /* [b_half_columns][c_half_columns] */
	double	   *kernel_plane[2];	/* [b.half][c_columns] */

	/* Blocks of columns, one more than there are arrays: [longest][block_columns] */
	ComplexArray block[ARRAY_COUNT + 1];

	/* Sums per column of c's frequencies: [c_columns] */
	double	   *weights;
	double	   *products;
	double	   *squares;
} PairSearch;

_Static_assert(WIDE_BLOCK % RAD_FOURIER_LANES == 0 && NARROW_BLOCK % RAD_FOURIER_LANES == 0,
			   "blocks are whole vectors");

static int64_t
whole_blocks(const PairSearch *search, int64_t count)
{
	return (count + search->block_columns - 1) / search->block_columns * search->block_columns;
}

static bool
new_complex(RadContext *context, int64_t count, ComplexArray *array)
{
	array->real = rad_new(context, double, count);
	array->imaginary = rad_new(context, double, count);
	return array->real != NULL && array->imaginary != NULL;
}

static bool
new_zeroed_complex(RadContext *context, int64_t count, ComplexArray *array)
{
	array->real = rad_new_zeroed(context, double, count);
	array->imaginary = rad_new_zeroed(context, double, count);
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
	int			most = kept_frequencies(search, search->class_count > 2 ? 1 : 0);

	for (int n = 0; n < ARRAY_COUNT + 1; n++)
		if (!new_complex(context, (int64_t) search->longest * search->block_columns,
						 &search->block[n]))
			return false;
	for (int n = 0; n < ARRAY_COUNT; n++)
	{
		search->image[n] = rad_new(context, double, search->a.size * search->block_columns);
		if (search->image[n] == NULL ||
			!new_zeroed_complex(context, search->b_columns * search->c_columns, &search->plane[n]) ||
			!new_complex(context, (int64_t) most * search->c.size * search->b_columns,
						 &search->spectrum[n]))
			return false;
	}
	if (!new_complex(context, search->a.plan.length * search->b_half_columns,
					 &search->kernel_rows) ||
		!new_zeroed_complex(context, search->b_half_columns * search->c_half_columns,
							&search->kernel_turned))
		return false;
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
	search->longest = search->a.plan.length;
	if (search->longest < search->b.plan.length)
		search->longest = search->b.plan.length;
	if (search->longest < search->c.plan.length)
		search->longest = search->c.plan.length;
	search->block_columns = search->longest <= LONGEST_WIDE ? WIDE_BLOCK : NARROW_BLOCK;
	search->b_columns = whole_blocks(search, search->b.size);
	search->b_half_columns = whole_blocks(search, search->b.half);
	search->c_columns = whole_blocks(search, search->c.plan.length);
	search->c_half_columns = whole_blocks(search, search->c.half);
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
		release_complex(context, &search->plane[n]);
		rad_release(context, search->image[n]);
	}
	for (int n = 0; n < ARRAY_COUNT + 1; n++)
		release_complex(context, &search->block[n]);
	release_complex(context, &search->kernel_rows);
	release_complex(context, &search->kernel_turned);
	rad_release(context, search->kernel);
	rad_release(context, search->kernel_plane[0]);
	rad_release(context, search->kernel_plane[1]);
	rad_release(context, search->weights);
	rad_release(context, search->products);
	rad_release(context, search->squares);
}

/* Mask, deviation and its square for a block of b's from `first` on, at c. */
static void
load_block(PairSearch *search, int c, int64_t first)
{
	const Region *region = search->region;
	const Axis *a = &search->a;
	const Axis *b = &search->b;
	int64_t		block = search->block_columns;

	for (int64_t column = 0; column < block; column++)
	{
		bool		padding = first + column >= b->size;
		int64_t		row = (search->c.first + c) * search->c.stride + a->first * a->stride +
			(padding ? b->first : b->first + first + column) * b->stride;

		for (int x = 0; x < a->size; x++)
		{
			int64_t		voxel = row + x * a->stride;
			int64_t		place = x * block + column;
			bool		inside = !padding && region->intensity_mask[voxel] != 0;
			double		deviation = inside ? region->intensity[voxel] - search->mean : 0.0;

			search->image[0][place] = inside;
			search->image[1][place] = deviation;
			search->image[2][place] = deviation * deviation;
		}
	}
}

/*
 * Turn rows of a block by exp(-2 pi i a r / L) and add those of equal a mod
 * L / B; real rows in (imaginary NULL) or complex ones, `stride` numbers apart.
 * Returns how many rows come out.
 */
static int
fold_rows(const PairSearch *search, int r, int rows, int64_t stride, const double *real,
		  const double *imaginary, ComplexArray out)
{
	int			length = search->a.plan.length;
	int			class_length = search->class_plan.length;
	int			used = rows < class_length ? rows : class_length;
	int64_t		block = search->block_columns;

	memset(out.real, 0, (size_t) (used * block) * sizeof(double));
	memset(out.imaginary, 0, (size_t) (used * block) * sizeof(double));
	for (int a = 0; a < rows; a++)
	{
		int			turn = (int) ((int64_t) a * r % length);
		double		cosine = search->a.plan.cosine[turn];
		double		sine = search->a.plan.sine[turn];
		double	   *to_real = out.real + a % class_length * block;
		double	   *to_imaginary = out.imaginary + a % class_length * block;
		const double *from = real + a * stride;

		if (imaginary == NULL)
			for (int64_t n = 0; n < block; n++)
			{
				to_real[n] += from[n] * cosine;
				to_imaginary[n] -= from[n] * sine;
			}
		else
			for (int64_t n = 0; n < block; n++)
			{
				double		other = imaginary[a * stride + n];

				to_real[n] += from[n] * cosine + other * sine;
				to_imaginary[n] += other * cosine - from[n] * sine;
			}
	}
	return used;
}

/* One row of a block. */
static inline void
copy_row(const PairSearch *search, const double *from, double *to)
{
	memcpy(to, from, NARROW_BLOCK * sizeof(double));
	if (search->block_columns == WIDE_BLOCK)
		memcpy(to + NARROW_BLOCK, from + NARROW_BLOCK, NARROW_BLOCK * sizeof(double));
}

/* Fill `rows` rows of a block from rows that are `stride` numbers apart. */
static void
gather_block(const PairSearch *search, const double *real, const double *imaginary,
			 int64_t stride, int rows, ComplexArray block)
{
	for (int row = 0; row < rows; row++)
	{
		copy_row(search, real + row * stride, block.real + row * search->block_columns);
		copy_row(search, imaginary + row * stride, block.imaginary + row * search->block_columns);
	}
}

/* Rows from `half` on are those before it, mirrored. */
static void
mirror_block(const PairSearch *search, int half, int length, ComplexArray block)
{
	int64_t		columns = search->block_columns;

	for (int row = half; row < length; row++)
	{
		copy_row(search, block.real + (length - row) * columns, block.real + row * columns);
		copy_row(search, block.imaginary + (length - row) * columns,
				 block.imaginary + row * columns);
	}
}

/* out[column][row] = block[row][column]; out has room for whole blocks. */
static void
turn_block(const PairSearch *search, const double *block, int rows, double *out,
		   int64_t out_stride)
{
	int64_t		columns = search->block_columns;

	for (int row = 0; row < rows; row += 2)
		for (int64_t column = 0; column < columns; column += 2)
		{
			const double *from = block + row * columns + column;
			double	   *to = out + column * out_stride + row;
			double		odd[2] = {0.0, 0.0};

			if (row + 1 < rows)
				memcpy(odd, from + columns, sizeof(odd));
			memcpy(to, (double[2]) {from[0], odd[0]}, sizeof(odd));
			memcpy(to + out_stride, (double[2]) {from[1], odd[1]}, sizeof(odd));
		}
}

/* Transform the image at c along a, and keep the frequencies of class r. */
static void
transform_image(PairSearch *search, int r, int c)
{
	int64_t		columns = search->b_columns;
	int64_t		block = search->block_columns;

	for (int64_t first = 0; first < columns; first += block)
	{
		load_block(search, c, first);
		for (int n = 0; n < ARRAY_COUNT; n++)
		{
			int			rows = fold_rows(search, r, search->a.size, block, search->image[n], NULL,
										 search->block[0]);
			ComplexArray result = search->columns(&search->class_plan, block, rows,
												  search->block[0], search->block[1]);

			for (int q = 0; q < search->kept; q++)
			{
				int64_t		place = ((int64_t) q * search->c.size + c) * columns + first;

				copy_row(search, result.real + q * block, search->spectrum[n].real + place);
				copy_row(search, result.imaginary + q * block,
						 search->spectrum[n].imaginary + place);
			}
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
	int64_t		columns = search->b_half_columns;
	int64_t		block = search->block_columns;
	int			length = search->a.plan.length;
	bool		pair = c + 1 < search->c.half;
	ComplexArray rows = search->kernel_rows;

	for (int a = 0; a < search->a.half; a++)
	{
		kernel_row(search, a, c, rows.real + a * columns);
		kernel_row(search, a, c + 1, rows.imaginary + a * columns);
	}
	for (int a = search->a.half; a < length; a++)
	{
		memcpy(rows.real + a * columns, rows.real + (length - a) * columns,
			   (size_t) columns * sizeof(double));
		memcpy(rows.imaginary + a * columns, rows.imaginary + (length - a) * columns,
			   (size_t) columns * sizeof(double));
	}
	for (int64_t first = 0; first < columns; first += block)
	{
		int			used = fold_rows(search, r, length, columns, rows.real + first,
									 rows.imaginary + first, search->block[0]);
		ComplexArray result = search->columns(&search->class_plan, block, used,
											  search->block[0], search->block[1]);

		for (int q = 0; q < search->kept; q++)
		{
			double	   *row = search->kernel + ((int64_t) q * search->c.half + c) * columns +
				first;

			copy_row(search, result.real + q * block, row);
			if (pair)
				copy_row(search, result.imaginary + q * block, row + columns);
		}
	}
}

/* Kernels of the kept frequencies q and q + 1 along c, turned. */
static void
transform_kernel_along_c(PairSearch *search, int q)
{
	int64_t		columns = search->b_half_columns;
	int64_t		plane = search->c.half * columns;
	int			length = search->c.plan.length;
	const double *one = search->kernel + q * plane;
	const double *two = q + 1 < search->kept ? one + plane : one;
	ComplexArray in = search->block[0];

	for (int64_t first = 0; first < columns; first += search->block_columns)
	{
		int64_t		place = first * search->c_half_columns;
		ComplexArray result;

		gather_block(search, one + first, two + first, columns, search->c.half, in);
		mirror_block(search, search->c.half, length, in);
		result = search->columns(&search->c.plan, search->block_columns, length, in,
								 search->block[1]);
		turn_block(search, result.real, search->c.half, search->kernel_turned.real + place,
				   search->c_half_columns);
		turn_block(search, result.imaginary, search->c.half,
				   search->kernel_turned.imaginary + place, search->c_half_columns);
	}
}

/*
 * Kernel planes of the kept frequencies q and q + 1 over the frequencies of b
 * and c, times how often the frequency along a counts.
 */
static void
transform_kernel_planes(PairSearch *search, int r, int q)
{
	int64_t		columns = search->c_half_columns;
	int64_t		block = search->block_columns;
	int			c_length = search->c.plan.length;
	int			length = search->b.plan.length;
	ComplexArray in = search->block[0];

	transform_kernel_along_c(search, q);
	for (int64_t first = 0; first < columns; first += block)
	{
		ComplexArray result;

		/* b's other half mirrors the first; of c only half the frequencies matter. */
		gather_block(search, search->kernel_turned.real + first,
					 search->kernel_turned.imaginary + first, columns, search->b.half, in);
		mirror_block(search, search->b.half, length, in);
		result = search->columns(&search->b.plan, block, length, in, search->block[1]);
		for (int n = 0; n < 2; n++)
		{
			int64_t		frequency = (int64_t) search->class_count * (q + n) + r;
			bool		single = frequency == 0 || 2 * frequency == search->a.plan.length;
			const double *from = n == 0 ? result.real : result.imaginary;

			for (int b = 0; b < search->b.half; b++)
			{
				double	   *row = search->kernel_plane[n] + b * search->c_columns;

				for (int64_t c = first; c < first + block && c < search->c.half; c++)
				{
					double		value = from[b * block + c - first] * (single ? 1.0 : 2.0);

					row[c] = value;
					if (c > 0)
						row[c_length - c] = value;
				}
			}
		}
	}
}

/* Pad plane q of array n and transform it along c; turned. */
static void
transform_plane(PairSearch *search, int n, int q)
{
	int64_t		columns = search->b_columns;
	int64_t		plane = q * search->c.size * columns;
	ComplexArray out = search->plane[n];
	int			length = search->c.plan.length;

	for (int64_t first = 0; first < columns; first += search->block_columns)
	{
		int64_t		place = first * search->c_columns;
		ComplexArray result;

		gather_block(search, search->spectrum[n].real + plane + first,
					 search->spectrum[n].imaginary + plane + first, columns, search->c.size,
					 search->block[0]);
		result = search->columns(&search->c.plan, search->block_columns, search->c.size,
								 search->block[0], search->block[1]);
		turn_block(search, result.real, length, out.real + place, search->c_columns);
		turn_block(search, result.imaginary, length, out.imaginary + place, search->c_columns);
	}
}

/*
 * sum += kernel * Re(conj(first) second), per column of a block of c's
 * frequencies; rows of the kernel are c_columns apart.
 */
static void
add_products(const PairSearch *search, const double *kernel, ComplexArray first,
			 ComplexArray second, double *sum)
{
	int			length = search->b.plan.length;
	int64_t		block = search->block_columns;

	for (int64_t group = 0; group < block; group += NARROW_BLOCK)
	{
		double		sums[NARROW_BLOCK];

		memcpy(sums, sum + group, sizeof(sums));
		for (int b = 0; b < length; b++)
		{
			int64_t		row = b * block + group;
			const double *weight = kernel + (b < length - b ? b : length - b) *
				search->c_columns + group;

			for (int n = 0; n < NARROW_BLOCK; n++)
				sums[n] += weight[n] * (first.real[row + n] * second.real[row + n] +
										first.imaginary[row + n] * second.imaginary[row + n]);
		}
		memcpy(sum + group, sums, sizeof(sums));
	}
}

/* Transform the planes along b and add up, for the block of c's from `first`. */
static void
sum_block(PairSearch *search, const double *kernel, int64_t first)
{
	ComplexArray work = search->block[ARRAY_COUNT];
	ComplexArray result[ARRAY_COUNT];

	for (int n = 0; n < ARRAY_COUNT; n++)
	{
		ComplexArray in = search->block[n];

		gather_block(search, search->plane[n].real + first, search->plane[n].imaginary + first,
					 search->c_columns, search->b.size, in);
		result[n] = search->columns(&search->b.plan, search->block_columns, search->b.size, in,
									work);
		if (result[n].real == work.real)
			work = in;
	}
	kernel += first;
	add_products(search, kernel, result[1], result[1], search->products + first);
	add_products(search, kernel, result[0], result[0], search->weights + first);
	add_products(search, kernel, result[0], result[2], search->squares + first);
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
		transform_image(search, r, c);
	}
	for (int c = 0; c < search->c.half; c += 2)
	{
		if (!rad_continue(context))
			return false;
		transform_kernel(search, r, c);
	}
	for (int q = 0; q < search->kept; q++)
	{
		if (q % 2 == 0)
			transform_kernel_planes(search, r, q);
		for (int n = 0; n < ARRAY_COUNT; n++)
		{
			if (!rad_continue(context))
				return false;
			transform_plane(search, n, q);
		}
		for (int64_t first = 0; first < search->c_columns; first += search->block_columns)
		{
			if (!rad_continue(context))
				return false;
			sum_block(search, search->kernel_plane[q & 1], first);
		}
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
