/*
 * Images for tests of filters and resampling.
 */
#ifndef TEST_FILTER_FIXTURE_H
#define TEST_FILTER_FIXTURE_H

#include <string.h>

#include "volume/volume.h"

/* A grid along the world's axes. */
static inline Grid
plain_filter_grid(int nx, int ny, int nz)
{
	return (Grid) {
		.size = {nx, ny, nz}, .spacing = {1.0, 1.0, 1.0},
		.direction = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, .dimension = 3
	};
}

/* Pseudo-random numbers, the same in every run. */
static inline uint32_t
next_noise(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* Noise of -1000 ... 1000 (unsigned types: 0 ... 200) with some structure. */
static inline Volume
noise_image(RadContext *context, const Grid *grid, VoxelType type, uint32_t seed)
{
	int64_t		count = rad_grid_voxel_count(grid);
	Volume		image = {*grid, rad_grid_box(grid), type, NULL};

	image.voxels = rad_allocate(context, (size_t) count, rad_voxel_size(type));
	for (int64_t n = 0; n < count; n++)
	{
		int			value = (int) (next_noise(&seed) % 2001) - 1000;

		switch (type)
		{
			case VOXEL_UINT8:
				((uint8_t *) image.voxels)[n] = (uint8_t) ((value + 1000) / 10);
				break;
			case VOXEL_INT16:
				((int16_t *) image.voxels)[n] = (int16_t) value;
				break;
			case VOXEL_FLOAT32:
				((float *) image.voxels)[n] = (float) value / 7.0f;
				break;
			default:
				((double *) image.voxels)[n] = value / 7.0;
				break;
		}
	}
	return image;
}

/* Whether part (of the same grid) has the bits that whole has there. */
static inline bool
equal_bits(const Volume *part, const Volume *whole)
{
	size_t		size = rad_voxel_size(part->type);
	int			width = part->box.hi[0] - part->box.lo[0];
	const char *row = part->voxels;

	if (part->type != whole->type)
		return false;
	for (int z = part->box.lo[2]; z < part->box.hi[2]; z++)
		for (int y = part->box.lo[1]; y < part->box.hi[1]; y++, row += width * size)
		{
			int64_t		at = z - whole->box.lo[2];

			at = at * (whole->box.hi[1] - whole->box.lo[1]) + (y - whole->box.lo[1]);
			at = at * (whole->box.hi[0] - whole->box.lo[0]) + (part->box.lo[0] - whole->box.lo[0]);
			if (memcmp(row, (const char *) whole->voxels + (size_t) at * size,
					   (size_t) width * size) != 0)
				return false;
		}
	return true;
}

#endif							/* TEST_FILTER_FIXTURE_H */
