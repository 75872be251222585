/*
 * Recursive Gaussian filters for x86-64-v2; see recursive_kernel.h.
 */
#define RECURSIVE_KERNELS rad_recursive_kernels_v2

#include "filters/recursive_kernel.h"
