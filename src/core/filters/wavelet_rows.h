/*
 * The inner loop of the wavelet transform, per x86-64 level.
 */
#ifndef RAD_FILTERS_WAVELET_ROWS_H
#define RAD_FILTERS_WAVELET_ROWS_H

/*
 * out[x] = sum over j of taps[j] rows[j][x], added up in the order of j; in
 * each precision.  out is none of the rows.
 */
typedef struct WaveletKernels
{
	void		(*combine_float) (const float *const *rows, const float *taps, int length,
								  int count, float *out);
	void		(*combine_double) (const double *const *rows, const double *taps, int length,
								   int count, double *out);
} WaveletKernels;

/* The same operations in the same order at each level: equal bits. */
extern const WaveletKernels rad_wavelet_kernels_v2;
extern const WaveletKernels rad_wavelet_kernels_v3;

#endif							/* RAD_FILTERS_WAVELET_ROWS_H */
