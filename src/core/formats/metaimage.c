/*
 * MetaImage with its voxels in the same file (.mha), as MetaIO and ITK read
 * it: keys and values in text, then the voxels behind "ElementDataFile = LOCAL".
 *
 * Geometry is ITK's: TransformMatrix holds one column of the direction after
 * the other, Offset is the centre of the first voxel, a negative spacing turns
 * its axis round.  AnatomicalOrientation and CenterOfRotation change nothing.
 */
#include "formats/metaimage.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "formats/exact_geometry.h"
#include "formats/layout.h"
#include "formats/stored_voxels.h"
#include "formats/text_numbers.h"

/* Longest header. */
#define MAX_HEADER ((size_t) 1 << 20)

#define MAX_AXES 4

typedef enum KeyName
{
	KEY_IGNORED,
	KEY_OBJECT_TYPE,
	KEY_DIMENSIONS,
	KEY_SIZE,
	KEY_ELEMENT_TYPE,
	KEY_CHANNELS,
	KEY_SPACING,
	KEY_ELEMENT_SIZE,
	KEY_OFFSET,
	KEY_MATRIX,
	KEY_BINARY,
	KEY_BIG_ENDIAN,
	KEY_COMPRESSED,
	KEY_COMPRESSED_SIZE,
	KEY_HEADER_SIZE,
	KEY_SLOPE,
	KEY_INTERCEPT,
	KEY_EXACT_GEOMETRY,
	KEY_DATA_FILE,
	KEY_COUNT
} KeyName;

/* Names as MetaIO writes them; those that stand first in files are known. */
static const struct
{
	const char *name;
	KeyName		key;
}			keys[] = {
	{"ObjectType", KEY_OBJECT_TYPE},
	{"NDims", KEY_DIMENSIONS},
	{"DimSize", KEY_SIZE},
	{"ElementType", KEY_ELEMENT_TYPE},
	{"ElementNumberOfChannels", KEY_CHANNELS},
	{"ElementSpacing", KEY_SPACING},
	{"ElementSize", KEY_ELEMENT_SIZE},
	{"Offset", KEY_OFFSET},
	{"Position", KEY_OFFSET},
	{"Origin", KEY_OFFSET},
	{"TransformMatrix", KEY_MATRIX},
	{"Rotation", KEY_MATRIX},
	{"Orientation", KEY_MATRIX},
	{"BinaryData", KEY_BINARY},
	{"BinaryDataByteOrderMSB", KEY_BIG_ENDIAN},
	{"ElementByteOrderMSB", KEY_BIG_ENDIAN},
	{"CompressedData", KEY_COMPRESSED},
	{"CompressedDataSize", KEY_COMPRESSED_SIZE},
	{"HeaderSize", KEY_HEADER_SIZE},
	{"ElementToIntensityFunctionSlope", KEY_SLOPE},
	{"ElementToIntensityFunctionOffset", KEY_INTERCEPT},
	{"RadiomicsGeometry", KEY_EXACT_GEOMETRY},	/* exact_geometry.h */
	{"ElementDataFile", KEY_DATA_FILE},
	{"Comment", KEY_IGNORED},
	{"ObjectSubType", KEY_IGNORED},
	{"TransformType", KEY_IGNORED},
	{"Name", KEY_IGNORED},
	{"ID", KEY_IGNORED},
	{"ParentID", KEY_IGNORED},
	{"AcquisitionDate", KEY_IGNORED},
	{"Color", KEY_IGNORED},
	{"CenterOfRotation", KEY_IGNORED},
	{"AnatomicalOrientation", KEY_IGNORED},
	{"DistanceUnits", KEY_IGNORED},
	{"Modality", KEY_IGNORED},
};

#define KEY_NAME_COUNT (sizeof(keys) / sizeof(keys[0]))

/* MET_LONG has four bytes in files, whatever long has on a machine. */
static const struct
{
	const char *name;
	StoredType	type;
}			types[] = {
	{"MET_CHAR", STORED_INT8},
	{"MET_ASCII_CHAR", STORED_INT8},
	{"MET_UCHAR", STORED_UINT8},
	{"MET_SHORT", STORED_INT16},
	{"MET_USHORT", STORED_UINT16},
	{"MET_INT", STORED_INT32},
	{"MET_UINT", STORED_UINT32},
	{"MET_LONG", STORED_INT32},
	{"MET_ULONG", STORED_UINT32},
	{"MET_LONG_LONG", STORED_INT64},
	{"MET_ULONG_LONG", STORED_UINT64},
	{"MET_FLOAT", STORED_FLOAT32},
	{"MET_DOUBLE", STORED_FLOAT64},
};

typedef struct MetaHeader
{
	const char *name;			/* of the file, for messages */
	const char *value[KEY_COUNT];	/* NULL when absent */
	int64_t		length;			/* of the header */

	StoredType	type;
	int			axis_count;
	int64_t		extent[MAX_AXES];
	int64_t		channel_count;
	int64_t		frame_count;
	bool		binary;
	bool		big_endian;
	bool		compressed;
	int64_t		compressed_size;	/* -1: up to the end of the file */
	int64_t		header_size;	/* 0: the voxels follow; -1: they are last */
} MetaHeader;

/* --- the lines of the header ----------------------------------------------- */

/* Length of the key that a line begins with, when '=' or ':' stands behind it. */
static size_t
key_length(const char *line, size_t length)
{
	size_t		n = 0;
	size_t		behind;

	while (n < length && (isalnum((unsigned char) line[n]) || line[n] == '_'))
		n++;
	behind = n;
	while (behind < length && (line[behind] == ' ' || line[behind] == '\t'))
		behind++;
	return behind < length && (line[behind] == '=' || line[behind] == ':') ? n : 0;
}

static bool
find_key(const char *name, size_t length, KeyName *key)
{
	for (size_t n = 0; n < KEY_NAME_COUNT; n++)
	{
		if (strlen(keys[n].name) != length || memcmp(keys[n].name, name, length) != 0)
			continue;
		*key = keys[n].key;
		return true;
	}
	return false;
}

static bool
recognise(const uint8_t *head, size_t length)
{
	const char *line = (const char *) head;
	KeyName		key;

	while (length > 0 && isspace((unsigned char) *line))
	{
		line++;
		length--;
	}
	return find_key(line, key_length(line, length), &key);
}

/*
 * Take the lines up to ElementDataFile into the header.  False without an
 * error when the text ends before.
 */
static bool
split_header(MetaHeader *header, char *text)
{
	char	   *line = text;

	for (;;)
	{
		char	   *end = strchr(line, '\n');
		size_t		length;
		KeyName		key;

		if (end == NULL)
			return false;
		*end = '\0';
		while (*line == ' ' || *line == '\t')
			line++;
		length = key_length(line, (size_t) (end - line));
		if (length > 0 && find_key(line, length, &key) && key != KEY_IGNORED)
		{
			char	   *value = line + length + strcspn(line + length, "=:") + 1;
			size_t		rest;

			while (isspace((unsigned char) *value))
				value++;
			rest = strlen(value);
			while (rest > 0 && isspace((unsigned char) value[rest - 1]))
				value[--rest] = '\0';
			header->value[key] = value;
			if (key == KEY_DATA_FILE)
			{
				header->length = end + 1 - text;
				return true;
			}
		}
		line = end + 1;
	}
}

/* Find the end of the header and its values; *text is what they point into. */
static bool
load_header(RadContext *context, VolumeReader *reader, MetaHeader *header, char **text)
{
	for (size_t wanted = 4096;; wanted *= 4)
	{
		const uint8_t *bytes;
		size_t		available;

		if (!rad_byte_stream_window(context, reader->stream, 0, wanted, wanted, &bytes, &available))
			return false;
		if (available > wanted)
			available = wanted;
		*text = rad_new(context, char, available + 1);
		if (*text == NULL)
			return false;
		memcpy(*text, bytes, available);
		(*text)[available] = '\0';
		memset(header->value, 0, sizeof(header->value));
		if (split_header(header, *text))
			return true;
		rad_release(context, *text);
		if (available < wanted)
		{
			rad_fail(context, RAD_INVALID_BINARY, "%s ends inside its MetaImage header",
					 header->name);
			return rad_hint(context, "The header's last line is \"ElementDataFile = LOCAL\".");
		}
		if (wanted >= MAX_HEADER)
			return rad_fail(context, RAD_LIMIT_EXCEEDED,
							"%s has a MetaImage header of more than %zu bytes", header->name,
							MAX_HEADER);
	}
}

/* --- values ---------------------------------------------------------------- */

static const char *
key_name(KeyName key)
{
	for (size_t n = 0; n < KEY_NAME_COUNT; n++)
	{
		if (keys[n].key == key)
			return keys[n].name;
	}
	return "";
}

static bool
fail_value(RadContext *context, const MetaHeader *header, KeyName key)
{
	if (header->value[key] == NULL)
		return rad_fail(context, RAD_INVALID_BINARY, "%s has no %s in its MetaImage header",
						header->name, key_name(key));
	return rad_fail(context, RAD_INVALID_BINARY, "%s has \"%.100s\" as %s in its MetaImage header",
					header->name, header->value[key], key_name(key));
}

/* A whole number within a range; absent means the default given. */
static bool
parse_whole(RadContext *context, const MetaHeader *header, KeyName key, int64_t missing,
			int64_t lowest, int64_t highest, int64_t *value)
{
	const char *cursor = header->value[key];

	*value = missing;
	if (cursor == NULL)
		return true;
	if (!rad_text_integer(&cursor, "", value) || !rad_text_ends(&cursor) || *value < lowest ||
		*value > highest)
		return fail_value(context, header, key);
	return true;
}

/* True, T, 1 and so on, as MetaIO has it; absent means the default given. */
static bool
parse_truth(const MetaHeader *header, KeyName key, bool missing)
{
	const char *value = header->value[key];

	if (value == NULL)
		return missing;
	return value[0] == 'T' || value[0] == 't' || value[0] == '1';
}

/* count finite numbers; absent leaves them as they are. */
static bool
parse_doubles(RadContext *context, const MetaHeader *header, KeyName key, int count,
			  double *values)
{
	const char *cursor = header->value[key];

	if (cursor == NULL)
		return true;
	for (int n = 0; n < count; n++)
	{
		if (!rad_text_double(&cursor, "", &values[n]) || !isfinite(values[n]))
			return fail_value(context, header, key);
	}
	return rad_text_ends(&cursor) || fail_value(context, header, key);
}

static bool
parse_type(RadContext *context, MetaHeader *header)
{
	const char *value = header->value[KEY_ELEMENT_TYPE];

	for (size_t n = 0; value != NULL && n < sizeof(types) / sizeof(types[0]); n++)
	{
		size_t		length = strlen(types[n].name);

		/* MET_FLOAT_ARRAY is MET_FLOAT with channels. */
		if (strncmp(value, types[n].name, length) != 0 ||
			(value[length] != '\0' && strcmp(value + length, "_ARRAY") != 0))
			continue;
		header->type = types[n].type;
		return true;
	}
	if (value != NULL && strncmp(value, "MET_", 4) == 0)
	{
		rad_fail(context, RAD_NOT_SUPPORTED, "%s has voxels of type %.60s", header->name, value);
		return rad_hint(context, "Convert it to an integer or floating-point type.");
	}
	return fail_value(context, header, KEY_ELEMENT_TYPE);
}

static bool
parse_sizes(RadContext *context, MetaHeader *header)
{
	const char *cursor = header->value[KEY_SIZE];
	int64_t		axis_count;

	if (header->value[KEY_DIMENSIONS] == NULL ||
		!parse_whole(context, header, KEY_DIMENSIONS, 0, 1, MAX_AXES, &axis_count))
		return context->code != RAD_OK ? false : fail_value(context, header, KEY_DIMENSIONS);
	header->axis_count = (int) axis_count;
	if (cursor == NULL)
		return fail_value(context, header, KEY_SIZE);
	for (int n = 0; n < MAX_AXES; n++)
	{
		header->extent[n] = 1;
		if (n < header->axis_count &&
			(!rad_text_integer(&cursor, "", &header->extent[n]) || header->extent[n] < 1))
			return fail_value(context, header, KEY_SIZE);
	}
	if (!rad_text_ends(&cursor))
		return fail_value(context, header, KEY_SIZE);
	header->frame_count = header->extent[3];
	return true;
}

/* A slope of 1 and an offset of 0 are what everybody writes. */
static bool
check_scaling(RadContext *context, const MetaHeader *header)
{
	double		slope = 1.0;
	double		intercept = 0.0;

	if (!parse_doubles(context, header, KEY_SLOPE, 1, &slope) ||
		!parse_doubles(context, header, KEY_INTERCEPT, 1, &intercept))
		return false;
	if (slope == 1.0 && intercept == 0.0)
		return true;
	rad_fail(context, RAD_NOT_SUPPORTED,
			 "%s has an ElementToIntensityFunction of slope %g and offset %g", header->name, slope,
			 intercept);
	return rad_hint(context, "ITK ignores it and other programs apply it; store the intensities "
					"themselves.");
}

static bool
parse_header(RadContext *context, MetaHeader *header)
{
	const char *object = header->value[KEY_OBJECT_TYPE];
	const char *file = header->value[KEY_DATA_FILE];

	if (object != NULL && strcmp(object, "Image") != 0)
		return rad_fail(context, RAD_NOT_SUPPORTED,
						"%s holds a MetaIO object of type \"%.40s\", not an Image", header->name,
						object);
	if (!rad_text_equal(file, "LOCAL"))
	{
		rad_fail(context, RAD_NOT_SUPPORTED,
				 "%s is a header with its voxels in another file, \"%.100s\"", header->name, file);
		return rad_hint(context, "Save the image as one .mha file.");
	}
	header->binary = parse_truth(header, KEY_BINARY, true);
	header->big_endian = parse_truth(header, KEY_BIG_ENDIAN, false);
	header->compressed = parse_truth(header, KEY_COMPRESSED, false);
	if (header->compressed && !header->binary)
		return rad_fail(context, RAD_NOT_SUPPORTED, "%s has compressed text for voxels",
						header->name);
	return parse_type(context, header) && parse_sizes(context, header) &&
		parse_whole(context, header, KEY_CHANNELS, 1, 1, RAD_MAX_CHANNELS,
					&header->channel_count) &&
		parse_whole(context, header, KEY_COMPRESSED_SIZE, -1, 0, INT64_MAX / 2,
					&header->compressed_size) &&
		parse_whole(context, header, KEY_HEADER_SIZE, 0, -1, INT64_MAX / 2,
					&header->header_size) &&
		check_scaling(context, header);
}

/* What two dimensions cannot say, when they say the same of the rest. */
static void
take_exact_geometry(const MetaHeader *header, Grid *grid)
{
	Grid		exact = *grid;

	if (header->value[KEY_EXACT_GEOMETRY] == NULL ||
		!rad_geometry_parse(header->value[KEY_EXACT_GEOMETRY], &exact) || exact.dimension != 2)
		return;
	for (int c = 0; c < 2; c++)
	{
		if (exact.spacing[c] != grid->spacing[c] || exact.origin[c] != grid->origin[c] ||
			exact.direction[0][c] != grid->direction[0][c] ||
			exact.direction[1][c] != grid->direction[1][c])
			return;
	}
	*grid = exact;
}

static bool
find_geometry(RadContext *context, const MetaHeader *header, Grid *grid)
{
	int			axes = header->axis_count;
	int			places = axes < 3 ? axes : 3;
	double		spacing[MAX_AXES] = {1.0, 1.0, 1.0, 1.0};
	double		origin[MAX_AXES] = {0};
	double		matrix[MAX_AXES * MAX_AXES] = {0};

	for (int n = 0; n < axes; n++)
		matrix[n * axes + n] = 1.0;
	if (!rad_layout_size(context, header->name, header->extent, grid) ||
		!parse_doubles(context, header, header->value[KEY_SPACING] != NULL ? KEY_SPACING :
					   KEY_ELEMENT_SIZE, axes, spacing) ||
		!parse_doubles(context, header, KEY_OFFSET, axes, origin) ||
		!parse_doubles(context, header, KEY_MATRIX, axes * axes, matrix))
		return false;
	grid->dimension = axes < 3 ? 2 : 3;
	for (int c = 0; c < 3; c++)
	{
		double		sign = spacing[c] < 0.0 ? -1.0 : 1.0;

		grid->spacing[c] = fabs(spacing[c]);
		grid->origin[c] = origin[c] + 0.0;
		for (int r = 0; r < places && c < places; r++)
			grid->direction[r][c] = sign * matrix[c * axes + r] + 0.0;
	}
	/* Axes that the file does not have. */
	for (int axis = places; axis < 3; axis++)
		grid->direction[axis][axis] = 1.0;
	if (axes == 2)
		take_exact_geometry(header, grid);
	return rad_layout_geometry(context, header->name, grid);
}

/* --- voxels ---------------------------------------------------------------- */

/* Voxels in text: numbers of other frames lie before and behind. */
static bool
locate_text(RadContext *context, const MetaHeader *header, const Grid *grid, int64_t frame,
			FileVoxels *state)
{
	int64_t		numbers = rad_grid_voxel_count(grid) * header->channel_count;

	state->is_text = true;
	state->text.stored = state->stored;
	state->text.stored.offset = header->length;
	if (__builtin_mul_overflow(numbers, frame, &state->text.skip) ||
		__builtin_mul_overflow(numbers, header->frame_count - 1 - frame, &state->text.behind))
		return rad_fail(context, RAD_LIMIT_EXCEEDED, "%s has %lld frames in its header",
						header->name, (long long) header->frame_count);
	return rad_text_check_length(context, &state->text, grid);
}

static bool
locate_voxels(RadContext *context, VolumeReader *reader, const MetaHeader *header, int64_t frame,
			  FileVoxels *state)
{
	StoredVoxels *stored = &state->stored;
	int64_t		frame_bytes;
	int64_t		data_bytes;
	int64_t		offset = header->length;

	if (!header->binary)
		return locate_text(context, header, &reader->grid, frame, state);
	frame_bytes = rad_grid_voxel_count(&reader->grid) * (int64_t) rad_stored_size(stored->type);
	if (__builtin_mul_overflow(frame_bytes, header->channel_count, &frame_bytes) ||
		__builtin_mul_overflow(frame_bytes, header->frame_count, &data_bytes) ||
		data_bytes > INT64_MAX / 4)
		return rad_fail(context, RAD_LIMIT_EXCEEDED, "%s has %lld values per voxel in its header",
						header->name,
						(long long) header->channel_count * (long long) header->frame_count);
	if (header->header_size > 0)
	{
		if (header->header_size < header->length)
			return fail_value(context, header, KEY_HEADER_SIZE);
		offset = header->header_size;
	}
	else if (header->header_size < 0 &&
			 (header->compressed || rad_byte_stream_compressed(reader->stream)))
		return rad_fail(context, RAD_NOT_SUPPORTED, "%s has a HeaderSize of -1 and is compressed",
						header->name);
	else if (header->header_size < 0)
	{
		/* The voxels are the last bytes of the file. */
		offset = rad_byte_stream_limit(reader->stream) - data_bytes;
		if (offset < header->length)
			offset = header->length;
	}
	if (header->compressed)
	{
		/* zlib's own wrapper, though MetaIO reads gzip's as well. */
		const uint8_t *head;
		size_t		length;
		bool		gzip;

		if (!rad_byte_stream_window(context, reader->stream, offset, 2, 2, &head, &length))
			return false;
		gzip = rad_inflate_recognise(head, length);
		if (!rad_byte_stream_open_part(context, reader->stream, offset, header->compressed_size,
									   gzip ? INFLATE_GZIP : INFLATE_ZLIB, &stored->stream))
			return false;
		offset = 0;
	}
	stored->end_offset = offset + data_bytes;
	stored->offset = offset + frame * frame_bytes;
	return rad_stored_check_length(context, stored);
}

static bool
open_metaimage(RadContext *context, VolumeReader *reader, int frame)
{
	MetaHeader *header = rad_new_zeroed(context, MetaHeader, 1);
	FileVoxels *state = rad_new_zeroed(context, FileVoxels, 1);
	int64_t		selected = frame < 0 ? 0 : frame;
	char	   *text = NULL;
	bool		has_channels;
	bool		ok;

	if (header == NULL || state == NULL)
		return false;
	header->name = rad_byte_stream_name(reader->stream);
	if (!load_header(context, reader, header, &text) || !parse_header(context, header) ||
		!find_geometry(context, header, &reader->grid))
		return false;
	has_channels = header->channel_count > 1;
	if (has_channels && header->frame_count > 1)
	{
		rad_fail(context, RAD_NOT_SUPPORTED, "%s has %lld channels in each of %lld frames",
				 header->name, (long long) header->channel_count,
				 (long long) header->frame_count);
		return rad_hint(context, "Split the frames into files.");
	}
	if (!rad_layout_frame(context, header->name, has_channels ? "channel" : "frame",
						  has_channels ? header->channel_count : header->frame_count, frame))
		return false;
	state->stored = (StoredVoxels) {
		.stream = reader->stream,
		.type = header->type,
		.big_endian = header->big_endian,
		.slope = 1.0,
		.channel_count = (int) header->channel_count,
		.channel = has_channels ? (int) selected : 0,
	};
	reader->type = rad_stored_delivered_type(header->type, 1.0, 0.0);
	reader->state = state;
	ok = locate_voxels(context, reader, header, has_channels ? 0 : selected, state);
	rad_release(context, text);
	rad_release(context, header);
	return ok;
}

const Codec rad_metaimage_codec = {
	.format = "metaimage",
	.name = "MetaImage with local voxels (.mha)",
	.recognise = recognise,
	.open = open_metaimage,
	.read_rows = rad_file_read_rows,
};
