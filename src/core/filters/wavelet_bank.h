/*
 * Decomposition filters of the discrete wavelets, by the names of PyWavelets.
 */
#ifndef RAD_FILTERS_WAVELET_BANK_H
#define RAD_FILTERS_WAVELET_BANK_H

#include <stdbool.h>

/* Taps of the longest filter, coif17's. */
#define RAD_MOST_WAVELET_TAPS 102

typedef struct WaveletBank
{
	int			length;			/* taps of each filter, even */
	double		low[RAD_MOST_WAVELET_TAPS];
	double		high[RAD_MOST_WAVELET_TAPS];

	/* For float32 images, as PyWavelets has them. */
	float		low_single[RAD_MOST_WAVELET_TAPS];
	float		high_single[RAD_MOST_WAVELET_TAPS];
} WaveletBank;

/* Fill bank for a name such as "coif1" (case matters); false if there is none. */
extern bool rad_wavelet_bank(const char *name, WaveletBank *bank);

/* Names of all discrete wavelets, for messages and tests; NULL after the last. */
extern const char *rad_wavelet_name(int n);

/*
 * Whether the name is one of the continuous wavelets, which PyRadiomics'
 * validation accepts although an undecimated transform with them fails.
 */
extern bool rad_wavelet_is_continuous(const char *name);

#endif							/* RAD_FILTERS_WAVELET_BANK_H */
