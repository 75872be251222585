/*
 * The counting kernels.  Their contract is that of src/core/device/device.h;
 * the arrays that they add to were zeroed.
 *
 * Levels lie in the padded layout of a request: what is outside is 0, also
 * around the box, so neighbours need no test.  Kernels walk the elements of
 * the layout in a line; those of the padding are 0 and are passed over.
 */
#ifndef RAD_CUDA_KERNELS_H
#define RAD_CUDA_KERNELS_H

#include "kernels/batch.h"
#include "kernels/platform.h"

/* Most elements of a block with 16-bit counters: no counter can overflow. */
#define MOST_CHUNK 65535

/* Runs below this length are counted in shared memory. */
#define SHORT_RUN_LENGTHS 8

/* A tile of the search for zones, voxels. */
#define TILE_X 32
#define TILE_Y 8
#define TILE_Z 4
#define TILE_VOXELS (TILE_X * TILE_Y * TILE_Z)

#define NO_LABEL 0xFFFFFFFFu

/* Two 16-bit counters share a word. */
KERNEL_FUNCTION void
count_packed(uint32_t *counters, uint32_t index)
{
	atomic_add(counters + (index >> 1), (uint32_t) 1 << (16 * (index & 1)));
}

KERNEL_FUNCTION void
clear_words(const Block &block, uint32_t *words, uint32_t count)
{
	block.each_thread([&](int thread)
	{
		for (uint32_t n = thread; n < count; n += BLOCK_THREADS)
			words[n] = 0;
	});
}

KERNEL_FUNCTION uint32_t
unpack(const uint32_t *counters, uint32_t index)
{
	return counters[index >> 1] >> (16 * (index & 1)) & 0xFFFF;
}

/*
 * Offsets in elements of every direction.  Loops over them are unrolled, so
 * that they stay in registers; the directions of a work are the same for all
 * threads, so asking for each costs no divergence.
 */
struct Steps
{
	int32_t		of[RAD_DIRECTION_COUNT];
};

KERNEL_FUNCTION Steps
steps_of(const DeviceRegion &region, int64_t distance)
{
	Steps		steps;

	KERNEL_UNROLL
	for (int d = 0; d < RAD_DIRECTION_COUNT; d++)
		steps.of[d] = (int32_t) (distance * region.step[d]);
	return steps;
}

/* ------------------------------------------------------------ grey levels */

/* Histograms of so many levels are counted in shared memory. */
#define SHARED_HISTOGRAM_LEVELS 4096

/* Intensity of a voxel, and as an integer when its type is one. */
KERNEL_FUNCTION double
intensity_at(const DeviceSource &source, int64_t at, int64_t *integer)
{
	switch ((VoxelType) source.type)
	{
		case VOXEL_INT8:
			return (double) (*integer = ((const int8_t *) source.voxels)[at]);
		case VOXEL_UINT8:
			return (double) (*integer = ((const uint8_t *) source.voxels)[at]);
		case VOXEL_INT16:
			return (double) (*integer = ((const int16_t *) source.voxels)[at]);
		case VOXEL_UINT16:
			return (double) (*integer = ((const uint16_t *) source.voxels)[at]);
		case VOXEL_INT32:
			return (double) (*integer = ((const int32_t *) source.voxels)[at]);
		case VOXEL_UINT32:
			return (double) (*integer = ((const uint32_t *) source.voxels)[at]);
		case VOXEL_FLOAT32:
			*integer = 0;
			return ((const float *) source.voxels)[at];
		case VOXEL_FLOAT64:
			break;
	}
	*integer = 0;
	return ((const double *) source.voxels)[at];
}

/*
 * Crop and discretise: work is voxels of the box, x fastest.  What is outside
 * the mask stays 0.
 */
KERNEL_FUNCTION void
fill_levels(const Block &block, const Work &work, const DeviceRegion &region,
			const DeviceSource &source)
{
	const CountBuffer *header = region.header;
	const uint32_t bins = (uint32_t) header->level_count + 1;
	IntensitySums *sums = (IntensitySums *) block.shared;
	uint32_t   *counters = (uint32_t *) (sums + 1);
	const bool	shared = work.shared != 0;

	clear_words(block, (uint32_t *) sums, sizeof(IntensitySums) / 4 + (shared ? bins : 0));
	block.each_thread([&](int thread)
	{
		IntensitySums own = {0, 0, 0, 0};

		for (int64_t n = (int64_t) work.first + thread; n < work.last; n += BLOCK_THREADS)
		{
			const int64_t x = n % header->size[0];
			const int64_t y = n / header->size[0] % header->size[1];
			const int64_t z = n / header->size[0] / header->size[1];
			const int64_t from = ((z + source.offset[2]) * source.size[1] + y +
								  source.offset[1]) * source.size[0] + x + source.offset[0];
			const int64_t to = x + y * header->row_stride + z * header->slice_stride;
			int64_t		integer;
			uint64_t	square;
			int32_t		level;

			if (source.mask[from] == 0)
				continue;
			level = bin_level(&source.rule, intensity_at(source, from, &integer));
			if (header->bytes_per_level == 1)
				((uint8_t *) source.levels)[to] = (uint8_t) level;
			else
				((uint16_t *) source.levels)[to] = (uint16_t) level;
			if (shared)
				atomic_add(counters + level, (uint32_t) 1);
			else
				atomic_add(source.histogram + level, (int64_t) 1);
			square = (uint64_t) integer * (uint64_t) integer;
			own.count++;
			own.sum += integer;
			own.squares_low += (int64_t) (square & 0xFFFFFFFF);
			own.squares_high += (int64_t) (square >> 32);
		}
		atomic_add(&sums->count, own.count);
		atomic_add(&sums->sum, own.sum);
		atomic_add(&sums->squares_low, own.squares_low);
		atomic_add(&sums->squares_high, own.squares_high);
	});
	block.each_thread([&](int thread)
	{
		if (thread < 4)
			atomic_add((int64_t *) source.sums + thread, ((int64_t *) sums)[thread]);
		for (uint32_t n = thread; shared && n < bins; n += BLOCK_THREADS)
			if (counters[n] != 0)
				atomic_add(source.histogram + n, (int64_t) counters[n]);
	});
}

/* ------------------------------------------------------------------- GLCM */

/*
 * counts[slot][i - 1][j - 1] of all directions of the work, a slot each.  Each
 * voxel's level is read once for all of them.
 */
template <typename Level>
KERNEL_FUNCTION void
count_pairs(const Block &block, const Work &work, const DeviceRegion &region)
{
	const Level *levels = (const Level *) region.levels;
	const uint32_t level_count = (uint32_t) region.header->level_count;
	const uint32_t directions = work.directions;
	const Steps	steps = steps_of(region, region.header->items[work.item].distance);
	uint32_t   *counts = (uint32_t *) (region.buffer + work.result);
	uint32_t   *counters = (uint32_t *) block.shared;
	const bool	shared = work.shared != 0;
	uint32_t	cells = 0;

	for (uint32_t set = directions; set != 0; set &= set - 1)
		cells += level_count * level_count;
	if (work.shared)
		clear_words(block, counters, (cells + 1) / 2);
	block.each_thread([&](int thread)
	{
		for (int64_t at = (int64_t) work.first + thread; at < work.last; at += BLOCK_THREADS)
		{
			uint32_t	i = levels[at];
			uint32_t	row = (i - 1) * level_count - 1;

			if (i == 0)
				continue;
			KERNEL_UNROLL
			for (int d = 0; d < RAD_DIRECTION_COUNT; d++)
			{
				uint32_t	j;

				if ((directions >> d & 1) == 0)
					continue;
				j = levels[at + steps.of[d]];
				if (j != 0 && shared)
					count_packed(counters, row + j);
				else if (j != 0)
					count_aggregated(counts, row + j);
				row += level_count * level_count;
			}
		}
	});
	if (!work.shared)
		return;
	block.each_thread([&](int thread)
	{
		for (uint32_t n = thread; n < cells; n += BLOCK_THREADS)
		{
			uint32_t	count = unpack(counters, n);

			if (count != 0)
				atomic_add(counts + n, count);
		}
	});
}

/* ------------------------------------------------------------------ GLRLM */

/*
 * A thread follows a run from its first voxel, whose predecessor is of another
 * level.  Lengths below SHORT_RUN_LENGTHS, nearly all, are counted in shared
 * memory: counters[slot][i - 1][length].
 */
template <typename Level>
KERNEL_FUNCTION void
count_runs(const Block &block, const Work &work, const DeviceRegion &region)
{
	const Level *levels = (const Level *) region.levels;
	const uint32_t level_count = (uint32_t) region.header->level_count;
	const uint32_t columns = (uint32_t) region.header->items[work.item].columns;
	const uint32_t directions = work.directions;
	const Steps	steps = steps_of(region, 1);
	uint32_t   *counts = (uint32_t *) (region.buffer + work.result);
	uint32_t   *counters = (uint32_t *) block.shared;
	const bool	shared = work.shared != 0;
	uint32_t	rows = 0;

	for (uint32_t set = directions; set != 0; set &= set - 1)
		rows += level_count;
	if (work.shared)
		clear_words(block, counters, rows * SHORT_RUN_LENGTHS / 2);
	block.each_thread([&](int thread)
	{
		for (int64_t at = (int64_t) work.first + thread; at < work.last; at += BLOCK_THREADS)
		{
			uint32_t	i = levels[at];
			uint32_t	row = i - 1;

			if (i == 0)
				continue;
			KERNEL_UNROLL
			for (int d = 0; d < RAD_DIRECTION_COUNT; d++)
			{
				const int64_t step = steps.of[d];
				uint32_t	length = 1;

				if ((directions >> d & 1) == 0)
					continue;
				if (levels[at - step] != i)
				{
					while (levels[at + length * step] == i)
						length++;
					if (shared && length < SHORT_RUN_LENGTHS)
						count_packed(counters, row * SHORT_RUN_LENGTHS + length);
					else
						count_aggregated(counts, row * columns + length - 1);
				}
				row += level_count;
			}
		}
	});
	if (!work.shared)
		return;
	block.each_thread([&](int thread)
	{
		for (uint32_t n = thread; n < rows * SHORT_RUN_LENGTHS; n += BLOCK_THREADS)
		{
			uint32_t	count = unpack(counters, n);

			if (count != 0)
				atomic_add(counts + n / SHORT_RUN_LENGTHS * columns +
						   n % SHORT_RUN_LENGTHS - 1, count);
		}
	});
}

/* -------------------------------------------------------- NGTDM and NGLDM */

/* What a voxel's neighbourhood holds, without the voxel itself. */
struct Neighbours
{
	uint32_t	inside;
	uint32_t	similar;		/* of them, with a level within alpha */
	int64_t		sum;			/* of their levels */
};

template <typename Level>
KERNEL_FUNCTION Neighbours
look_around(const Level *voxel, const CountBuffer *header, const CountItem *item)
{
	const int	distance = item->distance;
	const int	reach = item->planar ? 0 : distance;
	const int	own = *voxel;
	Neighbours	found = {0, 0, 0};

	for (int z = -reach; z <= reach; z++)
		for (int y = -distance; y <= distance; y++)
		{
			const Level *row = voxel + z * header->slice_stride + y * header->row_stride;

			for (int x = -distance; x <= distance; x++)
			{
				int			level = row[x];
				int			difference = level > own ? level - own : own - level;

				found.inside += level != 0;
				found.similar += level != 0 && difference <= item->alpha;
				found.sum += level;
			}
		}
	found.inside--;
	found.similar--;
	found.sum -= own;
	return found;
}

/*
 * NGTDM: count[i - 1][k] and difference[i - 1][k] behind it; NGLDM:
 * count[i - 1][dependence - 1].  In shared memory counts take a word and
 * differences, which come first there, two.
 */
template <typename Level>
KERNEL_FUNCTION void
count_neighbourhoods(const Block &block, const Work &work, const DeviceRegion &region)
{
	const Level *levels = (const Level *) region.levels;
	const CountItem *item = &region.header->items[work.item];
	const bool	differences = item->kind == COUNT_DIFFERENCES;
	const uint32_t columns = (uint32_t) item->columns;
	const uint32_t cells = (uint32_t) region.header->level_count * columns;
	int64_t    *counts = (int64_t *) (region.buffer + work.result);
	int64_t    *sums = (int64_t *) block.shared;
	uint32_t   *counters = (uint32_t *) block.shared + (differences ? 2 * cells : 0);

	if (work.shared)
		clear_words(block, (uint32_t *) block.shared, differences ? 3 * cells : cells);
	block.each_thread([&](int thread)
	{
		for (int64_t at = (int64_t) work.first + thread; at < work.last; at += BLOCK_THREADS)
		{
			const int64_t i = levels[at];
			Neighbours	found;
			uint32_t	cell;
			int64_t		difference;

			if (i == 0)
				continue;
			found = look_around(levels + at, region.header, item);
			cell = (uint32_t) (i - 1) * columns + (differences ? found.inside : found.similar);
			difference = i * found.inside - found.sum;
			difference = difference < 0 ? -difference : difference;
			if (work.shared)
			{
				atomic_add(counters + cell, (uint32_t) 1);
				if (differences)
					atomic_add(sums + cell, difference);
			}
			else
			{
				atomic_add(counts + cell, (int64_t) 1);
				if (differences)
					atomic_add(counts + cells + cell, difference);
			}
		}
	});
	if (!work.shared)
		return;
	block.each_thread([&](int thread)
	{
		for (uint32_t n = thread; n < cells; n += BLOCK_THREADS)
			if (counters[n] != 0)
			{
				atomic_add(counts + n, (int64_t) counters[n]);
				if (differences)
					atomic_add(counts + cells + n, sums[n]);
			}
	});
}

/* --------------------------------------------------------- marching cubes */

/*
 * Work is a stretch of the cubes, x fastest, from (-1, -1, -1).  Sums of z are
 * kept of z + 1, which is not negative.
 */
KERNEL_FUNCTION void
count_cubes(const Block &block, const Work &work, const DeviceRegion &region)
{
	const int32_t *size = region.header->mask_size;
	const uint8_t *mask = region.buffer + region.header->mask;
	const uint32_t width = (uint32_t) size[0] + 1;
	const uint32_t height = (uint32_t) size[1] + 1;
	CubeCounts *cubes = (CubeCounts *) (region.buffer + work.result);
	int64_t    *z_sums = (int64_t *) block.shared;
	uint32_t   *counters = (uint32_t *) block.shared + 512;

	clear_words(block, (uint32_t *) block.shared, 768);
	block.each_thread([&](int thread)
	{
		for (int64_t n = (int64_t) work.first + thread; n < work.last; n += BLOCK_THREADS)
		{
			const int	x = (int) (n % width) - 1;
			const int	y = (int) (n / width % height) - 1;
			const int	z = (int) (n / ((int64_t) width * height)) - 1;
			uint32_t	configuration = 0;

			for (int corner = 0; corner < 8; corner++)
			{
				const int	a = x + (corner & 1);
				const int	b = y + (corner >> 1 & 1);
				const int	c = z + (corner >> 2);

				if (a >= 0 && b >= 0 && c >= 0 && a < size[0] && b < size[1] && c < size[2])
					configuration |= (uint32_t) mask[((int64_t) c * size[1] + b) * size[0] + a]
						<< corner;
			}
			atomic_add(counters + configuration, (uint32_t) 1);
			atomic_add(z_sums + configuration, (int64_t) z + 1);
		}
	});
	block.each_thread([&](int thread)
	{
		for (int n = thread; n < 256; n += BLOCK_THREADS)
			if (counters[n] != 0)
			{
				atomic_add((int64_t *) &cubes->count[n], (int64_t) counters[n]);
				atomic_add(&cubes->z_sum[n], z_sums[n] - counters[n]);
			}
	});
}

/* -------------------------------------------------------- border distances */

/*
 * The city-block distance is separable: along x to the nearest voxel outside,
 * then along y and z the smallest of distance plus steps.  A thread sweeps a
 * line there and back; beyond the array is outside, with distance 0.
 */
KERNEL_FUNCTION void
sweep_line(uint16_t *line, int64_t step, int length)
{
	uint32_t	last = 0;

	for (int n = 0; n < length; n++)
	{
		uint32_t	own = line[n * step];

		last = own < last + 1 ? own : last + 1;
		line[n * step] = (uint16_t) last;
	}
	last = 0;
	for (int n = length; n > 0; n--)
	{
		uint32_t	own = line[(n - 1) * step];

		last = own < last + 1 ? own : last + 1;
		line[(n - 1) * step] = (uint16_t) last;
	}
}

KERNEL_FUNCTION void
measure_distance(const Block &block, const Work &work, const ZoneProblem &problem,
				 const DeviceRegion &region, int axis)
{
	const int32_t *size = region.header->mask_size;
	const uint8_t *mask = region.buffer + region.header->mask;
	const int64_t plane = (int64_t) size[0] * size[1];

	block.each_thread([&](int thread)
	{
		for (int64_t n = (int64_t) work.first + thread; n < work.last; n += BLOCK_THREADS)
		{
			if (axis == 0)
			{
				uint16_t   *line = problem.distance + n * size[0];

				for (int x = 0; x < size[0]; x++)
					line[x] = mask[n * size[0] + x] != 0 ? 0xFFFF : 0;
				sweep_line(line, 1, size[0]);
			}
			else if (axis == 1)
				sweep_line(problem.distance + n / size[0] * plane + n % size[0], size[0],
						   size[1]);
			else
				sweep_line(problem.distance + n, plane, size[2]);
		}
	});
}

/* ------------------------------------------------------------------- zones */

/*
 * Union-find by Playne and Hawick (2018): label[a] is an element of the same
 * zone, not larger than a; a zone's first element is its own label.
 */
KERNEL_FUNCTION uint32_t
find_first(const uint32_t *label, uint32_t a)
{
	for (;;)
	{
		uint32_t	next = load_relaxed(label + a);

		if (next == a)
			return a;
		a = next;
	}
}

KERNEL_FUNCTION void
join(uint32_t *label, uint32_t a, uint32_t b)
{
	for (;;)
	{
		uint32_t	old;

		a = find_first(label, a);
		b = find_first(label, b);
		if (a == b)
			return;
		if (a < b)
		{
			uint32_t	swap = a;

			a = b;
			b = swap;
		}
		old = atomic_min(label + a, b);
		if (old == a)
			return;
		a = old;
	}
}

/* A voxel of a tile. */
struct TileVoxel
{
	int			x;
	int			y;
	int			z;
	bool		inside_box;
	int64_t		at;				/* element */
};

KERNEL_FUNCTION TileVoxel
tile_voxel(const ZoneProblem &problem, const CountBuffer *header, uint32_t tile, int voxel)
{
	TileVoxel	v;

	v.x = (int) (tile % problem.tiles[0]) * TILE_X + voxel % TILE_X;
	v.y = (int) (tile / problem.tiles[0] % problem.tiles[1]) * TILE_Y + voxel / TILE_X % TILE_Y;
	v.z = (int) (tile / problem.tiles[0] / problem.tiles[1]) * TILE_Z +
		voxel / (TILE_X * TILE_Y);
	v.inside_box = v.x < header->size[0] && v.y < header->size[1] && v.z < header->size[2];
	v.at = v.x + v.y * header->row_stride + v.z * header->slice_stride;
	return v;
}

/* Does the neighbour behind in this direction lie in the same tile? */
KERNEL_FUNCTION bool
behind_in_tile(int voxel, const int8_t direction[3])
{
	const int	x = voxel % TILE_X - direction[0];
	const int	y = voxel / TILE_X % TILE_Y - direction[1];
	const int	z = voxel / (TILE_X * TILE_Y) - direction[2];

	return x >= 0 && x < TILE_X && y >= 0 && y < TILE_Y && z >= 0;
}

/*
 * First the zones of each tile on its own, in shared memory.  The order of
 * voxels in a tile is that of their elements, so first stays first.
 */
template <typename Level>
KERNEL_FUNCTION void
zones_local(const Block &block, const Work &work, const ZoneProblem &problem,
			const DeviceRegion &region, const KernelArguments &arguments)
{
	const Level *levels = (const Level *) region.levels;
	const CountBuffer *header = region.header;
	const int	directions = problem.planar ? RAD_PLANAR_DIRECTION_COUNT : RAD_DIRECTION_COUNT;
	uint32_t   *parent = (uint32_t *) block.shared;
	uint16_t   *own = (uint16_t *) (parent + TILE_VOXELS);

	block.each_thread([&](int thread)
	{
		for (int voxel = thread; voxel < TILE_VOXELS; voxel += BLOCK_THREADS)
		{
			TileVoxel	v = tile_voxel(problem, header, work.first, voxel);

			parent[voxel] = (uint32_t) voxel;
			own[voxel] = v.inside_box ? levels[v.at] : 0;
		}
	});
	block.each_thread([&](int thread)
	{
		for (int voxel = thread; voxel < TILE_VOXELS; voxel += BLOCK_THREADS)
			for (int d = 0; d < directions && own[voxel] != 0; d++)
			{
				const int8_t *direction = arguments.direction[d];
				const int	other = voxel - direction[0] - TILE_X * direction[1] -
					TILE_X * TILE_Y * direction[2];

				if (behind_in_tile(voxel, direction) && own[other] == own[voxel])
					join(parent, (uint32_t) voxel, (uint32_t) other);
			}
	});
	block.each_thread([&](int thread)
	{
		for (int voxel = thread; voxel < TILE_VOXELS; voxel += BLOCK_THREADS)
		{
			TileVoxel	v = tile_voxel(problem, header, work.first, voxel);
			uint32_t	element = problem.base + (uint32_t) v.at;

			if (!v.inside_box)
				continue;
			arguments.size[element] = 0;
			arguments.nearest[element] = NO_LABEL;
			arguments.label[element] = NO_LABEL;
			if (own[voxel] != 0)
				arguments.label[element] = problem.base +
					(uint32_t) tile_voxel(problem, header, work.first,
										  (int) find_first(parent, (uint32_t) voxel)).at;
		}
	});
}

/* Then they are joined across the faces of tiles. */
template <typename Level>
KERNEL_FUNCTION void
zones_merge(const Block &block, const Work &work, const ZoneProblem &problem,
			const DeviceRegion &region, const KernelArguments &arguments)
{
	const Level *levels = (const Level *) region.levels;
	const int	directions = problem.planar ? RAD_PLANAR_DIRECTION_COUNT : RAD_DIRECTION_COUNT;

	block.each_thread([&](int thread)
	{
		for (int voxel = thread; voxel < TILE_VOXELS; voxel += BLOCK_THREADS)
		{
			TileVoxel	v = tile_voxel(problem, region.header, work.first, voxel);

			if (!v.inside_box || levels[v.at] == 0)
				continue;
			for (int d = 0; d < directions; d++)
			{
				const int64_t other = v.at - region.step[d];

				if (!behind_in_tile(voxel, arguments.direction[d]) &&
					levels[other] == levels[v.at])
					join(arguments.label, problem.base + (uint32_t) v.at,
						 problem.base + (uint32_t) other);
			}
		}
	});
}

/* Sizes and smallest distances go to the first voxel, which is marked. */
KERNEL_FUNCTION void
zones_measure(const Block &block, const Work &work, const ZoneProblem &problem,
			  const DeviceRegion &region, const KernelArguments &arguments)
{
	const CountBuffer *header = region.header;

	block.each_thread([&](int thread)
	{
		for (int voxel = thread; voxel < TILE_VOXELS; voxel += BLOCK_THREADS)
		{
			TileVoxel	v = tile_voxel(problem, header, work.first, voxel);
			uint32_t	element = problem.base + (uint32_t) v.at;
			uint32_t	first;

			if (!v.inside_box || arguments.label[element] == NO_LABEL)
				continue;
			first = find_first(arguments.label, element);
			count_aggregated(arguments.size, first);
			if (problem.with_distance)
			{
				const int64_t in_mask = ((int64_t) (v.z + header->mask_offset[2]) *
										 header->mask_size[1] + v.y + header->mask_offset[1]) *
					header->mask_size[0] + v.x + header->mask_offset[0];

				atomic_min(arguments.nearest + first, problem.distance[in_mask]);
			}
			if (first == element)
				arguments.rank[element] = 1;
		}
	});
}

/* Ranks are running sums now: the list in order of first voxel. */
template <typename Level>
KERNEL_FUNCTION void
zones_collect(const Block &block, const Work &work, const ZoneProblem &problem,
			  const DeviceRegion &region, const KernelArguments &arguments)
{
	const Level *levels = (const Level *) region.levels;
	Zone	   *zones = (Zone *) (region.buffer + problem.result);

	block.each_thread([&](int thread)
	{
		if (thread == 0 && work.first == 0)
			arguments.found[&problem - arguments.problems] =
				arguments.rank[problem.end] - arguments.rank[problem.base];
		for (int voxel = thread; voxel < TILE_VOXELS; voxel += BLOCK_THREADS)
		{
			TileVoxel	v = tile_voxel(problem, region.header, work.first, voxel);
			uint32_t	element = problem.base + (uint32_t) v.at;
			uint32_t	n;

			if (!v.inside_box || arguments.label[element] != element)
				continue;
			n = arguments.rank[element] - arguments.rank[problem.base];
			if (n >= problem.most)
				continue;
			zones[n].level = levels[v.at];
			zones[n].slice = problem.planar ? v.z : -1;
			zones[n].size = arguments.size[element];
			zones[n].distance = problem.with_distance ? arguments.nearest[element] : 0;
		}
	});
}

/* ------------------------------------------------------------------- entry */

/* One block of a kernel. */
KERNEL_FUNCTION void
run_block(KernelName kernel, const Block &block, const KernelArguments &arguments)
{
	const Work &work = arguments.work[block.index];
	const bool	of_zones = kernel >= KERNEL_DISTANCE_X;
	const ZoneProblem *problem = of_zones ? &arguments.problems[work.region] : nullptr;
	const DeviceRegion &region = arguments.regions[of_zones ? problem->region : work.region];
	const bool	narrow = region.header->bytes_per_level != 2;

#define BY_WIDTH(function, ...) \
	(narrow ? function<uint8_t>(__VA_ARGS__) : function<uint16_t>(__VA_ARGS__))
	switch (kernel)
	{
		case KERNEL_LEVELS:
			fill_levels(block, work, region, arguments.sources[work.region]);
			break;
		case KERNEL_PAIRS:
			BY_WIDTH(count_pairs, block, work, region);
			break;
		case KERNEL_RUNS:
			BY_WIDTH(count_runs, block, work, region);
			break;
		case KERNEL_NEIGHBOURHOODS:
			BY_WIDTH(count_neighbourhoods, block, work, region);
			break;
		case KERNEL_CUBES:
			count_cubes(block, work, region);
			break;
		case KERNEL_DISTANCE_X:
		case KERNEL_DISTANCE_Y:
		case KERNEL_DISTANCE_Z:
			measure_distance(block, work, *problem, region, kernel - KERNEL_DISTANCE_X);
			break;
		case KERNEL_ZONES_LOCAL:
			BY_WIDTH(zones_local, block, work, *problem, region, arguments);
			break;
		case KERNEL_ZONES_MERGE:
			BY_WIDTH(zones_merge, block, work, *problem, region, arguments);
			break;
		case KERNEL_ZONES_MEASURE:
			zones_measure(block, work, *problem, region, arguments);
			break;
		case KERNEL_ZONES_COLLECT:
			BY_WIDTH(zones_collect, block, work, *problem, region, arguments);
			break;
		case KERNEL_COUNT:
			break;
	}
#undef BY_WIDTH
}

#endif							/* RAD_CUDA_KERNELS_H */
