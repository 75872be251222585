/*
 * Fuzzing of PyRadiomics' parameter files: YAML, the checks on it, and the
 * settings that come of it.
 *
 * What passes has to give JSON that reads again; when that can be computed
 * with, its canonical form has to be its own canonical form.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pyradiomics/parameter_file.h"
#include "pyradiomics/profile.h"
#include "fuzz_replay.h"

static void
require(RadContext *context, bool condition, const char *text)
{
	if (condition)
		return;
	fprintf(stderr, "%s\n%s\n", text, context->message);
	abort();
}

static bool
parse(RadContext *context, const char *json, ProfileSettings *settings)
{
	SettingValue value;

	rad_clear_error(context);
	require(context, rad_yaml_parse(context, json, strlen(json), &value), json);
	return rad_profile_parse(context, &value, PROFILE_IBSI, settings);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	RadContext *context = rad_context_create();
	ProfileSettings settings;
	char	   *json;

	if (context == NULL)
		return 0;
	json = rad_pyradiomics_from_file(context, (const char *) data, size);
	if (json == NULL)
		require(context, context->code != RAD_OK && context->message[0] != '\0', "no message");
	else if (parse(context, json, &settings))
	{
		char	   *once = rad_profile_canonical(context, &settings);
		char	   *twice;

		require(context, settings.profile == PROFILE_PYRADIOMICS, json);
		require(context, once != NULL && parse(context, once, &settings), json);
		twice = rad_profile_canonical(context, &settings);
		require(context, twice != NULL && strcmp(once, twice) == 0, once);
	}
	rad_context_destroy(context);
	return 0;
}
