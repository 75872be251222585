/*
 * A reader over voxels that are in memory already.
 */
#include <string.h>

#include "formats/codec.h"

/* Where row (y, z) of the box begins. */
static const uint8_t *
row_start(const VolumeReader *reader, const Box *box, int y, int z)
{
	const int  *size = reader->grid.size;
	size_t		voxel = (size_t) box->lo[0] +
		(size_t) size[0] * ((size_t) y + (size_t) size[1] * (size_t) z);

	return (const uint8_t *) reader->state + voxel * rad_voxel_size(reader->type);
}

/* Codec.read_box */
static bool
read_box(RadContext *context, VolumeReader *reader, const Box *box, void *voxels)
{
	size_t		bytes = (size_t) (box->hi[0] - box->lo[0]) * rad_voxel_size(reader->type);
	uint8_t    *next = voxels;

	for (int z = box->lo[2]; z < box->hi[2]; z++)
	{
		if (!rad_continue(context))
			return false;
		for (int y = box->lo[1]; y < box->hi[1]; y++, next += bytes)
			memcpy(next, row_start(reader, box, y, z), bytes);
	}
	return true;
}

/* Codec.read_rows: shown in place, as many rows at once as follow one another. */
static bool
read_rows(RadContext *context, VolumeReader *reader, const Box *box,
		  RowsCallback callback, void *argument)
{
	int			height = reader->grid.size[1];
	bool		whole_rows = box->hi[0] - box->lo[0] == reader->grid.size[0];
	int			rows = whole_rows ? box->hi[1] - box->lo[1] : 1;

	for (int z = box->lo[2]; z < box->hi[2]; z++)
	{
		if (!rad_continue(context))
			return false;
		for (int y = box->lo[1]; y < box->hi[1]; y += rows)
		{
			if (!callback(context, argument, y + (int64_t) height * z, rows,
						  row_start(reader, box, y, z)))
				return false;
		}
	}
	return true;
}

static const Codec memory_codec = {
	.format = "memory",
	.name = "voxels in memory",
	.read_rows = read_rows,
	.read_box = read_box,
};

bool
rad_volume_show(RadContext *context, const Volume *volume, const VolumeAttributes *attributes,
				const char *name, VolumeReader **reader)
{
	Box			whole = rad_grid_box(&volume->grid);
	VolumeReader *shown;

	if (memcmp(&whole, &volume->box, sizeof(whole)) != 0)
		return rad_fail(context, RAD_INTERNAL, "only whole volumes can be read");
	shown = rad_new_zeroed(context, VolumeReader, 1);
	if (shown == NULL)
		return false;
	shown->codec = &memory_codec;
	shown->name = name;
	shown->grid = volume->grid;
	shown->type = volume->type;
	if (attributes != NULL)
		shown->attributes = *attributes;
	shown->state = volume->voxels;
	*reader = shown;
	return true;
}

bool
rad_volume_read(RadContext *context, VolumeReader *reader, Volume *volume)
{
	Box			whole = rad_grid_box(&reader->grid);

	if (reader->codec != &memory_codec)
		return rad_volume_read_box(context, reader, &whole, volume);
	*volume = (Volume) {
		.grid = reader->grid, .box = whole, .type = reader->type, .voxels = reader->state,
	};
	return true;
}
