/*
 * Opening and closing the scan of one function call.
 */
#include "compat.h"

#include "scan.h"
#include "volume.h"

CallCache *
radpg_call_cache(FunctionCallInfo fcinfo)
{
	if (fcinfo->flinfo->fn_extra == NULL)
		fcinfo->flinfo->fn_extra = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt,
														  sizeof(CallCache));
	return fcinfo->flinfo->fn_extra;
}

bool
radpg_scan_open(OpenScan *scan, FunctionCallInfo fcinfo, SourceKind kind, int settings_argument,
				const int32 *labels, int label_count)
{
	VolumeReader *image;
	VolumeReader *mask;

	memset(scan, 0, sizeof(*scan));
	scan->settings = radpg_settings(&radpg_call_cache(fcinfo)->settings,
									fcinfo->flinfo->fn_mcxt,
									PG_GETARG_JSONB_P(settings_argument));
	scan->context = radpg_context_create();

	/* The frame setting belongs to the image; a mask has one frame. */
	if (radpg_argument_reader(scan->context, fcinfo, kind, 0, "image", scan->settings->frame,
							  &scan->image, &image) &&
		radpg_argument_reader(scan->context, fcinfo, kind, 1, "mask", -1, &scan->mask, &mask) &&
		rad_scan_join(scan->context, image, mask, labels, label_count, scan->settings,
					  &scan->pair))
		return true;
	radpg_scan_check_failure(scan);
	return false;
}

bool
radpg_argument_reader(RadContext *context, FunctionCallInfo fcinfo, SourceKind kind, int argument,
					  const char *name, int frame, ByteSource *source, VolumeReader **reader)
{
	bool		ok = false;

	switch (kind)
	{
		case SOURCE_BYTEA:
			ok = radpg_bytea_source(context, PG_GETARG_DATUM(argument), name, source);
			break;
		case SOURCE_LARGE_OBJECT:
			ok = radpg_large_object_source(context, PG_GETARG_OID(argument), name, source);
			break;
		case SOURCE_VOLUME:
			return radpg_volume_reader(context, PG_GETARG_DATUM(argument), name, frame, reader);
	}
	return ok && rad_volume_open(context, source, frame, reader);
}

void
radpg_scan_check_failure(const OpenScan *scan)
{
	if (!scan->settings->on_error_null || !rad_is_data_failure(scan->context->code))
		radpg_throw(scan->context);
}

void
radpg_scan_close(OpenScan *scan)
{
	radpg_source_close(&scan->image);
	radpg_source_close(&scan->mask);
	radpg_context_delete(scan->context);
}
