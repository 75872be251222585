/*
 * Inside the stored form of a volume: what reading and writing share.
 */
#ifndef RAD_FORMATS_CONTAINER_LAYOUT_H
#define RAD_FORMATS_CONTAINER_LAYOUT_H

#include "formats/container.h"

/* One brick of the directory. */
typedef struct BrickEntry
{
	uint32_t	length;			/* 0: constant */
	uint32_t	crc;
	uint8_t		compression;
	uint8_t		filter;
	uint64_t	value;			/* bits of the constant, in its lowest bytes */
} BrickEntry;

extern void rad_container_put_header(const ContainerHeader *header,
									 uint8_t bytes[RAD_CONTAINER_HEADER]);
extern void rad_container_put_label(const LabelSummary *label,
									uint8_t bytes[RAD_CONTAINER_LABEL]);
extern void rad_container_put_entry(const BrickEntry *entry,
									uint8_t bytes[RAD_CONTAINER_ENTRY]);

extern void rad_container_get_header(const uint8_t bytes[RAD_CONTAINER_HEADER],
									 ContainerHeader *header, int *version);
extern void rad_container_get_label(const uint8_t bytes[RAD_CONTAINER_LABEL],
									LabelSummary *label);
extern void rad_container_get_entry(const uint8_t bytes[RAD_CONTAINER_ENTRY],
									BrickEntry *entry);

/* CRC-32C (Castagnoli) of bytes behind those that gave crc; start from 0. */
extern uint32_t rad_crc32c(uint32_t crc, const void *bytes, size_t length);

/* The header's own checksum covers it up to here. */
#define RAD_CONTAINER_HEAD_CHECKED 248

/*
 * Can geometry, type, brick edges and hints be stored?  NULL, or what is
 * wrong with them.  Whatever passes can be stored and read again.
 */
extern const char *rad_container_problem(const ContainerHeader *header);

/* Bricks along an axis. */
static inline int64_t
rad_container_bricks(const ContainerHeader *header, int axis)
{
	return ((int64_t) header->grid.size[axis] + header->brick[axis] - 1) / header->brick[axis];
}

static inline int64_t
rad_container_directory_offset(const ContainerHeader *header)
{
	int			labels = header->label_count > 0 ? header->label_count : 0;

	return RAD_CONTAINER_HEADER + (int64_t) labels * RAD_CONTAINER_LABEL;
}

/*
 * What the header says about the voxels, taken from rows in order: range,
 * labels, content hash.
 */
typedef struct ContentSummary
{
	VoxelType	type;
	double		minimum;		/* NaN until a number was seen */
	double		maximum;
	Blake2b		hash;
	bool		labelled;		/* so far all voxels are labels, and not too many */
	bool		insist;			/* list labels even when it looks like an image */
	int64_t		row_count;		/* of rows taken */
	int64_t		run_count;
	int64_t		voxel_count;
	LabelTable	table;
	RunScan		scan;
} ContentSummary;

extern void rad_content_start(ContentSummary *summary, const ContainerHeader *header);
extern bool rad_content_add(RadContext *context, ContentSummary *summary, int64_t row_count,
							const void *voxels);

/* Fill range, hash and label_count of the header. */
extern bool rad_content_finish(RadContext *context, ContentSummary *summary,
							   ContainerHeader *header);

#endif							/* RAD_FORMATS_CONTAINER_LAYOUT_H */
