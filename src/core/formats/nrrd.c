/*
 * NRRD with the header attached ("Definition of NRRD File Format", teem
 * project), versions 1 to 5.
 *
 * Geometry is computed as ITK does it, to the last bit: the spacing of an axis
 * is the norm of its space direction, and the direction is the vector times
 * the reciprocal of that norm.  RAS and LAS become LPS by changing signs;
 * scanner-xyz and the handed spaces are taken as they are.
 */
#include "formats/nrrd.h"

#include <math.h>
#include <string.h>

#include "formats/exact_geometry.h"
#include "formats/layout.h"
#include "formats/nrrd_header.h"
#include "formats/text_numbers.h"

static bool
recognise(const uint8_t *head, size_t length)
{
	return length >= 5 && memcmp(head, "NRRD", 4) == 0;
}

/* --- axes and geometry ----------------------------------------------------- */

/*
 * Channels, then x, y and z, then frames: what every program writes.  Axes of
 * one value fit anywhere.
 */
static bool
arrange_axes(RadContext *context, NrrdHeader *header)
{
	bool		split = false;

	header->channel_count = header->frame_count = 1;
	for (int n = 0; n < header->axis_count; n++)
	{
		const Axis *axis = &header->axes[n];
		int64_t    *count;

		if (axis->domain && header->place_count < 3)
		{
			split = split || header->frame_count > 1;
			header->place[header->place_count++] = n;
			continue;
		}
		count = header->place_count == 0 ? &header->channel_count : &header->frame_count;
		if (__builtin_mul_overflow(*count, axis->size, count))
			return rad_fail(context, RAD_LIMIT_EXCEEDED, "%s has too many values: \"%.100s\"",
							header->name, header->value[FIELD_SIZES]);
	}
	if (header->place_count == 0)
		return rad_fail(context, RAD_INVALID_BINARY, "%s has no spatial axis: kinds \"%.100s\"",
						header->name,
						header->value[FIELD_KINDS] ? header->value[FIELD_KINDS] : "");
	if (split || (header->channel_count > 1 && header->frame_count > 1) ||
		header->channel_count > RAD_MAX_CHANNELS)
	{
		rad_fail(context, RAD_NOT_SUPPORTED, "%s has axes of sizes %.100s%s%.100s", header->name,
				 header->value[FIELD_SIZES], header->value[FIELD_KINDS] ? " and kinds " : "",
				 header->value[FIELD_KINDS] ? header->value[FIELD_KINDS] : "");
		return rad_hint(context, "One axis that is not spatial is read, the first (channels, up to "
						"%d) or the last (frames); reorder with \"unu permute\".",
						RAD_MAX_CHANNELS);
	}
	return true;
}

/* Geometry from spacings and axis mins, as ITK has it: along the axes. */
static bool
plain_geometry(RadContext *context, const NrrdHeader *header, Grid *grid)
{
	bool		has_origin = true;

	for (int c = 0; c < header->place_count; c++)
	{
		const Axis *axis = &header->axes[header->place[c]];
		double		spacing = isnan(axis->spacing) ? 1.0 : axis->spacing;

		if (isnan(axis->min) || isnan(axis->spacing))
			has_origin = false;
		if (!isnan(axis->min) && isnan(axis->spacing))
		{
			rad_fail(context, RAD_NOT_SUPPORTED,
					 "%s has \"axis mins\" without \"spacings\" in its NRRD header", header->name);
			return rad_hint(context, "Write the voxel size as \"spacings\" or \"space "
							"directions\".");
		}
		grid->spacing[c] = fabs(spacing);
		grid->direction[c][c] = spacing < 0.0 ? -1.0 : 1.0;
	}
	for (int c = 0; c < header->place_count && has_origin; c++)
	{
		const Axis *axis = &header->axes[header->place[c]];

		grid->origin[c] = axis->node_centered ? axis->min : axis->min + axis->spacing / 2.0;
	}
	return true;
}

void
rad_nrrd_join_axis(const Grid *grid, int axis, double vector[3])
{
	for (int r = 0; r < 3; r++)
		vector[r] = grid->direction[r][axis] * grid->spacing[axis];
}

void
rad_nrrd_split_axis(const double *vector, int space, int axis, Grid *grid)
{
	double		squares = 0.0;
	double		reciprocal;

	for (int r = 0; r < space; r++)
		squares += vector[r] * vector[r];
	grid->spacing[axis] = sqrt(squares);
	reciprocal = 1.0 / grid->spacing[axis];
	for (int r = 0; r < 3; r++)
		grid->direction[r][axis] = r < space ? vector[r] * reciprocal + 0.0 : 0.0;
}

void
rad_nrrd_complete_axes(Grid *grid, int place_count, int space)
{
	if (place_count == 1)
	{
		grid->direction[0][1] = -grid->direction[1][0] + 0.0;
		grid->direction[1][1] = grid->direction[0][0];
	}
	for (int axis = place_count; axis < 3; axis++)
		grid->spacing[axis] = 1.0;
	if (place_count < 3 && space < 3)
	{
		grid->direction[0][2] = grid->direction[1][2] = 0.0;
		grid->direction[2][2] = 1.0;
	}
	else if (place_count < 3)
		rad_column_cross(grid->direction, 0, 1, 2);
}

static bool
space_geometry(RadContext *context, const NrrdHeader *header, Grid *grid)
{
	double		origin[RAD_NRRD_SPACE] = {0};
	const char *cursor = header->value[FIELD_SPACE_ORIGIN];
	int			world = header->space_dimension < 3 ? header->space_dimension : 3;

	if (header->value[FIELD_SPACINGS] != NULL && header->value[FIELD_SPACE_DIRECTIONS] == NULL)
	{
		rad_fail(context, RAD_NOT_SUPPORTED, "%s has a space with \"spacings\" in its NRRD header",
				 header->name);
		return rad_hint(context, "In a space the axes need \"space directions\".");
	}
	if (cursor != NULL && !rad_nrrd_word(&cursor, "none") &&
		(!rad_nrrd_vector(&cursor, header->space_dimension, origin) || !rad_text_ends(&cursor)))
		return rad_nrrd_fail(context, header, "space origin", header->value[FIELD_SPACE_ORIGIN]);
	for (int r = 0; r < world; r++)
		grid->origin[r] = origin[r] * (r < 2 ? header->sign[r] : 1) + 0.0;
	for (int c = 0; c < header->place_count; c++)
	{
		const Axis *axis = &header->axes[header->place[c]];

		if (!axis->has_direction)
		{
			grid->direction[c][c] = 1.0;
			continue;
		}
		rad_nrrd_split_axis(axis->direction, header->space_dimension, c, grid);
		for (int r = 0; r < 2; r++)
			grid->direction[r][c] = grid->direction[r][c] * header->sign[r] + 0.0;
		if (header->space_dimension == 4 && axis->direction[3] != 0.0)
		{
			rad_fail(context, RAD_NOT_SUPPORTED, "%s has an axis that runs through space and time",
					 header->name);
			return rad_hint(context, "The last component of its space directions must be 0.");
		}
	}
	return true;
}

/* The geometry in all its digits, when the fields say the same. */
static void
take_exact_geometry(const NrrdHeader *header, Grid *grid)
{
	int			world = header->space_dimension;
	Grid		exact = *grid;

	if (header->exact == NULL || header->sign[0] != 1 || header->sign[1] != 1 || world < 2 ||
		world > 3 || !rad_geometry_parse(header->exact, &exact) ||
		exact.dimension != grid->dimension || (world == 2 && !rad_geometry_flat(&exact)))
		return;
	for (int c = 0; c < header->place_count; c++)
	{
		const Axis *axis = &header->axes[header->place[c]];
		double		vector[3];

		rad_nrrd_join_axis(&exact, c, vector);
		for (int r = 0; r < world; r++)
		{
			if (!axis->has_direction || vector[r] != axis->direction[r])
				return;
		}
	}
	for (int r = 0; r < world; r++)
	{
		if (exact.origin[r] != grid->origin[r])
			return;
	}
	*grid = exact;
}

static bool
find_geometry(RadContext *context, const NrrdHeader *header, Grid *grid)
{
	int64_t		extent[3] = {1, 1, 1};

	for (int c = 0; c < header->place_count; c++)
		extent[c] = header->axes[header->place[c]].size;
	for (int c = 0; c < 3; c++)
		grid->spacing[c] = 1.0;
	grid->dimension = header->place_count < 3 ? 2 : 3;
	if (!rad_layout_size(context, header->name, extent, grid))
		return false;
	if (header->space_dimension == 0)
	{
		if (!plain_geometry(context, header, grid))
			return false;
	}
	else if (!space_geometry(context, header, grid))
		return false;
	rad_nrrd_complete_axes(grid, header->place_count, header->space_dimension);
	take_exact_geometry(header, grid);
	return rad_layout_geometry(context, header->name, grid);
}

/* --- voxels ---------------------------------------------------------------- */

/* Move *offset behind the lines that are to be skipped. */
static bool
skip_lines(RadContext *context, VolumeReader *reader, int64_t lines, int64_t *offset)
{
	while (lines > 0)
	{
		const uint8_t *bytes;
		size_t		available;
		size_t		n = 0;

		if (!rad_continue(context) ||
			!rad_byte_stream_window(context, reader->stream, *offset, 1, RAD_STREAM_WINDOW, &bytes,
									&available))
			return false;
		if (available == 0)
			return rad_fail(context, RAD_INVALID_BINARY,
							"%s ends before the lines that its NRRD header skips",
							rad_byte_stream_name(reader->stream));
		while (n < available && lines > 0)
		{
			if (bytes[n++] == '\n')
				lines--;
		}
		*offset += (int64_t) n;
	}
	return true;
}

/* Voxels in text: numbers of other frames lie before and behind. */
static bool
locate_text(RadContext *context, const NrrdHeader *header, const Grid *grid, int64_t offset,
			int64_t frame, FileVoxels *state)
{
	int64_t		voxels = rad_grid_voxel_count(grid);

	state->is_text = true;
	state->text.stored = state->stored;
	state->text.stored.offset = offset;
	if (header->byte_skip > 0)
		state->text.stored.offset += header->byte_skip;
	if (__builtin_mul_overflow(voxels, frame, &state->text.skip) ||
		__builtin_mul_overflow(voxels, header->frame_count - 1 - frame, &state->text.behind))
		return rad_fail(context, RAD_LIMIT_EXCEEDED, "%s has %lld frames in its header",
						header->name, (long long) header->frame_count);
	return rad_text_check_length(context, &state->text, grid);
}

/* Where the voxels of the chosen channel or frame lie. */
static bool
locate_voxels(RadContext *context, VolumeReader *reader, const NrrdHeader *header, int64_t frame,
			  FileVoxels *state)
{
	StoredVoxels *stored = &state->stored;
	int64_t		offset = (int64_t) header->length;
	int64_t		frame_bytes;
	int64_t		data_bytes;

	if (!skip_lines(context, reader, header->line_skip, &offset))
		return false;
	if (header->encoding == ENCODING_ASCII)
		return locate_text(context, header, &reader->grid, offset, frame, state);
	if (__builtin_mul_overflow(rad_grid_voxel_count(&reader->grid) *
							   (int64_t) rad_stored_size(stored->type), header->channel_count,
							   &frame_bytes) ||
		__builtin_mul_overflow(frame_bytes, header->frame_count, &data_bytes) ||
		data_bytes > INT64_MAX / 4)
		return rad_fail(context, RAD_LIMIT_EXCEEDED, "%s has %lld values per voxel in its header",
						header->name, (long long) (header->channel_count * header->frame_count));
	if (header->encoding == ENCODING_GZIP)
	{
		if (!rad_byte_stream_open_part(context, reader->stream, offset, -1, INFLATE_GZIP,
									   &stored->stream))
			return false;
		offset = 0;
	}
	if (header->byte_skip >= 0)
		offset += header->byte_skip;
	else
	{
		/* -1: the voxels are the last bytes of the file. */
		if (rad_byte_stream_compressed(stored->stream))
			return rad_fail(context, RAD_NOT_SUPPORTED,
							"%s has a byte skip of -1 and is compressed", header->name);
		offset = rad_byte_stream_limit(stored->stream) - data_bytes;
		if (offset < (int64_t) header->length)
			offset = (int64_t) header->length;
	}
	stored->end_offset = offset + data_bytes;
	stored->offset = offset + frame * frame_bytes;
	return rad_stored_check_length(context, stored);
}

static bool
open_nrrd(RadContext *context, VolumeReader *reader, int frame)
{
	NrrdHeader *header = rad_new_zeroed(context, NrrdHeader, 1);
	FileVoxels *state = rad_new_zeroed(context, FileVoxels, 1);
	bool		has_channels;
	int64_t		selected = frame < 0 ? 0 : frame;
	bool		ok;

	if (header == NULL || state == NULL)
		return false;
	header->name = rad_byte_stream_name(reader->stream);
	if (!rad_nrrd_read_header(context, reader, header) || !arrange_axes(context, header) ||
		!find_geometry(context, header, &reader->grid))
		return false;
	has_channels = header->channel_count > 1;
	if (!rad_layout_frame(context, header->name, has_channels ? "channel" : "frame",
						  has_channels ? header->channel_count : header->frame_count, frame))
		return false;
	state->stored = (StoredVoxels) {
		.stream = reader->stream,
		.type = header->type,
		.big_endian = header->big_endian,
		.slope = 1.0,
		.channel_count = (int) header->channel_count,
		.channel = has_channels ? (int) selected : 0,
	};
	reader->type = rad_stored_delivered_type(header->type, 1.0, 0.0);
	reader->state = state;
	ok = locate_voxels(context, reader, header, has_channels ? 0 : selected, state);
	rad_release(context, header);
	return ok;
}

const Codec rad_nrrd_codec = {
	.format = "nrrd",
	.name = "NRRD with attached header (.nrrd)",
	.recognise = recognise,
	.open = open_nrrd,
	.read_rows = rad_file_read_rows,
};
