/*
 * A stream of a GPU as a runtime.
 *
 * Memory is one arena that grows to the largest batch, so that no batch
 * allocates.  An error other than "out of memory" may have poisoned the
 * context: the runtime has failed for good, and so has the process.
 */
#include "kernels/cuda_device.h"

#include <stdio.h>
#include <string.h>

#include <cub/device/device_scan.cuh>

#include "kernels/host.h"
#include "kernels/kernels.h"

namespace
{

thread_local char failure[256] = "no failure";

bool
check(cudaError_t error, const char *what)
{
	if (error == cudaSuccess)
		return true;
	snprintf(failure, sizeof(failure), "%s: %s", what, cudaGetErrorString(error));
	cudaGetLastError();
	return false;
}

template <KernelName name>
__global__ void __launch_bounds__(BLOCK_THREADS)
kernel(const KernelArguments arguments)
{
	extern __shared__ __align__(16) uint8_t shared[];
	const Block block = {blockIdx.x, shared};

	run_block(name, block, arguments);
}

/* In the order of KernelName. */
const void *const kernels[KERNEL_COUNT] = {
	(const void *) kernel<KERNEL_LEVELS>,
	(const void *) kernel<KERNEL_PAIRS>,
	(const void *) kernel<KERNEL_RUNS>,
	(const void *) kernel<KERNEL_NEIGHBOURHOODS>,
	(const void *) kernel<KERNEL_CUBES>,
	(const void *) kernel<KERNEL_DISTANCE_X>,
	(const void *) kernel<KERNEL_DISTANCE_Y>,
	(const void *) kernel<KERNEL_DISTANCE_Z>,
	(const void *) kernel<KERNEL_ZONES_LOCAL>,
	(const void *) kernel<KERNEL_ZONES_MERGE>,
	(const void *) kernel<KERNEL_ZONES_MEASURE>,
	(const void *) kernel<KERNEL_ZONES_COLLECT>,
};

class CudaRuntime : public Runtime
{
public:
	CudaRuntime(int device, size_t most_bytes);
	~CudaRuntime() override;

	uint8_t    *arena(size_t bytes) override;
	void		copy_in(void *to, const void *from, size_t bytes) override;
	void		copy_out(void *to, const void *from, size_t bytes) override;
	void		zero(void *to, size_t bytes) override;
	void		launch(KernelName kernel, uint32_t blocks, size_t shared_bytes,
					   const KernelArguments &arguments) override;
	void		scan(uint32_t *array, size_t count) override;
	void		synchronise() override;

	size_t
	shared_limit() const override
	{
		return limit;
	}

	/* As if the chip had less. */
	void
	limit_shared(size_t bytes)
	{
		limit = bytes < limit ? bytes : limit;
	}

private:
	enum Stage
	{
		STAGE_BEGIN,
		STAGE_KERNELS,
		STAGE_OUT,
		STAGE_END,
		STAGE_COUNT
	};

	bool		grow(uint8_t **memory, size_t *room, size_t bytes);
	void		enter(Stage stage);
	void		require(cudaError_t error, const char *what);

	int			device;
	size_t		most_bytes;
	size_t		limit = 0;
	cudaStream_t stream = nullptr;
	cudaEvent_t events[STAGE_COUNT] = {};
	Stage		stage = STAGE_END;
	uint8_t    *memory = nullptr;
	size_t		room = 0;
	uint8_t    *scratch = nullptr;	/* of the scan */
	size_t		scratch_room = 0;
};

void
CudaRuntime::require(cudaError_t error, const char *what)
{
	if (!check(error, what))
		failed = true;
}

CudaRuntime::CudaRuntime(int device, size_t most_bytes)
	: device(device), most_bytes(most_bytes)
{
	int			opt_in = 0;

	require(cudaSetDevice(device), "cudaSetDevice");
	require(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreate");
	for (cudaEvent_t &event : events)
		require(cudaEventCreateWithFlags(&event, cudaEventBlockingSync), "cudaEventCreate");
	require(cudaDeviceGetAttribute(&opt_in, cudaDevAttrMaxSharedMemoryPerBlockOptin, device),
			"cudaDeviceGetAttribute");
	limit = (size_t) opt_in;
	for (const void *function : kernels)
		require(cudaFuncSetAttribute(function, cudaFuncAttributeMaxDynamicSharedMemorySize,
									 opt_in), "cudaFuncSetAttribute");
}

CudaRuntime::~CudaRuntime()
{
	cudaFree(memory);
	cudaFree(scratch);
	for (cudaEvent_t event : events)
		cudaEventDestroy(event);
	cudaStreamDestroy(stream);
}

/* Make room in steps, so that batches of about one size allocate once. */
bool
CudaRuntime::grow(uint8_t **memory, size_t *room, size_t bytes)
{
	const size_t wanted = bytes + bytes / 2;
	cudaError_t error;

	if (bytes <= *room)
		return true;
	require(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
	cudaFree(*memory);
	*memory = nullptr;
	*room = 0;
	error = cudaMalloc((void **) memory, wanted < most_bytes ? wanted : most_bytes);
	if (error == cudaErrorMemoryAllocation)
	{
		check(error, "cudaMalloc");
		out_of_memory = true;
		return false;
	}
	require(error, "cudaMalloc");
	*room = failed ? 0 : wanted < most_bytes ? wanted : most_bytes;
	return !failed;
}

uint8_t *
CudaRuntime::arena(size_t bytes)
{
	require(cudaSetDevice(device), "cudaSetDevice");
	if (bytes > most_bytes)
	{
		out_of_memory = true;
		return nullptr;
	}
	if (failed || !grow(&memory, &room, bytes))
		return nullptr;
	enter(STAGE_BEGIN);
	return memory;
}

void
CudaRuntime::enter(Stage next)
{
	if (failed || stage == next)
		return;
	stage = next;
	require(cudaEventRecord(events[stage], stream), "cudaEventRecord");
}

void
CudaRuntime::copy_in(void *to, const void *from, size_t bytes)
{
	bytes_in += (int64_t) bytes;
	if (!failed && bytes > 0)
		require(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, stream),
				"copy to the GPU");
}

void
CudaRuntime::copy_out(void *to, const void *from, size_t bytes)
{
	bytes_out += (int64_t) bytes;
	if (stage == STAGE_KERNELS)
		enter(STAGE_OUT);
	if (!failed && bytes > 0)
		require(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream),
				"copy from the GPU");
}

void
CudaRuntime::zero(void *to, size_t bytes)
{
	if (!failed && bytes > 0)
		require(cudaMemsetAsync(to, 0, bytes, stream), "cudaMemsetAsync");
}

void
CudaRuntime::launch(KernelName name, uint32_t blocks, size_t shared_bytes,
					const KernelArguments &arguments)
{
	void	   *parameters[] = {(void *) &arguments};

	if (stage == STAGE_BEGIN)
		enter(STAGE_KERNELS);
	if (!failed)
		require(cudaLaunchKernel(kernels[name], dim3(blocks), dim3(BLOCK_THREADS), parameters,
								 shared_bytes, stream), kernel_names[name]);
}

void
CudaRuntime::scan(uint32_t *array, size_t count)
{
	size_t		bytes = 0;

	require(cub::DeviceScan::ExclusiveSum(nullptr, bytes, array, array, (int64_t) count, stream),
			"scan");
	if (failed || !grow(&scratch, &scratch_room, bytes))
	{
		/* Without its scan the batch is lost, and later work must not run. */
		failed = failed || !out_of_memory;
		return;
	}
	require(cub::DeviceScan::ExclusiveSum(scratch, bytes, array, array, (int64_t) count, stream),
			"scan");
}

void
CudaRuntime::synchronise()
{
	enter(STAGE_END);
	if (!failed)
		require(cudaEventSynchronize(events[STAGE_END]), "a kernel");
	for (int n = 0; n < STAGE_END && !failed; n++)
	{
		float		ms = 0.0f;

		if (cudaEventElapsedTime(&ms, events[n], events[n + 1]) == cudaSuccess)
			stage_ms[n] = ms;
		else
			cudaGetLastError();
	}

	/* What is copied from here on counts as the same stage. */
	stage = STAGE_OUT;
}

}								/* namespace */

Runtime *
cuda_runtime(int device, size_t most_bytes)
{
	return new CudaRuntime(device, most_bytes);
}

const char *
cuda_failure()
{
	return failure;
}

int
cuda_device_count()
{
	int			count = 0;

	return check(cudaGetDeviceCount(&count), "no usable GPU") ? count : 0;
}

bool
cuda_device_describe(int device, CudaDevice *description)
{
	cudaDeviceProp properties;
	size_t		available = 0;
	size_t		total = 0;
	int			clock_khz = 0;
	int			memory_khz = 0;

	memset(description, 0, sizeof(*description));
	if (!check(cudaGetDeviceProperties(&properties, device), "cudaGetDeviceProperties") ||
		!check(cudaSetDevice(device), "cudaSetDevice") ||
		!check(cudaMemGetInfo(&available, &total), "cudaMemGetInfo"))
		return false;
	cudaDeviceGetAttribute(&clock_khz, cudaDevAttrClockRate, device);
	cudaDeviceGetAttribute(&memory_khz, cudaDevAttrMemoryClockRate, device);
	snprintf(description->name, sizeof(description->name), "%s", properties.name);
	description->memory = (int64_t) total;
	description->memory_free = (int64_t) available;
	description->multiprocessors = properties.multiProcessorCount;
	description->capability = properties.major * 10 + properties.minor;
	description->clock_hz = 1e3 * clock_khz;
	description->memory_bandwidth = 2e3 * memory_khz * properties.memoryBusWidth / 8;
	return true;
}

bool
cuda_register_memory(void *memory, size_t bytes)
{
	return check(cudaHostRegister(memory, bytes, cudaHostRegisterPortable), "cudaHostRegister");
}

int
cuda_occupancy(KernelName name, size_t shared_bytes)
{
	int			blocks = 0;

	check(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, kernels[name], BLOCK_THREADS,
														shared_bytes), "occupancy");
	return blocks;
}

static bool
count_for_test(CountBuffer *const *requests, LevelSource *sources, int count, size_t shared_limit)
{
	CudaRuntime runtime(0, SIZE_MAX);

	runtime.limit_shared(shared_limit);
	if (count_batch(runtime, requests, count, sources))
		return true;
	fprintf(stderr, "%s\n", failure);
	return false;
}

bool
cuda_count_batch(CountBuffer *const *requests, int count, unsigned threads,
				 uint32_t thread_order, size_t shared_limit)
{
	(void) threads;
	(void) thread_order;
	return count_for_test(requests, nullptr, count, shared_limit);
}

bool
cuda_count_sources(CountBuffer *const *requests, LevelSource *sources, int count,
				   size_t shared_limit)
{
	return count_for_test(requests, sources, count, shared_limit);
}
