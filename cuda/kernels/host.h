/*
 * The kernels for tests in C: run by the CPU, or by a GPU.
 */
#ifndef RAD_CUDA_HOST_H
#define RAD_CUDA_HOST_H

#ifdef __cplusplus
extern "C"
{
#endif

#include "device/request.h"
#include "kernels/level_source.h"

/*
 * Count a batch with blocks on so many host threads, each block's threads in
 * an order that depends on thread_order, and so much shared memory per block.
 */
extern bool host_count_batch(CountBuffer *const *requests, int count, unsigned threads,
							 uint32_t thread_order, size_t shared_limit);

/* The same from intensities. */
extern bool host_count_sources(CountBuffer *const *requests, LevelSource *sources, int count,
							   size_t shared_limit);
extern bool cuda_count_sources(CountBuffer *const *requests, LevelSource *sources, int count,
							   size_t shared_limit);

/* By the first GPU, whose threads have their own order. */
extern bool cuda_count_batch(CountBuffer *const *requests, int count, unsigned threads,
							 uint32_t thread_order, size_t shared_limit);

#ifdef __cplusplus
}
#endif

#endif							/* RAD_CUDA_HOST_H */
