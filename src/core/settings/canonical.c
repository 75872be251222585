/*
 * Settings and values as JSON text.
 *
 * Numbers are read and written with the C library in the "C" numeric locale,
 * which is what PostgreSQL's backends and plain programs run in.
 */
#include "settings/settings_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
append_bytes(SettingText *text, const char *bytes, size_t count)
{
	if (text->size > 0 && text->length < text->size - 1)
	{
		size_t		room = text->size - 1 - text->length;
		size_t		copied = count < room ? count : room;

		memcpy(text->buffer + text->length, bytes, copied);
		text->buffer[text->length + copied] = '\0';
	}
	text->length += count;
}

/* True when more text would only be counted; values can be very long. */
static bool
is_full(const SettingText *text)
{
	return text->size > 0 && text->length >= text->size;
}

void
rad_setting_append(SettingText *text, const char *string)
{
	append_bytes(text, string, strlen(string));
}

void
rad_setting_append_number(SettingText *text, double number)
{
	char		digits[40];

	if (isnan(number))
		strcpy(digits, "NaN");
	else if (isinf(number))
		strcpy(digits, number > 0 ? "Infinity" : "-Infinity");
	else if (number == floor(number) && fabs(number) < 1e15)
		snprintf(digits, sizeof(digits), "%.0f", number == 0.0 ? 0.0 : number);
	else
		for (int precision = 1; precision <= 17; precision++)
		{
			/* 17 significant digits always read back exactly. */
			snprintf(digits, sizeof(digits), "%.*g", precision, number);
			if (strtod(digits, NULL) == number)
				break;
		}
	rad_setting_append(text, digits);
}

void
rad_setting_append_string(SettingText *text, const char *string)
{
	rad_setting_append(text, "\"");
	for (const char *c = string; *c != '\0' && !is_full(text); c++)
	{
		char		escaped[8];

		if (*c == '"' || *c == '\\')
			snprintf(escaped, sizeof(escaped), "\\%c", *c);
		else if ((unsigned char) *c < 0x20)
			snprintf(escaped, sizeof(escaped), "\\u%04x", (unsigned) *c);
		else
			snprintf(escaped, sizeof(escaped), "%c", *c);
		rad_setting_append(text, escaped);
	}
	rad_setting_append(text, "\"");
}

void
rad_setting_append_value(SettingText *text, const SettingValue *value)
{
	switch (value->kind)
	{
		case SETTING_NULL:
			rad_setting_append(text, "null");
			break;
		case SETTING_BOOLEAN:
			rad_setting_append(text, value->boolean ? "true" : "false");
			break;
		case SETTING_NUMBER:
			rad_setting_append_number(text, value->number);
			break;
		case SETTING_TEXT:
			rad_setting_append_string(text, value->text);
			break;
		case SETTING_LIST:
			rad_setting_append(text, "[");
			for (int n = 0; n < value->count && !is_full(text); n++)
			{
				if (n > 0)
					rad_setting_append(text, ", ");
				rad_setting_append_value(text, &value->elements[n]);
			}
			rad_setting_append(text, "]");
			break;
		case SETTING_OBJECT:
			rad_setting_append(text, "{...}");
			break;
	}
}

/* One element of a list of names: the separator, then the name. */
static void
append_name(SettingText *text, bool *first, const char *name)
{
	if (!*first)
		rad_setting_append(text, ", ");
	*first = false;
	rad_setting_append_string(text, name);
}

static void
append_aggregations(SettingText *text, AggregationSet aggregations)
{
	bool		first = true;

	if (aggregations == ALL_AGGREGATIONS)
	{
		rad_setting_append(text, "\"all\"");
		return;
	}
	rad_setting_append(text, "[");
	for (int n = 0; n < AGGREGATION_COUNT; n++)
		if (aggregations & (1u << n))
			append_name(text, &first, rad_aggregation_names[n]);
	rad_setting_append(text, "]");
}

static void
append_families(SettingText *text, FamilySet families)
{
	bool		first = true;

	if (families == ALL_FAMILIES)
	{
		rad_setting_append(text, "\"all\"");
		return;
	}
	rad_setting_append(text, "[");
	for (int n = 0; n < FAMILY_COUNT; n++)
		if (families & (1u << n))
			append_name(text, &first, rad_families[n].name);
	rad_setting_append(text, "]");
}

static void
append_excluded(SettingText *text, const bool *excluded)
{
	bool		first = true;

	rad_setting_append(text, "[");
	for (int id = 0; id < FEATURE_COUNT; id++)
		if (excluded[id])
			append_name(text, &first, rad_features[id].tag);
	rad_setting_append(text, "]");
}

static void
append_spacing(SettingText *text, const double *spacing)
{
	if (spacing[0] == 0 && spacing[1] == 0 && spacing[2] == 0)
	{
		rad_setting_append(text, "null");
		return;
	}
	for (int axis = 0; axis < 3; axis++)
	{
		rad_setting_append(text, axis == 0 ? "[" : ", ");
		rad_setting_append_number(text, spacing[axis]);
	}
	rad_setting_append(text, "]");
}

static void
append_range(SettingText *text, const double *range)
{
	if (isinf(range[0]) && isinf(range[1]))
	{
		rad_setting_append(text, "null");
		return;
	}
	for (int end = 0; end < 2; end++)
	{
		rad_setting_append(text, end == 0 ? "[" : ", ");
		if (isinf(range[end]))
			rad_setting_append(text, "null");
		else
			rad_setting_append_number(text, range[end]);
	}
	rad_setting_append(text, "]");
}

static void
append_scalar(SettingText *text, const SettingEntry *entry, double value)
{
	if (value == entry->null_value)
		rad_setting_append(text, "null");
	else if (entry->rule == SETTING_RULE_BOOLEAN)
		rad_setting_append(text, value != 0 ? "true" : "false");
	else if (entry->rule == SETTING_RULE_CHOICE)
		rad_setting_append_string(text, entry->choices[(int) value]);
	else
		rad_setting_append_number(text, value);
}

void
rad_setting_append_canonical(SettingText *text, const Settings *settings, SettingKey key)
{
	const SettingEntry *entry = &rad_setting_entries[key];

	switch (entry->rule)
	{
		case SETTING_RULE_SPACING:
			append_spacing(text, settings->resample_spacing);
			break;
		case SETTING_RULE_RANGE:
			append_range(text, settings->resegmentation_range);
			break;
		case SETTING_RULE_AGGREGATIONS:
			append_aggregations(text, settings->aggregations);
			break;
		case SETTING_RULE_FAMILIES:
			append_families(text, settings->families);
			break;
		case SETTING_RULE_FEATURES:
			append_excluded(text, settings->excluded);
			break;
		case SETTING_RULE_BOOLEAN:
		case SETTING_RULE_INTEGER:
		case SETTING_RULE_NUMBER:
		case SETTING_RULE_CHOICE:
			append_scalar(text, entry, rad_setting_scalar(settings, key));
			break;
	}
}

static void
append_all(SettingText *text, const Settings *settings)
{
	for (int key = 0; key < SETTING_KEY_COUNT; key++)
	{
		rad_setting_append(text, key == 0 ? "{" : ", ");
		rad_setting_append_string(text, rad_setting_entries[key].key);
		rad_setting_append(text, ": ");
		rad_setting_append_canonical(text, settings, (SettingKey) key);
	}
	rad_setting_append(text, "}");
}

char *
rad_settings_canonical(RadContext *context, const Settings *settings)
{
	SettingText measure = {NULL, 0, 0};
	SettingText text;

	append_all(&measure, settings);
	text.size = measure.length + 1;
	text.length = 0;
	text.buffer = rad_new(context, char, text.size);
	if (text.buffer == NULL)
		return NULL;
	append_all(&text, settings);
	return text.buffer;
}
