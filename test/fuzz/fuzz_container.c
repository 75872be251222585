/*
 * Fuzzing of the stored form of volumes: what a database may hold, and what a
 * client may send.
 *
 * The first byte of the input says what to do: bit 0 mends the checksums of the
 * rest, so that what lies behind them is reached, too; bit 1 stores the rest as
 * voxels instead, which must come back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/container_layout.h"
#include "formats/mask_runs.h"
#include "fuzz_replay.h"

/* What one allocation may take: the rest of the memory is for the fuzzer. */
#define MAX_ALLOCATION ((size_t) 64 << 20)

/* Volumes larger than this are read in part only. */
#define MAX_VOXELS ((int64_t) 1 << 16)

static void *(*plain_allocate) (void *allocator, size_t size);

static void *
limited_allocate(void *allocator, size_t size)
{
	return size > MAX_ALLOCATION ? NULL : plain_allocate(allocator, size);
}

static RadContext *
open_context(void)
{
	RadContext *context = rad_context_create();

	plain_allocate = context->allocate;
	context->allocate = limited_allocate;
	return context;
}

typedef struct Memory
{
	const uint8_t *bytes;
	size_t		length;
} Memory;

static bool
positional_read(RadContext *context, void *handle, int64_t offset, void *buffer, size_t count)
{
	const Memory *memory = handle;

	(void) context;
	if (offset < 0 || offset + (int64_t) count > (int64_t) memory->length)
		abort();
	memcpy(buffer, memory->bytes + offset, count);
	return true;
}

/* A failure must say what it is. */
static void
check_error(const RadContext *context)
{
	if (context->code == RAD_OK || context->code == RAD_INTERNAL || context->message[0] == '\0')
		abort();
}

/* Make all checksums right, as far as the lengths make sense. */
static void
mend(uint8_t *bytes, size_t length)
{
	ContainerHeader header;
	int			version;
	int64_t		directory;
	int64_t		offset;

	if (length < RAD_CONTAINER_HEADER)
		return;
	rad_container_get_header(bytes, &header, &version);
	if (header.label_count > RAD_CONTAINER_MAX_LABELS || header.brick_count > 4096)
		return;
	directory = rad_container_directory_offset(&header);
	offset = directory + header.brick_count * RAD_CONTAINER_ENTRY;
	if (offset > (int64_t) length)
		return;
	header.length = (int64_t) length;
	for (int64_t n = 0; n < header.brick_count; n++)
	{
		uint8_t    *at = bytes + directory + n * RAD_CONTAINER_ENTRY;
		BrickEntry	entry;

		rad_container_get_entry(at, &entry);
		if (entry.length == 0)
			continue;
		/* The last brick takes what is left. */
		if (entry.length > length - (size_t) offset || n == header.brick_count - 1)
			entry.length = (uint32_t) (length - (size_t) offset);
		entry.crc = rad_crc32c(0, bytes + offset, entry.length);
		offset += entry.length;
		if (entry.length > 0)
			rad_container_put_entry(&entry, at);
	}
	header.directory_crc = rad_crc32c(0, bytes + directory,
									  (size_t) header.brick_count * RAD_CONTAINER_ENTRY);
	rad_container_put_header(&header, bytes);
	header.head_crc = rad_crc32c(0, bytes, RAD_CONTAINER_HEAD_CHECKED);
	header.head_crc = rad_crc32c(header.head_crc, bytes + RAD_CONTAINER_HEADER,
								 (size_t) (directory - RAD_CONTAINER_HEADER));
	rad_container_put_header(&header, bytes);
}

/* Read a value in the ways that the server does. */
static void
read_value(const ByteSource *source)
{
	RadContext *context = open_context();
	ContainerHeader header;
	LabelSummary *labels;
	int32_t		wanted[2] = {1, 2};
	VolumeReader *reader;

	if (!rad_container_header(context, source, &header, &labels))
		check_error(context);
	else if (header.label_count > 0)
	{
		wanted[0] = labels[0].label;
		wanted[1] = labels[header.label_count - 1].label;
	}
	rad_clear_error(context);
	if (!rad_volume_open(context, source, -1, &reader))
		check_error(context);
	else
	{
		const Grid *grid = rad_reader_grid(reader);
		bool		small = rad_grid_voxel_count(grid) <= MAX_VOXELS;
		Box			box;
		Volume		volume;
		MaskRuns   *mask;

		for (int axis = 0; axis < 3; axis++)
		{
			box.lo[axis] = grid->size[axis] / 3;
			box.hi[axis] = small ? box.lo[axis] + (grid->size[axis] - box.lo[axis] + 1) / 2 :
				box.lo[axis] + 1;
		}
		if (!rad_volume_read_box(context, reader, &box, &volume))
			check_error(context);
		if (small && !rad_mask_scan(context, reader, &mask))
			check_error(context);
		if (small && !rad_mask_scan_labels(context, reader, wanted, 2, &mask))
			check_error(context);
		if (small && !rad_container_verify(context, source))
			check_error(context);
	}
	rad_context_destroy(context);
}

/* Store voxels; what was stored is right and gives them back. */
static void
store_voxels(const uint8_t *data, size_t size)
{
	RadContext *context = open_context();
	VolumeAttributes attributes = {.units = "HU"};
	Volume		volume = {.grid = {
		.spacing = {1, 0.5, 2}, .direction = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, .dimension = 3,
	}};
	ContainerOptions options;
	ContainerWriter *writer;
	VolumeReader *reader;
	ByteSource	source = {.name = "value"};
	Volume		read;
	int64_t		length;
	int64_t		voxels = 1;
	size_t		bytes;
	uint8_t    *value;

	if (size < 8)
		goto done;
	for (int axis = 0; axis < 3; axis++)
	{
		volume.grid.size[axis] = 1 + data[axis] % 14;
		options.brick[axis] = 1 + data[3 + axis] % 16;
		voxels *= volume.grid.size[axis];
	}
	volume.type = (VoxelType) (data[6] % VOXEL_TYPE_COUNT);
	options.filter = (BrickFilter) (data[7] % BRICK_FILTER_COUNT);
	options.compression = (BrickCompression) (data[6] / 8 % BRICK_COMPRESSION_COUNT);
	options.level = 1;
	data += 8;
	size -= 8;
	volume.box = rad_grid_box(&volume.grid);
	bytes = (size_t) voxels * rad_voxel_size(volume.type);
	volume.voxels = rad_allocate(context, bytes, 1);
	if (volume.voxels == NULL)
		goto done;
	for (size_t n = 0; n < bytes; n++)
		((uint8_t *) volume.voxels)[n] = size > 0 ? data[n % size] : 0;
	if (!rad_container_store(context, &volume, &attributes, &options, &writer, &length))
		abort();
	value = rad_allocate(context, (size_t) length, 1);
	if (value == NULL)
		goto done;
	rad_container_copy(writer, value);
	source.memory = value;
	source.length = length;
	if (!rad_container_verify(context, &source) ||
		!rad_volume_open(context, &source, -1, &reader) ||
		!rad_volume_read_box(context, reader, &volume.box, &read) ||
		memcmp(read.voxels, volume.voxels, bytes) != 0)
		abort();
done:
	rad_context_destroy(context);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ByteSource	source = {.name = "value"};
	Memory		memory;
	uint8_t    *copy;

	if (size < 2)
		return 0;
	if ((data[0] & 2) != 0)
	{
		store_voxels(data + 1, size - 1);
		return 0;
	}
	/* Exactly as long as it is, so that a read behind it is seen. */
	copy = malloc(size - 1);
	if (copy == NULL)
		return 0;
	memcpy(copy, data + 1, size - 1);
	if ((data[0] & 1) != 0)
		mend(copy, size - 1);
	source.memory = copy;
	source.length = (int64_t) size - 1;
	read_value(&source);
	memory = (Memory) {copy, size - 1};
	source.memory = NULL;
	source.read = positional_read;
	source.handle = &memory;
	read_value(&source);
	free(copy);
	return 0;
}
