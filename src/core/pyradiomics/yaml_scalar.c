/*
 * The type of a YAML scalar: the resolution of ruamel.yaml, whose patterns are
 * a little wider than those of the standard (underscores, "017" as decimal).
 */
#include "pyradiomics/yaml_scalar.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* More digits than any number in a parameter file has. */
#define LONGEST_NUMBER 128

static bool
is_one_of(const char *text, const char *const *names)
{
	for (; *names != NULL; names++)
		if (strcmp(text, *names) == 0)
			return true;
	return false;
}

static bool
is_digit(char character)
{
	return character >= '0' && character <= '9';
}

/* Past characters of [0-9_]. */
static const char *
skip_digits(const char *text)
{
	while (is_digit(*text) || *text == '_')
		text++;
	return text;
}

/* Past an exponent, or where it is when there is none. */
static const char *
skip_exponent(const char *text, bool sign_needed)
{
	const char *end = text;

	if (*end != 'e' && *end != 'E')
		return text;
	end++;
	if (*end == '+' || *end == '-')
		end++;
	else if (sign_needed)
		return text;
	if (!is_digit(*end))
		return text;
	while (is_digit(*end))
		end++;
	return end;
}

/* Whether the text without its sign looks like a float. */
static bool
matches_float(const char *text)
{
	const char *end;

	if (*text == '.')
	{
		end = skip_digits(text + 1);
		return end > text + 1 && strspn(text, "._") < (size_t) (end - text) &&
			*skip_exponent(end, true) == '\0';
	}
	if (!is_digit(*text))
		return false;
	end = skip_digits(text);
	if (*end == '.')
		return *skip_exponent(skip_digits(end + 1), false) == '\0';
	return *end != '\0' && *skip_exponent(end, false) == '\0';
}

bool
rad_yaml_float(const char *text, SettingValue *value)
{
	static const char *const infinite[] = {".inf", ".Inf", ".INF", NULL};
	static const char *const not_a_number[] = {".nan", ".NaN", ".NAN", NULL};
	bool		negative = *text == '-';
	const char *body = *text == '-' || *text == '+' ? text + 1 : text;
	char		digits[LONGEST_NUMBER];
	size_t		length = 0;
	double		number;

	if (is_one_of(text, not_a_number))
		number = NAN;
	else if (is_one_of(body, infinite))
		number = INFINITY;
	else
	{
		if (!matches_float(body) && skip_digits(body)[0] != '\0')
			return false;
		for (; *body != '\0' && length < sizeof(digits) - 1; body++)
			if (*body != '_')
				digits[length++] = *body;
		digits[length] = '\0';
		if (*body != '\0' || length == 0)
			return false;
		number = strtod(digits, NULL);
	}
	*value = (SettingValue) {.kind = SETTING_NUMBER, .number = negative ? -number : number};
	return true;
}

/* The digits of a base, with underscores among them; false without any. */
static bool
read_digits(const char *text, int base, double *number)
{
	bool		any = false;

	*number = 0;
	for (; *text != '\0'; text++)
	{
		int			digit = base;

		if (*text == '_')
			continue;
		if (is_digit(*text))
			digit = *text - '0';
		else if ((*text | 0x20) >= 'a' && (*text | 0x20) <= 'f')
			digit = (*text | 0x20) - 'a' + 10;
		if (digit >= base)
			return false;
		*number = *number * base + digit;
		any = true;
	}
	return any;
}

bool
rad_yaml_integer(const char *text, bool old, SettingValue *value)
{
	bool		negative = *text == '-';
	const char *body = *text == '-' || *text == '+' ? text + 1 : text;
	double		number;
	int			base = 10;

	if (body[0] == '0' && (body[1] == 'b' || body[1] == 'x' || (body[1] == 'o' && !old)))
	{
		base = body[1] == 'b' ? 2 : body[1] == 'o' ? 8 : 16;
		body += 2;
	}
	else if (old && body[0] == '0')
		base = 8;
	if (*text == '_' || !read_digits(body, base, &number))
		return false;
	*value = (SettingValue) {.kind = SETTING_NUMBER, .integer = true,
		.number = negative ? -number : number};
	return true;
}

SettingValue
rad_yaml_plain_scalar(const char *text, bool old)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
	static const char *const truths[] = {"true", "True", "TRUE", NULL};
	static const char *const falsehoods[] = {"false", "False", "FALSE", NULL};
	static const char *const old_truths[] = {"y", "Y", "yes", "Yes", "YES", "on", "On", "ON", NULL};
	static const char *const old_falsehoods[] = {"n", "N", "no", "No", "NO", "off", "Off", "OFF",
	NULL};
	SettingValue value = {.kind = SETTING_TEXT, .text = text};

	if (is_one_of(text, nulls))
		return (SettingValue) {.kind = SETTING_NULL};
	if (is_one_of(text, truths) || (old && is_one_of(text, old_truths)))
		return (SettingValue) {.kind = SETTING_BOOLEAN, .boolean = true};
	if (is_one_of(text, falsehoods) || (old && is_one_of(text, old_falsehoods)))
		return (SettingValue) {.kind = SETTING_BOOLEAN, .boolean = false};
	if (rad_yaml_integer(text, old, &value) || rad_yaml_float(text, &value))
		return value;
	return value;
}
