/*
 * GLRLM counting (IBSI TP0I): runs of equal level along a direction.
 *
 * A voxel at position p >= 2 of its run is one whose predecessor has the same
 * level.  Comparing whole vectors with themselves moved by one step gives these
 * voxels as bits; only they are visited, and position[v] = position[v - step]
 * + 1.  The number of voxels of level i at position p is the number of runs of
 * at least p voxels, so runs of exactly p are a difference of two such counts,
 * and runs of one voxel need no visit: position 1 is the level's histogram.
 *
 * The work is the comparison (vectors) plus the fraction of voxels that equal
 * their predecessor.  Measured by bench/bench_texture.c.
 */
#include "device/kernel_masks.h"

/* Voxels of each level in a range of slices. */
static void
CPU_KERNEL(count_levels)(const GreyLevels *levels, int first_slice, int last_slice,
						 int64_t *level_voxels)
{
	const int	bytes = levels->bytes_per_level;

	for (int z = first_slice; z < last_slice; z++)
		for (int y = 0; y < levels->size[1]; y++)
			for (int x = 0; x < levels->size[0]; x++)
				level_voxels[level_at(levels->levels, bytes,
									  x + y * levels->row_stride +
									  z * levels->slice_stride)]++;
}

/*
 * Visit the elements [first, last): at_position[(p - 1) * stride + level]++ for
 * each voxel at position p + 1.  Returns the largest p seen.
 */
KERNEL_INLINE unsigned
CPU_KERNEL(count_positions)(const void *levels, int bytes, int64_t step,
							int64_t first, int64_t last, int64_t stride,
							uint16_t *position, uint32_t *at_position)
{
	unsigned	longest = 0;

	for (int64_t at = first; at < last; at += 64)
	{
		uint64_t	inside = inside_mask(levels, bytes, at, last - at);
		uint64_t	equal = inside == 0 ? 0 :
			inside & equal_mask(levels, bytes, at, step);

		while (equal != 0)
		{
			int64_t		v = at + __builtin_ctzll(equal);
			unsigned	p = position[v - step] + 1u;

			equal &= equal - 1;
			position[v] = (uint16_t) p;
			longest = p > longest ? p : longest;
			at_position[(p - 1) * stride + level_at(levels, bytes, v)]++;
		}
	}
	return longest;
}

static bool
CPU_KERNEL(count_runs)(RadContext *context, const GreyLevels *levels,
					   int first_slice, int last_slice,
					   DirectionSet directions, int longest, uint32_t *counts)
{
	const int64_t level_count = levels->level_count;
	const int64_t stride = level_count + 1;
	const int64_t slice_line = (levels->size[1] - 1) * levels->row_stride + levels->size[0];
	const int64_t first = first_slice * levels->slice_stride;
	const int64_t last = (last_slice - 1) * levels->slice_stride + slice_line;
	const int64_t lead = levels->slice_stride + levels->row_stride + 1;
	int64_t    *level_voxels = rad_new_zeroed(context, int64_t, stride);
	uint32_t   *at_position = rad_new_zeroed(context, uint32_t, longest * stride);
	uint16_t   *position = rad_new(context, uint16_t, last - first + lead + 64);

	if (level_voxels == NULL || at_position == NULL || position == NULL)
		return false;
	CPU_KERNEL(count_levels)(levels, first_slice, last_slice, level_voxels);
	for (int d = 0; d < RAD_DIRECTION_COUNT; d++)
	{
		const int  *direction = rad_directions[d];
		int64_t		step = direction[0] + direction[1] * levels->row_stride +
			direction[2] * levels->slice_stride;
		unsigned	most;

		if ((directions & (1u << d)) == 0)
			continue;
		memset(position, 0, (size_t) (last - first + lead + 64) * sizeof(*position));
		if (!rad_continue(context))
			return false;
		if (levels->bytes_per_level == 1)
			most = CPU_KERNEL(count_positions)(levels->levels, 1, step, first, last, stride,
											   position + lead - first, at_position);
		else
			most = CPU_KERNEL(count_positions)(levels->levels, 2, step, first, last, stride,
											   position + lead - first, at_position);
		for (int64_t i = 1; i <= level_count; i++)
		{
			int64_t		runs = level_voxels[i];

			for (unsigned p = 1; p <= most + 1; p++)
			{
				int64_t		longer = p <= most ? at_position[(p - 1) * stride + i] : 0;

				if (runs == 0)
					break;
				counts[(i - 1) * longest + (p - 1)] += (uint32_t) (runs - longer);
				runs = longer;
			}
		}
		memset(at_position, 0, (size_t) most * stride * sizeof(*at_position));
		counts += level_count * longest;
	}
	rad_release(context, position);
	rad_release(context, at_position);
	rad_release(context, level_voxels);
	return true;
}
