/*
 * Neighbour offsets: every axis from +d down to -d, z slowest, of which the
 * first half (first component that is not 0 is positive) stands for all.
 */
#include "pyradiomics/offsets.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* PyRadiomics takes the neighbours of a distance that is given twice twice. */
static int
times_given(const PyradiomicsList *distances, int distance)
{
	int			times = 0;

	if (distances == NULL)
		return distance == 1;
	for (int n = 0; n < distances->count; n++)
		times += distances->values[n] == distance;
	return times;
}

/* How often the offset (x, y, z of the region) is looked for. */
static int
times_wanted(const int step[3], const int size[3], int forced_axis,
		  const PyradiomicsList *distances)
{
	int			length = 0;

	for (int axis = 0; axis < 3; axis++)
	{
		int			steps = abs(step[axis]);

		if (steps >= size[axis] || (axis == forced_axis && steps != 0))
			return 0;
		length = steps > length ? steps : length;
	}
	if (step[2] < 0 || (step[2] == 0 && (step[1] < 0 || (step[1] == 0 && step[0] <= 0))))
		return 0;
	return times_given(distances, length);
}

/* List the offsets, or count them when list is NULL. */
static int
list_offsets(const int size[3], const int axis[3], bool planar,
			 const PyradiomicsList *distances, int longest, PyradiomicsOffset *list)
{
	int			region_size[3];
	int			reach[3];
	int			count = 0;

	for (int n = 0; n < 3; n++)
		region_size[axis[n]] = size[n];
	for (int n = 0; n < 3; n++)
		reach[n] = longest < region_size[n] ? longest : region_size[n] - 1;
	for (int z = reach[2]; z >= 0; z--)
		for (int y = reach[1]; y >= -reach[1]; y--)
			for (int x = reach[0]; x >= -reach[0]; x--)
			{
				const int	step[3] = {x, y, z};
				int			times = times_wanted(step, region_size, planar ? axis[2] : -1,
												 distances);

				for (; times > 0; times--, count++)
					for (int n = 0; n < 3 && list != NULL; n++)
						list[count].step[n] = step[axis[n]];
			}
	return count;
}

bool
rad_pyradiomics_offsets(RadContext *context, const int size[3], const int axis[3],
						bool planar, const PyradiomicsList *distances,
						PyradiomicsOffsets *offsets)
{
	int			longest = 1;

	for (int n = 0; distances != NULL && n < distances->count; n++)
	{
		/* What is longer than the region has no offsets. */
		if (distances->values[n] >= size[0] && distances->values[n] >= size[1] &&
			distances->values[n] >= size[2])
			continue;
		if (distances->values[n] > longest)
			longest = (int) distances->values[n];
	}
	if (longest > PYRADIOMICS_MOST_DISTANCE)
	{
		rad_fail(context, RAD_LIMIT_EXCEEDED, "distance %d is too long for neighbours", longest);
		return rad_hint(context, "\"distances\" may be up to %d voxels.",
						PYRADIOMICS_MOST_DISTANCE);
	}
	offsets->count = list_offsets(size, axis, planar, distances, longest, NULL);
	if (offsets->count == 0)
	{
		rad_fail(context, RAD_DATA_EXCEPTION,
				 "no two voxels of the region's box are neighbours at the wanted distances");
		rad_detail(context, "The box is %d x %d x %d voxels%s.", size[0], size[1], size[2],
				   planar ? " (axes as force2D orders them)" : "");
		return rad_hint(context, "Choose smaller \"distances\", or another \"force2Ddimension\".");
	}
	offsets->offset = rad_new(context, PyradiomicsOffset, offsets->count);
	if (offsets->offset == NULL)
		return false;
	list_offsets(size, axis, planar, distances, longest, offsets->offset);
	return true;
}

DirectionSet
rad_pyradiomics_directions(const PyradiomicsOffsets *offsets)
{
	DirectionSet set = 0;

	for (int d = 0; d < RAD_DIRECTION_COUNT; d++)
		for (int n = 0; n < offsets->count; n++)
			if (memcmp(offsets->offset[n].step, rad_directions[d],
					   sizeof(rad_directions[d])) == 0)
				set |= 1u << d;
	return set;
}

int
rad_pyradiomics_full_radius(const PyradiomicsList *distances)
{
	int			radius = 0;

	while (times_given(distances, radius + 1) > 0)
		radius++;
	return distances->count == radius ? radius : 0;
}

double
rad_pyradiomics_length(const int step[3], const double spacing[3],
					   PyradiomicsWeighting norm)
{
	double		sum = 0.0;
	double		squares = 0.0;
	double		largest = 0.0;

	for (int axis = 0; axis < 3; axis++)
	{
		double		length = abs(step[axis]) * spacing[axis];

		sum += length;
		squares += length * length;
		largest = length > largest ? length : largest;
	}
	switch (norm)
	{
		case PYRADIOMICS_WEIGHTING_EUCLIDEAN:
			return sqrt(squares);
		case PYRADIOMICS_WEIGHTING_MANHATTAN:
			return sum;
		case PYRADIOMICS_WEIGHTING_INFINITY:
			return largest;
		case PYRADIOMICS_WEIGHTING_NONE:
		case PYRADIOMICS_WEIGHTING_NULL:
			break;
	}
	return 1.0;
}

static bool
create_shells(RadContext *context, int64_t count, PyradiomicsShells *shells)
{
	shells->count = count;
	shells->level = rad_new(context, int32_t, count);
	shells->neighbours = rad_new_zeroed(context, int32_t, count);
	shells->sum = rad_new_zeroed(context, int64_t, count);
	shells->dependence = rad_new_zeroed(context, int32_t, count);
	return shells->level != NULL && shells->neighbours != NULL && shells->sum != NULL &&
		shells->dependence != NULL;
}

void
rad_pyradiomics_shells_release(RadContext *context, PyradiomicsShells *shells)
{
	rad_release(context, shells->level);
	rad_release(context, shells->neighbours);
	rad_release(context, shells->sum);
	rad_release(context, shells->dependence);
}

/* number[voxel of the box] of each voxel inside, from 0; -1 outside. */
static int32_t *
number_voxels(RadContext *context, const GreyLevels *levels, PyradiomicsShells *shells)
{
	int64_t		size = (int64_t) levels->size[0] * levels->size[1] * levels->size[2];
	int32_t    *number = rad_new(context, int32_t, size);
	int32_t    *next = number;
	int32_t		count = 0;

	if (number == NULL)
		return NULL;
	for (int z = 0; z < levels->size[2]; z++)
		for (int y = 0; y < levels->size[1]; y++)
			for (int x = 0; x < levels->size[0]; x++)
			{
				int64_t		at = x + y * levels->row_stride + z * levels->slice_stride;
				int			level = levels->bytes_per_level == 1 ?
					((const uint8_t *) levels->levels)[at] :
					((const uint16_t *) levels->levels)[at];

				*next++ = level != 0 ? count : -1;
				if (level != 0)
					shells->level[count++] = level;
			}
	return number;
}

bool
rad_pyradiomics_shells(RadContext *context, const PyradiomicsTexture *texture,
					   const PyradiomicsOffsets *offsets, int alpha,
					   PyradiomicsShells *shells)
{
	const int  *size = texture->grid.levels->size;
	const int64_t plane = (int64_t) size[0] * size[1];
	int32_t    *number;

	if (!create_shells(context, texture->grid.levels->voxel_count, shells))
		return false;
	number = number_voxels(context, texture->grid.levels, shells);
	if (number == NULL)
		return false;
	for (int n = 0; n < offsets->count; n++)
	{
		const int  *step = offsets->offset[n].step;
		const int64_t to = step[0] + (int64_t) step[1] * size[0] + step[2] * plane;
		int			low[3];
		int			high[3];

		for (int axis = 0; axis < 3; axis++)
		{
			low[axis] = step[axis] < 0 ? -step[axis] : 0;
			high[axis] = step[axis] > 0 ? size[axis] - step[axis] : size[axis];
		}
		for (int z = low[2]; z < high[2]; z++)
		{
			if (!rad_continue(context))
				return false;
			for (int y = low[1]; y < high[1]; y++)
				for (int64_t at = low[0] + (int64_t) y * size[0] + z * plane;
					 at < high[0] + (int64_t) y * size[0] + z * plane; at++)
				{
					int32_t		a = number[at];
					int32_t		b = number[at + to];
					int			depends;

					if (a < 0 || b < 0)
						continue;
					depends = abs(shells->level[a] - shells->level[b]) <= alpha;
					shells->neighbours[a]++;
					shells->neighbours[b]++;
					shells->sum[a] += shells->level[b];
					shells->sum[b] += shells->level[a];
					shells->dependence[a] += depends;
					shells->dependence[b] += depends;
				}
		}
	}
	rad_release(context, number);
	return true;
}
