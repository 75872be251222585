/*
 * Settings of either profile.
 */
#include "pyradiomics/profile.h"

#include <stdio.h>
#include <string.h>

#include "pyradiomics/settings_table.h"

static const char *const profile_names[] = {
	[PROFILE_IBSI] = "ibsi",
	[PROFILE_PYRADIOMICS] = "pyradiomics",
	NULL
};

#define PROFILE_COUNT 2

static bool
read_profile(RadContext *context, const SettingValue *object, Profile *profile)
{
	char		buffer[160];
	SettingText text = {buffer, sizeof(buffer), 0};

	for (int n = 0; n < object->count; n++)
	{
		const SettingValue *value = &object->elements[n];

		if (strcmp(object->keys[n], "profile") != 0)
			continue;
		for (int known = 0; known < PROFILE_COUNT && value->kind == SETTING_TEXT; known++)
			if (strcmp(value->text, profile_names[known]) == 0)
			{
				*profile = (Profile) known;
				return true;
			}
		rad_setting_append_value(&text, value);
		rad_setting_mark_cut(&text);
		rad_fail(context, RAD_INVALID_PARAMETER, "invalid value for setting \"profile\": %s", buffer);
		return rad_hint(context, "Give \"ibsi\" or \"pyradiomics\".");
	}
	return true;
}

/* Whether a key that IBSI's settings do not know is one of PyRadiomics'. */
static bool
is_pyradiomics_key(const char *key)
{
	for (int n = 0; n < PYRADIOMICS_SECTION_COUNT; n++)
		if (strcmp(key, rad_pyradiomics_section_names[n]) == 0 ||
			rad_pyradiomics_find_key((PyradiomicsSection) n, key) != PYRADIOMICS_KEY_COUNT)
			return true;
	return strcmp(key, "imageType") == 0 || strcmp(key, "featureClass") == 0;
}

static bool
is_ibsi_key(const char *key)
{
	for (int n = 0; n < SETTING_KEY_COUNT; n++)
		if (strcmp(key, rad_setting_entries[n].key) == 0)
			return true;
	return false;
}

static bool
parse_ibsi(RadContext *context, const SettingValue *object, Settings *settings)
{
	for (int n = 0; n < object->count; n++)
	{
		const char *key = object->keys[n];

		if (strcmp(key, "profile") == 0)
			continue;
		if (!rad_settings_set(context, settings, key, &object->elements[n]))
		{
			if (!is_ibsi_key(key) && is_pyradiomics_key(key))
				rad_hint(context, "It is a setting of PyRadiomics: add \"profile\": \"pyradiomics\".");
			return false;
		}
	}
	return rad_settings_validate(context, settings);
}

static bool
parse_pyradiomics(RadContext *context, const SettingValue *object, PyradiomicsSettings *settings)
{
	if (rad_pyradiomics_parse(context, object, settings))
		return true;
	for (int n = 0; n < object->count; n++)
		if (is_ibsi_key(object->keys[n]) && strcmp(object->keys[n], "frame") != 0 &&
			strcmp(object->keys[n], "diagnostics") != 0 &&
			strcmp(object->keys[n], "on_error") != 0)
			return rad_hint(context, "Setting \"%s\" belongs to the profile \"ibsi\", which these "
							"settings do not have.", object->keys[n]);
	return false;
}

bool
rad_profile_parse(RadContext *context, const SettingValue *object, Profile otherwise,
				  ProfileSettings *settings)
{
	settings->profile = otherwise;
	rad_settings_default(&settings->ibsi);
	rad_pyradiomics_default(&settings->pyradiomics);
	if (object->kind != SETTING_OBJECT)
	{
		rad_fail(context, RAD_INVALID_PARAMETER, "settings must be a JSON object");
		return rad_hint(context, "Write '{}' for the defaults, or for example '{\"bin_number\": 64}'.");
	}
	if (!read_profile(context, object, &settings->profile))
		return false;
	if (settings->profile == PROFILE_PYRADIOMICS)
		return parse_pyradiomics(context, object, &settings->pyradiomics);
	return parse_ibsi(context, object, &settings->ibsi);
}

char *
rad_profile_canonical(RadContext *context, const ProfileSettings *settings)
{
	if (settings->profile == PROFILE_PYRADIOMICS)
		return rad_pyradiomics_canonical(context, &settings->pyradiomics);
	return rad_settings_canonical(context, &settings->ibsi);
}
