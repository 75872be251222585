/*
 * Masks and settings for tests of the region and of the features: a mask of
 * bytes becomes runs, as the readers deliver them.
 */
#ifndef MASK_FIXTURE_H
#define MASK_FIXTURE_H

#include <math.h>
#include <stdlib.h>

#include "assert_close.h"
#include "formats/mask_runs.h"
#include "settings/settings.h"

/* Runs of a dense label volume; the labels must be 0 .. 9. */
static inline MaskRuns *
mask_from_labels(RadContext *context, const Grid *grid, const uint8_t *labels)
{
	MaskRuns   *mask = rad_new_zeroed(context, MaskRuns, 1);
	const uint8_t *row = labels;

	mask->grid = *grid;
	mask->runs = rad_new(context, LabelRun, rad_grid_voxel_count(grid));
	mask->labels = rad_new_zeroed(context, LabelSummary, 10);
	for (int z = 0; z < grid->size[2]; z++)
		for (int y = 0; y < grid->size[1]; y++, row += grid->size[0])
			for (int begin = 0, end; begin < grid->size[0]; begin = end)
			{
				for (end = begin + 1; end < grid->size[0] && row[end] == row[begin];)
					end++;
				if (row[begin] != 0)
					mask->runs[mask->run_count++] = (LabelRun) {row[begin], begin, end, y, z};
			}
	for (int32_t label = 1; label < 10; label++)
	{
		LabelSummary summary = {label, 0, {{1 << 20, 1 << 20, 1 << 20}, {0, 0, 0}}};

		for (int64_t n = 0; n < mask->run_count; n++)
		{
			const LabelRun *run = &mask->runs[n];
			Box			box = {{run->x_begin, run->y, run->z}, {run->x_end, run->y + 1, run->z + 1}};

			if (run->label != label)
				continue;
			summary.voxel_count += run->x_end - run->x_begin;
			summary.box = rad_box_union(&summary.box, &box);
		}
		if (summary.voxel_count > 0)
			mask->labels[mask->label_count++] = summary;
	}
	return mask;
}

/* No processing at all; every family. */
static inline Settings
plain_settings(void)
{
	Settings	settings = {
		.image_interpolator = INTERPOLATOR_TRILINEAR,
		.mask_interpolator = INTERPOLATOR_TRILINEAR,
		.mask_threshold = 0.5,
		.resegmentation_range = {-INFINITY, INFINITY},
		.discretisation = DISCRETISATION_FIXED_BIN_NUMBER,
		.bin_number = 32,
		.bin_size = 25.0,
		.ivh_discretisation = DISCRETISATION_AUTO,
		.ivh_bin_number = 1000,
		.ivh_bin_size = 2.5,
		.families = ALL_FAMILIES,
	};

	return settings;
}

static inline Grid
plain_grid(int x, int y, int z, double dx, double dy, double dz)
{
	return (Grid) {{x, y, z}, {dx, dy, dz}, {0.0, 0.0, 0.0},
		{{1.0, 0.0, 0.0}, {0.0, 1.0, 0.0}, {0.0, 0.0, 1.0}}, 3};
}

/* A fixed sequence of pseudo-random numbers in [0, 1). */
static inline double
next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (double) (*state >> 11) / 9007199254740992.0;
}

#endif							/* MASK_FIXTURE_H */
