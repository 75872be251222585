/*
 * The table of settings.def as data: shared by the parser, the canonical form
 * and the generator of the reference page.
 */
#ifndef RAD_PYRADIOMICS_SETTINGS_TABLE_H
#define RAD_PYRADIOMICS_SETTINGS_TABLE_H

#include "pyradiomics/settings.h"
#include "settings/settings_table.h"

typedef enum PyradiomicsKey
{
#define PYRADIOMICS_SETTING(section, rule, key, member, default, null, allowed, choices, use, \
							description) \
	PYRADIOMICS_KEY_##key,
#include "pyradiomics/settings.def"
#undef PYRADIOMICS_SETTING
	PYRADIOMICS_KEY_COUNT
} PyradiomicsKey;

/* The key of a parameter file that holds a setting. */
typedef enum PyradiomicsSection
{
	PYRADIOMICS_SECTION_SETTING,
	PYRADIOMICS_SECTION_VOXEL
} PyradiomicsSection;

#define PYRADIOMICS_SECTION_COUNT 2
extern const char *const rad_pyradiomics_section_names[PYRADIOMICS_SECTION_COUNT];

typedef enum PyradiomicsRule
{
	PYRADIOMICS_RULE_BOOLEAN,
	PYRADIOMICS_RULE_INTEGER,
	PYRADIOMICS_RULE_NUMBER,
	PYRADIOMICS_RULE_INTEGER_LIST,
	PYRADIOMICS_RULE_NUMBER_LIST,
	PYRADIOMICS_RULE_CHOICE,
	PYRADIOMICS_RULE_INTERPOLATOR,	/* a name or its number */
	PYRADIOMICS_RULE_WAVELET
} PyradiomicsRule;

/* Which extractions look at a setting, and so fail on a null in it. */
typedef enum PyradiomicsUse
{
	USE_ALWAYS,
	USE_BIN_WIDTH,				/* without binCount */
	USE_NORMALIZE,
	USE_PADDING,				/* resampling or preCrop */
	USE_DISTANCES,				/* glcm, gldm or ngtdm */
	USE_TEXTURES,				/* any class of matrices */
	USE_FORCE_2D,				/* textures, force2D or LBP2D */
	USE_RESEGMENT,
	USE_FIRST_ORDER,
	USE_GLDM,
	USE_GRADIENT,
	USE_LOG,
	USE_WAVELET,
	USE_LBP2D,
	USE_LBP3D
} PyradiomicsUse;

typedef struct PyradiomicsEntry
{
	const char *key;
	PyradiomicsSection section;
	PyradiomicsRule rule;
	size_t		offset;			/* of the member of PyradiomicsOptions */
	double		default_value;	/* booleans 0 or 1, choices their index */
	double		null_value;		/* what null means; NAN: nothing */
	SettingInterval allowed;	/* of a number, or of each in a list */
	const char *const *choices; /* names, NULL at the end */
	PyradiomicsUse use;
	const char *description;
} PyradiomicsEntry;

extern const PyradiomicsEntry rad_pyradiomics_entries[PYRADIOMICS_KEY_COUNT];

/* The names of interpolators; PyRadiomics' number is the index plus 1. */
#define PYRADIOMICS_INTERPOLATOR_COUNT 10
extern const char *const rad_pyradiomics_interpolators[PYRADIOMICS_INTERPOLATOR_COUNT + 1];

extern void rad_pyradiomics_default_options(PyradiomicsOptions *options);

/* The key of that name in a section, or PYRADIOMICS_KEY_COUNT. */
extern PyradiomicsKey rad_pyradiomics_find_key(PyradiomicsSection section, const char *name);

/*
 * Set one key.  `file` is for a parameter file's own check: what PyRadiomics
 * accepts there passes, although it may be useless (infinite numbers).  `where`
 * says for messages where the key stands ("of image type \"LoG\""), or is empty.
 */
extern bool rad_pyradiomics_set(RadContext *context, PyradiomicsOptions *options,
								PyradiomicsKey key, const SettingValue *value, bool file,
								const char *where);

/* A scalar's value; booleans 0 or 1, choices their index. */
extern double rad_pyradiomics_scalar(const PyradiomicsOptions *options, PyradiomicsKey key);

/* A list's value. */
extern const PyradiomicsList *rad_pyradiomics_list(const PyradiomicsOptions *options,
												   PyradiomicsKey key);

/* One value in its canonical form: JSON. */
extern void rad_pyradiomics_append_canonical(SettingText *text,
											 const PyradiomicsOptions *options,
											 PyradiomicsKey key);

/* A number as Python prints it, but not finite ones as quoted text. */
extern void rad_pyradiomics_append_number(SettingText *text, double number, bool integer);

/* What a setting accepts: "a number above 0 or null". */
extern void rad_pyradiomics_append_allowed(SettingText *text, PyradiomicsKey key);

/*
 * Text as Python's float() reads it: "12.5", "1_000", "-inf", "nan", spaces
 * around it.  Returns whether it is a number.
 */
extern bool rad_pyradiomics_python_float(const char *text, double *number);

/* Settings of a parameter file (all of them: see rad_pyradiomics_parse). */
extern bool rad_pyradiomics_check_file(RadContext *context, const SettingValue *object);

#endif							/* RAD_PYRADIOMICS_SETTINGS_TABLE_H */
