/*
 * The lines and values of an NRRD header; see nrrd_header.h.
 *
 * All fields are collected first and interpreted afterwards, so their order
 * does not matter.
 */
#include "formats/nrrd_header.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "formats/text_numbers.h"

/* Longest header: those of diffusion images take some 100 kB. */
#define MAX_HEADER ((size_t) 4 << 20)

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

/* --- the lines of the header ----------------------------------------------- */

bool
rad_nrrd_fail(RadContext *context, const NrrdHeader *header, const char *field, const char *value)
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
	if (line[0] == '#')
		return true;
	if (key_end != NULL && (colon == NULL || key_end < colon))
	{
		*key_end = '\0';
		if (strcmp(line, RAD_NRRD_EXACT_KEY) == 0)
			header->exact = key_end + 2;
		return true;
	}
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
		return rad_nrrd_fail(context, header, name, header->value[field]);
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
	return rad_nrrd_fail(context, header, "type", value);
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
			return rad_nrrd_fail(context, header, "endian", endian);
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

	if (!parse_whole(context, header, FIELD_DIMENSION, "dimension", 0, 1, RAD_NRRD_AXES, &dimension))
		return false;
	header->axis_count = (int) dimension;
	for (int n = 0; n < header->axis_count; n++)
	{
		header->axes[n] = (Axis) {.domain = true, .spacing = NAN, .min = NAN};
		if (!rad_text_integer(&cursor, "", &header->axes[n].size) || header->axes[n].size < 1)
			return rad_nrrd_fail(context, header, "sizes", header->value[FIELD_SIZES]);
	}
	if (!rad_text_ends(&cursor))
		return rad_nrrd_fail(context, header, "sizes", header->value[FIELD_SIZES]);
	return true;
}

static bool
parse_space(RadContext *context, NrrdHeader *header)
{
	const char *value = header->value[FIELD_SPACE];
	int64_t		dimension;

	header->sign[0] = header->sign[1] = 1;
	if (!parse_whole(context, header, FIELD_SPACE_DIMENSION, "space dimension", 0, 1, RAD_NRRD_SPACE,
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
			return rad_nrrd_fail(context, header, "space dimension",
							  header->value[FIELD_SPACE_DIMENSION]);
		header->space_dimension = spaces[n].dimension;
		header->sign[0] = spaces[n].sign[0];
		header->sign[1] = spaces[n].sign[1];
		return true;
	}
	return rad_nrrd_fail(context, header, "space", value);
}

/* "(a,b,c)" with a number for every dimension of space. */
bool
rad_nrrd_vector(const char **cursor, int dimension, double *vector)
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
bool
rad_nrrd_word(const char **cursor, const char *word)
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

		if (rad_nrrd_word(&cursor, "none"))
			continue;
		if (!rad_nrrd_vector(&cursor, header->space_dimension, axis->direction))
			return rad_nrrd_fail(context, header, "space directions", value);
		axis->has_direction = true;
		for (int c = 0; c < header->space_dimension; c++)
		{
			if (isnan(axis->direction[c]))
				axis->has_direction = false;
		}
	}
	if (!rad_text_ends(&cursor))
		return rad_nrrd_fail(context, header, "space directions", value);
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
			return rad_nrrd_fail(context, header, "kinds", value);
		for (size_t k = 0; k < sizeof(places) / sizeof(places[0]) && !axis->domain; k++)
			axis->domain = rad_nrrd_word(&cursor, places[k]);
		while (!axis->domain && *cursor != '\0' && !isspace((unsigned char) *cursor))
			cursor++;
	}
	if (value != NULL && !rad_text_ends(&cursor))
		return rad_nrrd_fail(context, header, "kinds", value);
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
			return rad_nrrd_fail(context, header, name, header->value[field]);
	}
	if (!rad_text_ends(&cursor))
		return rad_nrrd_fail(context, header, name, header->value[field]);
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
		header->axes[n].node_centered = rad_nrrd_word(&cursor, "node");
		if (!header->axes[n].node_centered && !rad_nrrd_word(&cursor, "cell") &&
			!rad_nrrd_word(&cursor, "???") && !rad_nrrd_word(&cursor, "none"))
			return rad_nrrd_fail(context, header, "centers", header->value[FIELD_CENTERS]);
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
			known = rad_nrrd_word(&cursor, units[u]);
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

bool
rad_nrrd_read_header(RadContext *context, VolumeReader *reader, NrrdHeader *header)
{
	char	   *text = NULL;

	return load_header(context, reader, header, &text) && split_header(context, header, text) &&
		parse_header(context, header);
}
