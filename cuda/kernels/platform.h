/*
 * What the kernels need of the machine, for two of them: a GPU, and the CPU,
 * where the same source runs block by block so that tests and sanitizers can
 * prove it without a GPU.
 *
 * A kernel is a function of a block.  It is written as phases,
 *
 *     block.each_thread([&](int thread) { ... });
 *
 * with a barrier behind each, and what threads share between phases lies in
 * block.shared.  On the GPU a phase is the body run by every thread and
 * __syncthreads(); on the CPU it is a loop over threads, whose order the test
 * chooses, so that code which depends on the order is found.
 */
#ifndef RAD_CUDA_PLATFORM_H
#define RAD_CUDA_PLATFORM_H

#include <stdint.h>

/* Threads of a block, everywhere. */
#define BLOCK_THREADS 256

#ifdef __CUDACC__

#define KERNEL_FUNCTION __device__ __forceinline__
#define KERNEL_UNROLL _Pragma("unroll")

struct Block
{
	uint32_t	index;
	uint8_t    *shared;

	template <typename Phase>
	KERNEL_FUNCTION void
	each_thread(Phase phase) const
	{
		phase((int) threadIdx.x);
		__syncthreads();
	}
};

KERNEL_FUNCTION void
atomic_add(uint32_t *address, uint32_t value)
{
	atomicAdd(address, value);
}

KERNEL_FUNCTION void
atomic_add(int64_t *address, int64_t value)
{
	atomicAdd((unsigned long long *) address, (unsigned long long) value);
}

/* The old value. */
KERNEL_FUNCTION uint32_t
atomic_min(uint32_t *address, uint32_t value)
{
	return atomicMin(address, value);
}

/* A load that other threads' atomics may change meanwhile. */
KERNEL_FUNCTION uint32_t
load_relaxed(const uint32_t *address)
{
	return *(const volatile uint32_t *) address;
}

/*
 * array[index] += 1 where threads of a warp often have the same index: one of
 * them adds for all.
 */
KERNEL_FUNCTION void
count_aggregated(uint32_t *array, uint32_t index)
{
	unsigned	same = __match_any_sync(__activemask(), index);

	if ((int) (threadIdx.x & 31) == __ffs(same) - 1)
		atomicAdd(array + index, (uint32_t) __popc(same));
}

#else							/* the CPU */

#define KERNEL_FUNCTION static inline
#define KERNEL_UNROLL

struct Block
{
	uint32_t	index;
	uint8_t    *shared;
	uint32_t	stride;			/* odd: the order of threads */

	template <typename Phase>
	void
	each_thread(Phase phase) const
	{
		for (uint32_t n = 0; n < BLOCK_THREADS; n++)
			phase((int) ((n * stride + stride / 2) % BLOCK_THREADS));
	}
};

KERNEL_FUNCTION void
atomic_add(uint32_t *address, uint32_t value)
{
	__atomic_fetch_add(address, value, __ATOMIC_RELAXED);
}

KERNEL_FUNCTION void
atomic_add(int64_t *address, int64_t value)
{
	__atomic_fetch_add(address, value, __ATOMIC_RELAXED);
}

KERNEL_FUNCTION uint32_t
atomic_min(uint32_t *address, uint32_t value)
{
	uint32_t	old = __atomic_load_n(address, __ATOMIC_RELAXED);

	while (old > value &&
		   !__atomic_compare_exchange_n(address, &old, value, true, __ATOMIC_RELAXED,
										__ATOMIC_RELAXED))
		continue;
	return old;
}

KERNEL_FUNCTION uint32_t
load_relaxed(const uint32_t *address)
{
	return __atomic_load_n(address, __ATOMIC_RELAXED);
}

KERNEL_FUNCTION void
count_aggregated(uint32_t *array, uint32_t index)
{
	atomic_add(array + index, (uint32_t) 1);
}

#endif

#endif							/* RAD_CUDA_PLATFORM_H */
