/*
 * Neighbourhood counts: NGTDM (grey tone differences) and NGLDM (dependences);
 * see device.h.
 *
 * Both look at the box around a voxel with the voxel itself in it, which is
 * inside and so counts once: K = k + 1 voxels, and
 * level * k - (sum without itself) = level * K - (sum with itself).
 * Padding around the box makes the same loop right at the edges.
 *
 * Distance 1 is the usual case and works in full vectors on levels as they
 * are; rows are read past their end (RAD_LEVEL_SLACK).  Other distances take a
 * plain loop.
 */
#include "device/level_row.h"

/* Buffers for one row, long enough for every path; see neighbourhood_row(). */
typedef struct NeighbourhoodRow
{
	void	   *sum;
	void	   *inside;
	void	   *difference;
	void	   *count;
} NeighbourhoodRow;

#define LEVEL uint8_t
#define LEVEL_SUM uint16_t
#define LEVEL_VECTOR RowVector8
#define LEVEL_NAME(name) name##_8
#include "device/kernel_neighbourhood_level.h"
#undef LEVEL
#undef LEVEL_SUM
#undef LEVEL_VECTOR
#undef LEVEL_NAME

#define LEVEL uint16_t
#define LEVEL_SUM uint32_t
#define LEVEL_VECTOR RowVector16
#define LEVEL_NAME(name) name##_16
#include "device/kernel_neighbourhood_level.h"
#undef LEVEL
#undef LEVEL_SUM
#undef LEVEL_VECTOR
#undef LEVEL_NAME

static bool
neighbourhood_row(RadContext *context, const GreyLevels *levels, int distance,
				  NeighbourhoodRow *scratch)
{
	size_t		length = row_buffer_length(levels->size[0] + 2 * distance) +
		2 * ROW_VECTOR_BYTES;

	if (levels->padding < distance)
		return rad_fail(context, RAD_INTERNAL,
						"grey levels with padding %d for a neighbourhood distance of %d",
						levels->padding, distance);
	scratch->sum = rad_new(context, uint64_t, length);
	scratch->inside = rad_new(context, uint32_t, length);
	scratch->difference = rad_new(context, uint32_t, length);
	scratch->count = rad_new(context, uint16_t, length);
	return scratch->sum != NULL && scratch->inside != NULL &&
		scratch->difference != NULL && scratch->count != NULL;
}

static void
neighbourhood_release(RadContext *context, NeighbourhoodRow *scratch)
{
	rad_release(context, scratch->sum);
	rad_release(context, scratch->inside);
	rad_release(context, scratch->difference);
	rad_release(context, scratch->count);
}

static bool
CPU_KERNEL(count_neighbourhood_differences) (RadContext *context,
											 const GreyLevels *levels,
											 int first_slice, int last_slice,
											 int distance, bool planar,
											 int64_t *count, int64_t *difference)
{
	NeighbourhoodRow scratch;

	if (!neighbourhood_row(context, levels, distance, &scratch))
		return false;
	for (int z = first_slice; z < last_slice; z++)
	{
		bool		counted;

		if (levels->bytes_per_level == 1)
			counted = count_slice_differences_8(context, &scratch, levels, z, distance,
												planar, count, difference);
		else
			counted = count_slice_differences_16(context, &scratch, levels, z, distance,
												 planar, count, difference);
		if (!counted)
			return false;
	}
	neighbourhood_release(context, &scratch);
	return true;
}

static bool
CPU_KERNEL(count_dependences) (RadContext *context, const GreyLevels *levels,
							   int first_slice, int last_slice, int distance,
							   int alpha, bool planar, int64_t *count)
{
	NeighbourhoodRow scratch;

	if (!neighbourhood_row(context, levels, distance, &scratch))
		return false;
	for (int z = first_slice; z < last_slice; z++)
	{
		bool		counted;

		if (levels->bytes_per_level == 1)
			counted = count_slice_dependences_8(context, &scratch, levels, z, distance,
												alpha, planar, count);
		else
			counted = count_slice_dependences_16(context, &scratch, levels, z, distance,
												 alpha, planar, count);
		if (!counted)
			return false;
	}
	neighbourhood_release(context, &scratch);
	return true;
}
