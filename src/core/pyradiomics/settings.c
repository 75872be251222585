/*
 * PyRadiomics' settings: defaults, and setting one key from a typed value with
 * the checks that PyRadiomics' schema makes.  The keys are in settings.def.
 */
#include "pyradiomics/settings_table.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "filters/wavelet_bank.h"

static const char *const resegment_mode_names[] = {
	[PYRADIOMICS_RESEGMENT_ABSOLUTE] = "absolute",
	[PYRADIOMICS_RESEGMENT_RELATIVE] = "relative",
	[PYRADIOMICS_RESEGMENT_SIGMA] = "sigma",
	NULL
};

static const char *const lbp2d_method_names[] = {
	[PYRADIOMICS_LBP2D_DEFAULT] = "default",
	[PYRADIOMICS_LBP2D_ROR] = "ror",
	[PYRADIOMICS_LBP2D_UNIFORM] = "uniform",
	[PYRADIOMICS_LBP2D_VAR] = "var",
	NULL
};

static const char *const weighting_names[] = {
	[PYRADIOMICS_WEIGHTING_EUCLIDEAN] = "euclidean",
	[PYRADIOMICS_WEIGHTING_MANHATTAN] = "manhattan",
	[PYRADIOMICS_WEIGHTING_INFINITY] = "infinity",
	[PYRADIOMICS_WEIGHTING_NONE] = "no_weighting",
	NULL
};

const char *const rad_pyradiomics_interpolators[] = {
	"sitkNearestNeighbor", "sitkLinear", "sitkBSpline", "sitkGaussian", "sitkLabelGaussian",
	"sitkHammingWindowedSinc", "sitkCosineWindowedSinc", "sitkWelchWindowedSinc",
	"sitkLanczosWindowedSinc", "sitkBlackmanWindowedSinc", NULL
};

const char *const rad_pyradiomics_section_names[PYRADIOMICS_SECTION_COUNT] = {
	[PYRADIOMICS_SECTION_SETTING] = "setting",
	[PYRADIOMICS_SECTION_VOXEL] = "voxelSetting",
};

const char *const rad_pyradiomics_image_type_names[PYRADIOMICS_IMAGE_TYPE_COUNT] = {
	[PYRADIOMICS_EXPONENTIAL] = "Exponential",
	[PYRADIOMICS_GRADIENT] = "Gradient",
	[PYRADIOMICS_LBP2D] = "LBP2D",
	[PYRADIOMICS_LBP3D] = "LBP3D",
	[PYRADIOMICS_LOG] = "LoG",
	[PYRADIOMICS_LOGARITHM] = "Logarithm",
	[PYRADIOMICS_ORIGINAL] = "Original",
	[PYRADIOMICS_SQUARE] = "Square",
	[PYRADIOMICS_SQUARE_ROOT] = "SquareRoot",
	[PYRADIOMICS_WAVELET] = "Wavelet",
};

#define NO_NULL NAN
#define ANY_NUMBER {-INFINITY, INFINITY, true}
#define AT_LEAST(low, high) {low, high, true}
#define ABOVE(low, high) {low, high, false}

const PyradiomicsEntry rad_pyradiomics_entries[PYRADIOMICS_KEY_COUNT] = {
#define PYRADIOMICS_SETTING(section, rule, key, member, default, null, allowed, choices, use, \
							description) \
	[PYRADIOMICS_KEY_##key] = {#key, PYRADIOMICS_SECTION_##section, PYRADIOMICS_RULE_##rule, \
		offsetof(PyradiomicsOptions, member), default, null, allowed, choices, use, description},
#include "pyradiomics/settings.def"
#undef PYRADIOMICS_SETTING
};

static const char default_wavelet[] = "coif1";

/* Discrete wavelets to choose the nearest name from; there are 106. */
#define MOST_WAVELETS 128

/* Every key has a bit in PyradiomicsOptions.nulls. */
_Static_assert(PYRADIOMICS_KEY_COUNT <= 64, "a bit per key");

static void *
member_of(PyradiomicsOptions *options, PyradiomicsKey key)
{
	return (char *) options + rad_pyradiomics_entries[key].offset;
}

/* Choices are enumerations, which are as large as an int. */
static void
store_scalar(PyradiomicsOptions *options, PyradiomicsKey key, double value)
{
	void	   *member = member_of(options, key);
	int			integer;

	switch (rad_pyradiomics_entries[key].rule)
	{
		case PYRADIOMICS_RULE_BOOLEAN:
			*(bool *) member = value != 0;
			break;
		case PYRADIOMICS_RULE_NUMBER:
			*(double *) member = value;
			break;
		default:
			integer = (int) value;
			memcpy(member, &integer, sizeof(integer));
			break;
	}
}

double
rad_pyradiomics_scalar(const PyradiomicsOptions *options, PyradiomicsKey key)
{
	const void *member = (const char *) options + rad_pyradiomics_entries[key].offset;
	int			integer;

	switch (rad_pyradiomics_entries[key].rule)
	{
		case PYRADIOMICS_RULE_BOOLEAN:
			return *(const bool *) member;
		case PYRADIOMICS_RULE_NUMBER:
			return *(const double *) member;
		default:
			memcpy(&integer, member, sizeof(integer));
			return integer;
	}
}

const PyradiomicsList *
rad_pyradiomics_list(const PyradiomicsOptions *options, PyradiomicsKey key)
{
	return (const PyradiomicsList *) ((const char *) options +
									  rad_pyradiomics_entries[key].offset);
}

static bool
is_list(PyradiomicsRule rule)
{
	return rule == PYRADIOMICS_RULE_INTEGER_LIST || rule == PYRADIOMICS_RULE_NUMBER_LIST;
}

static void
store_default(PyradiomicsOptions *options, PyradiomicsKey key)
{
	const PyradiomicsEntry *entry = &rad_pyradiomics_entries[key];

	if (entry->rule == PYRADIOMICS_RULE_WAVELET)
		memcpy(member_of(options, key), default_wavelet, sizeof(default_wavelet));
	else if (is_list(entry->rule))
	{
		PyradiomicsList *list = member_of(options, key);

		memset(list, 0, sizeof(*list));
		if (entry->default_value != 0)
		{
			list->count = 1;
			list->integers = 1;
			list->values[0] = entry->default_value;
		}
	}
	else
		store_scalar(options, key, entry->default_value);
}

void
rad_pyradiomics_default_options(PyradiomicsOptions *options)
{
	memset(options, 0, sizeof(*options));
	for (int key = 0; key < PYRADIOMICS_KEY_COUNT; key++)
		store_default(options, (PyradiomicsKey) key);
}

PyradiomicsKey
rad_pyradiomics_find_key(PyradiomicsSection section, const char *name)
{
	int			key = 0;

	while (key < PYRADIOMICS_KEY_COUNT &&
		   (rad_pyradiomics_entries[key].section != section ||
			strcmp(rad_pyradiomics_entries[key].key, name) != 0))
		key++;
	return (PyradiomicsKey) key;
}

void
rad_pyradiomics_append_allowed(SettingText *text, PyradiomicsKey key)
{
	const PyradiomicsEntry *entry = &rad_pyradiomics_entries[key];
	bool		integer = entry->rule == PYRADIOMICS_RULE_INTEGER ||
		entry->rule == PYRADIOMICS_RULE_INTEGER_LIST;

	if (is_list(entry->rule))
		rad_setting_append(text, key == PYRADIOMICS_KEY_resegmentRange ? "a list of one or two, each " :
						   key == PYRADIOMICS_KEY_resampledPixelSpacing ?
						   "a list of one per axis, each " : "a list, each element of it ");
	switch (entry->rule)
	{
		case PYRADIOMICS_RULE_BOOLEAN:
			rad_setting_append(text, "true or false");
			break;
		case PYRADIOMICS_RULE_INTEGER:
		case PYRADIOMICS_RULE_NUMBER:
		case PYRADIOMICS_RULE_INTEGER_LIST:
		case PYRADIOMICS_RULE_NUMBER_LIST:
			if (entry->allowed.low == -INFINITY || entry->allowed.low == INT_MIN)
				rad_setting_append(text, integer ? "an integer" : "a number");
			else
				rad_setting_append_interval(text, &entry->allowed, integer);
			break;
		case PYRADIOMICS_RULE_CHOICE:
			rad_setting_append_choices(text, entry->choices);
			break;
		case PYRADIOMICS_RULE_INTERPOLATOR:
			rad_setting_append_choices(text, rad_pyradiomics_interpolators);
			break;
		case PYRADIOMICS_RULE_WAVELET:
			rad_setting_append(text, "the name of a wavelet in PyWavelets, such as \"coif1\" or "
							   "\"bior2.2\"");
			break;
	}
	if (!isnan(entry->null_value) && entry->rule != PYRADIOMICS_RULE_BOOLEAN)
		rad_setting_append(text, " or null");
}

/* The one failure for a value of the wrong kind or out of range. */
static bool
wrong_value(RadContext *context, PyradiomicsKey key, const SettingValue *value,
			const char *nearest, const char *where)
{
	char		value_buffer[160];
	char		allowed_buffer[400];
	SettingText value_text = {value_buffer, sizeof(value_buffer), 0};
	SettingText allowed_text = {allowed_buffer, sizeof(allowed_buffer), 0};

	/* 16.0 is no integer, and the message has to show why. */
	if (value->kind == SETTING_NUMBER && !value->integer)
		rad_pyradiomics_append_number(&value_text, value->number, false);
	else
		rad_setting_append_value(&value_text, value);
	rad_setting_mark_cut(&value_text);
	rad_pyradiomics_append_allowed(&allowed_text, key);
	rad_fail(context, RAD_INVALID_PARAMETER, "invalid value for setting \"%s\"%s: %s",
			 rad_pyradiomics_entries[key].key, where, value_buffer);
	if (nearest != NULL)
		return rad_hint(context, "Did you mean \"%s\"? Give %s.", nearest, allowed_buffer);
	return rad_hint(context, "Give %s.", allowed_buffer);
}

bool
rad_pyradiomics_python_float(const char *text, double *number)
{
	char		digits[64];
	size_t		length = 0;
	char	   *end;

	while (*text == ' ' || (*text >= '\t' && *text <= '\r'))
		text++;
	for (; *text != '\0' && length < sizeof(digits) - 1; text++)
	{
		/* Python has underscores between digits; C has hexadecimal numbers. */
		if (*text == '_' && length > 0 && strchr("0123456789", digits[length - 1]) != NULL &&
			text[1] >= '0' && text[1] <= '9')
			continue;
		if (*text == 'x' || *text == 'X' || *text == '(')
			return false;
		digits[length++] = *text;
	}
	digits[length] = '\0';
	*number = strtod(digits, &end);
	while (*end == ' ' || (*end >= '\t' && *end <= '\r'))
		end++;
	return length > 0 && end != digits && *end == '\0' && *text == '\0';
}

/*
 * A number that an interval allows.  PyRadiomics' schema takes text that
 * Python's float() reads for a number, and does not look at its range then.
 * Outside of files the range holds, and numbers have to be finite where they
 * have one; NaN only is an initial value of maps.
 */
static bool
read_number(PyradiomicsKey key, const SettingValue *value, bool file, double *number)
{
	const PyradiomicsEntry *entry = &rad_pyradiomics_entries[key];
	const SettingInterval *allowed = &entry->allowed;
	bool		integer = entry->rule == PYRADIOMICS_RULE_INTEGER ||
		entry->rule == PYRADIOMICS_RULE_INTEGER_LIST;
	bool		from_text = !integer && value->kind == SETTING_TEXT;
	double		read = value->number;

	if (from_text ? !rad_pyradiomics_python_float(value->text, &read) :
		value->kind != SETTING_NUMBER || (integer && !value->integer))
		return false;
	*number = read == 0 ? 0 : read;
	if (file && (from_text || isnan(read)))
		return true;
	if (!file && isnan(read))
		return key == PYRADIOMICS_KEY_initValue;
	if (!file && isinf(read) && allowed->low != -INFINITY)
		return false;
	return read <= allowed->high &&
		(allowed->low_included ? read >= allowed->low : read > allowed->low);
}

/* PyRadiomics fails on every image when these have another length. */
static bool
is_length_useful(PyradiomicsKey key, int count)
{
	if (key == PYRADIOMICS_KEY_resegmentRange)
		return count == 1 || count == 2;
	if (key == PYRADIOMICS_KEY_resampledPixelSpacing)
		return count == 2 || count == 3;
	return true;
}

/*
 * Whether the last value of a list is there before.  PyRadiomics makes the LoG
 * image of a sigma that is given twice twice, but its output has the key once.
 */
static bool
is_repeated(const PyradiomicsList *list)
{
	int			last = list->count - 1;

	for (int n = 0; n < last; n++)
		if (list->values[n] == list->values[last] &&
			(list->integers >> n & 1) == (list->integers >> last & 1))
			return true;
	return false;
}

static bool
set_list(RadContext *context, PyradiomicsOptions *options, PyradiomicsKey key,
		 const SettingValue *value, bool file, const char *where)
{
	PyradiomicsList *list = member_of(options, key);
	PyradiomicsList read = {0};

	if (value->kind != SETTING_LIST || !(file || is_length_useful(key, value->count)))
		return wrong_value(context, key, value, NULL, where);
	for (int n = 0; n < value->count; n++)
	{
		const SettingValue *one = &value->elements[n];
		double		number = 0;

		if (!(file && one->kind == SETTING_NULL) && !read_number(key, one, file, &number))
			return wrong_value(context, key, value, NULL, where);
		if (n >= PYRADIOMICS_LIST_SIZE)
		{
			rad_fail(context, RAD_LIMIT_EXCEEDED, "setting \"%s\"%s is a list of %d numbers",
					 rad_pyradiomics_entries[key].key, where, value->count);
			return rad_hint(context, "Give at most %d.", PYRADIOMICS_LIST_SIZE);
		}

		/* Of sigma only, 3 and 3.0 do not mean the same. */
		if (one->integer || key != PYRADIOMICS_KEY_sigma)
			read.integers |= (uint64_t) 1 << read.count;
		read.values[read.count++] = number;
		if (key == PYRADIOMICS_KEY_sigma && is_repeated(&read))
		{
			read.count--;
			read.values[read.count] = 0;
			read.integers &= ~((uint64_t) 1 << read.count);
		}
	}
	*list = read;
	return true;
}

static bool
set_name(RadContext *context, PyradiomicsOptions *options, PyradiomicsKey key,
		 const SettingValue *value, const char *where)
{
	const PyradiomicsEntry *entry = &rad_pyradiomics_entries[key];
	bool		interpolator = entry->rule == PYRADIOMICS_RULE_INTERPOLATOR;
	const char *const *choices = interpolator ? rad_pyradiomics_interpolators : entry->choices;
	int			count = 0;

	/* Python's True is the integer 1, and as such passes for an interpolator. */
	if (interpolator && value->kind == SETTING_BOOLEAN && value->boolean)
	{
		store_scalar(options, key, 1);
		return true;
	}
	if (interpolator && value->kind == SETTING_NUMBER && value->integer &&
		value->number >= 1 && value->number <= PYRADIOMICS_INTERPOLATOR_COUNT)
	{
		store_scalar(options, key, value->number);
		return true;
	}
	if (value->kind != SETTING_TEXT)
		return wrong_value(context, key, value, NULL, where);
	for (; choices[count] != NULL; count++)
		if (strcmp(value->text, choices[count]) == 0)
		{
			store_scalar(options, key, interpolator ? count + 1 : count);
			return true;
		}
	return wrong_value(context, key, value, rad_nearest_name(value->text, choices, count), where);
}

static bool
set_wavelet(RadContext *context, PyradiomicsOptions *options, PyradiomicsKey key,
			const SettingValue *value, const char *where)
{
	const char *names[MOST_WAVELETS];
	bool		known;
	int			count = 0;

	if (value->kind != SETTING_TEXT)
		return wrong_value(context, key, value, NULL, where);
	while (count < MOST_WAVELETS && rad_wavelet_name(count) != NULL)
	{
		names[count] = rad_wavelet_name(count);
		count++;
	}
	known = rad_wavelet_is_continuous(value->text);
	for (int n = 0; n < count; n++)
		known = known || strcmp(names[n], value->text) == 0;
	if (!known || strlen(value->text) >= sizeof(options->wavelet))
		return wrong_value(context, key, value, rad_nearest_name(value->text, names, count), where);
	strcpy(options->wavelet, value->text);
	return true;
}

/* A null has a meaning, or is remembered as one that has none. */
static bool
set_null(RadContext *context, PyradiomicsOptions *options, PyradiomicsKey key,
		 const SettingValue *value, const char *where)
{
	const PyradiomicsEntry *entry = &rad_pyradiomics_entries[key];

	if (entry->rule == PYRADIOMICS_RULE_WAVELET)
		return wrong_value(context, key, value, NULL, where);
	if (isnan(entry->null_value))
	{
		store_default(options, key);
		options->nulls |= (uint64_t) 1 << key;
	}
	else if (is_list(entry->rule))
		memset(member_of(options, key), 0, sizeof(PyradiomicsList));
	else
		store_scalar(options, key, entry->null_value);
	return true;
}

bool
rad_pyradiomics_set(RadContext *context, PyradiomicsOptions *options, PyradiomicsKey key,
					const SettingValue *value, bool file, const char *where)
{
	double		number;

	options->nulls &= ~((uint64_t) 1 << key);
	if (value->kind == SETTING_NULL)
		return set_null(context, options, key, value, where);
	switch (rad_pyradiomics_entries[key].rule)
	{
		case PYRADIOMICS_RULE_BOOLEAN:
			if (value->kind != SETTING_BOOLEAN)
				return wrong_value(context, key, value, NULL, where);
			store_scalar(options, key, value->boolean);
			return true;
		case PYRADIOMICS_RULE_INTEGER:
		case PYRADIOMICS_RULE_NUMBER:
			if (!read_number(key, value, file, &number))
				return wrong_value(context, key, value, NULL, where);
			store_scalar(options, key, number);
			return true;
		case PYRADIOMICS_RULE_INTEGER_LIST:
		case PYRADIOMICS_RULE_NUMBER_LIST:
			return set_list(context, options, key, value, file, where);
		case PYRADIOMICS_RULE_CHOICE:
		case PYRADIOMICS_RULE_INTERPOLATOR:
			return set_name(context, options, key, value, where);
		case PYRADIOMICS_RULE_WAVELET:
			return set_wavelet(context, options, key, value, where);
	}
	return false;
}
