/*
 * PyRadiomics' settings as JSON text, every default written out.
 *
 * Image types and classes are lists, because their order is that of the output
 * and JSON objects of PostgreSQL do not keep one.
 */
#include "pyradiomics/settings_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Python's repr() of a float: the shortest digits that read back exactly, with
 * an exponent below 1e-4 and from 1e16 on.
 */
static void
print_float(double number, char text[PYRADIOMICS_NUMBER_SIZE])
{
	char		digits[PYRADIOMICS_NUMBER_SIZE];
	int			precision = 0;
	int			exponent;

	if (!isfinite(number))
	{
		strcpy(text, isnan(number) ? "nan" : number > 0 ? "inf" : "-inf");
		return;
	}
	do
		snprintf(digits, sizeof(digits), "%.*e", precision++, number);
	while (precision <= 16 && strtod(digits, NULL) != number);
	exponent = atoi(strchr(digits, 'e') + 1);
	if (exponent < -4 || exponent >= 16)
		strcpy(text, digits);
	else
		snprintf(text, PYRADIOMICS_NUMBER_SIZE, "%.*f",
				 precision - 1 - exponent > 1 ? precision - 1 - exponent : 1, number);
}

void
rad_pyradiomics_number_text(const PyradiomicsList *list, int index,
							char text[PYRADIOMICS_NUMBER_SIZE])
{
	if (list->integers >> index & 1)
		snprintf(text, PYRADIOMICS_NUMBER_SIZE, "%.0f", list->values[index]);
	else
		print_float(list->values[index], text);
}

void
rad_pyradiomics_append_number(SettingText *text, double number, bool integer)
{
	char		digits[PYRADIOMICS_NUMBER_SIZE];

	print_float(number, digits);
	if (!isfinite(number))
		rad_setting_append_string(text, digits);
	else if (integer)
		rad_setting_append_number(text, number);
	else
		rad_setting_append(text, digits);
}

static void
append_list(SettingText *text, const PyradiomicsList *list)
{
	for (int n = 0; n < list->count; n++)
	{
		rad_setting_append(text, n == 0 ? "[" : ", ");
		rad_pyradiomics_append_number(text, list->values[n], list->integers >> n & 1);
	}
	rad_setting_append(text, list->count > 0 ? "]" : "[]");
}

void
rad_pyradiomics_append_canonical(SettingText *text, const PyradiomicsOptions *options,
								 PyradiomicsKey key)
{
	const PyradiomicsEntry *entry = &rad_pyradiomics_entries[key];
	bool		is_list = entry->rule == PYRADIOMICS_RULE_INTEGER_LIST ||
		entry->rule == PYRADIOMICS_RULE_NUMBER_LIST;
	double		value = 0;

	if (entry->rule == PYRADIOMICS_RULE_WAVELET)
	{
		rad_setting_append_string(text, options->wavelet);
		return;
	}
	if (is_list)
		value = rad_pyradiomics_list(options, key)->count;
	else
		value = rad_pyradiomics_scalar(options, key);
	if ((options->nulls >> key & 1) != 0 ||
		(value == entry->null_value && entry->rule != PYRADIOMICS_RULE_BOOLEAN))
	{
		rad_setting_append(text, "null");
		return;
	}
	switch (entry->rule)
	{
		case PYRADIOMICS_RULE_INTEGER_LIST:
		case PYRADIOMICS_RULE_NUMBER_LIST:
			append_list(text, rad_pyradiomics_list(options, key));
			break;
		case PYRADIOMICS_RULE_BOOLEAN:
			rad_setting_append(text, value != 0 ? "true" : "false");
			break;
		case PYRADIOMICS_RULE_CHOICE:
			rad_setting_append_string(text, entry->choices[(int) value]);
			break;
		case PYRADIOMICS_RULE_INTERPOLATOR:
			rad_setting_append_string(text, rad_pyradiomics_interpolators[(int) value - 1]);
			break;
		default:
			rad_pyradiomics_append_number(text, value, true);
			break;
	}
}

/* Whether two options have the same canonical form of a key. */
static bool
same_value(const PyradiomicsOptions *one, const PyradiomicsOptions *other, PyradiomicsKey key)
{
	const PyradiomicsEntry *entry = &rad_pyradiomics_entries[key];

	if ((one->nulls >> key & 1) != (other->nulls >> key & 1))
		return false;
	if (entry->rule == PYRADIOMICS_RULE_WAVELET)
		return strcmp(one->wavelet, other->wavelet) == 0;
	if (entry->rule == PYRADIOMICS_RULE_INTEGER_LIST ||
		entry->rule == PYRADIOMICS_RULE_NUMBER_LIST)
	{
		const PyradiomicsList *list = rad_pyradiomics_list(one, key);
		const PyradiomicsList *same = rad_pyradiomics_list(other, key);

		return list->count == same->count && list->integers == same->integers &&
			memcmp(list->values, same->values, (size_t) list->count * sizeof(double)) == 0;
	}

	/* NaN is a value like another one. */
	return memcmp(&(double) {rad_pyradiomics_scalar(one, key)},
				  &(double) {rad_pyradiomics_scalar(other, key)}, sizeof(double)) == 0;
}

static void
append_section(SettingText *text, const PyradiomicsSettings *settings,
			   PyradiomicsSection section)
{
	bool		first = true;

	rad_setting_append(text, "{");
	for (int key = 0; key < PYRADIOMICS_KEY_COUNT; key++)
	{
		if (rad_pyradiomics_entries[key].section != section)
			continue;
		rad_setting_append(text, first ? "" : ", ");
		rad_setting_append_string(text, rad_pyradiomics_entries[key].key);
		rad_setting_append(text, ": ");
		/* Null is a label of 1 that nobody gave. */
		if (key == PYRADIOMICS_KEY_label && settings->label_given)
			rad_setting_append_number(text, settings->options.label);
		else
			rad_pyradiomics_append_canonical(text, &settings->options, (PyradiomicsKey) key);
		first = false;
	}
	rad_setting_append(text, "}");
}

/* Of an image type only what differs from the global settings. */
static void
append_images(SettingText *text, const PyradiomicsSettings *settings)
{
	for (int n = 0; n < settings->image_count; n++)
	{
		const PyradiomicsImage *image = &settings->images[n];
		bool		first = true;

		rad_setting_append(text, n == 0 ? "[{" : ", {");
		rad_setting_append_string(text, rad_pyradiomics_image_type_names[image->type]);
		rad_setting_append(text, ": {");
		for (int key = 0; key < PYRADIOMICS_KEY_COUNT; key++)
		{
			if (same_value(&image->options, &settings->options, (PyradiomicsKey) key))
				continue;
			rad_setting_append(text, first ? "" : ", ");
			rad_setting_append_string(text, rad_pyradiomics_entries[key].key);
			rad_setting_append(text, ": ");
			rad_pyradiomics_append_canonical(text, &image->options, (PyradiomicsKey) key);
			first = false;
		}
		rad_setting_append(text, "}}");
	}
	rad_setting_append(text, "]");
}

static void
append_classes(SettingText *text, const PyradiomicsSettings *settings)
{
	for (int n = 0; n < settings->class_count; n++)
	{
		const PyradiomicsClassChoice *choice = &settings->classes[n];

		rad_setting_append(text, n == 0 ? "[{" : ", {");
		rad_setting_append_string(text, rad_pyradiomics_classes[choice->class_id].name);
		rad_setting_append(text, ": ");
		for (int m = 0; m < choice->count; m++)
		{
			rad_setting_append(text, m == 0 ? "[" : ", ");
			rad_setting_append_string(text, rad_pyradiomics_features[choice->features[m]].name);
		}
		rad_setting_append(text, "]}");
	}
	rad_setting_append(text, "]");
}

static void
append_all(SettingText *text, const PyradiomicsSettings *settings)
{
	rad_setting_append(text, "{\"profile\": \"pyradiomics\", \"imageType\": ");
	append_images(text, settings);
	rad_setting_append(text, ", \"featureClass\": ");
	append_classes(text, settings);
	for (int n = 0; n < PYRADIOMICS_SECTION_COUNT; n++)
	{
		rad_setting_append(text, ", ");
		rad_setting_append_string(text, rad_pyradiomics_section_names[n]);
		rad_setting_append(text, ": ");
		append_section(text, settings, (PyradiomicsSection) n);
	}
	rad_setting_append(text, ", \"frame\": ");
	if (settings->frame < 0)
		rad_setting_append(text, "null");
	else
		rad_setting_append_number(text, settings->frame);
	rad_setting_append(text, ", \"diagnostics\": ");
	rad_setting_append(text, settings->diagnostics ? "true" : "false");
	rad_setting_append(text, ", \"on_error\": ");
	rad_setting_append(text, settings->on_error_null ? "\"null\"}" : "\"error\"}");
}

char *
rad_pyradiomics_canonical(RadContext *context, const PyradiomicsSettings *settings)
{
	SettingText measure = {NULL, 0, 0};
	SettingText text = {NULL, 0, 0};

	append_all(&measure, settings);
	text.size = measure.length + 1;
	text.buffer = rad_new(context, char, text.size);
	if (text.buffer == NULL)
		return NULL;
	append_all(&text, settings);
	return text.buffer;
}
