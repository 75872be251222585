/*
 * Wavelet transforms for x86-64-v2; see wavelet_rows_kernel.h.
 */
#define WAVELET_KERNELS rad_wavelet_kernels_v2

#include "filters/wavelet_rows_kernel.h"
