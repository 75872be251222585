/*
 * NIfTI-1.1 (nifti1.h, Cox et al. 2004) and NIfTI-2 (nifti2.h, 2011) headers.
 *
 * The two differ in field widths and offsets only; both are read into one
 * NiftiHeader.  World coordinates of NIfTI are RAS (x to the right, y to the
 * front), ours are LPS, so the first two rows of every transform change sign.
 */
#include "formats/nifti.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "formats/exact_geometry.h"
#include "formats/layout.h"
#include "formats/nifti_write.h"
#include "formats/stored_voxels.h"

#define NIFTI1_HEADER 348
#define NIFTI2_HEADER 540

/* Smallest vox_offset: header and the 4 bytes that announce extensions. */
#define NIFTI1_DATA 352
#define NIFTI2_DATA 544

/* Extensions looked at. */
#define MAX_EXTENSIONS 16

typedef struct NiftiHeader
{
	int			version;		/* 1 or 2 */
	bool		big_endian;
	int64_t		dim[8];
	int			datatype;
	int			bitpix;
	double		pixdim[8];
	double		vox_offset;
	double		slope;
	double		intercept;
	int			units;
	int			qform_code;
	int			sform_code;
	double		quaternion[3];	/* b, c, d */
	double		qoffset[3];
	double		srow[3][4];
} NiftiHeader;

/* Voxel types by their NIfTI code; stored is -1 for those we do not read. */
static const struct
{
	int			code;
	int			bits;
	int			stored;
	const char *name;
}			datatypes[] = {
	{1, 1, -1, "1-bit binary"},
	{2, 8, STORED_UINT8, "uint8"},
	{4, 16, STORED_INT16, "int16"},
	{8, 32, STORED_INT32, "int32"},
	{16, 32, STORED_FLOAT32, "float32"},
	{32, 64, -1, "complex64"},
	{64, 64, STORED_FLOAT64, "float64"},
	{128, 24, -1, "RGB24"},
	{256, 8, STORED_INT8, "int8"},
	{512, 16, STORED_UINT16, "uint16"},
	{768, 32, STORED_UINT32, "uint32"},
	{1024, 64, STORED_INT64, "int64"},
	{1280, 64, STORED_UINT64, "uint64"},
	{1536, 128, STORED_FLOAT128, "float128"},
	{1792, 128, -1, "complex128"},
	{2048, 256, -1, "complex256"},
	{2304, 32, -1, "RGBA32"},
};

#define DATATYPE_COUNT (sizeof(datatypes) / sizeof(datatypes[0]))

/* Reading fields in the file's byte order. */

static uint64_t
read_unsigned(const uint8_t *bytes, int size, bool big_endian)
{
	uint64_t	value = 0;

	for (int n = 0; n < size; n++)
		value = value << 8 | bytes[big_endian ? n : size - 1 - n];
	return value;
}

static int
read_int16(const uint8_t *bytes, bool big_endian)
{
	return (int16_t) read_unsigned(bytes, 2, big_endian);
}

static int
read_int32(const uint8_t *bytes, bool big_endian)
{
	return (int32_t) read_unsigned(bytes, 4, big_endian);
}

static int64_t
read_int64(const uint8_t *bytes, bool big_endian)
{
	return (int64_t) read_unsigned(bytes, 8, big_endian);
}

static double
read_float32(const uint8_t *bytes, bool big_endian)
{
	uint32_t	bits = (uint32_t) read_unsigned(bytes, 4, big_endian);
	float		value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static double
read_float64(const uint8_t *bytes, bool big_endian)
{
	uint64_t	bits = read_unsigned(bytes, 8, big_endian);
	double		value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* Field offsets below: nifti1.h and nifti2.h. */

static void
parse_nifti1(const uint8_t *head, NiftiHeader *header)
{
	bool		big = header->big_endian;

	for (int n = 0; n < 8; n++)
	{
		header->dim[n] = read_int16(head + 40 + 2 * n, big);
		header->pixdim[n] = read_float32(head + 76 + 4 * n, big);
	}
	header->datatype = read_int16(head + 70, big);
	header->bitpix = read_int16(head + 72, big);
	header->vox_offset = read_float32(head + 108, big);
	header->slope = read_float32(head + 112, big);
	header->intercept = read_float32(head + 116, big);
	header->units = head[123];
	header->qform_code = read_int16(head + 252, big);
	header->sform_code = read_int16(head + 254, big);
	for (int n = 0; n < 3; n++)
	{
		header->quaternion[n] = read_float32(head + 256 + 4 * n, big);
		header->qoffset[n] = read_float32(head + 268 + 4 * n, big);
		for (int c = 0; c < 4; c++)
			header->srow[n][c] = read_float32(head + 280 + 16 * n + 4 * c, big);
	}
}

static void
parse_nifti2(const uint8_t *head, NiftiHeader *header)
{
	bool		big = header->big_endian;

	header->datatype = read_int16(head + 12, big);
	header->bitpix = read_int16(head + 14, big);
	for (int n = 0; n < 8; n++)
	{
		header->dim[n] = read_int64(head + 16 + 8 * n, big);
		header->pixdim[n] = read_float64(head + 104 + 8 * n, big);
	}
	header->vox_offset = (double) read_int64(head + 168, big);
	header->slope = read_float64(head + 176, big);
	header->intercept = read_float64(head + 184, big);
	header->qform_code = read_int32(head + 344, big);
	header->sform_code = read_int32(head + 348, big);
	for (int n = 0; n < 3; n++)
	{
		header->quaternion[n] = read_float64(head + 352 + 8 * n, big);
		header->qoffset[n] = read_float64(head + 376 + 8 * n, big);
		for (int c = 0; c < 4; c++)
			header->srow[n][c] = read_float64(head + 400 + 32 * n + 8 * c, big);
	}
	header->units = read_int32(head + 500, big);
}

/* Version and byte order by sizeof_hdr, the first field; 0 when it is neither. */
static int
header_version(const uint8_t *head, size_t length, bool *big_endian)
{
	if (length < 4)
		return 0;
	for (int big = 0; big < 2; big++)
	{
		int			size = read_int32(head, big != 0);

		*big_endian = big != 0;
		if (size == NIFTI1_HEADER)
			return 1;
		if (size == NIFTI2_HEADER)
			return 2;
	}
	return 0;
}

static bool
recognise(const uint8_t *head, size_t length)
{
	bool		big_endian;

	return header_version(head, length, &big_endian) != 0;
}

static bool
parse_header(RadContext *context, const char *name, const uint8_t *head, size_t length,
			 NiftiHeader *header)
{
	size_t		header_length;
	const char *magic;

	header->version = header_version(head, length, &header->big_endian);
	header_length = header->version == 1 ? NIFTI1_HEADER : NIFTI2_HEADER;
	if (length < header_length)
	{
		rad_fail(context, RAD_INVALID_BINARY, "%s ends inside its NIfTI-%d header", name,
				 header->version);
		rad_detail(context, "The header has %zu bytes, the file %zu.", header_length, length);
		return rad_hint(context, "Load the file again from its origin.");
	}
	magic = (const char *) head + (header->version == 1 ? 344 : 4);
	if (memcmp(magic, header->version == 1 ? "ni1" : "ni2", 4) == 0)
	{
		rad_fail(context, RAD_NOT_SUPPORTED,
				 "%s is the header of a NIfTI pair (.hdr and .img)", name);
		return rad_hint(context, "Convert the pair to one .nii or .nii.gz file.");
	}
	if (memcmp(magic, header->version == 1 ? "n+1" : "n+2\0\r\n\032\n",
			   header->version == 1 ? 4 : 8) != 0)
	{
		char		hex[RAD_HEX_LENGTH];
		char		problem[160];

		snprintf(problem, sizeof(problem), "has the bytes %s instead of the NIfTI-%d magic",
				 rad_hex_bytes((const uint8_t *) magic, header->version == 1 ? 4 : 8, hex),
				 header->version);
		return rad_fail_format(context, name, problem, head, length);
	}
	if (header->version == 1)
		parse_nifti1(head, header);
	else
		parse_nifti2(head, header);
	return true;
}

/* Sizes and dimension of the volume and the number of frames. */
static bool
check_dimensions(RadContext *context, const char *name, const NiftiHeader *header,
				 Grid *grid, int64_t *frame_count)
{
	int64_t		rank = header->dim[0];
	int64_t		extent[3];

	if (rank < 1 || rank > 7)
		return rad_fail(context, RAD_INVALID_BINARY,
						"%s has %lld dimensions in its NIfTI header, not 1 to 7", name,
						(long long) rank);
	for (int n = 1; n <= rank; n++)
	{
		if (header->dim[n] < 1)
			return rad_fail(context, RAD_INVALID_BINARY, "%s has a dim[%d] of %lld", name, n,
							(long long) header->dim[n]);
		if (n > 4 && header->dim[n] > 1)
		{
			rad_fail(context, RAD_NOT_SUPPORTED, "%s has %lld values along dimension %d", name,
					 (long long) header->dim[n], n);
			return rad_hint(context, "Volumes have up to three dimensions, and a fourth for "
							"frames.");
		}
	}
	for (int axis = 0; axis < 3; axis++)
		extent[axis] = axis < rank ? header->dim[axis + 1] : 1;
	if (!rad_layout_size(context, name, extent, grid))
		return false;
	grid->dimension = rank < 3 ? 2 : 3;
	*frame_count = rank >= 4 ? header->dim[4] : 1;
	return true;
}

static bool
check_datatype(RadContext *context, const char *name, const NiftiHeader *header,
			   StoredType *type)
{
	for (size_t n = 0; n < DATATYPE_COUNT; n++)
	{
		if (datatypes[n].code != header->datatype)
			continue;
		if (datatypes[n].stored < 0)
		{
			rad_fail(context, RAD_NOT_SUPPORTED, "%s has voxels of type %s", name,
					 datatypes[n].name);
			return rad_hint(context, "Convert it to an integer or floating-point type.");
		}
		if (header->bitpix != datatypes[n].bits)
			return rad_fail(context, RAD_INVALID_BINARY,
							"%s has %d bits per voxel in its header, but type %s has %d", name,
							header->bitpix, datatypes[n].name, datatypes[n].bits);
		*type = (StoredType) datatypes[n].stored;
		return true;
	}
	return rad_fail(context, RAD_INVALID_BINARY, "%s has an unknown NIfTI datatype %d", name,
					header->datatype);
}

/*
 * Millimetres per unit of length: low three bits of xyzt_units.  0 when the
 * code is none of NIfTI's; unknown (code 0) is taken as mm.
 */
static double
unit_length(int units)
{
	switch (units & 7)
	{
		case 0:
		case 2:
			return 1.0;
		case 1:
			return 1000.0;
		case 3:
			return 0.001;
		default:
			return 0.0;
	}
}

/* A transform from voxel index to RAS: direction columns times spacing, origin. */
typedef struct Transform
{
	double		direction[3][3];
	double		spacing[3];
	double		origin[3];
} Transform;

static double
column_product(const double m[3][3], int a, int b)
{
	return m[0][a] * m[0][b] + m[1][a] * m[1][b] + m[2][a] * m[2][b];
}

/*
 * pixdim as spacing; an axis of one voxel may leave its own out (0).
 */
static bool
pixdim_spacing(RadContext *context, const char *name, const NiftiHeader *header,
			   const int size[3], double spacing[3])
{
	for (int axis = 0; axis < 3; axis++)
	{
		double		value = header->pixdim[axis + 1];

		if (value == 0.0 && size[axis] == 1)
			value = 1.0;
		if (!(value > 0.0) || isinf(value))
			return rad_fail(context, RAD_INVALID_BINARY,
							"%s has a voxel spacing (pixdim[%d]) of %g", name, axis + 1, value);
		spacing[axis] = value;
	}
	return true;
}

/* Method 3: the sform matrix. */
static bool
sform_transform(RadContext *context, const char *name, const NiftiHeader *header,
				const int size[3], Transform *transform)
{
	for (int r = 0; r < 3; r++)
	{
		for (int c = 0; c < 4; c++)
		{
			if (!isfinite(header->srow[r][c]))
				return rad_fail(context, RAD_INVALID_BINARY, "%s has %g in its sform matrix",
								name, header->srow[r][c]);
		}
		transform->origin[r] = header->srow[r][3];
		for (int c = 0; c < 3; c++)
			transform->direction[r][c] = header->srow[r][c];
	}
	for (int c = 0; c < 3; c++)
	{
		double		norm = sqrt(column_product(transform->direction, c, c));

		/* A single slice often has no third column: it is perpendicular. */
		if (norm == 0.0 && c == 2 && size[2] == 1)
		{
			rad_column_cross(transform->direction, 0, 1, 2);
			transform->spacing[2] = header->pixdim[3] > 0.0 && isfinite(header->pixdim[3]) ?
				header->pixdim[3] : 1.0;
			break;
		}
		if (!(norm > 0.0) || isinf(norm))
		{
			rad_fail(context, RAD_INVALID_BINARY,
					 "%s has a column of length %g for axis %c in its sform matrix", name, norm,
					 "xyz"[c]);
			return rad_hint(context, "Set the file's sform, or set its sform_code to 0 if the "
							"qform is right.");
		}
		transform->spacing[c] = norm;
		for (int r = 0; r < 3; r++)
			transform->direction[r][c] /= norm;
	}
	return true;
}

/* Method 2: a rotation as unit quaternion, pixdim and an offset. */
static bool
qform_transform(RadContext *context, const char *name, const NiftiHeader *header,
				const int size[3], Transform *transform)
{
	double		b = header->quaternion[0];
	double		c = header->quaternion[1];
	double		d = header->quaternion[2];
	double		squares = b * b + c * c + d * d;
	double		third = header->pixdim[0] < 0.0 ? -1.0 : 1.0;	/* qfac */
	double		a;

	if (!pixdim_spacing(context, name, header, size, transform->spacing))
		return false;
	for (int r = 0; r < 3; r++)
	{
		if (!isfinite(header->qoffset[r]))
			return rad_fail(context, RAD_INVALID_BINARY, "%s has %g in its qform offset", name,
							header->qoffset[r]);
		transform->origin[r] = header->qoffset[r];
	}
	if (!(squares <= 1.001) || isnan(header->pixdim[0]))
		return rad_fail(context, RAD_INVALID_BINARY,
						"%s has no rotation in its qform: quaternion (%g, %g, %g), qfac %g", name,
						b, c, d, header->pixdim[0]);
	if (squares > 1.0 - 1e-7)
	{
		/* A half turn, with a rounded: as nifti1.h prescribes. */
		double		norm = sqrt(squares);

		a = 0.0;
		b /= norm;
		c /= norm;
		d /= norm;
	}
	else
		a = sqrt(1.0 - squares);

	transform->direction[0][0] = a * a + b * b - c * c - d * d;
	transform->direction[0][1] = 2.0 * (b * c - a * d);
	transform->direction[0][2] = 2.0 * (b * d + a * c) * third;
	transform->direction[1][0] = 2.0 * (b * c + a * d);
	transform->direction[1][1] = a * a + c * c - b * b - d * d;
	transform->direction[1][2] = 2.0 * (c * d - a * b) * third;
	transform->direction[2][0] = 2.0 * (b * d - a * c);
	transform->direction[2][1] = 2.0 * (c * d + a * b);
	transform->direction[2][2] = (a * a + d * d - b * b - c * c) * third;
	return true;
}

/* Method 1: pixdim along the world axes, voxel 0 at the origin. */
static bool
pixdim_transform(RadContext *context, const char *name, const NiftiHeader *header,
				 const int size[3], Transform *transform)
{
	*transform = (Transform) {.direction = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
	return pixdim_spacing(context, name, header, size, transform->spacing);
}

/* The header's best transform as LPS geometry in mm. */
static bool
find_geometry(RadContext *context, const char *name, const NiftiHeader *header, Grid *grid)
{
	double		unit = unit_length(header->units);
	Transform	transform = {0};

	if (unit == 0.0)
		return rad_fail(context, RAD_INVALID_BINARY,
						"%s has an unknown unit of length (xyzt_units %d)", name, header->units);
	if (header->sform_code > 0)
	{
		if (!sform_transform(context, name, header, grid->size, &transform))
			return false;
	}
	else if (header->qform_code > 0)
	{
		if (!qform_transform(context, name, header, grid->size, &transform))
			return false;
	}
	else if (!pixdim_transform(context, name, header, grid->size, &transform))
		return false;

	for (int r = 0; r < 3; r++)
	{
		double		sign = r < 2 ? -1.0 : 1.0;	/* RAS to LPS */

		/* Adding 0 turns -0 into 0. */
		grid->origin[r] = sign * transform.origin[r] * unit + 0.0;
		grid->spacing[r] = transform.spacing[r] * unit;
		for (int c = 0; c < 3; c++)
			grid->direction[r][c] = sign * transform.direction[r][c] + 0.0;
	}
	return true;
}

/*
 * Find the extension that holds the geometry in all its digits (nifti_write.h)
 * and take it when the header's transform is what it would be written as.
 */
static bool
take_exact_geometry(RadContext *context, VolumeReader *reader, const NiftiHeader *header,
					bool *taken)
{
	int64_t		at = header->version == 1 ? NIFTI1_DATA : NIFTI2_DATA;
	bool		announced = true;

	if (header->sform_code <= 0 || unit_length(header->units) != 1.0)
		return true;
	for (int count = 0; count < MAX_EXTENSIONS && announced; count++)
	{
		const uint8_t *bytes;
		size_t		available;
		int64_t		size;
		Grid		exact = reader->grid;

		/* The four bytes before the first one say whether there is any. */
		if (at + 8 + (int64_t) sizeof(RAD_NIFTI_EXACT) > header->vox_offset)
			return true;
		if (!rad_byte_stream_window(context, reader->stream, at - 4, 12 + RAD_NIFTI_EXTENSION,
									12 + RAD_NIFTI_EXTENSION, &bytes, &available))
			return false;
		if (available < 12 + sizeof(RAD_NIFTI_EXACT))
			return true;
		announced = count > 0 || bytes[0] != 0;
		size = read_int32(bytes + 4, header->big_endian);
		if (size < 16 || at + size > header->vox_offset)
			return true;
		if (announced && read_int32(bytes + 8, header->big_endian) == RAD_NIFTI_COMMENT &&
			rad_nifti_parse_exact((const char *) bytes + 12,
								  available - 12 < (size_t) size - 8 ? available - 12 :
								  (size_t) size - 8, &exact))
		{
			NiftiTransform transform;

			rad_nifti_transform(&exact, header->version, &transform);
			*taken = memcmp(transform.srow, header->srow, sizeof(transform.srow)) == 0 &&
				exact.dimension == reader->grid.dimension;
			if (*taken)
				reader->grid = exact;
			return true;
		}
		at += size;
	}
	return true;
}

/* Where the voxels of the chosen frame lie. */
static bool
locate_voxels(RadContext *context, const char *name, const NiftiHeader *header,
			  const Grid *grid, int64_t frame_count, int frame, StoredVoxels *stored)
{
	int			smallest = header->version == 1 ? NIFTI1_DATA : NIFTI2_DATA;
	int64_t		frame_bytes = rad_grid_voxel_count(grid) * (int64_t) rad_stored_size(stored->type);
	int64_t		data_bytes;

	if (!(header->vox_offset >= smallest && header->vox_offset < 0x1p53) ||
		header->vox_offset != floor(header->vox_offset))
		return rad_fail(context, RAD_INVALID_BINARY,
						"%s has a vox_offset of %g, not a whole number of at least %d", name,
						header->vox_offset, smallest);
	stored->offset = (int64_t) header->vox_offset;
	if (__builtin_mul_overflow(frame_bytes, frame_count, &data_bytes) ||
		__builtin_add_overflow(data_bytes, stored->offset, &stored->end_offset))
		return rad_fail(context, RAD_LIMIT_EXCEEDED,
						"%s has %lld frames of %lld bytes in its header", name,
						(long long) frame_count, (long long) frame_bytes);
	if (frame > 0)
		stored->offset += frame * frame_bytes;
	return rad_stored_check_length(context, stored);
}

static bool
open_nifti(RadContext *context, VolumeReader *reader, int frame)
{
	const char *name = rad_byte_stream_name(reader->stream);
	StoredVoxels *stored = rad_new_zeroed(context, StoredVoxels, 1);
	NiftiHeader header = {0};
	bool		exact = false;
	const uint8_t *head;
	size_t		length;
	int64_t		frame_count = 1;

	if (stored == NULL ||
		!rad_byte_stream_window(context, reader->stream, 0, RAD_HEAD_LENGTH, RAD_HEAD_LENGTH,
								&head, &length) ||
		!parse_header(context, name, head, length, &header) ||
		!check_dimensions(context, name, &header, &reader->grid, &frame_count) ||
		!check_datatype(context, name, &header, &stored->type) ||
		!rad_layout_frame(context, name, "frame", frame_count, frame))
		return false;

	/* A slope of 0, and by custom one of NaN, means that there is none. */
	stored->slope = 1.0;
	if (header.slope != 0.0 && isfinite(header.slope))
	{
		if (!isfinite(header.intercept))
			return rad_fail(context, RAD_INVALID_BINARY, "%s has an intercept (scl_inter) of %g",
							name, header.intercept);
		stored->slope = header.slope;
		stored->intercept = header.intercept;
	}
	stored->stream = reader->stream;
	stored->big_endian = header.big_endian;
	reader->type = rad_stored_delivered_type(stored->type, stored->slope, stored->intercept);
	reader->state = stored;
	/* Checked last: a cosine at its limit may pass it in single precision. */
	if (!find_geometry(context, name, &header, &reader->grid) ||
		!take_exact_geometry(context, reader, &header, &exact) ||
		!rad_layout_geometry(context, name, &reader->grid))
		return false;
	if (!exact)
		rad_grid_orthonormalise(&reader->grid);
	return locate_voxels(context, name, &header, &reader->grid, frame_count, frame, stored);
}

static bool
read_rows(RadContext *context, VolumeReader *reader, const Box *box,
		  RowsCallback callback, void *argument)
{
	return rad_stored_read_rows(context, reader->state, reader, box, callback, argument);
}

const Codec rad_nifti_codec = {
	.format = "nifti",
	.name = "NIfTI-1 and NIfTI-2 in one file (.nii, .nii.gz)",
	.recognise = recognise,
	.open = open_nifti,
	.read_rows = read_rows,
};
