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

/* As many bytes as a register holds, and how many that is. */
#ifdef __AVX2__
typedef __m256i ByteVector;
#else
typedef __m128i ByteVector;
#endif

#define VECTOR_BYTES ((int64_t) sizeof(ByteVector))

KERNEL_INLINE ByteVector
load_bytes(const void *source)
{
#ifdef __AVX2__
	return _mm256_loadu_si256(source);
#else
	return _mm_loadu_si128(source);
#endif
}

/*
 * Byte n is 255 where element n at a equals element n at b, else 0, for
 * VECTOR_BYTES elements and a constant bytes_per_level.
 */
KERNEL_INLINE ByteVector
equal_levels(const void *a, const void *b, int bytes_per_level)
{
	const char *right_a = (const char *) a + VECTOR_BYTES;
	const char *right_b = (const char *) b + VECTOR_BYTES;

#ifdef __AVX2__
	if (bytes_per_level == 1)
		return _mm256_cmpeq_epi8(load_bytes(a), load_bytes(b));
	else
	{
		ByteVector	left = _mm256_cmpeq_epi16(load_bytes(a), load_bytes(b));
		ByteVector	right = _mm256_cmpeq_epi16(load_bytes(right_a), load_bytes(right_b));

		/* packs works on halves of the register; the permutation mends that. */
		return _mm256_permute4x64_epi64(_mm256_packs_epi16(left, right), 0xD8);
	}
#else
	if (bytes_per_level == 1)
		return _mm_cmpeq_epi8(load_bytes(a), load_bytes(b));
	return _mm_packs_epi16(_mm_cmpeq_epi16(load_bytes(a), load_bytes(b)),
						   _mm_cmpeq_epi16(load_bytes(right_a), load_bytes(right_b)));
#endif
}

/* Bit n: the top bit of byte n. */
KERNEL_INLINE uint64_t
byte_mask(ByteVector vector)
{
#ifdef __AVX2__
	return (uint32_t) _mm256_movemask_epi8(vector);
#else
	return (uint32_t) _mm_movemask_epi8(vector);
#endif
}

/* Bit n: element at + n equals element other + n, for 64 elements. */
KERNEL_INLINE uint64_t
equal_mask(const void *levels, int bytes_per_level, int64_t at, int64_t other)
{
	const char *a = (const char *) levels + at * bytes_per_level;
	const char *b = (const char *) levels + other * bytes_per_level;
	uint64_t	mask = 0;

	for (int64_t n = 0; n < 64; n += VECTOR_BYTES)
		mask |= byte_mask(equal_levels(a + n * bytes_per_level, b + n * bytes_per_level,
									   bytes_per_level)) << n;
	return mask;
}

/* Bit n: element at + n is inside (not 0), for n < count; others are 0. */
KERNEL_INLINE uint64_t
inside_mask(const void *levels, int bytes_per_level, int64_t at, int64_t count)
{
	static const uint16_t outside[32];
	const char *a = (const char *) levels + at * bytes_per_level;
	uint64_t	mask = 0;

	for (int64_t n = 0; n < 64; n += VECTOR_BYTES)
		mask |= byte_mask(equal_levels(a + n * bytes_per_level, outside, bytes_per_level)) << n;
	return count >= 64 ? ~mask : ~mask & (((uint64_t) 1 << count) - 1);
}

#endif							/* RAD_DEVICE_KERNEL_MASKS_H */
