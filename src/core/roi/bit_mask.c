/*
 * Packing a mask into bits, and the moments of its coordinates.
 */
#include "roi/bit_mask.h"

/* An empty mask of the given size. */
static BitMask *
create_mask(RadContext *context, int width, int height, int depth)
{
	BitMask    *mask = rad_new(context, BitMask, 1);
	int64_t		rows = (int64_t) (height + 2) * (depth + 2);

	if (mask == NULL)
		return NULL;
	mask->size[0] = width;
	mask->size[1] = height;
	mask->size[2] = depth;
	mask->row_words = (width + 63) / 64;
	mask->words = rad_new_zeroed(context, uint64_t, rows * mask->row_words);
	return mask->words == NULL ? NULL : mask;
}

BitMask *
rad_bit_mask_build(RadContext *context, const uint8_t *mask, const int size[3],
				   const Box *box)
{
	BitMask    *packed = create_mask(context, box->hi[0] - box->lo[0],
									 box->hi[1] - box->lo[1], box->hi[2] - box->lo[2]);

	if (packed == NULL)
		return NULL;
	for (int z = 0; z < packed->size[2]; z++)
	{
		if (!rad_continue(context))
			return NULL;
		for (int y = 0; y < packed->size[1]; y++)
		{
			int64_t		line = (int64_t) (z + box->lo[2]) * size[1] + y + box->lo[1];
			const uint8_t *bytes = mask + line * size[0] + box->lo[0];
			uint64_t   *row = (uint64_t *) rad_bit_row(packed, y, z);

			for (int word = 0; word < packed->row_words; word++)
			{
				int			left = packed->size[0] - word * 64;

				row[word] = rad_pack_bits(bytes + word * 64, left < 64 ? left : 64);
			}
		}
	}
	return packed;
}

void
rad_bit_mask_release(RadContext *context, BitMask *mask)
{
	rad_release(context, mask->words);
	rad_release(context, mask);
}

/*
 * Transpose 64 x 64 bits in place: exchange the off-diagonal halves of every
 * square, from squares of 64 down to squares of 2.
 */
static void
transpose_square(uint64_t bits[64])
{
	uint64_t	low = UINT64_C(0x00000000FFFFFFFF);

	for (int half = 32; half != 0; half >>= 1, low ^= low << half)
		for (int row = 0; row < 64; row = (row + half + 1) & ~half)
		{
			uint64_t	swapped = (bits[row] >> half ^ bits[row + half]) & low;

			bits[row] ^= swapped << half;
			bits[row + half] ^= swapped;
		}
}

BitMask *
rad_bit_mask_transpose(RadContext *context, const BitMask *mask)
{
	const int  *size = mask->size;
	BitMask    *turned = create_mask(context, size[1], size[0], size[2]);

	if (turned == NULL)
		return NULL;
	for (int z = 0; z < size[2]; z++)
	{
		if (!rad_continue(context))
			return NULL;
		for (int y = 0; y < size[1]; y += 64)
			for (int word = 0; word < mask->row_words; word++)
			{
				uint64_t	bits[64];

				for (int row = 0; row < 64; row++)
					bits[row] = y + row < size[1] ? rad_bit_row(mask, y + row, z)[word] : 0;
				transpose_square(bits);
				for (int row = 0; row < 64 && word * 64 + row < size[0]; row++)
					((uint64_t *) rad_bit_row(turned, word * 64 + row, z))[y / 64] = bits[row];
			}
	}
	return turned;
}

/* Number, sum of x and sum of x^2 of one row's voxels. */
typedef struct RowSums
{
	int64_t		count;
	int64_t		first;
	int64_t		second;
} RowSums;

/* 0 + 1 + ... + (n - 1), and the same of the squares. */
static inline int64_t
sum_below(int64_t n)
{
	return n * (n - 1) / 2;
}

static inline int64_t
square_sum_below(int64_t n)
{
	return n * (n - 1) * (2 * n - 1) / 6;
}

/*
 * A row is a few runs, so closed forms over [begin, end) beat a loop over
 * voxels: sum over runs of F(end) - F(begin), taken at every change of bit.
 */
static RowSums
sum_row(const uint64_t *row, int words)
{
	RowSums		sums = {0, 0, 0};
	uint64_t	carry = 0;

	for (int word = 0; word <= words; word++)
	{
		uint64_t	bits = word < words ? row[word] : 0;
		uint64_t	changes = bits ^ (bits << 1 | carry);

		while (changes != 0)
		{
			int			bit = __builtin_ctzll(changes);
			int64_t		x = (int64_t) word * 64 + bit;
			int64_t		sign = (bits >> bit & 1) != 0 ? -1 : 1;

			sums.count += sign * x;
			sums.first += sign * sum_below(x);
			sums.second += sign * square_sum_below(x);
			changes &= changes - 1;
		}
		carry = bits >> 63;
	}
	return sums;
}

bool
rad_bit_mask_sums(RadContext *context, const BitMask *mask, CoordinateSums *sums)
{
	memset(sums, 0, sizeof(*sums));
	for (int64_t z = 0; z < mask->size[2]; z++)
	{
		if (!rad_continue(context))
			return false;
		for (int64_t y = 0; y < mask->size[1]; y++)
		{
			RowSums		row = sum_row(rad_bit_row(mask, (int) y, (int) z), mask->row_words);

			sums->count += row.count;
			sums->first[0] += row.first;
			sums->first[1] += row.count * y;
			sums->first[2] += row.count * z;
			sums->second[0][0] += row.second;
			sums->second[0][1] += row.first * y;
			sums->second[0][2] += row.first * z;
			sums->second[1][1] += row.count * y * y;
			sums->second[1][2] += row.count * y * z;
			sums->second[2][2] += row.count * z * z;
		}
	}
	sums->second[1][0] = sums->second[0][1];
	sums->second[2][0] = sums->second[0][2];
	sums->second[2][1] = sums->second[1][2];
	return true;
}
