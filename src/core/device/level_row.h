/*
 * Rows of grey levels for the counting kernels: vectors of one register and
 * the part of a row that lies inside the region.
 *
 * Vectors are the compilers' own (vector_size), as wide as the x86-64 level
 * offers, so one text serves every level.  Comparisons give all-ones lanes.
 */
#ifndef RAD_DEVICE_LEVEL_ROW_H
#define RAD_DEVICE_LEVEL_ROW_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifdef __AVX2__
#define ROW_VECTOR_BYTES 32
#else
#define ROW_VECTOR_BYTES 16
#endif

/* Rows between two polls for a cancel. */
#define ROWS_PER_POLL 64

typedef uint8_t RowVector8 __attribute__((vector_size(ROW_VECTOR_BYTES)));
typedef uint16_t RowVector16 __attribute__((vector_size(ROW_VECTOR_BYTES)));

/*
 * Elements that a row buffer needs for count voxels processed in full vectors
 * of either element size.
 */
static inline size_t
row_buffer_length(int count)
{
	return ((size_t) count + ROW_VECTOR_BYTES - 1) / ROW_VECTOR_BYTES * ROW_VECTOR_BYTES;
}

/*
 * First and one past the last inside voxel of a row; false when there is none.
 * Reads whole words: past the end of the row by up to 7 bytes, which
 * RAD_LEVEL_SLACK allows.
 */
static inline bool
row_extent(const void *row, int size, int bytes_per_level, int *first, int *end)
{
	const uint8_t *bytes = row;
	int64_t		length = (int64_t) size * bytes_per_level;
	int64_t		at = 0;
	uint64_t	word = 0;

	for (; at < length; at += 8)
	{
		memcpy(&word, bytes + at, 8);
		if (word != 0)
			break;
	}
	if (word == 0)
		return false;
	at += __builtin_ctzll(word) / 8;
	if (at >= length)
		return false;
	*first = (int) (at / bytes_per_level);

	/* There is an inside voxel, so the way back ends inside the row. */
	for (at = length - 8;; at -= 8)
	{
		memcpy(&word, bytes + at, 8);
		if (word != 0)
			break;
	}
	at += 7 - __builtin_clzll(word) / 8;
	*end = (int) (at / bytes_per_level) + 1;
	return true;
}

#endif							/* RAD_DEVICE_LEVEL_ROW_H */
