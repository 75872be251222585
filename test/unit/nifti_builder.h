/*
 * Makes NIfTI files in memory for tests, fuzzing seeds and benchmarks.  Written
 * from nifti1.h and nifti2.h and sharing nothing with the reader: every field
 * goes out byte by byte in the wanted order.
 */
#ifndef NIFTI_BUILDER_H
#define NIFTI_BUILDER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

typedef struct NiftiSpec
{
	int			version;		/* 1 or 2 */
	bool		big_endian;
	int			datatype;
	int			bitpix;
	int64_t		dim[8];
	double		pixdim[8];
	double		vox_offset;
	double		slope;
	double		intercept;
	int			units;
	int			qform_code;
	int			sform_code;
	double		quaternion[3];
	double		qoffset[3];
	double		srow[3][4];
	const char *magic;			/* 4 or 8 bytes; NULL: the right one */
} NiftiSpec;

/* A file's bytes, on malloc. */
typedef struct Bytes
{
	uint8_t    *data;
	size_t		length;
} Bytes;

static inline void
put_bits(uint8_t *at, uint64_t bits, int size, bool big_endian)
{
	uint8_t		bytes[8];

	for (int n = 0; n < size; n++)
		bytes[big_endian ? size - 1 - n : n] = (uint8_t) (bits >> (8 * n));
	memcpy(at, bytes, (size_t) size);
}

static inline void
put_float32(uint8_t *at, double value, bool big_endian)
{
	float		narrow = (float) value;
	uint32_t	bits;

	memcpy(&bits, &narrow, 4);
	put_bits(at, bits, 4, big_endian);
}

static inline void
put_float64(uint8_t *at, double value, bool big_endian)
{
	uint64_t	bits;

	memcpy(&bits, &value, 8);
	put_bits(at, bits, 8, big_endian);
}

/* A 3-D file of the given size with spacing 1 and no transform. */
static inline NiftiSpec
nifti_spec(int version, bool big_endian, int datatype, int bitpix, int nx, int ny, int nz)
{
	NiftiSpec	spec = {
		.version = version,
		.big_endian = big_endian,
		.datatype = datatype,
		.bitpix = bitpix,
		.dim = {3, nx, ny, nz, 1, 1, 1, 1},
		.pixdim = {1, 1, 1, 1, 0, 0, 0, 0},
		.vox_offset = version == 1 ? 352 : 544,
		.units = 2,
	};

	return spec;
}

static inline void
put_nifti1(const NiftiSpec *spec, uint8_t *head)
{
	bool		big = spec->big_endian;

	put_bits(head, 348, 4, big);
	for (int n = 0; n < 8; n++)
	{
		put_bits(head + 40 + 2 * n, (uint64_t) spec->dim[n], 2, big);
		put_float32(head + 76 + 4 * n, spec->pixdim[n], big);
	}
	put_bits(head + 70, (uint64_t) spec->datatype, 2, big);
	put_bits(head + 72, (uint64_t) spec->bitpix, 2, big);
	put_float32(head + 108, spec->vox_offset, big);
	put_float32(head + 112, spec->slope, big);
	put_float32(head + 116, spec->intercept, big);
	head[123] = (uint8_t) spec->units;
	put_bits(head + 252, (uint64_t) spec->qform_code, 2, big);
	put_bits(head + 254, (uint64_t) spec->sform_code, 2, big);
	for (int r = 0; r < 3; r++)
	{
		put_float32(head + 256 + 4 * r, spec->quaternion[r], big);
		put_float32(head + 268 + 4 * r, spec->qoffset[r], big);
		for (int c = 0; c < 4; c++)
			put_float32(head + 280 + 16 * r + 4 * c, spec->srow[r][c], big);
	}
	memcpy(head + 344, spec->magic ? spec->magic : "n+1\0", 4);
}

static inline void
put_nifti2(const NiftiSpec *spec, uint8_t *head)
{
	bool		big = spec->big_endian;

	put_bits(head, 540, 4, big);
	memcpy(head + 4, spec->magic ? spec->magic : "n+2\0\r\n\032\n", 8);
	put_bits(head + 12, (uint64_t) spec->datatype, 2, big);
	put_bits(head + 14, (uint64_t) spec->bitpix, 2, big);
	for (int n = 0; n < 8; n++)
	{
		put_bits(head + 16 + 8 * n, (uint64_t) spec->dim[n], 8, big);
		put_float64(head + 104 + 8 * n, spec->pixdim[n], big);
	}
	put_bits(head + 168, (uint64_t) (int64_t) spec->vox_offset, 8, big);
	put_float64(head + 176, spec->slope, big);
	put_float64(head + 184, spec->intercept, big);
	put_bits(head + 344, (uint64_t) spec->qform_code, 4, big);
	put_bits(head + 348, (uint64_t) spec->sform_code, 4, big);
	for (int r = 0; r < 3; r++)
	{
		put_float64(head + 352 + 8 * r, spec->quaternion[r], big);
		put_float64(head + 376 + 8 * r, spec->qoffset[r], big);
		for (int c = 0; c < 4; c++)
			put_float64(head + 400 + 32 * r + 8 * c, spec->srow[r][c], big);
	}
	put_bits(head + 500, (uint64_t) spec->units, 4, big);
}

/* Header, bytes up to vox_offset (filled with 0xAA), and the voxels as they are. */
static inline Bytes
build_nifti(const NiftiSpec *spec, const void *voxels, size_t voxel_bytes)
{
	size_t		smallest = spec->version == 1 ? 352 : 544;
	size_t		offset = spec->vox_offset > (double) smallest && spec->vox_offset < 1e6 ?
		(size_t) spec->vox_offset : smallest;
	Bytes		file = {malloc(offset + voxel_bytes), offset + voxel_bytes};

	memset(file.data, 0xaa, offset);
	memset(file.data, 0, smallest);
	if (spec->version == 1)
		put_nifti1(spec, file.data);
	else
		put_nifti2(spec, file.data);
	if (voxel_bytes > 0)
		memcpy(file.data + offset, voxels, voxel_bytes);
	return file;
}

/* One gzip member. */
static inline Bytes
gzip_bytes(const void *data, size_t length, int level)
{
	z_stream	stream = {0};
	size_t		room = length + length / 8 + 1024;
	Bytes		packed = {malloc(room), 0};

	deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
	stream.next_in = (Bytef *) data;
	stream.avail_in = (uInt) length;
	stream.next_out = packed.data;
	stream.avail_out = (uInt) room;
	deflate(&stream, Z_FINISH);
	packed.length = stream.total_out;
	deflateEnd(&stream);
	return packed;
}

#endif							/* NIFTI_BUILDER_H */
