/*
 * Zones of equal grey level (GLSZM, GLDZM) and the city-block distance to the
 * border (GLDZM); see device.h.
 *
 * find_zones visits voxels in memory order.  A voxel takes the provisional
 * zone of an earlier neighbour of equal level, or a new one, and unites the
 * zones of the others.  What makes it fast:
 *
 *  - Equal neighbours that touch each other are already united, so links keep
 *    one neighbour per touching group (almost): a neighbour is dropped when it
 *    touches an equal neighbour of higher rank.  Ranks, from high to low:
 *    centre, above, north, west = east, south, left, above_left =
 *    above_right, corners of the slice below.  All links of a row come from
 *    comparisons of full vectors.  What remains is 0.02 to 0.4 unions a voxel.
 *  - Sizes and smallest distances are kept per provisional zone, so voxels
 *    are visited once, and labels are only needed of two slices (which stay
 *    in cache), never of the volume.
 *  - The smaller number always becomes the parent, so a zone's number is that
 *    of its first voxel, and one ascending pass over the provisional zones
 *    sums them up in the order that ZoneList wants.
 *
 * bench/bench_zones.c compares with a plain union-find over voxels.
 */
#include "device/level_row.h"

#include <immintrin.h>

/* Zones between two polls for a cancel. */
#define ZONES_PER_POLL (1 << 20)

#define ZONE_NEIGHBOURS 13

/*
 * The earlier neighbours (x, y, z) by link bit.  A voxel copies the label of
 * its lowest link, so neighbours whose label was stored long ago come first.
 */
static const int8_t zone_neighbours[ZONE_NEIGHBOURS][3] = {
	{0, 0, -1}, {0, -1, -1}, {-1, 0, -1}, {1, 0, -1}, {0, 1, -1},
	{-1, -1, -1}, {1, -1, -1}, {-1, 1, -1}, {1, 1, -1},
	{0, -1, 0}, {-1, -1, 0}, {1, -1, 0}, {-1, 0, 0},
};

/* The state of one search. */
typedef struct ZoneSearch
{
	uint16_t   *links;			/* of the voxels of one row */
	int32_t    *joins;			/* x of voxels of the row with further links */
	uint32_t   *labels;			/* of two slices (planar: one) */
	Zone	   *zones;			/* provisional */
	uint32_t   *parent;			/* [zone], <= zone */
	uint32_t	count;
} ZoneSearch;

/*
 * Unite two provisional zones.  Their parents are roots almost always, and
 * the first part deals with those without a branch on which is smaller; else
 * Rem's algorithm with splicing (Dijkstra 1976) walks both ancestries at once
 * and shortens them.
 */
static inline void
zone_unite(uint32_t *parent, uint32_t a, uint32_t b)
{
	uint32_t	low = parent[a] < parent[b] ? parent[a] : parent[b];
	uint32_t	high = parent[a] < parent[b] ? parent[b] : parent[a];

	if (parent[high] == high)
	{
		parent[high] = low;
		parent[a] = low;
		parent[b] = low;
		return;
	}
	while (parent[a] != parent[b])
	{
		uint32_t	next;

		if (parent[a] < parent[b])
		{
			uint32_t	swap = a;

			a = b;
			b = swap;
		}
		next = parent[a];
		parent[a] = parent[b];
		if (next == a)
			return;
		a = next;
	}
}

/*
 * Unite the zones of the further links of a row.  Apart from labelling,
 * because the steps here hardly depend on each other.
 */
static void
zone_join_row(ZoneSearch *search, int join_count, const uint32_t *labels,
			  const int64_t offsets[ZONE_NEIGHBOURS + 1])
{
	for (int n = 0; n < join_count; n++)
	{
		int			x = search->joins[n];
		unsigned	link = search->links[x];

		for (link &= link - 1; link != 0; link &= link - 1)
			zone_unite(search->parent, labels[x],
					   labels[x + offsets[__builtin_ctz(link)]]);
	}
}

/* Links of 8-bit lanes: bits 0 to 7 in low, 8 to 12 in high. */
static inline void
zone_store_links_8(uint16_t *links, RowVector8 low, RowVector8 high)
{
#ifdef __AVX2__
	__m256i		first = _mm256_permute4x64_epi64((__m256i) low, 0xD8);
	__m256i		second = _mm256_permute4x64_epi64((__m256i) high, 0xD8);

	_mm256_storeu_si256((__m256i *) links, _mm256_unpacklo_epi8(first, second));
	_mm256_storeu_si256((__m256i *) (links + 16), _mm256_unpackhi_epi8(first, second));
#else
	_mm_storeu_si128((__m128i *) links, _mm_unpacklo_epi8((__m128i) low, (__m128i) high));
	_mm_storeu_si128((__m128i *) (links + 8), _mm_unpackhi_epi8((__m128i) low, (__m128i) high));
#endif
}

static inline void
zone_store_links_16(uint16_t *links, RowVector16 low, RowVector16 high)
{
	RowVector16 both = low | high << 8;

	memcpy(links, &both, sizeof(both));
}

#define LEVEL uint8_t
#define LEVEL_VECTOR RowVector8
#define LEVEL_NAME(name) name##_8
#include "device/kernel_zone_level.h"
#undef LEVEL
#undef LEVEL_VECTOR
#undef LEVEL_NAME

#define LEVEL uint16_t
#define LEVEL_VECTOR RowVector16
#define LEVEL_NAME(name) name##_16
#include "device/kernel_zone_level.h"
#undef LEVEL
#undef LEVEL_VECTOR
#undef LEVEL_NAME

/*
 * Sum up provisional zones into zones, in order of first voxel, in place: a
 * zone never stands behind its first part.
 */
static bool
zone_collect(RadContext *context, ZoneSearch *search, bool measured, int64_t *zone_count)
{
	uint32_t   *parent = search->parent;
	Zone	   *zones = search->zones;
	uint32_t	count = 0;

	for (uint32_t n = 0; n < search->count; n++)
	{
		Zone	   *zone;

		if (n % ZONES_PER_POLL == 0 && !rad_continue(context))
			return false;
		/* Below n, parent[] already holds numbers of the list. */
		if (parent[n] == n)
		{
			parent[n] = count;
			zones[count++] = zones[n];
			continue;
		}
		parent[n] = parent[parent[n]];
		zone = &zones[parent[n]];
		zone->size += zones[n].size;
		if (measured && zones[n].distance < zone->distance)
			zone->distance = zones[n].distance;
	}
	*zone_count = count;
	return true;
}

static bool
CPU_KERNEL(find_zones) (RadContext *context, const GreyLevels *levels,
						const uint16_t *distance, bool planar, ZoneList *list)
{
	int64_t		plane = (int64_t) levels->size[0] * levels->size[1];
	ZoneSearch	search = {0};
	bool		found;

	if (levels->padding < 1)
		return rad_fail(context, RAD_INTERNAL, "zones need grey levels with padding");
	if (levels->voxel_count > INT32_MAX)
		return rad_fail(context, RAD_LIMIT_EXCEEDED,
						"region of %lld voxels is too large for zones",
						(long long) levels->voxel_count);
	search.links = rad_new(context, uint16_t,
						   row_buffer_length(levels->size[0]) + ROW_VECTOR_BYTES);
	search.joins = rad_new(context, int32_t, levels->size[0]);
	search.labels = rad_new_zeroed(context, uint32_t, planar ? plane : 2 * plane);
	/*
	 * One more, which is written in vain.  Memory is touched only as far as
	 * there are zones.
	 */
	search.zones = rad_new(context, Zone, levels->voxel_count + 1);
	search.parent = rad_new(context, uint32_t, levels->voxel_count + 1);
	if (search.links == NULL || search.joins == NULL || search.labels == NULL ||
		search.zones == NULL || search.parent == NULL)
		return false;
	for (int z = 0; z < levels->size[2]; z++)
	{
		int64_t		here = planar ? 0 : (z & 1) * plane;
		int64_t		below = planar ? 0 : plane - here;
		const uint16_t *slice_distance = distance != NULL ? distance + z * plane : NULL;
		int64_t		offsets[ZONE_NEIGHBOURS + 1];

		if (levels->slice_voxel_count[z] == 0)
			continue;
		for (int n = 0; n < ZONE_NEIGHBOURS; n++)
			offsets[n] = zone_neighbours[n][0] +
				(int64_t) zone_neighbours[n][1] * levels->size[0] +
				(zone_neighbours[n][2] != 0 ? below - here : 0);
		offsets[ZONE_NEIGHBOURS] = 0;
		if (levels->bytes_per_level == 1)
			found = zone_label_slice_8(context, &search, levels, slice_distance, z,
									   planar, search.labels + here, offsets);
		else
			found = zone_label_slice_16(context, &search, levels, slice_distance, z,
										planar, search.labels + here, offsets);
		if (!found)
			return false;
	}
	if (!zone_collect(context, &search, distance != NULL, &list->count))
		return false;
	rad_release(context, search.links);
	rad_release(context, search.joins);
	rad_release(context, search.labels);
	rad_release(context, search.parent);

	/* Do not keep much more room than the list needs. */
	list->zones = search.zones;
	if (list->count > levels->voxel_count / 2)
		return true;
	list->zones = rad_new(context, Zone, list->count);
	if (list->zones == NULL)
		return false;
	memcpy(list->zones, search.zones, (size_t) list->count * sizeof(Zone));
	rad_release(context, search.zones);
	return true;
}

/* Distances to one step further than the nearer of two neighbours, 8 voxels. */
static inline __m128i
distance_step(const uint16_t *a, const uint16_t *b)
{
	__m128i		nearer = _mm_min_epu16(_mm_loadu_si128((const __m128i *) a),
									   _mm_loadu_si128((const __m128i *) b));

	return _mm_add_epi16(nearer, _mm_set1_epi16(1));
}

/*
 * Steps in x within a register: the smallest of value[m] + |n - m| over
 * m <= n (or m >= n when backward), for each lane n, and of the lane before
 * the register, carry.  Three doubling steps replace a chain of eight.
 */
static inline __m128i
distance_spread(__m128i value, uint16_t carry, bool backward)
{
	const __m128i far = _mm_set1_epi16(-1);
	const __m128i steps = backward ? _mm_setr_epi16(8, 7, 6, 5, 4, 3, 2, 1)
		: _mm_setr_epi16(1, 2, 3, 4, 5, 6, 7, 8);

#define SPREAD(lanes) \
	value = _mm_min_epu16(value, _mm_adds_epu16( \
		backward ? _mm_alignr_epi8(far, value, 2 * (lanes)) \
		: _mm_alignr_epi8(value, far, 16 - 2 * (lanes)), _mm_set1_epi16(lanes)))
	SPREAD(1);
	SPREAD(2);
	SPREAD(4);
#undef SPREAD
	return _mm_min_epu16(value, _mm_adds_epu16(_mm_set1_epi16((short) carry), steps));
}

/*
 * First sweep along a row: from the rows before in y and z, then from lower x.
 */
static void
distance_forward(const uint8_t *mask, const uint16_t *up, const uint16_t *below,
				 int width, uint16_t *row)
{
	uint16_t	last = 0;
	int			x = 0;

	for (; x + 8 <= width; x += 8)
	{
		__m128i		outside = _mm_cmpeq_epi16(_mm_cvtepu8_epi16(
			_mm_loadl_epi64((const __m128i *) (mask + x))), _mm_setzero_si128());
		__m128i		value = _mm_andnot_si128(outside, distance_step(up + x, below + x));

		value = distance_spread(value, last, false);
		_mm_storeu_si128((__m128i *) (row + x), value);
		last = (uint16_t) _mm_extract_epi16(value, 7);
	}
	for (; x < width; x++)
	{
		uint16_t	nearer = up[x] < below[x] ? up[x] : below[x];

		nearer = nearer < last ? nearer : last;
		row[x] = last = mask[x] != 0 ? nearer + 1 : 0;
	}
}

/* Second sweep: from the rows behind in y and z, then from higher x. */
static void
distance_backward(const uint16_t *down, const uint16_t *above, int width, uint16_t *row)
{
	uint16_t	last = 0;
	int			x = width;

	for (; x % 8 != 0; x--)
	{
		uint16_t	nearer = down[x - 1] < above[x - 1] ? down[x - 1] : above[x - 1];

		nearer = (nearer < last ? nearer : last) + 1;
		row[x - 1] = last = nearer < row[x - 1] ? nearer : row[x - 1];
	}
	for (; x > 0; x -= 8)
	{
		__m128i		value = _mm_loadu_si128((const __m128i *) (row + x - 8));

		value = _mm_min_epu16(value, distance_step(down + x - 8, above + x - 8));
		value = distance_spread(value, last, true);
		_mm_storeu_si128((__m128i *) (row + x - 8), value);
		last = (uint16_t) _mm_extract_epi16(value, 0);
	}
}

/*
 * The exact city-block distance takes two sweeps (Rosenfeld and Pfaltz 1968),
 * one looking back and one looking forward along every axis.  The first one's
 * values are at most the shortest axis, so 16 bits hold them for any array that
 * fits into memory.
 */
static bool
CPU_KERNEL(border_distance) (RadContext *context, const int size[3],
							 const uint8_t *mask, bool planar, uint16_t *distance)
{
	int			width = size[0];
	int64_t		plane = (int64_t) width * size[1];
	uint16_t   *outside = rad_new_zeroed(context, uint16_t, width);

	if (outside == NULL)
		return false;
	for (int z = 0; z < size[2]; z++)
		for (int y = 0; y < size[1]; y++)
		{
			int64_t		at = z * plane + (int64_t) y * width;
			uint16_t   *row = distance + at;
			const uint16_t *up = y > 0 ? row - width : outside;
			const uint16_t *below = planar ? up : z > 0 ? row - plane : outside;

			if (y % ROWS_PER_POLL == 0 && !rad_continue(context))
				return false;
			distance_forward(mask + at, up, below, width, row);
		}
	for (int z = size[2] - 1; z >= 0; z--)
		for (int y = size[1] - 1; y >= 0; y--)
		{
			uint16_t   *row = distance + z * plane + (int64_t) y * width;
			const uint16_t *down = y < size[1] - 1 ? row + width : outside;
			const uint16_t *above = planar ? down : z < size[2] - 1 ? row + plane : outside;

			if (y % ROWS_PER_POLL == 0 && !rad_continue(context))
				return false;
			distance_backward(down, above, width, row);
		}
	rad_release(context, outside);
	return true;
}
