/*
 * The stored form of a volume: what a value of type radiomics.volume holds.
 *
 * Numbers are little-endian.  A value is, without gaps,
 *
 *	header		256 bytes: geometry to the last bit, voxel type, content hash
 *	labels		24 bytes per label, ascending: label (int32), voxels (int64),
 *				box lo and hi along x, y, z (uint16)
 *	directory	12 bytes per brick, x fastest: length in bytes (uint32), then
 *				CRC-32C (uint32), compression, filter (bytes), 0 (uint16);
 *				or length 0 and the value that all its voxels have (8 bytes)
 *	bricks		in the directory's order
 *
 * so that a look at the header or at a few bricks reads little else.  Bricks
 * at the far borders of the volume are cut off there.
 *
 * The content hash is that of the voxel type (uint8), dimension (uint8), size
 * (3 int32), spacing, origin, direction (doubles) and of the voxels, x fastest:
 * it does not depend on how the volume is stored.
 */
#ifndef RAD_FORMATS_CONTAINER_H
#define RAD_FORMATS_CONTAINER_H

#include "base/blake2b.h"
#include "formats/brick.h"
#include "formats/codec.h"
#include "formats/label_scan.h"

#define RAD_CONTAINER_VERSION 1
#define RAD_CONTAINER_HEADER 256	/* bytes */
#define RAD_CONTAINER_LABEL 24
#define RAD_CONTAINER_ENTRY 12

/* A volume with more labels than this, or with other values, lists none. */
#define RAD_CONTAINER_MAX_LABELS 4096
#define RAD_CONTAINER_NO_LABELS -1

/* Longest edge of a brick, and most voxels in one. */
#define RAD_CONTAINER_MAX_EDGE 256
#define RAD_CONTAINER_MAX_BRICK (1 << 21)

/*
 * Longest stored form.  As base64 it has to fit into PostgreSQL's 1 GB, with
 * room for other columns of the row.
 */
#define RAD_CONTAINER_MAX_LENGTH ((int64_t) 750 * 1024 * 1024)

extern const Codec rad_container_codec;

typedef struct ContainerHeader
{
	Grid		grid;
	VoxelType	type;
	VolumeAttributes attributes;
	double		minimum;		/* of the voxels that are numbers; NaN when none is */
	double		maximum;
	uint8_t		hash[RAD_HASH_LENGTH];
	int			brick[3];		/* edges, voxels */
	int			label_count;	/* or RAD_CONTAINER_NO_LABELS */
	int64_t		brick_count;
	int64_t		length;			/* bytes of the stored form */
	uint32_t	head_crc;		/* CRC-32C of the header up to here and of the labels */
	uint32_t	directory_crc;
} ContainerHeader;

/* True when the bytes (RAD_CONTAINER_HEADER suffice) are a stored volume's. */
extern bool rad_container_recognise(const uint8_t *head, size_t length);

/*
 * Read and check the header alone, and the labels when labels is not NULL
 * (*labels is NULL when the header lists none).  Damage is RAD_DATA_CORRUPTED.
 */
extern bool rad_container_header(RadContext *context, const ByteSource *source,
								 ContainerHeader *header, LabelSummary **labels);

/*
 * Check everything of a value that came from outside: decode every brick and
 * compare hash, range and labels with the header.
 */
extern bool rad_container_verify(RadContext *context, const ByteSource *source);

/* How to store. */
typedef struct ContainerOptions
{
	int			brick[3];
	BrickCompression compression;
	BrickFilter filter;
	int			level;			/* of zstd; lz4's acceleration */
} ContainerOptions;

/* What measurement found best for this type and size (doc/volumes.md). */
extern ContainerOptions rad_container_defaults(VoxelType type, const int size[3]);

/*
 * Storing.  Begin, add all rows in order (x fastest, as RowsCallback gives
 * them), finish; then copy the value to where it is wanted.  attributes
 * and options may be NULL.  Memory besides the stored form: one layer of bricks.
 */
typedef struct ContainerWriter ContainerWriter;

/* Whether a volume of this geometry can be stored; attributes may be NULL. */
extern bool rad_container_check(RadContext *context, const Grid *grid,
								const VolumeAttributes *attributes);

extern bool rad_container_begin(RadContext *context, const Grid *grid, VoxelType type,
								const VolumeAttributes *attributes,
								const ContainerOptions *options, ContainerWriter **writer);
extern bool rad_container_add_rows(RadContext *context, ContainerWriter *writer,
								   int64_t row_count, const void *voxels);
extern bool rad_container_finish(RadContext *context, ContainerWriter *writer,
								 int64_t *length);
extern void rad_container_copy(const ContainerWriter *writer, uint8_t *bytes);

/*
 * All of it for a whole volume in memory (attributes may be NULL), or streamed
 * from a reader.
 */
extern bool rad_container_store(RadContext *context, const Volume *volume,
								const VolumeAttributes *attributes,
								const ContainerOptions *options, ContainerWriter **writer,
								int64_t *length);
extern bool rad_container_transcode(RadContext *context, VolumeReader *reader,
									const ContainerOptions *options,
									ContainerWriter **writer, int64_t *length);

#endif							/* RAD_FORMATS_CONTAINER_H */
