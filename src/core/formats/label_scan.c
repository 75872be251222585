/*
 * Runs of equal label and the table of labels; see label_scan.h.
 */
#include "formats/label_scan.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Multiplicative hashing (Knuth, TAOCP 6.4) with the golden ratio. */
static uint32_t
first_slot(const LabelTable *table, int32_t label)
{
	uint32_t	hash = (uint32_t) label * 2654435769u;

	return (hash ^ hash >> 16) & table->slot_mask;
}

/* The slot that holds the label, or the empty one where it belongs. */
static uint32_t
find_slot(const LabelTable *table, int32_t label)
{
	uint32_t	slot = first_slot(table, label);

	while (table->slots[slot] != 0 &&
		   table->labels[table->slots[slot] - 1].label != label)
		slot = (slot + 1) & table->slot_mask;
	return slot;
}

static bool
grow_labels(RadContext *context, LabelTable *table)
{
	int			capacity = table->capacity > 0 ? 2 * table->capacity : 64;
	LabelSummary *labels = rad_new(context, LabelSummary, capacity);
	int32_t    *slots = rad_new_zeroed(context, int32_t, 2 * capacity);

	if (labels == NULL || slots == NULL)
		return false;
	if (table->count > 0)
		memcpy(labels, table->labels, (size_t) table->count * sizeof(*labels));
	rad_release(context, table->labels);
	rad_release(context, table->slots);
	table->labels = labels;
	table->capacity = capacity;
	table->slots = slots;
	table->slot_mask = (uint32_t) (2 * capacity - 1);
	for (int entry = 0; entry < table->count; entry++)
		slots[find_slot(table, labels[entry].label)] = entry + 1;
	return true;
}

/* The table's entry for a label, made when it is new. */
static bool
enter_label(RadContext *context, LabelTable *table, int32_t label)
{
	uint32_t	slot;

	if (table->count == table->capacity && !grow_labels(context, table))
		return false;
	slot = find_slot(table, label);
	if (table->slots[slot] == 0)
	{
		if (table->count == RAD_MAX_LABELS)
		{
			rad_fail(context, RAD_LIMIT_EXCEEDED, "%s has more than %d different labels",
					 table->name, RAD_MAX_LABELS);
			return rad_hint(context, "Check that no image was given as the mask.");
		}
		table->labels[table->count] = (LabelSummary) {
			.label = label,
			.box = {{INT_MAX, INT_MAX, INT_MAX}, {0, 0, 0}},
		};
		table->slots[slot] = ++table->count;
	}
	table->last_entry = table->slots[slot] - 1;
	return true;
}

bool
rad_label_table_add(RadContext *context, LabelTable *table, const LabelRun *run)
{
	LabelSummary *entry;
	Box		   *box;

	if ((table->count == 0 || table->labels[table->last_entry].label != run->label) &&
		!enter_label(context, table, run->label))
		return false;
	entry = &table->labels[table->last_entry];
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

bool
rad_label_table_finish(RadContext *context, LabelTable *table)
{
	/* Not NULL when there is no label. */
	if (table->labels == NULL && !grow_labels(context, table))
		return false;
	rad_release(context, table->slots);
	table->slots = NULL;
	/* Labels are distinct, so that any sort gives the same order. */
	qsort(table->labels, (size_t) table->count, sizeof(LabelSummary), compare_labels);
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

static bool
fail_label(RadContext *context, const RunScan *scan, double value, int x, int y, int z)
{
	rad_fail(context, RAD_DATA_EXCEPTION, "%s voxel (%d, %d, %d) is %.9g, not a label",
			 scan->name, x, y, z, value);
	return rad_hint(context, "Labels are whole numbers from -2147483648 to 2147483647; "
					"round or threshold the mask, and check that no image was given in its place.");
}

/* The label of a voxel; 0 includes -0.0. */
static bool
voxel_label(RadContext *context, const RunScan *scan, const uint8_t *voxel,
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

bool
rad_scan_runs(RadContext *context, RunScan *scan, int64_t first_row, int64_t row_count,
			  const void *voxels)
{
	const uint8_t *bytes = voxels;
	size_t		size = rad_voxel_size(scan->type);
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
		run.x_begin = scan->x_first + scan->width - (int) ((row_end - position) / size);
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
		if (run.label != 0 && !scan->callback(context, scan->argument, &run))
			return false;
	}
}
