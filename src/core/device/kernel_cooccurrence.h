/*
 * GLCM counting (IBSI LFYI): pairs of levels at a fixed offset.
 *
 * All directions are counted in one pass over the voxels, each into its own
 * histogram: 13 increments of different addresses overlap, where one merged
 * histogram would wait for its own last store whenever neighbouring voxels
 * hold equal pairs.  The histograms of one level lie side by side,
 * scratch[level][direction][stride], so an increment's address is one base
 * register, the neighbour's level and a constant.  Column 0 takes the
 * neighbours outside, which saves a branch per pair.
 *
 * Measured by bench/bench_texture.c.
 */
#include "device/kernel_masks.h"

#define PAIR_PLANAR 0
#define PAIR_STEEP 1			/* the nine directions that leave the slice */
#define PAIR_ALL 2

/* Geometry of one pass; offsets in elements. */
typedef struct CPU_KERNEL(PairPass)
{
	const void *levels;
	int64_t		distance;
	int64_t		row_offset;		/* to the voxel at `distance` on y */
	int64_t		slice_offset;	/* and on z */
	uint32_t   *scratch;
	int64_t		stride;
} CPU_KERNEL(PairPass);

/* Count `length` neighbouring voxels from element `at`. */
KERNEL_INLINE void
CPU_KERNEL(count_span)(const CPU_KERNEL(PairPass) *pass, int bytes, int which,
					   int64_t stride, int64_t distance, int64_t at, int length)
{
	const char *levels = (const char *) pass->levels + at * bytes;
	const char *below = levels + pass->row_offset * bytes;
	const char *next_above = levels + (pass->slice_offset - pass->row_offset) * bytes;
	const char *next = levels + pass->slice_offset * bytes;
	const char *next_below = levels + (pass->slice_offset + pass->row_offset) * bytes;
	const int	slots = which == PAIR_PLANAR ? 4 : which == PAIR_STEEP ? 9 : 13;
	const int	steep = which == PAIR_ALL ? 4 : 0;
	uint32_t   *scratch = pass->scratch;

#define PAIR(slot, row, dx) \
	counts[(slot) * stride + level_at(row, bytes, x + (dx))]++
	for (int64_t x = 0; x < length; x++)
	{
		uint32_t   *counts = scratch + level_at(levels, bytes, x) * (slots * stride);

		if (which != PAIR_STEEP)
		{
			PAIR(0, levels, distance);
			PAIR(1, below, -distance);
			PAIR(2, below, 0);
			PAIR(3, below, distance);
		}
		if (which != PAIR_PLANAR)
		{
			PAIR(steep + 0, next_above, -distance);
			PAIR(steep + 1, next_above, 0);
			PAIR(steep + 2, next_above, distance);
			PAIR(steep + 3, next, -distance);
			PAIR(steep + 4, next, 0);
			PAIR(steep + 5, next, distance);
			PAIR(steep + 6, next_below, -distance);
			PAIR(steep + 7, next_below, 0);
			PAIR(steep + 8, next_below, distance);
		}
	}
#undef PAIR
}

/* Count the voxels of elements [first, last): spans of voxels inside. */
KERNEL_INLINE void
CPU_KERNEL(count_line)(const CPU_KERNEL(PairPass) *pass, int bytes, int which,
					   int64_t stride, int64_t distance, int64_t first, int64_t last)
{
	for (int64_t at = first; at < last; at += 64)
	{
		uint64_t	mask = inside_mask(pass->levels, bytes, at, last - at);

		while (mask != 0)
		{
			int			start = __builtin_ctzll(mask);
			uint64_t	outside = ~(mask >> start);
			int			length = outside == 0 ? 64 : __builtin_ctzll(outside);

			CPU_KERNEL(count_span)(pass, bytes, which, stride, distance, at + start, length);
			if (start + length >= 64)
				break;
			mask &= ~(uint64_t) 0 << (start + length);
		}
	}
}

/* The loops above with stride and distance as constants where they are usual. */
KERNEL_INLINE void
CPU_KERNEL(count_line_strided)(const CPU_KERNEL(PairPass) *pass, int bytes, int which,
							   int64_t first, int64_t last)
{
	if (bytes == 2 || pass->distance != 1)
		CPU_KERNEL(count_line)(pass, bytes, which, pass->stride, pass->distance, first, last);
	else if (pass->stride == 16)
		CPU_KERNEL(count_line)(pass, 1, which, 16, 1, first, last);
	else if (pass->stride == 36)
		CPU_KERNEL(count_line)(pass, 1, which, 36, 1, first, last);
	else if (pass->stride == 68)
		CPU_KERNEL(count_line)(pass, 1, which, 68, 1, first, last);
	else if (pass->stride == 132)
		CPU_KERNEL(count_line)(pass, 1, which, 132, 1, first, last);
	else
		CPU_KERNEL(count_line)(pass, 1, which, 260, 1, first, last);
}

/* And with the level's width and the set of directions. */
static void
CPU_KERNEL(count_line_dispatch)(const CPU_KERNEL(PairPass) *pass, int bytes, int which,
								int64_t first, int64_t last)
{
	if (bytes == 2 && which == PAIR_PLANAR)
		CPU_KERNEL(count_line_strided)(pass, 2, PAIR_PLANAR, first, last);
	else if (bytes == 2 && which == PAIR_STEEP)
		CPU_KERNEL(count_line_strided)(pass, 2, PAIR_STEEP, first, last);
	else if (bytes == 2)
		CPU_KERNEL(count_line_strided)(pass, 2, PAIR_ALL, first, last);
	else if (which == PAIR_PLANAR)
		CPU_KERNEL(count_line_strided)(pass, 1, PAIR_PLANAR, first, last);
	else if (which == PAIR_STEEP)
		CPU_KERNEL(count_line_strided)(pass, 1, PAIR_STEEP, first, last);
	else
		CPU_KERNEL(count_line_strided)(pass, 1, PAIR_ALL, first, last);
}

/* Columns of a histogram row: level_count + 1 at least. */
static int64_t
CPU_KERNEL(pair_stride)(const GreyLevels *levels)
{
	static const int strides[] = {16, 36, 68, 132, 260};

	if (levels->bytes_per_level == 1)
		for (int n = 0; n < 5; n++)
			if (levels->level_count < strides[n])
				return strides[n];
	return (levels->level_count + 4) / 4 * 4;
}

/* One of the three usual sets of directions, in one pass. */
static bool
CPU_KERNEL(count_pairs_fused)(RadContext *context, const GreyLevels *levels,
							  int first_slice, int last_slice, int distance, int which,
							  uint32_t *counts)
{
	const int	slots = which == PAIR_PLANAR ? 4 : which == PAIR_STEEP ? 9 : 13;
	const int64_t level_count = levels->level_count;
	const int64_t stride = CPU_KERNEL(pair_stride)(levels);
	const int64_t line = (levels->size[1] - 1) * levels->row_stride + levels->size[0];
	CPU_KERNEL(PairPass) pass = {
		.levels = levels->levels,
		.distance = distance,
		.row_offset = distance * levels->row_stride,
		.slice_offset = distance * levels->slice_stride,
		.stride = stride,
	};

	pass.scratch = rad_new_zeroed(context, uint32_t, (level_count + 1) * slots * stride);
	if (pass.scratch == NULL)
		return false;
	for (int z = first_slice; z < last_slice; z++)
	{
		int64_t		at = z * levels->slice_stride;
		int64_t		end = at + line;

		if (levels->slice_voxel_count[z] == 0)
			continue;
		for (; at < end; at += POLL_ELEMENTS)
		{
			int64_t		last = end - at < POLL_ELEMENTS ? end : at + POLL_ELEMENTS;

			if (!rad_continue(context))
				return false;
			CPU_KERNEL(count_line_dispatch)(&pass, levels->bytes_per_level, which, at, last);
		}
	}
	for (int slot = 0; slot < slots; slot++)
		for (int64_t i = 1; i <= level_count; i++)
		{
			const uint32_t *row = pass.scratch + (i * slots + slot) * stride + 1;

			for (int64_t j = 0; j < level_count; j++)
				counts[j] += row[j];
			counts += level_count;
		}
	rad_release(context, pass.scratch);
	return true;
}

/* Any direction, on its own. */
static bool
CPU_KERNEL(count_pairs_direction)(RadContext *context, const GreyLevels *levels,
								  int first_slice, int last_slice, int64_t offset,
								  uint32_t *counts)
{
	const int64_t level_count = levels->level_count;
	const int	bytes = levels->bytes_per_level;

	for (int z = first_slice; z < last_slice; z++)
		for (int y = 0; y < levels->size[1]; y++)
		{
			int64_t		row = z * levels->slice_stride + y * levels->row_stride;

			if (y % 64 == 0 && !rad_continue(context))
				return false;
			for (int64_t at = row; at < row + levels->size[0]; at++)
			{
				int64_t		i = level_at(levels->levels, bytes, at);
				int64_t		j = level_at(levels->levels, bytes, at + offset);

				if (i != 0 && j != 0)
					counts[(i - 1) * level_count + (j - 1)]++;
			}
		}
	return true;
}

static bool
CPU_KERNEL(count_cooccurrences)(RadContext *context, const GreyLevels *levels,
								int first_slice, int last_slice, int distance,
								DirectionSet directions, uint32_t *counts)
{
	const int64_t matrix_size = (int64_t) levels->level_count * levels->level_count;

	if (directions == PLANAR_DIRECTIONS)
		return CPU_KERNEL(count_pairs_fused)(context, levels, first_slice, last_slice,
											 distance, PAIR_PLANAR, counts);
	if (directions == (ALL_DIRECTIONS & ~PLANAR_DIRECTIONS))
		return CPU_KERNEL(count_pairs_fused)(context, levels, first_slice, last_slice,
											 distance, PAIR_STEEP, counts);
	if (directions == ALL_DIRECTIONS)
		return CPU_KERNEL(count_pairs_fused)(context, levels, first_slice, last_slice,
											 distance, PAIR_ALL, counts);
	for (int d = 0; d < RAD_DIRECTION_COUNT; d++)
	{
		const int  *direction = rad_directions[d];
		const int64_t offset = distance * (direction[0] + direction[1] * levels->row_stride +
										   direction[2] * levels->slice_stride);

		if ((directions & (1u << d)) == 0)
			continue;
		if (!CPU_KERNEL(count_pairs_direction)(context, levels, first_slice, last_slice,
											   offset, counts))
			return false;
		counts += matrix_size;
	}
	return true;
}
