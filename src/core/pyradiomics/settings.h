/*
 * The settings of an extraction with the conventions of PyRadiomics: its 37
 * settings and 4 settings of voxel maps, its image types and feature classes.
 *
 * settings.def is the one table of keys, features.def the one of features;
 * parsing, canonical form and the reference page come from them.
 */
#ifndef RAD_PYRADIOMICS_SETTINGS_H
#define RAD_PYRADIOMICS_SETTINGS_H

#include <stdint.h>

#include "pyradiomics/feature_names.h"
#include "settings/settings.h"

/* The image types in the order in which PyRadiomics lists them. */
typedef enum PyradiomicsImageType
{
	PYRADIOMICS_EXPONENTIAL,
	PYRADIOMICS_GRADIENT,
	PYRADIOMICS_LBP2D,
	PYRADIOMICS_LBP3D,
	PYRADIOMICS_LOG,
	PYRADIOMICS_LOGARITHM,
	PYRADIOMICS_ORIGINAL,
	PYRADIOMICS_SQUARE,
	PYRADIOMICS_SQUARE_ROOT,
	PYRADIOMICS_WAVELET
} PyradiomicsImageType;

#define PYRADIOMICS_IMAGE_TYPE_COUNT 10

/* "Exponential", ... as a parameter file writes them. */
extern const char *const rad_pyradiomics_image_type_names[PYRADIOMICS_IMAGE_TYPE_COUNT];

typedef enum PyradiomicsResegmentMode
{
	PYRADIOMICS_RESEGMENT_ABSOLUTE,
	PYRADIOMICS_RESEGMENT_RELATIVE,
	PYRADIOMICS_RESEGMENT_SIGMA
} PyradiomicsResegmentMode;

typedef enum PyradiomicsLbp2dMethod
{
	PYRADIOMICS_LBP2D_DEFAULT,
	PYRADIOMICS_LBP2D_ROR,
	PYRADIOMICS_LBP2D_UNIFORM,
	PYRADIOMICS_LBP2D_VAR
} PyradiomicsLbp2dMethod;

/* How the matrices of GLCM's and GLRLM's directions are merged. */
typedef enum PyradiomicsWeighting
{
	PYRADIOMICS_WEIGHTING_EUCLIDEAN,
	PYRADIOMICS_WEIGHTING_MANHATTAN,
	PYRADIOMICS_WEIGHTING_INFINITY,
	PYRADIOMICS_WEIGHTING_NONE, /* merged with weight 1 */
	PYRADIOMICS_WEIGHTING_NULL	/* not merged: features per direction, then their mean */
} PyradiomicsWeighting;

/* More numbers in one list than anyone needs, so that settings need no memory. */
#define PYRADIOMICS_LIST_SIZE 64

/* Room for the longest name of a wavelet. */
#define PYRADIOMICS_WAVELET_SIZE 16

typedef struct PyradiomicsList
{
	int			count;			/* 0: null, or an empty list */
	uint64_t	integers;		/* bit n: value n was written without a fraction */
	double		values[PYRADIOMICS_LIST_SIZE];
} PyradiomicsList;

/*
 * A number as Python prints it: "3" for the integer 3, "3.0" for the same as a
 * float.  The name of a LoG image contains it.
 */
#define PYRADIOMICS_NUMBER_SIZE 32
extern void rad_pyradiomics_number_text(const PyradiomicsList *list, int index,
										char text[PYRADIOMICS_NUMBER_SIZE]);

/*
 * One value per row of settings.def.  A null that means something has that
 * meaning here already (false, "none", an empty list); one that PyRadiomics
 * fails on has been refused, unless nothing looks at the value.
 */
typedef struct PyradiomicsOptions
{
	/* Mask */
	int			minimum_roi_dimensions; /* 1 to 3 */
	int			minimum_roi_size;	/* -1: none; else more voxels than this */
	double		geometry_tolerance; /* 0: null, which means 1e-6 */
	bool		correct_mask;
	int			label;
	int			label_channel;
	bool		resegment_shape;
	PyradiomicsResegmentMode resegment_mode;
	PyradiomicsList resegment_range;	/* as written: not sorted, any length */

	/* Image */
	bool		normalize;
	double		normalize_scale;
	double		remove_outliers;	/* 0: null */
	PyradiomicsList resampled_pixel_spacing;	/* x, y, z; any length */
	int			interpolator;	/* PyRadiomics' number, 1 to 10; 0: null */
	bool		pre_crop;
	int			pad_distance;

	/* Discretisation and features */
	double		bin_width;
	int			bin_count;		/* 0: null, bin_width holds */
	bool		force_2d;
	int			force_2d_dimension; /* array order: 0 z, 1 y, 2 x */
	PyradiomicsList distances;
	int			voxel_array_shift;
	bool		symmetrical_glcm;
	PyradiomicsWeighting weighting_norm;
	int			gldm_a;

	/* Filters */
	PyradiomicsList sigma;		/* mm */
	int			start_level;
	int			level;
	char		wavelet[PYRADIOMICS_WAVELET_SIZE];	/* name in PyWavelets */
	bool		gradient_use_spacing;
	double		lbp2d_radius;
	int			lbp2d_samples;
	PyradiomicsLbp2dMethod lbp2d_method;
	int			lbp3d_levels;
	double		lbp3d_icosphere_radius;
	int			lbp3d_icosphere_subdivision;

	bool		additional_info;	/* only kept; see diagnostics below */

	/* Voxel maps */
	int			kernel_radius;
	bool		masked_kernel;
	double		init_value;		/* may be NaN */
	int			voxel_batch;	/* -1: all (see maps.c) */

	uint64_t	nulls;			/* bit per key that is null without a meaning */
} PyradiomicsOptions;

/* One enabled image type; its own settings are merged over the global ones. */
typedef struct PyradiomicsImage
{
	PyradiomicsImageType type;
	PyradiomicsOptions options;
} PyradiomicsImage;

/* One enabled class with its enabled features, in the order of the output. */
typedef struct PyradiomicsClassChoice
{
	PyradiomicsClass class_id;
	int			count;
	PyradiomicsFeature features[PYRADIOMICS_CLASS_SIZE];
} PyradiomicsClassChoice;

typedef struct PyradiomicsSettings
{
	PyradiomicsOptions options; /* steps up to the shape features */
	int			image_count;
	PyradiomicsImage images[PYRADIOMICS_IMAGE_TYPE_COUNT];
	int			class_count;
	PyradiomicsClassChoice classes[PYRADIOMICS_CLASS_COUNT];

	/* Keys that concern every profile; as in Settings. */
	int			frame;			/* of a 4-D image; -1: none chosen */
	bool		diagnostics;	/* rows about image and mask too */
	bool		on_error_null;	/* a failing region gives NULLs and a status */

	bool		label_given;	/* "label" was given: it, not every label, is meant */
} PyradiomicsSettings;

/*
 * Defaults: Original with all features that are not deprecated, of every class
 * but shape2D.
 */
extern void rad_pyradiomics_default(PyradiomicsSettings *settings);

/*
 * The choice of a class, or NULL when the class is not enabled.
 */
extern const PyradiomicsClassChoice *rad_pyradiomics_class(const PyradiomicsSettings *settings,
														   PyradiomicsClass class_id);

/*
 * Settings from an object with the keys "imageType", "featureClass", "setting"
 * and "voxelSetting" of a parameter file, keys of "setting" and "voxelSetting"
 * themselves (PyRadiomics' keyword arguments: they win), and "on_error",
 * "diagnostics" and "frame".  A "profile" is skipped.
 *
 * JSON objects of PostgreSQL do not keep their order, so "imageType" and
 * "featureClass" may be lists: [{"LoG": {"sigma": [2.0]}}, "Original"].
 *
 * RAD_INVALID_PARAMETER for what PyRadiomics refuses, or what makes it fail on
 * every image.
 */
extern bool rad_pyradiomics_parse(RadContext *context, const SettingValue *object,
								  PyradiomicsSettings *settings);

/* Canonical form: JSON text with every key.  Parsing it gives the same. */
extern char *rad_pyradiomics_canonical(RadContext *context, const PyradiomicsSettings *settings);

#endif							/* RAD_PYRADIOMICS_SETTINGS_H */
