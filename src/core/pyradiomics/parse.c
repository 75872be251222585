/*
 * PyRadiomics' settings from an object: a parameter file as it stands, or the
 * JSON that SQL functions take.
 */
#include "pyradiomics/settings_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "filters/wavelet_bank.h"

/* One object being read. */
typedef struct Reading
{
	RadContext *context;
	bool		file;			/* a parameter file: only what PyRadiomics takes */
	PyradiomicsSettings *settings;
} Reading;

/* Where the name of an image type follows in messages. */
#define WHERE_SIZE 64

static const SettingValue *
member_named(const SettingValue *object, const char *name)
{
	for (int n = 0; n < object->count; n++)
		if (strcmp(object->keys[n], name) == 0)
			return &object->elements[n];
	return NULL;
}

/* A name that is none of the known ones; kind says of what ("image type"). */
static bool
unknown_name(RadContext *context, const char *kind, const char *name, const char *where,
			 const char *const *names, int count)
{
	const char *nearest = rad_nearest_name(name, names, count);
	char		name_buffer[160];
	char		list_buffer[440];
	SettingText name_text = {name_buffer, sizeof(name_buffer), 0};
	SettingText list_text = {list_buffer, sizeof(list_buffer), 0};

	rad_setting_append_string(&name_text, name);
	rad_setting_mark_cut(&name_text);
	rad_fail(context, RAD_INVALID_PARAMETER, "unknown %s %s%s", kind, name_buffer, where);
	if (nearest != NULL)
		return rad_hint(context, "Did you mean \"%s\"?", nearest);
	for (int n = 0; n < count; n++)
	{
		if (n > 0)
			rad_setting_append(&list_text, ", ");
		rad_setting_append(&list_text, names[n]);
	}
	rad_setting_mark_cut(&list_text);
	return rad_hint(context, "Known are %s.", list_buffer);
}

static bool
wrong_shape(RadContext *context, const char *key, const SettingValue *value, const char *wanted)
{
	char		buffer[160];
	SettingText text = {buffer, sizeof(buffer), 0};

	rad_setting_append_value(&text, value);
	rad_setting_mark_cut(&text);
	rad_fail(context, RAD_INVALID_PARAMETER, "invalid value for \"%s\": %s", key, buffer);
	return rad_hint(context, "Give %s.", wanted);
}

static bool
unknown_setting(RadContext *context, PyradiomicsSection section, const char *name,
				const char *where)
{
	const char *names[PYRADIOMICS_KEY_COUNT];
	int			count = 0;

	for (int key = 0; key < PYRADIOMICS_KEY_COUNT; key++)
		if (rad_pyradiomics_entries[key].section == section)
			names[count++] = rad_pyradiomics_entries[key].key;
	return unknown_name(context, "setting", name, where, names, count);
}

/* The members of an object of settings, into options. */
static bool
read_section(const Reading *reading, const char *name, PyradiomicsSection section,
			 const SettingValue *object, const char *where, PyradiomicsOptions *options)
{
	if (object->kind != SETTING_OBJECT)
		return wrong_shape(reading->context, name, object, "an object of settings");
	for (int n = 0; n < object->count; n++)
	{
		PyradiomicsKey key = rad_pyradiomics_find_key(section, object->keys[n]);

		if (key == PYRADIOMICS_KEY_COUNT)
			return unknown_setting(reading->context, section, object->keys[n], where);
		if (!rad_pyradiomics_set(reading->context, options, key, &object->elements[n],
								 reading->file, where))
			return false;
		if (key == PYRADIOMICS_KEY_label && options == &reading->settings->options)
			reading->settings->label_given = object->elements[n].kind != SETTING_NULL;
	}
	return true;
}

/* ------------------------------------------------------ classes and features */

static void
choose_all_features(PyradiomicsClassChoice *choice)
{
	const PyradiomicsClassEntry *entry = &rad_pyradiomics_classes[choice->class_id];

	choice->count = 0;
	for (int n = 0; n < entry->count; n++)
		if (rad_pyradiomics_features[entry->first + n].status == PYRADIOMICS_REGULAR)
			choice->features[choice->count++] = (PyradiomicsFeature) (entry->first + n);
}

static void
choose_class(PyradiomicsSettings *settings, PyradiomicsClass class_id)
{
	PyradiomicsClassChoice *choice = &settings->classes[settings->class_count++];

	choice->class_id = class_id;
	choose_all_features(choice);
}

const PyradiomicsClassChoice *
rad_pyradiomics_class(const PyradiomicsSettings *settings, PyradiomicsClass class_id)
{
	for (int n = 0; n < settings->class_count; n++)
		if (settings->classes[n].class_id == class_id)
			return &settings->classes[n];
	return NULL;
}

void
rad_pyradiomics_default(PyradiomicsSettings *settings)
{
	memset(settings, 0, sizeof(*settings));
	rad_pyradiomics_default_options(&settings->options);
	settings->image_count = 1;
	settings->images[0].type = PYRADIOMICS_ORIGINAL;
	settings->images[0].options = settings->options;
	for (int n = 0; n < PYRADIOMICS_CLASS_COUNT; n++)
		if (n != PYRADIOMICS_shape2D)
			choose_class(settings, (PyradiomicsClass) n);
	settings->frame = -1;
}

static bool
choose_feature(RadContext *context, PyradiomicsClassChoice *choice, const SettingValue *value)
{
	const PyradiomicsClassEntry *entry = &rad_pyradiomics_classes[choice->class_id];
	const char *names[PYRADIOMICS_CLASS_SIZE];
	char		where[WHERE_SIZE];
	int			found = 0;

	for (int n = 0; n < entry->count; n++)
		names[n] = rad_pyradiomics_features[entry->first + n].name;
	if (value->kind != SETTING_TEXT)
		return wrong_shape(context, entry->name, value, "a list of names of features, or null for "
						   "all");
	while (found < entry->count && strcmp(names[found], value->text) != 0)
		found++;
	if (found == entry->count)
	{
		snprintf(where, sizeof(where), " of class \"%s\"", entry->name);
		return unknown_name(context, "feature", value->text, where, names, entry->count);
	}
	for (int n = 0; n < choice->count; n++)
		if (choice->features[n] == entry->first + found)
			return true;
	choice->features[choice->count++] = (PyradiomicsFeature) (entry->first + found);
	return true;
}

/* One class with its features: a list of names, or null or nothing for all. */
static bool
read_class(const Reading *reading, const char *name, const SettingValue *features)
{
	PyradiomicsSettings *settings = reading->settings;
	const char *names[PYRADIOMICS_CLASS_COUNT];
	PyradiomicsClassChoice *choice;
	int			class_id = 0;

	for (int n = 0; n < PYRADIOMICS_CLASS_COUNT; n++)
		names[n] = rad_pyradiomics_classes[n].name;
	while (class_id < PYRADIOMICS_CLASS_COUNT && strcmp(names[class_id], name) != 0)
		class_id++;
	if (class_id == PYRADIOMICS_CLASS_COUNT)
		return unknown_name(reading->context, "feature class", name, "", names,
							PYRADIOMICS_CLASS_COUNT);
	if (rad_pyradiomics_class(settings, (PyradiomicsClass) class_id) != NULL)
		return rad_fail(reading->context, RAD_INVALID_PARAMETER,
						"feature class \"%s\" is given twice", name);
	if (features != NULL && features->kind != SETTING_NULL && features->kind != SETTING_LIST)
		return wrong_shape(reading->context, name, features,
						   "a list of names of features, or null for all");
	choose_class(settings, (PyradiomicsClass) class_id);
	choice = &settings->classes[settings->class_count - 1];
	if (features == NULL || features->kind == SETTING_NULL || features->count == 0)
		return true;
	choice->count = 0;
	for (int n = 0; n < features->count; n++)
		if ((n % 1024 == 1023 && !rad_continue(reading->context)) ||
			!choose_feature(reading->context, choice, &features->elements[n]))
			return false;
	return true;
}

/* --------------------------------------------------------------- image types */

static bool
read_image_type(const Reading *reading, const char *name, const SettingValue *overrides)
{
	PyradiomicsSettings *settings = reading->settings;
	PyradiomicsImage *image;
	char		where[WHERE_SIZE];
	int			type = 0;

	while (type < PYRADIOMICS_IMAGE_TYPE_COUNT &&
		   strcmp(rad_pyradiomics_image_type_names[type], name) != 0)
		type++;
	if (type == PYRADIOMICS_IMAGE_TYPE_COUNT)
		return unknown_name(reading->context, "image type", name, "",
							rad_pyradiomics_image_type_names, PYRADIOMICS_IMAGE_TYPE_COUNT);
	for (int n = 0; n < settings->image_count; n++)
		if (settings->images[n].type == (PyradiomicsImageType) type)
			return rad_fail(reading->context, RAD_INVALID_PARAMETER,
							"image type \"%s\" is given twice", name);
	image = &settings->images[settings->image_count++];
	image->type = (PyradiomicsImageType) type;
	image->options = settings->options;
	snprintf(where, sizeof(where), " of image type \"%s\"", name);
	return overrides == NULL ||
		read_section(reading, name, PYRADIOMICS_SECTION_SETTING, overrides, where,
					 &image->options);
}

/* ---------------------------------------------------------- the whole object */

typedef bool (*NamedReader) (const Reading *reading, const char *name, const SettingValue *value);

/*
 * "imageType" or "featureClass": an object, read in the order of the known
 * names because the order of its members is nobody's choice, or a list of names
 * and of objects with one member, read in its own order.
 */
static bool
read_named(const Reading *reading, const char *key, const SettingValue *value,
		   const char *const *names, int count, NamedReader read)
{
	if (value->kind == SETTING_OBJECT)
	{
		for (int n = 0; n < value->count; n++)
		{
			bool		known = false;

			for (int m = 0; m < count; m++)
				known = known || strcmp(names[m], value->keys[n]) == 0;
			if (!known)
				return read(reading, value->keys[n], &value->elements[n]);
		}
		for (int n = 0; n < count; n++)
		{
			const SettingValue *member = member_named(value, names[n]);

			if (member != NULL && !read(reading, names[n], member))
				return false;
		}
		return true;
	}
	if (value->kind != SETTING_LIST || reading->file)
		return wrong_shape(reading->context, key, value,
						   reading->file ? "a mapping" :
						   "an object, or a list of names and of objects with one member");
	for (int n = 0; n < value->count; n++)
	{
		const SettingValue *one = &value->elements[n];

		if (one->kind == SETTING_OBJECT && one->count == 1)
		{
			if (!read(reading, one->keys[0], &one->elements[0]))
				return false;
		}
		else if (one->kind != SETTING_TEXT)
			return wrong_shape(reading->context, key, one, "a name or an object with one member");
		else if (!read(reading, one->text, NULL))
			return false;
	}
	return true;
}

/* Keys of Settings that mean the same with every profile. */
static const char *const common_keys[] = {"frame", "diagnostics", "on_error"};

#define COMMON_KEY_COUNT ((int) (sizeof(common_keys) / sizeof(common_keys[0])))

/*
 * What stands beside the parts of a parameter file: common keys, and single
 * settings, which win over those of the parts as keyword arguments of
 * PyRadiomics do.
 */
static bool
read_top_level(const Reading *reading, const SettingValue *object)
{
	static const char *const parts[] = {"setting", "voxelSetting", "imageType", "featureClass"};
	const char *names[4 + COMMON_KEY_COUNT + 1 + PYRADIOMICS_KEY_COUNT];
	PyradiomicsSettings *settings = reading->settings;
	Settings	common;
	int			count = 0;

	rad_settings_default(&common);
	for (int n = 0; n < 4; n++)
		names[count++] = parts[n];
	if (!reading->file)
	{
		for (int n = 0; n < COMMON_KEY_COUNT; n++)
			names[count++] = common_keys[n];
		names[count++] = "profile";
		for (int key = 0; key < PYRADIOMICS_KEY_COUNT; key++)
			names[count++] = rad_pyradiomics_entries[key].key;
	}
	for (int n = 0; n < object->count; n++)
	{
		const char *name = object->keys[n];
		const SettingValue *value = &object->elements[n];
		int			found = 0;

		while (found < count && strcmp(names[found], name) != 0)
			found++;
		if (found == count)
			return unknown_name(reading->context, reading->file ? "key" : "setting", name, "",
								names, count);
		if (found >= 4 && found < 4 + COMMON_KEY_COUNT &&
			!rad_settings_set(reading->context, &common, name, value))
			return false;
		if (found > 4 + COMMON_KEY_COUNT)
		{
			PyradiomicsKey key = (PyradiomicsKey) (found - 4 - COMMON_KEY_COUNT - 1);

			if (!rad_pyradiomics_set(reading->context, &settings->options, key, value, false, ""))
				return false;
			if (key == PYRADIOMICS_KEY_label)
				settings->label_given = value->kind != SETTING_NULL;
		}
	}
	settings->frame = common.frame;
	settings->diagnostics = common.diagnostics;
	settings->on_error_null = common.on_error_null;
	return true;
}

static bool
read_object(const Reading *reading, const SettingValue *object)
{
	PyradiomicsSettings *settings = reading->settings;
	const char *class_names[PYRADIOMICS_CLASS_COUNT];
	const SettingValue *part;

	for (int n = 0; n < PYRADIOMICS_CLASS_COUNT; n++)
		class_names[n] = rad_pyradiomics_classes[n].name;
	if (object->kind != SETTING_OBJECT)
		return wrong_shape(reading->context, "settings", object, "an object");
	for (int n = 0; n < PYRADIOMICS_SECTION_COUNT; n++)
	{
		const char *name = rad_pyradiomics_section_names[n];

		part = member_named(object, name);
		if (part != NULL && !read_section(reading, name, (PyradiomicsSection) n, part, "",
										  &settings->options))
			return false;
	}
	if (!read_top_level(reading, object))
		return false;

	/* An empty "featureClass" is all of them, with shape2D. */
	part = member_named(object, "featureClass");
	if (part != NULL)
	{
		settings->class_count = 0;
		if (!read_named(reading, "featureClass", part, class_names, PYRADIOMICS_CLASS_COUNT,
						read_class))
			return false;
		for (int n = 0; n < PYRADIOMICS_CLASS_COUNT && part->count == 0; n++)
			choose_class(settings, (PyradiomicsClass) n);
	}

	part = member_named(object, "imageType");
	settings->images[0].options = settings->options;
	if (part != NULL && (part->count > 0 || part->kind != SETTING_OBJECT))
	{
		settings->image_count = 0;
		if (!read_named(reading, "imageType", part, rad_pyradiomics_image_type_names,
						PYRADIOMICS_IMAGE_TYPE_COUNT, read_image_type))
			return false;
		if (settings->image_count == 0)
			settings->image_count = 1;
	}
	return true;
}

bool
rad_pyradiomics_check_file(RadContext *context, const SettingValue *object)
{
	PyradiomicsSettings settings;
	Reading		reading = {context, true, &settings};

	rad_pyradiomics_default(&settings);
	return read_object(&reading, object);
}

/* --------------------------------------------------- what can be computed with */

static bool
wants_any(const PyradiomicsSettings *settings, unsigned classes)
{
	for (int n = 0; n < settings->class_count; n++)
		if (classes >> settings->classes[n].class_id & 1)
			return true;
	return false;
}

#define CLASS(name) (1u << PYRADIOMICS_##name)
#define PAIR_CLASSES (CLASS(glcm) | CLASS(gldm) | CLASS(ngtdm))
#define TEXTURE_CLASSES (PAIR_CLASSES | CLASS(glrlm) | CLASS(glszm))

/* No image type: the global settings, for the steps before filters. */
#define NO_IMAGE_TYPE PYRADIOMICS_IMAGE_TYPE_COUNT

/* Whether an extraction with these options looks at a setting. */
static bool
is_used(const PyradiomicsSettings *settings, const PyradiomicsOptions *options, int image_type,
		PyradiomicsUse use)
{
	bool		resamples = options->interpolator != 0 &&
		options->resampled_pixel_spacing.count > 0;

	switch (use)
	{
			/* Before filters, so those of an image type have no effect. */
		case USE_ALWAYS:
			return image_type == NO_IMAGE_TYPE;
		case USE_NORMALIZE:
			return image_type == NO_IMAGE_TYPE && options->normalize;
		case USE_PADDING:
			return image_type == NO_IMAGE_TYPE && (resamples || options->pre_crop);
		case USE_RESEGMENT:
			return image_type == NO_IMAGE_TYPE && options->resegment_range.count > 0;

		case USE_BIN_WIDTH:
			return image_type != NO_IMAGE_TYPE && options->bin_count == 0 &&
				wants_any(settings, TEXTURE_CLASSES | CLASS(firstorder));
		case USE_DISTANCES:
			return image_type != NO_IMAGE_TYPE && wants_any(settings, PAIR_CLASSES);
		case USE_TEXTURES:
			return image_type != NO_IMAGE_TYPE && wants_any(settings, TEXTURE_CLASSES);
		case USE_FORCE_2D:
			return options->force_2d || image_type == PYRADIOMICS_LBP2D ||
				(image_type != NO_IMAGE_TYPE && wants_any(settings, TEXTURE_CLASSES));
		case USE_FIRST_ORDER:
			return image_type != NO_IMAGE_TYPE && wants_any(settings, CLASS(firstorder));
		case USE_GLDM:
			return image_type != NO_IMAGE_TYPE && wants_any(settings, CLASS(gldm));

		case USE_GRADIENT:
			return image_type == PYRADIOMICS_GRADIENT;
		case USE_LOG:
			return image_type == PYRADIOMICS_LOG;
		case USE_WAVELET:
			return image_type == PYRADIOMICS_WAVELET;
		case USE_LBP2D:
			return image_type == PYRADIOMICS_LBP2D;
		case USE_LBP3D:
			return image_type == PYRADIOMICS_LBP3D;
	}
	return true;
}

/* Values that PyRadiomics accepts in a file and then fails on. */
static bool
check_usable(RadContext *context, const PyradiomicsSettings *settings,
			 const PyradiomicsOptions *options, int image_type)
{
	for (int key = 0; key < PYRADIOMICS_KEY_COUNT; key++)
	{
		const PyradiomicsEntry *entry = &rad_pyradiomics_entries[key];
		char		buffer[400];
		SettingText text = {buffer, sizeof(buffer), 0};

		if ((options->nulls >> key & 1) == 0 ||
			!is_used(settings, options, image_type, entry->use))
			continue;
		rad_pyradiomics_append_allowed(&text, (PyradiomicsKey) key);
		rad_fail(context, RAD_INVALID_PARAMETER, "setting \"%s\" is null, but used", entry->key);
		return rad_hint(context, "PyRadiomics accepts this in a file and then fails. Give %s.", buffer);
	}
	if (image_type == PYRADIOMICS_WAVELET && rad_wavelet_is_continuous(options->wavelet))
	{
		rad_fail(context, RAD_INVALID_PARAMETER,
				 "wavelet \"%s\" is continuous, which no image can be decomposed with",
				 options->wavelet);
		return rad_hint(context, "PyRadiomics accepts its name in a file and then fails. "
						"Give a discrete wavelet, such as \"coif1\" or \"bior2.2\".");
	}

	/*
	 * PyRadiomics would take the voxels of another label that lie in this
	 * label's box: nobody means that.
	 */
	if (options->label != settings->options.label)
	{
		rad_fail(context, RAD_NOT_SUPPORTED,
				 "setting \"label\" of image type \"%s\" is %d, but the region's is %d",
				 rad_pyradiomics_image_type_names[image_type], options->label,
				 settings->options.label);
		return rad_hint(context, "Leave it out: all image types have the same region.");
	}
	return true;
}

bool
rad_pyradiomics_parse(RadContext *context, const SettingValue *object,
					  PyradiomicsSettings *settings)
{
	Reading		reading = {context, false, settings};

	rad_pyradiomics_default(settings);
	if (!read_object(&reading, object) ||
		!check_usable(context, settings, &settings->options, NO_IMAGE_TYPE))
		return false;
	for (int n = 0; n < settings->image_count; n++)
		if (!check_usable(context, settings, &settings->images[n].options,
						  (int) settings->images[n].type))
			return false;
	return true;
}
