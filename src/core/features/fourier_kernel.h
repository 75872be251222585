/*
 * Stockham's autosort transform of radix 2, 3, 4 and 5, compiled once per
 * x86-64 level by fourier_v2.c and fourier_v3.c, which define
 * FOURIER_KERNEL(name).  No include guard, on purpose.
 *
 * A stage with r = radix, n the length that is left, m = n / r and stride s
 * turns x into y:
 *
 *	y[q + s (r p + k)] = w^(p k) * sum over j of x[q + s (p + m j)] u^(j k)
 *
 * with w = exp(-2 pi i / n), u = exp(-2 pi i / r), 0 <= q < s, 0 <= p < m; then
 * n becomes m and s becomes r s.  Starting with s = the number of columns makes
 * it a transform of all columns, whose inner loop runs over contiguous numbers.
 *
 * Vectors are written out (GCC's vector extension, four doubles, which lower
 * levels do as two pairs), so every level does the same operations per number.
 */
#include "features/fourier.h"

typedef double Lanes __attribute__((vector_size(32), aligned(8), may_alias));

#define LOAD(pointer) (*(const Lanes *) (pointer))
#define STORE(pointer, value) (*(Lanes *) (pointer) = (value))

/* Where one (p) of a stage reads and writes; strides between j and between k. */
typedef struct Butterfly
{
	int64_t		count;			/* s */
	int64_t		in_stride;
	int64_t		out_stride;
	const double *in_real;
	const double *in_imaginary;
	double	   *out_real;
	double	   *out_imaginary;
	double		cosine[5];		/* of w^(p k) */
	double		sine[5];
} Butterfly;

/* Input j, or zero when it lies in the empty rows. */
#define READ(j) \
	Lanes		r##j = zero; \
	Lanes		i##j = zero; \
	if (present > j) \
	{ \
		r##j = LOAD(b->in_real + q + j * b->in_stride); \
		i##j = LOAD(b->in_imaginary + q + j * b->in_stride); \
	}

/* Output k, turned by w^(p k); for p = 0 that is 1. */
#define WRITE(k, real, imaginary) \
	do \
	{ \
		Lanes		re = (real); \
		Lanes		im = (imaginary); \
		if (turned && k > 0) \
		{ \
			STORE(b->out_real + q + k * b->out_stride, \
				  re * b->cosine[k] + im * b->sine[k]); \
			STORE(b->out_imaginary + q + k * b->out_stride, \
				  im * b->cosine[k] - re * b->sine[k]); \
		} \
		else \
		{ \
			STORE(b->out_real + q + k * b->out_stride, re); \
			STORE(b->out_imaginary + q + k * b->out_stride, im); \
		} \
	} while (0)

#define BUTTERFLY static inline __attribute__((always_inline)) void

BUTTERFLY
FOURIER_KERNEL(butterfly_2)(const Butterfly *restrict b, int present, bool turned)
{
	const Lanes zero = {0.0, 0.0, 0.0, 0.0};

	for (int64_t q = 0; q < b->count; q += RAD_FOURIER_LANES)
	{
		READ(0)
		READ(1)
		WRITE(0, r0 + r1, i0 + i1);
		WRITE(1, r0 - r1, i0 - i1);
	}
}

BUTTERFLY
FOURIER_KERNEL(butterfly_3)(const Butterfly *restrict b, int present, bool turned)
{
	const Lanes zero = {0.0, 0.0, 0.0, 0.0};
	const double s = 0.86602540378443864676;	/* sin(2 pi / 3) */

	for (int64_t q = 0; q < b->count; q += RAD_FOURIER_LANES)
	{
		READ(0)
		READ(1)
		READ(2)
		Lanes		sum_r = r1 + r2;
		Lanes		sum_i = i1 + i2;
		Lanes		turn_r = (i1 - i2) * s;
		Lanes		turn_i = (r2 - r1) * s;
		Lanes		rest_r = r0 - sum_r * 0.5;
		Lanes		rest_i = i0 - sum_i * 0.5;

		WRITE(0, r0 + sum_r, i0 + sum_i);
		WRITE(1, rest_r + turn_r, rest_i + turn_i);
		WRITE(2, rest_r - turn_r, rest_i - turn_i);
	}
}

BUTTERFLY
FOURIER_KERNEL(butterfly_4)(const Butterfly *restrict b, int present, bool turned)
{
	const Lanes zero = {0.0, 0.0, 0.0, 0.0};

	for (int64_t q = 0; q < b->count; q += RAD_FOURIER_LANES)
	{
		READ(0)
		READ(1)
		READ(2)
		READ(3)
		Lanes		even_r = r0 + r2;
		Lanes		even_i = i0 + i2;
		Lanes		odd_r = r1 + r3;
		Lanes		odd_i = i1 + i3;
		Lanes		even_difference_r = r0 - r2;
		Lanes		even_difference_i = i0 - i2;
		Lanes		odd_difference_r = r1 - r3;
		Lanes		odd_difference_i = i1 - i3;

		WRITE(0, even_r + odd_r, even_i + odd_i);
		WRITE(1, even_difference_r + odd_difference_i, even_difference_i - odd_difference_r);
		WRITE(2, even_r - odd_r, even_i - odd_i);
		WRITE(3, even_difference_r - odd_difference_i, even_difference_i + odd_difference_r);
	}
}

BUTTERFLY
FOURIER_KERNEL(butterfly_5)(const Butterfly *restrict b, int present, bool turned)
{
	const Lanes zero = {0.0, 0.0, 0.0, 0.0};
	const double c1 = 0.30901699437494742410;	/* cos(2 pi / 5) */
	const double c2 = -0.80901699437494742410;	/* cos(4 pi / 5) */
	const double s1 = 0.95105651629515357212;	/* sin(2 pi / 5) */
	const double s2 = 0.58778525229247312917;	/* sin(4 pi / 5) */

	for (int64_t q = 0; q < b->count; q += RAD_FOURIER_LANES)
	{
		READ(0)
		READ(1)
		READ(2)
		READ(3)
		READ(4)
		Lanes		outer_r = r1 + r4;
		Lanes		outer_i = i1 + i4;
		Lanes		inner_r = r2 + r3;
		Lanes		inner_i = i2 + i3;
		Lanes		outer_difference_r = r1 - r4;
		Lanes		outer_difference_i = i1 - i4;
		Lanes		inner_difference_r = r2 - r3;
		Lanes		inner_difference_i = i2 - i3;
		Lanes		first_r = r0 + outer_r * c1 + inner_r * c2;
		Lanes		first_i = i0 + outer_i * c1 + inner_i * c2;
		Lanes		second_r = r0 + outer_r * c2 + inner_r * c1;
		Lanes		second_i = i0 + outer_i * c2 + inner_i * c1;
		Lanes		first_turn_r = outer_difference_i * s1 + inner_difference_i * s2;
		Lanes		first_turn_i = outer_difference_r * s1 + inner_difference_r * s2;
		Lanes		second_turn_r = outer_difference_i * s2 - inner_difference_i * s1;
		Lanes		second_turn_i = outer_difference_r * s2 - inner_difference_r * s1;

		WRITE(0, r0 + outer_r + inner_r, i0 + outer_i + inner_i);
		WRITE(1, first_r + first_turn_r, first_i - first_turn_i);
		WRITE(2, second_r + second_turn_r, second_i - second_turn_i);
		WRITE(3, second_r - second_turn_r, second_i + second_turn_i);
		WRITE(4, first_r - first_turn_r, first_i + first_turn_i);
	}
}

/*
 * One butterfly with `present` as a constant where it matters: the first stage
 * of zero-padded data reads half or fewer of its inputs.
 */
#define WITH_PRESENT(function, most) \
	do \
	{ \
		if (present >= most && turned) \
			function(b, most, true); \
		else if (present >= most) \
			function(b, most, false); \
		else if (present == 4 && most > 4) \
			function(b, 4, true); \
		else if (present == 3 && most > 3) \
			function(b, 3, true); \
		else if (present == 2 && most > 2) \
			function(b, 2, true); \
		else if (present == 1) \
			function(b, 1, true); \
		else \
			function(b, 0, true); \
	} while (0)

static void
FOURIER_KERNEL(butterfly)(const Butterfly *b, int radix, int present, bool turned)
{
	switch (radix)
	{
		case 2:
			WITH_PRESENT(FOURIER_KERNEL(butterfly_2), 2);
			break;
		case 3:
			WITH_PRESENT(FOURIER_KERNEL(butterfly_3), 3);
			break;
		case 4:
			WITH_PRESENT(FOURIER_KERNEL(butterfly_4), 4);
			break;
		default:
			WITH_PRESENT(FOURIER_KERNEL(butterfly_5), 5);
			break;
	}
}

ComplexArray
FOURIER_KERNEL(rad_fourier_columns)(const FourierPlan *plan, int64_t batch, int filled,
									ComplexArray input, ComplexArray work)
{
	int			left = plan->length;
	int64_t		stride = batch;

	for (int stage = 0; stage < plan->stage_count; stage++)
	{
		int			radix = plan->radix[stage];
		int			rest = left / radix;
		int			step = plan->length / left;
		ComplexArray swap = input;
		Butterfly	b = {.count = stride, .in_stride = stride * rest, .out_stride = stride};

		for (int p = 0; p < rest; p++)
		{
			int			present = radix;

			if (stage == 0)
				present = filled <= p ? 0 : (filled - p + rest - 1) / rest;
			b.in_real = input.real + stride * p;
			b.in_imaginary = input.imaginary + stride * p;
			b.out_real = work.real + stride * radix * p;
			b.out_imaginary = work.imaginary + stride * radix * p;
			for (int k = 0; k < radix; k++)
			{
				b.cosine[k] = plan->cosine[p * k * step];
				b.sine[k] = plan->sine[p * k * step];
			}
			FOURIER_KERNEL(butterfly)(&b, radix, present, p > 0);
		}
		input = work;
		work = swap;
		left = rest;
		stride *= radix;
	}
	return input;
}
