/*
 * PyRadiomics' 127 features, by class.  features.def is the only list; the SQL
 * type, comments and the reference page are generated from it.
 */
#ifndef RAD_PYRADIOMICS_FEATURE_NAMES_H
#define RAD_PYRADIOMICS_FEATURE_NAMES_H

#include <stdbool.h>

/* Classes in alphabetical order, which is that of PyRadiomics' default run. */
typedef enum PyradiomicsClass
{
	PYRADIOMICS_firstorder,
	PYRADIOMICS_glcm,
	PYRADIOMICS_gldm,
	PYRADIOMICS_glrlm,
	PYRADIOMICS_glszm,
	PYRADIOMICS_ngtdm,
	PYRADIOMICS_shape,
	PYRADIOMICS_shape2D
} PyradiomicsClass;

#define PYRADIOMICS_CLASS_COUNT 8
#define PYRADIOMICS_CLASS_SIZE 28	/* features of the largest class, glcm */

typedef enum PyradiomicsFeatureStatus
{
	PYRADIOMICS_REGULAR,		/* part of "all features" */
	PYRADIOMICS_DEPRECATED,		/* computed when named */
	PYRADIOMICS_WITHDRAWN		/* may be named, never gives a value */
} PyradiomicsFeatureStatus;

/* PYRADIOMICS_glcm_Contrast and so on; by class, in the order of the output. */
typedef enum PyradiomicsFeature
{
#define PYRADIOMICS_FEATURE(class_name, name, status, unit, definition) \
	PYRADIOMICS_##class_name##_##name,
#include "pyradiomics/features.def"
	PYRADIOMICS_FEATURE_COUNT
} PyradiomicsFeature;

typedef struct PyradiomicsFeatureEntry
{
	PyradiomicsClass class_id;
	const char *name;			/* "Contrast" */
	PyradiomicsFeatureStatus status;
	const char *unit;			/* "mm3", "intensity", "1", ... */
	const char *definition;		/* one sentence */
} PyradiomicsFeatureEntry;

typedef struct PyradiomicsClassEntry
{
	const char *name;			/* "glcm" */
	const char *title;			/* "Grey level co-occurrence matrix" */
	const char *note;			/* letters of the definitions */
	PyradiomicsFeature first;
	int			count;
} PyradiomicsClassEntry;

extern const PyradiomicsFeatureEntry rad_pyradiomics_features[PYRADIOMICS_FEATURE_COUNT];
extern const PyradiomicsClassEntry rad_pyradiomics_classes[PYRADIOMICS_CLASS_COUNT];

/* Is the feature in PyRadiomics' output without a parameter file? */
extern bool rad_pyradiomics_is_default(PyradiomicsFeature feature);

/*
 * The classes in the order of the output: shape, shape2D, then the others.
 * Features of a default run and the columns of the SQL type come so.
 */
extern const PyradiomicsClass rad_pyradiomics_output_order[PYRADIOMICS_CLASS_COUNT];

/*
 * The SQL column of a feature of the unfiltered image: its key in PyRadiomics'
 * output folded to lower case, "original_firstorder_10percentile".
 */
#define PYRADIOMICS_COLUMN_SIZE 64
extern void rad_pyradiomics_column(PyradiomicsFeature feature,
								   char column[PYRADIOMICS_COLUMN_SIZE]);

#endif							/* RAD_PYRADIOMICS_FEATURE_NAMES_H */
