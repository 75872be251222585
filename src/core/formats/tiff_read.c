/*
 * Reading TIFF stacks; see tiff.h.
 *
 * Each page is a slice.  Pages of reduced resolution (previews) are left out.
 * Values are delivered as they are stored, also where 0 is white.
 */
#include "formats/tiff.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/exact_geometry.h"
#include "formats/layout.h"
#include "formats/text_numbers.h"
#include "formats/tiff_file.h"
#include "formats/tiff_write.h"

static bool
recognise(const uint8_t *head, size_t length)
{
	/* Version 42, and 43 of BigTIFF. */
	return length >= 4 && (memcmp(head, "II*\0", 4) == 0 || memcmp(head, "MM\0*", 4) == 0 ||
						   memcmp(head, "II+\0", 4) == 0 || memcmp(head, "MM\0+", 4) == 0);
}

#ifndef RAD_HAVE_TIFF

static bool
open_tiff(RadContext *context, VolumeReader *reader, int frame)
{
	(void) frame;
	rad_fail(context, RAD_NOT_SUPPORTED, "%s is a TIFF file, and " RAD_TIFF_NO_LIBRARY,
			 rad_byte_stream_name(reader->stream));
	return rad_hint(context, RAD_TIFF_NO_LIBRARY_HINT);
}

static bool
read_rows(RadContext *context, VolumeReader *reader, const Box *box, RowsCallback callback,
		  void *argument)
{
	(void) box;
	(void) callback;
	(void) argument;
	return open_tiff(context, reader, -1);
}

bool
rad_tiff_tags(RadContext *context, const ByteSource *source, TiffTags *tags)
{
	(void) source;
	(void) tags;
	rad_fail(context, RAD_NOT_SUPPORTED, RAD_TIFF_NO_LIBRARY);
	return rad_hint(context, RAD_TIFF_NO_LIBRARY_HINT);
}

#else

/* Decoded rows handed on together. */
#define CHUNK ((int64_t) 4 << 20)

/* Largest file; it is held in memory. */
#define MAX_FILE ((int64_t) 4 << 30)

/* What must be the same in all pages. */
typedef struct PageFormat
{
	uint32_t	width;
	uint32_t	height;
	uint16_t	bits;
	uint16_t	samples;
	uint16_t	sample_format;
	uint16_t	compression;
} PageFormat;

typedef struct TiffState
{
	TiffMemory	memory;
	PageFormat	format;
	int			sample;			/* to deliver */
	uint64_t   *pages;			/* offsets of their directories */
	int64_t		page_count;
	int64_t		page_room;
} TiffState;

static const struct
{
	uint16_t	bits;
	uint16_t	sample_format;
	VoxelType	type;
}			sample_types[] = {
	{8, SAMPLEFORMAT_UINT, VOXEL_UINT8},
	{8, SAMPLEFORMAT_INT, VOXEL_INT8},
	{16, SAMPLEFORMAT_UINT, VOXEL_UINT16},
	{16, SAMPLEFORMAT_INT, VOXEL_INT16},
	{32, SAMPLEFORMAT_UINT, VOXEL_UINT32},
	{32, SAMPLEFORMAT_INT, VOXEL_INT32},
	{32, SAMPLEFORMAT_IEEEFP, VOXEL_FLOAT32},
	{64, SAMPLEFORMAT_IEEEFP, VOXEL_FLOAT64},
};

/* Codecs without loss that everybody has. */
static const uint16_t compressions[] = {COMPRESSION_NONE, COMPRESSION_PACKBITS, COMPRESSION_LZW,
COMPRESSION_ADOBE_DEFLATE, COMPRESSION_DEFLATE};

static bool
fail_library(RadContext *context, const char *name, const TiffState *state, const char *what)
{
	rad_fail(context, RAD_INVALID_BINARY, "%s %s", name, what);
	return rad_detail(context, "libtiff says: %s.",
					  state->memory.error[0] != '\0' ? state->memory.error : "(nothing)");
}

/* The whole file in memory. */
static bool
load_file(RadContext *context, ByteStream *stream, TiffMemory *memory)
{
	const char *name = rad_byte_stream_name(stream);
	int64_t		limit = rad_byte_stream_limit(stream);
	bool		packed = rad_byte_stream_compressed(stream);
	int64_t		wanted = packed && limit > RAD_STREAM_WINDOW ? RAD_STREAM_WINDOW : limit;
	size_t		available;
	bool		ends;

	for (;;)
	{
		if (wanted > MAX_FILE)
		{
			rad_fail(context, RAD_LIMIT_EXCEEDED, "%s is a TIFF file of more than %lld bytes", name,
					 (long long) MAX_FILE);
			return rad_hint(context, "A TIFF file is held in memory while it is read; split it.");
		}
		if (!rad_byte_stream_window(context, stream, 0, (size_t) wanted, (size_t) wanted,
									&memory->bytes, &available))
			return false;
		if (!packed || available < (size_t) wanted)
			break;
		wanted *= 2;
	}
	memory->length = available;
	/* Checks the sum of what was compressed; the window stays. */
	return !packed || rad_byte_stream_ends(context, stream, (int64_t) available, &ends);
}

static bool
get_format(TIFF *tiff, PageFormat *format)
{
	*format = (PageFormat) {0};
	return TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &format->width) &&
		TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &format->height) &&
		TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &format->bits) &&
		TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &format->samples) &&
		TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &format->sample_format) &&
		TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &format->compression);
}

/* Add a page to the table. */
static bool
add_page(RadContext *context, TiffState *state, uint64_t offset)
{
	if (state->page_count == state->page_room)
	{
		int64_t		room = state->page_room > 0 ? state->page_room * 2 : 64;
		uint64_t   *pages = rad_new(context, uint64_t, room);

		if (pages == NULL)
			return false;
		if (state->page_count > 0)
			memcpy(pages, state->pages, (size_t) state->page_count * sizeof(uint64_t));
		rad_release(context, state->pages);
		state->pages = pages;
		state->page_room = room;
	}
	state->pages[state->page_count++] = offset;
	return true;
}

/* The next page of an open file: checked and added, unless it is a preview. */
static bool
take_page(RadContext *context, const char *name, TIFF *tiff, TiffState *state)
{
	uint32_t	subfile = 0;
	uint16_t	orientation = ORIENTATION_TOPLEFT;
	PageFormat	format;

	TIFFGetFieldDefaulted(tiff, TIFFTAG_SUBFILETYPE, &subfile);
	TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &orientation);
	if ((subfile & FILETYPE_REDUCEDIMAGE) != 0 && state->page_count > 0)
		return true;
	if (!get_format(tiff, &format))
		return fail_library(context, name, state, "has a page without a size");
	if (orientation != ORIENTATION_TOPLEFT)
	{
		rad_fail(context, RAD_NOT_SUPPORTED, "%s has the TIFF orientation %d", name, orientation);
		return rad_hint(context, "Rows must run from the top left (orientation 1).");
	}
	if (state->page_count == 0)
		state->format = format;
	else if (format.width != state->format.width || format.height != state->format.height ||
			 format.bits != state->format.bits || format.samples != state->format.samples ||
			 format.sample_format != state->format.sample_format)
	{
		rad_fail(context, RAD_NOT_SUPPORTED, "%s has pages of different sizes or types", name);
		return rad_detail(context, "The first has %u x %u pixels of %d x %d bits, page %lld has "
						  "%u x %u of %d x %d.", state->format.width, state->format.height,
						  state->format.samples, state->format.bits,
						  (long long) state->page_count, format.width, format.height,
						  format.samples, format.bits);
	}
	if (state->page_count >= RAD_MAX_DIMENSION)
	{
		rad_fail(context, RAD_LIMIT_EXCEEDED, "%s has more than %d pages", name,
				 RAD_MAX_DIMENSION);
		return rad_hint(context, "The limit is %d voxels along an axis.", RAD_MAX_DIMENSION);
	}
	return add_page(context, state, TIFFCurrentDirOffset(tiff));
}

/* Walk the pages.  The handle is closed whatever happens. */
static bool
find_pages(RadContext *context, const char *name, TIFF *tiff, TiffState *state)
{
	bool		ok;

	do
		ok = take_page(context, name, tiff, state) && !rad_pending(context);
	while (ok && TIFFReadDirectory(tiff));
	/* The end of the chain is no error; one that cannot be read is. */
	if (ok && state->memory.error[0] != '\0')
		ok = fail_library(context, name, state, "has a damaged TIFF directory");
	return ok;
}

static VoxelType *
find_type(const PageFormat *format, VoxelType *type)
{
	for (size_t n = 0; n < sizeof(sample_types) / sizeof(sample_types[0]); n++)
	{
		/* Format 4, "undefined", is read as the default, unsigned. */
		if (sample_types[n].bits == format->bits &&
			(sample_types[n].sample_format == format->sample_format ||
			 (format->sample_format == SAMPLEFORMAT_VOID &&
			  sample_types[n].sample_format == SAMPLEFORMAT_UINT)))
		{
			*type = sample_types[n].type;
			return type;
		}
	}
	return NULL;
}

static bool
check_format(RadContext *context, const char *name, const PageFormat *format, VoxelType *type)
{
	bool		known = false;

	for (size_t n = 0; n < sizeof(compressions) / sizeof(compressions[0]); n++)
		known = known || compressions[n] == format->compression;
	if (!known)
	{
		rad_fail(context, RAD_NOT_SUPPORTED, "%s has the TIFF compression %d", name,
				 format->compression);
		return rad_hint(context, "None, PackBits, LZW and Deflate are read; convert with "
						"\"tiffcp -c lzw\".");
	}
	if (find_type(format, type) == NULL)
	{
		rad_fail(context, RAD_NOT_SUPPORTED,
				 "%s has TIFF samples of %d bits in sample format %d", name, format->bits,
				 format->sample_format);
		return rad_hint(context, "Integers of 8, 16 and 32 bits and floats of 32 and 64 are read.");
	}
	return true;
}

/* --- geometry -------------------------------------------------------------- */

/* Millimetres from a resolution; 0 when there is none. */
static double
pixel_size(double resolution, int unit)
{
	if (!(resolution > 0.0) || isinf(resolution))
		return 0.0;
	if (unit == RESUNIT_CENTIMETER)
		return 10.0 / resolution;
	return unit == RESUNIT_INCH ? 25.4 / resolution : 0.0;
}

/* The value of a line "key=value" of ImageJ's description, or NULL. */
static const char *
imagej_value(const char *description, const char *key)
{
	size_t		length = strlen(key);

	if (strncmp(description, "ImageJ=", 7) != 0)
		return NULL;
	for (const char *line = description; line != NULL; line = strchr(line, '\n'))
	{
		if (*line == '\n')
			line++;
		if (strncmp(line, key, length) == 0 && line[length] == '=')
			return line + length + 1;
	}
	return NULL;
}

/* ImageJ's unit of length in millimetres; 0 when it is none that we know. */
static double
imagej_unit(const char *description)
{
	static const struct
	{
		const char *name;
		double		length;
	}			units[] = {
		{"mm", 1.0},
		{"cm", 10.0},
		{"micron", 0.001},
		{"um", 0.001},
		{"\\u00B5m", 0.001},
	};
	const char *unit = imagej_value(description, "unit");

	for (size_t n = 0; unit != NULL && n < sizeof(units) / sizeof(units[0]); n++)
	{
		size_t		length = strlen(units[n].name);

		if (strncmp(unit, units[n].name, length) == 0 &&
			(unit[length] == '\n' || unit[length] == '\0'))
			return units[n].length;
	}
	return 0.0;
}

/*
 * Geometry of the description that rad_write_tiff() writes, else ImageJ's
 * spacing, else resolution and unit, else 1 mm.
 */
static void
find_geometry(TIFF *tiff, Grid *grid)
{
	char	   *description = NULL;
	float		resolution[2] = {0, 0};
	uint16_t	unit = RESUNIT_INCH;
	double		imagej = 0.0;

	TIFFGetField(tiff, TIFFTAG_XRESOLUTION, &resolution[0]);
	TIFFGetField(tiff, TIFFTAG_YRESOLUTION, &resolution[1]);
	TIFFGetFieldDefaulted(tiff, TIFFTAG_RESOLUTIONUNIT, &unit);
	if (TIFFGetField(tiff, TIFFTAG_IMAGEDESCRIPTION, &description) && description != NULL)
		imagej = imagej_unit(description);
	for (int axis = 0; axis < 2; axis++)
	{
		double		size = imagej > 0.0 ? imagej / resolution[axis] :
			pixel_size(resolution[axis], unit);

		grid->spacing[axis] = size > 0.0 && isfinite(size) ? size : 1.0;
		grid->direction[axis][axis] = 1.0;
	}
	grid->spacing[2] = grid->direction[2][2] = 1.0;
	if (imagej > 0.0 && imagej_value(description, "spacing") != NULL)
	{
		double		spacing = imagej * strtod(imagej_value(description, "spacing"), NULL);

		if (spacing > 0.0 && isfinite(spacing))
			grid->spacing[2] = spacing;
	}
	if (description != NULL)
		rad_tiff_parse_description(description, resolution, unit == RESUNIT_CENTIMETER, grid);
}

static bool
choose_sample(RadContext *context, const char *name, int frame, TiffState *state)
{
	if (!rad_layout_frame(context, name, "channel", state->format.samples, frame))
		return false;
	state->sample = frame > 0 ? frame : 0;
	return true;
}

/* With the file open: pages, format, geometry. */
static bool
examine(RadContext *context, VolumeReader *reader, TIFF *tiff, int frame, TiffState *state)
{
	const char *name = rad_byte_stream_name(reader->stream);
	Grid		geometry = {.dimension = 3};
	int64_t		extent[3];

	find_geometry(tiff, &geometry);
	if (!find_pages(context, name, tiff, state) ||
		!check_format(context, name, &state->format, &reader->type) ||
		!choose_sample(context, name, frame, state))
		return false;
	extent[0] = state->format.width;
	extent[1] = state->format.height;
	extent[2] = state->page_count;
	if (extent[0] < 1 || extent[1] < 1)
		return rad_fail(context, RAD_INVALID_BINARY, "%s has pages of %lld x %lld pixels", name,
						(long long) extent[0], (long long) extent[1]);
	if (!rad_layout_size(context, name, extent, &reader->grid))
		return false;
	/* The size was given to check the description's; it is none of it. */
	if (geometry.size[0] == 0)
		geometry.dimension = state->page_count == 1 ? 2 : 3;
	else if (memcmp(geometry.size, reader->grid.size, sizeof(geometry.size)) != 0)
	{
		geometry.dimension = state->page_count == 1 ? 2 : 3;
		rad_tiff_plain_geometry(&geometry);
	}
	memcpy(geometry.size, reader->grid.size, sizeof(geometry.size));
	reader->grid = geometry;
	return rad_layout_geometry(context, name, &reader->grid);
}

static bool
open_tiff(RadContext *context, VolumeReader *reader, int frame)
{
	const char *name = rad_byte_stream_name(reader->stream);
	TiffState  *state = rad_new_zeroed(context, TiffState, 1);
	TIFF	   *tiff;
	bool		ok;

	if (state == NULL || !load_file(context, reader->stream, &state->memory))
		return false;
	tiff = rad_tiff_open(&state->memory, "r");
	if (tiff == NULL)
		return fail_library(context, name, state, "is no TIFF file that libtiff can open");
	ok = examine(context, reader, tiff, frame, state);
	TIFFClose(tiff);
	if (!rad_continue(context))
		return false;
	if (!ok && context->code == RAD_OK)
		return rad_fail(context, RAD_CANCELLED, "reading was cancelled");
	reader->state = state;
	return ok;
}

/* --- voxels ---------------------------------------------------------------- */

/* How the rows of one page are decoded. */
typedef struct PageReading
{
	RadContext *context;
	const TiffState *state;
	TIFF	   *tiff;
	int64_t		first_row;		/* wanted */
	int64_t		row_count;
	size_t		voxel_size;
	uint8_t    *block;			/* one strip or tile, decompressed */
	size_t		block_size;
	uint8_t    *rows;			/* whole rows of the wanted sample */
} PageReading;

/* Copy pixels of the wanted sample; they lie so many samples apart. */
static void
copy_pixels(const PageReading *reading, const uint8_t *from, int spread, int64_t count, uint8_t *to)
{
	size_t		size = reading->voxel_size;

	if (spread == 1)
	{
		memcpy(to, from, (size_t) count * size);
		return;
	}
	from += (size_t) reading->state->sample * size;
	for (int64_t n = 0; n < count; n++)
		memcpy(to + (size_t) n * size, from + (size_t) (n * spread) * size, size);
}

/*
 * Rows of a page from its blocks, which are width x height pixels; a strip is
 * a block as wide as the page.
 */
static bool
decode_blocks(PageReading *reading, uint32_t width, uint32_t height, bool tiled)
{
	const PageFormat *format = &reading->state->format;
	uint16_t	planar = PLANARCONFIG_CONTIG;
	int			spread;
	int64_t		last_row = reading->first_row + reading->row_count;

	TIFFGetFieldDefaulted(reading->tiff, TIFFTAG_PLANARCONFIG, &planar);
	spread = planar == PLANARCONFIG_CONTIG ? format->samples : 1;
	for (int64_t top = reading->first_row / height * height; top < last_row; top += height)
	{
		int64_t		begin = top > reading->first_row ? top : reading->first_row;
		int64_t		end = top + height < last_row ? top + height : last_row;

		for (int64_t left = 0; left < format->width; left += width)
		{
			int64_t		count = left + width < format->width ? width : format->width - left;
			uint16_t	sample = (uint16_t) (spread > 1 ? 0 : reading->state->sample);
			uint32_t	number = tiled ?
				TIFFComputeTile(reading->tiff, (uint32_t) left, (uint32_t) top, 0, sample) :
				TIFFComputeStrip(reading->tiff, (uint32_t) top, sample);
			tmsize_t	got = tiled ?
				TIFFReadEncodedTile(reading->tiff, number, reading->block,
									(tmsize_t) reading->block_size) :
				TIFFReadEncodedStrip(reading->tiff, number, reading->block,
									 (tmsize_t) reading->block_size);
			size_t		stride = (size_t) width * (size_t) spread * reading->voxel_size;

			if (got < (tmsize_t) ((size_t) (end - top) * stride) || rad_pending(reading->context))
				return false;
			for (int64_t y = begin; y < end; y++)
				copy_pixels(reading, reading->block + (size_t) (y - top) * stride, spread, count,
							reading->rows +
							(size_t) ((y - reading->first_row) * format->width + left) *
							reading->voxel_size);
		}
	}
	return true;
}

/* Blocks of the current page, when they are within the limit. */
static bool
decode_page(PageReading *reading)
{
	const PageFormat *format = &reading->state->format;
	PageFormat	here;
	bool		tiled = TIFFIsTiled(reading->tiff) != 0;
	uint32_t	width = format->width;
	uint32_t	height = format->height;
	uint16_t	planar = PLANARCONFIG_CONTIG;
	int64_t		expected;

	/* The directory was seen before, but hostile bytes may be two things. */
	if (!get_format(reading->tiff, &here) || here.width != format->width ||
		here.height != format->height || here.bits != format->bits ||
		here.samples != format->samples)
		return false;
	TIFFGetFieldDefaulted(reading->tiff, TIFFTAG_PLANARCONFIG, &planar);
	if (tiled)
	{
		if (!TIFFGetField(reading->tiff, TIFFTAG_TILEWIDTH, &width) ||
			!TIFFGetField(reading->tiff, TIFFTAG_TILELENGTH, &height))
			return false;
	}
	else
		TIFFGetFieldDefaulted(reading->tiff, TIFFTAG_ROWSPERSTRIP, &height);
	if (width == 0 || height == 0)
		return false;
	if (!tiled && height > format->height)
		height = format->height;
	if (__builtin_mul_overflow((int64_t) width * height,
							   (int64_t) reading->voxel_size *
							   (planar == PLANARCONFIG_CONTIG ? format->samples : 1), &expected) ||
		expected > RAD_TIFF_MAX_BLOCK)
	{
		rad_fail(reading->context, RAD_LIMIT_EXCEEDED,
				 "a TIFF strip or tile of %u x %u pixels is too large", width, height);
		return rad_hint(reading->context, "The limit is %lld bytes after decompression; write "
						"smaller strips.", (long long) RAD_TIFF_MAX_BLOCK);
	}
	reading->block_size = (size_t) expected;
	reading->block = rad_new(reading->context, uint8_t, reading->block_size);
	if (reading->block == NULL)
		return false;
	return decode_blocks(reading, width, height, tiled);
}

/* Decode rows of one page, with a handle that lives no longer. */
static bool
decode_rows(RadContext *context, const char *name, TiffState *state, int64_t page,
			int64_t first_row, int64_t row_count, size_t voxel_size, uint8_t *rows)
{
	PageReading reading = {
		.context = context,
		.state = state,
		.first_row = first_row,
		.row_count = row_count,
		.voxel_size = voxel_size,
		.rows = rows,
	};
	bool		ok;

	state->memory.error[0] = '\0';
	reading.tiff = rad_tiff_open(&state->memory, "r");
	ok = reading.tiff != NULL && TIFFSetSubDirectory(reading.tiff, state->pages[page]) &&
		decode_page(&reading);
	if (reading.tiff != NULL)
		TIFFClose(reading.tiff);
	rad_release(context, reading.block);
	if (!rad_continue(context))
		return false;
	if (ok || context->code != RAD_OK)
		return ok;
	fail_library(context, name, state, "has TIFF data that cannot be decoded");
	return rad_hint(context, "The damage is in page %lld (from 0).", (long long) page);
}

static bool
read_rows(RadContext *context, VolumeReader *reader, const Box *box, RowsCallback callback,
		  void *argument)
{
	TiffState  *state = reader->state;
	size_t		voxel_size = rad_voxel_size(reader->type);
	size_t		row_bytes = (size_t) reader->grid.size[0] * voxel_size;
	size_t		width = (size_t) (box->hi[0] - box->lo[0]) * voxel_size;
	int64_t		chunk = CHUNK / (int64_t) row_bytes;
	int64_t		height = box->hi[1] - box->lo[1];
	uint8_t    *rows;

	if (chunk < 1)
		chunk = 1;
	if (chunk > height)
		chunk = height;
	rows = rad_allocate(context, (size_t) chunk, row_bytes);
	if (rows == NULL)
		return false;
	for (int z = box->lo[2]; z < box->hi[2]; z++)
		for (int64_t y = box->lo[1]; y < box->hi[1]; y += chunk)
		{
			int64_t		count = box->hi[1] - y < chunk ? box->hi[1] - y : chunk;

			if (!decode_rows(context, rad_byte_stream_name(reader->stream), state, z, y, count,
							 voxel_size, rows))
				return false;
			/* Close the gaps between the parts of rows that are wanted. */
			for (int64_t n = 0; n < count && width < row_bytes; n++)
				memmove(rows + (size_t) n * width,
						rows + (size_t) n * row_bytes + (size_t) box->lo[0] * voxel_size, width);
			if (!callback(context, argument, y + (int64_t) z * reader->grid.size[1], count, rows))
				return false;
		}
	rad_release(context, rows);
	return true;
}

/* --- tags ------------------------------------------------------------------ */

/* A copy of a text tag, or NULL; false when there is no memory. */
static bool
copy_text(RadContext *context, TIFF *tiff, uint32_t tag, char **copy)
{
	char	   *text;
	size_t		length;

	*copy = NULL;
	if (!TIFFGetField(tiff, tag, &text) || text == NULL)
		return true;
	length = strlen(text);
	*copy = rad_new(context, char, length + 1);
	if (*copy == NULL)
		return false;
	memcpy(*copy, text, length + 1);
	return true;
}

static bool
get_tags(RadContext *context, TIFF *tiff, TiffTags *tags)
{
	PageFormat	format;
	float		resolution[2] = {0, 0};
	uint16_t	unit = RESUNIT_INCH;
	uint16_t	page[2] = {0, 0};
	uint32_t	tile[2] = {0, 0};

	if (!get_format(tiff, &format))
		return false;
	TIFFGetField(tiff, TIFFTAG_XRESOLUTION, &resolution[0]);
	TIFFGetField(tiff, TIFFTAG_YRESOLUTION, &resolution[1]);
	TIFFGetFieldDefaulted(tiff, TIFFTAG_RESOLUTIONUNIT, &unit);
	TIFFGetField(tiff, TIFFTAG_PAGENUMBER, &page[0], &page[1]);
	if (TIFFIsTiled(tiff))
	{
		TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &tile[0]);
		TIFFGetField(tiff, TIFFTAG_TILELENGTH, &tile[1]);
	}
	*tags = (TiffTags) {
		.width = format.width, .height = format.height, .bits = format.bits,
		.samples = format.samples, .sample_format = format.sample_format,
		.compression = format.compression, .tile_width = (int) tile[0],
		.tile_height = (int) tile[1], .resolution = {resolution[0], resolution[1]},
		.resolution_unit = unit, .page_number = {page[0], page[1]},
	};
	rad_tiff_get_transform(tiff, &tags->transform);
	return copy_text(context, tiff, TIFFTAG_IMAGEDESCRIPTION, &tags->description) &&
		copy_text(context, tiff, TIFFTAG_SOFTWARE, &tags->software);
}

bool
rad_tiff_tags(RadContext *context, const ByteSource *source, TiffTags *tags)
{
	TiffState	state = {.page_count = 0};
	const uint8_t *head;
	ByteStream *stream;
	size_t		length;
	TIFF	   *tiff;
	bool		ok;

	if (!rad_byte_stream_open(context, source, &stream) ||
		!rad_byte_stream_window(context, stream, 0, RAD_HEAD_LENGTH, RAD_HEAD_LENGTH, &head,
								&length))
		return false;
	if (!recognise(head, length))
		return rad_fail_format(context, source->name, "is no TIFF file", head, length);
	if (!load_file(context, stream, &state.memory))
		return false;
	tiff = rad_tiff_open(&state.memory, "r");
	ok = tiff != NULL && get_tags(context, tiff, tags);
	if (ok)
	{
		do
			tags->page_count++;
		while (tags->page_count <= RAD_MAX_DIMENSION && !rad_pending(context) &&
			   TIFFReadDirectory(tiff));
	}
	if (tiff != NULL)
		TIFFClose(tiff);
	if (!rad_continue(context))
		return false;
	if (!ok && context->code == RAD_OK)
		return fail_library(context, source->name, &state, "has a damaged TIFF directory");
	return ok;
}

#endif							/* RAD_HAVE_TIFF */

const Codec rad_tiff_codec = {
	.format = "tiff",
	.name = "TIFF stacks (.tif)",
	.recognise = recognise,
	.open = open_tiff,
	.read_rows = read_rows,
};
