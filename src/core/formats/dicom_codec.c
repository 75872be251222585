/*
 * Reading a single DICOM object; see dicom_codec.h.  Frames are ordered by
 * where they lie, so all are decoded when it is opened.
 */
#include "formats/dicom_codec.h"

#include <string.h>

#include "formats/dicom_series.h"
#include "formats/layout.h"

/* A compressed file (.dcm.gz) may not become larger than this. */
#define MAX_BYTES ((int64_t) 1 << 31)

/* All bytes of a gzip stream, which says only at its end how many there are. */
static bool
read_compressed(RadContext *context, ByteStream *stream, const uint8_t **bytes, int64_t *length)
{
	size_t		capacity = 4 * RAD_STREAM_WINDOW;
	uint8_t    *buffer = rad_allocate(context, capacity, 1);

	*length = 0;
	while (buffer != NULL)
	{
		const uint8_t *window;
		size_t		available;
		uint8_t    *larger;

		if (!rad_byte_stream_window(context, stream, *length, 1, RAD_STREAM_WINDOW, &window,
									&available))
			return false;
		if (available == 0)
		{
			*bytes = buffer;
			return true;
		}
		if (*length + (int64_t) available > MAX_BYTES)
		{
			rad_fail(context, RAD_LIMIT_EXCEEDED, "%s has more than %lld bytes",
					 rad_byte_stream_name(stream), (long long) MAX_BYTES);
			return rad_hint(context, "This limit cannot be changed.");
		}
		while ((size_t) *length + available > capacity)
		{
			larger = rad_allocate(context, 2 * capacity, 1);
			if (larger == NULL)
				return false;
			memcpy(larger, buffer, (size_t) *length);
			rad_release(context, buffer);
			buffer = larger;
			capacity *= 2;
		}
		memcpy(buffer + *length, window, available);
		*length += (int64_t) available;
	}
	return false;
}

static bool
read_all(RadContext *context, ByteStream *stream, const uint8_t **bytes, int64_t *length)
{
	size_t		limit = (size_t) rad_byte_stream_limit(stream);
	size_t		available;

	if (rad_byte_stream_compressed(stream))
		return read_compressed(context, stream, bytes, length);
	if (!rad_byte_stream_window(context, stream, 0, limit, limit, bytes, &available))
		return false;
	*length = (int64_t) available;
	return true;
}

/* Objects of other kinds, with the function that is for them. */
static bool
check_kind(RadContext *context, const DicomDataset *dataset)
{
	char		modality[RAD_DICOM_CODE_LENGTH];

	rad_dicom_top_text(dataset, DICOM_Modality, modality, sizeof(modality));
	if (strcmp(modality, "RTSTRUCT") == 0)
	{
		rad_fail(context, RAD_DATA_EXCEPTION, "%s is a structure set, not an image",
				 dataset->name);
		return rad_hint(context, "mask_from_rtstruct() makes masks of its regions.");
	}
	if (strcmp(modality, "SEG") == 0)
	{
		rad_fail(context, RAD_DATA_EXCEPTION, "%s is a segmentation object, not an image",
				 dataset->name);
		return rad_hint(context, "mask_from_seg() makes masks of its segments.");
	}
	return true;
}

static bool
open_dicom(RadContext *context, VolumeReader *reader, int frame)
{
	const uint8_t *bytes;
	int64_t		length;
	DicomDataset dataset;
	DicomSeries series = {0};
	char		modality[RAD_DICOM_CODE_LENGTH];
	char		units[RAD_DICOM_CODE_LENGTH];
	Volume	   *volume = rad_new_zeroed(context, Volume, 1);

	if (volume == NULL || !rad_layout_frame(context, reader->name, "frame", 1, frame) ||
		!read_all(context, reader->stream, &bytes, &length) ||
		!rad_dicom_parse(context, reader->name, bytes, length, DICOM_WALK_HEADER, &dataset) ||
		!check_kind(context, &dataset))
		return false;
	rad_dicom_release(context, &dataset);
	if (!rad_dicom_series_add(context, &series, reader->name, bytes, length) ||
		!rad_dicom_series_assemble(context, &series, volume, modality, units))
		return false;
	rad_release(context, series.slices);
	reader->grid = volume->grid;
	reader->type = volume->type;
	memcpy(reader->attributes.modality, modality,
		   strnlen(modality, sizeof(reader->attributes.modality) - 1));
	memcpy(reader->attributes.units, units,
		   strnlen(units, sizeof(reader->attributes.units) - 1));
	reader->state = volume;
	return true;
}

static bool
read_rows(RadContext *context, VolumeReader *reader, const Box *box, RowsCallback callback,
		  void *argument)
{
	const Volume *volume = reader->state;
	size_t		voxel_size = rad_voxel_size(volume->type);
	const int  *size = volume->grid.size;
	bool		whole_rows = box->lo[0] == 0 && box->hi[0] == size[0];
	int			step = whole_rows ? box->hi[1] - box->lo[1] : 1;

	for (int z = box->lo[2]; z < box->hi[2]; z++)
	{
		if (!rad_continue(context))
			return false;
		for (int y = box->lo[1]; y < box->hi[1]; y += step)
		{
			int64_t		row = y + (int64_t) size[1] * z;
			const uint8_t *voxels = (const uint8_t *) volume->voxels +
				(size_t) (row * size[0] + box->lo[0]) * voxel_size;

			if (!callback(context, argument, row, step, voxels))
				return false;
		}
	}
	return true;
}

const Codec rad_dicom_codec = {
	.format = "dicom",
	.name = "DICOM (.dcm)",
	.recognise = rad_dicom_recognise,
	.open = open_dicom,
	.read_rows = read_rows,
};
