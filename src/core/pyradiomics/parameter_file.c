/*
 * A parameter file as settings.
 */
#include "pyradiomics/parameter_file.h"

#include <string.h>

#include "pyradiomics/settings_table.h"

static void
append_value(SettingText *text, const SettingValue *value)
{
	switch (value->kind)
	{
		case SETTING_NUMBER:
			rad_pyradiomics_append_number(text, value->number, value->integer);
			break;
		case SETTING_LIST:
			rad_setting_append(text, "[");
			for (int n = 0; n < value->count; n++)
			{
				rad_setting_append(text, n > 0 ? ", " : "");
				append_value(text, &value->elements[n]);
			}
			rad_setting_append(text, "]");
			break;
		case SETTING_OBJECT:
			rad_setting_append(text, "{");
			for (int n = 0; n < value->count; n++)
			{
				rad_setting_append(text, n > 0 ? ", " : "");
				rad_setting_append_string(text, value->keys[n]);
				rad_setting_append(text, ": ");
				append_value(text, &value->elements[n]);
			}
			rad_setting_append(text, "}");
			break;
		default:
			rad_setting_append_value(text, value);
			break;
	}
}

/* The members of an object as a list of objects with one member each. */
static void
append_in_order(SettingText *text, const SettingValue *object)
{
	rad_setting_append(text, "[");
	for (int n = 0; n < object->count; n++)
	{
		rad_setting_append(text, n > 0 ? ", {" : "{");
		rad_setting_append_string(text, object->keys[n]);
		rad_setting_append(text, ": ");
		append_value(text, &object->elements[n]);
		rad_setting_append(text, "}");
	}
	rad_setting_append(text, "]");
}

static void
append_all_classes(SettingText *text)
{
	rad_setting_append(text, "[");
	for (int n = 0; n < PYRADIOMICS_CLASS_COUNT; n++)
	{
		rad_setting_append(text, n > 0 ? ", " : "");
		rad_setting_append_string(text, rad_pyradiomics_classes[n].name);
	}
	rad_setting_append(text, "]");
}

static void
append_settings(SettingText *text, const SettingValue *file)
{
	bool		has_classes = false;

	rad_setting_append(text, "{\"profile\": \"pyradiomics\"");
	for (int n = 0; n < file->count; n++)
	{
		const SettingValue *part = &file->elements[n];
		bool		is_ordered = strcmp(file->keys[n], "imageType") == 0 ||
			strcmp(file->keys[n], "featureClass") == 0;

		if (is_ordered && part->count == 0)
			continue;
		has_classes = has_classes || strcmp(file->keys[n], "featureClass") == 0;
		rad_setting_append(text, ", ");
		rad_setting_append_string(text, file->keys[n]);
		rad_setting_append(text, ": ");
		if (is_ordered)
			append_in_order(text, part);
		else
			append_value(text, part);
	}
	if (!has_classes)
	{
		rad_setting_append(text, ", \"featureClass\": ");
		append_all_classes(text);
	}
	rad_setting_append(text, "}");
}

char *
rad_pyradiomics_from_file(RadContext *context, const char *text, size_t length)
{
	SettingText measure = {NULL, 0, 0};
	SettingText json = {NULL, 0, 0};
	SettingValue file;

	if (!rad_yaml_parse(context, text, length, &file))
		return NULL;
	if (file.kind != SETTING_OBJECT)
	{
		rad_fail(context, RAD_INVALID_PARAMETER, "parameter file is not a YAML mapping");
		rad_hint(context, "It has the keys imageType, featureClass, setting and voxelSetting.");
		return NULL;
	}
	if (!rad_pyradiomics_check_file(context, &file))
		return NULL;
	append_settings(&measure, &file);
	json.size = measure.length + 1;
	json.buffer = rad_new(context, char, json.size);
	if (json.buffer != NULL)
		append_settings(&json, &file);
	return json.buffer;
}
