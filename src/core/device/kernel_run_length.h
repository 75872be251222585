/*
 * GLRLM counting (IBSI TP0I): runs of equal level along a direction.
 *
 * Runs are not followed voxel by voxel.  Comparing whole vectors of levels with themselves moved
 * by one step tells which voxels continue a run and which end one, and position
 * in the run = (position of the predecessor + 1) or 0 is vector arithmetic too,
 * since the predecessors of a vector are a vector.  Only the last voxels of
 * runs of two and more are visited, to count (level, length).  Runs of one voxel
 * are what these leave of the level's histogram.
 *
 * Slices are the outer loop: positions of two slices per direction and the
 * levels around a slice stay in the cache for all directions.
 *
 * Measured by bench/bench_texture.c.
 */
#include "device/kernel_masks.h"

/* Elements whose run ends are listed before they are counted. */
#define RUN_BLOCK 2048

/*
 * Runs shorter than this are counted in tables that are small enough to stay
 * in the cache: 50 kB for 13 directions and 64 levels.
 */
#define SHORT_RUNS 16

/* Positions are bytes; at this one the length is found by walking back. */
#define LAST_POSITION 255

/* One direction. */
typedef struct CPU_KERNEL(RunPass)
{
	const void *levels;
	int64_t		step;			/* elements; positive for every direction */
	uint8_t    *position;		/* of the voxel at element n: position[n] */
	const uint8_t *previous;	/* of its predecessor: previous[n] */

	uint32_t   *short_runs;		/* [length][level], lengths below SHORT_RUNS */
	int64_t		stride;			/* of its rows */
	uint32_t   *counts;			/* the caller's, for longer runs */
	int64_t		longest;		/* its columns */
	int64_t    *in_long_runs;	/* [level] voxels in them */
	int			usual_ends;		/* see list_bits */
} CPU_KERNEL(RunPass);

/*
 * Positions of 64 elements from `at`, and which of them end a run of two or
 * more, as bits.  For steps of at least a vector.
 */
KERNEL_INLINE uint64_t
CPU_KERNEL(advance_vectors)(const CPU_KERNEL(RunPass) *pass, int bytes, int64_t at)
{
	const char *levels = (const char *) pass->levels + at * bytes;
	const int64_t step = pass->step * bytes;
	uint64_t	ends = 0;

	for (int64_t n = 0; n < 64; n += VECTOR_BYTES, levels += VECTOR_BYTES * bytes)
	{
		ByteVector	continues = equal_levels(levels, levels - step, bytes);
		ByteVector	continued = equal_levels(levels, levels + step, bytes);
		ByteVector	position = load_bytes(pass->previous + at + n);

#ifdef __AVX2__
		position = _mm256_and_si256(_mm256_adds_epu8(position, _mm256_set1_epi8(1)), continues);
		_mm256_storeu_si256((__m256i *) (pass->position + at + n), position);
		ends |= byte_mask(_mm256_andnot_si256(continued, continues)) << n;
#else
		position = _mm_and_si128(_mm_adds_epu8(position, _mm_set1_epi8(1)), continues);
		_mm_storeu_si128((__m128i *) (pass->position + at + n), position);
		ends |= byte_mask(_mm_andnot_si128(continued, continues)) << n;
#endif
	}
	return ends;
}

/* The same for shorter steps, voxel by voxel. */
KERNEL_INLINE uint64_t
CPU_KERNEL(advance_voxels)(const CPU_KERNEL(RunPass) *pass, int bytes, int64_t at)
{
	uint64_t	continues = equal_mask(pass->levels, bytes, at, at - pass->step);
	uint64_t	continued = equal_mask(pass->levels, bytes, at, at + pass->step);

	for (int n = 0; n < 64; n++)
	{
		uint8_t		previous = pass->previous[at + n];

		pass->position[at + n] = (continues >> n & 1) == 0 ? 0 :
			(uint8_t) (previous + (previous < LAST_POSITION));
	}
	return continues & ~continued;
}

/*
 * Write the indices of the bits to list, at least `usual` of them whatever
 * their number (the list has 64 elements to spare), and return their number: a
 * branch on the number of bits would be guessed wrong most of the time, one on
 * an unusual number rarely is.  usual is a multiple of 4.
 */
KERNEL_INLINE int
CPU_KERNEL(list_bits)(uint64_t bits, int usual, int64_t first, uint16_t *list)
{
	const int	count = __builtin_popcountll(bits);
	const int	written = count > usual ? count : usual;

	for (int done = 0; done < written; done += 4)
		for (int n = done; n < done + 4; n++)
		{
			/* The guard bit stands for "no bit", which ctz does not define. */
			list[n] = (uint16_t) (first + __builtin_ctzll(bits | (uint64_t) 1 << 63));
			bits &= bits - 1;
			/* Keeps the compiler from gathering the four in a vector. */
			__asm__("" : "+r"(bits));
		}
	return count;
}

/* Length of the run that ends at element v. */
static int64_t
CPU_KERNEL(walk_run)(const CPU_KERNEL(RunPass) *pass, int bytes, int64_t v)
{
	unsigned	level = level_at(pass->levels, bytes, v);
	int64_t		length = 1;

	while (level_at(pass->levels, bytes, v - length * pass->step) == level)
		length++;
	return length;
}

static void
CPU_KERNEL(count_long_run)(const CPU_KERNEL(RunPass) *pass, int64_t level, int64_t length)
{
	pass->counts[(level - 1) * pass->longest + (length - 1)]++;
	pass->in_long_runs[level] += length;
}

/* Count the runs that end at the listed elements. */
KERNEL_INLINE void
CPU_KERNEL(count_listed)(const CPU_KERNEL(RunPass) *pass, int bytes, int64_t first,
						 const uint16_t *list, int count)
{
	for (int n = 0; n < count; n++)
	{
		int64_t		v = first + list[n];
		int64_t		level = level_at(pass->levels, bytes, v);
		int64_t		length = pass->position[v] + 1;

		if (length < SHORT_RUNS)
			pass->short_runs[length * pass->stride + level]++;
		else
			CPU_KERNEL(count_long_run)(pass, level, length <= LAST_POSITION ? length :
									   CPU_KERNEL(walk_run)(pass, bytes, v));
	}
}

/*
 * The same for neighbours in a row, whose positions are not kept: the length is
 * the number of 1 bits up to the end, and one.
 */
KERNEL_INLINE void
CPU_KERNEL(count_listed_in_row)(const CPU_KERNEL(RunPass) *pass, int bytes, int64_t first,
								const uint16_t *list, int count, const uint64_t *continues)
{
	for (int n = 0; n < count; n++)
	{
		int64_t		v = first + list[n];
		int64_t		level = level_at(pass->levels, bytes, v);
		uint64_t	starts = ~continues[list[n] / 64] << (63 - list[n] % 64);
		int64_t		length = starts != 0 ? 1 + __builtin_clzll(starts) :
			CPU_KERNEL(walk_run)(pass, bytes, v);

		if (length < SHORT_RUNS)
			pass->short_runs[length * pass->stride + level]++;
		else
			CPU_KERNEL(count_long_run)(pass, level, length);
	}
}

/* Count the runs of all directions that end in elements [first, last). */
KERNEL_INLINE void
CPU_KERNEL(count_block)(CPU_KERNEL(RunPass) *passes, int pass_count, int bytes,
						int64_t first, int64_t last)
{
	uint16_t	lists[RAD_DIRECTION_COUNT][RUN_BLOCK + 64];
	int			counts[RAD_DIRECTION_COUNT] = {0};
	uint64_t	continues[RUN_BLOCK / 64];
	int			words = 0;

	for (int64_t at = first; at < last; at += 64)
	{
		uint64_t	inside = inside_mask(passes->levels, bytes, at, last - at);

		if (inside == 0)
			continue;
		words++;
		for (int p = 0; p < pass_count; p++)
		{
			const CPU_KERNEL(RunPass) *pass = &passes[p];
			uint64_t	ends;

			if (pass->step >= VECTOR_BYTES)
				ends = CPU_KERNEL(advance_vectors)(pass, bytes, at);
			else if (pass->step > 1)
				ends = CPU_KERNEL(advance_voxels)(pass, bytes, at);
			else
			{
				continues[(at - first) / 64] = inside & equal_mask(pass->levels, bytes, at, at - 1);
				ends = continues[(at - first) / 64] & ~equal_mask(pass->levels, bytes, at, at + 1);
			}
			counts[p] += CPU_KERNEL(list_bits)(ends & inside, pass->usual_ends, at - first,
											   lists[p] + counts[p]);
		}
	}
	for (int p = 0; p < pass_count && words > 0; p++)
	{
		CPU_KERNEL(RunPass) *pass = &passes[p];

		if (pass->step == 1)
			CPU_KERNEL(count_listed_in_row)(pass, bytes, first, lists[p], counts[p], continues);
		else
			CPU_KERNEL(count_listed)(pass, bytes, first, lists[p], counts[p]);
		pass->usual_ends = counts[p] < 2 * words ? 4 : 8;
	}
}

/* Voxels of each level in a range of slices. */
static void
CPU_KERNEL(count_levels)(const GreyLevels *levels, int first_slice, int last_slice,
						 int64_t *level_voxels)
{
	const int	bytes = levels->bytes_per_level;

	if (first_slice == 0 && last_slice == levels->size[2])
	{
		memcpy(level_voxels, levels->histogram,
			   (size_t) (levels->level_count + 1) * sizeof(*level_voxels));
		return;
	}
	for (int z = first_slice; z < last_slice; z++)
		for (int y = 0; y < levels->size[1]; y++)
		{
			int64_t		row = z * levels->slice_stride + y * levels->row_stride;

			for (int64_t at = row; at < row + levels->size[0]; at++)
				if (level_at(levels->levels, bytes, at) != 0)
					level_voxels[level_at(levels->levels, bytes, at)]++;
		}
}

/* Add the short runs of one direction, and as the rest those of one voxel. */
static void
CPU_KERNEL(add_short_runs)(const CPU_KERNEL(RunPass) *pass, const int64_t *level_voxels,
						   int64_t level_count)
{
	for (int64_t i = 1; i <= level_count; i++)
	{
		uint32_t   *counts = pass->counts + (i - 1) * pass->longest;
		int64_t		single = level_voxels[i] - pass->in_long_runs[i];

		for (int64_t length = 2; length < SHORT_RUNS && length <= pass->longest; length++)
		{
			uint32_t	runs = pass->short_runs[length * pass->stride + i];

			counts[length - 1] += runs;
			single -= length * runs;
		}
		counts[0] += (uint32_t) single;
	}
}

/* Count one slice along all directions, polling for a cancel. */
static bool
CPU_KERNEL(count_slice_runs)(RadContext *context, CPU_KERNEL(RunPass) *passes, int pass_count,
							 int bytes, int64_t first, int64_t last)
{
	for (int64_t at = first; at < last; at += RUN_BLOCK)
	{
		int64_t		stop = last - at < RUN_BLOCK ? last : at + RUN_BLOCK;

		if ((at - first) % POLL_ELEMENTS == 0 && !rad_continue(context))
			return false;
		if (bytes == 1)
			CPU_KERNEL(count_block)(passes, pass_count, 1, at, stop);
		else
			CPU_KERNEL(count_block)(passes, pass_count, 2, at, stop);
	}
	return true;
}

static bool
CPU_KERNEL(count_runs)(RadContext *context, const GreyLevels *levels,
					   int first_slice, int last_slice,
					   DirectionSet directions, int longest, uint32_t *counts)
{
	const int64_t stride = (int64_t) levels->level_count + 1;
	const int64_t line = (levels->size[1] - 1) * levels->row_stride + levels->size[0];
	const int64_t margin = levels->row_stride + 1 + 64;
	const int64_t position_size = margin + line + margin;
	const int	pass_count = __builtin_popcount(directions);
	CPU_KERNEL(RunPass) passes[RAD_DIRECTION_COUNT];
	int64_t    *level_voxels = rad_new_zeroed(context, int64_t, (pass_count + 1) * stride);
	uint32_t   *short_runs = rad_new_zeroed(context, uint32_t, pass_count * SHORT_RUNS * stride);
	/* Not cleared: a voxel's predecessor counts only when it was visited. */
	uint8_t    *positions = rad_new(context, uint8_t, pass_count * 2 * position_size);

	if (level_voxels == NULL || short_runs == NULL || positions == NULL)
		return false;
	for (int slot = 0; slot < pass_count; slot++)
		passes[slot] = (CPU_KERNEL(RunPass)) {
			.levels = levels->levels,
			.short_runs = short_runs + slot * SHORT_RUNS * stride,
			.stride = stride,
			.counts = counts + slot * levels->level_count * (int64_t) longest,
			.longest = longest,
			.in_long_runs = level_voxels + (slot + 1) * stride,
		};
	for (int z = first_slice; z < last_slice && pass_count > 0; z++)
	{
		const int64_t first = z * levels->slice_stride;

		if (levels->slice_voxel_count[z] == 0)
			continue;
		for (int d = 0, slot = 0; d < RAD_DIRECTION_COUNT; d++)
		{
			const int  *direction = rad_directions[d];
			const int64_t in_slice = direction[0] + direction[1] * levels->row_stride;
			uint8_t    *ring = positions + slot * 2 * position_size + margin - first;
			uint8_t    *here = ring + (z % 2) * position_size;

			if ((directions & (1u << d)) == 0)
				continue;
			passes[slot].step = in_slice + direction[2] * levels->slice_stride;
			passes[slot].position = here;
			passes[slot].previous = direction[2] == 0 ? here - in_slice :
				ring + (1 - z % 2) * position_size - in_slice;
			slot++;
		}
		if (!CPU_KERNEL(count_slice_runs)(context, passes, pass_count, levels->bytes_per_level,
										  first, first + line))
			return false;
	}
	CPU_KERNEL(count_levels)(levels, first_slice, last_slice, level_voxels);
	for (int slot = 0; slot < pass_count; slot++)
		CPU_KERNEL(add_short_runs)(&passes[slot], level_voxels, levels->level_count);
	rad_release(context, positions);
	rad_release(context, short_runs);
	rad_release(context, level_voxels);
	return true;
}
