/*
 * Seeded random grey levels and masks for tests: blocks of equal level (so
 * zones of every size occur), single voxels changed, holes, several
 * components, empty rows and slices.
 */
#ifndef TEST_RANDOM_LEVELS_H
#define TEST_RANDOM_LEVELS_H

#include <stdint.h>
#include <stdlib.h>

/* xorshift64*; the state must not be 0. */
static inline uint32_t
random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (uint32_t) (*state * 2685821657736338717u >> 32);
}

/* From low to high, both included. */
static inline int
random_between(uint64_t *state, int low, int high)
{
	return low + (int) (random_next(state) % (uint32_t) (high - low + 1));
}

typedef struct RandomLevels
{
	int			size[3];
	int			level_count;
	uint16_t   *dense;			/* x fastest, 0 outside; caller frees */
} RandomLevels;

static inline RandomLevels
random_levels(uint64_t *state, int largest_size, int level_count)
{
	RandomLevels volume = {.level_count = level_count};
	int			block = random_between(state, 1, 4);
	int			change = random_between(state, 0, 60);	/* percent */
	int			hole = random_between(state, 0, 70);	/* percent */
	int			hole_block = random_between(state, 1, 6);
	uint32_t	salt = random_next(state);
	int64_t		at = 0;

	for (int axis = 0; axis < 3; axis++)
		volume.size[axis] = random_between(state, 1, largest_size);
	volume.dense = malloc(sizeof(uint16_t) * (size_t) volume.size[0] *
						  (size_t) volume.size[1] * (size_t) volume.size[2]);
	for (int z = 0; z < volume.size[2]; z++)
		for (int y = 0; y < volume.size[1]; y++)
			for (int x = 0; x < volume.size[0]; x++, at++)
			{
				uint64_t	of_block = salt + (uint64_t) (x / block) * 73856093u +
					(uint64_t) (y / block) * 19349663u + (uint64_t) (z / block) * 83492791u;
				uint64_t	of_hole = ~(uint64_t) salt + (uint64_t) (x / hole_block) * 2654435761u +
					(uint64_t) (y / hole_block) * 40503u + (uint64_t) (z / hole_block) * 97u;

				volume.dense[at] = (uint16_t) (1 + random_next(&of_block) % (uint32_t) level_count);
				random_next(&of_hole);
				if ((int) (random_next(&of_hole) % 100) < hole)
					volume.dense[at] = 0;
				else if (random_between(state, 0, 99) < change)
					volume.dense[at] = (uint16_t) random_between(state, 0, level_count);
			}
	return volume;
}

#endif							/* TEST_RANDOM_LEVELS_H */
