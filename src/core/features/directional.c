/*
 * Aggregations of GLCM and GLRLM.
 *
 * Planar counts per slice add up to 2.5D counts, and 2.5D counts are the first
 * four directions of the 3-D ones, so every voxel is counted once however many
 * aggregations are wanted.  Merged matrices are sums of counts; normalisation
 * is left to the formulas.
 *
 * Counting is dense while the counters of 13 directions fit DENSE_BYTES and
 * there are voxels enough to fill them.  Otherwise each matrix is counted as a
 * list of keys that is sorted.  Before that, levels that no voxel has are
 * squeezed out, which also makes many 16-bit levels 8-bit ones.
 */
#include "features/directional.h"

#include <string.h>

/* Bound of 13 dense matrices; kernels may use as much again. */
#define DENSE_BYTES ((int64_t) 16 << 20)

/*
 * Counters per key above which lists are faster than dense counters: a key costs
 * some passes of sorting, a counter is cleared and read (bench/bench_texture.c).
 */
#define COUNTERS_PER_KEY 8

/* Merged over 13 directions and both orders, counts still fit 32 bits. */
#define MOST_VOXELS (UINT32_MAX / (2 * RAD_DIRECTION_COUNT))

/* Counters of a row that are skipped together when they are 0. */
#define CELL_STRIP 8

/* Bits that one pass of the radix sort orders. */
#define RADIX_BITS 11
#define RADIX (1 << RADIX_BITS)

/* Cells of work between two polls for a cancel. */
#define POLL_CELLS (1 << 20)

/* Keys that are sorted at once, unless a slice has more: 32 MB with the spare. */
#define BUFFERED_KEYS ((int64_t) 1 << 21)

/* What one call needs; sizes in elements. */
typedef struct Counting
{
	const TextureInput *input;
	const DirectionalFamily *family;
	const GreyLevels *levels;	/* the input's, or squeezed */
	const int32_t *level_of;	/* level behind a squeezed one; NULL: itself */
	int			columns;
	int64_t		matrix_size;	/* levels->level_count * columns */
	int			column_bits;	/* of a key: level << column_bits | column */
	uint32_t   *merged;			/* one dense matrix */
	uint32_t   *row;			/* of a dense matrix, padded to CELL_STRIP */
	MatrixCell *cells;			/* those of a dense matrix, and one to spare */
	MatrixSink	sink;
	void	   *argument;
} Counting;

/* Occurrences as keys. */
typedef struct KeyBuffer
{
	uint64_t   *keys;
	uint64_t   *spare;			/* as large; the sort's other side */
	int64_t		room;
	int64_t		count;
} KeyBuffer;

static bool
wants(const TextureInput *input, Aggregation aggregation)
{
	return (input->aggregations & (1u << aggregation)) != 0;
}

/* Levels renumbered without the empty ones. */
typedef struct SqueezedLevels
{
	GreyLevels	levels;
	uint8_t    *buffer;
	int32_t    *level_of;		/* [new level] */
} SqueezedLevels;

/* Copy the voxels under their new numbers into the layout of the old ones. */
static bool
renumber(RadContext *context, const GreyLevels *old, const uint16_t *new_level,
		 SqueezedLevels *squeezed)
{
	const int	bytes = squeezed->levels.bytes_per_level;
	const int64_t lead = old->padding * (old->slice_stride + old->row_stride + 1);
	const int64_t elements = 2 * lead + old->size[2] * old->slice_stride;
	const uint16_t *source = old->levels;

	squeezed->buffer = rad_new_zeroed(context, uint8_t,
									  elements * bytes + 2 * RAD_LEVEL_SLACK);
	if (squeezed->buffer == NULL)
		return false;
	squeezed->levels.levels = squeezed->buffer + RAD_LEVEL_SLACK + lead * bytes;
	for (int z = 0; z < old->size[2]; z++)
		for (int y = 0; y < old->size[1]; y++)
		{
			int64_t		row = z * old->slice_stride + y * old->row_stride;

			if (!rad_continue(context))
				return false;
			for (int64_t at = row; at < row + old->size[0]; at++)
				if (bytes == 1)
					((uint8_t *) squeezed->levels.levels)[at] = (uint8_t) new_level[source[at]];
				else
					((uint16_t *) squeezed->levels.levels)[at] = new_level[source[at]];
		}
	return true;
}

/* Squeeze 16-bit levels; squeezed->buffer stays NULL when none is empty. */
static bool
squeeze_levels(RadContext *context, const GreyLevels *old, SqueezedLevels *squeezed)
{
	GreyLevels *levels = &squeezed->levels;
	uint16_t   *new_level = rad_new_zeroed(context, uint16_t, old->level_count + 1);

	*levels = *old;
	levels->level_count = 0;
	levels->histogram = rad_new_zeroed(context, int64_t, old->level_count + 1);
	squeezed->buffer = NULL;
	squeezed->level_of = rad_new(context, int32_t, old->level_count + 1);
	if (new_level == NULL || levels->histogram == NULL || squeezed->level_of == NULL)
		return false;
	for (int level = 1; level <= old->level_count; level++)
		if (old->histogram[level] > 0)
		{
			levels->level_count++;
			levels->histogram[levels->level_count] = old->histogram[level];
			squeezed->level_of[levels->level_count] = level;
			new_level[level] = (uint16_t) levels->level_count;
		}
	levels->bytes_per_level = levels->level_count <= 255 ? 1 : 2;
	if (levels->level_count < old->level_count &&
		!renumber(context, old, new_level, squeezed))
		return false;
	rad_release(context, new_level);
	return true;
}

static void
release_squeezed(RadContext *context, SqueezedLevels *squeezed)
{
	rad_release(context, squeezed->buffer);
	rad_release(context, squeezed->levels.histogram);
	rad_release(context, squeezed->level_of);
}

/* Hand a matrix to the sink, squeezed levels turned back. */
static bool
deliver(RadContext *context, const Counting *counting, Aggregation aggregation,
		int slice, int direction, int64_t voxel_count, MatrixCell *cells, int64_t cell_count)
{
	TextureMatrix matrix = {
		.aggregation = aggregation,
		.slice = slice,
		.direction = direction,
		.level_count = counting->input->levels->level_count,
		.voxel_count = voxel_count,
		.cell_count = cell_count,
		.cells = cells,
	};

	for (int64_t c = 0; c < cell_count; c++)
	{
		matrix.total += cells[c].count;
		if (counting->level_of != NULL)
		{
			cells[c].i = counting->level_of[cells[c].i];
			if (counting->family->symmetric)
				cells[c].j = counting->level_of[cells[c].j];
		}
	}
	return counting->sink(context, counting->argument, &matrix);
}

/*
 * Append the cells of row i.  Most counters are 0, in stretches: those are
 * skipped by strips, the others without a branch on each.
 */
static MatrixCell *
append_row(MatrixCell *cell, int i, const uint32_t *row, int columns)
{
	for (int first = 0; first < columns; first += CELL_STRIP)
	{
		uint32_t	any = 0;

		for (int n = 0; n < CELL_STRIP; n++)
			any |= row[first + n];
		if (any == 0)
			continue;
		for (int n = 0; n < CELL_STRIP; n++)
		{
			*cell = (MatrixCell) {i, first + n + 1, row[first + n]};
			cell += row[first + n] != 0;
		}
	}
	return cell;
}

/*
 * Deliver the sum of `direction_count` dense matrices; of a single one,
 * `direction` says which it is.
 */
static bool
deliver_dense(RadContext *context, const Counting *counting, Aggregation aggregation,
			  int slice, int direction, int64_t voxel_count,
			  const uint32_t *counts, int direction_count)
{
	const int	columns = counting->columns;
	const uint32_t *matrix = counts;
	MatrixCell *end = counting->cells;

	if (direction_count > 1)
	{
		memcpy(counting->merged, counts, (size_t) counting->matrix_size * sizeof(*counts));
		for (int d = 1; d < direction_count; d++)
		{
			counts += counting->matrix_size;
			for (int64_t n = 0; n < counting->matrix_size; n++)
				counting->merged[n] += counts[n];
		}
		matrix = counting->merged;
	}
	for (int i = 0; i < counting->levels->level_count; i++)
	{
		const uint32_t *row = matrix + (int64_t) i * columns;

		if (counting->family->symmetric)
			for (int j = 0; j < columns; j++)
				counting->row[j] = row[j] + matrix[(int64_t) j * columns + i];
		else
			memcpy(counting->row, row, (size_t) columns * sizeof(*row));
		end = append_row(end, i + 1, counting->row, columns);
	}
	return deliver(context, counting, aggregation, slice, direction, voxel_count,
				   counting->cells, end - counting->cells);
}

/* Deliver the two aggregations (averaged, merged) of dense counts. */
static bool
deliver_dense_pair(RadContext *context, const Counting *counting, Aggregation average,
				   int slice, int64_t voxel_count,
				   const uint32_t *counts, int direction_count)
{
	Aggregation merged = (Aggregation) (average + 1);

	if (wants(counting->input, average))
		for (int d = 0; d < direction_count; d++)
		{
			if (!rad_continue(context) ||
				!deliver_dense(context, counting, average, slice, d, voxel_count,
							   counts + d * counting->matrix_size, 1))
				return false;
		}
	return !wants(counting->input, merged) ||
		deliver_dense(context, counting, merged, slice, -1,
					  voxel_count * direction_count, counts, direction_count);
}

static bool
count_dense(RadContext *context, const Counting *counting, int first_slice, int last_slice,
			DirectionSet directions, uint32_t *counts)
{
	return counting->family->count(context, counting->input->device, counting->levels,
								   counting->input->settings, first_slice, last_slice,
								   directions, counts);
}

/* 2D aggregations slice by slice; total, when given, gets the sum of all. */
static bool
dense_slices(RadContext *context, const Counting *counting, uint32_t *total)
{
	const GreyLevels *levels = counting->levels;
	const int64_t size = RAD_PLANAR_DIRECTION_COUNT * counting->matrix_size;
	uint32_t   *counts = rad_new(context, uint32_t, size);

	if (counts == NULL)
		return false;
	for (int z = 0; z < levels->size[2]; z++)
	{
		if (levels->slice_voxel_count[z] == 0)
			continue;
		memset(counts, 0, (size_t) size * sizeof(*counts));
		if (!count_dense(context, counting, z, z + 1, PLANAR_DIRECTIONS, counts) ||
			!deliver_dense_pair(context, counting, AGGREGATION_2D_AVG, z,
								levels->slice_voxel_count[z], counts,
								RAD_PLANAR_DIRECTION_COUNT))
			return false;
		if (total != NULL)
			for (int64_t n = 0; n < size; n++)
				total[n] += counts[n];
	}
	rad_release(context, counts);
	return true;
}

/* All chosen aggregations from dense counters. */
static bool
dense_matrices(RadContext *context, const Counting *counting)
{
	const TextureInput *input = counting->input;
	const int	slices = counting->levels->size[2];
	const int64_t planar_size = RAD_PLANAR_DIRECTION_COUNT * counting->matrix_size;
	bool		by_slice = wants(input, AGGREGATION_2D_AVG) || wants(input, AGGREGATION_2D_MRG);
	bool		planar = wants(input, AGGREGATION_2_5D_AVG) ||
		wants(input, AGGREGATION_2_5D_MRG);
	bool		volume = wants(input, AGGREGATION_3D_AVG) || wants(input, AGGREGATION_3D_MRG);
	uint32_t   *counts = NULL;

	if (planar || volume)
	{
		counts = rad_new_zeroed(context, uint32_t, counting->matrix_size *
								(volume ? RAD_DIRECTION_COUNT : RAD_PLANAR_DIRECTION_COUNT));
		if (counts == NULL)
			return false;
	}
	if (by_slice && !dense_slices(context, counting, counts))
		return false;
	if (planar && !by_slice &&
		!count_dense(context, counting, 0, slices, PLANAR_DIRECTIONS, counts))
		return false;
	if (planar &&
		!deliver_dense_pair(context, counting, AGGREGATION_2_5D_AVG, -1,
							counting->levels->voxel_count, counts, RAD_PLANAR_DIRECTION_COUNT))
		return false;
	if (volume && (by_slice || planar) &&
		!count_dense(context, counting, 0, slices, ALL_DIRECTIONS & ~PLANAR_DIRECTIONS,
					 counts + planar_size))
		return false;
	if (volume && !by_slice && !planar &&
		!count_dense(context, counting, 0, slices, ALL_DIRECTIONS, counts))
		return false;
	if (volume &&
		!deliver_dense_pair(context, counting, AGGREGATION_3D_AVG, -1,
							counting->levels->voxel_count, counts, RAD_DIRECTION_COUNT))
		return false;
	rad_release(context, counts);
	return true;
}

/* Most keys that a slice gives in one direction. */
static int64_t
slice_keys(const Counting *counting, int slice)
{
	return counting->family->keys_per_voxel * counting->levels->slice_voxel_count[slice];
}

static uint64_t
cell_key(const Counting *counting, const MatrixCell *cell)
{
	return (uint64_t) cell->i << counting->column_bits | (uint64_t) cell->j;
}

/* Radix sort, by the digits in which keys differ at all. */
static bool
sort_keys(RadContext *context, KeyBuffer *buffer)
{
	uint64_t	varying = 0;
	int64_t		start[RADIX];

	for (int64_t n = 1; n < buffer->count; n++)
		varying |= buffer->keys[n] ^ buffer->keys[0];
	for (int shift = 0; shift < 64; shift += RADIX_BITS)
	{
		const uint64_t *keys = buffer->keys;
		int64_t		sum = 0;

		if ((varying >> shift & (RADIX - 1)) == 0)
			continue;
		if (!rad_continue(context))
			return false;
		memset(start, 0, sizeof(start));
		for (int64_t n = 0; n < buffer->count; n++)
			start[keys[n] >> shift & (RADIX - 1)]++;
		for (int digit = 0; digit < RADIX; digit++)
		{
			int64_t		of_digit = start[digit];

			start[digit] = sum;
			sum += of_digit;
		}
		for (int64_t n = 0; n < buffer->count; n++)
			buffer->spare[start[keys[n] >> shift & (RADIX - 1)]++] = keys[n];
		buffer->keys = buffer->spare;
		buffer->spare = (uint64_t *) keys;
	}
	return true;
}

/* Merge the collected keys into the cells and empty the buffer. */
static bool
flush_keys(RadContext *context, const Counting *counting, KeyBuffer *buffer,
		   MatrixCell **cells, int64_t *cell_count)
{
	const MatrixCell *old = *cells;
	const MatrixCell *old_end = old + *cell_count;
	const uint64_t column_mask = ((uint64_t) 1 << counting->column_bits) - 1;
	int64_t		distinct = 0;
	int64_t		n = 0;
	MatrixCell *merged;
	MatrixCell *cell;

	if (!sort_keys(context, buffer))
		return false;
	for (int64_t k = 0; k < buffer->count; k++)
		if (k == 0 || buffer->keys[k] != buffer->keys[k - 1])
			distinct++;
	merged = cell = rad_new(context, MatrixCell, *cell_count + distinct);
	if (merged == NULL)
		return false;
	while (old < old_end || n < buffer->count)
	{
		uint64_t	old_key = old < old_end ? cell_key(counting, old) : UINT64_MAX;
		uint64_t	key = n < buffer->count ? buffer->keys[n] : UINT64_MAX;

		if ((cell - merged) % POLL_CELLS == 0 && !rad_continue(context))
			return false;
		if (old_key <= key)
			*cell = *old++;
		else
			*cell = (MatrixCell) {(int32_t) (key >> counting->column_bits),
			(int32_t) (key & column_mask), 0};
		for (key = cell_key(counting, cell); n < buffer->count && buffer->keys[n] == key; n++)
			cell->count++;
		cell++;
	}
	rad_release(context, *cells);
	*cells = merged;
	*cell_count = cell - merged;
	buffer->count = 0;
	return true;
}

/* Cells (of squeezed levels) of a range of slices, directions merged. */
static bool
list_cells(RadContext *context, const Counting *counting, KeyBuffer *buffer,
		   int first_slice, int last_slice, DirectionSet directions,
		   MatrixCell **cells, int64_t *cell_count)
{
	const GreyLevels *levels = counting->levels;
	const int	distance = counting->family->distance(counting->input->settings);

	*cells = NULL;
	*cell_count = 0;
	for (int d = 0; d < RAD_DIRECTION_COUNT; d++)
	{
		const int  *direction = rad_directions[d];
		int64_t		offset = distance * (direction[0] + direction[1] * levels->row_stride +
										 direction[2] * levels->slice_stride);

		if ((directions & (1u << d)) == 0)
			continue;
		for (int z = first_slice; z < last_slice; z++)
		{
			if (!rad_continue(context))
				return false;
			if (buffer->count + slice_keys(counting, z) > buffer->room &&
				!flush_keys(context, counting, buffer, cells, cell_count))
				return false;
			buffer->count += counting->family->list(levels, z, offset, counting->column_bits,
													buffer->keys + buffer->count);
		}
	}
	return flush_keys(context, counting, buffer, cells, cell_count);
}

/* Deliver one matrix counted as a sorted list. */
static bool
deliver_list(RadContext *context, const Counting *counting, KeyBuffer *buffer,
			 Aggregation aggregation, int slice, int direction, DirectionSet directions,
			 int64_t voxel_count)
{
	MatrixCell *cells;
	int64_t		cell_count;
	bool		done;

	if (!list_cells(context, counting, buffer, slice < 0 ? 0 : slice,
					slice < 0 ? counting->levels->size[2] : slice + 1, directions,
					&cells, &cell_count))
		return false;
	done = deliver(context, counting, aggregation, slice, direction, voxel_count,
				   cells, cell_count);
	rad_release(context, cells);
	return done;
}

/* Deliver the two aggregations of a slice (or of all, -1) from lists. */
static bool
deliver_list_pair(RadContext *context, const Counting *counting, KeyBuffer *buffer,
				  Aggregation average, int slice, DirectionSet directions,
				  int64_t voxel_count)
{
	Aggregation merged = (Aggregation) (average + 1);

	if (wants(counting->input, average))
		for (int d = 0; d < RAD_DIRECTION_COUNT; d++)
		{
			if ((directions & (1u << d)) != 0 &&
				!deliver_list(context, counting, buffer, average, slice, d, 1u << d,
							  voxel_count))
				return false;
		}
	return !wants(counting->input, merged) ||
		deliver_list(context, counting, buffer, merged, slice, -1, directions,
					 voxel_count * __builtin_popcount(directions));
}

/* All chosen aggregations from lists, each matrix on its own. */
static bool
list_matrices(RadContext *context, const Counting *counting)
{
	const GreyLevels *levels = counting->levels;
	KeyBuffer	buffer = {.room = BUFFERED_KEYS};
	int64_t		most = 0;
	int64_t		all = counting->family->keys_per_voxel * levels->voxel_count;

	for (int z = 0; z < levels->size[2]; z++)
		if (slice_keys(counting, z) > most)
			most = slice_keys(counting, z);
	if (all * RAD_DIRECTION_COUNT < buffer.room)
		buffer.room = all * RAD_DIRECTION_COUNT;
	if (most > buffer.room)
		buffer.room = most;
	buffer.keys = rad_new(context, uint64_t, buffer.room);
	buffer.spare = rad_new(context, uint64_t, buffer.room);
	if (buffer.keys == NULL || buffer.spare == NULL)
		return false;
	for (int z = 0; z < levels->size[2]; z++)
		if (levels->slice_voxel_count[z] > 0 &&
			!deliver_list_pair(context, counting, &buffer, AGGREGATION_2D_AVG, z,
							   PLANAR_DIRECTIONS, levels->slice_voxel_count[z]))
			return false;
	if (!deliver_list_pair(context, counting, &buffer, AGGREGATION_2_5D_AVG, -1,
						   PLANAR_DIRECTIONS, levels->voxel_count) ||
		!deliver_list_pair(context, counting, &buffer, AGGREGATION_3D_AVG, -1,
						   ALL_DIRECTIONS, levels->voxel_count))
		return false;
	rad_release(context, buffer.keys);
	rad_release(context, buffer.spare);
	return true;
}

/* Are dense counters small enough, and not nearly all 0? */
static bool
is_dense(const GreyLevels *levels, int columns, int keys_per_voxel)
{
	int64_t		matrix_size = (int64_t) levels->level_count * columns;

	return matrix_size * RAD_DIRECTION_COUNT * (int64_t) sizeof(uint32_t) <= DENSE_BYTES &&
		matrix_size <= COUNTERS_PER_KEY * keys_per_voxel * levels->voxel_count;
}

bool
rad_counts_densely(const GreyLevels *levels, int columns, int keys_per_voxel)
{
	if (levels->bytes_per_level == 2)
		for (int level = 1; level <= levels->level_count; level++)
			if (levels->histogram[level] == 0)
				return false;
	return levels->voxel_count <= MOST_VOXELS && is_dense(levels, columns, keys_per_voxel);
}

bool
rad_directional_matrices(RadContext *context, const TextureInput *input,
						 const DirectionalFamily *family, MatrixSink sink, void *argument)
{
	Counting	counting = {.input = input, .family = family, .levels = input->levels,
	.sink = sink, .argument = argument};
	SqueezedLevels squeezed = {0};
	bool		done;

	if (input->levels->voxel_count > MOST_VOXELS)
	{
		rad_fail(context, RAD_LIMIT_EXCEEDED,
				 "region has %lld voxels, more than texture matrices can count (%u)",
				 (long long) input->levels->voxel_count, MOST_VOXELS);
		return rad_hint(context, "Resample the image to a larger spacing.");
	}
	if (input->levels->bytes_per_level == 2)
	{
		if (!squeeze_levels(context, input->levels, &squeezed))
			return false;
		if (squeezed.buffer != NULL)
		{
			counting.levels = &squeezed.levels;
			counting.level_of = squeezed.level_of;
		}
	}
	counting.columns = family->column_count(counting.levels);
	counting.matrix_size = (int64_t) counting.levels->level_count * counting.columns;
	while (counting.columns >> counting.column_bits != 0)
		counting.column_bits++;
	if (is_dense(counting.levels, counting.columns, family->keys_per_voxel))
	{
		counting.merged = rad_new(context, uint32_t, counting.matrix_size);
		counting.row = rad_new_zeroed(context, uint32_t, counting.columns + CELL_STRIP);
		counting.cells = rad_new(context, MatrixCell, counting.matrix_size + 1);
		done = counting.merged != NULL && counting.row != NULL && counting.cells != NULL &&
			dense_matrices(context, &counting);
		rad_release(context, counting.merged);
		rad_release(context, counting.row);
		rad_release(context, counting.cells);
	}
	else
		done = list_matrices(context, &counting);
	release_squeezed(context, &squeezed);
	return done;
}
