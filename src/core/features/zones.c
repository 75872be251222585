/*
 * From grey levels to zones to the matrices of GLSZM and GLDZM.
 *
 * Both families count the same zones (26-connected, 8-connected in a slice;
 * IBSI manual sections 3.8 and 3.9), so zones are found once.  GLDZM uses both
 * masks: zones lie in the intensity mask, distances are to the outside of the
 * morphological mask, so voxels removed by re-segmentation are no border.
 */
#include "features/zones.h"

#include <stdlib.h>
#include <string.h>

#include "device/request.h"

/*
 * Zones by level and column (size or distance).  Columns below `columns` are
 * counted in a table, where a bit marks each count that is not 0; the others
 * are sorted.
 */
typedef struct CellTable
{
	int			level_count;
	int			words;			/* per level in seen */
	int			columns;		/* 64 words */
	uint32_t   *count;			/* [level_count + 1][columns] */
	uint64_t   *seen;			/* [level_count + 1][words] */
} CellTable;

/* Zones between two polls for a cancel. */
#define ZONES_PER_POLL (1 << 20)

/* Most words of CellTable.seen: 16 MB of counts. */
#define MOST_TABLE_WORDS 65536

bool
rad_zone_aggregation(AggregationSet chosen, ZoneAggregation which,
					 Aggregation *aggregation)
{
	Aggregation average = (Aggregation) (2 * which);
	Aggregation merged = (Aggregation) (2 * which + 1);

	if (chosen & 1u << average)
		*aggregation = average;
	else if (chosen & 1u << merged)
		*aggregation = merged;
	else
		return false;
	return true;
}

/* Copy a box out of a larger dense array; rows of bytes. */
static void
copy_box(const void *from, const int from_size[3], const int offset[3],
		 void *to, const int to_size[3], size_t element)
{
	const char *source = from;
	char	   *target = to;

	for (int z = 0; z < to_size[2]; z++)
		for (int y = 0; y < to_size[1]; y++)
		{
			int64_t		row = (int64_t) (z + offset[2]) * from_size[1] + y + offset[1];

			memcpy(target, source + (row * from_size[0] + offset[0]) * (int64_t) element,
				   (size_t) to_size[0] * element);
			target += (size_t) to_size[0] * element;
		}
}

/*
 * Border distance of the levels' box.  It is measured on the box of the
 * morphological mask, which contains that of the intensity mask: whatever
 * lies beyond is outside.
 */
static bool
measure_distance(RadContext *context, const TextureInput *input, bool planar,
				 uint16_t **distance)
{
	const Region *region = input->region;
	const Box  *box = &region->morphological_box;
	const GreyLevels *levels = input->levels;
	int			size[3];
	int			offset[3];
	int64_t		box_count = rad_box_voxel_count(box);
	uint8_t    *mask;
	uint16_t   *whole;
	uint16_t   *part;

	for (int axis = 0; axis < 3; axis++)
	{
		size[axis] = box->hi[axis] - box->lo[axis];
		offset[axis] = levels->offset[axis] - box->lo[axis];
	}
	mask = rad_new(context, uint8_t, box_count);
	whole = rad_new(context, uint16_t, box_count);
	if (mask == NULL || whole == NULL)
		return false;
	copy_box(region->morphological_mask, region->grid.size, box->lo, mask, size,
			 sizeof(*mask));
	if (!input->device->border_distance(context, size, mask, planar, whole))
		return false;
	rad_release(context, mask);

	*distance = whole;
	if (memcmp(size, levels->size, sizeof(size)) == 0)
		return true;
	part = rad_new(context, uint16_t,
				   (int64_t) levels->size[0] * levels->size[1] * levels->size[2]);
	if (part == NULL)
		return false;
	copy_box(whole, size, offset, part, levels->size, sizeof(*whole));
	rad_release(context, whole);
	*distance = part;
	return true;
}

bool
rad_texture_zones(RadContext *context, TextureInput *input, bool planar,
				  bool with_distance, const ZoneList **zones)
{
	ZoneList   *list = input->zones[planar];
	uint16_t   *distance = NULL;
	bool		brought;

	/* A real distance is at least 1. */
	if (list != NULL &&
		(!with_distance || list->count == 0 || list->zones[0].distance > 0))
	{
		*zones = list;
		return true;
	}
	rad_texture_release_zones(context, input, planar);
	list = rad_new_zeroed(context, ZoneList, 1);
	if (list == NULL ||
		!rad_request_zones(context, input->levels, planar, with_distance, list, &brought))
		return false;
	if (!brought && with_distance && !measure_distance(context, input, planar, &distance))
		return false;
	if (!brought &&
		!input->device->find_zones(context, input->levels, distance, planar, list))
		return false;
	rad_release(context, distance);
	input->zones[planar] = list;
	*zones = list;
	return true;
}

void
rad_texture_release_zones(RadContext *context, TextureInput *input, bool planar)
{
	if (input->zones[planar] == NULL)
		return;
	rad_release(context, input->zones[planar]->zones);
	rad_release(context, input->zones[planar]);
	input->zones[planar] = NULL;
}

/*
 * Zones above 64 voxels are few, however large they get.  Distances are not:
 * the table should reach half the shorter side of a slice.
 */
static bool
cell_table_create(RadContext *context, const TextureInput *input, bool by_distance,
				  CellTable *table)
{
	size_t		level_count = (size_t) input->levels->level_count;
	int			most = MOST_TABLE_WORDS / (int) (level_count + 1);

	table->level_count = (int) level_count;
	table->words = 1;
	if (by_distance)
	{
		const Box  *box = &input->region->morphological_box;
		int			width = box->hi[0] - box->lo[0];
		int			height = box->hi[1] - box->lo[1];

		table->words += (width < height ? width : height) / 2 / 64;
	}
	if (table->words > most)
		table->words = most > 1 ? most : 1;
	table->columns = 64 * table->words;
	table->count = rad_new_zeroed(context, uint32_t,
								  (level_count + 1) * (size_t) table->columns);
	table->seen = rad_new_zeroed(context, uint64_t,
								 (level_count + 1) * (size_t) table->words);
	return table->count != NULL && table->seen != NULL;
}

static inline uint32_t
zone_column(const Zone *zone, bool by_distance)
{
	return by_distance ? zone->distance : zone->size;
}

static int
compare_keys(const void *left, const void *right)
{
	uint64_t	a = *(const uint64_t *) left;
	uint64_t	b = *(const uint64_t *) right;

	return (a > b) - (a < b);
}

/*
 * Put the zones with a small column into the table; of the others return
 * their keys (level in the high half, column in the low), sorted.
 */
static bool
sort_zones(RadContext *context, CellTable *table, const Zone *zones, int64_t zone_count,
		   bool by_distance, uint64_t **keys, int64_t *key_count)
{
	uint32_t	columns = (uint32_t) table->columns;
	int64_t		n = 0;

	*key_count = 0;
	for (int64_t z = 0; z < zone_count; z++)
	{
		uint32_t	j = zone_column(&zones[z], by_distance);
		size_t		i = (size_t) zones[z].level;

		if (z % ZONES_PER_POLL == 0 && !rad_continue(context))
			return false;
		if (j >= columns)
		{
			(*key_count)++;
			continue;
		}
		table->count[i * columns + j]++;
		table->seen[i * (size_t) table->words + j / 64] |= UINT64_C(1) << j % 64;
	}
	*keys = rad_new(context, uint64_t, *key_count);
	if (*keys == NULL)
		return false;
	if (*key_count == 0)
		return true;
	for (int64_t z = 0; z < zone_count; z++)
	{
		uint32_t	j = zone_column(&zones[z], by_distance);

		if (j >= columns)
			(*keys)[n++] = (uint64_t) zones[z].level << 32 | j;
	}
	qsort(*keys, (size_t) n, sizeof(uint64_t), compare_keys);
	return true;
}

/* Cells of all zones in order of level and column; empties the table. */
static int64_t
collect_cells(CellTable *table, const uint64_t *keys, int64_t key_count,
			  MatrixCell *cells)
{
	int64_t		cell_count = 0;
	int64_t		key = 0;

	for (int32_t i = 1; i <= table->level_count; i++)
	{
		uint32_t   *count = table->count + (size_t) i * (size_t) table->columns;
		uint64_t   *seen = table->seen + (size_t) i * (size_t) table->words;

		for (int word = 0; word < table->words; word++)
			for (; seen[word] != 0; seen[word] &= seen[word] - 1)
			{
				int			j = 64 * word + __builtin_ctzll(seen[word]);

				cells[cell_count++] = (MatrixCell) {i, j, count[j]};
				count[j] = 0;
			}
		while (key < key_count && (int32_t) (keys[key] >> 32) == i)
		{
			MatrixCell *cell = &cells[cell_count++];
			uint64_t	first = keys[key];

			*cell = (MatrixCell) {i, (int32_t) (uint32_t) first, 0};
			for (; key < key_count && keys[key] == first; key++)
				cell->count++;
		}
	}
	return cell_count;
}

/* Deliver one matrix of the given zones; its other members are set. */
static bool
deliver_zones(RadContext *context, CellTable *table, const Zone *zones,
			  int64_t zone_count, bool by_distance, TextureMatrix *matrix,
			  MatrixSink sink, void *argument)
{
	uint64_t   *keys;
	int64_t		key_count;
	MatrixCell *cells;

	if (!sort_zones(context, table, zones, zone_count, by_distance, &keys, &key_count))
		return false;
	cells = rad_new(context, MatrixCell, zone_count);
	if (cells == NULL)
		return false;
	matrix->direction = -1;
	matrix->level_count = table->level_count;
	matrix->total = zone_count;
	matrix->cell_count = collect_cells(table, keys, key_count, cells);
	matrix->cells = cells;
	if (!sink(context, argument, matrix))
		return false;
	rad_release(context, keys);
	rad_release(context, cells);
	return true;
}

/* 2D: planar zones come slice by slice. */
static bool
deliver_slices(RadContext *context, CellTable *table, const GreyLevels *levels,
			   const ZoneList *list, bool by_distance, Aggregation aggregation,
			   MatrixSink sink, void *argument)
{
	int64_t		first = 0;

	while (first < list->count)
	{
		int			slice = list->zones[first].slice;
		int64_t		next = first;
		TextureMatrix matrix = {.aggregation = aggregation, .slice = slice};

		while (next < list->count && list->zones[next].slice == slice)
			next++;
		matrix.voxel_count = levels->slice_voxel_count[slice];
		if (!deliver_zones(context, table, list->zones + first, next - first,
						   by_distance, &matrix, sink, argument))
			return false;
		first = next;
	}
	return true;
}

bool
rad_zone_matrices(RadContext *context, TextureInput *input, bool by_distance,
				  MatrixSink sink, void *argument)
{
	const GreyLevels *levels = input->levels;
	bool		with_distance = by_distance ||
		(input->settings->families & 1u << FAMILY_GLDZM) != 0;
	CellTable	table;

	if (!cell_table_create(context, input, by_distance, &table))
		return false;
	for (ZoneAggregation which = ZONE_2D; which <= ZONE_3D; which++)
	{
		TextureMatrix matrix = {.slice = -1, .voxel_count = levels->voxel_count};
		const ZoneList *list;
		bool		delivered;

		if (!rad_zone_aggregation(input->aggregations, which, &matrix.aggregation))
			continue;
		if (!rad_texture_zones(context, input, which != ZONE_3D, with_distance, &list))
			return false;
		if (which == ZONE_2D)
			delivered = deliver_slices(context, &table, levels, list, by_distance,
									   matrix.aggregation, sink, argument);
		else
			delivered = deliver_zones(context, &table, list->zones, list->count,
									  by_distance, &matrix, sink, argument);
		if (!delivered)
			return false;
	}
	rad_release(context, table.count);
	rad_release(context, table.seen);
	return true;
}
