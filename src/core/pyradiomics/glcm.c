/*
 * PyRadiomics' class glcm: a matrix per direction, features per matrix and
 * their mean over directions; or, with weightingNorm, one weighted matrix.
 *
 * Counting is dense while counters are few, or not many more than pairs;
 * otherwise pairs are sorted.
 */
#include "pyradiomics/glcm.h"

#include <math.h>
#include <string.h>

#include "pyradiomics/classes.h"
#include "pyradiomics/counting_plan.h"
#include "pyradiomics/offsets.h"

/* A dense matrix of so many cells is always worth it; or so many per voxel. */
#define SMALL_MATRIX 4096
#define CELLS_PER_VOXEL 8

/* Counters of directions that are counted together, 64 MB. */
#define MOST_COUNTERS ((int64_t) 16 << 20)

/* Counters of a row that are skipped together when they are 0. */
#define CELL_STRIP 8

/* Sorting keys by digits of this many bits. */
#define RADIX_BITS 11
#define RADIX (1 << RADIX_BITS)

/* What one call needs. */
typedef struct Counting
{
	RadContext *context;
	const PyradiomicsTexture *texture;
	const GreyLevels *levels;
	PyradiomicsOffsets offsets;
	GlcmWork   *work;
	PyradiomicsCell *cells;		/* of one matrix */
	uint32_t   *row;			/* of a dense one, padded to CELL_STRIP */
	uint64_t   *keys;			/* when not dense: pairs, and the sort's other side */
	uint64_t   *spare;

	/* Sums over directions. */
	double		sum[PYRADIOMICS_GLCM_FEATURES];
	int			defined[PYRADIOMICS_GLCM_FEATURES];
	int			matrices;		/* that are not empty */

	/* weightingNorm: cells of all directions so far. */
	PyradiomicsCell *merged;
	int64_t		merged_count;
	int64_t		merged_room;
} Counting;

static inline int
level_at(const GreyLevels *levels, int64_t at)
{
	return levels->bytes_per_level == 1 ? ((const uint8_t *) levels->levels)[at] :
		((const uint16_t *) levels->levels)[at];
}

/* Voxels along an axis that have a neighbour `step` further on in the box. */
static void
axis_range(int size, int step, int *first, int *end)
{
	*first = step < 0 ? -step : 0;
	*end = step > 0 ? size - step : size;
}

/* Call COUNT for each pair of voxels in the box at the offset. */
#define FOR_PAIRS(levels, step, COUNT) \
	do { \
		int			range[3][2]; \
		int64_t		to = (step)[0] + (step)[1] * (levels)->row_stride + \
			(step)[2] * (levels)->slice_stride; \
		for (int axis = 0; axis < 3; axis++) \
			axis_range((levels)->size[axis], (step)[axis], &range[axis][0], &range[axis][1]); \
		for (int z = range[2][0]; z < range[2][1]; z++) \
		{ \
			if (!rad_continue(context)) \
				return false; \
			for (int y = range[1][0]; y < range[1][1]; y++) \
			{ \
				int64_t		line = y * (levels)->row_stride + z * (levels)->slice_stride; \
				for (int64_t at = line + range[0][0]; at < line + range[0][1]; at++) \
				{ \
					int			i = level_at(levels, at); \
					int			j = level_at(levels, at + to); \
					COUNT; \
				} \
			} \
		} \
	} while (0)

/* Dense counts of one offset of any length, added to. */
static bool
count_offset(RadContext *context, const GreyLevels *levels, const int step[3],
			 uint32_t *counts)
{
	const int64_t columns = levels->level_count;

	FOR_PAIRS(levels, step, if (i != 0 && j != 0) counts[(i - 1) * columns + j - 1]++);
	return true;
}

/* The pairs of one offset as keys i << 16 | j, both orders when symmetric. */
static bool
list_offset(RadContext *context, const GreyLevels *levels, const int step[3], bool symmetric,
			uint64_t *keys, int64_t *key_count)
{
	int64_t		count = 0;

	FOR_PAIRS(levels, step,
			  if (i != 0 && j != 0)
			  {
				  keys[count++] = (uint64_t) i << 16 | (uint64_t) j;
				  if (symmetric)
					  keys[count++] = (uint64_t) j << 16 | (uint64_t) i;
			  });
	*key_count = count;
	return true;
}

/* Radix sort of 32-bit keys; the result is in *keys. */
static void
sort_keys(uint64_t **keys, uint64_t **spare, int64_t count)
{
	int64_t		start[RADIX];

	for (int shift = 0; shift < 32; shift += RADIX_BITS)
	{
		uint64_t   *from = *keys;
		int64_t		sum = 0;

		memset(start, 0, sizeof(start));
		for (int64_t n = 0; n < count; n++)
			start[from[n] >> shift & (RADIX - 1)]++;
		for (int digit = 0; digit < RADIX; digit++)
		{
			int64_t		of_digit = start[digit];

			start[digit] = sum;
			sum += of_digit;
		}
		for (int64_t n = 0; n < count; n++)
			(*spare)[start[from[n] >> shift & (RADIX - 1)]++] = from[n];
		*keys = *spare;
		*spare = from;
	}
}

/* The cells of a dense matrix, in order. */
static int64_t
dense_cells(const Counting *counting, const uint32_t *counts)
{
	const int	columns = counting->levels->level_count;
	PyradiomicsCell *cell = counting->cells;

	for (int i = 0; i < columns; i++)
	{
		uint32_t   *row = counting->row;

		memcpy(row, counts + (int64_t) i * columns, (size_t) columns * sizeof(*row));
		if (counting->work->symmetric)
			for (int j = 0; j < columns; j++)
				row[j] += counts[(int64_t) j * columns + i];
		for (int first = 0; first < columns; first += CELL_STRIP)
		{
			uint32_t	any = 0;

			for (int n = 0; n < CELL_STRIP; n++)
				any |= row[first + n];
			if (any == 0)
				continue;
			for (int n = 0; n < CELL_STRIP; n++)
			{
				*cell = (PyradiomicsCell) {i + 1, first + n + 1, row[first + n]};
				cell += row[first + n] != 0;
			}
		}
	}
	return cell - counting->cells;
}

/* Add a direction's cells to the weighted matrix. */
static bool
merge_matrix(Counting *counting, int64_t cell_count, double weight)
{
	if (counting->merged_count + cell_count > counting->merged_room)
	{
		PyradiomicsCell *grown;

		counting->merged_count = rad_pyradiomics_merge_cells(counting->merged,
															 counting->merged_count);
		counting->merged_room = 2 * (counting->merged_count + cell_count);
		grown = rad_new(counting->context, PyradiomicsCell, counting->merged_room);
		if (grown == NULL)
			return false;
		if (counting->merged_count > 0)
			memcpy(grown, counting->merged,
				   (size_t) counting->merged_count * sizeof(PyradiomicsCell));
		rad_release(counting->context, counting->merged);
		counting->merged = grown;
	}
	for (int64_t c = 0; c < cell_count; c++)
	{
		PyradiomicsCell *cell = &counting->merged[counting->merged_count++];

		*cell = counting->cells[c];
		cell->value *= weight;
	}
	return true;
}

/* Take in the matrix of one direction; an empty one is left out. */
static bool
use_matrix(Counting *counting, const int step[3], int64_t cell_count)
{
	PyradiomicsWeighting norm = counting->texture->options->weighting_norm;
	double		features[PYRADIOMICS_GLCM_FEATURES];

	if (cell_count == 0)
		return true;
	counting->matrices++;
	if (norm != PYRADIOMICS_WEIGHTING_NULL)
	{
		double		length = rad_pyradiomics_length(step, counting->texture->grid.spacing, norm);

		return merge_matrix(counting, cell_count,
							norm == PYRADIOMICS_WEIGHTING_NONE ? 1.0 : exp(-(length * length)));
	}
	if (!rad_continue(counting->context) ||
		!rad_pyradiomics_glcm_matrix(counting->context, counting->work, counting->cells,
									 cell_count, features))
		return false;
	for (int n = 0; n < PYRADIOMICS_GLCM_FEATURES; n++)
		if (!isnan(features[n]))
		{
			counting->sum[n] += features[n];
			counting->defined[n]++;
		}
	return true;
}

/* Count the 13 directions at once, as many of them as fit. */
static bool
count_directions(Counting *counting)
{
	const int64_t size = (int64_t) counting->levels->level_count * counting->levels->level_count;
	DirectionSet left = rad_pyradiomics_directions(&counting->offsets);
	int			most = (int) (MOST_COUNTERS / size > 0 ? MOST_COUNTERS / size : 1);
	uint32_t   *counts = NULL;

	while (left != 0)
	{
		DirectionSet now = 0;
		const uint32_t *matrix;

		for (int n = 0; n < most && left != 0; n++)
		{
			now |= left & -left;
			left &= left - 1;
		}
		rad_release(counting->context, counts);
		counts = rad_new_zeroed(counting->context, uint32_t,
								size * __builtin_popcount(now));
		if (counts == NULL ||
			!counting->texture->device->count_cooccurrences(counting->context, counting->levels,
															0, counting->levels->size[2], 1,
															now, counts))
			return false;
		matrix = counts;
		for (; now != 0; now &= now - 1, matrix += size)
			if (!use_matrix(counting, rad_directions[__builtin_ctz(now)],
							dense_cells(counting, matrix)))
				return false;
	}
	rad_release(counting->context, counts);
	return true;
}

/* Offsets of any length, one after the other. */
static bool
count_offsets(Counting *counting, bool dense)
{
	const GreyLevels *levels = counting->levels;
	const int64_t size = (int64_t) levels->level_count * levels->level_count;
	uint32_t   *counts = NULL;

	if (dense)
	{
		counts = rad_new(counting->context, uint32_t, size);
		if (counts == NULL)
			return false;
	}
	for (int n = 0; n < counting->offsets.count; n++)
	{
		const int  *step = counting->offsets.offset[n].step;
		int64_t		cell_count = 0;

		if (dense)
		{
			memset(counts, 0, (size_t) size * sizeof(*counts));
			if (!count_offset(counting->context, levels, step, counts))
				return false;
			cell_count = dense_cells(counting, counts);
		}
		else
		{
			int64_t		key_count;

			if (!list_offset(counting->context, levels, step, counting->work->symmetric,
							 counting->keys, &key_count))
				return false;
			sort_keys(&counting->keys, &counting->spare, key_count);
			for (int64_t k = 0; k < key_count; k++)
			{
				PyradiomicsCell *cell = &counting->cells[cell_count];

				if (k > 0 && counting->keys[k] == counting->keys[k - 1])
					cell[-1].value += 1.0;
				else
				{
					*cell = (PyradiomicsCell) {(int32_t) (counting->keys[k] >> 16),
					(int32_t) (counting->keys[k] & 0xFFFF), 1.0};
					cell_count++;
				}
			}
		}
		if (!use_matrix(counting, step, cell_count))
			return false;
	}
	rad_release(counting->context, counts);
	return true;
}

static bool
make_buffers(Counting *counting, bool dense)
{
	const GreyLevels *levels = counting->levels;
	int64_t		room = dense ? (int64_t) levels->level_count * levels->level_count + 1 :
		2 * levels->voxel_count;

	counting->cells = rad_new(counting->context, PyradiomicsCell, room);
	counting->row = rad_new_zeroed(counting->context, uint32_t,
								   levels->level_count + CELL_STRIP);
	if (!dense)
	{
		counting->keys = rad_new(counting->context, uint64_t, room);
		counting->spare = rad_new(counting->context, uint64_t, room);
		if (counting->keys == NULL || counting->spare == NULL)
			return false;
	}
	return counting->cells != NULL && counting->row != NULL;
}

static void
release_buffers(Counting *counting)
{
	rad_release(counting->context, counting->cells);
	rad_release(counting->context, counting->row);
	rad_release(counting->context, counting->keys);
	rad_release(counting->context, counting->spare);
	rad_release(counting->context, counting->merged);
	rad_release(counting->context, counting->offsets.offset);
	rad_pyradiomics_glcm_work_release(counting->context, counting->work);
}

/* The features: of the weighted matrix, or means over directions. */
static bool
finish(Counting *counting, double *features)
{
	if (counting->texture->options->weighting_norm != PYRADIOMICS_WEIGHTING_NULL)
	{
		counting->merged_count = rad_pyradiomics_merge_cells(counting->merged,
															 counting->merged_count);
		return rad_pyradiomics_glcm_matrix(counting->context, counting->work,
										   counting->merged, counting->merged_count, features);
	}
	for (int n = 0; n < PYRADIOMICS_GLCM_FEATURES; n++)
		features[n] = counting->defined[n] > 0 ? counting->sum[n] / counting->defined[n] : NAN;
	/* Without a matrix; a region of one level has MCC 1 all the same. */
	return counting->matrices > 0 ||
		rad_pyradiomics_glcm_matrix(counting->context, counting->work, NULL, 0, features);
}

/* Are counters few enough to be kept for every pair of levels? */
static bool
is_dense(const GreyLevels *levels)
{
	const int64_t size = (int64_t) levels->level_count * levels->level_count;

	return size <= SMALL_MATRIX ||
		(size <= CELLS_PER_VOXEL * levels->voxel_count && size <= MOST_COUNTERS);
}

bool
rad_pyradiomics_counts_directions(const PyradiomicsTexture *texture)
{
	const GreyLevels *levels = texture->grid.levels;
	const int64_t size = (int64_t) levels->level_count * levels->level_count;

	return rad_pyradiomics_full_radius(&texture->options->distances) == 1 &&
		is_dense(levels) && size * RAD_DIRECTION_COUNT <= MOST_COUNTERS;
}

bool
rad_pyradiomics_glcm(RadContext *context, const PyradiomicsTexture *texture, bool mcc,
					 double values[PYRADIOMICS_FEATURE_COUNT])
{
	const PyradiomicsGrid *grid = &texture->grid;
	const PyradiomicsOptions *options = texture->options;
	bool		dense = is_dense(grid->levels);
	bool		unit = rad_pyradiomics_full_radius(&options->distances) == 1;
	Counting	counting = {.context = context, .texture = texture, .levels = grid->levels};
	bool		counted;

	if (!rad_pyradiomics_offsets(context, grid->levels->size, grid->axis, grid->planar,
								 &options->distances, &counting.offsets) ||
		!rad_pyradiomics_glcm_work(context, grid->levels->level_count,
								   grid->of->present_count, options->symmetrical_glcm, mcc,
								   &counting.work) ||
		!make_buffers(&counting, dense))
		return false;
	if (unit && dense)
		counted = count_directions(&counting);
	else
		counted = count_offsets(&counting, dense);
	if (!counted || !finish(&counting, values + PYRADIOMICS_glcm_Autocorrelation))
		return false;
	release_buffers(&counting);
	return true;
}
