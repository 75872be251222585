/*
 * The bytes of a stored volume's header, labels and directory, and the summary
 * of its content; see container.h for the layout.
 */
#include "formats/container_layout.h"

#include <isa-l/crc.h>
#include <math.h>
#include <string.h>

/* Voxel types are stored by number: the enumeration may only grow. */
_Static_assert(VOXEL_INT8 == 0 && VOXEL_FLOAT64 == 7 && VOXEL_TYPE_COUNT == 8,
			   "numbers of voxel types are part of the stored form");

static const uint8_t magic[8] = {0x89, 'R', 'V', 'O', 'L', '\r', '\n', 0x1a};

/* Positions in the header. */
enum
{
	AT_VERSION = 8,				/* uint16 */
	AT_TYPE = 10,				/* uint8 */
	AT_DIMENSION = 11,			/* uint8 */
	AT_SIZE = 12,				/* 3 int32 */
	AT_SPACING = 24,			/* 3 doubles */
	AT_ORIGIN = 48,
	AT_DIRECTION = 72,			/* 9 doubles, by rows */
	AT_MINIMUM = 144,
	AT_MAXIMUM = 152,
	AT_HASH = 160,				/* 32 bytes */
	AT_UNITS = 192,				/* 16 bytes, padded with 0 */
	AT_MODALITY = 208,
	AT_BRICK = 224,				/* 3 uint16, then 2 bytes of 0 */
	AT_LABEL_COUNT = 232,		/* int32 */
	AT_BRICK_COUNT = 236,		/* uint32 */
	AT_LENGTH = 240,			/* int64 */
	AT_HEAD_CRC = RAD_CONTAINER_HEAD_CHECKED,	/* uint32 */
	AT_DIRECTORY_CRC = 252
};

/* Numbers to and from bytes; the machine is little-endian (x86-64). */
#define PUT(at, ctype, number) \
	do { \
		ctype		value_ = (ctype) (number); \
		memcpy((at), &value_, sizeof(value_)); \
	} while (0)

#define GET(at, ctype) \
	({ \
		ctype		value_; \
		memcpy(&value_, (at), sizeof(value_)); \
		value_; \
	})

uint32_t
rad_crc32c(uint32_t crc, const void *bytes, size_t length)
{
	const unsigned char *next = bytes;

	while (length > 0)
	{
		int			piece = length > 1 << 30 ? 1 << 30 : (int) length;

		crc = ~crc32_iscsi((unsigned char *) next, piece, ~crc);
		next += piece;
		length -= (size_t) piece;
	}
	return crc;
}

bool
rad_container_recognise(const uint8_t *head, size_t length)
{
	return length >= sizeof(magic) && memcmp(head, magic, sizeof(magic)) == 0;
}

void
rad_container_put_header(const ContainerHeader *header, uint8_t bytes[RAD_CONTAINER_HEADER])
{
	memset(bytes, 0, RAD_CONTAINER_HEADER);
	memcpy(bytes, magic, sizeof(magic));
	PUT(bytes + AT_VERSION, uint16_t, RAD_CONTAINER_VERSION);
	PUT(bytes + AT_TYPE, uint8_t, header->type);
	PUT(bytes + AT_DIMENSION, uint8_t, header->grid.dimension);
	for (int axis = 0; axis < 3; axis++)
	{
		PUT(bytes + AT_SIZE + 4 * axis, int32_t, header->grid.size[axis]);
		PUT(bytes + AT_BRICK + 2 * axis, uint16_t, header->brick[axis]);
	}
	memcpy(bytes + AT_SPACING, header->grid.spacing, 24);
	memcpy(bytes + AT_ORIGIN, header->grid.origin, 24);
	memcpy(bytes + AT_DIRECTION, header->grid.direction, 72);
	PUT(bytes + AT_MINIMUM, double, header->minimum);
	PUT(bytes + AT_MAXIMUM, double, header->maximum);
	memcpy(bytes + AT_HASH, header->hash, RAD_HASH_LENGTH);
	memcpy(bytes + AT_UNITS, header->attributes.units, RAD_HINT_LENGTH);
	memcpy(bytes + AT_MODALITY, header->attributes.modality, RAD_HINT_LENGTH);
	PUT(bytes + AT_LABEL_COUNT, int32_t, header->label_count);
	PUT(bytes + AT_BRICK_COUNT, uint32_t, header->brick_count);
	PUT(bytes + AT_LENGTH, int64_t, header->length);
	PUT(bytes + AT_HEAD_CRC, uint32_t, header->head_crc);
	PUT(bytes + AT_DIRECTORY_CRC, uint32_t, header->directory_crc);
}

void
rad_container_get_header(const uint8_t bytes[RAD_CONTAINER_HEADER], ContainerHeader *header,
						 int *version)
{
	*version = GET(bytes + AT_VERSION, uint16_t);
	*header = (ContainerHeader) {
		.type = (VoxelType) bytes[AT_TYPE],
		.grid.dimension = bytes[AT_DIMENSION],
		.minimum = GET(bytes + AT_MINIMUM, double),
		.maximum = GET(bytes + AT_MAXIMUM, double),
		.label_count = GET(bytes + AT_LABEL_COUNT, int32_t),
		.brick_count = GET(bytes + AT_BRICK_COUNT, uint32_t),
		.length = GET(bytes + AT_LENGTH, int64_t),
		.head_crc = GET(bytes + AT_HEAD_CRC, uint32_t),
		.directory_crc = GET(bytes + AT_DIRECTORY_CRC, uint32_t),
	};
	for (int axis = 0; axis < 3; axis++)
	{
		header->grid.size[axis] = GET(bytes + AT_SIZE + 4 * axis, int32_t);
		header->brick[axis] = GET(bytes + AT_BRICK + 2 * axis, uint16_t);
	}
	memcpy(header->grid.spacing, bytes + AT_SPACING, 24);
	memcpy(header->grid.origin, bytes + AT_ORIGIN, 24);
	memcpy(header->grid.direction, bytes + AT_DIRECTION, 72);
	memcpy(header->hash, bytes + AT_HASH, RAD_HASH_LENGTH);
	memcpy(header->attributes.units, bytes + AT_UNITS, RAD_HINT_LENGTH);
	memcpy(header->attributes.modality, bytes + AT_MODALITY, RAD_HINT_LENGTH);
}

void
rad_container_put_label(const LabelSummary *label, uint8_t bytes[RAD_CONTAINER_LABEL])
{
	PUT(bytes, int32_t, label->label);
	PUT(bytes + 4, int64_t, label->voxel_count);
	for (int axis = 0; axis < 3; axis++)
	{
		PUT(bytes + 12 + 2 * axis, uint16_t, label->box.lo[axis]);
		PUT(bytes + 18 + 2 * axis, uint16_t, label->box.hi[axis]);
	}
}

void
rad_container_get_label(const uint8_t bytes[RAD_CONTAINER_LABEL], LabelSummary *label)
{
	label->label = GET(bytes, int32_t);
	label->voxel_count = GET(bytes + 4, int64_t);
	for (int axis = 0; axis < 3; axis++)
	{
		label->box.lo[axis] = GET(bytes + 12 + 2 * axis, uint16_t);
		label->box.hi[axis] = GET(bytes + 18 + 2 * axis, uint16_t);
	}
}

void
rad_container_put_entry(const BrickEntry *entry, uint8_t bytes[RAD_CONTAINER_ENTRY])
{
	PUT(bytes, uint32_t, entry->length);
	if (entry->length == 0)
	{
		PUT(bytes + 4, uint64_t, entry->value);
		return;
	}
	PUT(bytes + 4, uint32_t, entry->crc);
	PUT(bytes + 8, uint8_t, entry->compression);
	PUT(bytes + 9, uint8_t, entry->filter);
	PUT(bytes + 10, uint16_t, 0);
}

void
rad_container_get_entry(const uint8_t bytes[RAD_CONTAINER_ENTRY], BrickEntry *entry)
{
	*entry = (BrickEntry) {.length = GET(bytes, uint32_t)};
	if (entry->length == 0)
	{
		entry->value = GET(bytes + 4, uint64_t);
		return;
	}
	entry->crc = GET(bytes + 4, uint32_t);
	entry->compression = bytes[8];
	entry->filter = bytes[9];
}

/* A hint is printable ASCII, padded with zeros, and ends. */
static bool
valid_hint(const char hint[RAD_HINT_LENGTH])
{
	int			length = 0;

	while (length < RAD_HINT_LENGTH && hint[length] >= ' ' && hint[length] <= '~')
		length++;
	if (length == RAD_HINT_LENGTH)
		return false;
	for (int n = length; n < RAD_HINT_LENGTH; n++)
	{
		if (hint[n] != '\0')
			return false;
	}
	return true;
}

/*
 * Axes have to be nearly perpendicular unit vectors, as every reader makes
 * them; how nearly is the reader's business, and their bits are kept.
 */
static bool
valid_geometry(const Grid *grid)
{
	for (int a = 0; a < 3; a++)
	{
		if (!(grid->spacing[a] > 0.0) || !isfinite(grid->spacing[a]) || !isfinite(grid->origin[a]))
			return false;
		for (int b = 0; b < 3; b++)
		{
			double		product = 0.0;

			for (int r = 0; r < 3; r++)
				product += grid->direction[r][a] * grid->direction[r][b];
			if (!(fabs(product - (a == b ? 1.0 : 0.0)) <= 0.01))
				return false;
		}
	}
	return true;
}

const char *
rad_container_problem(const ContainerHeader *header)
{
	int64_t		voxels = 1;
	int64_t		brick = 1;

	if ((int) header->type < 0 || (int) header->type >= VOXEL_TYPE_COUNT)
		return "voxel type";
	if (header->grid.dimension != 2 && header->grid.dimension != 3)
		return "dimension";
	for (int axis = 0; axis < 3; axis++)
	{
		if (header->grid.size[axis] < 1 || header->grid.size[axis] > RAD_MAX_DIMENSION)
			return "size";
		if (header->brick[axis] < 1 || header->brick[axis] > RAD_CONTAINER_MAX_EDGE)
			return "brick size";
		voxels *= header->grid.size[axis];
		brick *= header->brick[axis];
	}
	if (voxels > RAD_MAX_VOLUME_VOXELS ||
		(header->grid.dimension == 2 && header->grid.size[2] != 1))
		return "size";
	if (brick > RAD_CONTAINER_MAX_BRICK)
		return "brick size";
	if (!valid_geometry(&header->grid))
		return "geometry";
	if (!valid_hint(header->attributes.units) || !valid_hint(header->attributes.modality))
		return "units or modality";
	return NULL;
}
