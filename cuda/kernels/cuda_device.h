/*
 * GPUs, as the helper and the benchmark see them.
 */
#ifndef RAD_CUDA_DEVICE_H
#define RAD_CUDA_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/batch.h"

struct CudaDevice
{
	char		name[256];
	int64_t		memory;			/* bytes */
	int64_t		memory_free;
	int			multiprocessors;
	int			capability;		/* 90 for 9.0 */
	double		memory_bandwidth;	/* bytes per second, by the data sheet; 0: unknown */
	double		clock_hz;
};

/* Why the last of these calls failed. */
extern const char *cuda_failure();

/* GPUs that this process may use; 0 when there is none, or no driver. */
extern int	cuda_device_count();
extern bool cuda_device_describe(int device, CudaDevice *description);

/* Register memory for transfers without a copy; by every device at once. */
extern bool cuda_register_memory(void *memory, size_t bytes);

/* Blocks of a kernel with so much shared memory that a multiprocessor holds. */
extern int	cuda_occupancy(KernelName kernel, size_t shared_bytes);

#endif							/* RAD_CUDA_DEVICE_H */
