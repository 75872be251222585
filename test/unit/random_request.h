/*
 * Requests about random regions, for comparing what different devices answer.
 */
#ifndef TEST_RANDOM_REQUEST_H
#define TEST_RANDOM_REQUEST_H

#include <string.h>

#include "device/request.h"
#include "levels_fixture.h"
#include "random_levels.h"

/* A mask around the levels' box, with every voxel of a level and some more. */
static inline uint8_t *
random_mask(RadContext *context, uint64_t *state, const RandomLevels *volume,
			int size[3], int offset[3])
{
	uint8_t    *mask;
	int64_t		at = 0;

	for (int axis = 0; axis < 3; axis++)
	{
		offset[axis] = random_between(state, 0, 2);
		size[axis] = volume->size[axis] + offset[axis] + random_between(state, 0, 2);
	}
	mask = rad_new(context, uint8_t, (int64_t) size[0] * size[1] * size[2]);
	for (int z = 0; z < size[2]; z++)
		for (int y = 0; y < size[1]; y++)
			for (int x = 0; x < size[0]; x++, at++)
			{
				int			a = x - offset[0];
				int			b = y - offset[1];
				int			c = z - offset[2];

				mask[at] = random_between(state, 0, 3) > 0;
				if (a >= 0 && b >= 0 && c >= 0 && a < volume->size[0] &&
					b < volume->size[1] && c < volume->size[2] &&
					volume->dense[((int64_t) c * volume->size[1] + b) * volume->size[0] + a] != 0)
					mask[at] = 1;
			}
	return mask;
}

/* Some of every kind of table, with parameters that features would ask for. */
static inline void
random_items(uint64_t *state, RegionRequest *request, const GreyLevels *levels,
			 bool large_tables)
{
	static const DirectionSet sets[] = {PLANAR_DIRECTIONS, ALL_DIRECTIONS,
	ALL_DIRECTIONS & ~PLANAR_DIRECTIONS, 0x1001, 0x0008};
	int			longest = levels->size[0];

	for (int axis = 1; axis < 3; axis++)
		longest = levels->size[axis] > longest ? levels->size[axis] : longest;
	rad_request_add(request, (CountItem) {.kind = COUNT_CUBES});
	for (int n = 0; n < 2; n++)
	{
		CountItem	item = {.kind = COUNT_COOCCURRENCES,
			.distance = random_between(state, 1, levels->padding),
			.directions = sets[random_between(state, 0, 4)]};
		int			side;

		item.by_slice = random_between(state, 0, 1) && large_tables;
		if (large_tables || item.directions < 16)
			rad_request_add(request, item);
		item = (CountItem) {.kind = COUNT_RUNS,.columns = longest + random_between(state, 0, 2)};
		item.by_slice = random_between(state, 0, 1) && large_tables;
		item.directions = item.by_slice ? PLANAR_DIRECTIONS : sets[random_between(state, 0, 4)];
		rad_request_add(request, item);
		item = (CountItem) {.kind = n == 0 ? COUNT_DIFFERENCES : COUNT_DEPENDENCES,
			.distance = random_between(state, 1, levels->padding),
			.planar = random_between(state, 0, 1),
			.by_slice = random_between(state, 0, 1) && large_tables};
		item.alpha = n == 1 ? random_between(state, 0, 3) : 0;
		side = 2 * item.distance + 1;
		item.columns = item.planar ? side * side : side * side * side;
		rad_request_add(request, item);
		item = (CountItem) {.kind = COUNT_ZONES,.planar = n,
			.distance = random_between(state, 0, 1)};
		rad_request_add(request, item);
	}
}

/*
 * A request about a random region; buffers in it come from the context.
 * NULL when it would be larger than `most`.
 */
static inline CountBuffer *
random_request(RadContext *context, uint64_t *state, int largest_size, int level_count,
			   int64_t most)
{
	RandomLevels volume = random_levels(state, largest_size, level_count);
	int			padding = random_between(state, 1, 3);
	GreyLevels *levels = levels_from_dense(context, volume.size, volume.dense, level_count,
										   level_count <= 255 && random_between(state, 0, 3) ?
										   1 : 2, padding, random_between(state, 0, 3));
	RegionRequest *request = rad_new(context, RegionRequest, 1);
	CountBuffer *buffer = NULL;
	uint8_t    *mask;
	int			size[3];
	int			offset[3];
	int64_t		bytes;

	rad_request_init(request, levels);
	mask = random_mask(context, state, &volume, size, offset);
	rad_request_set_mask(request, mask, size, size[0], (int64_t) size[0] * size[1], offset);
	random_items(state, request, levels, level_count <= 64);
	free(volume.dense);
	bytes = rad_request_layout(request, most);
	if (bytes > 0)
	{
		buffer = rad_allocate(context, (size_t) bytes, 1);
		memset(buffer, 0x5A, (size_t) bytes);
		rad_request_write(request, buffer);
	}
	return buffer;
}

/* Do two answers to one request agree in every bit? */
static inline bool
same_answers(const CountBuffer *a, const CountBuffer *b)
{
	for (int n = 0; n < a->item_count; n++)
	{
		const CountItem *item = &a->items[n];
		int64_t		bytes = item->room;

		if (memcmp(item, &b->items[n], sizeof(*item)) != 0)
			return false;
		if (!item->answered)
			continue;
		if (item->kind == COUNT_ZONES)
			bytes = item->found * (int64_t) sizeof(Zone);
		if (memcmp((const char *) a + item->offset, (const char *) b + item->offset,
				   (size_t) bytes) != 0)
			return false;
	}
	return true;
}

#endif							/* TEST_RANDOM_REQUEST_H */
