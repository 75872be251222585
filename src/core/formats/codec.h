/*
 * What a file format provides to reader.c.  To add one: write its Codec and
 * list it in reader.c's table.
 */
#ifndef RAD_FORMATS_CODEC_H
#define RAD_FORMATS_CODEC_H

#include "formats/byte_stream.h"
#include "formats/label_scan.h"
#include "formats/reader.h"

/* Bytes (after decompression) that recognise() may look at. */
#define RAD_HEAD_LENGTH 544

/*
 * Rows of a box: `row_count` rows from linear row `first_row` (= y + size_y * z
 * of the whole grid) on, each as wide as the box, without gaps, in the
 * reader's voxel type and aligned for it.  More than one row is given only
 * when they follow one another in the box as well.  Ascending.
 */
typedef bool (*RowsCallback) (RadContext *context, void *argument, int64_t first_row,
							  int64_t row_count, const void *voxels);

typedef struct Codec
{
	const char *format;			/* "nifti", as users name it */
	const char *name;			/* "NIfTI-1 and NIfTI-2 (.nii, .nii.gz)" */

	/* True when the first bytes are this format's, right or damaged. */
	bool		(*recognise) (const uint8_t *head, size_t length);

	/* Fill grid, type and state from the header. */
	bool		(*open) (RadContext *context, VolumeReader *reader, int frame);

	/* Deliver the rows of a non-empty box inside the grid. */
	bool		(*read_rows) (RadContext *context, VolumeReader *reader, const Box *box,
							  RowsCallback callback, void *argument);

	/* The same into memory, x fastest.  NULL: made of read_rows. */
	bool		(*read_box) (RadContext *context, VolumeReader *reader, const Box *box,
							 void *voxels);

	/*
	 * The labels of the volume, ascending, background 0 not among them; NULL
	 * when this one lists none.  The function may be NULL.
	 */
	const LabelSummary *(*labels) (const VolumeReader *reader, int *count);

	/*
	 * read_rows for a caller who needs only what lies in some boxes inside of
	 * box: voxels elsewhere may come as 0 instead of being read.  Goes with
	 * labels.
	 */
	bool		(*read_rows_near) (RadContext *context, VolumeReader *reader, const Box *box,
								   const Box *needed, int needed_count,
								   RowsCallback callback, void *argument);
} Codec;

struct VolumeReader
{
	const Codec *codec;
	const char *name;			/* "image" or "mask", for messages */
	ByteStream *stream;			/* NULL when the voxels are in memory already */
	Grid		grid;
	VoxelType	type;
	VolumeAttributes attributes;	/* what open() found of them */
	void	   *state;			/* the codec's */
};

/* As Codec.read_rows, for code inside formats/ that wants many rows at once. */
extern bool rad_reader_read_rows(RadContext *context, VolumeReader *reader, const Box *box,
								 RowsCallback callback, void *argument);

/*
 * The first bytes as "6e 2b 31 ..." for an error's detail.
 */
#define RAD_HEX_LENGTH (3 * 16 + 1)
extern const char *rad_hex_bytes(const uint8_t *bytes, size_t length, char text[RAD_HEX_LENGTH]);

/* Record the error for bytes that are none of the formats or not quite one. */
extern bool rad_fail_format(RadContext *context, const char *name, const char *problem,
							const uint8_t *head, size_t length);

#endif							/* RAD_FORMATS_CODEC_H */
