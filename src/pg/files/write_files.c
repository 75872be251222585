/*
 * Volumes as files: to_nifti(), to_nrrd(), to_metaimage(), to_tiff().
 */
#include "compat.h"

#include "utils/builtins.h"

#include "files/file_result.h"
#include "files/tiff_transform.h"
#include "volume.h"

#include "formats/tiff.h"
#include "formats/writer.h"

PG_FUNCTION_INFO_V1(radiomics_to_nifti);
PG_FUNCTION_INFO_V1(radiomics_to_nrrd);
PG_FUNCTION_INFO_V1(radiomics_to_metaimage);
PG_FUNCTION_INFO_V1(radiomics_to_tiff);

typedef bool (*Writer) (RadContext *context, VolumeReader *reader, bool compress,
						const ByteSink *sink);

static Datum write_file(FunctionCallInfo fcinfo, Writer writer, const char *compression);

/* to_nifti(image volume, compression text) -> bytea; without it, the cast */
Datum
radiomics_to_nifti(PG_FUNCTION_ARGS)
{
	return write_file(fcinfo, rad_write_nifti, "gzip");
}

/* to_nrrd(image volume, compression text) -> bytea */
Datum
radiomics_to_nrrd(PG_FUNCTION_ARGS)
{
	return write_file(fcinfo, rad_write_nrrd, "gzip");
}

/* to_metaimage(image volume, compression text) -> bytea */
Datum
radiomics_to_metaimage(PG_FUNCTION_ARGS)
{
	return write_file(fcinfo, rad_write_metaimage, "zlib");
}

/* A format with one kind of compression, or none. */
static Datum
write_file(FunctionCallInfo fcinfo, Writer writer, const char *compression)
{
	const char *wanted = PG_NARGS() > 1 ? text_to_cstring(PG_GETARG_TEXT_PP(1)) : compression;
	RadContext *context = radpg_context_create();
	StringInfoData file;
	ByteSink	sink = radpg_file_sink(&file);
	VolumeReader *reader;

	if (strcmp(wanted, "none") != 0 && strcmp(wanted, compression) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown compression \"%s\"", wanted),
				 errhint("This format knows \"%s\" and \"none\".", compression)));
	if (!radpg_volume_reader(context, PG_GETARG_DATUM(0), "image", -1, &reader) ||
		!writer(context, reader, strcmp(wanted, "none") != 0, &sink))
		radpg_throw(context);
	radpg_context_delete(context);
	return radpg_file_datum(&file);
}

static TiffCompression
tiff_compression(const char *name)
{
	for (int n = 0; n < RAD_TIFF_COMPRESSION_COUNT; n++)
	{
		if (strcmp(name, rad_tiff_compression_names[n]) == 0)
			return (TiffCompression) n;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown compression \"%s\"", name),
			 errhint("TIFF knows \"none\", \"packbits\", \"lzw\" and \"deflate\".")));
	return RAD_TIFF_NONE;		/* not reached */
}

/* to_tiff(image volume, compression text, tile integer, transform jsonb) -> bytea */
Datum
radiomics_to_tiff(PG_FUNCTION_ARGS)
{
	TiffTransform transform;
	TiffOptions options = {
		.compression = tiff_compression(text_to_cstring(PG_GETARG_TEXT_PP(1))),
		.tile = PG_GETARG_INT32(2),
		.transform = &transform,
	};
	RadContext *context = radpg_context_create();
	StringInfoData file;
	ByteSink	sink = radpg_file_sink(&file);
	VolumeReader *reader;

	radpg_tiff_transform(PG_GETARG_JSONB_P(3), &transform);
	if (!radpg_volume_reader(context, PG_GETARG_DATUM(0), "image", -1, &reader) ||
		!rad_write_tiff(context, reader, &options, &sink))
		radpg_throw(context);
	radpg_context_delete(context);
	return radpg_file_datum(&file);
}
