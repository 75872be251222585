/*
 * Fourier transforms for x86-64-v3; see fourier_kernel.h.
 */
#define FOURIER_KERNEL(name) name##_v3

#include "features/fourier_kernel.h"
