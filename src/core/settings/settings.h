/*
 * The settings of an extraction: everything that changes a number.
 *
 * settings.def is the one table of keys (name, kind, default, range, text);
 * parsing, canonical form and the reference page come from it.
 */
#ifndef RAD_SETTINGS_SETTINGS_H
#define RAD_SETTINGS_SETTINGS_H

#include "base/context.h"
#include "catalogue/catalogue.h"

typedef enum Interpolator
{
	INTERPOLATOR_NEAREST,
	INTERPOLATOR_TRILINEAR,
	INTERPOLATOR_TRICUBIC_SPLINE	/* interpolating B-spline of order 3, prefiltered */
} Interpolator;

typedef enum Discretisation
{
	DISCRETISATION_NONE,		/* intensities are grey levels already */
	DISCRETISATION_FIXED_BIN_NUMBER,
	DISCRETISATION_FIXED_BIN_SIZE,
	DISCRETISATION_AUTO			/* IVH only: NONE when every intensity is an
								 * integer, else FIXED_BIN_NUMBER */
} Discretisation;

typedef struct Settings
{
	/* Resampling: new spacing per axis in mm; 0 keeps the axis as it is. */
	double		resample_spacing[3];
	Interpolator image_interpolator;
	Interpolator mask_interpolator;	/* nearest or trilinear */
	double		mask_threshold; /* partial volume at which a voxel is inside */
	bool		round_intensities;	/* to the nearest integer, after resampling */

	/* Re-segmentation: closed range, -inf/inf where open; then mean +- k sd. */
	double		resegmentation_range[2];
	double		outlier_sigma;	/* 0: no outlier filter */

	Discretisation discretisation;
	int			bin_number;
	double		bin_size;
	Discretisation ivh_discretisation;
	int			ivh_bin_number;
	double		ivh_bin_size;

	AggregationSet aggregations;
	int			glcm_distance;	/* Chebyshev, voxels */
	int			ngtdm_distance;
	int			ngldm_distance;
	int			ngldm_alpha;	/* coarseness: largest |level difference| */

	FamilySet	families;
	bool		excluded[FEATURE_COUNT];	/* features not to compute */

	/* Input */
	int			frame;			/* of a 4-D image; -1: none chosen */
	double		geometry_tolerance; /* fraction of the spacing; see rad_grid_compare */
	bool		align_resample_mask;	/* bring the mask to the image's grid */

	/* Output */
	bool		diagnostics;	/* whole-image statistics and box rows too */
	bool		on_error_null;	/* a failing region gives NULLs and a status */
} Settings;

/*
 * The aggregation that a result with one column per feature shows: 3D_mrg when
 * it is among the chosen ones, else the first chosen.
 */
extern Aggregation rad_settings_column_aggregation(const Settings *settings);

/* True when any (not excluded) feature of the family is wanted. */
extern bool rad_settings_wants_family(const Settings *settings, Family family);

/*
 * A typed value of one key as the caller's JSON parser found it.  A list holds
 * its elements in order, an object its members; JSON null is SETTING_NULL.
 */
typedef enum SettingKind
{
	SETTING_NULL,
	SETTING_BOOLEAN,
	SETTING_NUMBER,
	SETTING_TEXT,
	SETTING_LIST,
	SETTING_OBJECT				/* never valid for a key of settings.def */
} SettingKind;

typedef struct SettingValue
{
	SettingKind kind;
	bool		boolean;
	double		number;
	bool		integer;		/* number is written without fraction and exponent */
	const char *text;
	int			count;			/* of elements */
	const struct SettingValue *elements;
	const char *const *keys;	/* of an object: the name of each element */
} SettingValue;

extern void rad_settings_default(Settings *settings);

/*
 * Set one key.  RAD_INVALID_PARAMETER for an unknown key (hint: the nearest
 * one), a value of the wrong kind or out of range (message: key and value;
 * hint: what is allowed).
 */
extern bool rad_settings_set(RadContext *context, Settings *settings, const char *key,
							 const SettingValue *value);

/* Checks between keys, after all have been set. */
extern bool rad_settings_validate(RadContext *context, const Settings *settings);

/*
 * Canonical form: JSON text with every key in the table's order, numbers in
 * their shortest exact form.  Parsing it gives the same settings.
 */
extern char *rad_settings_canonical(RadContext *context, const Settings *settings);

/* Named presets as JSON text. */
typedef struct SettingsPreset
{
	const char *name;			/* "ibsi_config_a" */
	const char *json;
	const char *description;
} SettingsPreset;

extern const SettingsPreset rad_presets[];
extern const int rad_preset_count;
extern const SettingsPreset *rad_find_preset(const char *name);

/*
 * Among count names the one with the smallest edit distance to word, or NULL
 * when none is near.  For hints.
 */
extern const char *rad_nearest_name(const char *word, const char *const *names, int count);

#endif							/* RAD_SETTINGS_SETTINGS_H */
