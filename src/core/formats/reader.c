/*
 * Finds a file's format by its content and hands over to the codec.
 */
#include "formats/reader.h"

#include <stdio.h>
#include <string.h>

#include "formats/codec.h"
#include "formats/container.h"
#include "formats/dicom_codec.h"
#include "formats/metaimage.h"
#include "formats/nifti.h"
#include "formats/nrrd.h"
#include "formats/tiff.h"

/* All formats, asked in this order. */
static const Codec *const codecs[] = {
	&rad_nifti_codec,
	&rad_nrrd_codec,
	&rad_metaimage_codec,
	&rad_tiff_codec,
	&rad_container_codec,
	&rad_dicom_codec,
};

#define CODEC_COUNT (sizeof(codecs) / sizeof(codecs[0]))

/* What people hand over by mistake, told by its first bytes. */
static const struct
{
	size_t		offset;
	const char *magic;
	size_t		length;
	const char *name;
}			strangers[] = {
	{0, "\x89PNG", 4, "a PNG file"},
	{0, "\x89HDF", 4, "an HDF5 (MINC) file"},
	{0, "PK\x03\x04", 4, "a ZIP archive"},
	{0, "BZh", 3, "bzip2 data"},
	{0, "\xfd" "7zXZ", 5, "xz data"},
	{0, "\x28\xb5\x2f\xfd", 4, "zstd data"},
	{0, "\\x", 2, "the text form of a bytea"},
};

const char *
rad_hex_bytes(const uint8_t *bytes, size_t length, char text[RAD_HEX_LENGTH])
{
	size_t		shown = length < 16 ? length : 16;

	text[0] = '\0';
	for (size_t n = 0; n < shown; n++)
		snprintf(text + 3 * n - (n > 0), 4, n > 0 ? " %02x" : "%02x", bytes[n]);
	return text;
}

bool
rad_fail_format(RadContext *context, const char *name, const char *problem,
				const uint8_t *head, size_t length)
{
	char		hex[RAD_HEX_LENGTH];
	char		supported[400] = "";
	const char *looks_like = NULL;

	for (size_t n = 0; n < sizeof(strangers) / sizeof(strangers[0]); n++)
	{
		if (length >= strangers[n].offset + strangers[n].length &&
			memcmp(head + strangers[n].offset, strangers[n].magic, strangers[n].length) == 0)
		{
			looks_like = strangers[n].name;
			break;
		}
	}
	for (size_t n = 0; n < CODEC_COUNT; n++)
	{
		size_t		used = strlen(supported);

		snprintf(supported + used, sizeof(supported) - used, "%s%s",
				 n > 0 ? "; " : "", codecs[n]->name);
	}
	rad_fail(context, RAD_INVALID_BINARY, "%s %s", name, problem);
	rad_detail(context, "It starts with the bytes %s.%s%s%s",
			   rad_hex_bytes(head, length, hex),
			   looks_like ? " It looks like " : "", looks_like ? looks_like : "",
			   looks_like ? "." : "");
	return rad_hint(context, "Supported formats: %s.", supported);
}

/* The codec of a name, or NULL with the error set. */
static const Codec *
named_codec(RadContext *context, const char *format)
{
	char		known[256] = "";

	for (size_t n = 0; n < CODEC_COUNT; n++)
	{
		size_t		used = strlen(known);

		if (strcmp(codecs[n]->format, format) == 0)
			return codecs[n];
		snprintf(known + used, sizeof(known) - used, ", \"%s\"", codecs[n]->format);
	}
	rad_fail(context, RAD_INVALID_PARAMETER, "unknown format \"%s\"", format);
	rad_hint(context, "Formats are \"auto\"%s.", known);
	return NULL;
}

bool
rad_volume_open(RadContext *context, const ByteSource *source, int frame,
				VolumeReader **reader)
{
	return rad_volume_open_format(context, source, "auto", frame, reader);
}

bool
rad_volume_open_format(RadContext *context, const ByteSource *source, const char *format,
					   int frame, VolumeReader **reader)
{
	VolumeReader *opened = rad_new_zeroed(context, VolumeReader, 1);
	const Codec *wanted = NULL;
	const uint8_t *head;
	size_t		length;

	if (opened == NULL)
		return false;
	if (strcmp(format, "auto") != 0 && (wanted = named_codec(context, format)) == NULL)
		return false;
	if (source->length <= 0)
	{
		rad_fail(context, RAD_INVALID_BINARY, "%s is empty", source->name);
		return rad_hint(context, "Check that the column holds the bytes of the file.");
	}
	if (!rad_byte_stream_open(context, source, &opened->stream) ||
		!rad_byte_stream_window(context, opened->stream, 0, RAD_HEAD_LENGTH,
								RAD_HEAD_LENGTH, &head, &length))
		return false;
	for (size_t n = 0; n < CODEC_COUNT; n++)
	{
		if (!codecs[n]->recognise(head, length))
			continue;
		if (wanted != NULL && wanted != codecs[n])
			break;
		opened->codec = codecs[n];
		opened->name = source->name;
		if (!codecs[n]->open(context, opened, frame))
			return false;
		*reader = opened;
		return true;
	}
	if (wanted != NULL)
	{
		rad_fail_format(context, source->name, "is not in the given format", head, length);
		return rad_hint(context, "The format \"%s\" is %s.", wanted->format, wanted->name);
	}
	return rad_fail_format(context, source->name, "is not in a supported format", head, length);
}

const Grid *
rad_reader_grid(const VolumeReader *reader)
{
	return &reader->grid;
}

VoxelType
rad_reader_voxel_type(const VolumeReader *reader)
{
	return reader->type;
}

const VolumeAttributes *
rad_reader_attributes(const VolumeReader *reader)
{
	return &reader->attributes;
}

static bool
check_box(RadContext *context, const VolumeReader *reader, const Box *box)
{
	for (int axis = 0; axis < 3; axis++)
	{
		if (box->lo[axis] < 0 || box->hi[axis] > reader->grid.size[axis])
			return rad_fail(context, RAD_INTERNAL,
							"box from %d to %d is outside axis %d of the %s, which has %d voxels",
							box->lo[axis], box->hi[axis], axis, reader->name,
							reader->grid.size[axis]);
	}
	return true;
}

bool
rad_reader_read_rows(RadContext *context, VolumeReader *reader, const Box *box,
					 RowsCallback callback, void *argument)
{
	if (!check_box(context, reader, box))
		return false;
	if (rad_box_voxel_count(box) == 0)
		return true;
	return reader->codec->read_rows(context, reader, box, callback, argument);
}

/* Where rad_volume_read_box puts the next rows. */
typedef struct BoxFill
{
	uint8_t    *next;
	size_t		row_bytes;
} BoxFill;

static bool
fill_box(RadContext *context, void *argument, int64_t first_row, int64_t row_count,
		 const void *voxels)
{
	BoxFill    *fill = argument;
	size_t		bytes = (size_t) row_count * fill->row_bytes;

	(void) context;
	(void) first_row;
	memcpy(fill->next, voxels, bytes);
	fill->next += bytes;
	return true;
}

bool
rad_volume_read_box(RadContext *context, VolumeReader *reader, const Box *box,
					Volume *volume)
{
	size_t		voxel_size = rad_voxel_size(reader->type);
	BoxFill		fill;

	volume->grid = reader->grid;
	volume->box = *box;
	volume->type = reader->type;
	volume->voxels = rad_allocate(context, (size_t) rad_box_voxel_count(box), voxel_size);
	if (volume->voxels == NULL)
		return false;
	if (reader->codec->read_box != NULL)
		return check_box(context, reader, box) &&
			(rad_box_voxel_count(box) == 0 ||
			 reader->codec->read_box(context, reader, box, volume->voxels));
	fill.next = volume->voxels;
	fill.row_bytes = (size_t) (box->hi[0] - box->lo[0]) * voxel_size;
	return rad_reader_read_rows(context, reader, box, fill_box, &fill);
}

/* A row callback behind a rows callback. */
typedef struct RowStream
{
	RowCallback callback;
	void	   *argument;
	int			height;
	size_t		row_bytes;
} RowStream;

static bool
deliver_rows(RadContext *context, void *argument, int64_t first_row, int64_t row_count,
			 const void *voxels)
{
	const RowStream *stream = argument;

	for (int64_t n = 0; n < row_count; n++)
	{
		int64_t		row = first_row + n;

		if (!stream->callback(context, stream->argument, (int) (row % stream->height),
							  (int) (row / stream->height),
							  (const uint8_t *) voxels + (size_t) n * stream->row_bytes))
			return false;
	}
	return true;
}

bool
rad_volume_stream(RadContext *context, VolumeReader *reader, int first_slice,
				  int last_slice, RowCallback callback, void *argument)
{
	Box			box = rad_grid_box(&reader->grid);
	RowStream	stream = {
		.callback = callback,
		.argument = argument,
		.height = reader->grid.size[1],
		.row_bytes = (size_t) reader->grid.size[0] * rad_voxel_size(reader->type),
	};

	box.lo[2] = first_slice;
	box.hi[2] = last_slice;
	return rad_reader_read_rows(context, reader, &box, deliver_rows, &stream);
}
