/*
 * Synthetic regions for benchmarks: an ellipsoid of a given number of voxels in
 * the middle of smooth structure with noise, CT-like integers, always the same
 * for the same seed.
 */
#ifndef BENCH_SYNTHETIC_H
#define BENCH_SYNTHETIC_H

#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "formats/mask_runs.h"

/* Voxel counts that are measured. */
static const int synthetic_counts[] = {2000, 54000, 285000, 841000};

#define SYNTHETIC_COUNTS 4

typedef struct SyntheticScan
{
	Grid		grid;
	Volume		image;			/* int16 */
	MaskRuns   *mask;			/* label 1 */
} SyntheticScan;

static inline double
synthetic_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (double) (*state >> 11) / 9007199254740992.0;
}

/*
 * An ellipsoid with half-axes in the ratio 1.2 : 1 : 0.8 (in mm) and about
 * voxel_count voxels, with 16 mm of image around it.
 */
static inline SyntheticScan
synthetic_scan(RadContext *context, int voxel_count, const double spacing[3], uint64_t seed)
{
	static const double ratio[3] = {1.2, 1.0, 0.8};
	double		volume = voxel_count * spacing[0] * spacing[1] * spacing[2];
	double		radius = cbrt(volume / (4.0 / 3.0 * M_PI * 1.2 * 0.8));
	SyntheticScan scan = {.grid.direction = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
	LabelSummary summary = {1, 0, {{1 << 20, 1 << 20, 1 << 20}, {0, 0, 0}}};
	int16_t    *voxel;

	for (int axis = 0; axis < 3; axis++)
	{
		scan.grid.spacing[axis] = spacing[axis];
		scan.grid.size[axis] = (int) ceil(2.0 * (radius * ratio[axis] + 16.0) / spacing[axis]);
	}
	voxel = rad_new(context, int16_t, rad_grid_voxel_count(&scan.grid));
	scan.image = (Volume) {scan.grid, rad_grid_box(&scan.grid), VOXEL_INT16, voxel};
	scan.mask = rad_new_zeroed(context, MaskRuns, 1);
	scan.mask->grid = scan.grid;
	scan.mask->runs = rad_new(context, LabelRun, (int64_t) scan.grid.size[1] * scan.grid.size[2]);
	for (int z = 0; z < scan.grid.size[2]; z++)
		for (int y = 0; y < scan.grid.size[1]; y++)
		{
			LabelRun	run = {1, 0, 0, y, z};

			for (int x = 0; x < scan.grid.size[0]; x++)
			{
				int			at[3] = {x, y, z};
				double		distance = 0.0;
				double		wave = 0.0;

				for (int axis = 0; axis < 3; axis++)
				{
					double		position = (at[axis] - 0.5 * (scan.grid.size[axis] - 1)) *
						spacing[axis];

					distance += position * position /
						(radius * radius * ratio[axis] * ratio[axis]);
					wave += sin(position * (0.11 + 0.04 * axis) + axis);
				}
				*voxel++ = (int16_t) (40.0 * wave + (distance < 1.0 ? 40.0 : -60.0) +
									  60.0 * (synthetic_random(&seed) + synthetic_random(&seed) - 1.0));
				if (distance >= 1.0)
					continue;
				if (run.x_end == 0)
					run.x_begin = x;
				run.x_end = x + 1;
			}
			if (run.x_end > 0)
			{
				Box			box = {{run.x_begin, y, z}, {run.x_end, y + 1, z + 1}};

				summary.voxel_count += run.x_end - run.x_begin;
				summary.box = rad_box_union(&summary.box, &box);
				scan.mask->runs[scan.mask->run_count++] = run;
			}
		}
	scan.mask->labels = rad_new(context, LabelSummary, 1);
	scan.mask->labels[0] = summary;
	scan.mask->label_count = 1;
	return scan;
}

/* Milliseconds of processor time, so that a busy machine disturbs less. */
static inline double
synthetic_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double) now.tv_sec * 1e3 + (double) now.tv_nsec * 1e-6;
}

static inline int
synthetic_compare(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

/* Median of count times; sorts them. */
static inline double
synthetic_median(double *times, int count)
{
	qsort(times, (size_t) count, sizeof(double), synthetic_compare);
	return times[count / 2];
}

#endif							/* BENCH_SYNTHETIC_H */
