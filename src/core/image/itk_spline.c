/*
 * Prefilter of the cubic B-spline in ITK's order of operations (the filter is
 * that of image/bspline.h): the gain comes first, and the causal start value is
 * cut off at 1e-10.
 */
#include "image/itk_interpolate.h"

#include <math.h>

/* Lines that are filtered side by side along x. */
#define LANES 4

/* Samples of a row handled at once when filtering along y or z. */
#define PIECE 64

/* What a line of the given length needs. */
typedef struct SplineLine
{
	int			length;
	double		pole;
	double		gain;
	double		anticausal;		/* pole / (pole^2 - 1) */
	int			terms;			/* of the causal start value */
	const double *weights;		/* of those terms; the first is 1 */
	double		divisor;
} SplineLine;

/* Weights of the causal start value; its sum is divided by *divisor. */
static int
start_weights(int length, double pole, double *weights, double *divisor)
{
	int			horizon = (int) ceil(log(1e-10) / log(fabs(pole)));
	double		power = pole;
	double		mirrored;

	weights[0] = 1.0;
	*divisor = 1.0;
	if (horizon < length)
	{
		for (int k = 1; k < horizon; k++, power *= pole)
			weights[k] = power;
		return horizon;
	}
	mirrored = pow(pole, length - 1.0);
	weights[length - 1] = mirrored;
	mirrored *= mirrored * (1.0 / pole);
	for (int k = 1; k < length - 1; k++)
	{
		weights[k] = power + mirrored;
		power *= pole;
		mirrored *= 1.0 / pole;
	}
	*divisor = 1.0 - power * power;
	return length;
}

/*
 * Filter `width` lines side by side: sample k of line n is samples[k * step + n
 * * apart].  Inlined twice, with constant width and step.
 */
static inline __attribute__((always_inline)) void
filter_lines(const SplineLine *line, double *samples, int64_t step, int64_t apart, int width)
{
	double		state[PIECE];
	double		before[PIECE] = {0.0};
	int			length = line->length;
	bool		whole = line->terms == length;

	for (int k = 0; k < length; k++)
		for (int n = 0; n < width; n++)
			samples[k * step + n * apart] *= line->gain;
	for (int n = 0; n < width; n++)
		state[n] = samples[n * apart];

	/* ITK adds the last sample of a short line right after the first. */
	if (whole)
		for (int n = 0; n < width; n++)
			state[n] += line->weights[length - 1] * samples[(length - 1) * step + n * apart];
	for (int k = 1; k < (whole ? length - 1 : line->terms); k++)
		for (int n = 0; n < width; n++)
			state[n] += line->weights[k] * samples[k * step + n * apart];
	for (int n = 0; n < width; n++)
		samples[n * apart] = state[n] = whole ? state[n] / line->divisor : state[n];
	for (int k = 1; k < length; k++)
		for (int n = 0; n < width; n++)
		{
			before[n] = state[n];
			state[n] = samples[k * step + n * apart] + line->pole * state[n];
			samples[k * step + n * apart] = state[n];
		}
	for (int n = 0; n < width; n++)
	{
		state[n] = line->anticausal * (line->pole * before[n] + state[n]);
		samples[(length - 1) * step + n * apart] = state[n];
	}
	for (int k = length - 2; k >= 0; k--)
		for (int n = 0; n < width; n++)
		{
			state[n] = line->pole * (state[n] - samples[k * step + n * apart]);
			samples[k * step + n * apart] = state[n];
		}
}

static bool
filter_axis(RadContext *context, const SplineLine *line, const int size[3], int axis,
			double *values)
{
	int64_t		slice = (int64_t) size[0] * size[1];
	int64_t		step = axis == 0 ? 1 : axis == 1 ? size[0] : slice;
	int64_t		outer_step = axis == 2 ? size[0] : slice;
	int			across = axis == 0 ? size[1] : size[0];
	int64_t		apart = axis == 0 ? size[0] : 1;
	int			outer_count = axis == 2 ? size[1] : size[2];

	for (int outer = 0; outer < outer_count; outer++)
	{
		double	   *base = values + outer * outer_step;
		int			done = 0;

		if (!rad_continue(context))
			return false;
		if (axis == 0)
			for (; done + LANES <= across; done += LANES)
				filter_lines(line, base + done * apart, 1, apart, LANES);
		else
			for (; done + PIECE <= across; done += PIECE)
				filter_lines(line, base + done, step, 1, PIECE);
		while (done < across)
		{
			int			width = across - done < LANES ? across - done : LANES;

			filter_lines(line, base + done * apart, step, apart, width);
			done += width;
		}
	}
	return true;
}

bool
rad_itk_spline_coefficients(RadContext *context, ItkSamples *samples)
{
	double		pole = sqrt(3.0) - 2.0;
	int			size[3];

	for (int axis = 0; axis < 3; axis++)
		size[axis] = samples->box.hi[axis] - samples->box.lo[axis];
	for (int axis = 0; axis < 3; axis++)
	{
		double		weights[PIECE];
		SplineLine	line = {
			.length = size[axis], .pole = pole, .gain = (1.0 - pole) * (1.0 - 1.0 / pole),
			.anticausal = pole / (pole * pole - 1.0), .weights = weights,
		};

		/* A line of one sample is its own coefficient: a constant. */
		if (size[axis] == 1)
			continue;
		line.terms = start_weights(size[axis], pole, weights, &line.divisor);
		if (!filter_axis(context, &line, size, axis, samples->values))
			return false;
	}
	return true;
}
