/*
 * Masks as runs: scanning, the label table, moving to another grid.
 */
#include "formats/mask_runs.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "formats/codec.h"

/* Bytes that the runs of one mask may take. */
#define MAX_RUN_BYTES ((int64_t) 256 * 1024 * 1024)
#define MAX_RUNS (MAX_RUN_BYTES / (int64_t) sizeof(LabelRun))

/* A continuous index this close below a half counts as the half (see align). */
#define HALF_TOLERANCE 1e-6

/* How many of a mask's labels an error message lists. */
#define LABELS_LISTED 20

/* Runs and labels as they are found. */
typedef struct MaskBuilder
{
	LabelRun   *runs;
	int64_t		run_count;
	int64_t		run_capacity;
	LabelTable	table;
} MaskBuilder;

static bool
grow_runs(RadContext *context, MaskBuilder *builder)
{
	int64_t		capacity = builder->run_capacity > 0 ? 2 * builder->run_capacity : 1024;
	LabelRun   *runs;

	if (builder->run_count >= MAX_RUNS)
	{
		rad_fail(context, RAD_LIMIT_EXCEEDED, "%s has more than %lld runs of equal label",
				 builder->table.name, (long long) MAX_RUNS);
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

/* RunCallback */
static bool
add_run(RadContext *context, void *argument, const LabelRun *run)
{
	MaskBuilder *builder = argument;

	if (builder->run_count == builder->run_capacity && !grow_runs(context, builder))
		return false;
	builder->runs[builder->run_count++] = *run;
	return rad_label_table_add(context, &builder->table, run);
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
	if (!rad_label_table_finish(context, &builder->table))
		return false;
	*result = (MaskRuns) {
		.grid = *grid,
		.run_count = builder->run_count,
		.runs = builder->runs,
		.label_count = builder->table.count,
		.labels = builder->table.labels,
	};
	*mask = result;
	return true;
}

/* RowsCallback */
static bool
scan_rows(RadContext *context, void *argument, int64_t first_row, int64_t row_count,
		  const void *voxels)
{
	return rad_scan_runs(context, argument, first_row, row_count, voxels);
}

/* The reader's own table of labels, or NULL. */
static const LabelSummary *
listed_labels(const VolumeReader *reader, int *count)
{
	return reader->codec->labels == NULL ? NULL : reader->codec->labels(reader, count);
}

static RunScan
start_scan(const VolumeReader *reader, const Box *box, RunCallback callback, void *argument)
{
	return (RunScan) {
		.name = reader->name,
		.type = reader->type,
		.x_first = box->lo[0],
		.width = box->hi[0] - box->lo[0],
		.height = reader->grid.size[1],
		.callback = callback,
		.argument = argument,
	};
}

bool
rad_mask_scan(RadContext *context, VolumeReader *reader, MaskRuns **mask)
{
	Box			box = rad_grid_box(&reader->grid);
	MaskBuilder builder = {.table.name = reader->name};
	int			count;
	const LabelSummary *listed = listed_labels(reader, &count);
	RunScan		scan;

	/* Rows of the labels' boxes only: outside of them is background. */
	if (listed != NULL)
		box = (Box) {0};
	for (int n = 0; listed != NULL && n < count; n++)
		box = n == 0 ? listed[n].box : rad_box_union(&box, &listed[n].box);
	scan = start_scan(reader, &box, add_run, &builder);
	return rad_reader_read_rows(context, reader, &box, scan_rows, &scan) &&
		finish(context, &builder, &reader->grid, mask);
}

/* A scan for some of the labels that the reader lists. */
typedef struct PartialScan
{
	MaskBuilder builder;		/* of the wanted labels alone */
	const LabelSummary *listed;
	int			listed_count;
	bool	   *wanted;			/* for each of listed */
	int			last;			/* of listed: the label of the run before, most often the same */
} PartialScan;

/* The place of a label among those in ascending order, or -1. */
static int
find_label(const LabelSummary *labels, int count, int32_t label)
{
	int			lo = 0;
	int			hi = count;

	while (lo < hi)
	{
		int			middle = lo + (hi - lo) / 2;

		if (labels[middle].label < label)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo < count && labels[lo].label == label ? lo : -1;
}

static bool
fail_listed(RadContext *context, const VolumeReader *reader)
{
	rad_fail(context, RAD_DATA_CORRUPTED, "%s is a damaged volume: its table of labels is wrong",
			 reader->name);
	return rad_hint(context, "Restore it from a backup or store it again from the original file.");
}

/* RunCallback: of other labels there may be parts, of the wanted ones all. */
static bool
add_wanted_run(RadContext *context, void *argument, const LabelRun *run)
{
	PartialScan *partial = argument;

	if (partial->last < 0 || partial->listed[partial->last].label != run->label)
		partial->last = find_label(partial->listed, partial->listed_count, run->label);
	/* A label that is not listed is of no interest here. */
	return partial->last < 0 || !partial->wanted[partial->last] ||
		add_run(context, &partial->builder, run);
}

/* The mask of the wanted runs with all labels; what was read has to agree with the list. */
static bool
finish_partial(RadContext *context, PartialScan *partial, const VolumeReader *reader,
			   MaskRuns **mask)
{
	LabelSummary *labels = rad_new(context, LabelSummary, partial->listed_count);
	MaskRuns   *result;
	int			next = 0;

	if (labels == NULL || !finish(context, &partial->builder, &reader->grid, &result))
		return false;
	for (int n = 0; n < partial->listed_count; n++)
	{
		const LabelSummary *listed = &partial->listed[n];
		const LabelSummary *found = &result->labels[next];

		labels[n] = *listed;
		if (!partial->wanted[n])
			continue;
		if (next == result->label_count || found->label != listed->label ||
			found->voxel_count != listed->voxel_count ||
			memcmp(&found->box, &listed->box, sizeof(Box)) != 0)
			return fail_listed(context, reader);
		next++;
	}
	rad_release(context, result->labels);
	result->labels = labels;
	result->label_count = partial->listed_count;
	*mask = result;
	return true;
}

/* Mark the wanted labels that are listed, and collect their boxes. */
static Box *
wanted_boxes(RadContext *context, PartialScan *partial, const int32_t *labels, int label_count,
			 int *count)
{
	Box		   *boxes = rad_new(context, Box, partial->listed_count);

	*count = 0;
	for (int n = 0; boxes != NULL && n < label_count; n++)
	{
		int			place = find_label(partial->listed, partial->listed_count, labels[n]);

		if (place < 0 || partial->wanted[place])
			continue;
		partial->wanted[place] = true;
		boxes[(*count)++] = partial->listed[place].box;
	}
	return boxes;
}

bool
rad_mask_scan_labels(RadContext *context, VolumeReader *reader, const int32_t *labels,
					 int label_count, MaskRuns **mask)
{
	PartialScan partial = {.builder.table.name = reader->name, .last = -1};
	Box			around = {0};
	Box		   *boxes;
	int			count;
	RunScan		scan;

	partial.listed = listed_labels(reader, &partial.listed_count);
	if (labels == NULL || partial.listed == NULL)
		return rad_mask_scan(context, reader, mask);
	partial.wanted = rad_new_zeroed(context, bool, partial.listed_count);
	if (partial.wanted == NULL)
		return false;
	boxes = wanted_boxes(context, &partial, labels, label_count, &count);
	if (boxes == NULL)
		return false;
	for (int n = 0; n < count; n++)
		around = n == 0 ? boxes[n] : rad_box_union(&around, &boxes[n]);
	scan = start_scan(reader, &around, add_wanted_run, &partial);
	if (count > 0 &&
		!reader->codec->read_rows_near(context, reader, &around, boxes, count, scan_rows, &scan))
		return false;
	rad_release(context, boxes);
	if (!finish_partial(context, &partial, reader, mask))
		return false;
	rad_release(context, partial.wanted);
	return true;
}

void
rad_mask_release(RadContext *context, MaskRuns *mask)
{
	rad_release(context, mask->runs);
	rad_release(context, mask->labels);
	rad_release(context, mask);
}

const LabelSummary *
rad_mask_find_label(const MaskRuns *mask, int32_t label)
{
	int			place = find_label(mask->labels, mask->label_count, label);

	return place < 0 ? NULL : &mask->labels[place];
}

const LabelSummary *
rad_mask_need_label(RadContext *context, const MaskRuns *mask, int32_t label)
{
	const LabelSummary *summary = rad_mask_find_label(mask, label);
	char		list[512];
	size_t		used = 0;

	if (summary != NULL)
		return summary;
	if (mask->label_count == 0)
	{
		rad_fail(context, RAD_DATA_EXCEPTION, "mask has no label %d: it is empty", label);
		return NULL;
	}
	list[0] = '\0';
	for (int n = 0; n < mask->label_count && n < LABELS_LISTED; n++)
		used += (size_t) snprintf(list + used, sizeof(list) - used, "%s%d",
								  n > 0 ? ", " : "", mask->labels[n].label);
	rad_fail(context, RAD_DATA_EXCEPTION, "mask has no label %d", label);
	if (mask->label_count == 1)
		rad_detail(context, "The only label of the mask is %s.", list);
	else if (mask->label_count > LABELS_LISTED)
		rad_detail(context, "The labels of the mask are %s and %d more.", list,
				   mask->label_count - LABELS_LISTED);
	else
		rad_detail(context, "The labels of the mask are %s.", list);
	return NULL;
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
	for (int c = 0; c < 3; c++)
	{
		double		axis[3] = {from->direction[0][c], from->direction[1][c], from->direction[2][c]};
		double		components[3];

		rad_grid_components(to, axis, components);
		for (int k = 0; k < 3; k++)
			matrix[k][c] = components[k] * from->spacing[c] / to->spacing[k];
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
	MaskBuilder builder = {.table.name = "mask"};
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

/* Voxels between two looks for a cancel. */
#define VOXELS_PER_POLL ((int64_t) 1 << 24)

bool
rad_mask_voxels(RadContext *context, const MaskRuns *mask, Volume *volume)
{
	const int  *size = mask->grid.size;
	int32_t		lowest = mask->label_count > 0 ? mask->labels[0].label : 0;
	int32_t		highest = mask->label_count > 0 ? mask->labels[mask->label_count - 1].label : 0;
	int64_t		written = 0;

	volume->grid = mask->grid;
	volume->box = rad_grid_box(&mask->grid);
	volume->type = lowest >= 0 && highest <= UINT8_MAX ? VOXEL_UINT8 :
		lowest >= INT16_MIN && highest <= INT16_MAX ? VOXEL_INT16 : VOXEL_INT32;
	volume->voxels = rad_allocate_zeroed(context, (size_t) rad_grid_voxel_count(&mask->grid),
										 rad_voxel_size(volume->type));
	if (volume->voxels == NULL)
		return false;
	for (int64_t n = 0; n < mask->run_count; n++)
	{
		const LabelRun *run = &mask->runs[n];
		int64_t		row = (int64_t) size[0] * (run->y + (int64_t) size[1] * run->z);

		for (int64_t voxel = row + run->x_begin; voxel < row + run->x_end; voxel++)
		{
			if (volume->type == VOXEL_UINT8)
				((uint8_t *) volume->voxels)[voxel] = (uint8_t) run->label;
			else if (volume->type == VOXEL_INT16)
				((int16_t *) volume->voxels)[voxel] = (int16_t) run->label;
			else
				((int32_t *) volume->voxels)[voxel] = run->label;
		}
		written += run->x_end - run->x_begin;
		if (written >= VOXELS_PER_POLL)
		{
			written = 0;
			if (!rad_continue(context))
				return false;
		}
	}
	return true;
}
