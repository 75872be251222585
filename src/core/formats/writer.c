/*
 * Writing NRRD and MetaImage; see writer.h.
 */
#include "formats/writer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "formats/codec.h"
#include "formats/deflate_stream.h"
#include "formats/exact_geometry.h"
#include "formats/nrrd_header.h"

/* What the formats call a voxel type. */
static const struct
{
	const char *nrrd;
	const char *meta;
}			type_names[VOXEL_TYPE_COUNT] = {
	[VOXEL_INT8] = {"signed char", "MET_CHAR"},
	[VOXEL_UINT8] = {"unsigned char", "MET_UCHAR"},
	[VOXEL_INT16] = {"short", "MET_SHORT"},
	[VOXEL_UINT16] = {"unsigned short", "MET_USHORT"},
	[VOXEL_INT32] = {"int", "MET_INT"},
	[VOXEL_UINT32] = {"unsigned int", "MET_UINT"},
	[VOXEL_FLOAT32] = {"float", "MET_FLOAT"},
	[VOXEL_FLOAT64] = {"double", "MET_DOUBLE"},
};

#define BIG_ENDIAN_MACHINE (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

typedef struct RowTarget
{
	const ByteSink *sink;
	size_t		row_bytes;
} RowTarget;

static bool
write_rows(RadContext *context, void *argument, int64_t first_row, int64_t row_count,
		   const void *voxels)
{
	const RowTarget *target = argument;

	(void) first_row;
	return rad_sink_write(context, target->sink, voxels, (size_t) row_count * target->row_bytes);
}

bool
rad_write_voxels(RadContext *context, VolumeReader *reader, const ByteSink *sink)
{
	const Grid *grid = rad_reader_grid(reader);
	Box			box = rad_grid_box(grid);
	RowTarget	target = {
		.sink = sink,
		.row_bytes = (size_t) grid->size[0] * rad_voxel_size(rad_reader_voxel_type(reader)),
	};

	return rad_reader_read_rows(context, reader, &box, write_rows, &target);
}

/* The voxels, compressed or not. */
static bool
write_packed(RadContext *context, VolumeReader *reader, bool compress, InflateFormat format,
			 const ByteSink *sink)
{
	DeflateStream *stream;
	ByteSink	plain;

	if (!compress)
		return rad_write_voxels(context, reader, sink);
	if (!rad_deflate_open(context, sink, format, &stream))
		return false;
	plain = rad_deflate_sink(stream);
	return rad_write_voxels(context, reader, &plain) && rad_deflate_finish(context, stream);
}

/* A header's text. */
typedef struct HeaderText
{
	char		text[3000];		/* some 30 numbers of 25 characters, and names */
	size_t		used;
} HeaderText;

static void __attribute__((format(printf, 2, 3)))
add(HeaderText *header, const char *format,...)
{
	va_list		arguments;

	va_start(arguments, format);
	header->used += (size_t) vsnprintf(header->text + header->used,
									   sizeof(header->text) - header->used, format, arguments);
	va_end(arguments);
}

/* Numbers with a separator between. */
static void
add_numbers(HeaderText *header, const double *numbers, int count, const char *separator)
{
	char		number[RAD_NUMBER_LENGTH];

	for (int n = 0; n < count; n++)
		add(header, "%s%s", n > 0 ? separator : "", rad_print_number(numbers[n], number));
}

static void
add_vector(HeaderText *header, const double *vector, int dimension)
{
	add(header, " (");
	add_numbers(header, vector, dimension, ",");
	add(header, ")");
}

static void
add_sizes(HeaderText *header, const Grid *grid, int dimension)
{
	for (int axis = 0; axis < dimension; axis++)
		add(header, " %d", grid->size[axis]);
	add(header, "\n");
}

bool
rad_write_nrrd(RadContext *context, VolumeReader *reader, bool compress, const ByteSink *sink)
{
	const Grid *grid = rad_reader_grid(reader);
	int			dimension = grid->dimension == 2 ? 2 : 3;
	int			space = rad_geometry_flat(grid) ? 2 : 3;
	Grid		read_back = *grid;
	HeaderText	header = {.used = 0};

	add(&header, "NRRD0005\ntype: %s\ndimension: %d\n",
		type_names[rad_reader_voxel_type(reader)].nrrd, dimension);
	add(&header, space == 2 ? "space dimension: 2\n" : "space: left-posterior-superior\n");
	add(&header, "sizes:");
	add_sizes(&header, grid, dimension);
	add(&header, "space directions:");
	for (int c = 0; c < dimension; c++)
	{
		double		vector[3];

		rad_nrrd_join_axis(grid, c, vector);
		add_vector(&header, vector, space);
		rad_nrrd_split_axis(vector, space, c, &read_back);
	}
	add(&header, "\nkinds:%s\nendian: %s\nencoding: %s\nspace origin:",
		dimension == 2 ? " domain domain" : " domain domain domain",
		BIG_ENDIAN_MACHINE ? "big" : "little", compress ? "gzip" : "raw");
	add_vector(&header, grid->origin, space);
	add(&header, "\n");
	rad_nrrd_complete_axes(&read_back, dimension, space);
	if (!rad_geometry_same(grid, &read_back))
	{
		char		exact[RAD_GEOMETRY_LENGTH];

		rad_geometry_print(grid, exact);
		add(&header, RAD_NRRD_EXACT_KEY ":=%s\n", exact);
	}
	add(&header, "\n");
	return rad_sink_write(context, sink, header.text, header.used) &&
		write_packed(context, reader, compress, INFLATE_GZIP, sink);
}

/* Keys and geometry of a MetaImage up to where the compressed size comes. */
static void
add_meta_keys(HeaderText *header, const VolumeReader *reader, int dimension, bool compress)
{
	const Grid *grid = rad_reader_grid(reader);

	add(header, "ObjectType = Image\nNDims = %d\nBinaryData = True\n"
		"BinaryDataByteOrderMSB = %s\nCompressedData = %s\n", dimension,
		BIG_ENDIAN_MACHINE ? "True" : "False", compress ? "True" : "False");
	add(header, "TransformMatrix =");
	for (int c = 0; c < dimension; c++)
	{
		double		column[3] = {grid->direction[0][c], grid->direction[1][c],
		grid->direction[2][c]};

		add(header, " ");
		add_numbers(header, column, dimension, " ");
	}
	add(header, "\nOffset = ");
	add_numbers(header, grid->origin, dimension, " ");
	add(header, "\nCenterOfRotation =%s\n", dimension == 2 ? " 0 0" : " 0 0 0");
	if (dimension == 3)
		add(header, "AnatomicalOrientation = RAI\n");
	add(header, "ElementSpacing = ");
	add_numbers(header, grid->spacing, dimension, " ");
	add(header, "\n");
	if (dimension == 2 && (!rad_geometry_flat(grid) || grid->spacing[2] != 1.0))
	{
		char		exact[RAD_GEOMETRY_LENGTH];

		rad_geometry_print(grid, exact);
		add(header, "RadiomicsGeometry = %s\n", exact);
	}
	add(header, "DimSize =");
	add_sizes(header, grid, dimension);
	add(header, "ElementType = %s\n", type_names[rad_reader_voxel_type(reader)].meta);
}

bool
rad_write_metaimage(RadContext *context, VolumeReader *reader, bool compress,
					const ByteSink *sink)
{
	int			dimension = rad_reader_grid(reader)->dimension == 2 ? 2 : 3;
	HeaderText	header = {.used = 0};
	ByteBuffer	packed = {0};

	add_meta_keys(&header, reader, dimension, compress);
	if (compress)
	{
		/* MetaIO wants to know the length before it comes. */
		ByteSink	buffer = rad_buffer_sink(&packed);

		if (!write_packed(context, reader, true, INFLATE_ZLIB, &buffer))
			return false;
		add(&header, "CompressedDataSize = %zu\n", packed.length);
	}
	add(&header, "ElementDataFile = LOCAL\n");
	if (!rad_sink_write(context, sink, header.text, header.used))
		return false;
	if (!compress)
		return rad_write_voxels(context, reader, sink);
	if (!rad_sink_write(context, sink, packed.bytes, packed.length))
		return false;
	rad_release(context, packed.bytes);
	return true;
}
