/*
 * What a GPU makes of batches of regions: regions per second, latency, share of
 * transfers, memory, occupancy, bytes and counts per second.
 *
 *   bench_gpu            the first GPU; says so when there is none
 *   bench_gpu --cpu      the same requests counted by one core, to compare with
 *
 * Regions are ellipsoids of smooth structure with noise in 32 grey levels; all
 * six texture families, 3D merged, and marching cubes are counted.  "resident"
 * is the time of the kernels alone, "from host" the whole of copying in,
 * counting and copying out, "int16" the same with levels made on the GPU out of
 * int16 intensities.  Each figure is the median of REPEATS runs.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <vector>

extern "C"
{
#include "device/request.h"
}

#include "kernels/batch.h"
#include "kernels/cuda_device.h"

namespace
{

const int	REPEATS = 7;
const int	LEVELS = 32;
const int64_t MOST_BATCH_BYTES = INT64_C(4) << 30;

typedef std::chrono::steady_clock Clock;

double
ms_since(Clock::time_point begin)
{
	return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

double
median(std::vector<double> values)
{
	std::sort(values.begin(), values.end());
	return values[values.size() / 2];
}

/* A region, ready to be sent. */
struct Region
{
	CountBuffer *buffer;
	int64_t		voxels;
	std::vector<int16_t> intensities;
	std::vector<uint8_t> mask;
	std::vector<int64_t> histogram;
	LevelSource source;
};

/* xorshift64*, so that regions are the same everywhere. */
uint32_t
next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (uint32_t) (*state * 2685821657736338717u >> 32);
}

/* Levels of an ellipsoid of about so many voxels; 0 outside. */
int64_t
fill(std::vector<uint8_t> &dense, int size[3], int voxels)
{
	const double radius = cbrt(voxels * 3.0 / (4.0 * M_PI * 1.2 * 0.8));
	const double half[3] = {1.2 * radius, radius, 0.8 * radius};
	uint64_t	random = 4711;
	int64_t		count = 0;
	size_t		at = 0;

	for (int axis = 0; axis < 3; axis++)
		size[axis] = std::max(1, (int) (2.0 * half[axis]));
	dense.assign((size_t) size[0] * size[1] * size[2], 0);
	for (int z = 0; z < size[2]; z++)
		for (int y = 0; y < size[1]; y++)
			for (int x = 0; x < size[0]; x++, at++)
			{
				double		a = (x + 0.5 - size[0] / 2.0) / half[0];
				double		b = (y + 0.5 - size[1] / 2.0) / half[1];
				double		c = (z + 0.5 - size[2] / 2.0) / half[2];
				double		value = 0.5 + 0.2 * sin(x / 7.0) * cos(y / 9.0 + z / 5.0) +
					(next_random(&random) % 1000 - 500) / 4000.0;

				if (a * a + b * b + c * c > 1.0)
					continue;
				dense[at] = (uint8_t) (1 + std::min(LEVELS - 1, std::max(0, (int) (value * LEVELS))));
				count++;
			}
	return count;
}

void
add(RegionRequest *request, CountKind kind, int distance, int columns, uint32_t directions)
{
	CountItem	item = {};

	item.kind = kind;
	item.distance = distance;
	item.columns = columns;
	item.directions = directions;
	rad_request_add(request, item);
}

Region
make_region(RadContext *context, int voxels)
{
	std::vector<uint8_t> dense;
	GreyLevels	levels = {};
	RegionRequest request;
	Region		region = {};
	const int	offset[3] = {0, 0, 0};
	int64_t		bytes;
	int			longest;

	region.voxels = fill(dense, levels.size, voxels);
	for (uint8_t level : dense)
	{
		region.mask.push_back(level != 0);
		region.intensities.push_back((int16_t) (25 * level - 500));
	}
	region.histogram.resize(LEVELS + 1);
	levels.level_count = LEVELS;
	levels.bytes_per_level = 1;
	levels.padding = 1;
	levels.voxel_count = region.voxels;
	levels.row_stride = levels.size[0];
	levels.slice_stride = (int64_t) levels.size[0] * levels.size[1];
	levels.levels = dense.data();
	longest = std::max({levels.size[0], levels.size[1], levels.size[2]});

	rad_request_init(&request, &levels);
	rad_request_set_mask(&request, region.mask.data(), levels.size, levels.row_stride,
						 levels.slice_stride, offset);
	add(&request, COUNT_CUBES, 0, 0, 0);
	add(&request, COUNT_COOCCURRENCES, 1, 0, ALL_DIRECTIONS);
	add(&request, COUNT_RUNS, 0, longest, ALL_DIRECTIONS);
	add(&request, COUNT_DIFFERENCES, 1, 27, 0);
	add(&request, COUNT_DEPENDENCES, 1, 27, 0);
	add(&request, COUNT_ZONES, 1, 0, 0);
	bytes = rad_request_layout(&request, INT64_C(1) << 40);
	region.buffer = (CountBuffer *) rad_allocate(context, (size_t) bytes, 1);
	if (region.buffer == nullptr)
		exit(1);
	rad_request_write(&request, region.buffer);
	region.source.voxels = region.intensities.data();
	region.source.mask = region.mask.data();
	region.source.type = VOXEL_INT16;
	memcpy(region.source.size, levels.size, sizeof(levels.size));
	region.source.rule = {-475.0, 1.0, 25.0, LEVELS - 1};
	region.source.histogram = region.histogram.data();
	return region;
}

/* Increments that counting a region takes, from its answered tables. */
int64_t
increments(const CountBuffer *buffer)
{
	int64_t		sum = 0;

	for (int n = 0; n < buffer->item_count; n++)
	{
		const CountItem *item = &buffer->items[n];
		const char *result = (const char *) buffer + item->offset;

		if (item->kind == COUNT_COOCCURRENCES || item->kind == COUNT_RUNS)
			for (int64_t cell = 0; cell < item->room / 4; cell++)
				sum += ((const uint32_t *) result)[cell];
		if (item->kind == COUNT_ZONES)
			for (int64_t zone = 0; zone < item->found; zone++)
				sum += 2 * ((const Zone *) result)[zone].size;
	}
	return sum;
}

/* ------------------------------------------------------------------ a GPU */

struct Measured
{
	double		wall_ms;
	double		stage_ms[3];
};

Measured
measure(Runtime &runtime, std::vector<CountBuffer *> &batch, LevelSource *sources = nullptr)
{
	std::vector<double> wall;
	std::vector<double> stage[3];
	Measured	result;

	for (int repeat = -1; repeat < REPEATS; repeat++)
	{
		Clock::time_point begin = Clock::now();

		if (!count_batch(runtime, batch.data(), (int) batch.size(), sources))
		{
			fprintf(stderr, "bench_gpu: %s\n", cuda_failure());
			exit(1);
		}
		if (repeat < 0)
			continue;
		wall.push_back(ms_since(begin));
		for (int n = 0; n < 3; n++)
			stage[n].push_back(runtime.stage_ms[n]);
	}
	result.wall_ms = median(wall);
	for (int n = 0; n < 3; n++)
		result.stage_ms[n] = median(stage[n]);
	return result;
}

void
print_batches(Runtime &runtime, const CudaDevice &device, int voxels)
{
	RadContext *context = rad_context_create();
	Region		region = make_region(context, voxels);
	std::vector<CountBuffer *> batch;

	printf("\n%lld voxels: a request has %.1f kB, of which %.1f kB are copied in\n",
		   (long long) region.voxels, region.buffer->bytes / 1e3, region.buffer->results / 1e3);
	printf("%6s %12s %12s %10s %10s %10s %9s %10s %8s %9s\n", "batch", "resident/s",
		   "from host/s", "int16/s", "wall ms", "kernels ms", "transfer", "memory MB", "in GB/s", "counts/s");
	for (size_t size = 1; size <= 4096; size *= 4)
	{
		std::vector<LevelSource> sources(size, region.source);
		Measured	intensities;
		Measured	m;
		double		transfer;

		if ((int64_t) size * region.buffer->bytes > MOST_BATCH_BYTES)
			break;
		while (batch.size() < size)
		{
			CountBuffer *copy = (CountBuffer *) rad_allocate(context,
															 (size_t) region.buffer->bytes, 1);

			if (copy == nullptr)
				exit(1);
			memcpy(copy, region.buffer, (size_t) region.buffer->bytes);
			cuda_register_memory(copy, (size_t) copy->bytes);
			batch.push_back(copy);
		}
		intensities = measure(runtime, batch, sources.data());
		m = measure(runtime, batch);
		transfer = m.stage_ms[0] + m.stage_ms[2];
		printf("%6zu %12.0f %12.0f %10.0f %10.3f %10.3f %8.0f%% %10.1f %8.2f %9.2e\n", size,
			   size / m.stage_ms[1] * 1e3, size / m.wall_ms * 1e3,
			   size / intensities.wall_ms * 1e3, m.wall_ms, m.stage_ms[1],
			   100.0 * transfer / (transfer + m.stage_ms[1]), runtime.arena_bytes / 1e6,
			   runtime.bytes_in / m.stage_ms[0] / 1e6,
			   (double) size * increments(batch[0]) / m.stage_ms[1] * 1e3);
	}
	printf("limits of the chip: %.0f GB/s of memory, %.2e shared counts/s at one per clock of "
		   "each multiprocessor\n", device.memory_bandwidth / 1e9,
		   device.multiprocessors * device.clock_hz);
	rad_context_destroy(context);
}

void
print_occupancy()
{
	static const size_t shared[] = {0, 8192, 16384, 49152};

	printf("\nblocks of %d threads per multiprocessor, by kernel and bytes of shared memory\n", 256);
	printf("%-16s", "");
	for (size_t bytes : shared)
		printf(" %8zu", bytes);
	printf("\n");
	for (int kernel = 0; kernel < KERNEL_COUNT; kernel++)
	{
		printf("%-16s", kernel_names[kernel]);
		for (size_t bytes : shared)
			printf(" %8d", cuda_occupancy((KernelName) kernel, bytes));
		printf("\n");
	}
}

int
bench_gpu()
{
	static const int sizes[] = {2000, 54000, 841000};
	static const int of_fastrad[] = {837, 67461};
	CudaDevice	device;

	if (cuda_device_count() == 0 || !cuda_device_describe(0, &device))
	{
		printf("no GPU is present, so nothing is measured (%s)\n", cuda_failure());
		return 0;
	}
	printf("%s, compute capability %.1f, %d multiprocessors, %.0f MB\n", device.name,
		   device.capability / 10.0, device.multiprocessors, device.memory / 1e6);

	std::unique_ptr<Runtime> runtime(cuda_runtime(0, (size_t) device.memory_free / 2));

	for (int voxels : sizes)
		print_batches(*runtime, device, voxels);

	printf("\nfastrad's regions, one at a time; published for all classes on an RTX 4070 Ti: "
		   "116 ms clinical, 337 ms largest sphere, 654 MB peak\n");
	for (int voxels : of_fastrad)
	{
		RadContext *context = rad_context_create();
		std::vector<CountBuffer *> batch = {make_region(context, voxels).buffer};
		Measured	m = measure(*runtime, batch);

		printf("%6d voxels: %.3f ms, %.1f MB on the GPU\n", voxels, m.wall_ms,
			   runtime->arena_bytes / 1e6);
		rad_context_destroy(context);
	}
	print_occupancy();
	return 0;
}

int
bench_cpu()
{
	static const int sizes[] = {837, 2000, 54000, 67461, 841000};

	printf("one core, %s\n%9s %12s %12s\n", rad_cpu_best()->name, "voxels", "ms", "regions/s");
	for (int voxels : sizes)
	{
		RadContext *context = rad_context_create();
		Region		region = make_region(context, voxels);
		std::vector<double> wall;

		for (int repeat = -1; repeat < REPEATS; repeat++)
		{
			Clock::time_point begin = Clock::now();

			if (!rad_request_answer(context, rad_cpu_best(), region.buffer))
				return 1;
			if (repeat >= 0)
				wall.push_back(ms_since(begin));
		}
		printf("%9lld %12.3f %12.0f\n", (long long) region.voxels, median(wall),
			   1e3 / median(wall));
		rad_context_destroy(context);
	}
	return 0;
}

}								/* namespace */

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--cpu") == 0)
		return bench_cpu();
	if (argc != 1)
	{
		fputs("usage: bench_gpu [--cpu]\n", stderr);
		return 2;
	}
	return bench_gpu();
}
