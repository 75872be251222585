/*
 * Prefilter of the cubic B-spline in other libraries' orders of operations.
 */
#include "image/spline_filter.h"

#include <math.h>

/* Lines that are filtered side by side along x. */
#define LANES 4

/* Samples of a row handled at once when filtering along y or z. */
#define PIECE 64

/* ITK cuts the causal start value off where its terms fall below this. */
#define ITK_TOLERANCE 1e-10

/* What a line of the given length needs. */
typedef struct SplineLine
{
	SplineFlavour flavour;
	int			length;
	double		pole;
	double		gain;

	/* ITK: weights of the causal start value's terms, and its divisor. */
	int			terms;
	double		weights[PIECE];
	double		divisor;
} SplineLine;

/* Weights of ITK's causal start value. */
static void
itk_start_weights(SplineLine *line)
{
	int			horizon = (int) ceil(log(ITK_TOLERANCE) / log(fabs(line->pole)));
	double		power = line->pole;
	double		mirrored;

	line->divisor = 1.0;
	line->terms = horizon < line->length ? horizon : line->length;
	if (horizon < line->length)
	{
		for (int k = 1; k < horizon; k++, power *= line->pole)
			line->weights[k] = power;
		return;
	}
	mirrored = pow(line->pole, line->length - 1.0);
	line->weights[line->length - 1] = mirrored;
	mirrored *= mirrored * (1.0 / line->pole);
	for (int k = 1; k < line->length - 1; k++)
	{
		line->weights[k] = power + mirrored;
		power *= line->pole;
		mirrored *= 1.0 / line->pole;
	}
	line->divisor = 1.0 - power * power;
}

/* state[n]: the causal start value of line n; samples as in filter_lines. */
static inline __attribute__((always_inline)) void
itk_start(const SplineLine *line, const double *samples, int64_t step, int64_t apart, int width,
		  double *state)
{
	int			length = line->length;
	bool		whole = line->terms == length;

	/* ITK adds the last sample of a short line right after the first. */
	if (whole)
		for (int n = 0; n < width; n++)
			state[n] += line->weights[length - 1] * samples[(length - 1) * step + n * apart];
	for (int k = 1; k < (whole ? length - 1 : line->terms); k++)
		for (int n = 0; n < width; n++)
			state[n] += line->weights[k] * samples[k * step + n * apart];
	for (int n = 0; n < width && whole; n++)
		state[n] /= line->divisor;
}

static inline __attribute__((always_inline)) void
scipy_start(const SplineLine *line, const double *samples, int64_t step, int64_t apart,
			int width, double *state)
{
	int			last = line->length - 1;
	double		far = pow(line->pole, last);
	double		power = line->pole;

	for (int n = 0; n < width; n++)
		state[n] += far * samples[last * step + n * apart];

	/* Terms that underflow add nothing. */
	for (int k = 1; k < last && power != 0.0; k++, power *= line->pole)
		for (int n = 0; n < width; n++)
			state[n] += power * (samples[k * step + n * apart] +
								 far * samples[(last - k) * step + n * apart]);
	for (int n = 0; n < width; n++)
		state[n] /= 1.0 - far * far;
}

/*
 * Filter `width` lines side by side: sample k of line n is samples[k * step + n
 * * apart].  Inlined, so that width and step are constant where they are.
 */
static inline __attribute__((always_inline)) void
filter_lines(const SplineLine *line, double *samples, int64_t step, int64_t apart, int width)
{
	double		state[PIECE];
	double		before[PIECE] = {0.0};
	double		pole = line->pole;
	int			length = line->length;

	for (int k = 0; k < length; k++)
		for (int n = 0; n < width; n++)
			samples[k * step + n * apart] *= line->gain;
	for (int n = 0; n < width; n++)
		state[n] = samples[n * apart];
	if (line->flavour == SPLINE_ITK)
		itk_start(line, samples, step, apart, width, state);
	else
		scipy_start(line, samples, step, apart, width, state);
	for (int n = 0; n < width; n++)
		samples[n * apart] = state[n];
	for (int k = 1; k < length; k++)
		for (int n = 0; n < width; n++)
		{
			before[n] = state[n];
			state[n] = samples[k * step + n * apart] + pole * state[n];
			samples[k * step + n * apart] = state[n];
		}
	for (int n = 0; n < width; n++)
	{
		double		sum = pole * before[n] + state[n];

		state[n] = line->flavour == SPLINE_ITK ? pole / (pole * pole - 1.0) * sum :
			sum * pole / (pole * pole - 1.0);
		samples[(length - 1) * step + n * apart] = state[n];
	}
	for (int k = length - 2; k >= 0; k--)
		for (int n = 0; n < width; n++)
		{
			state[n] = pole * (state[n] - samples[k * step + n * apart]);
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
rad_spline_filter(RadContext *context, SplineFlavour flavour, const int size[3], double *values)
{
	/* Rounded once in scipy, and twice in ITK, which differs in the 15th digit. */
	double		pole = flavour == SPLINE_ITK ? sqrt(3.0) - 2.0 :
		-0.267949192431122706472553658494;

	for (int n = 0; n < 3; n++)
	{
		int			axis = flavour == SPLINE_ITK ? n : 2 - n;
		SplineLine	line = {
			.flavour = flavour, .length = size[axis], .pole = pole,
			.gain = (1.0 - pole) * (1.0 - 1.0 / pole),
		};

		/* A line of one sample is its own coefficient: a constant. */
		if (size[axis] == 1)
			continue;
		if (flavour == SPLINE_ITK)
			itk_start_weights(&line);
		if (!filter_axis(context, &line, size, axis, values))
			return false;
	}
	return true;
}
