/*
 * The part of find_zones that depends on the level's width; kernel_zone.h
 * includes this once with LEVEL uint8_t and once with uint16_t.  LEVEL_NAME()
 * adds the width to a name, LEVEL_VECTOR is one register of levels.
 */
#define LEVEL_LANES ((int) (ROW_VECTOR_BYTES / sizeof(LEVEL)))

/* A register of levels from any address. */
static inline LEVEL_VECTOR
LEVEL_NAME(zone_load)(const LEVEL *from)
{
	LEVEL_VECTOR vector;

	memcpy(&vector, from, sizeof(vector));
	return vector;
}

/*
 * Links of the voxels of a row: which earlier neighbours of equal level a
 * voxel must be joined with, one bit per zone_neighbours[] entry.  A neighbour
 * that touches another equal neighbour of higher rank is already in one zone
 * with it and is left out; see kernel_zone.h for the ranks.
 */
static void
LEVEL_NAME(zone_links)(const LEVEL *row, int64_t row_stride, int64_t slice_stride,
					   int count, uint16_t *links)
{
	const LEVEL *up = row - row_stride;
	const LEVEL *below = row - slice_stride;
	const LEVEL *below_up = below - row_stride;
	const LEVEL *below_down = below + row_stride;

	for (int x = 0; x < count; x += LEVEL_LANES)
	{
		LEVEL_VECTOR level = LEVEL_NAME(zone_load)(row + x);
#define EQUAL(pointer) ((LEVEL_VECTOR) (level == LEVEL_NAME(zone_load)((pointer) + x)))
		LEVEL_VECTOR centre = EQUAL(below);
		LEVEL_VECTOR north = EQUAL(below_up);
		LEVEL_VECTOR west = EQUAL(below - 1);
		LEVEL_VECTOR east = EQUAL(below + 1);
		LEVEL_VECTOR south = EQUAL(below_down);
		LEVEL_VECTOR north_west = EQUAL(below_up - 1);
		LEVEL_VECTOR north_east = EQUAL(below_up + 1);
		LEVEL_VECTOR south_west = EQUAL(below_down - 1);
		LEVEL_VECTOR south_east = EQUAL(below_down + 1);
		LEVEL_VECTOR above = EQUAL(up);
		LEVEL_VECTOR above_left = EQUAL(up - 1);
		LEVEL_VECTOR above_right = EQUAL(up + 1);
		LEVEL_VECTOR left = EQUAL(row - 1);
#undef EQUAL
		LEVEL_VECTOR hub = centre | above | north;
		LEVEL_VECTOR hub_west = hub | west;
		LEVEL_VECTOR hub_east = hub | east;
		LEVEL_VECTOR low;
		LEVEL_VECTOR high;

		low = (centre & 0x01) |
			(north & ~(centre | above) & 0x02) |
			(west & ~hub & 0x04) |
			(east & ~hub & 0x08) |
			(south & ~(centre | west | east) & 0x10) |
			(north_west & ~(hub_west | left | above_left) & 0x20) |
			(north_east & ~(hub_east | above_right) & 0x40) |
			(south_west & ~(centre | west | south | left) & 0x80);
		high = (south_east & ~(centre | east | south) & 0x01) |
			(above & ~centre & 0x02) |
			(above_left & ~(hub_west | left) & 0x04) |
			(above_right & ~hub_east & 0x08) |
			(left & ~(hub_west | south) & 0x10);
		LEVEL_NAME(zone_store_links)(links + x, low, high);
	}
}

/* The same within a slice: four earlier neighbours. */
static void
LEVEL_NAME(zone_planar_links)(const LEVEL *row, int64_t row_stride, int count,
							  uint16_t *links)
{
	const LEVEL *up = row - row_stride;

	for (int x = 0; x < count; x += LEVEL_LANES)
	{
		LEVEL_VECTOR level = LEVEL_NAME(zone_load)(row + x);
#define EQUAL(pointer) ((LEVEL_VECTOR) (level == LEVEL_NAME(zone_load)((pointer) + x)))
		LEVEL_VECTOR above = EQUAL(up);
		LEVEL_VECTOR above_left = EQUAL(up - 1);
		LEVEL_VECTOR above_right = EQUAL(up + 1);
		LEVEL_VECTOR left = EQUAL(row - 1);
#undef EQUAL
		LEVEL_VECTOR high;

		high = (above & 0x02) |
			(above_left & ~(above | left) & 0x04) |
			(above_right & ~above & 0x08) |
			(left & ~above & 0x10);
		LEVEL_NAME(zone_store_links)(links + x, high & 0, high);
	}
}

/*
 * Give every inside voxel of a row a provisional zone: that of its first
 * link, or a new one.  Returns how many voxels, written to joins[], have
 * further links.
 *
 * Nothing here branches on the level pattern, which no predictor can learn:
 * the next free zone is always written, and taken only when there is no link.
 */
static int
LEVEL_NAME(zone_label_row)(ZoneSearch *search, const LEVEL *row, int first, int end,
						   int slice, const uint16_t *distance, uint32_t *labels,
						   const int64_t offsets[ZONE_NEIGHBOURS + 1])
{
	const uint16_t *links = search->links;
	int32_t    *joins = search->joins;
	uint32_t   *parent = search->parent;
	Zone	   *zones = search->zones;
	uint32_t	next = search->count;
	int			join_count = 0;

	for (int x = first; x < end; x++)
	{
		unsigned	link = links[x];
		uint32_t	label;

		if (row[x] == 0)
			continue;
		zones[next] = (Zone) {row[x], slice, 0, distance != NULL ? distance[x] : 0};
		parent[next] = next;
		label = labels[x + offsets[__builtin_ctz(link | 1u << ZONE_NEIGHBOURS)]];
		label = link == 0 ? next : label;
		next += link == 0;
		labels[x] = label;
		zones[label].size++;
		if (distance != NULL)
		{
			uint32_t	nearest = zones[label].distance;

			zones[label].distance = distance[x] < nearest ? distance[x] : nearest;
		}
		joins[join_count] = x;
		join_count += (link & (link - 1)) != 0;
	}
	search->count = next;
	return join_count;
}

/* All rows of a slice. */
static bool
LEVEL_NAME(zone_label_slice)(RadContext *context, ZoneSearch *search,
							 const GreyLevels *levels, const uint16_t *distance,
							 int slice, bool planar, uint32_t *labels,
							 const int64_t offsets[ZONE_NEIGHBOURS + 1])
{
	int			width = levels->size[0];

	for (int y = 0; y < levels->size[1]; y++)
	{
		const LEVEL *row = (const LEVEL *) levels->levels +
			slice * levels->slice_stride + y * levels->row_stride;
		int64_t		dense = (int64_t) y * width;
		int			first;
		int			end;
		int			join_count;

		if (y % ROWS_PER_POLL == 0 && !rad_continue(context))
			return false;
		if (!row_extent(row, width, sizeof(LEVEL), &first, &end))
			continue;
		if (planar)
			LEVEL_NAME(zone_planar_links)(row + first, levels->row_stride, end - first,
										  search->links + first);
		else
			LEVEL_NAME(zone_links)(row + first, levels->row_stride,
								   levels->slice_stride, end - first,
								   search->links + first);
		join_count = LEVEL_NAME(zone_label_row)(search, row, first, end,
												planar ? slice : -1,
												distance != NULL ? distance + dense : NULL,
												labels + dense, offsets);
		zone_join_row(search, join_count, labels + dense, offsets);
	}
	return true;
}

#undef LEVEL_LANES
