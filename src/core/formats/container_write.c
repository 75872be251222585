/*
 * Storing volumes: rows are gathered into layers of bricks, each brick is
 * compressed on its own.
 */
#include <string.h>

#include "formats/container_layout.h"

/* Bytes encoded between two looks for a cancel. */
#define BYTES_PER_POLL ((size_t) 8 << 20)

/* Encoded bricks are kept in pieces of this size until their header is known. */
#define PIECE_BYTES ((size_t) 1 << 20)

/* A layer of bricks has to be in memory while it is read or written. */
#define MAX_LAYER_BYTES ((int64_t) 64 << 20)

typedef struct Piece
{
	struct Piece *next;
	size_t		capacity;
	size_t		used;
	uint8_t		bytes[];
} Piece;

struct ContainerWriter
{
	ContainerHeader header;
	ContainerOptions options;
	size_t		voxel_size;
	size_t		row_bytes;
	int			slice;			/* first of the layer that comes next */
	uint8_t    *layer;			/* gathered rows; NULL until needed */
	int64_t		layer_rows;		/* in it */
	ContentSummary summary;
	uint8_t    *directory;
	int64_t		bricks_done;
	int64_t		brick_bytes;	/* of all pieces */
	Piece	   *first_piece;
	Piece	   *last_piece;
	BrickCoder	coder;
	size_t		unpolled;		/* bytes encoded since the last poll */
	uint8_t    *brick;			/* one brick's voxels, filtered, encoded */
	uint8_t    *scratch;
	uint8_t    *encoded;
};

ContainerOptions
rad_container_defaults(VoxelType type, const int size[3])
{
	ContainerOptions options = {
		.brick = {32, 32, 32},
		.compression = BRICK_ZSTD,
		.filter = FILTER_DELTA_XY,
		.level = 1,
	};

	/* Masks, most often: long runs, which differences would only break up. */
	if (rad_voxel_size(type) == 1)
		options.filter = FILTER_NONE;
	if (type == VOXEL_FLOAT32 || type == VOXEL_FLOAT64)
		options.filter = FILTER_NARROW;

	for (int axis = 0; axis < 3; axis++)
	{
		if (size[axis] < options.brick[axis])
			options.brick[axis] = size[axis];
	}
	/* Wide slices: fewer of them at a time. */
	while (options.brick[2] > 1 &&
		   (int64_t) size[0] * size[1] * options.brick[2] * (int64_t) rad_voxel_size(type) >
		   MAX_LAYER_BYTES)
		options.brick[2] /= 2;
	return options;
}

/* Header of a volume that is to be stored, or a failure that says why not. */
static bool
make_header(RadContext *context, const Grid *grid, VoxelType type,
			const VolumeAttributes *attributes, const ContainerOptions *options,
			ContainerHeader *header)
{
	const char *problem;

	*header = (ContainerHeader) {.grid = *grid, .type = type};
	if (attributes != NULL)
		header->attributes = *attributes;
	if (header->grid.dimension == 0)
		header->grid.dimension = 3;
	memcpy(header->brick, options->brick, sizeof(header->brick));
	problem = rad_container_problem(header);
	if (problem != NULL)
		return rad_fail(context, RAD_INVALID_PARAMETER,
						"volume of %d x %d x %d voxels cannot be stored: its %s is not allowed",
						grid->size[0], grid->size[1], grid->size[2], problem);
	return true;
}

bool
rad_container_check(RadContext *context, const Grid *grid, const VolumeAttributes *attributes)
{
	ContainerOptions options = rad_container_defaults(VOXEL_UINT8, grid->size);
	ContainerHeader header;

	return make_header(context, grid, VOXEL_UINT8, attributes, &options, &header);
}

bool
rad_container_begin(RadContext *context, const Grid *grid, VoxelType type,
					const VolumeAttributes *attributes, const ContainerOptions *options,
					ContainerWriter **writer)
{
	ContainerWriter *begun = rad_new_zeroed(context, ContainerWriter, 1);
	BrickShape	largest;

	if (begun == NULL)
		return false;
	begun->options = options != NULL ? *options : rad_container_defaults(type, grid->size);
	if (!make_header(context, grid, type, attributes, &begun->options, &begun->header))
		return false;
	begun->header.brick_count = rad_container_bricks(&begun->header, 0) *
		rad_container_bricks(&begun->header, 1) * rad_container_bricks(&begun->header, 2);
	if (begun->header.brick_count * RAD_CONTAINER_ENTRY > RAD_CONTAINER_MAX_LENGTH)
	{
		rad_fail(context, RAD_LIMIT_EXCEEDED, "volume of %d x %d x %d voxels is too large to store",
				 grid->size[0], grid->size[1], grid->size[2]);
		return rad_hint(context, "Crop it, or keep the file as a large object.");
	}
	begun->voxel_size = rad_voxel_size(type);
	begun->row_bytes = (size_t) grid->size[0] * begun->voxel_size;
	largest = (BrickShape) {
		.voxel_size = begun->voxel_size,
		.width = (size_t) begun->header.brick[0],
		.count = (size_t) begun->header.brick[0] * (size_t) begun->header.brick[1] *
		(size_t) begun->header.brick[2],
	};
	begun->directory = rad_allocate(context, (size_t) begun->header.brick_count,
									RAD_CONTAINER_ENTRY);
	begun->brick = rad_allocate(context, largest.count, largest.voxel_size);
	begun->scratch = rad_allocate(context, largest.count, largest.voxel_size);
	begun->encoded = rad_new(context, uint8_t, rad_brick_bound(&largest));
	if (begun->directory == NULL || begun->brick == NULL || begun->scratch == NULL ||
		begun->encoded == NULL)
		return false;
	rad_content_start(&begun->summary, &begun->header);
	*writer = begun;
	return true;
}

/* Keep an encoded brick. */
static bool
append(RadContext *context, ContainerWriter *writer, const uint8_t *bytes, size_t length)
{
	Piece	   *piece = writer->last_piece;

	writer->brick_bytes += (int64_t) length;
	if (writer->brick_bytes > RAD_CONTAINER_MAX_LENGTH)
	{
		rad_fail(context, RAD_LIMIT_EXCEEDED,
				 "volume of %d x %d x %d voxels takes more than %lld bytes when stored",
				 writer->header.grid.size[0], writer->header.grid.size[1],
				 writer->header.grid.size[2], (long long) RAD_CONTAINER_MAX_LENGTH);
		return rad_hint(context, "Crop it, or keep the file as a large object, which features() "
						"reads piece by piece.");
	}
	if (piece == NULL || piece->capacity - piece->used < length)
	{
		size_t		capacity = length > PIECE_BYTES ? length : PIECE_BYTES;

		piece = rad_allocate(context, 1, sizeof(Piece) + capacity);
		if (piece == NULL)
			return false;
		*piece = (Piece) {.capacity = capacity};
		if (writer->last_piece != NULL)
			writer->last_piece->next = piece;
		else
			writer->first_piece = piece;
		writer->last_piece = piece;
	}
	memcpy(piece->bytes + piece->used, bytes, length);
	piece->used += length;
	return true;
}

/* Encode the brick in writer->brick and enter it in the directory. */
static bool
encode_brick(RadContext *context, ContainerWriter *writer, const BrickShape *shape)
{
	size_t		raw = shape->count * shape->voxel_size;
	BrickCompression compression = writer->options.compression;
	BrickFilter filter = writer->options.filter;
	BrickEntry	entry = {0};
	bool		kept = true;

	/* Every voxel equals the one behind it. */
	if (memcmp(writer->brick, writer->brick + shape->voxel_size, raw - shape->voxel_size) == 0)
		memcpy(&entry.value, writer->brick, shape->voxel_size);
	else
	{
		size_t		length = rad_brick_encode(&writer->coder, shape, writer->brick,
											  writer->options.level, &compression, &filter,
											  writer->scratch, writer->encoded);

		if (length == 0)
			return rad_fail(context, RAD_OUT_OF_MEMORY, "out of memory: could not compress");
		entry.length = (uint32_t) length;
		entry.crc = rad_crc32c(0, writer->encoded, length);
		entry.compression = (uint8_t) compression;
		entry.filter = (uint8_t) filter;
		kept = append(context, writer, writer->encoded, length);
		writer->unpolled += raw;
	}
	rad_container_put_entry(&entry, writer->directory +
							writer->bricks_done++ * RAD_CONTAINER_ENTRY);
	return kept;
}

/* The bricks of a layer, whose first voxel is given. */
static bool
encode_bricks(RadContext *context, ContainerWriter *writer, const uint8_t *layer, int slices)
{
	const int  *size = writer->header.grid.size;
	const int  *edge = writer->header.brick;
	size_t		slice_bytes = writer->row_bytes * (size_t) size[1];

	for (int y = 0; y < size[1]; y += edge[1])
	{
		int			rows = size[1] - y < edge[1] ? size[1] - y : edge[1];

		for (int x = 0; x < size[0]; x += edge[0])
		{
			int			width = size[0] - x < edge[0] ? size[0] - x : edge[0];
			size_t		bytes = (size_t) width * writer->voxel_size;
			uint8_t    *next = writer->brick;
			BrickShape	shape = {
				.voxel_size = writer->voxel_size,
				.width = (size_t) width,
				.count = (size_t) width * (size_t) rows * (size_t) slices,
			};

			for (int slice = 0; slice < slices; slice++)
			{
				const uint8_t *row = layer + (size_t) slice * slice_bytes +
					(size_t) y * writer->row_bytes + (size_t) x * writer->voxel_size;

				for (int n = 0; n < rows; n++, row += writer->row_bytes, next += bytes)
					memcpy(next, row, bytes);
			}
			if (!encode_brick(context, writer, &shape))
				return false;
		}
		if (writer->unpolled >= BYTES_PER_POLL)
		{
			/* A cancel may leave by longjmp: hold no memory of the libraries. */
			rad_brick_coder_close(&writer->coder);
			writer->unpolled = 0;
			if (!rad_continue(context))
				return false;
		}
	}
	return true;
}

static bool
encode_layer(RadContext *context, ContainerWriter *writer, const uint8_t *layer, int slices)
{
	bool		ok;

	if (!rad_content_add(context, &writer->summary,
						 (int64_t) slices * writer->header.grid.size[1], layer))
		return false;
	ok = encode_bricks(context, writer, layer, slices);
	rad_brick_coder_close(&writer->coder);
	writer->slice += slices;
	return ok;
}

bool
rad_container_add_rows(RadContext *context, ContainerWriter *writer, int64_t row_count,
					   const void *voxels)
{
	const int  *size = writer->header.grid.size;
	const uint8_t *next = voxels;

	while (row_count > 0)
	{
		int			slices = size[2] - writer->slice < writer->header.brick[2] ?
			size[2] - writer->slice : writer->header.brick[2];
		int64_t		rows = (int64_t) slices * size[1];
		int64_t		taken;

		if (slices == 0)
			return rad_fail(context, RAD_INTERNAL, "more rows than the volume has");
		if (writer->layer_rows == 0 && row_count >= rows)
		{
			/* A whole layer lies there already. */
			if (!encode_layer(context, writer, next, slices))
				return false;
			taken = rows;
		}
		else
		{
			if (writer->layer == NULL)
			{
				writer->layer = rad_allocate(context, (size_t) rows, writer->row_bytes);
				if (writer->layer == NULL)
					return false;
			}
			taken = rows - writer->layer_rows < row_count ? rows - writer->layer_rows : row_count;
			memcpy(writer->layer + (size_t) writer->layer_rows * writer->row_bytes, next,
				   (size_t) taken * writer->row_bytes);
			writer->layer_rows += taken;
			if (writer->layer_rows == rows)
			{
				if (!encode_layer(context, writer, writer->layer, slices))
					return false;
				writer->layer_rows = 0;
			}
		}
		next += (size_t) taken * writer->row_bytes;
		row_count -= taken;
	}
	return true;
}

bool
rad_container_finish(RadContext *context, ContainerWriter *writer, int64_t *length)
{
	ContainerHeader *header = &writer->header;
	uint8_t		bytes[RAD_CONTAINER_HEADER];

	if (writer->slice != header->grid.size[2])
		return rad_fail(context, RAD_INTERNAL, "fewer rows than the volume has");
	rad_release(context, writer->layer);
	writer->layer = NULL;
	if (!rad_content_finish(context, &writer->summary, header))
		return false;
	header->directory_crc = rad_crc32c(0, writer->directory,
									   (size_t) header->brick_count * RAD_CONTAINER_ENTRY);
	header->length = rad_container_directory_offset(header) +
		header->brick_count * RAD_CONTAINER_ENTRY + writer->brick_bytes;
	rad_container_put_header(header, bytes);
	header->head_crc = rad_crc32c(0, bytes, RAD_CONTAINER_HEAD_CHECKED);
	for (int n = 0; n < header->label_count; n++)
	{
		uint8_t		label[RAD_CONTAINER_LABEL];

		rad_container_put_label(&writer->summary.table.labels[n], label);
		header->head_crc = rad_crc32c(header->head_crc, label, sizeof(label));
	}
	*length = header->length;
	return true;
}

void
rad_container_copy(const ContainerWriter *writer, uint8_t *bytes)
{
	const ContainerHeader *header = &writer->header;
	size_t		directory_bytes = (size_t) header->brick_count * RAD_CONTAINER_ENTRY;

	rad_container_put_header(header, bytes);
	bytes += RAD_CONTAINER_HEADER;
	for (int n = 0; n < header->label_count; n++, bytes += RAD_CONTAINER_LABEL)
		rad_container_put_label(&writer->summary.table.labels[n], bytes);
	memcpy(bytes, writer->directory, directory_bytes);
	bytes += directory_bytes;
	for (const Piece *piece = writer->first_piece; piece != NULL; piece = piece->next)
	{
		memcpy(bytes, piece->bytes, piece->used);
		bytes += piece->used;
	}
}

bool
rad_container_store(RadContext *context, const Volume *volume,
					const VolumeAttributes *attributes, const ContainerOptions *options,
					ContainerWriter **writer, int64_t *length)
{
	Box			whole = rad_grid_box(&volume->grid);

	if (memcmp(&whole, &volume->box, sizeof(whole)) != 0)
		return rad_fail(context, RAD_INTERNAL, "only whole volumes can be stored");
	return rad_container_begin(context, &volume->grid, volume->type, attributes, options,
							   writer) &&
		rad_container_add_rows(context, *writer,
							   (int64_t) volume->grid.size[1] * volume->grid.size[2],
							   volume->voxels) &&
		rad_container_finish(context, *writer, length);
}

/* RowsCallback: rows of the whole grid come in order. */
static bool
take_rows(RadContext *context, void *argument, int64_t first_row, int64_t row_count,
		  const void *voxels)
{
	(void) first_row;
	return rad_container_add_rows(context, argument, row_count, voxels);
}

bool
rad_container_transcode(RadContext *context, VolumeReader *reader,
						const ContainerOptions *options, ContainerWriter **writer,
						int64_t *length)
{
	Box			whole = rad_grid_box(&reader->grid);

	return rad_container_begin(context, &reader->grid, reader->type, &reader->attributes,
							   options, writer) &&
		rad_reader_read_rows(context, reader, &whole, take_rows, *writer) &&
		rad_container_finish(context, *writer, length);
}
