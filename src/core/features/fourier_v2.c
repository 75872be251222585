/*
 * Fourier transforms for x86-64-v2; see fourier_kernel.h.
 */
#define FOURIER_KERNEL(name) name##_v2

#include "features/fourier_kernel.h"
