/*
 * Numbers written as text: in headers, and voxels of the ASCII encodings.
 * Decimal numbers are rounded correctly (by strtod and strtof in the C locale,
 * which the server keeps for numbers).
 */
#ifndef RAD_FORMATS_TEXT_NUMBERS_H
#define RAD_FORMATS_TEXT_NUMBERS_H

#include "formats/stored_voxels.h"

/*
 * Read the next number of a header's text and move *cursor behind it; false
 * when there is none or something is glued to it.  `closing` lists characters
 * other than white space that may follow.  No error is recorded.
 */
extern bool rad_text_double(const char **cursor, const char *closing, double *value);
extern bool rad_text_integer(const char **cursor, const char *closing, int64_t *value);

/* Move *cursor over white space; true when the text ends there. */
extern bool rad_text_ends(const char **cursor);

/* Compare without regard to the case of ASCII letters. */
extern bool rad_text_equal(const char *a, const char *b);

/* Voxels as numbers separated by white space. */
typedef struct TextVoxels
{
	StoredVoxels stored;		/* type, channels, where the text begins; no end */
	int64_t		skip;			/* numbers in front of the first voxel */
	int64_t		behind;			/* numbers behind the last voxel */

	/* Where reading stands, to go on from there. */
	int64_t		next_number;
	int64_t		next_offset;
} TextVoxels;

/* Check that the stream can hold so much text. */
extern bool rad_text_check_length(RadContext *context, const TextVoxels *text, const Grid *grid);

/* Deliver the rows of a box (see RowsCallback). */
extern bool rad_text_read_rows(RadContext *context, TextVoxels *text,
							   const VolumeReader *reader, const Box *box,
							   RowsCallback callback, void *argument);

/* Voxels of a format that knows both: one of the two holds where they are. */
typedef struct FileVoxels
{
	StoredVoxels stored;
	TextVoxels	text;
	bool		is_text;
} FileVoxels;

/* Codec.read_rows of readers whose state is a FileVoxels. */
extern bool rad_file_read_rows(RadContext *context, VolumeReader *reader, const Box *box,
							   RowsCallback callback, void *argument);

#endif							/* RAD_FORMATS_TEXT_NUMBERS_H */
