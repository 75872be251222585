/*
 * A batch of requests counted together: one launch per kind of table serves
 * every region of the batch.  The same code drives a GPU and, for tests, the
 * CPU: a Runtime moves memory and runs kernels.
 */
#ifndef RAD_CUDA_BATCH_H
#define RAD_CUDA_BATCH_H

#include <stddef.h>
#include <stdint.h>

extern "C"
{
#include "device/request.h"
}

#include "kernels/level_source.h"

/* What a block works on.  Elements and voxels are counted from the first. */
struct Work
{
	int32_t		region;			/* index of the batch's regions, or zone problems */
	int32_t		item;			/* of the region's request */
	uint32_t	first;			/* elements, cubes, lines or tiles: [first, last) */
	uint32_t	last;
	int64_t		result;			/* offset in the region's buffer */
	uint32_t	directions;
	int32_t		shared;			/* counters lie in shared memory */
};

/* One region in the device's memory. */
struct DeviceRegion
{
	const CountBuffer *header;	/* its copy there */
	uint8_t    *buffer;			/* header, levels, mask, results */
	const void *levels;			/* at voxel (0, 0, 0) */
	int64_t		step[RAD_DIRECTION_COUNT];	/* elements per direction */
};

/* One search for zones; all of them share four arrays over their elements. */
struct ZoneProblem
{
	int32_t		region;
	int32_t		item;
	int32_t		planar;
	int32_t		with_distance;
	uint32_t	base;			/* of its elements in the arrays */
	uint32_t	end;
	uint32_t	tiles[3];
	uint32_t	most;			/* zones that its result has room for */
	int64_t		result;
	uint16_t   *distance;		/* border distances in the mask's box, or NULL */
};

/* A source of levels in the device's memory. */
struct DeviceSource
{
	const void *voxels;
	const uint8_t *mask;
	int32_t		type;
	int32_t		size[3];
	int32_t		offset[3];
	BinRule		rule;
	void	   *levels;			/* of the region, at voxel (0, 0, 0) */
	int64_t    *histogram;
	IntensitySums *sums;
};

struct KernelArguments
{
	const Work *work;
	const DeviceRegion *regions;
	const ZoneProblem *problems;
	const DeviceSource *sources;	/* one per region, or NULL */
	uint32_t   *label;			/* per element: smaller element of the same zone */
	uint32_t   *size;			/* of the zone that begins here */
	uint32_t   *nearest;		/* its smallest border distance */
	uint32_t   *rank;			/* 1 where a zone begins, then their running sum */
	uint32_t   *found;			/* per problem: zones */
	int8_t		direction[RAD_DIRECTION_COUNT][3];
};

enum KernelName
{
	KERNEL_LEVELS,
	KERNEL_PAIRS,
	KERNEL_RUNS,
	KERNEL_NEIGHBOURHOODS,
	KERNEL_CUBES,
	KERNEL_DISTANCE_X,
	KERNEL_DISTANCE_Y,
	KERNEL_DISTANCE_Z,
	KERNEL_ZONES_LOCAL,
	KERNEL_ZONES_MERGE,
	KERNEL_ZONES_MEASURE,
	KERNEL_ZONES_COLLECT,
	KERNEL_COUNT
};

extern const char *const kernel_names[KERNEL_COUNT];

/*
 * What runs a batch.  Any failure sets `failed` and what follows does nothing;
 * out_of_memory failures leave the runtime usable.
 */
class Runtime
{
public:
	virtual ~Runtime() {}

	/* Memory of the device for one batch; NULL when there is not enough. */
	virtual uint8_t *arena(size_t bytes) = 0;
	virtual void copy_in(void *to, const void *from, size_t bytes) = 0;
	virtual void copy_out(void *to, const void *from, size_t bytes) = 0;
	virtual void zero(void *to, size_t bytes) = 0;
	virtual void launch(KernelName kernel, uint32_t blocks, size_t shared_bytes,
						const KernelArguments &arguments) = 0;

	/* Running sum without itself over count elements, in place. */
	virtual void scan(uint32_t *array, size_t count) = 0;
	virtual void synchronise() = 0;

	/* Bytes of shared memory that a block may use. */
	virtual size_t shared_limit() const = 0;

	bool		failed = false;
	bool		out_of_memory = false;

	/* Statistics of the last batch: bytes moved, milliseconds by stage. */
	int64_t		bytes_in = 0;
	int64_t		bytes_out = 0;
	double		stage_ms[3] = {0.0, 0.0, 0.0};	/* in, kernels, out */
	size_t		arena_bytes = 0;
};

/*
 * Count every request of a batch.  They are valid (rad_request_is_valid) and
 * their items come back answered.  False: nothing is answered, because of
 * runtime.failed or, with out_of_memory, for want of memory.
 *
 * With sources, one per request, the levels in the requests are not looked at:
 * the device makes them, and returns histograms and sums in the sources.
 */
extern bool count_batch(Runtime &runtime, CountBuffer *const *requests, int count,
						LevelSource *sources = nullptr);

/* The CPU as a runtime, for tests: blocks are shared out to host threads. */
extern Runtime *host_runtime(unsigned threads, uint32_t thread_order, size_t shared_limit);

#ifdef RADIOMICS_WITH_CUDA
/* A stream of a GPU, with most bytes of its memory. */
extern Runtime *cuda_runtime(int device, size_t most_bytes);
#endif

#endif							/* RAD_CUDA_BATCH_H */
