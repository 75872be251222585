/*
 * Opening and closing the scan of one function call.
 */
#include "compat.h"

#include "scan.h"

static bool open_source(OpenScan *scan, FunctionCallInfo fcinfo, SourceKind kind, int argument,
						const char *name, ByteSource *source);

CallCache *
radpg_call_cache(FunctionCallInfo fcinfo)
{
	if (fcinfo->flinfo->fn_extra == NULL)
		fcinfo->flinfo->fn_extra = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt,
														  sizeof(CallCache));
	return fcinfo->flinfo->fn_extra;
}

bool
radpg_scan_open(OpenScan *scan, FunctionCallInfo fcinfo, SourceKind kind, int settings_argument)
{
	memset(scan, 0, sizeof(*scan));
	scan->settings = radpg_settings(&radpg_call_cache(fcinfo)->settings,
									fcinfo->flinfo->fn_mcxt,
									PG_GETARG_JSONB_P(settings_argument));
	scan->context = radpg_context_create();
	if (open_source(scan, fcinfo, kind, 0, "image", &scan->image) &&
		open_source(scan, fcinfo, kind, 1, "mask", &scan->mask) &&
		rad_scan_open(scan->context, &scan->image, &scan->mask, scan->settings, &scan->pair))
		return true;
	radpg_scan_check_failure(scan);
	return false;
}

static bool
open_source(OpenScan *scan, FunctionCallInfo fcinfo, SourceKind kind, int argument,
			const char *name, ByteSource *source)
{
	if (kind == SOURCE_BYTEA)
		return radpg_bytea_source(scan->context, PG_GETARG_DATUM(argument), name, source);
	return radpg_large_object_source(scan->context, PG_GETARG_OID(argument), name, source);
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
