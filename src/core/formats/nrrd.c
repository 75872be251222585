/*
 * NRRD with the header attached ("Definition of NRRD File Format", teem
 * project), versions 1 to 5.
 *
 * Geometry is computed as ITK does it, to the last bit: the spacing of an axis
 * is the norm of its space direction, and the direction is the vector times
 * the reciprocal of that norm.  RAS and LAS become LPS by changing signs;
 * scanner-xyz and the handed spaces are taken as they are.
 *
 * All fields are collected first and interpreted afterwards, so their order
 * does not matter.
 */
#include "formats/nrrd.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "formats/layout.h"
#include "formats/stored_voxels.h"
#include "formats/text_numbers.h"

/* NRRD itself allows 16 axes and 8 dimensions of space. */
#define MAX_AXES 16
#define MAX_SPACE 4

/* Longest header: those of diffusion images take some 100 kB. */
#define MAX_HEADER ((size_t) 4 << 20)

/* Fields of the format; those that say nothing about voxels or place are 0. */
typedef enum FieldName
{
	FIELD_IGNORED,
	FIELD_TYPE,
	FIELD_DIMENSION,
	FIELD_SIZES,
	FIELD_ENCODING,
	FIELD_ENDIAN,
	FIELD_KINDS,
	FIELD_SPACE,
	FIELD_SPACE_DIMENSION,
	FIELD_SPACE_DIRECTIONS,
	FIELD_SPACE_ORIGIN,
	FIELD_SPACE_UNITS,
	FIELD_SPACINGS,
	FIELD_AXIS_MINS,
	FIELD_CENTERS,
	FIELD_LINE_SKIP,
	FIELD_BYTE_SKIP,
	FIELD_DATA_FILE,
	FIELD_COUNT
} FieldName;

static const struct
{
	const char *name;
	FieldName	field;
}			fields[] = {
	{"type", FIELD_TYPE},
	{"dimension", FIELD_DIMENSION},
	{"sizes", FIELD_SIZES},
	{"encoding", FIELD_ENCODING},
	{"endian", FIELD_ENDIAN},
	{"kinds", FIELD_KINDS},
	{"space", FIELD_SPACE},
	{"space dimension", FIELD_SPACE_DIMENSION},
	{"space directions", FIELD_SPACE_DIRECTIONS},
	{"space origin", FIELD_SPACE_ORIGIN},
	{"space units", FIELD_SPACE_UNITS},
	{"spacings", FIELD_SPACINGS},
	{"axis mins", FIELD_AXIS_MINS},
	{"axismins", FIELD_AXIS_MINS},
	{"centers", FIELD_CENTERS},
	{"centerings", FIELD_CENTERS},
	{"line skip", FIELD_LINE_SKIP},
	{"lineskip", FIELD_LINE_SKIP},
	{"byte skip", FIELD_BYTE_SKIP},
	{"byteskip", FIELD_BYTE_SKIP},
	{"data file", FIELD_DATA_FILE},
	{"datafile", FIELD_DATA_FILE},
	{"content", FIELD_IGNORED},
	{"number", FIELD_IGNORED},
	{"block size", FIELD_IGNORED},
	{"blocksize", FIELD_IGNORED},
	{"min", FIELD_IGNORED},
	{"max", FIELD_IGNORED},
	{"old min", FIELD_IGNORED},
	{"oldmin", FIELD_IGNORED},
	{"old max", FIELD_IGNORED},
	{"oldmax", FIELD_IGNORED},
	{"sample units", FIELD_IGNORED},
	{"sampleunits", FIELD_IGNORED},
	{"measurement frame", FIELD_IGNORED},
	{"axis maxs", FIELD_IGNORED},
	{"axismaxs", FIELD_IGNORED},
	{"thicknesses", FIELD_IGNORED},
	{"labels", FIELD_IGNORED},
	{"units", FIELD_IGNORED},
};

#define FIELD_NAME_COUNT (sizeof(fields) / sizeof(fields[0]))

static const struct
{
	const char *name;
	StoredType	type;
}			types[] = {
	{"signed char", STORED_INT8},
	{"int8", STORED_INT8},
	{"int8_t", STORED_INT8},
	{"uchar", STORED_UINT8},
	{"unsigned char", STORED_UINT8},
	{"uint8", STORED_UINT8},
	{"uint8_t", STORED_UINT8},
	{"short", STORED_INT16},
	{"short int", STORED_INT16},
	{"signed short", STORED_INT16},
	{"signed short int", STORED_INT16},
	{"int16", STORED_INT16},
	{"int16_t", STORED_INT16},
	{"ushort", STORED_UINT16},
	{"unsigned short", STORED_UINT16},
	{"unsigned short int", STORED_UINT16},
	{"uint16", STORED_UINT16},
	{"uint16_t", STORED_UINT16},
	{"int", STORED_INT32},
	{"signed int", STORED_INT32},
	{"int32", STORED_INT32},
	{"int32_t", STORED_INT32},
	{"uint", STORED_UINT32},
	{"unsigned int", STORED_UINT32},
	{"uint32", STORED_UINT32},
	{"uint32_t", STORED_UINT32},
	{"longlong", STORED_INT64},
	{"long long", STORED_INT64},
	{"long long int", STORED_INT64},
	{"signed long long", STORED_INT64},
	{"signed long long int", STORED_INT64},
	{"int64", STORED_INT64},
	{"int64_t", STORED_INT64},
	{"ulonglong", STORED_UINT64},
	{"unsigned long long", STORED_UINT64},
	{"unsigned long long int", STORED_UINT64},
	{"uint64", STORED_UINT64},
	{"uint64_t", STORED_UINT64},
	{"float", STORED_FLOAT32},
	{"double", STORED_FLOAT64},
};

/* Spaces: dimension, and the sign that leads to LPS along x and y. */
static const struct
{
	const char *name;
	const char *short_name;
	int			dimension;
	int			sign[2];
}			spaces[] = {
	{"right-anterior-superior", "RAS", 3, {-1, -1}},
	{"left-anterior-superior", "LAS", 3, {1, -1}},
	{"left-posterior-superior", "LPS", 3, {1, 1}},
	{"right-anterior-superior-time", "RAST", 4, {-1, -1}},
	{"left-anterior-superior-time", "LAST", 4, {1, -1}},
	{"left-posterior-superior-time", "LPST", 4, {1, 1}},
	{"scanner-xyz", "scanner-xyz", 3, {1, 1}},
	{"scanner-xyz-time", "scanner-xyz-time", 4, {1, 1}},
	{"3D-right-handed", "3D-right-handed", 3, {1, 1}},
	{"3D-left-handed", "3D-left-handed", 3, {1, 1}},
	{"3D-right-handed-time", "3D-right-handed-time", 4, {1, 1}},
	{"3D-left-handed-time", "3D-left-handed-time", 4, {1, 1}},
};

typedef enum Encoding
{
	ENCODING_RAW,
	ENCODING_GZIP,
	ENCODING_ASCII,
	ENCODING_OTHER
} Encoding;

static const struct
{
	const char *name;
	Encoding	encoding;
}			encodings[] = {
	{"raw", ENCODING_RAW},
	{"gzip", ENCODING_GZIP},
	{"gz", ENCODING_GZIP},
	{"ascii", ENCODING_ASCII},
	{"text", ENCODING_ASCII},
	{"txt", ENCODING_ASCII},
	{"hex", ENCODING_OTHER},
	{"bzip2", ENCODING_OTHER},
	{"bz2", ENCODING_OTHER},
	{"zrl", ENCODING_OTHER},
};

/* One axis of the file, fastest first. */
typedef struct Axis
{
	int64_t		size;
	bool		domain;			/* a place, rather than values at it */
	bool		has_direction;
	double		direction[MAX_SPACE];
	double		spacing;		/* NAN when the file has none */
	double		min;			/* NAN when the file has none */
	bool		node_centered;
} Axis;

typedef struct NrrdHeader
{
	const char *name;			/* of the file, for messages */
	char	   *value[FIELD_COUNT]; /* NULL when absent */
	size_t		length;			/* of the header, with its empty line */

	StoredType	type;
	Encoding	encoding;
	bool		big_endian;
	int			axis_count;
	Axis		axes[MAX_AXES];
	int			space_dimension;	/* 0: no space */
	int			sign[2];
	int64_t		line_skip;
	int64_t		byte_skip;

	/* How the axes are used. */
	int			place_count;	/* axes of the volume: 1, 2 or 3 */
	int			place[3];
	int64_t		channel_count;	/* in front of them */
	int64_t		frame_count;	/* behind them */
} NrrdHeader;

/* What reading needs: one of the two, by the encoding. */
typedef struct NrrdState
{
	bool		is_text;
	StoredVoxels stored;
	TextVoxels	text;
} NrrdState;

static bool
recognise(const uint8_t *head, size_t length)
{
	return length >= 5 && memcmp(head, "NRRD", 4) == 0;
}

/* --- the lines of the header ----------------------------------------------- */

static bool
fail_value(RadContext *context, const NrrdHeader *header, const char *field, const char *value)
{
	return rad_fail(context, RAD_INVALID_BINARY, "%s has \"%.100s\" as \"%s\" in its NRRD header",
					header->name, value, field);
}

/* Length of the header up to and with its empty line; 0 when there is none. */
static size_t
header_length(const uint8_t *bytes, size_t length)
{
	size_t		line = 0;

	for (size_t n = 0; n < length; n++)
	{
		if (bytes[n] != '\n')
			continue;
		if (n == line || (n == line + 1 && bytes[line] == '\r'))
			return n + 1;
		line = n + 1;
	}
	return 0;
}

/* A copy of the header as a string. */
static bool
load_header(RadContext *context, VolumeReader *reader, NrrdHeader *header, char **text)
{
	const uint8_t *bytes;
	size_t		available;

	for (size_t wanted = 4096;; wanted *= 4)
	{
		if (!rad_byte_stream_window(context, reader->stream, 0, wanted, wanted, &bytes, &available))
			return false;
		header->length = header_length(bytes, available);
		if (header->length > 0)
			break;
		if (available < wanted)
		{
			rad_fail(context, RAD_INVALID_BINARY, "%s ends inside its NRRD header", header->name);
			return rad_hint(context, "A header without voxels (.nhdr) has to be stored together "
							"with them, as one .nrrd file.");
		}
		if (wanted >= MAX_HEADER)
			return rad_fail(context, RAD_LIMIT_EXCEEDED,
							"%s has an NRRD header of more than %zu bytes", header->name,
							MAX_HEADER);
	}
	*text = rad_new(context, char, header->length + 1);
	if (*text == NULL)
		return false;
	memcpy(*text, bytes, header->length);
	(*text)[header->length] = '\0';
	if (strlen(*text) != header->length)
		return rad_fail(context, RAD_INVALID_BINARY, "%s has a zero byte in its NRRD header",
						header->name);
	return true;
}

/* Cut white space off both ends. */
static char *
trim(char *text)
{
	size_t		length;

	while (isspace((unsigned char) *text))
		text++;
	length = strlen(text);
	while (length > 0 && isspace((unsigned char) text[length - 1]))
		text[--length] = '\0';
	return text;
}

static bool
take_line(RadContext *context, NrrdHeader *header, char *line)
{
	char	   *colon = strstr(line, ": ");
	char	   *key_end = strstr(line, ":=");

	/* Comments, and keys with values that are somebody's own. */
	if (line[0] == '#' || (key_end != NULL && (colon == NULL || key_end < colon)))
		return true;
	if (colon == NULL)
		colon = strchr(line, ':');
	if (colon == NULL)
		return rad_fail(context, RAD_INVALID_BINARY,
						"%s has a line \"%.100s\" in its NRRD header that is no field",
						header->name, line);
	*colon = '\0';
	line = trim(line);
	for (size_t n = 0; n < FIELD_NAME_COUNT; n++)
	{
		FieldName	field = fields[n].field;

		if (!rad_text_equal(line, fields[n].name))
			continue;
		if (field == FIELD_IGNORED)
			return true;
		if (header->value[field] != NULL)
			return rad_fail(context, RAD_INVALID_BINARY,
							"%s has the field \"%s\" twice in its NRRD header", header->name,
							fields[n].name);
		header->value[field] = trim(colon + 1);
		return true;
	}
	return rad_fail(context, RAD_INVALID_BINARY,
					"%s has an unknown field \"%.100s\" in its NRRD header", header->name, line);
}

static bool
split_header(RadContext *context, NrrdHeader *header, char *text)
{
	char	   *line = text;
	char	   *end = strchr(line, '\n');

	if (strncmp(line, "NRRD000", 7) != 0 || line[7] < '1' || line[7] > '5' || line + 8 > end ||
		!(line[8] == '\n' || line[8] == '\r'))
		return rad_fail_format(context, header->name, "has no NRRD version from 1 to 5 in its "
							   "first line", (const uint8_t *) text, header->length);
	for (;;)
	{
		line = end + 1;
		end = strchr(line, '\n');
		if (end == NULL)
			return true;
		*end = '\0';
		if (end > line && end[-1] == '\r')
			end[-1] = '\0';
		if (*line != '\0' && !take_line(context, header, line))
			return false;
	}
}

/* --- values of the fields -------------------------------------------------- */

static bool
require(RadContext *context, const NrrdHeader *header, FieldName field, const char *name)
{
	if (header->value[field] != NULL)
		return true;
	return rad_fail(context, RAD_INVALID_BINARY, "%s has no field \"%s\" in its NRRD header",
					header->name, name);
}

/* A field that is one whole number; absent means the default given. */
static bool
parse_whole(RadContext *context, const NrrdHeader *header, FieldName field, const char *name,
			int64_t missing, int64_t lowest, int64_t highest, int64_t *value)
{
	const char *cursor = header->value[field];

	*value = missing;
	if (cursor == NULL)
		return true;
	if (!rad_text_integer(&cursor, "", value) || !rad_text_ends(&cursor) || *value < lowest ||
		*value > highest)
		return fail_value(context, header, name, header->value[field]);
	return true;
}

static bool
parse_type(RadContext *context, NrrdHeader *header)
{
	const char *value = header->value[FIELD_TYPE];

	for (size_t n = 0; n < sizeof(types) / sizeof(types[0]); n++)
	{
		if (!rad_text_equal(value, types[n].name))
			continue;
		header->type = types[n].type;
		return true;
	}
	if (rad_text_equal(value, "block"))
		return rad_fail(context, RAD_NOT_SUPPORTED, "%s has voxels of type block", header->name);
	return fail_value(context, header, "type", value);
}

static bool
parse_encoding(RadContext *context, NrrdHeader *header)
{
	const char *value = header->value[FIELD_ENCODING];
	const char *endian = header->value[FIELD_ENDIAN];

	header->encoding = ENCODING_OTHER;
	for (size_t n = 0; n < sizeof(encodings) / sizeof(encodings[0]); n++)
	{
		if (rad_text_equal(value, encodings[n].name))
			header->encoding = encodings[n].encoding;
	}
	if (header->encoding == ENCODING_OTHER)
	{
		rad_fail(context, RAD_NOT_SUPPORTED, "%s has the NRRD encoding \"%.40s\"", header->name,
				 value);
		return rad_hint(context, "Encodings raw, gzip and ascii are read; convert with "
						"\"unu save -e gzip -f nrrd\".");
	}
	if (endian != NULL)
	{
		header->big_endian = rad_text_equal(endian, "big");
		if (!header->big_endian && !rad_text_equal(endian, "little"))
			return fail_value(context, header, "endian", endian);
	}
	else if (header->encoding != ENCODING_ASCII && rad_stored_size(header->type) > 1)
		return require(context, header, FIELD_ENDIAN, "endian");
	return true;
}

static bool
parse_sizes(RadContext *context, NrrdHeader *header)
{
	const char *cursor = header->value[FIELD_SIZES];
	int64_t		dimension;

	if (!parse_whole(context, header, FIELD_DIMENSION, "dimension", 0, 1, MAX_AXES, &dimension))
		return false;
	header->axis_count = (int) dimension;
	for (int n = 0; n < header->axis_count; n++)
	{
		header->axes[n] = (Axis) {.domain = true, .spacing = NAN, .min = NAN};
		if (!rad_text_integer(&cursor, "", &header->axes[n].size) || header->axes[n].size < 1)
			return fail_value(context, header, "sizes", header->value[FIELD_SIZES]);
	}
	if (!rad_text_ends(&cursor))
		return fail_value(context, header, "sizes", header->value[FIELD_SIZES]);
	return true;
}

static bool
parse_space(RadContext *context, NrrdHeader *header)
{
	const char *value = header->value[FIELD_SPACE];
	int64_t		dimension;

	header->sign[0] = header->sign[1] = 1;
	if (!parse_whole(context, header, FIELD_SPACE_DIMENSION, "space dimension", 0, 1, MAX_SPACE,
					 &dimension))
		return false;
	header->space_dimension = (int) dimension;
	if (value == NULL)
		return true;
	for (size_t n = 0; n < sizeof(spaces) / sizeof(spaces[0]); n++)
	{
		if (!rad_text_equal(value, spaces[n].name) && !rad_text_equal(value, spaces[n].short_name))
			continue;
		if (dimension != 0 && dimension != spaces[n].dimension)
			return fail_value(context, header, "space dimension",
							  header->value[FIELD_SPACE_DIMENSION]);
		header->space_dimension = spaces[n].dimension;
		header->sign[0] = spaces[n].sign[0];
		header->sign[1] = spaces[n].sign[1];
		return true;
	}
	return fail_value(context, header, "space", value);
}

/* "(a,b,c)" with a number for every dimension of space. */
static bool
parse_vector(const char **cursor, int dimension, double *vector)
{
	if (rad_text_ends(cursor) || **cursor != '(')
		return false;
	(*cursor)++;
	for (int n = 0; n < dimension; n++)
	{
		if (!rad_text_double(cursor, ",)", &vector[n]) || rad_text_ends(cursor) ||
			**cursor != (n < dimension - 1 ? ',' : ')'))
			return false;
		(*cursor)++;
	}
	return true;
}

/* Whether the word at the cursor is the one given; moves behind it then. */
static bool
take_word(const char **cursor, const char *word)
{
	size_t		length = strlen(word);

	if (rad_text_ends(cursor))
		return false;
	for (size_t n = 0; n < length; n++)
	{
		if (tolower((unsigned char) (*cursor)[n]) != word[n])
			return false;
	}
	if ((*cursor)[length] != '\0' && !isspace((unsigned char) (*cursor)[length]))
		return false;
	*cursor += length;
	return true;
}

static bool
parse_directions(RadContext *context, NrrdHeader *header)
{
	const char *value = header->value[FIELD_SPACE_DIRECTIONS];
	const char *cursor = value;

	if (value == NULL)
		return true;
	if (header->space_dimension == 0)
		return rad_fail(context, RAD_INVALID_BINARY,
						"%s has \"space directions\" but no \"space\" in its NRRD header",
						header->name);
	for (int n = 0; n < header->axis_count; n++)
	{
		Axis	   *axis = &header->axes[n];

		if (take_word(&cursor, "none"))
			continue;
		if (!parse_vector(&cursor, header->space_dimension, axis->direction))
			return fail_value(context, header, "space directions", value);
		axis->has_direction = true;
		for (int c = 0; c < header->space_dimension; c++)
		{
			if (isnan(axis->direction[c]))
				axis->has_direction = false;
		}
	}
	if (!rad_text_ends(&cursor))
		return fail_value(context, header, "space directions", value);
	return true;
}

/*
 * Which axes are places: those of the kinds named here, or without kinds those
 * that have a space direction.
 */
static bool
parse_kinds(RadContext *context, NrrdHeader *header)
{
	static const char *const places[] = {"domain", "space", "???", "none"};
	const char *value = header->value[FIELD_KINDS];
	const char *cursor = value;

	for (int n = 0; n < header->axis_count; n++)
	{
		Axis	   *axis = &header->axes[n];

		if (value == NULL)
		{
			if (header->value[FIELD_SPACE_DIRECTIONS] != NULL)
				axis->domain = axis->has_direction;
			continue;
		}
		axis->domain = false;
		if (rad_text_ends(&cursor))
			return fail_value(context, header, "kinds", value);
		for (size_t k = 0; k < sizeof(places) / sizeof(places[0]) && !axis->domain; k++)
			axis->domain = take_word(&cursor, places[k]);
		while (!axis->domain && *cursor != '\0' && !isspace((unsigned char) *cursor))
			cursor++;
	}
	if (value != NULL && !rad_text_ends(&cursor))
		return fail_value(context, header, "kinds", value);
	return true;
}

/* A number per axis; "nan" where an axis has none. */
static bool
parse_axis_numbers(RadContext *context, NrrdHeader *header, FieldName field, const char *name,
				   size_t member)
{
	const char *cursor = header->value[field];

	if (cursor == NULL)
		return true;
	for (int n = 0; n < header->axis_count; n++)
	{
		double	   *number = (double *) ((char *) &header->axes[n] + member);

		if (!rad_text_double(&cursor, "", number) || isinf(*number))
			return fail_value(context, header, name, header->value[field]);
	}
	if (!rad_text_ends(&cursor))
		return fail_value(context, header, name, header->value[field]);
	return true;
}

static bool
parse_centers(RadContext *context, NrrdHeader *header)
{
	const char *cursor = header->value[FIELD_CENTERS];

	if (cursor == NULL)
		return true;
	for (int n = 0; n < header->axis_count; n++)
	{
		header->axes[n].node_centered = take_word(&cursor, "node");
		if (!header->axes[n].node_centered && !take_word(&cursor, "cell") &&
			!take_word(&cursor, "???") && !take_word(&cursor, "none"))
			return fail_value(context, header, "centers", header->value[FIELD_CENTERS]);
	}
	return true;
}

/* Units of space other than millimetres are refused: ITK would misread them. */
static bool
check_units(RadContext *context, const NrrdHeader *header)
{
	static const char *const units[] = {"\"mm\"", "\"\"", "\"millimeter\"", "\"millimeters\"",
	"\"millimetre\"", "\"millimetres\"", "\"???\""};
	const char *cursor = header->value[FIELD_SPACE_UNITS];

	if (cursor == NULL)
		return true;
	for (int n = 0; n < header->space_dimension && n < 3; n++)
	{
		bool		known = false;

		for (size_t u = 0; u < sizeof(units) / sizeof(units[0]) && !known; u++)
			known = take_word(&cursor, units[u]);
		if (known)
			continue;
		rad_fail(context, RAD_NOT_SUPPORTED, "%s has \"%.60s\" as \"space units\" in its NRRD "
				 "header", header->name, header->value[FIELD_SPACE_UNITS]);
		return rad_hint(context, "Convert directions and origin to millimetres (\"mm\").");
	}
	return true;
}

static bool
parse_header(RadContext *context, NrrdHeader *header)
{
	if (!require(context, header, FIELD_TYPE, "type") ||
		!require(context, header, FIELD_DIMENSION, "dimension") ||
		!require(context, header, FIELD_SIZES, "sizes") ||
		!require(context, header, FIELD_ENCODING, "encoding"))
		return false;
	if (header->value[FIELD_DATA_FILE] != NULL)
	{
		rad_fail(context, RAD_NOT_SUPPORTED, "%s is a header with its voxels in another file, "
				 "\"%.100s\"", header->name, header->value[FIELD_DATA_FILE]);
		return rad_hint(context, "Store both as one .nrrd file: "
						"\"unu save -e gzip -f nrrd -i in.nhdr -o out.nrrd\".");
	}
	return parse_type(context, header) && parse_encoding(context, header) &&
		parse_sizes(context, header) && parse_space(context, header) &&
		parse_directions(context, header) && parse_kinds(context, header) &&
		parse_axis_numbers(context, header, FIELD_SPACINGS, "spacings", offsetof(Axis, spacing)) &&
		parse_axis_numbers(context, header, FIELD_AXIS_MINS, "axis mins", offsetof(Axis, min)) &&
		parse_centers(context, header) && check_units(context, header) &&
		parse_whole(context, header, FIELD_LINE_SKIP, "line skip", 0, 0, INT32_MAX,
					&header->line_skip) &&
		parse_whole(context, header, FIELD_BYTE_SKIP, "byte skip", 0, -1, INT64_MAX / 2,
					&header->byte_skip);
}

/* --- axes and geometry ----------------------------------------------------- */

/*
 * Channels, then x, y and z, then frames: what every program writes.  Axes of
 * one value fit anywhere.
 */
static bool
arrange_axes(RadContext *context, NrrdHeader *header)
{
	bool		split = false;

	header->channel_count = header->frame_count = 1;
	for (int n = 0; n < header->axis_count; n++)
	{
		const Axis *axis = &header->axes[n];
		int64_t    *count;

		if (axis->domain && header->place_count < 3)
		{
			split = split || header->frame_count > 1;
			header->place[header->place_count++] = n;
			continue;
		}
		count = header->place_count == 0 ? &header->channel_count : &header->frame_count;
		if (__builtin_mul_overflow(*count, axis->size, count))
			return rad_fail(context, RAD_LIMIT_EXCEEDED, "%s has too many values: \"%.100s\"",
							header->name, header->value[FIELD_SIZES]);
	}
	if (header->place_count == 0)
		return rad_fail(context, RAD_INVALID_BINARY, "%s has no spatial axis: kinds \"%.100s\"",
						header->name,
						header->value[FIELD_KINDS] ? header->value[FIELD_KINDS] : "");
	if (split || (header->channel_count > 1 && header->frame_count > 1) ||
		header->channel_count > RAD_MAX_CHANNELS)
	{
		rad_fail(context, RAD_NOT_SUPPORTED, "%s has axes of sizes %.100s%s%.100s", header->name,
				 header->value[FIELD_SIZES], header->value[FIELD_KINDS] ? " and kinds " : "",
				 header->value[FIELD_KINDS] ? header->value[FIELD_KINDS] : "");
		return rad_hint(context, "One axis that is not spatial is read, the first (channels, up to "
						"%d) or the last (frames); reorder with \"unu permute\".",
						RAD_MAX_CHANNELS);
	}
	return true;
}

/* Geometry from spacings and axis mins, as ITK has it: along the axes. */
static bool
plain_geometry(RadContext *context, const NrrdHeader *header, Grid *grid)
{
	bool		has_origin = true;

	for (int c = 0; c < header->place_count; c++)
	{
		const Axis *axis = &header->axes[header->place[c]];
		double		spacing = isnan(axis->spacing) ? 1.0 : axis->spacing;

		if (isnan(axis->min) || isnan(axis->spacing))
			has_origin = false;
		if (!isnan(axis->min) && isnan(axis->spacing))
		{
			rad_fail(context, RAD_NOT_SUPPORTED,
					 "%s has \"axis mins\" without \"spacings\" in its NRRD header", header->name);
			return rad_hint(context, "Write the voxel size as \"spacings\" or \"space "
							"directions\".");
		}
		grid->spacing[c] = fabs(spacing);
		grid->direction[c][c] = spacing < 0.0 ? -1.0 : 1.0;
	}
	for (int c = 0; c < header->place_count && has_origin; c++)
	{
		const Axis *axis = &header->axes[header->place[c]];

		grid->origin[c] = axis->node_centered ? axis->min : axis->min + axis->spacing / 2.0;
	}
	return true;
}

static bool
space_geometry(RadContext *context, const NrrdHeader *header, Grid *grid)
{
	double		origin[MAX_SPACE] = {0};
	const char *cursor = header->value[FIELD_SPACE_ORIGIN];
	int			world = header->space_dimension < 3 ? header->space_dimension : 3;

	if (header->value[FIELD_SPACINGS] != NULL && header->value[FIELD_SPACE_DIRECTIONS] == NULL)
	{
		rad_fail(context, RAD_NOT_SUPPORTED, "%s has a space with \"spacings\" in its NRRD header",
				 header->name);
		return rad_hint(context, "In a space the axes need \"space directions\".");
	}
	if (cursor != NULL && !take_word(&cursor, "none") &&
		(!parse_vector(&cursor, header->space_dimension, origin) || !rad_text_ends(&cursor)))
		return fail_value(context, header, "space origin", header->value[FIELD_SPACE_ORIGIN]);
	for (int r = 0; r < world; r++)
		grid->origin[r] = origin[r] * (r < 2 ? header->sign[r] : 1) + 0.0;
	for (int c = 0; c < header->place_count; c++)
	{
		const Axis *axis = &header->axes[header->place[c]];
		double		squares = 0.0;
		double		reciprocal;

		if (!axis->has_direction)
		{
			grid->direction[c][c] = 1.0;
			continue;
		}
		for (int r = 0; r < header->space_dimension; r++)
			squares += axis->direction[r] * axis->direction[r];
		grid->spacing[c] = sqrt(squares);
		reciprocal = 1.0 / grid->spacing[c];
		for (int r = 0; r < world; r++)
			grid->direction[r][c] = axis->direction[r] * reciprocal *
				(r < 2 ? header->sign[r] : 1) + 0.0;
		if (header->space_dimension == 4 && axis->direction[3] != 0.0)
		{
			rad_fail(context, RAD_NOT_SUPPORTED, "%s has an axis that runs through space and time",
					 header->name);
			return rad_hint(context, "The last component of its space directions must be 0.");
		}
	}
	return true;
}

static bool
find_geometry(RadContext *context, const NrrdHeader *header, Grid *grid)
{
	int64_t		extent[3] = {1, 1, 1};

	for (int c = 0; c < header->place_count; c++)
		extent[c] = header->axes[header->place[c]].size;
	for (int c = 0; c < 3; c++)
		grid->spacing[c] = 1.0;
	grid->dimension = header->place_count < 3 ? 2 : 3;
	if (!rad_layout_size(context, header->name, extent, grid))
		return false;
	if (header->space_dimension == 0)
	{
		if (!plain_geometry(context, header, grid))
			return false;
	}
	else if (!space_geometry(context, header, grid))
		return false;
	/* Axes that the file does not have are perpendicular to the others. */
	if (header->place_count == 1)
	{
		grid->direction[0][1] = -grid->direction[1][0] + 0.0;
		grid->direction[1][1] = grid->direction[0][0];
	}
	if (header->place_count < 3)
		rad_column_cross(grid->direction, 0, 1, 2);
	return rad_layout_geometry(context, header->name, grid);
}

/* --- voxels ---------------------------------------------------------------- */

/* Move *offset behind the lines that are to be skipped. */
static bool
skip_lines(RadContext *context, VolumeReader *reader, int64_t lines, int64_t *offset)
{
	while (lines > 0)
	{
		const uint8_t *bytes;
		size_t		available;
		size_t		n = 0;

		if (!rad_continue(context) ||
			!rad_byte_stream_window(context, reader->stream, *offset, 1, RAD_STREAM_WINDOW, &bytes,
									&available))
			return false;
		if (available == 0)
			return rad_fail(context, RAD_INVALID_BINARY,
							"%s ends before the lines that its NRRD header skips",
							rad_byte_stream_name(reader->stream));
		while (n < available && lines > 0)
		{
			if (bytes[n++] == '\n')
				lines--;
		}
		*offset += (int64_t) n;
	}
	return true;
}

/* Voxels in text: numbers of other frames lie before and behind. */
static bool
locate_text(RadContext *context, const NrrdHeader *header, const Grid *grid, int64_t offset,
			int64_t frame, NrrdState *state)
{
	int64_t		voxels = rad_grid_voxel_count(grid);

	state->is_text = true;
	state->text.stored = state->stored;
	state->text.stored.offset = offset;
	if (header->byte_skip > 0)
		state->text.stored.offset += header->byte_skip;
	if (__builtin_mul_overflow(voxels, frame, &state->text.skip) ||
		__builtin_mul_overflow(voxels, header->frame_count - 1 - frame, &state->text.behind))
		return rad_fail(context, RAD_LIMIT_EXCEEDED, "%s has %lld frames in its header",
						header->name, (long long) header->frame_count);
	return rad_text_check_length(context, &state->text, grid);
}

/* Where the voxels of the chosen channel or frame lie. */
static bool
locate_voxels(RadContext *context, VolumeReader *reader, const NrrdHeader *header, int64_t frame,
			  NrrdState *state)
{
	StoredVoxels *stored = &state->stored;
	int64_t		offset = (int64_t) header->length;
	int64_t		frame_bytes;
	int64_t		data_bytes;

	if (!skip_lines(context, reader, header->line_skip, &offset))
		return false;
	if (header->encoding == ENCODING_ASCII)
		return locate_text(context, header, &reader->grid, offset, frame, state);
	if (__builtin_mul_overflow(rad_grid_voxel_count(&reader->grid) *
							   (int64_t) rad_stored_size(stored->type), header->channel_count,
							   &frame_bytes) ||
		__builtin_mul_overflow(frame_bytes, header->frame_count, &data_bytes) ||
		data_bytes > INT64_MAX / 4)
		return rad_fail(context, RAD_LIMIT_EXCEEDED, "%s has %lld values per voxel in its header",
						header->name, (long long) (header->channel_count * header->frame_count));
	if (header->encoding == ENCODING_GZIP)
	{
		if (!rad_byte_stream_open_part(context, reader->stream, offset, -1, INFLATE_GZIP,
									   &stored->stream))
			return false;
		offset = 0;
	}
	if (header->byte_skip >= 0)
		offset += header->byte_skip;
	else
	{
		/* -1: the voxels are the last bytes of the file. */
		if (rad_byte_stream_compressed(stored->stream))
			return rad_fail(context, RAD_NOT_SUPPORTED,
							"%s has a byte skip of -1 and is compressed", header->name);
		offset = rad_byte_stream_limit(stored->stream) - data_bytes;
		if (offset < (int64_t) header->length)
			offset = (int64_t) header->length;
	}
	stored->end_offset = offset + data_bytes;
	stored->offset = offset + frame * frame_bytes;
	return rad_stored_check_length(context, stored);
}

static bool
open_nrrd(RadContext *context, VolumeReader *reader, int frame)
{
	NrrdHeader *header = rad_new_zeroed(context, NrrdHeader, 1);
	NrrdState  *state = rad_new_zeroed(context, NrrdState, 1);
	char	   *text = NULL;
	bool		has_channels;
	int64_t		selected = frame < 0 ? 0 : frame;
	bool		ok;

	if (header == NULL || state == NULL)
		return false;
	header->name = rad_byte_stream_name(reader->stream);
	if (!load_header(context, reader, header, &text) || !split_header(context, header, text) ||
		!parse_header(context, header) || !arrange_axes(context, header) ||
		!find_geometry(context, header, &reader->grid))
		return false;
	has_channels = header->channel_count > 1;
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

static bool
read_rows(RadContext *context, VolumeReader *reader, const Box *box, RowsCallback callback,
		  void *argument)
{
	NrrdState  *state = reader->state;

	if (state->is_text)
		return rad_text_read_rows(context, &state->text, reader, box, callback, argument);
	return rad_stored_read_rows(context, &state->stored, reader, box, callback, argument);
}

const Codec rad_nrrd_codec = {
	.name = "NRRD with attached header (.nrrd)",
	.recognise = recognise,
	.open = open_nrrd,
	.read_rows = read_rows,
};
