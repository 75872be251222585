/*
 * Reading stored volumes: the header, the directory, and the bricks that a box
 * touches.
 */
#include <math.h>
#include <string.h>

#include "formats/container_layout.h"

/*
 * Bricks are fetched together when no more than this lies between them: a
 * positional read of a TOASTed value costs about as much as copying it.
 */
#define MAX_GAP (32 * 1024)

/* Bytes fetched at once, and most bytes of rows delivered at once. */
#define MAX_FETCH ((int64_t) 1 << 20)
#define MAX_ROWS_BYTES ((int64_t) 64 << 20)

typedef struct ContainerReader
{
	const char *name;
	ContainerHeader header;
	LabelSummary *labels;		/* NULL when the header lists none */
	BrickEntry *bricks;
	int64_t    *offsets;		/* of the bricks, from the start of the value */
	int64_t		counts[3];		/* bricks along x, y, z */
	uint8_t    *scratch;		/* two bricks' voxels */
	uint8_t    *voxels;
	BrickCoder	coder;			/* open only while nothing can longjmp */
	SourceCounters *counters;	/* may be NULL */
} ContainerReader;

static bool read_brick(RadContext *context, ContainerReader *container, const Box *box,
					   int64_t index, const uint8_t *bytes, uint8_t *target);

static bool
fail_damaged(RadContext *context, const char *name, const char *what)
{
	rad_fail(context, RAD_DATA_CORRUPTED, "%s is a damaged volume: %s", name, what);
	return rad_hint(context, "Restore it from a backup or store it again from the original file.");
}

/* Bytes of a value, all of them or a failure. */
static bool
fetch(RadContext *context, ByteStream *stream, int64_t offset, int64_t count,
	  const uint8_t **bytes)
{
	size_t		available;

	if (!rad_byte_stream_window(context, stream, offset, (size_t) count, (size_t) count, bytes,
								&available))
		return false;
	if (available < (size_t) count)
		return fail_damaged(context, rad_byte_stream_name(stream), "it ends too early");
	return true;
}

/* Decode the first 256 bytes and check what can be checked without the rest. */
static bool
parse_header(RadContext *context, const char *name, const uint8_t *bytes, int64_t limit,
			 ContainerHeader *header)
{
	int			version;
	const char *problem;
	int64_t		bricks = 1;

	rad_container_get_header(bytes, header, &version);
	if (version != RAD_CONTAINER_VERSION)
	{
		rad_fail(context, RAD_NOT_SUPPORTED, "%s is a volume of layout version %d", name, version);
		return rad_hint(context, "This release reads version %d; use a newer one.",
						RAD_CONTAINER_VERSION);
	}
	problem = rad_container_problem(header);
	if (problem != NULL)
	{
		rad_fail(context, RAD_DATA_CORRUPTED, "%s is a damaged volume: its %s is not allowed",
				 name, problem);
		return false;
	}
	for (int axis = 0; axis < 3; axis++)
		bricks *= rad_container_bricks(header, axis);
	if (header->brick_count != bricks)
		return fail_damaged(context, name, "it has another number of bricks than its size asks for");
	if (header->label_count < RAD_CONTAINER_NO_LABELS ||
		header->label_count > RAD_CONTAINER_MAX_LABELS)
		return fail_damaged(context, name, "its number of labels is not allowed");
	if (header->length > limit ||
		rad_container_directory_offset(header) + bricks * RAD_CONTAINER_ENTRY > header->length)
		return fail_damaged(context, name, "it is shorter than its header says");
	return true;
}

/* Check the labels' bytes against the header, and decode them. */
static bool
parse_labels(RadContext *context, const char *name, const uint8_t *head, const uint8_t *bytes,
			 const ContainerHeader *header, LabelSummary **labels)
{
	int			count = header->label_count > 0 ? header->label_count : 0;
	uint32_t	crc = rad_crc32c(0, head, RAD_CONTAINER_HEAD_CHECKED);
	LabelSummary *list;

	*labels = NULL;
	crc = rad_crc32c(crc, bytes, (size_t) count * RAD_CONTAINER_LABEL);
	if (crc != header->head_crc)
		return fail_damaged(context, name, "the checksum of its header is wrong");
	if (header->label_count < 0)
		return true;
	list = rad_new(context, LabelSummary, count);
	if (list == NULL)
		return false;
	for (int n = 0; n < count; n++)
	{
		const Box  *box = &list[n].box;

		rad_container_get_label(bytes + (size_t) n * RAD_CONTAINER_LABEL, &list[n]);
		for (int axis = 0; axis < 3; axis++)
		{
			if (box->lo[axis] >= box->hi[axis] || box->hi[axis] > header->grid.size[axis])
				return fail_damaged(context, name, "the box of a label is outside the volume");
		}
		if (list[n].label == 0 || (n > 0 && list[n].label <= list[n - 1].label) ||
			list[n].voxel_count < 1 || list[n].voxel_count > rad_box_voxel_count(box))
			return fail_damaged(context, name, "its labels are not in order");
	}
	*labels = list;
	return true;
}

bool
rad_container_header(RadContext *context, const ByteSource *source, ContainerHeader *header,
					 LabelSummary **labels)
{
	uint8_t		head[RAD_CONTAINER_HEADER];
	uint8_t    *bytes;
	int			count;

	if (source->length < RAD_CONTAINER_HEADER)
		return fail_damaged(context, source->name, "it ends too early");
	if (!rad_source_read(context, source, 0, head, sizeof(head)))
		return false;
	if (!rad_container_recognise(head, sizeof(head)))
		return fail_damaged(context, source->name, "it does not start as one");
	if (!parse_header(context, source->name, head, source->length, header))
		return false;
	if (labels == NULL)
		return true;
	count = header->label_count > 0 ? header->label_count : 0;
	bytes = rad_allocate(context, (size_t) count, RAD_CONTAINER_LABEL);
	return bytes != NULL &&
		rad_source_read(context, source, RAD_CONTAINER_HEADER, bytes,
						(size_t) count * RAD_CONTAINER_LABEL) &&
		parse_labels(context, source->name, head, bytes, header, labels);
}

/* Decode the directory and find where each brick starts. */
static bool
parse_directory(RadContext *context, ContainerReader *container, const uint8_t *bytes)
{
	const ContainerHeader *header = &container->header;
	size_t		length = (size_t) header->brick_count * RAD_CONTAINER_ENTRY;
	int64_t		offset = rad_container_directory_offset(header) + (int64_t) length;
	size_t		largest = (size_t) header->brick[0] * (size_t) header->brick[1] *
		(size_t) header->brick[2] * rad_voxel_size(header->type);

	if (rad_crc32c(0, bytes, length) != header->directory_crc)
		return fail_damaged(context, container->name, "the checksum of its directory is wrong");
	container->bricks = rad_new(context, BrickEntry, header->brick_count);
	container->offsets = rad_new(context, int64_t, header->brick_count);
	if (container->bricks == NULL || container->offsets == NULL)
		return false;
	for (int64_t n = 0; n < header->brick_count; n++)
	{
		BrickEntry *brick = &container->bricks[n];

		rad_container_get_entry(bytes + n * RAD_CONTAINER_ENTRY, brick);
		if (brick->compression >= BRICK_COMPRESSION_COUNT || brick->filter >= BRICK_FILTER_COUNT)
		{
			rad_fail(context, RAD_NOT_SUPPORTED, "%s has a brick of an unknown compression",
					 container->name);
			return rad_hint(context, "It was stored by a newer release; use that.");
		}
		if (brick->length > largest)
			return fail_damaged(context, container->name, "a brick is longer than it can be");
		container->offsets[n] = offset;
		offset += brick->length;
	}
	if (offset != header->length)
		return fail_damaged(context, container->name, "its bricks do not add up to its length");
	return true;
}

static bool
open_container(RadContext *context, VolumeReader *reader, int frame)
{
	const char *name = reader->name;
	ContainerReader *container = rad_new_zeroed(context, ContainerReader, 1);
	ContainerHeader *header;
	uint8_t		head[RAD_CONTAINER_HEADER];
	const uint8_t *bytes;
	int64_t		labels_length;
	size_t		brick;

	if (container == NULL || !fetch(context, reader->stream, 0, RAD_CONTAINER_HEADER, &bytes))
		return false;
	memcpy(head, bytes, sizeof(head));
	header = &container->header;
	container->name = name;
	container->counters = rad_byte_stream_counters(reader->stream);
	if (!parse_header(context, name, head, rad_byte_stream_limit(reader->stream), header))
		return false;
	if (frame > 0 || frame < -1)
	{
		rad_fail(context, RAD_INVALID_PARAMETER, "%s has no frame %d: it has 1", name, frame);
		return rad_hint(context, "A stored volume is one frame.");
	}
	labels_length = rad_container_directory_offset(header) - RAD_CONTAINER_HEADER;
	if (!fetch(context, reader->stream, RAD_CONTAINER_HEADER,
			   labels_length + header->brick_count * RAD_CONTAINER_ENTRY, &bytes) ||
		!parse_labels(context, name, head, bytes, header, &container->labels) ||
		!parse_directory(context, container, bytes + labels_length))
		return false;

	brick = (size_t) header->brick[0] * (size_t) header->brick[1] * (size_t) header->brick[2];
	container->scratch = rad_allocate(context, brick, rad_voxel_size(header->type));
	container->voxels = rad_allocate(context, brick, rad_voxel_size(header->type));
	if (container->scratch == NULL || container->voxels == NULL)
		return false;
	for (int axis = 0; axis < 3; axis++)
		container->counts[axis] = rad_container_bricks(header, axis);
	reader->grid = header->grid;
	reader->type = header->type;
	reader->attributes = header->attributes;
	reader->state = container;
	return true;
}

/* The bricks that a box touches, in the directory's order. */
static int64_t *
touched_bricks(RadContext *context, const ContainerReader *container, const Box *box,
			   int64_t *count)
{
	int64_t		lo[3];
	int64_t		hi[3];
	int64_t    *list;
	int64_t		next = 0;

	*count = 1;
	for (int axis = 0; axis < 3; axis++)
	{
		lo[axis] = box->lo[axis] / container->header.brick[axis];
		hi[axis] = (box->hi[axis] - 1) / container->header.brick[axis] + 1;
		*count *= hi[axis] - lo[axis];
	}
	list = rad_new(context, int64_t, *count);
	if (list == NULL)
		return NULL;
	for (int64_t z = lo[2]; z < hi[2]; z++)
		for (int64_t y = lo[1]; y < hi[1]; y++)
			for (int64_t x = lo[0]; x < hi[0]; x++)
				list[next++] = x + container->counts[0] * (y + container->counts[1] * z);
	return list;
}

/*
 * Bricks list[first] .. list[returned value - 1] are fetched together: from
 * *begin to *end, which are equal when all are constant.
 */
static int64_t
plan_fetch(const ContainerReader *container, const int64_t *list, int64_t first, int64_t count,
		   int64_t *begin, int64_t *end)
{
	int64_t		n;

	*begin = *end = -1;
	for (n = first; n < count; n++)
	{
		int64_t		offset = container->offsets[list[n]];
		int64_t		length = container->bricks[list[n]].length;

		if (length == 0)
			continue;
		if (*begin < 0)
			*begin = offset;
		else if (offset - *end > MAX_GAP || offset + length - *begin > MAX_FETCH)
			break;
		*end = offset + length;
	}
	return n;
}

/* Codec.read_box */
static bool
read_box(RadContext *context, VolumeReader *reader, const Box *box, void *voxels)
{
	ContainerReader *container = reader->state;
	int64_t		count;
	int64_t    *list = touched_bricks(context, container, box, &count);

	if (list == NULL)
		return false;
	for (int64_t first = 0, next; first < count; first = next)
	{
		const uint8_t *bytes = NULL;
		int64_t		begin;
		int64_t		end;
		bool		ok = true;

		next = plan_fetch(container, list, first, count, &begin, &end);
		if (!rad_continue(context) ||
			(end > begin && !fetch(context, reader->stream, begin, end - begin, &bytes)))
			return false;
		for (int64_t n = first; n < next && ok; n++)
			ok = read_brick(context, container, box, list[n],
							container->bricks[list[n]].length == 0 ? NULL :
							bytes + (container->offsets[list[n]] - begin), voxels);
		rad_brick_coder_close(&container->coder);
		if (!ok)
			return false;
	}
	rad_release(context, list);
	return true;
}

/* Give a row of voxels one value. */
static void
fill_row(uint8_t *row, size_t count, size_t size, uint64_t value)
{
	switch (size)
	{
		case 1:
			memset(row, (int) (value & 0xff), count);
			break;
		case 2:
			for (size_t n = 0; n < count; n++)
				((uint16_t *) row)[n] = (uint16_t) value;
			break;
		case 4:
			for (size_t n = 0; n < count; n++)
				((uint32_t *) row)[n] = (uint32_t) value;
			break;
		default:
			for (size_t n = 0; n < count; n++)
				((uint64_t *) row)[n] = value;
			break;
	}
}

/* Decode one brick and copy the part of it that lies in the box. */
static bool
read_brick(RadContext *context, ContainerReader *container, const Box *box, int64_t index,
		   const uint8_t *bytes, uint8_t *target)
{
	const ContainerHeader *header = &container->header;
	const BrickEntry *brick = &container->bricks[index];
	size_t		size = rad_voxel_size(header->type);
	int64_t		position[3] = {
		index % container->counts[0],
		index / container->counts[0] % container->counts[1],
		index / container->counts[0] / container->counts[1],
	};
	int			origin[3];		/* of the brick */
	int			extent[3];
	int			lo[3];			/* of the common part */
	int			hi[3];
	size_t		width;

	for (int axis = 0; axis < 3; axis++)
	{
		int			end;

		origin[axis] = (int) (position[axis] * header->brick[axis]);
		extent[axis] = header->grid.size[axis] - origin[axis];
		if (extent[axis] > header->brick[axis])
			extent[axis] = header->brick[axis];
		end = origin[axis] + extent[axis];
		lo[axis] = origin[axis] > box->lo[axis] ? origin[axis] : box->lo[axis];
		hi[axis] = end < box->hi[axis] ? end : box->hi[axis];
	}
	width = (size_t) (hi[0] - lo[0]);

	if (brick->length > 0)
	{
		BrickShape	shape = {
			.voxel_size = size,
			.width = (size_t) extent[0],
			.count = (size_t) extent[0] * (size_t) extent[1] * (size_t) extent[2],
		};

		if (container->counters != NULL)
			container->counters->bricks++;
		if (rad_crc32c(0, bytes, brick->length) != brick->crc ||
			!rad_brick_decode(&container->coder, &shape, bytes, brick->length,
							  (BrickCompression) brick->compression,
							  (BrickFilter) brick->filter, container->scratch,
							  container->voxels))
		{
			if (container->coder.out_of_memory)
				return rad_fail(context, RAD_OUT_OF_MEMORY,
								"out of memory: could not decompress");
			rad_fail(context, RAD_DATA_CORRUPTED, "%s has a damaged brick %lld (%lld, %lld, %lld)",
					 container->name, (long long) index, (long long) position[0],
					 (long long) position[1], (long long) position[2]);
			rad_detail(context, "It holds the voxels from (%d, %d, %d) to (%d, %d, %d).",
					   origin[0], origin[1], origin[2], origin[0] + extent[0] - 1,
					   origin[1] + extent[1] - 1, origin[2] + extent[2] - 1);
			return rad_hint(context, "Restore the value from a backup or store it again from the "
							"original file.");
		}
	}
	for (int z = lo[2]; z < hi[2]; z++)
	{
		for (int y = lo[1]; y < hi[1]; y++)
		{
			size_t		row = (size_t) (y - box->lo[1]) +
				(size_t) (z - box->lo[2]) * (size_t) (box->hi[1] - box->lo[1]);
			uint8_t    *out = target + size * ((size_t) (lo[0] - box->lo[0]) +
											   row * (size_t) (box->hi[0] - box->lo[0]));

			if (brick->length == 0)
				fill_row(out, width, size, brick->value);
			else
				memcpy(out, container->voxels + size *
					   ((size_t) (lo[0] - origin[0]) +
						((size_t) (y - origin[1]) + (size_t) (z - origin[2]) *
						 (size_t) extent[1]) * (size_t) extent[0]), width * size);
		}
	}
	return true;
}

/* Codec.read_rows: a layer of bricks at a time. */
static bool
read_rows(RadContext *context, VolumeReader *reader, const Box *box,
		  RowsCallback callback, void *argument)
{
	const ContainerReader *container = reader->state;
	int			height = reader->grid.size[1];
	int			rows = box->hi[1] - box->lo[1];
	size_t		slice_bytes = (size_t) (box->hi[0] - box->lo[0]) * (size_t) rows *
		rad_voxel_size(reader->type);
	int			most = (int) (MAX_ROWS_BYTES / (int64_t) slice_bytes);
	int			edge = container->header.brick[2];
	uint8_t    *voxels;
	Box			part = *box;

	if (most < 1)
		most = 1;
	if (most > edge)
		most = edge;
	if (most > box->hi[2] - box->lo[2])
		most = box->hi[2] - box->lo[2];
	voxels = rad_allocate(context, (size_t) most, slice_bytes);
	if (voxels == NULL)
		return false;
	for (int z = box->lo[2]; z < box->hi[2]; z = part.hi[2])
	{
		part.lo[2] = z;
		part.hi[2] = z / edge * edge + edge;
		if (part.hi[2] > z + most)
			part.hi[2] = z + most;
		if (part.hi[2] > box->hi[2])
			part.hi[2] = box->hi[2];
		if (!read_box(context, reader, &part, voxels))
			return false;
		if (rows == height)
		{
			/* Whole slices follow one another. */
			if (!callback(context, argument, (int64_t) z * height,
						  (int64_t) (part.hi[2] - z) * height, voxels))
				return false;
			continue;
		}
		for (int slice = z; slice < part.hi[2]; slice++)
		{
			if (!callback(context, argument, (int64_t) slice * height + box->lo[1], rows,
						  voxels + (size_t) (slice - z) * slice_bytes))
				return false;
		}
	}
	rad_release(context, voxels);
	return true;
}

/* Codec.labels */
static const LabelSummary *
listed_labels(const VolumeReader *reader, int *count)
{
	const ContainerReader *container = reader->state;

	*count = container->header.label_count;
	return container->labels;
}

/*
 * Codec.read_rows_near: meanwhile, bricks that no needed box touches are
 * constant 0.
 */
static bool
read_rows_near(RadContext *context, VolumeReader *reader, const Box *box, const Box *needed,
			   int needed_count, RowsCallback callback, void *argument)
{
	ContainerReader *container = reader->state;
	BrickEntry *all = container->bricks;
	BrickEntry *near = rad_new_zeroed(context, BrickEntry, container->header.brick_count);
	bool		read;

	if (near == NULL)
		return false;
	for (int n = 0; n < needed_count; n++)
	{
		int64_t		count;
		int64_t    *list = touched_bricks(context, container, &needed[n], &count);

		if (list == NULL)
			return false;
		for (int64_t m = 0; m < count; m++)
			near[list[m]] = all[list[m]];
		rad_release(context, list);
	}
	container->bricks = near;
	read = read_rows(context, reader, box, callback, argument);
	container->bricks = all;
	rad_release(context, near);
	return read;
}

/* RowsCallback */
static bool
summarise_rows(RadContext *context, void *argument, int64_t first_row, int64_t row_count,
			   const void *voxels)
{
	(void) first_row;
	return rad_content_add(context, argument, row_count, voxels);
}

static bool
same_number(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

bool
rad_container_verify(RadContext *context, const ByteSource *source)
{
	VolumeReader *reader;
	ContainerReader *container;
	ContainerHeader found;
	ContentSummary summary;
	Box			whole;

	if (!rad_volume_open(context, source, -1, &reader))
		return false;
	if (reader->codec != &rad_container_codec)
		return fail_damaged(context, source->name, "it does not start as one");
	container = reader->state;
	if (container->header.length != source->length)
		return fail_damaged(context, source->name, "it is longer than its header says");
	whole = rad_grid_box(&reader->grid);
	found = container->header;
	rad_content_start(&summary, &found);
	summary.labelled = container->labels != NULL;
	summary.insist = true;
	if (!rad_reader_read_rows(context, reader, &whole, summarise_rows, &summary) ||
		!rad_content_finish(context, &summary, &found))
		return false;
	if (memcmp(found.hash, container->header.hash, RAD_HASH_LENGTH) != 0)
		return fail_damaged(context, source->name, "its content hash is wrong");
	if (!same_number(found.minimum, container->header.minimum) ||
		!same_number(found.maximum, container->header.maximum))
		return fail_damaged(context, source->name, "its range of values is wrong");
	if (found.label_count != container->header.label_count)
		return fail_damaged(context, source->name, "its number of labels is wrong");
	for (int n = 0; n < found.label_count; n++)
	{
		uint8_t		real[RAD_CONTAINER_LABEL];
		uint8_t		listed[RAD_CONTAINER_LABEL];

		rad_container_put_label(&summary.table.labels[n], real);
		rad_container_put_label(&container->labels[n], listed);
		if (memcmp(real, listed, sizeof(real)) != 0)
			return fail_damaged(context, source->name, "its table of labels is wrong");
	}
	return true;
}

const Codec rad_container_codec = {
	.format = "volume",
	.name = "the stored form of radiomics.volume",
	.recognise = rad_container_recognise,
	.open = open_container,
	.read_rows = read_rows,
	.read_box = read_box,
	.labels = listed_labels,
	.read_rows_near = read_rows_near,
};
