/*
 * Voxels of a file to voxels of a reader; see stored_voxels.h.
 */
#include "formats/stored_voxels.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Voxels converted at a time on the stack: 8 kB of doubles stay in L1. */
#define BLOCK 1024

/*
 * A gap of unneeded bytes up to this length is read rather than skipped: a
 * positional read of a TOASTed value costs about as much as copying 32 kB.
 */
#define MAX_GAP (32 * 1024)

static const struct
{
	uint8_t		size;
	bool		integer;
	VoxelType	same;			/* delivered without scaling */
	VoxelType	scaled;			/* delivered when scaling is not exact */
	double		lowest;			/* of integer types up to 32 bits */
	double		highest;
}			stored_types[] = {
	[STORED_INT8] = {1, true, VOXEL_INT8, VOXEL_FLOAT32, INT8_MIN, INT8_MAX},
	[STORED_UINT8] = {1, true, VOXEL_UINT8, VOXEL_FLOAT32, 0, UINT8_MAX},
	[STORED_INT16] = {2, true, VOXEL_INT16, VOXEL_FLOAT32, INT16_MIN, INT16_MAX},
	[STORED_UINT16] = {2, true, VOXEL_UINT16, VOXEL_FLOAT32, 0, UINT16_MAX},
	[STORED_INT32] = {4, true, VOXEL_INT32, VOXEL_FLOAT64, INT32_MIN, INT32_MAX},
	[STORED_UINT32] = {4, true, VOXEL_UINT32, VOXEL_FLOAT64, 0, UINT32_MAX},
	[STORED_INT64] = {8, false, VOXEL_FLOAT64, VOXEL_FLOAT64, 0, 0},
	[STORED_UINT64] = {8, false, VOXEL_FLOAT64, VOXEL_FLOAT64, 0, 0},
	[STORED_FLOAT32] = {4, false, VOXEL_FLOAT32, VOXEL_FLOAT32, 0, 0},
	[STORED_FLOAT64] = {8, false, VOXEL_FLOAT64, VOXEL_FLOAT64, 0, 0},
	[STORED_FLOAT128] = {16, false, VOXEL_FLOAT64, VOXEL_FLOAT64, 0, 0},
};

/* Integer types in the order in which a scaled integer tries them. */
static const struct
{
	VoxelType	type;
	double		lowest;
	double		highest;
}			integer_targets[] = {
	{VOXEL_INT16, INT16_MIN, INT16_MAX},
	{VOXEL_UINT16, 0, UINT16_MAX},
	{VOXEL_INT32, INT32_MIN, INT32_MAX},
	{VOXEL_UINT32, 0, UINT32_MAX},
};

#define INTEGER_TARGET_COUNT (sizeof(integer_targets) / sizeof(integer_targets[0]))

size_t
rad_stored_size(StoredType type)
{
	return stored_types[type].size;
}

/* Bytes from one voxel to the next. */
static size_t
voxel_stride(const StoredVoxels *stored)
{
	return stored_types[stored->type].size *
		(size_t) (stored->channel_count > 0 ? stored->channel_count : 1);
}

VoxelType
rad_stored_delivered_type(StoredType type, double slope, double intercept)
{
	double		a = slope * stored_types[type].lowest + intercept;
	double		b = slope * stored_types[type].highest + intercept;
	double		lowest = a < b ? a : b;
	double		highest = a < b ? b : a;

	if (slope == 1.0 && intercept == 0.0)
		return stored_types[type].same;

	/*
	 * When a result fits in 32 bits, product and sum stay below 2^33 for the
	 * extremes and hence for all values: double arithmetic is exact.
	 */
	if (stored_types[type].integer && fabs(intercept) < 0x1p32 &&
		slope == trunc(slope) && intercept == trunc(intercept))
	{
		for (size_t n = 0; n < INTEGER_TARGET_COUNT; n++)
		{
			if (lowest >= integer_targets[n].lowest && highest <= integer_targets[n].highest)
				return integer_targets[n].type;
		}
	}
	return stored_types[type].scaled;
}

static bool
fail_length(RadContext *context, const StoredVoxels *stored, const char *problem,
			const char *holds, int64_t length)
{
	rad_fail(context, RAD_INVALID_BINARY, "%s is %s than its header says",
			 rad_byte_stream_name(stored->stream), problem);
	rad_detail(context, "The header asks for %lld bytes (voxels from byte %lld on), %s %lld%s.",
			   (long long) stored->end_offset, (long long) stored->offset, holds,
			   (long long) length,
			   rad_byte_stream_compressed(stored->stream) ? " after decompression" : "");
	return rad_hint(context, "The file was cut off or altered, or its header's dimensions or "
					"voxel type are wrong; export it again.");
}

bool
rad_stored_check_length(RadContext *context, const StoredVoxels *stored)
{
	int64_t		limit = rad_byte_stream_limit(stored->stream);

	if (rad_byte_stream_compressed(stored->stream))
	{
		if (stored->end_offset > limit)
			return fail_length(context, stored, "shorter",
							   "the compressed data can hold at most", limit);
		return true;
	}
	if (stored->end_offset > limit)
		return fail_length(context, stored, "shorter", "the file holds", limit);
	if (stored->end_offset < limit)
		return fail_length(context, stored, "longer", "the file holds", limit);
	return true;
}

double
rad_double_from_binary128(uint64_t high, uint64_t low)
{
	/* binary128: sign, 15 bits of exponent (bias 16383), 112 of fraction. */
	uint64_t	sign = high & ((uint64_t) 1 << 63);
	int			exponent = (int) ((high >> 48) & 0x7fff);
	uint64_t	fraction = high & 0xffffffffffff;	/* its upper 48 bits */
	uint64_t	kept;
	bool		half;
	bool		rest;
	uint64_t	bits;
	double		value;

	if (exponent == 0x7fff)
	{
		bool		nan = fraction != 0 || low != 0;

		bits = (uint64_t) 0x7ff << 52 | (nan ? (uint64_t) 1 << 51 : 0);
	}
	else if (exponent < 16383 - 1075)
		bits = 0;				/* below half of the smallest subnormal */
	else
	{
		int			biased = exponent - 16383 + 1023;

		/* 53 bits with the implicit one, then the half bit, then the rest. */
		kept = (uint64_t) 1 << 52 | fraction << 4 | low >> 60;
		half = (low >> 59 & 1) != 0;
		rest = (low & (((uint64_t) 1 << 59) - 1)) != 0;
		if (biased <= 0)
		{
			/* Subnormal: 1 - biased (1 .. 53) more bits go away. */
			for (int n = biased; n <= 0; n++)
			{
				rest = rest || half;
				half = (kept & 1) != 0;
				kept >>= 1;
			}
			bits = kept;
		}
		else
			bits = ((uint64_t) biased << 52) + (kept - ((uint64_t) 1 << 52));
		/* A carry out of the fraction goes into the exponent, as it should. */
		if (half && (rest || (bits & 1) != 0))
			bits++;
		if (biased >= 0x7ff || bits > (uint64_t) 0x7ff << 52)
			bits = (uint64_t) 0x7ff << 52;
	}
	bits |= sign;
	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* Copy numbers of the given size into the machine's byte order. */
static void
copy_native(const uint8_t *bytes, int64_t count, size_t size, bool swap, void *out)
{
	if (!swap || size == 1)
	{
		memcpy(out, bytes, (size_t) count * size);
		return;
	}
	switch (size)
	{
		case 2:
			for (int64_t n = 0; n < count; n++)
			{
				uint16_t	word;

				memcpy(&word, bytes + 2 * n, 2);
				((uint16_t *) out)[n] = __builtin_bswap16(word);
			}
			break;
		case 4:
			for (int64_t n = 0; n < count; n++)
			{
				uint32_t	word;

				memcpy(&word, bytes + 4 * n, 4);
				((uint32_t *) out)[n] = __builtin_bswap32(word);
			}
			break;
		case 8:
			for (int64_t n = 0; n < count; n++)
			{
				uint64_t	word;

				memcpy(&word, bytes + 8 * n, 8);
				((uint64_t *) out)[n] = __builtin_bswap64(word);
			}
			break;
		default:				/* 16: bytes of each number reversed */
			for (int64_t n = 0; n < count; n++)
			{
				uint64_t	words[2];

				memcpy(words, bytes + 16 * n, 16);
				((uint64_t *) out)[2 * n] = __builtin_bswap64(words[1]);
				((uint64_t *) out)[2 * n + 1] = __builtin_bswap64(words[0]);
			}
			break;
	}
}

/*
 * Native stored numbers to doubles.  Returns the index of the first number
 * that a double cannot hold exactly (int64 and uint64 only), or -1.
 */
static int64_t
to_doubles(StoredType type, const void *native, int64_t count, double *out)
{
	switch (type)
	{
		case STORED_INT64:
			for (int64_t n = 0; n < count; n++)
			{
				int64_t		value = ((const int64_t *) native)[n];

				out[n] = (double) value;
				if (out[n] >= 0x1p63 || (int64_t) out[n] != value)
					return n;
			}
			return -1;
		case STORED_UINT64:
			for (int64_t n = 0; n < count; n++)
			{
				uint64_t	value = ((const uint64_t *) native)[n];

				out[n] = (double) value;
				if (out[n] >= 0x1p64 || (uint64_t) out[n] != value)
					return n;
			}
			return -1;
		case STORED_FLOAT128:
			for (int64_t n = 0; n < count; n++)
				out[n] = rad_double_from_binary128(((const uint64_t *) native)[2 * n + 1],
												   ((const uint64_t *) native)[2 * n]);
			return -1;
		default:
			rad_voxels_to_double(stored_types[type].same, native, 0, count, out);
			return -1;
	}
}

/* What converting needs to know, once per reading of a box. */
typedef struct Conversion
{
	const StoredVoxels *stored;
	const Grid *grid;
	VoxelType	delivered;
	size_t		stored_size;
	size_t		delivered_size;
	size_t		stride;			/* bytes from one voxel to the next */
	int			width;			/* voxels of a row of the box */
	int			x_begin;		/* of the box */
	bool		swap;
	bool		scale;
	bool		plain;			/* stored numbers are delivered as they are */
	void	   *buffer;			/* converted rows */
	int64_t		buffer_rows;
} Conversion;

static bool
fail_inexact(RadContext *context, const Conversion *conversion, const void *number,
			 int64_t row, int64_t voxel)
{
	char		text[32];
	int64_t		linear_row = row + voxel / conversion->width;

	if (conversion->stored->type == STORED_INT64)
		snprintf(text, sizeof(text), "%" PRId64, *(const int64_t *) number);
	else
		snprintf(text, sizeof(text), "%" PRIu64, *(const uint64_t *) number);
	rad_fail(context, RAD_OUT_OF_RANGE, "%s voxel (%d, %d, %d) is %s, which no double holds exactly",
			 rad_byte_stream_name(conversion->stored->stream),
			 conversion->x_begin + (int) (voxel % conversion->width),
			 (int) (linear_row % conversion->grid->size[1]),
			 (int) (linear_row / conversion->grid->size[1]), text);
	return rad_hint(context, "64-bit integers are read as float64, exact up to 2^53; "
					"store the volume in a smaller type.");
}

/*
 * Numbers that lie stride bytes apart, in the machine's byte order.  out has
 * the alignment of the numbers.
 */
static void
gather_native(const uint8_t *bytes, int64_t count, size_t size, size_t stride, bool swap,
			  void *out)
{
	if (stride == size)
	{
		copy_native(bytes, count, size, swap, out);
		return;
	}
	for (int64_t n = 0; n < count; n++)
		memcpy((uint8_t *) out + (size_t) n * size, bytes + (size_t) n * stride, size);
	if (swap && size > 1)
		copy_native(out, count, size, true, out);
}

/* Convert whole rows into the buffer. */
static bool
convert_rows(RadContext *context, const Conversion *conversion, const uint8_t *bytes,
			 int64_t row, int64_t row_count)
{
	const StoredVoxels *stored = conversion->stored;
	int64_t		count = row_count * conversion->width;

	bytes += (size_t) stored->channel * conversion->stored_size;
	if (conversion->plain)
	{
		gather_native(bytes, count, conversion->stored_size, conversion->stride,
					  conversion->swap, conversion->buffer);
		return true;
	}
	for (int64_t first = 0; first < count; first += BLOCK)
	{
		int64_t		block = count - first < BLOCK ? count - first : BLOCK;
		uint64_t	native[2 * BLOCK];
		double		values[BLOCK];
		int64_t		inexact;

		gather_native(bytes + (size_t) first * conversion->stride, block,
					  conversion->stored_size, conversion->stride, conversion->swap, native);
		inexact = to_doubles(stored->type, native, block, values);
		if (inexact >= 0)
			return fail_inexact(context, conversion, native + inexact, row, first + inexact);
		if (conversion->scale)
		{
			for (int64_t n = 0; n < block; n++)
				values[n] = stored->slope * values[n] + stored->intercept;
		}
		/* Integers are exact by the choice of the type. */
		rad_voxels_store(conversion->delivered, values, block,
						 (uint8_t *) conversion->buffer +
						 first * (int64_t) conversion->delivered_size);
	}
	return true;
}

static bool
begin_conversion(RadContext *context, const StoredVoxels *stored, const VolumeReader *reader,
				 const Box *box, Conversion *conversion)
{
	size_t		larger;

	conversion->stored = stored;
	conversion->grid = &reader->grid;
	conversion->delivered = reader->type;
	conversion->stored_size = stored_types[stored->type].size;
	conversion->delivered_size = rad_voxel_size(reader->type);
	conversion->stride = voxel_stride(stored);
	conversion->x_begin = box->lo[0];
	conversion->width = box->hi[0] - box->lo[0];
	conversion->swap = stored->big_endian != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	conversion->scale = stored->slope != 1.0 || stored->intercept != 0.0;
	conversion->plain = !conversion->scale && stored->type != STORED_INT64 &&
		stored->type != STORED_UINT64 && stored->type != STORED_FLOAT128;
	larger = conversion->stride > conversion->delivered_size ?
		conversion->stride : conversion->delivered_size;
	conversion->buffer_rows = RAD_STREAM_WINDOW / (int64_t) (larger * (size_t) conversion->width);
	if (conversion->buffer_rows < 1)
		conversion->buffer_rows = 1;
	conversion->buffer = rad_allocate(context,
									  (size_t) (conversion->buffer_rows * conversion->width),
									  conversion->delivered_size);
	return conversion->buffer != NULL;
}

/* Deliver row_count rows that lie one behind the other in the file. */
static bool
read_extent(RadContext *context, const Conversion *conversion, int64_t row,
			int64_t row_count, int64_t wanted_end, RowsCallback callback, void *argument)
{
	const StoredVoxels *stored = conversion->stored;
	const Grid *grid = conversion->grid;
	size_t		row_bytes = (size_t) conversion->width * conversion->stride;

	while (row_count > 0)
	{
		int64_t		offset = stored->offset +
			(row * grid->size[0] + conversion->x_begin) * (int64_t) conversion->stride;
		int64_t		rows;
		size_t		available;
		const uint8_t *bytes;
		const void *voxels;

		if (!rad_byte_stream_window(context, stored->stream, offset, row_bytes,
									(size_t) (wanted_end - offset), &bytes, &available))
			return false;
		if (available < row_bytes)
			return fail_length(context, stored, "shorter", "the file holds",
							   offset + (int64_t) available);
		rows = (int64_t) (available / row_bytes);
		if (rows > row_count)
			rows = row_count;
		if (rows > conversion->buffer_rows)
			rows = conversion->buffer_rows;
		if (conversion->plain && !conversion->swap &&
			conversion->stride == conversion->stored_size &&
			(uintptr_t) bytes % conversion->stored_size == 0)
			voxels = bytes;
		else
		{
			if (!convert_rows(context, conversion, bytes, row, rows))
				return false;
			voxels = conversion->buffer;
		}
		if (!callback(context, argument, row, rows, voxels) || !rad_continue(context))
			return false;
		row += rows;
		row_count -= rows;
	}
	return true;
}

bool
rad_stored_read_rows(RadContext *context, const StoredVoxels *stored,
					 const VolumeReader *reader, const Box *box,
					 RowsCallback callback, void *argument)
{
	const int  *size = reader->grid.size;
	int64_t		voxel_size = (int64_t) voxel_stride(stored);
	int			height = box->hi[1] - box->lo[1];
	bool		whole_rows = box->lo[0] == 0 && box->hi[0] == size[0];
	bool		whole_slices = whole_rows && height == size[1];
	int64_t		row_gap;
	int64_t		slice_gap;
	Conversion	conversion;
	bool		ends;

	if (!begin_conversion(context, stored, reader, box, &conversion))
		return false;
	row_gap = (size[0] - conversion.width) * voxel_size;
	slice_gap = (int64_t) (size[1] - height) * size[0] * voxel_size + row_gap;
	for (int z = box->lo[2]; z < box->hi[2]; z++)
	{
		/* How far reading ahead pays: over the gaps that are short. */
		int			last_z = slice_gap <= MAX_GAP ? box->hi[2] - 1 : z;

		for (int y = box->lo[1]; y < box->hi[1]; y++)
		{
			int64_t		row = (int64_t) z * size[1] + y;
			int64_t		row_count = 1;
			int64_t		last_row = row;

			if (whole_slices)
				row_count = (int64_t) (box->hi[2] - z) * height;
			else if (whole_rows)
				row_count = height;
			if (row_gap <= MAX_GAP)
				last_row = (int64_t) last_z * size[1] + box->hi[1] - 1;
			if (!read_extent(context, &conversion, row, row_count,
							 stored->offset + (last_row * size[0] + box->hi[0]) * voxel_size,
							 callback, argument))
				return false;
			if (whole_rows)
				break;
		}
		if (whole_slices)
			break;
	}
	rad_release(context, conversion.buffer);

	if (stored->offset +
		(((int64_t) (box->hi[2] - 1) * size[1] + box->hi[1] - 1) * size[0] + box->hi[0]) *
		voxel_size != stored->end_offset)
		return true;
	if (!rad_byte_stream_ends(context, stored->stream, stored->end_offset, &ends))
		return false;
	if (!ends)
		return fail_length(context, stored, "longer", "the file holds at least",
						   stored->end_offset + 1);
	return true;
}
