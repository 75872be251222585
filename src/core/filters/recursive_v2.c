/*
 * Recursive Gaussian filters for x86-64-v2; see recursive_kernel.h.
 */
#define RECURSIVE_KERNEL(name) name##_v2

#include "filters/recursive_kernel.h"
