/*
 * pyradiomics_diagnostics(): what image and mask were before and after each
 * step, under PyRadiomics' keys.
 */
#include "compat.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/json.h"

#include "module.h"
#include "pyradiomics.h"

#include "pyradiomics/diagnose.h"

static Datum pyradiomics_diagnostics(FunctionCallInfo fcinfo, SourceKind kind);

RADPG_OVERLOADS(pyradiomics_diagnostics, pyradiomics_diagnostics)

/* Shortest text that reads back as the number; JSON has no NaN or infinity. */
static void
append_number(StringInfo json, double value)
{
	if (!isfinite(value))
		appendStringInfoString(json, "null");
	else
		appendStringInfoString(json, float8out_internal(value));
}

/* PyradiomicsDiagnosticSink: one member of the object. */
static bool
append_member(RadContext *context, void *argument, const char *key, const char *text,
			  const double *values, int count)
{
	StringInfo	json = argument;

	appendStringInfoString(json, json->len > 1 ? ", " : "");
	escape_json(json, key);
	appendStringInfoString(json, ": ");
	if (text != NULL)
		escape_json(json, text);
	else if (count == 1)
		append_number(json, values[0]);
	else
	{
		for (int n = 0; n < count; n++)
		{
			appendStringInfoString(json, n > 0 ? ", " : "[");
			append_number(json, values[n]);
		}
		appendStringInfoChar(json, ']');
	}
	return true;
}

/*
 * pyradiomics_diagnostics(image, mask, label, settings) -> json
 *
 * Not strict, because a NULL label means that of the settings; any other NULL
 * gives NULL.  A failure under "on_error": "null" gives NULL and a warning.
 */
static Datum
pyradiomics_diagnostics(FunctionCallInfo fcinfo, SourceKind kind)
{
	const ProfileSettings *settings;
	PyradiomicsCall call;
	StringInfoData json;
	int32		label;
	bool		described;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(3))
		PG_RETURN_NULL();
	settings = radpg_profile_settings(&radpg_call_cache(fcinfo)->settings,
									  fcinfo->flinfo->fn_mcxt, PG_GETARG_JSONB_P(3),
									  PROFILE_PYRADIOMICS);
	if (settings->profile != PROFILE_PYRADIOMICS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("settings have the profile \"ibsi\""),
				 errhint("Use feature_rows() with \"diagnostics\": true, or leave \"profile\" "
						 "out.")));
	label = PG_ARGISNULL(2) ? settings->pyradiomics.options.label : PG_GETARG_INT32(2);
	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	described = radpg_pyradiomics_open(&call, fcinfo, kind, &settings->pyradiomics, NULL, 0) &&
		rad_pyradiomics_diagnose(call.context, radpg_device(), &call.scan, label,
								 &settings->pyradiomics, append_member, &json);
	if (!described)
	{
		radpg_pyradiomics_check_failure(&call);
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("no diagnostics of label %d: %s", label, call.context->message)));
	}
	radpg_pyradiomics_close(&call);
	if (!described)
		PG_RETURN_NULL();
	appendStringInfoChar(&json, '}');
	PG_RETURN_TEXT_P(cstring_to_text_with_len(json.data, json.len));
}
