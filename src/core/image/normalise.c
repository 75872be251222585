/*
 * Normalisation with compensated sums (W. Kahan, CACM 8 (1965) 40), over
 * interleaved lanes whose results are added at the end.
 */
#include "image/normalise.h"

#include <math.h>

/* Sums that run side by side, to hide the latency of the additions. */
#define LANES 8

/* Voxels converted at a time, a multiple of LANES. */
#define PIECE 4096

typedef struct CompensatedSum
{
	double		sum[LANES];
	double		lost[LANES];
} CompensatedSum;

static inline void
add(CompensatedSum *total, int lane, double term)
{
	double		corrected = term - total->lost[lane];
	double		sum = total->sum[lane] + corrected;

	total->lost[lane] = (sum - total->sum[lane]) - corrected;
	total->sum[lane] = sum;
}

static double
total_of(const CompensatedSum *total)
{
	CompensatedSum all = {{0.0}, {0.0}};

	for (int lane = 0; lane < LANES; lane++)
	{
		add(&all, 0, total->sum[lane]);
		add(&all, 0, -total->lost[lane]);
	}
	return all.sum[0];
}

/* Mean and sample standard deviation of count voxels. */
static bool
moments(RadContext *context, const Volume *image, int64_t count, double piece[PIECE],
		double *mean, double *deviation)
{
	CompensatedSum sum = {{0.0}, {0.0}};
	CompensatedSum squares = {{0.0}, {0.0}};
	double		total;

	for (int64_t first = 0; first < count; first += PIECE)
	{
		int			length = count - first < PIECE ? (int) (count - first) : PIECE;

		if (!rad_continue(context))
			return false;
		rad_voxels_to_double(image->type, image->voxels, first, length, piece);
		for (; length % LANES != 0; length++)
			piece[length] = 0.0;
		for (int n = 0; n < length; n += LANES)
			for (int lane = 0; lane < LANES; lane++)
			{
				add(&sum, lane, piece[n + lane]);
				add(&squares, lane, piece[n + lane] * piece[n + lane]);
			}
	}
	total = total_of(&sum);
	*mean = total / (double) count;
	*deviation = sqrt((total_of(&squares) - total * total / (double) count) /
					  ((double) count - 1.0));
	return true;
}

bool
rad_normalise(RadContext *context, const Volume *image, double scale, double outliers,
			  Volume *normalised)
{
	int64_t		count = rad_box_voxel_count(&image->box);
	double	   *voxels = rad_new(context, double, count);
	double	   *piece = rad_new(context, double, PIECE);
	double		mean;
	double		deviation;

	if (voxels == NULL || piece == NULL ||
		!moments(context, image, count, piece, &mean, &deviation))
		return false;
	rad_release(context, piece);
	for (int64_t first = 0; first < count; first += PIECE)
	{
		int64_t		end = count - first < PIECE ? count : first + PIECE;

		if (!rad_continue(context))
			return false;
		rad_voxels_to_double(image->type, image->voxels, first, end - first, voxels + first);
		for (int64_t n = first; n < end; n++)
		{
			double		value = (voxels[n] - mean) * (1.0 / deviation);

			if (outliers > 0.0)
				value = value > outliers ? outliers : value < -outliers ? -outliers : value;
			voxels[n] = value * scale;
		}
	}
	normalised->grid = image->grid;
	normalised->box = image->box;
	normalised->type = VOXEL_FLOAT64;
	normalised->voxels = voxels;
	return true;
}
