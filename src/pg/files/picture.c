/*
 * Pictures to look at: to_png().
 */
#include "compat.h"

#include <math.h>

#include "utils/builtins.h"

#include "files/file_result.h"
#include "scan.h"

#include "formats/png_write.h"
#include "picture/picture.h"

/* Arguments of to_png. */
enum
{
	ARGUMENT_IMAGE,
	ARGUMENT_MASK,
	ARGUMENT_PLANE,
	ARGUMENT_SLICE,
	ARGUMENT_WINDOW_CENTRE,
	ARGUMENT_WINDOW_WIDTH,
	ARGUMENT_PANELS,
	ARGUMENT_PANEL_SIZE,
	ARGUMENT_LABEL,
	ARGUMENT_ZOOM,
	ARGUMENT_INVERT,
	ARGUMENT_ANNOTATE
};

/* Grids that differ by less are the same for a picture. */
#define GRID_TOLERANCE 1e-4

static Datum to_png(FunctionCallInfo fcinfo, SourceKind kind);
static PictureOptions picture_options(FunctionCallInfo fcinfo);
static bool open_mask(RadContext *context, FunctionCallInfo fcinfo, SourceKind kind,
					  const VolumeReader *image, ByteSource *source, MaskRuns **mask);

RADPG_OVERLOADS(to_png, to_png)

/* to_png(image, mask, plane, slice, ...) -> bytea */
static Datum
to_png(FunctionCallInfo fcinfo, SourceKind kind)
{
	PictureOptions options;
	RadContext *context;
	ByteSource	image_source = {0};
	ByteSource	mask_source = {0};
	VolumeReader *image;
	MaskRuns   *mask = NULL;
	Canvas		canvas;
	double		pixels_per_metre;
	ByteBuffer	png = {0};
	StringInfoData file;
	ByteSink	sink;

	if (PG_ARGISNULL(ARGUMENT_IMAGE))
		PG_RETURN_NULL();
	options = picture_options(fcinfo);
	context = radpg_context_create();
	sink = radpg_file_sink(&file);
	if (!radpg_argument_reader(context, fcinfo, kind, ARGUMENT_IMAGE, "image", -1, &image_source,
							   &image) ||
		!open_mask(context, fcinfo, kind, image, &mask_source, &mask) ||
		!rad_picture_draw(context, image, mask, &options, &canvas, &pixels_per_metre) ||
		!rad_write_png(context, canvas.width, canvas.height, canvas.rgb, pixels_per_metre, &png) ||
		!rad_sink_write(context, &sink, png.bytes, png.length))
		radpg_throw(context);
	radpg_source_close(&image_source);
	radpg_source_close(&mask_source);
	radpg_context_delete(context);
	return radpg_file_datum(&file);
}

/* NULL is the default everywhere. */
static PictureOptions
picture_options(FunctionCallInfo fcinfo)
{
	PictureOptions options = rad_picture_defaults();

	if (!PG_ARGISNULL(ARGUMENT_PLANE))
	{
		char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(ARGUMENT_PLANE));
		int			plane = 0;

		while (plane < PICTURE_PLANE_COUNT && strcmp(name, rad_picture_plane_names[plane]) != 0)
			plane++;
		if (plane == PICTURE_PLANE_COUNT)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("unknown plane \"%s\"", name),
					 errhint("Planes are \"axial\", \"coronal\" and \"sagittal\".")));
		options.plane = (PicturePlane) plane;
	}
	if (!PG_ARGISNULL(ARGUMENT_SLICE))
	{
		options.slice = PG_GETARG_INT32(ARGUMENT_SLICE);
		if (options.slice < 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("there is no slice %d", options.slice),
					 errhint("Slices count from 0, along the volume's own axis.")));
	}
	if (!PG_ARGISNULL(ARGUMENT_WINDOW_CENTRE))
		options.window_centre = PG_GETARG_FLOAT8(ARGUMENT_WINDOW_CENTRE);
	if (!PG_ARGISNULL(ARGUMENT_WINDOW_WIDTH))
		options.window_width = PG_GETARG_FLOAT8(ARGUMENT_WINDOW_WIDTH);
	if (!PG_ARGISNULL(ARGUMENT_PANELS))
		options.panels = PG_GETARG_INT32(ARGUMENT_PANELS);
	if (!PG_ARGISNULL(ARGUMENT_PANEL_SIZE))
		options.panel_size = PG_GETARG_INT32(ARGUMENT_PANEL_SIZE);
	if (!PG_ARGISNULL(ARGUMENT_LABEL))
		options.label = PG_GETARG_INT32(ARGUMENT_LABEL);
	if (!PG_ARGISNULL(ARGUMENT_ZOOM))
		options.zoom = PG_GETARG_BOOL(ARGUMENT_ZOOM);
	if (!PG_ARGISNULL(ARGUMENT_INVERT))
		options.invert = PG_GETARG_BOOL(ARGUMENT_INVERT);
	if (!PG_ARGISNULL(ARGUMENT_ANNOTATE))
		options.annotate = PG_GETARG_BOOL(ARGUMENT_ANNOTATE);
	return options;
}

/* The mask on the image's grid; it stays NULL without one. */
static bool
open_mask(RadContext *context, FunctionCallInfo fcinfo, SourceKind kind,
		  const VolumeReader *image, ByteSource *source, MaskRuns **mask)
{
	const Grid *grid = rad_reader_grid(image);
	VolumeReader *reader;
	MaskRuns   *scanned;
	GridDifference difference;

	if (PG_ARGISNULL(ARGUMENT_MASK))
		return true;
	if (!radpg_argument_reader(context, fcinfo, kind, ARGUMENT_MASK, "mask", -1, source, &reader) ||
		!rad_mask_scan(context, reader, &scanned))
		return false;
	if (!rad_grid_compare(grid, &scanned->grid, GRID_TOLERANCE, &difference))
		return rad_mask_align(context, scanned, grid, mask);
	*mask = scanned;
	return true;
}
