/*
 * Bit masks over 64 neighbouring grey levels, for the counting kernels.  Each
 * file that is compiled for an x86-64 level has its own copy.
 *
 * Kernels treat the padded levels as one line of elements: the zeros between
 * rows separate them, so no row needs a remainder loop, whatever its width.
 */
#ifndef RAD_DEVICE_KERNEL_MASKS_H
#define RAD_DEVICE_KERNEL_MASKS_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#define KERNEL_INLINE static inline __attribute__((always_inline))

/* Elements of work between two polls for a cancel: some milliseconds. */
#define POLL_ELEMENTS ((int64_t) 1 << 20)

/* Grey level at element `at`, for a constant bytes_per_level. */
KERNEL_INLINE unsigned
level_at(const void *levels, int bytes_per_level, int64_t at)
{
	return bytes_per_level == 1 ? ((const uint8_t *) levels)[at] :
		((const uint16_t *) levels)[at];
}

/* Bit n: a[n] == b[n], for 64 bytes. */
KERNEL_INLINE uint64_t
equal_bytes(const uint8_t *a, const uint8_t *b)
{
	uint64_t	mask = 0;

#ifdef __AVX2__
	for (int n = 0; n < 64; n += 32)
	{
		__m256i		equal = _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *) (a + n)),
											  _mm256_loadu_si256((const __m256i *) (b + n)));

		mask |= (uint64_t) (uint32_t) _mm256_movemask_epi8(equal) << n;
	}
#else
	for (int n = 0; n < 64; n += 16)
	{
		__m128i		equal = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *) (a + n)),
										   _mm_loadu_si128((const __m128i *) (b + n)));

		mask |= (uint64_t) (uint32_t) _mm_movemask_epi8(equal) << n;
	}
#endif
	return mask;
}

/* Bit n: a[n] == b[n], for 64 16-bit elements. */
KERNEL_INLINE uint64_t
equal_words(const uint16_t *a, const uint16_t *b)
{
	uint64_t	mask = 0;

	for (int n = 0; n < 64; n += 16)
	{
		__m128i		low = _mm_cmpeq_epi16(_mm_loadu_si128((const __m128i *) (a + n)),
										  _mm_loadu_si128((const __m128i *) (b + n)));
		__m128i		high = _mm_cmpeq_epi16(_mm_loadu_si128((const __m128i *) (a + n + 8)),
										   _mm_loadu_si128((const __m128i *) (b + n + 8)));

		mask |= (uint64_t) (uint32_t) _mm_movemask_epi8(_mm_packs_epi16(low, high)) << n;
	}
	return mask;
}

/* Bit n: element at + n equals element at + n - offset. */
KERNEL_INLINE uint64_t
equal_mask(const void *levels, int bytes_per_level, int64_t at, int64_t offset)
{
	if (bytes_per_level == 1)
		return equal_bytes((const uint8_t *) levels + at,
						   (const uint8_t *) levels + at - offset);
	return equal_words((const uint16_t *) levels + at,
					   (const uint16_t *) levels + at - offset);
}

/* Bit n: element at + n is inside (not 0), for n < count; others are 0. */
KERNEL_INLINE uint64_t
inside_mask(const void *levels, int bytes_per_level, int64_t at, int64_t count)
{
	static const uint16_t zeros[64];
	uint64_t	mask;

	if (bytes_per_level == 1)
		mask = ~equal_bytes((const uint8_t *) levels + at, (const uint8_t *) zeros);
	else
		mask = ~equal_words((const uint16_t *) levels + at, zeros);
	return count >= 64 ? mask : mask & (((uint64_t) 1 << count) - 1);
}

#endif							/* RAD_DEVICE_KERNEL_MASKS_H */
