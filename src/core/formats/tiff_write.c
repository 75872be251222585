/*
 * Writing TIFF stacks; see tiff.h and tiff_write.h.
 */
#include "formats/tiff_write.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "formats/text_numbers.h"
#include "formats/tiff.h"
#include "formats/tiff_file.h"

#define SIZE_LINE "radiomics-size"
#define GEOMETRY_LINE "radiomics-geometry-lps"

void
rad_tiff_print_description(const Grid *grid, char text[RAD_TIFF_DESCRIPTION])
{
	char		geometry[RAD_GEOMETRY_LENGTH];

	rad_geometry_print(grid, geometry);
	snprintf(text, RAD_TIFF_DESCRIPTION, SIZE_LINE " %d %d %d\n" GEOMETRY_LINE " %s\n",
			 grid->size[0], grid->size[1], grid->size[2], geometry);
}

/* Pixels per centimetre, as both sides compute it. */
static float
centimetre_resolution(double spacing)
{
	volatile float resolution = (float) (10.0 / spacing);

	return resolution;
}

void
rad_tiff_parse_description(const char *text, const float resolution[2], bool centimetres,
						   Grid *grid)
{
	char		geometry[RAD_GEOMETRY_LENGTH];
	Grid		exact = *grid;
	const char *end;

	if (strncmp(text, SIZE_LINE " ", strlen(SIZE_LINE) + 1) != 0)
		return;
	text += strlen(SIZE_LINE);
	for (int axis = 0; axis < 3; axis++)
	{
		int64_t		size;

		if (!rad_text_integer(&text, "", &size) || size < 1 || size > RAD_MAX_DIMENSION)
			return;
		exact.size[axis] = (int) size;
	}
	if (rad_text_ends(&text) || strncmp(text, GEOMETRY_LINE " ", strlen(GEOMETRY_LINE) + 1) != 0)
		return;
	text += strlen(GEOMETRY_LINE);
	end = strchr(text, '\n');
	if (end == NULL || end - text >= (ptrdiff_t) sizeof(geometry))
		return;
	memcpy(geometry, text, (size_t) (end - text));
	geometry[end - text] = '\0';
	if (!rad_geometry_parse(geometry, &exact) || (exact.dimension == 2 && exact.size[2] > 1))
		return;
	/* A rational holds the resolution to about seven digits. */
	for (int axis = 0; axis < 2; axis++)
	{
		float		expected = centimetre_resolution(exact.spacing[axis]);

		if (!centimetres || !(fabsf(resolution[axis] - expected) <= 1e-4f * expected))
			return;
	}
	*grid = exact;
}

void
rad_tiff_plain_geometry(Grid *grid)
{
	Grid		plain = {.dimension = grid->dimension};

	for (int axis = 0; axis < 3; axis++)
	{
		plain.spacing[axis] = axis < 2 ? grid->spacing[axis] : 1.0;
		plain.direction[axis][axis] = 1.0;
	}
	*grid = plain;
}

#ifndef RAD_HAVE_TIFF

bool
rad_write_tiff(RadContext *context, VolumeReader *reader, const TiffOptions *options,
			   const ByteSink *sink)
{
	(void) reader;
	(void) options;
	(void) sink;
	rad_fail(context, RAD_NOT_SUPPORTED, RAD_TIFF_NO_LIBRARY);
	return rad_hint(context, RAD_TIFF_NO_LIBRARY_HINT);
}

#else

/* Voxels written together, between two looks for a cancel. */
#define BATCH ((size_t) 4 << 20)

/* Decompressed bytes of a strip. */
#define STRIP (256 * 1024)

/* Above this many bytes of voxels the file becomes a BigTIFF. */
#define CLASSIC_LIMIT ((int64_t) 3900 << 20)

#define MAX_TILE 4096

static const struct
{
	uint16_t	sample_format;
	bool		integer;
}			sample_formats[VOXEL_TYPE_COUNT] = {
	[VOXEL_INT8] = {SAMPLEFORMAT_INT, true},
	[VOXEL_UINT8] = {SAMPLEFORMAT_UINT, true},
	[VOXEL_INT16] = {SAMPLEFORMAT_INT, true},
	[VOXEL_UINT16] = {SAMPLEFORMAT_UINT, true},
	[VOXEL_INT32] = {SAMPLEFORMAT_INT, true},
	[VOXEL_UINT32] = {SAMPLEFORMAT_UINT, true},
	[VOXEL_FLOAT32] = {SAMPLEFORMAT_IEEEFP, false},
	[VOXEL_FLOAT64] = {SAMPLEFORMAT_IEEEFP, false},
};

static const uint16_t compressions[RAD_TIFF_COMPRESSION_COUNT] = {
	[RAD_TIFF_NONE] = COMPRESSION_NONE,
	[RAD_TIFF_PACKBITS] = COMPRESSION_PACKBITS,
	[RAD_TIFF_LZW] = COMPRESSION_LZW,
	[RAD_TIFF_DEFLATE] = COMPRESSION_ADOBE_DEFLATE,
};

/* libtiff knows these as RATIONAL; they are retagged when the file is done. */
static const TIFFFieldInfo own_fields[] = {
	{TIFFTAG_DEFAULTSCALE - RAD_TIFF_STAND_IN, 2, 2, TIFF_FLOAT, FIELD_CUSTOM, 1, 0,
	"DefaultScale"},
	{TIFFTAG_DEFAULTCROPORIGIN - RAD_TIFF_STAND_IN, 2, 2, TIFF_LONG, FIELD_CUSTOM, 1, 0,
	"DefaultCropOrigin"},
	{TIFFTAG_DEFAULTCROPSIZE - RAD_TIFF_STAND_IN, 2, 2, TIFF_LONG, FIELD_CUSTOM, 1, 0,
	"DefaultCropSize"},
	{RAD_TIFF_TAG_FLIP, 4, 4, TIFF_LONG, FIELD_CUSTOM, 1, 0, "PreprocessingFlip"},
};

typedef struct TiffWriting
{
	TiffMemory	memory;
	ByteBuffer	file;
	const TiffOptions *options;
	const Grid *grid;
	VoxelType	type;
	size_t		page_bytes;
	uint8_t    *batch;			/* whole pages */
	size_t		batch_pages;	/* that fit */
	size_t		filled;			/* bytes of the batch */
	int			page;			/* the next one to write */
	uint8_t    *tile;			/* one tile, or NULL */
} TiffWriting;

static void
set_transform(TIFF *tiff, const TiffTransform *transform)
{
	if (transform->has_scale)
		TIFFSetField(tiff, TIFFTAG_DEFAULTSCALE - RAD_TIFF_STAND_IN, transform->scale);
	if (transform->has_crop)
	{
		uint32_t	centre[2] = {
			transform->crop_origin[0] + transform->crop_size[0] / 2,
			transform->crop_origin[1] + transform->crop_size[1] / 2
		};

		TIFFSetField(tiff, TIFFTAG_DEFAULTCROPORIGIN - RAD_TIFF_STAND_IN, centre);
		TIFFSetField(tiff, TIFFTAG_DEFAULTCROPSIZE - RAD_TIFF_STAND_IN, transform->crop_size);
	}
	if (transform->has_padding)
		TIFFSetField(tiff, TIFFTAG_ACTIVEAREA, transform->padding);
	if (transform->has_flip)
	{
		uint32_t	values[4] = {transform->flip_size[0], transform->flip_size[1],
		transform->flip[0], transform->flip[1]};

		TIFFSetField(tiff, RAD_TIFF_TAG_FLIP, values);
	}
}

static void
set_tags(TIFF *tiff, const TiffWriting *writing)
{
	const Grid *grid = writing->grid;
	const TiffOptions *options = writing->options;
	size_t		voxel_size = rad_voxel_size(writing->type);
	uint32_t	rows = (uint32_t) (STRIP / ((size_t) grid->size[0] * voxel_size));

	TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, (uint32_t) grid->size[0]);
	TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, (uint32_t) grid->size[1]);
	TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, (int) (8 * voxel_size));
	TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
	TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, sample_formats[writing->type].sample_format);
	TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
	TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
	TIFFSetField(tiff, TIFFTAG_COMPRESSION, compressions[options->compression]);
	/* Differences of neighbours; for integers every program knows them. */
	if ((options->compression == RAD_TIFF_LZW || options->compression == RAD_TIFF_DEFLATE) &&
		sample_formats[writing->type].integer)
		TIFFSetField(tiff, TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL);
	if (options->tile > 0)
	{
		TIFFSetField(tiff, TIFFTAG_TILEWIDTH, (uint32_t) options->tile);
		TIFFSetField(tiff, TIFFTAG_TILELENGTH, (uint32_t) options->tile);
	}
	else
		TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, rows > 0 ? rows : 1);
	TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_CENTIMETER);
	TIFFSetField(tiff, TIFFTAG_XRESOLUTION, centimetre_resolution(grid->spacing[0]));
	TIFFSetField(tiff, TIFFTAG_YRESOLUTION, centimetre_resolution(grid->spacing[1]));
	TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, grid->size[2] > 1 ? FILETYPE_PAGE : 0);
	TIFFSetField(tiff, TIFFTAG_PAGENUMBER, writing->page, grid->size[2]);
	TIFFSetField(tiff, TIFFTAG_SOFTWARE, "radiomics");
	if (writing->page == 0)
	{
		char		description[RAD_TIFF_DESCRIPTION];

		rad_tiff_print_description(grid, description);
		TIFFSetField(tiff, TIFFTAG_IMAGEDESCRIPTION, description);
	}
	if (options->transform != NULL)
		set_transform(tiff, options->transform);
}

/* One tile out of a page, its part beyond the borders filled with the border. */
static void
cut_tile(const TiffWriting *writing, const uint8_t *page, int left, int top)
{
	int			edge = writing->options->tile;
	size_t		voxel_size = rad_voxel_size(writing->type);

	for (int y = 0; y < edge; y++)
	{
		int			from_y = top + y < writing->grid->size[1] ? top + y : writing->grid->size[1] - 1;
		const uint8_t *row = page + (size_t) from_y * (size_t) writing->grid->size[0] * voxel_size;

		for (int x = 0; x < edge; x++)
		{
			int			from_x = left + x < writing->grid->size[0] ? left + x :
				writing->grid->size[0] - 1;

			memcpy(writing->tile + ((size_t) y * (size_t) edge + (size_t) x) * voxel_size,
				   row + (size_t) from_x * voxel_size, voxel_size);
		}
	}
}

/*
 * libtiff changes the bytes that it is given (predictor), so each part is
 * written once only.
 */
static bool
write_page(RadContext *context, TIFF *tiff, const TiffWriting *writing, uint8_t *page)
{
	int			edge = writing->options->tile;

	set_tags(tiff, writing);
	if (edge > 0)
	{
		size_t		tile_bytes = (size_t) edge * (size_t) edge * rad_voxel_size(writing->type);

		for (int top = 0; top < writing->grid->size[1]; top += edge)
			for (int left = 0; left < writing->grid->size[0]; left += edge)
			{
				uint32_t	number = TIFFComputeTile(tiff, (uint32_t) left, (uint32_t) top, 0, 0);

				cut_tile(writing, page, left, top);
				if (TIFFWriteEncodedTile(tiff, number, writing->tile, (tmsize_t) tile_bytes) < 0 ||
					rad_pending(context))
					return false;
			}
	}
	else
	{
		size_t		strip_bytes = (size_t) TIFFStripSize(tiff);
		uint32_t	number = 0;

		for (size_t at = 0; at < writing->page_bytes; at += strip_bytes)
		{
			size_t		left = writing->page_bytes - at;

			if (TIFFWriteEncodedStrip(tiff, number++, page + at, (tmsize_t)
									  (left < strip_bytes ? left : strip_bytes)) < 0 ||
				rad_pending(context))
				return false;
		}
	}
	return TIFFWriteDirectory(tiff) != 0;
}

/* Write the pages of the batch, with a handle that lives no longer. */
static bool
write_batch(RadContext *context, TiffWriting *writing)
{
	bool		big = rad_grid_voxel_count(writing->grid) *
		(int64_t) rad_voxel_size(writing->type) > CLASSIC_LIMIT;
	TIFF	   *tiff = rad_tiff_open(&writing->memory, writing->page > 0 ? "a" : big ? "w8" : "w");
	bool		ok = tiff != NULL;

	if (ok)
		TIFFMergeFieldInfo(tiff, own_fields, sizeof(own_fields) / sizeof(own_fields[0]));
	for (size_t at = 0; ok && at < writing->filled; at += writing->page_bytes)
	{
		ok = write_page(context, tiff, writing, writing->batch + at);
		writing->page++;
	}
	if (tiff != NULL)
		TIFFClose(tiff);
	writing->filled = 0;
	if (!rad_continue(context))
		return false;
	if (ok || context->code != RAD_OK)
		return ok;
	if (rad_pending(context))
		return rad_fail(context, RAD_CANCELLED, "writing was cancelled");
	rad_fail(context, RAD_INTERNAL, "libtiff could not write page %d", writing->page - 1);
	return rad_detail(context, "libtiff says: %s.", writing->memory.error);
}

/* RowsCallback: collect pages. */
static bool
take_rows(RadContext *context, void *argument, int64_t first_row, int64_t row_count,
		  const void *voxels)
{
	TiffWriting *writing = argument;
	const uint8_t *next = voxels;
	size_t		left = (size_t) row_count * (size_t) writing->grid->size[0] *
		rad_voxel_size(writing->type);
	size_t		room = writing->batch_pages * writing->page_bytes;

	(void) first_row;
	while (left > 0)
	{
		size_t		part = left < room - writing->filled ? left : room - writing->filled;

		memcpy(writing->batch + writing->filled, next, part);
		writing->filled += part;
		next += part;
		left -= part;
		if (writing->filled == room && !write_batch(context, writing))
			return false;
	}
	return true;
}

/* Little-endian numbers of the file just written. */
static uint64_t
read_number(const ByteBuffer *file, uint64_t at, int size)
{
	uint64_t	value = 0;

	for (int n = size - 1; n >= 0; n--)
		value = value << 8 | (at + (uint64_t) n < file->length ? file->bytes[at + (uint64_t) n] : 0);
	return value;
}

/* Give the stand-in tags of every directory their real numbers. */
static void
retag(ByteBuffer *file)
{
	bool		big = read_number(file, 2, 2) == 43;
	int			width = big ? 8 : 4;
	uint64_t	entry = big ? 20 : 12;
	uint64_t	at = read_number(file, big ? 8 : 4, width);

	while (at != 0)
	{
		uint64_t	count = read_number(file, at, big ? 8 : 2);

		at += big ? 8 : 2;
		for (uint64_t n = 0; n < count; n++, at += entry)
		{
			uint64_t	tag = read_number(file, at, 2) + RAD_TIFF_STAND_IN;

			if (tag != TIFFTAG_DEFAULTSCALE && tag != TIFFTAG_DEFAULTCROPORIGIN &&
				tag != TIFFTAG_DEFAULTCROPSIZE)
				continue;
			file->bytes[at] = (uint8_t) tag;
			file->bytes[at + 1] = (uint8_t) (tag >> 8);
		}
		at = read_number(file, at, width);
	}
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "retag() reads what libtiff wrote");

bool
rad_write_tiff(RadContext *context, VolumeReader *reader, const TiffOptions *options,
			   const ByteSink *sink)
{
	TiffWriting writing = {
		.options = options,
		.grid = rad_reader_grid(reader),
		.type = rad_reader_voxel_type(reader),
	};
	size_t		voxel_size = rad_voxel_size(writing.type);
	Box			box = rad_grid_box(writing.grid);

	if (options->tile != 0 && (options->tile < 16 || options->tile > MAX_TILE ||
							   options->tile % 16 != 0))
		return rad_fail(context, RAD_INVALID_PARAMETER,
						"a TIFF tile of %d is no multiple of 16 up to %d", options->tile, MAX_TILE);
	if (options->transform != NULL && !rad_tiff_check_transform(context, options->transform))
		return false;
	writing.page_bytes = (size_t) writing.grid->size[0] * (size_t) writing.grid->size[1] * voxel_size;
	writing.batch_pages = writing.page_bytes < BATCH ? BATCH / writing.page_bytes : 1;
	if (writing.batch_pages > (size_t) writing.grid->size[2])
		writing.batch_pages = (size_t) writing.grid->size[2];
	writing.batch = rad_allocate(context, writing.batch_pages, writing.page_bytes);
	if (writing.batch == NULL)
		return false;
	if (options->tile > 0)
	{
		writing.tile = rad_allocate(context, (size_t) options->tile * (size_t) options->tile,
									voxel_size);
		if (writing.tile == NULL)
			return false;
	}
	writing.memory.context = context;
	writing.memory.buffer = &writing.file;
	if (!rad_reader_read_rows(context, reader, &box, take_rows, &writing) ||
		(writing.filled > 0 && !write_batch(context, &writing)))
		return false;
	rad_release(context, writing.tile);
	rad_release(context, writing.batch);
	retag(&writing.file);
	if (!rad_sink_write(context, sink, writing.file.bytes, writing.file.length))
		return false;
	rad_release(context, writing.file.bytes);
	return true;
}

#endif							/* RAD_HAVE_TIFF */
