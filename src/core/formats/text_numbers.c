/*
 * Numbers written as text; see text_numbers.h.
 */
#include "formats/text_numbers.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* No number is written with more characters. */
#define MAX_TOKEN 400

/* Text looked at together. */
#define TEXT_WINDOW (64 * 1024)

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

bool
rad_text_ends(const char **cursor)
{
	while (is_space(**cursor))
		(*cursor)++;
	return **cursor == '\0';
}

/* Whether a number may end in front of c. */
static bool
number_ends(char c, const char *closing)
{
	return c == '\0' || is_space(c) || strchr(closing, c) != NULL;
}

bool
rad_text_double(const char **cursor, const char *closing, double *value)
{
	char	   *end;

	if (rad_text_ends(cursor))
		return false;
	*value = strtod(*cursor, &end);
	if (end == *cursor || !number_ends(*end, closing))
		return false;
	*cursor = end;
	return true;
}

bool
rad_text_integer(const char **cursor, const char *closing, int64_t *value)
{
	char	   *end;

	if (rad_text_ends(cursor))
		return false;
	errno = 0;
	*value = strtoll(*cursor, &end, 10);
	if (end == *cursor || errno != 0 || !number_ends(*end, closing))
		return false;
	*cursor = end;
	return true;
}

bool
rad_text_equal(const char *a, const char *b)
{
	while (*a != '\0' && tolower((unsigned char) *a) == tolower((unsigned char) *b))
	{
		a++;
		b++;
	}
	return tolower((unsigned char) *a) == tolower((unsigned char) *b);
}

bool
rad_text_check_length(RadContext *context, const TextVoxels *text, const Grid *grid)
{
	int64_t		count = rad_grid_voxel_count(grid) * text->stored.channel_count;
	int64_t		limit = rad_byte_stream_limit(text->stored.stream);

	/* A digit each, and something between. */
	if (__builtin_add_overflow(count, text->skip, &count) ||
		__builtin_add_overflow(count, text->behind, &count) ||
		count > (limit - text->stored.offset + 1) / 2)
	{
		rad_fail(context, RAD_INVALID_BINARY, "%s is shorter than its header says",
				 rad_byte_stream_name(text->stored.stream));
		return rad_detail(context, "The header asks for %lld numbers; the file has at most %lld "
						  "characters behind it.", (long long) count,
						  (long long) (limit - text->stored.offset));
	}
	return true;
}

/* A cursor over the text of a stream. */
typedef struct TextCursor
{
	RadContext *context;
	TextVoxels *text;
	const uint8_t *bytes;
	size_t		available;
	size_t		position;
	int64_t		offset;			/* of bytes in the stream */
} TextCursor;

/* Show at least MAX_TOKEN characters, or all that are left. */
static bool
refill(TextCursor *cursor)
{
	cursor->offset += (int64_t) cursor->position;
	cursor->position = 0;
	return rad_continue(cursor->context) &&
		rad_byte_stream_window(cursor->context, cursor->text->stored.stream, cursor->offset,
							   MAX_TOKEN + 1, TEXT_WINDOW, &cursor->bytes, &cursor->available);
}

/*
 * The next word, as a string; empty at the end of the text.
 */
static bool
next_word(TextCursor *cursor, char word[MAX_TOKEN + 1])
{
	size_t		length = 0;

	for (;;)
	{
		if (cursor->position == cursor->available)
		{
			if (!refill(cursor))
				return false;
			if (cursor->available == 0)
				break;
		}
		if (!is_space((char) cursor->bytes[cursor->position]))
			break;
		cursor->position++;
	}
	if (cursor->available - cursor->position <= MAX_TOKEN && !refill(cursor))
		return false;
	while (cursor->position < cursor->available && length < MAX_TOKEN &&
		   !is_space((char) cursor->bytes[cursor->position]))
		word[length++] = (char) cursor->bytes[cursor->position++];
	word[length] = '\0';
	return true;
}

static bool
fail_word(const TextCursor *cursor, RadErrorCode code, const char *word, int64_t number,
		  const char *problem)
{
	rad_fail(cursor->context, code, "%s has \"%.40s\" as its number %lld, %s",
			 rad_byte_stream_name(cursor->text->stored.stream), word, (long long) number,
			 problem);
	return rad_hint(cursor->context, "Voxels in text are numbers of the header's type, with "
					"white space between.");
}

/* Lowest and highest value of the integer types up to 32 bits. */
static const struct
{
	int64_t		lowest;
	int64_t		highest;
}			integer_ranges[] = {
	[STORED_INT8] = {INT8_MIN, INT8_MAX},
	[STORED_UINT8] = {0, UINT8_MAX},
	[STORED_INT16] = {INT16_MIN, INT16_MAX},
	[STORED_UINT16] = {0, UINT16_MAX},
	[STORED_INT32] = {INT32_MIN, INT32_MAX},
	[STORED_UINT32] = {0, UINT32_MAX},
};

#define EXACT ((int64_t) 1 << 53)

static bool
store_integer(const TextCursor *cursor, const char *word, int64_t number, VoxelType type,
			  void *at)
{
	bool		wide = cursor->text->stored.type == STORED_INT64 ||
		cursor->text->stored.type == STORED_UINT64;
	int64_t		lowest = wide ? -EXACT : integer_ranges[cursor->text->stored.type].lowest;
	int64_t		highest = wide ? EXACT : integer_ranges[cursor->text->stored.type].highest;
	char	   *end;
	int64_t		value;

	if (cursor->text->stored.type == STORED_UINT64)
		lowest = 0;
	errno = 0;
	value = strtoll(word, &end, 10);
	if (end == word || *end != '\0')
		return fail_word(cursor, RAD_INVALID_BINARY, word, number, "which is no integer");
	if (errno != 0 || value < lowest || value > highest)
		return fail_word(cursor, RAD_OUT_OF_RANGE, word, number,
						 wide ? "which no double holds exactly" : "outside its type's range");
	switch (type)
	{
		case VOXEL_INT8:
			*(int8_t *) at = (int8_t) value;
			break;
		case VOXEL_UINT8:
			*(uint8_t *) at = (uint8_t) value;
			break;
		case VOXEL_INT16:
			*(int16_t *) at = (int16_t) value;
			break;
		case VOXEL_UINT16:
			*(uint16_t *) at = (uint16_t) value;
			break;
		case VOXEL_INT32:
			*(int32_t *) at = (int32_t) value;
			break;
		case VOXEL_UINT32:
			*(uint32_t *) at = (uint32_t) value;
			break;
		default:
			*(double *) at = (double) value;
			break;
	}
	return true;
}

/* Convert a word to the delivered type. */
static bool
store_word(const TextCursor *cursor, const char *word, int64_t number, VoxelType type, void *at)
{
	bool		overflow;
	char	   *end;

	if (type != VOXEL_FLOAT32 && cursor->text->stored.type != STORED_FLOAT64)
		return store_integer(cursor, word, number, type, at);
	errno = 0;
	if (type == VOXEL_FLOAT32)
	{
		float		value = strtof(word, &end);

		overflow = errno == ERANGE && isinf(value);
		*(float *) at = value;
	}
	else
	{
		double		value = strtod(word, &end);

		overflow = errno == ERANGE && isinf(value);
		*(double *) at = value;
	}
	if (end == word || *end != '\0')
		return fail_word(cursor, RAD_INVALID_BINARY, word, number, "which is no number");
	if (overflow)
		return fail_word(cursor, RAD_OUT_OF_RANGE, word, number, "outside its type's range");
	return true;
}

static bool
fail_count(const TextCursor *cursor, int64_t number)
{
	rad_fail(cursor->context, RAD_INVALID_BINARY, "%s is shorter than its header says",
			 rad_byte_stream_name(cursor->text->stored.stream));
	return rad_detail(cursor->context, "The text ends after %lld numbers.", (long long) number);
}

bool
rad_text_read_rows(RadContext *context, TextVoxels *text, const VolumeReader *reader,
				   const Box *box, RowsCallback callback, void *argument)
{
	const int  *size = reader->grid.size;
	int			width = box->hi[0] - box->lo[0];
	size_t		voxel_size = rad_voxel_size(reader->type);
	int			channels = text->stored.channel_count;
	uint8_t    *row = rad_allocate(context, (size_t) width, voxel_size);
	int64_t		last_row = (int64_t) (box->hi[2] - 1) * size[1] + box->hi[1] - 1;
	int64_t		number_end = text->skip + (last_row * size[0] + box->hi[0]) * channels;
	int64_t		first = text->skip +
		(((int64_t) box->lo[2] * size[1] + box->lo[1]) * size[0] + box->lo[0]) * channels;
	TextCursor	cursor = {.context = context, .text = text};
	char		word[MAX_TOKEN + 1];
	int64_t		number;

	if (row == NULL)
		return false;
	if (text->next_offset < text->stored.offset || text->next_number > first)
	{
		text->next_number = 0;
		text->next_offset = text->stored.offset;
	}
	cursor.offset = text->next_offset;
	for (number = text->next_number; number < number_end; number++)
	{
		int64_t		voxel = (number - text->skip) / channels;
		int			x = (int) (voxel % size[0]);
		int			y = (int) (voxel / size[0] % size[1]);
		int64_t		z = voxel / size[0] / size[1];

		if (!next_word(&cursor, word))
			return false;
		if (word[0] == '\0')
			return fail_count(&cursor, number);
		if (number < text->skip || (number - text->skip) % channels != text->stored.channel ||
			x < box->lo[0] || x >= box->hi[0] || y < box->lo[1] || y >= box->hi[1] ||
			z < box->lo[2])
			continue;
		if (!store_word(&cursor, word, number, reader->type,
						row + (size_t) (x - box->lo[0]) * voxel_size))
			return false;
		if (x == box->hi[0] - 1 && !callback(context, argument, voxel / size[0], 1, row))
			return false;
	}
	text->next_number = number;
	text->next_offset = cursor.offset + (int64_t) cursor.position;
	rad_release(context, row);
	if (text->behind > 0 || number < text->skip + rad_grid_voxel_count(&reader->grid) * channels)
		return true;
	if (!next_word(&cursor, word))
		return false;
	if (word[0] == '\0')
		return true;
	rad_fail(context, RAD_INVALID_BINARY, "%s is longer than its header says",
			 rad_byte_stream_name(text->stored.stream));
	return rad_detail(context, "Behind its %lld numbers follows \"%.40s\".", (long long) number,
					  word);
}

bool
rad_file_read_rows(RadContext *context, VolumeReader *reader, const Box *box,
				   RowsCallback callback, void *argument)
{
	FileVoxels *voxels = reader->state;

	if (voxels->is_text)
		return rad_text_read_rows(context, &voxels->text, reader, box, callback, argument);
	return rad_stored_read_rows(context, &voxels->stored, reader, box, callback, argument);
}
