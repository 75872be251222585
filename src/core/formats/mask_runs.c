/*
 * Masks as runs: scanning, the label table, moving to another grid.
 */
#include "formats/mask_runs.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "formats/codec.h"

/* Bytes that the runs of one mask may take, and labels that it may have. */
#define MAX_RUN_BYTES ((int64_t) 256 * 1024 * 1024)
#define MAX_RUNS (MAX_RUN_BYTES / (int64_t) sizeof(LabelRun))
#define MAX_LABELS (1024 * 1024)

/* A continuous index this close below a half counts as the half (see align). */
#define HALF_TOLERANCE 1e-6

/*
 * Runs and labels as they are found.  Labels are entries of a table in order
 * of appearance, found through open addressing: slots hold entry + 1.
 */
typedef struct MaskBuilder
{
	const char *name;			/* of the source, for messages */
	LabelRun   *runs;
	int64_t		run_count;
	int64_t		run_capacity;
	LabelSummary *labels;
	int			label_count;
	int			label_capacity;
	int32_t    *slots;
	uint32_t	slot_mask;		/* slots - 1; slots >= 2 * label_capacity */
	int			last_entry;		/* of the run before, most often the same */
} MaskBuilder;

/* Multiplicative hashing (Knuth, TAOCP 6.4) with the golden ratio. */
static uint32_t
first_slot(const MaskBuilder *builder, int32_t label)
{
	uint32_t	hash = (uint32_t) label * 2654435769u;

	return (hash ^ hash >> 16) & builder->slot_mask;
}

/* The slot that holds the label, or the empty one where it belongs. */
static uint32_t
find_slot(const MaskBuilder *builder, int32_t label)
{
	uint32_t	slot = first_slot(builder, label);

	while (builder->slots[slot] != 0 &&
		   builder->labels[builder->slots[slot] - 1].label != label)
		slot = (slot + 1) & builder->slot_mask;
	return slot;
}

static bool
grow_labels(RadContext *context, MaskBuilder *builder)
{
	int			capacity = builder->label_capacity > 0 ? 2 * builder->label_capacity : 64;
	LabelSummary *labels = rad_new(context, LabelSummary, capacity);
	int32_t    *slots = rad_new_zeroed(context, int32_t, 2 * capacity);

	if (labels == NULL || slots == NULL)
		return false;
	if (builder->label_count > 0)
		memcpy(labels, builder->labels, (size_t) builder->label_count * sizeof(*labels));
	rad_release(context, builder->labels);
	rad_release(context, builder->slots);
	builder->labels = labels;
	builder->label_capacity = capacity;
	builder->slots = slots;
	builder->slot_mask = (uint32_t) (2 * capacity - 1);
	for (int entry = 0; entry < builder->label_count; entry++)
		slots[find_slot(builder, labels[entry].label)] = entry + 1;
	return true;
}

static bool
grow_runs(RadContext *context, MaskBuilder *builder)
{
	int64_t		capacity = builder->run_capacity > 0 ? 2 * builder->run_capacity : 1024;
	LabelRun   *runs;

	if (builder->run_count >= MAX_RUNS)
	{
		rad_fail(context, RAD_LIMIT_EXCEEDED, "%s has more than %lld runs of equal label",
				 builder->name, (long long) MAX_RUNS);
		return rad_hint(context, "A mask of organs or lesions has far fewer: check that no "
						"image was given as the mask, or crop it to the regions of interest.");
	}
	if (capacity > MAX_RUNS)
		capacity = MAX_RUNS;
	runs = rad_new(context, LabelRun, capacity);
	if (runs == NULL)
		return false;
	if (builder->run_count > 0)
		memcpy(runs, builder->runs, (size_t) builder->run_count * sizeof(*runs));
	rad_release(context, builder->runs);
	builder->runs = runs;
	builder->run_capacity = capacity;
	return true;
}

/* The table's entry for a label, made when it is new. */
static bool
enter_label(RadContext *context, MaskBuilder *builder, int32_t label)
{
	uint32_t	slot;

	if (builder->label_count == builder->label_capacity && !grow_labels(context, builder))
		return false;
	slot = find_slot(builder, label);
	if (builder->slots[slot] == 0)
	{
		if (builder->label_count == MAX_LABELS)
		{
			rad_fail(context, RAD_LIMIT_EXCEEDED, "%s has more than %d different labels",
					 builder->name, MAX_LABELS);
			return rad_hint(context, "Check that no image was given as the mask.");
		}
		builder->labels[builder->label_count] = (LabelSummary) {
			.label = label,
			.box = {{INT_MAX, INT_MAX, INT_MAX}, {0, 0, 0}},
		};
		builder->slots[slot] = ++builder->label_count;
	}
	builder->last_entry = builder->slots[slot] - 1;
	return true;
}

static bool
add_run(RadContext *context, MaskBuilder *builder, const LabelRun *run)
{
	LabelSummary *entry;
	Box		   *box;

	if (builder->run_count == builder->run_capacity && !grow_runs(context, builder))
		return false;
	builder->runs[builder->run_count++] = *run;
	if ((builder->label_count == 0 ||
		 builder->labels[builder->last_entry].label != run->label) &&
		!enter_label(context, builder, run->label))
		return false;
	entry = &builder->labels[builder->last_entry];
	entry->voxel_count += run->x_end - run->x_begin;
	box = &entry->box;
	if (run->x_begin < box->lo[0])
		box->lo[0] = run->x_begin;
	if (run->x_end > box->hi[0])
		box->hi[0] = run->x_end;
	if (run->y < box->lo[1])
		box->lo[1] = run->y;
	if (run->y + 1 > box->hi[1])
		box->hi[1] = run->y + 1;
	if (run->z < box->lo[2])
		box->lo[2] = run->z;
	if (run->z + 1 > box->hi[2])
		box->hi[2] = run->z + 1;
	return true;
}

static int
compare_labels(const void *a, const void *b)
{
	int32_t		left = ((const LabelSummary *) a)->label;
	int32_t		right = ((const LabelSummary *) b)->label;

	return (left > right) - (left < right);
}

static bool
finish(RadContext *context, MaskBuilder *builder, const Grid *grid, MaskRuns **mask)
{
	MaskRuns   *result = rad_new(context, MaskRuns, 1);

	if (result == NULL)
		return false;
	/* Neither array is NULL in an empty mask. */
	if (builder->runs == NULL && !grow_runs(context, builder))
		return false;
	if (builder->labels == NULL && !grow_labels(context, builder))
		return false;
	rad_release(context, builder->slots);
	/* Labels are distinct, so that any sort gives the same order. */
	qsort(builder->labels, (size_t) builder->label_count, sizeof(LabelSummary),
		  compare_labels);
	*result = (MaskRuns) {
		.grid = *grid,
		.run_count = builder->run_count,
		.runs = builder->runs,
		.label_count = builder->label_count,
		.labels = builder->labels,
	};
	*mask = result;
	return true;
}

/*
 * How many bytes from the start equal the pattern, repeated.  64 bytes per
 * step, as independent words that compilers turn into vectors or run in
 * parallel: faster than memory delivers.
 */
static size_t
equal_stretch(const uint8_t *bytes, size_t length, uint64_t pattern)
{
	size_t		position = 0;

	for (; position + 64 <= length; position += 64)
	{
		uint64_t	words[8];
		uint64_t	different = 0;

		memcpy(words, bytes + position, sizeof(words));
		for (int n = 0; n < 8; n++)
			different |= words[n] ^ pattern;
		if (different != 0)
			break;
	}
	for (; position + 8 <= length; position += 8)
	{
		uint64_t	word;

		memcpy(&word, bytes + position, sizeof(word));
		if (word != pattern)
			break;
	}
	while (position < length &&
		   bytes[position] == ((const uint8_t *) &pattern)[position % 8])
		position++;
	return position;
}

typedef struct MaskScan
{
	MaskBuilder builder;
	VoxelType	type;
	size_t		voxel_size;
	int			width;
	int			height;
	uint64_t	last_pattern;	/* the voxel of the run before, repeated */
	int32_t		last_label;
} MaskScan;

static bool
fail_label(RadContext *context, const MaskScan *scan, double value, int x, int y, int z)
{
	rad_fail(context, RAD_DATA_EXCEPTION, "%s voxel (%d, %d, %d) is %.9g, not a label",
			 scan->builder.name, x, y, z, value);
	return rad_hint(context, "Labels are whole numbers from -2147483648 to 2147483647; "
					"round or threshold the mask, and check that no image was given in its place.");
}

/* The label of a voxel; 0 includes -0.0. */
static bool
voxel_label(RadContext *context, const MaskScan *scan, const uint8_t *voxel,
			int x, int y, int z, int32_t *label)
{
	double		value;

	rad_voxels_to_double(scan->type, voxel, 0, 1, &value);
	if (!(value >= INT32_MIN && value <= INT32_MAX) || value != (int32_t) value)
		return fail_label(context, scan, value, x, y, z);
	*label = (int32_t) value;
	return true;
}

/* Voxel's bytes repeated over a word. */
static uint64_t
repeat_voxel(const uint8_t *voxel, size_t size)
{
	uint64_t	pattern;

	for (size_t n = 0; n < 8; n += size)
		memcpy((uint8_t *) &pattern + n, voxel, size);
	return pattern;
}

static bool
scan_rows(RadContext *context, void *argument, int64_t first_row, int64_t row_count,
		  const void *voxels)
{
	MaskScan   *scan = argument;
	const uint8_t *bytes = voxels;
	size_t		size = scan->voxel_size;
	size_t		row_bytes = (size_t) scan->width * size;
	size_t		length = (size_t) row_count * row_bytes;
	size_t		position = 0;
	size_t		row_end = 0;
	LabelRun	run = {0};

	for (;;)
	{
		size_t		stretch;
		uint64_t	pattern;

		/* Background may reach over many rows; whole voxels of it count. */
		position += equal_stretch(bytes + position, length - position, 0) / size * size;
		if (position == length)
			return true;
		if (position >= row_end)
		{
			int64_t		row = (int64_t) (position / row_bytes);

			row_end = (size_t) (row + 1) * row_bytes;
			run.y = (int) ((first_row + row) % scan->height);
			run.z = (int) ((first_row + row) / scan->height);
		}
		run.x_begin = scan->width - (int) ((row_end - position) / size);
		pattern = repeat_voxel(bytes + position, size);
		if (pattern != scan->last_pattern)
		{
			if (!voxel_label(context, scan, bytes + position, run.x_begin, run.y, run.z,
							 &scan->last_label))
				return false;
			scan->last_pattern = pattern;
		}
		stretch = equal_stretch(bytes + position, row_end - position, pattern) / size;
		run.label = scan->last_label;
		run.x_end = run.x_begin + (int) stretch;
		position += stretch * size;
		if (run.label != 0 && !add_run(context, &scan->builder, &run))
			return false;
	}
}

bool
rad_mask_scan(RadContext *context, VolumeReader *reader, MaskRuns **mask)
{
	Box			box = rad_grid_box(&reader->grid);
	MaskScan	scan = {
		.builder.name = rad_byte_stream_name(reader->stream),
		.type = reader->type,
		.voxel_size = rad_voxel_size(reader->type),
		.width = reader->grid.size[0],
		.height = reader->grid.size[1],
	};

	return rad_reader_read_rows(context, reader, &box, scan_rows, &scan) &&
		finish(context, &scan.builder, &reader->grid, mask);
}

const LabelSummary *
rad_mask_find_label(const MaskRuns *mask, int32_t label)
{
	int			lo = 0;
	int			hi = mask->label_count;

	while (lo < hi)
	{
		int			middle = lo + (hi - lo) / 2;

		if (mask->labels[middle].label < label)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo < mask->label_count && mask->labels[lo].label == label ?
		&mask->labels[lo] : NULL;
}

/*
 * Looking up voxels of a mask in an order that moves slowly: the run or the
 * gap between runs that held the last voxel is tried first.
 */
typedef struct MaskCursor
{
	const MaskRuns *mask;
	int64_t    *slice_runs;		/* first run of slices box.lo[2] .. box.hi[2] */
	Box			box;			/* of all labels */
	int			x_begin;		/* of the run or gap */
	int			x_end;
	int			y;
	int			z;
	int32_t		label;
} MaskCursor;

static bool
open_cursor(RadContext *context, const MaskRuns *mask, MaskCursor *cursor)
{
	int			slices;
	int64_t		run = 0;

	*cursor = (MaskCursor) {.mask = mask, .y = -1, .z = -1};
	cursor->box = mask->labels[0].box;
	for (int n = 1; n < mask->label_count; n++)
		cursor->box = rad_box_union(&cursor->box, &mask->labels[n].box);
	slices = cursor->box.hi[2] - cursor->box.lo[2];
	cursor->slice_runs = rad_new(context, int64_t, slices + 1);
	if (cursor->slice_runs == NULL)
		return false;
	for (int n = 0; n <= slices; n++)
	{
		while (run < mask->run_count && mask->runs[run].z < cursor->box.lo[2] + n)
			run++;
		cursor->slice_runs[n] = run;
	}
	return true;
}

/* The label at a voxel of the labels' box. */
static int32_t
label_at(MaskCursor *cursor, int x, int y, int z)
{
	const LabelRun *runs = cursor->mask->runs;
	int64_t		begin;
	int64_t		end;
	int64_t		lo;
	int64_t		hi;

	if (z == cursor->z && y == cursor->y && x >= cursor->x_begin && x < cursor->x_end)
		return cursor->label;

	/* The first run of the slice that ends behind (x, y). */
	begin = cursor->slice_runs[z - cursor->box.lo[2]];
	end = cursor->slice_runs[z - cursor->box.lo[2] + 1];
	lo = begin;
	hi = end;
	while (lo < hi)
	{
		int64_t		middle = lo + (hi - lo) / 2;

		if (runs[middle].y < y || (runs[middle].y == y && runs[middle].x_end <= x))
			lo = middle + 1;
		else
			hi = middle;
	}
	cursor->y = y;
	cursor->z = z;
	cursor->label = 0;
	cursor->x_begin = lo > begin && runs[lo - 1].y == y ? runs[lo - 1].x_end : 0;
	cursor->x_end = INT_MAX;
	if (lo < end && runs[lo].y == y)
	{
		if (runs[lo].x_begin <= x)
		{
			cursor->label = runs[lo].label;
			cursor->x_begin = runs[lo].x_begin;
			cursor->x_end = runs[lo].x_end;
		}
		else
			cursor->x_end = runs[lo].x_begin;
	}
	return cursor->label;
}

/*
 * Shrink begin <= x < end to the voxels of a row whose mask index
 * start + step * x can round into the box on one axis.  One voxel of slack on
 * both sides makes rounding errors harmless: label_at() decides.
 */
static void
clip_row(double start, double step, int lo, int hi, int *begin, int *end)
{
	double		first = lo - 1.5;
	double		last = hi + 0.5;

	if (step == 0.0)
	{
		if (!(start >= first && start <= last))
			*end = *begin;
		return;
	}
	first = (first - start) / step;
	last = (last - start) / step;
	if (step < 0.0)
	{
		double		swap = first;

		first = last;
		last = swap;
	}
	/* Negated comparisons so that NaN gives an empty row. */
	if (!(last >= *begin) || !(first <= *end))
		*end = *begin;
	else
	{
		if (first - 1.0 > *begin)
			*begin = (int) (first - 1.0);
		if (last + 2.0 < *end)
			*end = (int) (last + 2.0);
	}
}

/* Affine map from the voxels of one grid to continuous voxels of another. */
static void
grid_to_grid(const Grid *from, const Grid *to, double matrix[3][3], double offset[3])
{
	double		index[3] = {0, 0, 0};
	double		world[3];

	rad_grid_to_world(from, index, world);
	rad_grid_to_index(to, world, offset);
	for (int k = 0; k < 3; k++)
	{
		for (int c = 0; c < 3; c++)
		{
			double		sum = 0.0;

			for (int r = 0; r < 3; r++)
				sum += to->direction[r][k] * from->direction[r][c];
			matrix[k][c] = sum * from->spacing[c] / to->spacing[k];
		}
	}
}

/* The voxel of the mask that is nearest on one axis; halves round up. */
static double
nearest_voxel(const double start[3], const double step[3], int axis, int x)
{
	return floor(start[axis] + step[axis] * x + 0.5 + HALF_TOLERANCE);
}

/*
 * The last voxel of the row, not before x, that surely lies in the same run or
 * gap of the mask as voxel x, which the cursor has just looked up.
 *
 * A guess suffices: nearest_voxel() is monotonic in x on every axis, also in
 * floating point, so when the guessed voxel is in the run all between are.
 */
static int
same_run_until(const MaskCursor *cursor, const double start[3], const double step[3],
			   int x, int end)
{
	double		border = step[0] > 0.0 ? cursor->x_end : cursor->x_begin;
	double		guess = (border - 0.5 - start[0]) / step[0] - 1.0;
	double		nearest;
	int			last;

	if (!(guess > x))
		return x;
	last = guess < end ? (int) guess : end - 1;
	nearest = nearest_voxel(start, step, 0, last);
	if (nearest >= cursor->x_begin && nearest < cursor->x_end &&
		nearest_voxel(start, step, 1, last) == cursor->y &&
		nearest_voxel(start, step, 2, last) == cursor->z)
		return last;
	return x;
}

/* One row of the new mask. */
static bool
align_row(RadContext *context, MaskCursor *cursor, const double start[3],
		  const double step[3], int begin, int end, int y, int z, MaskBuilder *builder)
{
	bool		parallel = fabs(step[1]) < 1e-6 && fabs(step[2]) < 1e-6;
	LabelRun	run = {.label = 0, .y = y, .z = z};
	int			next;

	for (int x = begin; x <= end; x = next)
	{
		int32_t		label = 0;

		next = x + 1;
		if (x < end)
		{
			int			voxel[3];
			bool		inside = true;

			for (int k = 0; k < 3; k++)
			{
				double		nearest = nearest_voxel(start, step, k, x);

				inside = inside && nearest >= cursor->box.lo[k] && nearest < cursor->box.hi[k];
				voxel[k] = inside ? (int) nearest : 0;
			}
			if (inside)
			{
				label = label_at(cursor, voxel[0], voxel[1], voxel[2]);
				if (parallel)
					next = same_run_until(cursor, start, step, x, end) + 1;
			}
		}
		if (label == run.label)
			continue;
		run.x_end = x;
		if (run.label != 0 && !add_run(context, builder, &run))
			return false;
		run.label = label;
		run.x_begin = x;
	}
	return true;
}

/*
 * Grids whose voxel sizes are simple multiples put many centres exactly
 * between two voxels of the mask, where the last bit of a coordinate would
 * decide.  HALF_TOLERANCE makes all of them round up.
 */
bool
rad_mask_align(RadContext *context, const MaskRuns *mask, const Grid *grid,
			   MaskRuns **aligned)
{
	MaskBuilder builder = {.name = "mask"};
	MaskCursor	cursor;
	double		step[3];
	double		matrix[3][3];
	double		offset[3];

	if (mask->label_count == 0)
		return finish(context, &builder, grid, aligned);
	if (!open_cursor(context, mask, &cursor))
		return false;
	grid_to_grid(grid, &mask->grid, matrix, offset);
	for (int k = 0; k < 3; k++)
		step[k] = matrix[k][0];
	for (int z = 0; z < grid->size[2]; z++)
	{
		for (int y = 0; y < grid->size[1]; y++)
		{
			double		start[3];
			int			begin = 0;
			int			end = grid->size[0];

			for (int k = 0; k < 3; k++)
			{
				start[k] = offset[k] + matrix[k][1] * y + matrix[k][2] * z;
				clip_row(start[k], step[k], cursor.box.lo[k], cursor.box.hi[k], &begin, &end);
			}
			if (begin < end &&
				!align_row(context, &cursor, start, step, begin, end, y, z, &builder))
				return false;
			if ((y & 15) == 0 && !rad_continue(context))
				return false;
		}
	}
	rad_release(context, cursor.slice_runs);
	return finish(context, &builder, grid, aligned);
}
