/*
 * Marching cubes configurations (contract in device.h).
 *
 * Rows are packed to bits with one empty voxel on either side; 64 cubes of a
 * row of cubes then come from four packed rows.  Only cubes that the surface
 * cuts are looked at one by one (about one in ten of a compact region); the
 * empty and the full ones are counted by population count.
 */
#include "roi/bit_mask.h"

/*
 * Pack slice z into rows -1 .. size[1] of `words` words; bit x + 1 is voxel x.
 */
static void
CPU_KERNEL(pack_slice)(const int size[3], const uint8_t *mask, int z, int words, uint64_t *rows)
{
	memset(rows, 0, (size_t) (size[1] + 2) * words * sizeof(uint64_t));
	if (z < 0 || z >= size[2])
		return;
	for (int y = 0; y < size[1]; y++)
	{
		const uint8_t *bytes = mask + ((int64_t) z * size[1] + y) * size[0];
		uint64_t   *row = rows + (int64_t) (y + 1) * words;

		for (int x = 0; x < size[0]; x += 64)
		{
			int			left = size[0] - x;
			uint64_t	bits = rad_pack_bits(bytes + x, left < 64 ? left : 64);

			row[x >> 6] |= bits << 1;
			row[(x >> 6) + 1] |= bits >> 63;
		}
	}
}

/*
 * Count one row of cubes: rows[dy + 2 dz] are the four packed rows around it.
 * count[0] is left out: the caller knows how many cubes there are.
 */
static inline void
CPU_KERNEL(count_cube_row)(const uint64_t *const rows[4], int words, uint64_t count[256])
{
	for (int word = 0; word < words - 1; word++)
	{
		uint64_t	low[4];
		uint64_t	high[4];	/* the same, one voxel further along x */
		uint64_t	any = 0;
		uint64_t	all = ~UINT64_C(0);
		uint64_t	cut;

		for (int n = 0; n < 4; n++)
		{
			low[n] = rows[n][word];
			high[n] = low[n] >> 1 | rows[n][word + 1] << 63;
			any |= low[n] | high[n];
			all &= low[n] & high[n];
		}
		count[255] += (uint64_t) __builtin_popcountll(all);
		for (cut = any & ~all; cut != 0; cut &= cut - 1)
		{
			int			bit = __builtin_ctzll(cut);
			unsigned	configuration = 0;

			for (int n = 0; n < 4; n++)
			{
				configuration |= (unsigned) (low[n] >> bit & 1) << (2 * n);
				configuration |= (unsigned) (high[n] >> bit & 1) << (2 * n + 1);
			}
			count[configuration]++;
		}
	}
}

static bool
CPU_KERNEL(count_cubes)(RadContext *context, const int size[3], const uint8_t *mask,
						CubeCounts *cubes)
{
	/* Bits -1 .. size[0], and a word behind them for the look ahead. */
	int			words = (size[0] + 2 + 63) / 64 + 1;
	int64_t		slice_words = (int64_t) (size[1] + 2) * words;
	uint64_t	slice_cubes = (uint64_t) (size[0] + 1) * (uint64_t) (size[1] + 1);
	uint64_t   *below = rad_new(context, uint64_t, slice_words);
	uint64_t   *above = rad_new(context, uint64_t, slice_words);

	if (below == NULL || above == NULL)
		return false;
	memset(cubes, 0, sizeof(*cubes));
	CPU_KERNEL(pack_slice)(size, mask, -1, words, below);
	for (int z = -1; z < size[2]; z++)
	{
		uint64_t	count[256] = {0};
		uint64_t	counted = 0;
		uint64_t   *swap = below;

		if (!rad_continue(context))
			return false;
		CPU_KERNEL(pack_slice)(size, mask, z + 1, words, above);
		for (int64_t y = 0; y <= size[1]; y++)
		{
			const uint64_t *const rows[4] = {
				below + y * words, below + (y + 1) * words,
				above + y * words, above + (y + 1) * words
			};

			CPU_KERNEL(count_cube_row)(rows, words, count);
		}
		for (int n = 1; n < 256; n++)
			counted += count[n];
		count[0] = slice_cubes - counted;
		for (int n = 0; n < 256; n++)
		{
			cubes->count[n] += count[n];
			cubes->z_sum[n] += (int64_t) count[n] * z;
		}
		below = above;
		above = swap;
	}
	rad_release(context, below);
	rad_release(context, above);
	return true;
}
