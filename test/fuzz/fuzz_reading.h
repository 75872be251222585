/*
 * Fuzzing of everything between a file's bytes and voxels: format detection,
 * compression, headers, boxes, masks, and writing what was read.
 *
 * A fuzzer is this file with FUZZ_RECOGNISE(bytes, length) defined: inputs of
 * other formats are left to the other fuzzers.
 *
 * The first byte of the input chooses the frame and whether a second pass
 * compresses the file first; the rest is the file.  The file is read from
 * memory and through positional reads, and after compression; whenever the
 * plain file can be read, all must give the same (save that what is compressed
 * inside may not be compressed again).  A small volume is written in every
 * format and must read back as it was.
 */
#ifndef FUZZ_READING_H
#define FUZZ_READING_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/nifti_builder.h"
#include "formats/mask_runs.h"
#include "formats/reader.h"
#include "formats/tiff.h"
#include "formats/writer.h"
#include "fuzz_replay.h"

/* What one allocation may take: the rest of the memory is for the fuzzer. */
#define MAX_ALLOCATION ((size_t) 64 << 20)

/* Volumes larger than this are read in part only. */
#define MAX_VOXELS ((int64_t) 1 << 16)

/* Volumes up to this are written. */
#define MAX_WRITTEN ((int64_t) 1 << 12)

static void *(*plain_allocate) (void *allocator, size_t size);

static void *
limited_allocate(void *allocator, size_t size)
{
	return size > MAX_ALLOCATION ? NULL : plain_allocate(allocator, size);
}

static bool
positional_read(RadContext *context, void *handle, int64_t offset, void *buffer, size_t count)
{
	const Bytes *file = handle;

	(void) context;
	if (offset < 0 || offset + (int64_t) count > (int64_t) file->length)
		abort();
	memcpy(buffer, file->data + offset, count);
	return true;
}

/* FNV-1a: a digest of what was read. */
static uint64_t
digest_bytes(uint64_t digest, const void *bytes, size_t length)
{
	for (size_t n = 0; n < length; n++)
		digest = (digest ^ ((const uint8_t *) bytes)[n]) * 0x100000001b3;
	return digest;
}

static uint64_t
digest_grid(uint64_t digest, const Grid *grid)
{
	digest = digest_bytes(digest, grid->size, sizeof(grid->size));
	digest = digest_bytes(digest, grid->spacing, sizeof(grid->spacing));
	digest = digest_bytes(digest, grid->origin, sizeof(grid->origin));
	return digest_bytes(digest, grid->direction, sizeof(grid->direction));
}

/* A failure must say what it is. */
static void
check_error(const RadContext *context)
{
	if (context->code == RAD_OK || context->code == RAD_INTERNAL || context->message[0] == '\0')
		abort();
}

/* The labels of a mask, also moved to a shifted, coarser grid. */
static uint64_t
digest_mask(RadContext *context, uint64_t digest, VolumeReader *reader)
{
	Grid		coarse = *rad_reader_grid(reader);
	MaskRuns   *mask;
	MaskRuns   *aligned;

	if (!rad_mask_scan(context, reader, &mask))
	{
		check_error(context);
		return digest_bytes(digest, &context->code, sizeof(context->code));
	}
	digest = digest_bytes(digest, mask->runs, (size_t) mask->run_count * sizeof(LabelRun));
	for (int n = 0; n < mask->label_count; n++)
	{
		if (rad_mask_find_label(mask, mask->labels[n].label) != &mask->labels[n])
			abort();
		digest = digest_bytes(digest, &mask->labels[n].box, sizeof(Box));
	}
	for (int axis = 0; axis < 3; axis++)
	{
		coarse.size[axis] = (coarse.size[axis] + 1) / 2;
		coarse.spacing[axis] *= 2;
		coarse.origin[axis] += 0.25;
	}
	if (!rad_mask_align(context, mask, &coarse, &aligned))
		abort();
	return digest_bytes(digest, aligned->runs, (size_t) aligned->run_count * sizeof(LabelRun));
}

static bool
write_tiff(RadContext *context, VolumeReader *reader, bool compress, const ByteSink *sink)
{
	TiffOptions options = {.compression = compress ? RAD_TIFF_LZW : RAD_TIFF_PACKBITS};

	return rad_write_tiff(context, reader, &options, sink);
}

/* Digest of geometry and voxels; false when reading fails. */
static bool
digest_volume(RadContext *context, VolumeReader *reader, uint64_t *digest)
{
	Box			box = rad_grid_box(rad_reader_grid(reader));
	Volume		volume;

	if (!rad_volume_read_box(context, reader, &box, &volume))
		return false;
	*digest = digest_grid(0xcbf29ce484222325, rad_reader_grid(reader));
	*digest = digest_bytes(*digest, volume.voxels, (size_t) rad_box_voxel_count(&box) *
						   rad_voxel_size(volume.type));
	return true;
}

/* Within single precision, with room for products and squares. */
static bool
ordinary_geometry(const Grid *grid)
{
	for (int axis = 0; axis < 3; axis++)
	{
		if (!(grid->spacing[axis] > 1e-6 && grid->spacing[axis] < 1e6 &&
			  grid->origin[axis] > -1e9 && grid->origin[axis] < 1e9))
			return false;
	}
	return true;
}

/* What was read is written in every format and read again. */
static void
check_written(RadContext *context, VolumeReader *reader)
{
	static bool (*const writers[]) (RadContext *context, VolumeReader *reader, bool compress,
									const ByteSink *sink) = {
		rad_write_nifti, rad_write_nrrd, rad_write_metaimage, write_tiff
	};
	uint64_t	before;

	if (rad_grid_voxel_count(rad_reader_grid(reader)) > MAX_WRITTEN ||
		!ordinary_geometry(rad_reader_grid(reader)) || !digest_volume(context, reader, &before))
		return;
	for (size_t n = 0; n < sizeof(writers) / sizeof(writers[0]); n++)
	{
		ByteBuffer	buffer = {0};
		ByteSink	sink = rad_buffer_sink(&buffer);
		ByteSource	source;
		VolumeReader *again;
		uint64_t	after;

		if (!writers[n] (context, reader, (before >> n & 1) != 0, &sink))
			abort();
		source = (ByteSource) {
			.name = "image", .length = (int64_t) buffer.length, .memory = buffer.bytes
		};
		if (!rad_volume_open(context, &source, -1, &again) ||
			!digest_volume(context, again, &after) || after != before)
			abort();
	}
}

/*
 * Read a file in several ways; false when it cannot be read as a volume, with
 * the reason in *code.
 */
static bool
read_file(const ByteSource *source, int frame, uint64_t *digest, RadErrorCode *code)
{
	RadContext *context = rad_context_create();
	VolumeReader *reader;
	Volume		volume;
	Box			box;
	bool		ok;

	plain_allocate = context->allocate;
	context->allocate = limited_allocate;
	*digest = 0xcbf29ce484222325;
	ok = rad_volume_open(context, source, frame, &reader);
	if (ok)
	{
		const Grid *grid = rad_reader_grid(reader);

		*digest = digest_grid(*digest, grid);
		for (int axis = 0; axis < 3; axis++)
		{
			box.lo[axis] = grid->size[axis] / 3;
			box.hi[axis] = box.lo[axis] + (grid->size[axis] - box.lo[axis] + 1) / 2;
		}
		if (rad_grid_voxel_count(grid) > MAX_VOXELS)
		{
			for (int axis = 0; axis < 3; axis++)
				box.hi[axis] = box.lo[axis] + 1;
		}
		ok = rad_volume_read_box(context, reader, &box, &volume);
		if (ok)
			*digest = digest_bytes(*digest, volume.voxels, (size_t) rad_box_voxel_count(&box) *
								   rad_voxel_size(volume.type));
		if (ok && rad_grid_voxel_count(grid) <= MAX_VOXELS)
		{
			rad_clear_error(context);
			check_written(context, reader);
			rad_clear_error(context);
			*digest = digest_mask(context, *digest, reader);
		}
	}
	if (!ok)
		check_error(context);
	*code = context->code;
	rad_context_destroy(context);
	return ok;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Bytes		file;
	Bytes		packed;
	int			frame;
	uint64_t	in_memory;
	uint64_t	positional;
	uint64_t	compressed;
	ByteSource	source;
	bool		readable;
	RadErrorCode code;

	if (size < 1)
		return 0;
	file = (Bytes) {(uint8_t *) data + 1, size - 1};
	if (!FUZZ_RECOGNISE(file.data, file.length))
		return -1;
	frame = (data[0] >> 1 & 3) - 1;
	source = (ByteSource) {.name = "image", .length = (int64_t) file.length, .memory = file.data};
	readable = read_file(&source, frame, &in_memory, &code);
	source = (ByteSource) {
		.name = "image", .length = (int64_t) file.length, .read = positional_read, .handle = &file
	};
	if (read_file(&source, frame, &positional, &code) != readable || positional != in_memory)
		abort();
	if ((data[0] & 1) == 0 || (file.length >= 1 && file.data[0] == 0x1f))
		return 0;
	packed = gzip_bytes(file.data, file.length, 1);
	source = (ByteSource) {
		.name = "image", .length = (int64_t) packed.length, .memory = packed.data
	};
	if (read_file(&source, frame, &compressed, &code) ? readable && compressed != in_memory :
		readable && code != RAD_NOT_SUPPORTED)
		abort();
	free(packed.data);
	return 0;
}

#endif							/* FUZZ_READING_H */
