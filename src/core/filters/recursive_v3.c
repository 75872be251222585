/*
 * Recursive Gaussian filters for x86-64-v3; see recursive_kernel.h.
 */
#define RECURSIVE_KERNEL(name) name##_v3

#include "filters/recursive_kernel.h"
