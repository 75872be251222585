/*
 * Writing NIfTI-1.1 and NIfTI-2; see writer.h and nifti_write.h.
 */
#include "formats/nifti_write.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "formats/deflate_stream.h"
#include "formats/writer.h"

/* Headers with the four bytes that announce extensions. */
#define NIFTI1_DATA 352
#define NIFTI2_DATA 544

/* NIfTI-1 holds sizes in 16 bits with a sign. */
#define NIFTI1_LARGEST 32767

#define UNITS_MM 2
#define SCANNER_CODE 1

static const struct
{
	int			code;
	int			bits;
}			datatypes[VOXEL_TYPE_COUNT] = {
	[VOXEL_INT8] = {256, 8},
	[VOXEL_UINT8] = {2, 8},
	[VOXEL_INT16] = {4, 16},
	[VOXEL_UINT16] = {512, 16},
	[VOXEL_INT32] = {8, 32},
	[VOXEL_UINT32] = {768, 32},
	[VOXEL_FLOAT32] = {16, 32},
	[VOXEL_FLOAT64] = {64, 64},
};

/*
 * The nearest single, kept in a double.  volatile: gcc 12 at -O3 leaves the
 * rounding out for the last numbers of a loop.
 */
static double
single(double value)
{
	volatile float narrow = (float) value;

	return narrow;
}

/*
 * The quaternion (b, c, d; a >= 0) of a rotation, from its largest component,
 * which is at least 1/2 (Shepperd 1978).
 */
static void
find_quaternion(const double m[3][3], double quaternion[3])
{
	double		q[4] = {
		1.0 + m[0][0] + m[1][1] + m[2][2],
		1.0 + m[0][0] - m[1][1] - m[2][2],
		1.0 - m[0][0] + m[1][1] - m[2][2],
		1.0 - m[0][0] - m[1][1] + m[2][2],
	};
	int			largest = 0;
	double		four;			/* times the largest component */

	for (int n = 1; n < 4; n++)
	{
		if (q[n] > q[largest])
			largest = n;
	}
	four = 2.0 * sqrt(q[largest] > 0.0 ? q[largest] : 0.0);
	switch (largest)
	{
		case 0:
			q[1] = (m[2][1] - m[1][2]) / four;
			q[2] = (m[0][2] - m[2][0]) / four;
			q[3] = (m[1][0] - m[0][1]) / four;
			break;
		case 1:
			q[0] = (m[2][1] - m[1][2]) / four;
			q[2] = (m[0][1] + m[1][0]) / four;
			q[3] = (m[0][2] + m[2][0]) / four;
			break;
		case 2:
			q[0] = (m[0][2] - m[2][0]) / four;
			q[1] = (m[0][1] + m[1][0]) / four;
			q[3] = (m[1][2] + m[2][1]) / four;
			break;
		default:
			q[0] = (m[1][0] - m[0][1]) / four;
			q[1] = (m[0][2] + m[2][0]) / four;
			q[2] = (m[1][2] + m[2][1]) / four;
			break;
	}
	q[largest] = four / 4.0;
	for (int n = 0; n < 3; n++)
		quaternion[n] = q[0] < 0.0 ? -q[n + 1] : q[n + 1];
}

void
rad_nifti_transform(const Grid *grid, int version, NiftiTransform *transform)
{
	double		rotation[3][3];
	double		determinant = 0.0;

	memset(transform, 0, sizeof(*transform));
	for (int r = 0; r < 3; r++)
	{
		double		sign = r < 2 ? -1.0 : 1.0;	/* LPS to RAS */

		for (int c = 0; c < 3; c++)
		{
			rotation[r][c] = sign * grid->direction[r][c] + 0.0;
			transform->srow[r][c] = rotation[r][c] * grid->spacing[c];
		}
		transform->srow[r][3] = transform->qoffset[r] = sign * grid->origin[r] + 0.0;
		transform->pixdim[r + 1] = grid->spacing[r];
	}
	for (int c = 0; c < 3; c++)
		determinant += rotation[0][c] *
			(rotation[1][(c + 1) % 3] * rotation[2][(c + 2) % 3] -
			 rotation[1][(c + 2) % 3] * rotation[2][(c + 1) % 3]);
	transform->pixdim[0] = determinant < 0.0 ? -1.0 : 1.0;
	for (int r = 0; r < 3; r++)
		rotation[r][2] *= transform->pixdim[0];
	find_quaternion(rotation, transform->quaternion);
	if (version == 1)
	{
		double	   *numbers = (double *) transform;

		for (size_t n = 0; n < sizeof(*transform) / sizeof(double); n++)
			numbers[n] = single(numbers[n]);
	}
}

bool
rad_nifti_parse_exact(const char *text, size_t length, Grid *grid)
{
	size_t		name = strlen(RAD_NIFTI_EXACT);
	char		copy[RAD_GEOMETRY_LENGTH];

	if (length <= name || memcmp(text, RAD_NIFTI_EXACT " ", name + 1) != 0)
		return false;
	text += name;
	length -= name;
	if (memchr(text, '\n', length) != NULL)
		length = (size_t) ((const char *) memchr(text, '\n', length) - text);
	if (length >= sizeof(copy))
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	return rad_geometry_parse(copy, grid);
}

/* Little-endian fields of a header. */

static void
put_integer(uint8_t *at, int64_t value, int size)
{
	for (int n = 0; n < size; n++)
		at[n] = (uint8_t) ((uint64_t) value >> (8 * n));
}

/* A number of 4 or 8 bytes. */
static void
put_number(uint8_t *at, double value, int size)
{
	float		narrow[1] = {(float) value};
	uint32_t	bits32;
	uint64_t	bits64;

	memcpy(&bits32, narrow, 4);
	memcpy(&bits64, &value, 8);
	put_integer(at, size == 4 ? (int64_t) bits32 : (int64_t) bits64, size);
}

/* Field offsets: nifti1.h and nifti2.h. */
static void
fill_header(uint8_t *head, int version, const Grid *grid, VoxelType type, int data_offset,
			const NiftiTransform *transform)
{
	int			dimension = grid->dimension == 2 ? 2 : 3;
	bool		first = version == 1;
	int			number = first ? 4 : 8;
	int			size = first ? 2 : 8;

	put_integer(head, first ? 348 : 540, 4);
	memcpy(head + (first ? 344 : 4), first ? "n+1" : "n+2\0\r\n\032\n", first ? 4 : 8);
	put_integer(head + (first ? 70 : 12), datatypes[type].code, 2);
	put_integer(head + (first ? 72 : 14), datatypes[type].bits, 2);
	for (int n = 0; n < 8; n++)
	{
		int64_t		extent = n == 0 ? dimension : n <= 3 ? grid->size[n - 1] : 1;

		put_integer(head + (first ? 40 : 16) + size * n, extent, size);
		put_number(head + (first ? 76 : 104) + number * n, n <= 3 ? transform->pixdim[n] : 1.0,
				   number);
	}
	if (first)
		put_number(head + 108, data_offset, 4);
	else
		put_integer(head + 168, data_offset, 8);
	put_number(head + (first ? 112 : 176), 1.0, number);
	put_integer(head + (first ? 123 : 500), UNITS_MM, first ? 1 : 4);
	put_integer(head + (first ? 252 : 344), SCANNER_CODE, first ? 2 : 4);
	put_integer(head + (first ? 254 : 348), SCANNER_CODE, first ? 2 : 4);
	for (int r = 0; r < 3; r++)
	{
		put_number(head + (first ? 256 : 352) + number * r, transform->quaternion[r], number);
		put_number(head + (first ? 268 : 376) + number * r, transform->qoffset[r], number);
		for (int c = 0; c < 4; c++)
			put_number(head + (first ? 280 : 400) + number * (4 * r + c), transform->srow[r][c],
					   number);
	}
}

/* The extension, with its length a multiple of 16; returns that. */
static int
fill_extension(uint8_t *at, const Grid *grid)
{
	char		text[RAD_GEOMETRY_LENGTH];
	int			length;

	rad_geometry_print(grid, text);
	length = 8 + sprintf((char *) at + 8, RAD_NIFTI_EXACT " %s\n", text);
	length = (length + 15) / 16 * 16;
	put_integer(at, length, 4);
	put_integer(at + 4, RAD_NIFTI_COMMENT, 4);
	return length;
}

/* Swap the voxels of a big-endian machine: the header is little-endian. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
			   "voxels are written as they are in memory");

bool
rad_write_nifti(RadContext *context, VolumeReader *reader, bool compress, const ByteSink *sink)
{
	const Grid *grid = rad_reader_grid(reader);
	uint8_t		head[NIFTI2_DATA + 16 + RAD_NIFTI_EXTENSION] = {0};
	int			version = 1;
	int			offset;
	NiftiTransform transform;
	DeflateStream *stream = NULL;
	ByteSink	target = *sink;

	for (int axis = 0; axis < 3; axis++)
	{
		if (grid->size[axis] > NIFTI1_LARGEST)
			version = 2;
	}
	offset = version == 1 ? NIFTI1_DATA : NIFTI2_DATA;
	rad_nifti_transform(grid, version, &transform);
	head[offset - 4] = 1;
	offset += fill_extension(head + offset, grid);
	fill_header(head, version, grid, rad_reader_voxel_type(reader), offset, &transform);
	if (compress)
	{
		if (!rad_deflate_open(context, sink, INFLATE_GZIP, &stream))
			return false;
		target = rad_deflate_sink(stream);
	}
	return rad_sink_write(context, &target, head, (size_t) offset) &&
		rad_write_voxels(context, reader, &target) &&
		(stream == NULL || rad_deflate_finish(context, stream));
}
