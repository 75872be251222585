/*
 * The names of PyRadiomics' 127 features, by class.  features.def is the only
 * list.
 */
#ifndef RAD_PYRADIOMICS_FEATURE_NAMES_H
#define RAD_PYRADIOMICS_FEATURE_NAMES_H

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

/* PYRADIOMICS_glcm_Contrast and so on; by class, then in ASCII order. */
typedef enum PyradiomicsFeature
{
#define PYRADIOMICS_FEATURE(class_name, name, status) PYRADIOMICS_##class_name##_##name,
#include "pyradiomics/features.def"
#undef PYRADIOMICS_FEATURE
	PYRADIOMICS_FEATURE_COUNT
} PyradiomicsFeature;

typedef struct PyradiomicsFeatureEntry
{
	PyradiomicsClass class_id;
	const char *name;			/* "Contrast" */
	PyradiomicsFeatureStatus status;
} PyradiomicsFeatureEntry;

typedef struct PyradiomicsClassEntry
{
	const char *name;			/* "glcm" */
	PyradiomicsFeature first;
	int			count;
} PyradiomicsClassEntry;

extern const PyradiomicsFeatureEntry rad_pyradiomics_features[PYRADIOMICS_FEATURE_COUNT];
extern const PyradiomicsClassEntry rad_pyradiomics_classes[PYRADIOMICS_CLASS_COUNT];

#endif							/* RAD_PYRADIOMICS_FEATURE_NAMES_H */
