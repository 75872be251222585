/*
 * GLRLM counting (IBSI TP0I): runs of equal level along a direction.
 *
 * A voxel at position p >= 2 of its run is one whose predecessor has the same
 * level.  Comparing whole vectors with themselves moved by one step gives these
 * voxels as bits; only they are visited, and position[v] = position[v - step]
 * + 1.  The number of voxels of level i at position p is the number of runs of
 * at least p voxels, so runs of exactly p are a difference of two such counts.
 * Voxels at position 1 need no visit: they are what is left of the level's
 * histogram.
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

/* One direction of one range of elements. */
typedef struct CPU_KERNEL(RunPass)
{
	const void *levels;
	int64_t		step;			/* elements; positive for every direction */
	int64_t		first;
	int64_t		last;

	/* position - 1 of each voxel in its run, 0 where not visited */
	void	   *position;		/* from element first - lead */
	int64_t		lead;

	/* [position - 2][level] */
	uint32_t   *at_position;
	int64_t		stride;
} CPU_KERNEL(RunPass);

/*
 * Visit the voxels that have a predecessor in their run and count them by
 * position.  Returns the number of positions beyond the first that were seen.
 */
KERNEL_INLINE int64_t
CPU_KERNEL(count_positions)(const CPU_KERNEL(RunPass) *pass, int bytes, int position_bytes)
{
	const int64_t step = pass->step;
	uint8_t    *position = (uint8_t *) pass->position +
		(pass->lead - pass->first) * position_bytes;
	int64_t		longest = 0;

	for (int64_t at = pass->first; at < pass->last; at += 64)
	{
		uint64_t	equal = inside_mask(pass->levels, bytes, at, pass->last - at);

		if (equal != 0)
			equal &= equal_mask(pass->levels, bytes, at, step);
		while (equal != 0)
		{
			int64_t		v = at + __builtin_ctzll(equal);
			int64_t		p;

			equal &= equal - 1;
			if (position_bytes == 1)
				position[v] = (uint8_t) (p = position[v - step] + 1);
			else
				((uint32_t *) position)[v] =
					(uint32_t) (p = (int64_t) ((uint32_t *) position)[v - step] + 1);
			longest = p > longest ? p : longest;
			pass->at_position[(p - 1) * pass->stride + level_at(pass->levels, bytes, v)]++;
		}
	}
	return longest;
}

/* Turn counts by position of one direction into runs, and clear them. */
static void
CPU_KERNEL(add_runs)(const CPU_KERNEL(RunPass) *pass, const int64_t *level_voxels,
					 int64_t level_count, int64_t positions, int longest, uint32_t *counts)
{
	for (int64_t i = 1; i <= level_count; i++, counts += longest)
	{
		int64_t		runs = level_voxels[i];

		for (int64_t p = 0; p < positions; p++)
			runs -= pass->at_position[p * pass->stride + i];
		for (int64_t p = 0; runs != 0; p++)
		{
			int64_t		longer = p < positions ? pass->at_position[p * pass->stride + i] : 0;

			counts[p] += (uint32_t) (runs - longer);
			runs = longer;
		}
	}
	memset(pass->at_position, 0,
		   (size_t) (positions * pass->stride) * sizeof(*pass->at_position));
}

static bool
CPU_KERNEL(count_runs)(RadContext *context, const GreyLevels *levels,
					   int first_slice, int last_slice,
					   DirectionSet directions, int longest, uint32_t *counts)
{
	const int64_t stride = (int64_t) levels->level_count + 1;
	const int	position_bytes = longest <= 256 ? 1 : 4;
	CPU_KERNEL(RunPass) pass = {
		.levels = levels->levels,
		.first = first_slice * levels->slice_stride,
		.last = (last_slice - 1) * levels->slice_stride +
			(levels->size[1] - 1) * levels->row_stride + levels->size[0],
		.lead = levels->slice_stride + levels->row_stride + 1,
		.stride = stride,
	};
	const size_t position_size = (size_t) ((pass.last - pass.first + pass.lead) *
										   position_bytes);
	int64_t    *level_voxels = rad_new_zeroed(context, int64_t, stride);

	pass.at_position = rad_new_zeroed(context, uint32_t, longest * stride);
	pass.position = rad_allocate(context, position_size, 1);
	if (level_voxels == NULL || pass.at_position == NULL || pass.position == NULL)
		return false;
	CPU_KERNEL(count_levels)(levels, first_slice, last_slice, level_voxels);
	for (int d = 0; d < RAD_DIRECTION_COUNT; d++)
	{
		const int  *direction = rad_directions[d];
		int64_t		positions;

		if ((directions & (1u << d)) == 0)
			continue;
		if (!rad_continue(context))
			return false;
		pass.step = direction[0] + direction[1] * levels->row_stride +
			direction[2] * levels->slice_stride;
		memset(pass.position, 0, position_size);
		if (levels->bytes_per_level == 1)
			positions = position_bytes == 1 ? CPU_KERNEL(count_positions)(&pass, 1, 1) :
				CPU_KERNEL(count_positions)(&pass, 1, 4);
		else
			positions = position_bytes == 1 ? CPU_KERNEL(count_positions)(&pass, 2, 1) :
				CPU_KERNEL(count_positions)(&pass, 2, 4);
		CPU_KERNEL(add_runs)(&pass, level_voxels, levels->level_count, positions, longest,
							 counts);
		counts += levels->level_count * (int64_t) longest;
	}
	rad_release(context, pass.position);
	rad_release(context, pass.at_position);
	rad_release(context, level_voxels);
	return true;
}
