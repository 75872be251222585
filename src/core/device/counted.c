/*
 * The device table of counts that a request brought: each function looks its
 * arguments up in the request of the context, and leaves to the CPU what was
 * not asked for or not answered.  Either way the same integers are added.
 */
#include "device/request.h"

#include <string.h>

/* The CPU for what no request brought. */
static const Device *
cpu_of(const RadContext *context)
{
	if (context->request != NULL && context->request->cpu != NULL)
		return context->request->cpu;
	return rad_cpu_best();
}

/* Same table?  distance of zones is a flag, handled by the caller. */
static bool
same_table(const CountItem *item, const CountItem *wanted)
{
	return item->kind == wanted->kind && item->planar == wanted->planar &&
		item->distance == wanted->distance && item->alpha == wanted->alpha &&
		item->columns == wanted->columns && item->directions == wanted->directions;
}

/*
 * The answered item that matches, waiting for the answer first; -1 when there
 * is none.  Of slices [first, last) a whole table covers all, one by slice one.
 * False only for a failure of the context.
 */
static bool
find_item(RadContext *context, const GreyLevels *levels, const CountItem *wanted,
		  int first, int last, int *found)
{
	RegionRequest *request = context->request;

	*found = -1;
	if (request == NULL)
		return true;
	if (request->state == REQUEST_PENDING && !request->device->wait(context, request))
		return false;
	for (int n = 0; n < request->header.item_count; n++)
	{
		const CountItem *item = &request->header.items[n];
		bool		whole = first == 0 && last == request->header.size[2];

		if (!item->answered || request->levels != levels || !same_table(item, wanted))
			continue;
		if (item->by_slice ? last == first + 1 : whole)
		{
			*found = n;
			request->hits++;
			return true;
		}
	}
	request->misses++;
	return true;
}

/* Result of item n for the slices from `first`, a part of part_bytes. */
static const void *
result_part(const RegionRequest *request, int n, int first, int64_t part_bytes)
{
	const char *result = request->result[n];

	return request->header.items[n].by_slice ? result + first * part_bytes : result;
}

static void
add_counts(uint32_t *counts, const uint32_t *result, int64_t cells)
{
	for (int64_t n = 0; n < cells; n++)
		counts[n] += result[n];
}

static void
add_wide(int64_t *counts, const int64_t *result, int64_t cells)
{
	for (int64_t n = 0; n < cells; n++)
		counts[n] += result[n];
}

static bool
counted_cooccurrences(RadContext *context, const GreyLevels *levels, int first_slice,
					  int last_slice, int distance, DirectionSet directions, uint32_t *counts)
{
	const CountItem wanted = {.kind = COUNT_COOCCURRENCES,
		.distance = distance,.directions = directions};
	const int64_t cells = __builtin_popcount(directions) *
		(int64_t) levels->level_count * levels->level_count;
	int			n;

	if (!find_item(context, levels, &wanted, first_slice, last_slice, &n))
		return false;
	if (n < 0)
		return cpu_of(context)->count_cooccurrences(context, levels, first_slice, last_slice,
													distance, directions, counts);
	add_counts(counts, result_part(context->request, n, first_slice,
								   cells * (int64_t) sizeof(uint32_t)), cells);
	return true;
}

static bool
counted_runs(RadContext *context, const GreyLevels *levels, int first_slice, int last_slice,
			 DirectionSet directions, int longest, uint32_t *counts)
{
	const CountItem wanted = {.kind = COUNT_RUNS,.columns = longest,.directions = directions};
	const int64_t cells = __builtin_popcount(directions) *
		(int64_t) levels->level_count * longest;
	int			n;

	if (!find_item(context, levels, &wanted, first_slice, last_slice, &n))
		return false;
	if (n < 0)
		return cpu_of(context)->count_runs(context, levels, first_slice, last_slice,
										   directions, longest, counts);
	add_counts(counts, result_part(context->request, n, first_slice,
								   cells * (int64_t) sizeof(uint32_t)), cells);
	return true;
}

static int
neighbourhood_columns(int distance, bool planar)
{
	const int	side = 2 * distance + 1;

	return planar ? side * side : side * side * side;
}

static bool
counted_differences(RadContext *context, const GreyLevels *levels, int first_slice,
					int last_slice, int distance, bool planar,
					int64_t *count, int64_t *difference)
{
	const CountItem wanted = {.kind = COUNT_DIFFERENCES,.distance = distance,.planar = planar,
		.columns = neighbourhood_columns(distance, planar)};
	const int64_t cells = (int64_t) levels->level_count * wanted.columns;
	const int64_t *result;
	int			n;

	if (!find_item(context, levels, &wanted, first_slice, last_slice, &n))
		return false;
	if (n < 0)
		return cpu_of(context)->count_neighbourhood_differences(context, levels, first_slice,
																last_slice, distance, planar,
																count, difference);
	result = result_part(context->request, n, first_slice, 2 * cells * (int64_t) sizeof(int64_t));
	add_wide(count, result, cells);
	add_wide(difference, result + cells, cells);
	return true;
}

static bool
counted_dependences(RadContext *context, const GreyLevels *levels, int first_slice,
					int last_slice, int distance, int alpha, bool planar, int64_t *count)
{
	const CountItem wanted = {.kind = COUNT_DEPENDENCES,.distance = distance,.alpha = alpha,
		.planar = planar,.columns = neighbourhood_columns(distance, planar)};
	const int64_t cells = (int64_t) levels->level_count * wanted.columns;
	int			n;

	if (!find_item(context, levels, &wanted, first_slice, last_slice, &n))
		return false;
	if (n < 0)
		return cpu_of(context)->count_dependences(context, levels, first_slice, last_slice,
												  distance, alpha, planar, count);
	add_wide(count, result_part(context->request, n, first_slice,
								cells * (int64_t) sizeof(int64_t)), cells);
	return true;
}

bool
rad_request_zones(RadContext *context, const GreyLevels *levels, bool planar,
				  bool with_distance, ZoneList *zones, bool *found)
{
	const CountItem wanted = {.kind = COUNT_ZONES,.planar = planar,.distance = with_distance};
	const CountItem *item;
	int			n;

	*found = false;
	if (context->request == NULL)
		return true;
	if (!find_item(context, levels, &wanted, 0, levels->size[2], &n))
		return false;
	if (n < 0)
		return true;
	item = &context->request->header.items[n];
	zones->count = item->found;
	zones->zones = rad_new(context, Zone, item->found);
	if (zones->zones == NULL)
		return false;
	memcpy(zones->zones, context->request->result[n], (size_t) item->found * sizeof(Zone));
	*found = true;
	return true;
}

/* Zones with a map are looked up by rad_request_zones(), before the map is made. */
static bool
counted_zones(RadContext *context, const GreyLevels *levels, const uint16_t *distance,
			  bool planar, ZoneList *zones)
{
	bool		found = false;

	if (distance == NULL && !rad_request_zones(context, levels, planar, false, zones, &found))
		return false;
	return found || cpu_of(context)->find_zones(context, levels, distance, planar, zones);
}

static bool
counted_border_distance(RadContext *context, const int size[3], const uint8_t *mask,
						bool planar, uint16_t *distance)
{
	return cpu_of(context)->border_distance(context, size, mask, planar, distance);
}

/* Is a dense mask the one that the request was about? */
static bool
same_mask(const RegionRequest *request, const int size[3], const uint8_t *mask)
{
	if (request->mask == NULL || memcmp(size, request->mask_size, sizeof(int[3])) != 0)
		return false;
	for (int64_t z = 0; z < size[2]; z++)
		for (int64_t y = 0; y < size[1]; y++)
			if (memcmp(mask + (z * size[1] + y) * size[0],
					   request->mask + z * request->mask_slice + y * request->mask_row,
					   (size_t) size[0]) != 0)
				return false;
	return true;
}

static bool
counted_cubes(RadContext *context, const int size[3], const uint8_t *mask, CubeCounts *cubes)
{
	const CountItem wanted = {.kind = COUNT_CUBES};
	RegionRequest *request = context->request;
	int			n = -1;

	if (request != NULL &&
		!find_item(context, request->levels, &wanted, 0, request->header.size[2], &n))
		return false;
	if (n < 0 || !same_mask(request, size, mask))
		return cpu_of(context)->count_cubes(context, size, mask, cubes);
	memcpy(cubes, request->result[n], sizeof(*cubes));
	return true;
}

const Device rad_counted_functions = {
	.name = "counted",
	.count_cooccurrences = counted_cooccurrences,
	.count_runs = counted_runs,
	.border_distance = counted_border_distance,
	.find_zones = counted_zones,
	.count_neighbourhood_differences = counted_differences,
	.count_dependences = counted_dependences,
	.count_cubes = counted_cubes,
};
