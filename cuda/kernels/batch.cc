/*
 * From requests to launches: memory of a batch, lists of work, and the order of
 * kernels.
 *
 * Regions of all sizes go into the same launches.  A list of work says for
 * each block which part of which region it counts; lists are kept apart by the
 * shared memory that their blocks need, since a launch gives every block as
 * much as the largest asks for, and that limits how many run at once.
 */
#include "kernels/batch.h"

#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <new>
#include <vector>

#include "kernels/kernels.h"

const char *const kernel_names[KERNEL_COUNT] = {
	"levels", "pairs", "runs", "neighbourhoods", "cubes", "distance x", "distance y", "distance z",
	"zones local", "zones merge", "zones measure", "zones collect",
};

namespace
{

/* Shared memory per block up to which blocks of a class share a launch. */
const size_t class_limits[] = {8192, 16384, 49152, SIZE_MAX};
const int	class_count = 4;

/* Elements that a block counts: enough to be worth clearing its counters. */
const int64_t chunk_elements = 16384;
static_assert(chunk_elements <= MOST_CHUNK, "16-bit counters could overflow");

const int64_t chunk_cubes = 16384;
const int64_t chunk_lines = BLOCK_THREADS;

struct WorkList
{
	std::vector<Work> work;
	size_t		shared_bytes = 0;
	size_t		offset = 0;		/* in the arena */
};

size_t
align_up(size_t offset)
{
	return (offset + RAD_COUNT_ALIGNMENT - 1) / RAD_COUNT_ALIGNMENT * RAD_COUNT_ALIGNMENT;
}

class Batch
{
public:
	Batch(Runtime &runtime, CountBuffer *const *requests, int count, LevelSource *sources)
		: runtime(runtime), requests(requests, requests + count), sources(sources)
	{
	}

	bool		run();

private:
	void		plan();
	void		plan_item(int region, int item);
	void		plan_elements(KernelName kernel, int region, int item, size_t bytes_per_direction);
	void		plan_chunks(KernelName kernel, size_t shared_bytes, Work work, int64_t first,
							int64_t last, int64_t chunk);
	void		plan_zones(int region, int item);
	void		plan_source(int region);
	size_t		place(size_t bytes);
	void		place_all();
	void		send();
	void		send_region(size_t n);
	void		send_source(size_t n);
	void		count_tables();
	void		count_zones();
	void		launch(KernelName kernel);
	void		receive();

	Runtime    &runtime;
	std::vector<CountBuffer *> requests;
	LevelSource *sources;		/* NULL: levels come with the requests */
	std::vector<size_t> voxels;	/* offsets of the sources' arrays */
	std::vector<size_t> source_masks;
	std::vector<size_t> histograms;	/* and sums behind them */
	std::vector<DeviceSource> device_sources;
	std::vector<DeviceRegion> regions;
	std::vector<ZoneProblem> problems;
	std::vector<size_t> maps;	/* offsets of border distances, 0: none */
	WorkList	lists[KERNEL_COUNT][class_count];
	std::vector<size_t> buffers;	/* offsets of the regions' buffers */
	uint64_t	elements = 0;	/* of all zone problems */
	size_t		used = 0;		/* of the arena */
	size_t		regions_at = 0;
	size_t		problems_at = 0;
	size_t		sources_at = 0;
	size_t		label_at = 0;
	size_t		size_at = 0;
	size_t		nearest_at = 0;
	size_t		rank_at = 0;
	size_t		found_at = 0;
	uint8_t    *base = nullptr;
	KernelArguments arguments = {};
	std::vector<uint32_t> found;
};

/* Elements from the first voxel of a slice to behind the last of another. */
int64_t
slices_end(const CountBuffer *header, int64_t last_slice)
{
	return (last_slice - 1) * header->slice_stride +
		(header->size[1] - 1) * header->row_stride + header->size[0];
}

/* Bytes of one slice's (or the only) table of one direction or in all. */
int64_t
table_bytes(const CountBuffer *header, const CountItem *item)
{
	const int64_t levels = header->level_count;

	switch ((CountKind) item->kind)
	{
		case COUNT_COOCCURRENCES:
			return levels * levels * (int64_t) sizeof(uint32_t);
		case COUNT_RUNS:
			return levels * item->columns * (int64_t) sizeof(uint32_t);
		case COUNT_DIFFERENCES:
			return 2 * levels * item->columns * (int64_t) sizeof(int64_t);
		default:
			return levels * item->columns * (int64_t) sizeof(int64_t);
	}
}

void
Batch::plan_chunks(KernelName kernel, size_t shared_bytes, Work work, int64_t first,
				   int64_t last, int64_t chunk)
{
	int			of_class = 0;

	while (shared_bytes > class_limits[of_class])
		of_class++;
	WorkList   &list = lists[kernel][of_class];

	list.shared_bytes = std::max(list.shared_bytes, shared_bytes);
	for (; first < last; first += chunk)
	{
		work.first = (uint32_t) first;
		work.last = (uint32_t) std::min(first + chunk, last);
		list.work.push_back(work);
	}
}

/*
 * Work of a table of grey levels, slice by slice or in one.  As many
 * directions as fit shared memory are counted together; those whose counters
 * fit nowhere add to the result directly.
 */
void
Batch::plan_elements(KernelName kernel, int region, int item, size_t bytes_per_direction)
{
	const CountBuffer *header = requests[region];
	const CountItem *wanted = &header->items[item];
	const bool	directional = wanted->directions != 0;
	const size_t limit = runtime.shared_limit();
	const size_t usual = std::min(limit, class_limits[2]);
	const bool	shared = bytes_per_direction + sizeof(uint32_t) <= limit;
	const int64_t table = table_bytes(header, wanted);
	const int	parts = wanted->by_slice ? header->size[2] : 1;
	int64_t		result = wanted->offset;

	for (int part = 0; part < parts; part++)
	{
		const int64_t first = wanted->by_slice ? part * header->slice_stride : 0;
		const int64_t last = slices_end(header, wanted->by_slice ? part + 1 : header->size[2]);
		uint32_t	left = wanted->directions;

		do
		{
			Work		work = {region, item, 0, 0, result, 0, shared};
			size_t		bytes = directional ? 0 : bytes_per_direction;

			while (left != 0 &&
				   (work.directions == 0 || !shared ||
					bytes + bytes_per_direction + sizeof(uint32_t) <= usual))
			{
				work.directions |= left & -left;
				left &= left - 1;
				bytes += bytes_per_direction;
				result += table;
			}
			/* A word more, since counters come in pairs. */
			plan_chunks(kernel, shared ? bytes + sizeof(uint32_t) : 0, work, first, last,
						chunk_elements);
		} while (left != 0);
		if (!directional)
			result += table;
	}
}

void
Batch::plan_zones(int region, int item)
{
	const CountBuffer *header = requests[region];
	const CountItem *wanted = &header->items[item];
	const int32_t *mask_size = header->mask_size;
	const int32_t tile[3] = {TILE_X, TILE_Y, TILE_Z};
	ZoneProblem problem = {};
	Work		work = {(int32_t) problems.size(), item, 0, 0, 0, 0, 1};
	int64_t		tiles = 1;

	problem.region = region;
	problem.item = item;
	problem.planar = wanted->planar;
	problem.with_distance = wanted->distance;
	problem.base = (uint32_t) elements;
	problem.most = (uint32_t) std::min<int64_t>(wanted->room / (int64_t) sizeof(Zone), INT32_MAX);
	problem.result = wanted->offset;
	for (int axis = 0; axis < 3; axis++)
	{
		problem.tiles[axis] = (uint32_t) ((header->size[axis] + tile[axis] - 1) / tile[axis]);
		tiles *= problem.tiles[axis];
	}
	elements += (uint64_t) slices_end(header, header->size[2]);
	problem.end = (uint32_t) elements;
	problems.push_back(problem);
	maps.push_back(0);
	plan_chunks(KERNEL_ZONES_LOCAL, TILE_VOXELS * (sizeof(uint32_t) + sizeof(uint16_t)), work,
				0, tiles, 1);
	plan_chunks(KERNEL_ZONES_MERGE, 0, work, 0, tiles, 1);
	plan_chunks(KERNEL_ZONES_MEASURE, 0, work, 0, tiles, 1);
	plan_chunks(KERNEL_ZONES_COLLECT, 0, work, 0, tiles, 1);
	if (!wanted->distance)
		return;
	maps.back() = 1;
	plan_chunks(KERNEL_DISTANCE_X, 0, work, 0, (int64_t) mask_size[1] * mask_size[2],
				chunk_lines);
	plan_chunks(KERNEL_DISTANCE_Y, 0, work, 0, (int64_t) mask_size[0] * mask_size[2],
				chunk_lines);
	if (!wanted->planar)
		plan_chunks(KERNEL_DISTANCE_Z, 0, work, 0, (int64_t) mask_size[0] * mask_size[1],
					chunk_lines);
}

void
Batch::plan_item(int region, int item)
{
	const CountBuffer *header = requests[region];
	const CountItem *wanted = &header->items[item];
	const size_t levels = (size_t) header->level_count;
	const size_t cells = levels * (size_t) wanted->columns;

	switch ((CountKind) wanted->kind)
	{
		case COUNT_COOCCURRENCES:
			plan_elements(KERNEL_PAIRS, region, item, levels * levels * sizeof(uint16_t));
			break;
		case COUNT_RUNS:
			plan_elements(KERNEL_RUNS, region, item,
						  levels * SHORT_RUN_LENGTHS * sizeof(uint16_t));
			break;
		case COUNT_DIFFERENCES:
			plan_elements(KERNEL_NEIGHBOURHOODS, region, item, cells * 3 * sizeof(uint32_t));
			break;
		case COUNT_DEPENDENCES:
			plan_elements(KERNEL_NEIGHBOURHOODS, region, item, cells * sizeof(uint32_t));
			break;
		case COUNT_CUBES:
			{
				Work		work = {region, item, 0, 0, wanted->offset, 0, 1};

				plan_chunks(KERNEL_CUBES, 256 * 12, work, 0,
							(int64_t) (header->mask_size[0] + 1) * (header->mask_size[1] + 1) *
							(header->mask_size[2] + 1), chunk_cubes);
				break;
			}
		case COUNT_ZONES:
			plan_zones(region, item);
			break;
	}
}

int64_t
source_voxels(const LevelSource &source)
{
	return (int64_t) source.size[0] * source.size[1] * source.size[2];
}

size_t
histogram_bytes(const CountBuffer *header)
{
	return ((size_t) header->level_count + 1) * sizeof(int64_t) + sizeof(IntensitySums);
}

/* The work of making a region's levels. */
void
Batch::plan_source(int region)
{
	const CountBuffer *header = requests[region];
	const bool	shared = header->level_count <= SHARED_HISTOGRAM_LEVELS &&
		header->level_count * 4 + 64 <= (int64_t) runtime.shared_limit();
	Work		work = {region, 0, 0, 0, 0, 0, shared};

	plan_chunks(KERNEL_LEVELS, sizeof(IntensitySums) +
				(shared ? ((size_t) header->level_count + 1) * sizeof(uint32_t) : 0), work, 0,
				(int64_t) header->size[0] * header->size[1] * header->size[2], chunk_elements);
}

size_t
Batch::place(size_t bytes)
{
	size_t		offset = used;

	used = align_up(used + bytes);
	return offset;
}

/* Offsets of everything in the arena. */
void
Batch::place_all()
{
	for (const CountBuffer *request : requests)
		buffers.push_back(place((size_t) request->bytes));
	for (size_t n = 0; sources != nullptr && n < requests.size(); n++)
	{
		voxels.push_back(place((size_t) source_voxels(sources[n]) *
							   rad_voxel_size((VoxelType) sources[n].type)));
		source_masks.push_back(place((size_t) source_voxels(sources[n])));
		histograms.push_back(place(histogram_bytes(requests[n])));
	}
	sources_at = place(sources != nullptr ? requests.size() * sizeof(DeviceSource) : 0);
	for (size_t p = 0; p < problems.size(); p++)
	{
		const int32_t *size = requests[problems[p].region]->mask_size;

		if (maps[p] != 0)
			maps[p] = place((size_t) size[0] * size[1] * size[2] * sizeof(uint16_t));
	}
	regions_at = place(requests.size() * sizeof(DeviceRegion));
	problems_at = place(problems.size() * sizeof(ZoneProblem));
	for (auto &of_kernel : lists)
		for (WorkList &list : of_kernel)
			list.offset = place(list.work.size() * sizeof(Work));
	label_at = place((elements + 1) * sizeof(uint32_t));
	size_at = place((elements + 1) * sizeof(uint32_t));
	nearest_at = place((elements + 1) * sizeof(uint32_t));
	rank_at = place((elements + 1) * sizeof(uint32_t));
	found_at = place(problems.size() * sizeof(uint32_t));
}

void
Batch::plan()
{
	for (size_t region = 0; sources != nullptr && region < requests.size(); region++)
		plan_source((int) region);
	for (size_t region = 0; region < requests.size(); region++)
		for (int item = 0; item < requests[region]->item_count; item++)
			plan_item((int) region, item);
	place_all();
}

/* Results that are counted in place lie before the zones, and start at 0. */
int64_t
fixed_end(const CountBuffer *request)
{
	int64_t		end = request->results;

	for (int n = 0; n < request->item_count; n++)
		if (request->items[n].kind != COUNT_ZONES)
			end = std::max(end, request->items[n].offset + request->items[n].room);
	return end;
}

/* A request's header, levels and mask; its tables start at 0. */
void
Batch::send_region(size_t n)
{
	const CountBuffer *request = requests[n];
	uint8_t    *buffer = base + buffers[n];
	DeviceRegion region = {};

	region.header = (const CountBuffer *) buffer;
	region.buffer = buffer;
	region.levels = buffer + request->levels + request->lead * request->bytes_per_level;
	for (int d = 0; d < RAD_DIRECTION_COUNT; d++)
		region.step[d] = rad_directions[d][0] + rad_directions[d][1] * request->row_stride +
			rad_directions[d][2] * request->slice_stride;
	regions.push_back(region);
	if (sources == nullptr)
		runtime.copy_in(buffer, request, (size_t) request->results);
	else
	{
		runtime.copy_in(buffer, request, sizeof(CountBuffer));
		runtime.zero(buffer + sizeof(CountBuffer),
					 (size_t) request->mask - sizeof(CountBuffer));
		runtime.copy_in(buffer + request->mask, (const uint8_t *) request + request->mask,
						(size_t) (request->results - request->mask));
		send_source(n);
	}
	runtime.zero(buffer + request->results, (size_t) (fixed_end(request) - request->results));
}

/* The intensities of a region instead of its levels. */
void
Batch::send_source(size_t n)
{
	const LevelSource &source = sources[n];
	const size_t count = (size_t) source_voxels(source);
	DeviceSource sent = {};

	runtime.copy_in(base + voxels[n], source.voxels,
					count * rad_voxel_size((VoxelType) source.type));
	runtime.copy_in(base + source_masks[n], source.mask, count);
	runtime.zero(base + histograms[n], histogram_bytes(requests[n]));
	sent.voxels = base + voxels[n];
	sent.mask = base + source_masks[n];
	sent.type = source.type;
	memcpy(sent.size, source.size, sizeof(sent.size));
	memcpy(sent.offset, source.offset, sizeof(sent.offset));
	sent.rule = source.rule;
	sent.levels = (void *) regions[n].levels;
	sent.histogram = (int64_t *) (base + histograms[n]);
	sent.sums = (IntensitySums *) (sent.histogram + requests[n]->level_count + 1);
	device_sources.push_back(sent);
}

void
Batch::send()
{
	for (size_t n = 0; n < requests.size(); n++)
		send_region(n);
	runtime.copy_in(base + sources_at, device_sources.data(),
					device_sources.size() * sizeof(DeviceSource));
	for (size_t p = 0; p < problems.size(); p++)
		problems[p].distance = maps[p] != 0 ? (uint16_t *) (base + maps[p]) : nullptr;
	runtime.copy_in(base + regions_at, regions.data(), regions.size() * sizeof(DeviceRegion));
	runtime.copy_in(base + problems_at, problems.data(), problems.size() * sizeof(ZoneProblem));
	for (auto &of_kernel : lists)
		for (WorkList &list : of_kernel)
			if (!list.work.empty())
				runtime.copy_in(base + list.offset, list.work.data(),
								list.work.size() * sizeof(Work));
	arguments.regions = (const DeviceRegion *) (base + regions_at);
	arguments.sources = sources != nullptr ? (const DeviceSource *) (base + sources_at) : nullptr;
	arguments.problems = (const ZoneProblem *) (base + problems_at);
	arguments.label = (uint32_t *) (base + label_at);
	arguments.size = (uint32_t *) (base + size_at);
	arguments.nearest = (uint32_t *) (base + nearest_at);
	arguments.rank = (uint32_t *) (base + rank_at);
	arguments.found = (uint32_t *) (base + found_at);
	for (int d = 0; d < RAD_DIRECTION_COUNT; d++)
		for (int axis = 0; axis < 3; axis++)
			arguments.direction[d][axis] = (int8_t) rad_directions[d][axis];
}

void
Batch::launch(KernelName kernel)
{
	for (const WorkList &list : lists[kernel])
	{
		if (list.work.empty())
			continue;
		arguments.work = (const Work *) (base + list.offset);
		runtime.launch(kernel, (uint32_t) list.work.size(), list.shared_bytes, arguments);
	}
}

void
Batch::count_tables()
{
	launch(KERNEL_LEVELS);
	launch(KERNEL_PAIRS);
	launch(KERNEL_RUNS);
	launch(KERNEL_NEIGHBOURHOODS);
	launch(KERNEL_CUBES);
}

void
Batch::count_zones()
{
	if (problems.empty())
		return;
	runtime.zero(arguments.rank, (elements + 1) * sizeof(uint32_t));
	launch(KERNEL_DISTANCE_X);
	launch(KERNEL_DISTANCE_Y);
	launch(KERNEL_DISTANCE_Z);
	launch(KERNEL_ZONES_LOCAL);
	launch(KERNEL_ZONES_MERGE);
	launch(KERNEL_ZONES_MEASURE);
	runtime.scan(arguments.rank, elements + 1);
	launch(KERNEL_ZONES_COLLECT);
}

void
Batch::receive()
{
	found.resize(problems.size());
	if (!problems.empty())
		runtime.copy_out(found.data(), arguments.found, found.size() * sizeof(uint32_t));
	for (size_t n = 0; n < requests.size(); n++)
		runtime.copy_out((uint8_t *) requests[n] + requests[n]->results,
						 base + buffers[n] + requests[n]->results,
						 (size_t) (fixed_end(requests[n]) - requests[n]->results));
	for (size_t n = 0; n < device_sources.size(); n++)
	{
		runtime.copy_out(sources[n].histogram, device_sources[n].histogram,
						 ((size_t) requests[n]->level_count + 1) * sizeof(int64_t));
		runtime.copy_out(&sources[n].sums, device_sources[n].sums, sizeof(IntensitySums));
	}
	runtime.synchronise();
	if (runtime.failed)
		return;

	/* How many zones there are is known only now. */
	for (size_t p = 0; p < problems.size(); p++)
	{
		const ZoneProblem &problem = problems[p];

		if (found[p] <= problem.most)
			runtime.copy_out((uint8_t *) requests[problem.region] + problem.result,
							 base + buffers[problem.region] + problem.result,
							 (size_t) found[p] * sizeof(Zone));
	}
	runtime.synchronise();
}

bool
Batch::run()
{
	size_t		p = 0;

	plan();
	runtime.arena_bytes = used;
	if (elements >= UINT32_MAX)
		runtime.out_of_memory = true;
	else
		base = runtime.arena(used);
	if (base == nullptr || runtime.failed)
		return false;
	send();
	count_tables();
	count_zones();
	receive();
	if (runtime.failed || runtime.out_of_memory)
		return false;
	for (CountBuffer *request : requests)
		for (int n = 0; n < request->item_count; n++)
		{
			CountItem  *item = &request->items[n];

			item->answered = 1;
			if (item->kind != COUNT_ZONES)
				continue;
			item->found = found[p];
			item->answered = found[p] <= problems[p].most;
			p++;
		}
	return true;
}

}								/* namespace */

bool
count_batch(Runtime &runtime, CountBuffer *const *requests, int count, LevelSource *sources)
{
	runtime.out_of_memory = false;
	runtime.bytes_in = runtime.bytes_out = 0;
	runtime.stage_ms[0] = runtime.stage_ms[1] = runtime.stage_ms[2] = 0.0;
	if (runtime.failed)
		return false;
	try
	{
		Batch		batch(runtime, requests, count, sources);

		return batch.run();
	}
	catch (const std::bad_alloc &)
	{
		runtime.out_of_memory = true;
		return false;
	}
}
