/*
 * Value at a position by each of ITK's interpolators.
 */
#include "image/itk_interpolate.h"

#include <math.h>
#include <string.h>

#include "image/spline_filter.h"

/* ITK's radius of the windowed sinc, voxels. */
#define SINC_RADIUS 5

/* Most weights along an axis: those of the sinc. */
#define MOST_TAPS (2 * SINC_RADIUS)

/* Standard deviation of the Gaussians in voxels, and cut-off in deviations. */
#define GAUSSIAN_SIGMA 0.8
#define GAUSSIAN_CUT_OFF 4.0
#define LABEL_GAUSSIAN_SIGMA 1.0
#define LABEL_GAUSSIAN_CUT_OFF 1.0

/* Weights along the axes, and which samples of the box they belong to. */
typedef struct Taps
{
	int			count[3];
	int			index[3][MOST_TAPS];	/* in the box */
	double		weight[3][MOST_TAPS];
} Taps;

int
rad_itk_reach(ItkInterpolator interpolator)
{
	switch (interpolator)
	{
		case ITK_NEAREST_NEIGHBOR:
		case ITK_LINEAR:
			return 1;
		case ITK_BSPLINE:
			return 3 + RAD_SPLINE_EXACT_MARGIN;
		case ITK_GAUSSIAN:
		case ITK_LABEL_GAUSSIAN:
			return 5;
		default:
			return SINC_RADIUS + 1;
	}
}

static inline const double *
row_of(const ItkSamples *samples, int y, int z)
{
	const Box  *box = &samples->box;

	return samples->values +
		((int64_t) z * (box->hi[1] - box->lo[1]) + y) * (box->hi[0] - box->lo[0]);
}

static inline int
clamped(int index, int size)
{
	return index < 0 ? 0 : index < size ? index : size - 1;
}

static double
linear(const ItkSamples *samples, const double position[3])
{
	int			index[3][2];
	double		distance[3];
	double		along_y[2];

	for (int axis = 0; axis < 3; axis++)
	{
		int			base = (int) floor(position[axis]);
		int			low = clamped(base, samples->size[axis]);

		/* Beyond the outermost centres the edge voxel's value holds. */
		distance[axis] = base < 0 ? 0.0 : position[axis] - base;
		index[axis][0] = low - samples->box.lo[axis];
		index[axis][1] = (distance[axis] > 0.0 ? clamped(low + 1, samples->size[axis]) : low) -
			samples->box.lo[axis];
	}
	for (int z = 0; z < 2; z++)
	{
		double		along_x[2];

		for (int y = 0; y < 2; y++)
		{
			const double *row = row_of(samples, index[1][y], index[2][z]);

			along_x[y] = row[index[0][0]] + (row[index[0][1]] - row[index[0][0]]) * distance[0];
		}
		along_y[z] = along_x[0] + (along_x[1] - along_x[0]) * distance[1];
	}
	return along_y[0] + (along_y[1] - along_y[0]) * distance[2];
}

static inline int
mirrored(int index, int size)
{
	if (size == 1)
		return 0;
	if (index < 0)
		index = -index;
	return index >= size - 1 ? 2 * (size - 1) - index : index;
}

/* Positions whose sums run side by side, to hide the latency of the additions. */
#define SPLINE_LANES 4

typedef double Lanes __attribute__((vector_size(SPLINE_LANES * sizeof(double))));

/*
 * Weighted sums over all taps, x innermost; weights are multiplied x, y, z.  For
 * SPLINE_LANES positions at once, each by the same operations.
 */
static void
spline(const ItkSamples *samples, double (*position)[3], double sums[SPLINE_LANES])
{
	const Box  *box = &samples->box;
	int64_t		stride[3] = {1, box->hi[0] - box->lo[0], 0};
	int64_t		offset[3][4][SPLINE_LANES];
	Lanes		weight[3][4];
	Lanes		plane_weight[16];
	Lanes		total = {0.0};

	stride[2] = stride[1] * (box->hi[1] - box->lo[1]);
	for (int lane = 0; lane < SPLINE_LANES; lane++)
	{
		for (int axis = 0; axis < 3; axis++)
		{
			/* ITK takes the floor in single precision. */
			int			base = (int) floorf((float) position[lane][axis]) - 1;
			double		w = position[lane][axis] - (base + 1);
			double		w3 = (1.0 / 6.0) * w * w * w;
			double		w0 = (1.0 / 6.0) + 0.5 * w * (w - 1.0) - w3;
			double		w2 = w + w0 - 2.0 * w3;

			weight[axis][0][lane] = w0;
			weight[axis][1][lane] = 1.0 - w0 - w2 - w3;
			weight[axis][2][lane] = w2;
			weight[axis][3][lane] = w3;
			for (int tap = 0; tap < 4; tap++)
				offset[axis][tap][lane] = stride[axis] *
					(mirrored(base + tap, samples->size[axis]) - box->lo[axis]);
		}
	}
	for (int n = 0; n < 16; n++)
		plane_weight[n] = weight[0][n % 4] * weight[1][n / 4];
	for (int z = 0; z < 4; z++)
		for (int y = 0; y < 4; y++)
		{
			const double *row[SPLINE_LANES];

			for (int lane = 0; lane < SPLINE_LANES; lane++)
				row[lane] = samples->values + offset[2][z][lane] + offset[1][y][lane];
			for (int x = 0; x < 4; x++)
			{
				const Lanes values = {
					row[0][offset[0][x][0]], row[1][offset[0][x][1]],
					row[2][offset[0][x][2]], row[3][offset[0][x][3]]
				};

				total += plane_weight[4 * y + x] * weight[2][z] * values;
			}
		}
	memcpy(sums, &total, sizeof(total));
}

/*
 * The error function as ITK has it, which is correct to some 3e-7: the incomplete
 * gamma function P(1/2, t^2) by its series, or by its continued fraction (Lentz's
 * method) from t^2 = 1.5 on, up to a term that small.
 */
static double
itk_erf(double t)
{
	const double enough = 3e-7;
	const double log_gamma_half = 0.572364942924847;
	double		x = t * t;
	double		result;

	if (x == 0.0)
		return 0.0;
	if (x < 1.5)
	{
		double		term = 2.0;
		double		sum = term;

		for (int i = 1; i <= 100 && !(fabs(term) < fabs(sum) * enough && i > 1); i++)
		{
			term *= x / (0.5 + i);
			sum += term;
		}
		result = sum * exp(-x + 0.5 * log(x) - log_gamma_half);
	}
	else
	{
		double		b = x + 0.5;
		double		c = 1e30;
		double		d = 1.0 / b;
		double		fraction = d;
		double		change = 0.0;

		for (int i = 1; i <= 100 && !(fabs(change - 1.0) < enough); i++)
		{
			double		a = i * (0.5 - i);

			b += 2.0;
			d = 1.0 / (a * d + b);
			c = b + a / c;
			change = d * c;
			fraction *= change;
		}
		result = 1.0 - exp(-x + 0.5 * log(x) - log_gamma_half) * fraction;
	}
	return t < 0.0 ? -result : result;
}

/* A Gaussian's integral over each voxel within the cut-off, up to a factor. */
static void
gaussian_taps(const ItkSamples *samples, const double position[3], double sigma, double cut_off,
			  Taps *taps)
{
	for (int axis = 0; axis < 3; axis++)
	{
		/* Through millimetres and back, for the rounding's sake. */
		double		deviation = sigma * samples->spacing[axis];
		double		scale = 1.0 / (sqrt(2.0) * deviation / samples->spacing[axis]);
		double		reach = deviation * cut_off / samples->spacing[axis];
		double		centre = position[axis] + 0.5;
		int			begin = (int) fmax(floor(centre - reach), 0.0);
		int			end = (int) fmin(ceil(centre + reach), samples->size[axis]);
		double		t = (-0.5 - position[axis] + begin) * scale;
		double		last = itk_erf(t);

		taps->count[axis] = end - begin;
		for (int tap = 0; tap < end - begin; tap++)
		{
			double		now;

			t += scale;
			now = itk_erf(t);
			taps->index[axis][tap] = begin + tap - samples->box.lo[axis];
			taps->weight[axis][tap] = now - last;
			last = now;
		}
	}
}

static double
gaussian(const ItkSamples *samples, const double position[3])
{
	Taps		taps;
	double		weights = 0.0;
	double		sum = 0.0;

	gaussian_taps(samples, position, GAUSSIAN_SIGMA, GAUSSIAN_CUT_OFF, &taps);
	for (int z = 0; z < taps.count[2]; z++)
		for (int y = 0; y < taps.count[1]; y++)
		{
			const double *row = row_of(samples, taps.index[1][y], taps.index[2][z]);

			for (int x = 0; x < taps.count[0]; x++)
			{
				double		weight = taps.weight[0][x] * taps.weight[1][y] * taps.weight[2][z];

				sum += row[taps.index[0][x]] * weight;
				weights += weight;
			}
		}
	return sum / weights;
}

/* The value with the largest weight in all; of equals, the one that is first. */
static double
label_gaussian(const ItkSamples *samples, const double position[3])
{
	Taps		taps;
	double		labels[64];
	double		weights[64];
	int			count = 0;
	double		best = 0.0;
	double		most = 0.0;

	gaussian_taps(samples, position, LABEL_GAUSSIAN_SIGMA, LABEL_GAUSSIAN_CUT_OFF, &taps);
	for (int z = 0; z < taps.count[2]; z++)
		for (int y = 0; y < taps.count[1]; y++)
		{
			const double *row = row_of(samples, taps.index[1][y], taps.index[2][z]);

			for (int x = 0; x < taps.count[0]; x++)
			{
				double		value = row[taps.index[0][x]];
				int			n = 0;

				while (n < count && labels[n] != value)
					n++;
				if (n == count)
				{
					labels[count] = value;
					weights[count++] = 0.0;
				}
				weights[n] += taps.weight[0][x] * taps.weight[1][y] * taps.weight[2][z];
				if (weights[n] > most)
				{
					most = weights[n];
					best = value;
				}
			}
		}
	return best;
}

static double
sinc(double t)
{
	return t == 0.0 ? 1.0 : sin(t) / t;
}

/* The window at distance t (voxels) from the position. */
static double
sinc_window(ItkInterpolator interpolator, double t)
{
	double		turn = M_PI / SINC_RADIUS;

	switch (interpolator)
	{
		case ITK_HAMMING_WINDOWED_SINC:
			return 0.54 + 0.46 * cos(t * turn);
		case ITK_COSINE_WINDOWED_SINC:
			return cos(t * (M_PI / (2 * SINC_RADIUS)));
		case ITK_WELCH_WINDOWED_SINC:
			return 1.0 - t * (1.0 / (SINC_RADIUS * SINC_RADIUS)) * t;
		case ITK_LANCZOS_WINDOWED_SINC:
			return sinc(turn * t);
		default:				/* Blackman */
			return 0.42 + 0.5 * cos(t * turn) + 0.08 * cos(t * (2.0 * M_PI / SINC_RADIUS));
	}
}

static double
windowed_sinc(const ItkSamples *samples, ItkInterpolator interpolator, const double position[3])
{
	Taps		taps;
	double		sum = 0.0;

	for (int axis = 0; axis < 3; axis++)
	{
		int			base = (int) floor(position[axis]);
		double		distance = position[axis] - base;
		double		t = distance + SINC_RADIUS;

		/* On a voxel only that voxel counts. */
		taps.count[axis] = distance == 0.0 ? 1 : MOST_TAPS;
		for (int tap = 0; tap < taps.count[axis]; tap++)
		{
			int			index = distance == 0.0 ? base : base - (SINC_RADIUS - 1) + tap;

			t -= 1.0;
			taps.weight[axis][tap] = distance == 0.0 ? 1.0 :
				sinc_window(interpolator, t) * sinc(M_PI * t);
			taps.index[axis][tap] = clamped(index, samples->size[axis]) - samples->box.lo[axis];
		}
	}
	for (int z = 0; z < taps.count[2]; z++)
		for (int y = 0; y < taps.count[1]; y++)
		{
			const double *row = row_of(samples, taps.index[1][y], taps.index[2][z]);

			for (int x = 0; x < taps.count[0]; x++)
				sum += row[taps.index[0][x]] * taps.weight[0][x] * taps.weight[1][y] *
					taps.weight[2][z];
		}
	return sum;
}

static double
interpolate(const ItkSamples *samples, ItkInterpolator interpolator, const double position[3])
{
	double		same[SPLINE_LANES][3];
	double		sums[SPLINE_LANES];

	switch (interpolator)
	{
		case ITK_LINEAR:
			return linear(samples, position);
		case ITK_BSPLINE:
			for (int lane = 0; lane < SPLINE_LANES; lane++)
				memcpy(same[lane], position, sizeof(same[lane]));
			spline(samples, same, sums);
			return sums[0];
		case ITK_GAUSSIAN:
			return gaussian(samples, position);
		case ITK_LABEL_GAUSSIAN:
			return label_gaussian(samples, position);
		default:
			return windowed_sinc(samples, interpolator, position);
	}
}

void
rad_itk_interpolate_row(const ItkSamples *samples, ItkInterpolator interpolator, int count,
						double (*positions)[3], double *values)
{
	int			done = 0;

	for (; interpolator == ITK_BSPLINE && done + SPLINE_LANES <= count; done += SPLINE_LANES)
		spline(samples, positions + done, values + done);
	for (; done < count; done++)
		values[done] = interpolate(samples, interpolator, positions[done]);
}
