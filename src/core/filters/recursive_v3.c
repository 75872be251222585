/*
 * Recursive Gaussian filters for x86-64-v3; see recursive_kernel.h.
 */
#define RECURSIVE_KERNELS rad_recursive_kernels_v3

#include "filters/recursive_kernel.h"
