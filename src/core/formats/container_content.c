/*
 * What a stored volume's header says about its voxels: range, labels, hash.
 */
#include "formats/container_layout.h"

#include <math.h>
#include <string.h>

/*
 * Labels are looked for until there are too many of them, or until the runs
 * are so short that this is no mask: looking costs little in a mask and much
 * in an image.
 */
#define SHORT_RUN 2				/* voxels, on average */
#define ENOUGH_VOXELS 65536		/* to judge by */

/* Rows summed up between two looks for a cancel, in bytes. */
#define BYTES_PER_POLL ((int64_t) 8 << 20)

/* Independent minima, so that vector units can work on them. */
#define LANES 32

#define DEFINE_RANGE(ctype) \
static void \
range_##ctype(const ctype *voxels, size_t count, double *minimum, double *maximum) \
{ \
	ctype		lowest[LANES]; \
	ctype		highest[LANES]; \
	size_t		n = 0; \
\
	/* Starting from one of the voxels; NaN is replaced by what follows. */ \
	while (n < count && voxels[n] != voxels[n]) \
		n++; \
	if (n == count) \
		return; \
	for (int lane = 0; lane < LANES; lane++) \
		lowest[lane] = highest[lane] = voxels[n]; \
	for (; n + LANES <= count; n += LANES) \
	{ \
		for (int lane = 0; lane < LANES; lane++) \
		{ \
			ctype		voxel = voxels[n + (size_t) lane]; \
\
			lowest[lane] = voxel < lowest[lane] ? voxel : lowest[lane]; \
			highest[lane] = voxel > highest[lane] ? voxel : highest[lane]; \
		} \
	} \
	for (; n < count; n++) \
	{ \
		lowest[0] = voxels[n] < lowest[0] ? voxels[n] : lowest[0]; \
		highest[0] = voxels[n] > highest[0] ? voxels[n] : highest[0]; \
	} \
	for (int lane = 0; lane < LANES; lane++) \
	{ \
		/* Not >=: the first comparison replaces NaN. */ \
		if (!(*minimum <= (double) lowest[lane])) \
			*minimum = (double) lowest[lane]; \
		if (!(*maximum >= (double) highest[lane])) \
			*maximum = (double) highest[lane]; \
	} \
}

DEFINE_RANGE(int8_t)
DEFINE_RANGE(uint8_t)
DEFINE_RANGE(int16_t)
DEFINE_RANGE(uint16_t)
DEFINE_RANGE(int32_t)
DEFINE_RANGE(uint32_t)
DEFINE_RANGE(float)
DEFINE_RANGE(double)

static void
add_range(ContentSummary *summary, const void *voxels, size_t count)
{
	double	   *minimum = &summary->minimum;
	double	   *maximum = &summary->maximum;

	switch (summary->type)
	{
		case VOXEL_INT8:
			range_int8_t(voxels, count, minimum, maximum);
			break;
		case VOXEL_UINT8:
			range_uint8_t(voxels, count, minimum, maximum);
			break;
		case VOXEL_INT16:
			range_int16_t(voxels, count, minimum, maximum);
			break;
		case VOXEL_UINT16:
			range_uint16_t(voxels, count, minimum, maximum);
			break;
		case VOXEL_INT32:
			range_int32_t(voxels, count, minimum, maximum);
			break;
		case VOXEL_UINT32:
			range_uint32_t(voxels, count, minimum, maximum);
			break;
		case VOXEL_FLOAT32:
			range_float(voxels, count, minimum, maximum);
			break;
		case VOXEL_FLOAT64:
			range_double(voxels, count, minimum, maximum);
			break;
	}
}

/* RunCallback */
static bool
add_run(RadContext *context, void *argument, const LabelRun *run)
{
	ContentSummary *summary = argument;

	summary->run_count++;
	summary->voxel_count += run->x_end - run->x_begin;
	if (!rad_label_table_add(context, &summary->table, run))
		return false;
	if (summary->table.count > RAD_CONTAINER_MAX_LABELS ||
		(!summary->insist && summary->voxel_count >= ENOUGH_VOXELS &&
		 summary->voxel_count < SHORT_RUN * summary->run_count))
		return rad_fail(context, RAD_DATA_EXCEPTION, "not a mask");
	return true;
}

void
rad_content_start(ContentSummary *summary, const ContainerHeader *header)
{
	uint8_t		type = (uint8_t) header->type;
	uint8_t		dimension = (uint8_t) header->grid.dimension;

	*summary = (ContentSummary) {
		.type = header->type,
		.minimum = NAN,
		.maximum = NAN,
		.labelled = true,
		.table.name = "volume",
		.scan = {
			.name = "volume",
			.type = header->type,
			.width = header->grid.size[0],
			.height = header->grid.size[1],
			.callback = add_run,
		},
	};
	rad_blake2b_start(&summary->hash);
	rad_blake2b_add(&summary->hash, &type, 1);
	rad_blake2b_add(&summary->hash, &dimension, 1);
	for (int axis = 0; axis < 3; axis++)
	{
		int32_t		size = header->grid.size[axis];

		rad_blake2b_add(&summary->hash, &size, sizeof(size));
	}
	rad_blake2b_add(&summary->hash, header->grid.spacing, sizeof(header->grid.spacing));
	rad_blake2b_add(&summary->hash, header->grid.origin, sizeof(header->grid.origin));
	rad_blake2b_add(&summary->hash, header->grid.direction, sizeof(header->grid.direction));
}

bool
rad_content_add(RadContext *context, ContentSummary *summary, int64_t row_count,
				const void *voxels)
{
	size_t		row_bytes = (size_t) summary->scan.width * rad_voxel_size(summary->type);
	const uint8_t *next = voxels;

	while (row_count > 0)
	{
		int64_t		rows = BYTES_PER_POLL / (int64_t) row_bytes + 1;

		if (rows > row_count)
			rows = row_count;
		if (!rad_continue(context))
			return false;
		add_range(summary, next, (size_t) rows * (size_t) summary->scan.width);
		rad_blake2b_add(&summary->hash, next, (size_t) rows * row_bytes);
		summary->scan.argument = summary;
		if (summary->labelled &&
			!rad_scan_runs(context, &summary->scan, summary->row_count, rows, next))
		{
			/* No mask: that is no failure of storing. */
			if (context->code != RAD_DATA_EXCEPTION)
				return false;
			rad_clear_error(context);
			summary->labelled = false;
		}
		summary->row_count += rows;
		next += (size_t) rows * row_bytes;
		row_count -= rows;
	}
	return true;
}

bool
rad_content_finish(RadContext *context, ContentSummary *summary, ContainerHeader *header)
{
	if (!rad_label_table_finish(context, &summary->table))
		return false;
	/* Adding 0 turns -0 into 0: which of the two comes first is chance. */
	header->minimum = summary->minimum + 0.0;
	header->maximum = summary->maximum + 0.0;
	header->label_count = summary->labelled ? summary->table.count : RAD_CONTAINER_NO_LABELS;
	rad_blake2b_finish(&summary->hash, header->hash);
	return true;
}
