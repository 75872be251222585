/*
 * features.def as data.
 */
#include "pyradiomics/feature_names.h"

#include <ctype.h>
#include <stdio.h>

const PyradiomicsFeatureEntry rad_pyradiomics_features[PYRADIOMICS_FEATURE_COUNT] = {
#define PYRADIOMICS_FEATURE(class_name, name, status, unit, definition) \
	[PYRADIOMICS_##class_name##_##name] = {PYRADIOMICS_##class_name, #name, \
		PYRADIOMICS_##status, unit, definition},
#include "pyradiomics/features.def"
};

/* From the class's first row to the next class's. */
enum
{
#define CLASS_ROWS(class_name, first, next) \
	class_name##_first = PYRADIOMICS_##class_name##_##first, \
	class_name##_count = next - PYRADIOMICS_##class_name##_##first
	CLASS_ROWS(firstorder, 10Percentile, PYRADIOMICS_glcm_Autocorrelation),
	CLASS_ROWS(glcm, Autocorrelation, PYRADIOMICS_gldm_DependenceEntropy),
	CLASS_ROWS(gldm, DependenceEntropy, PYRADIOMICS_glrlm_GrayLevelNonUniformity),
	CLASS_ROWS(glrlm, GrayLevelNonUniformity, PYRADIOMICS_glszm_GrayLevelNonUniformity),
	CLASS_ROWS(glszm, GrayLevelNonUniformity, PYRADIOMICS_ngtdm_Busyness),
	CLASS_ROWS(ngtdm, Busyness, PYRADIOMICS_shape_Compactness1),
	CLASS_ROWS(shape, Compactness1, PYRADIOMICS_shape2D_Elongation),
	CLASS_ROWS(shape2D, Elongation, PYRADIOMICS_FEATURE_COUNT)
};

const PyradiomicsClassEntry rad_pyradiomics_classes[PYRADIOMICS_CLASS_COUNT] = {
#define PYRADIOMICS_CLASS(class_name, title, note) \
	[PYRADIOMICS_##class_name] = {#class_name, title, note, \
		(PyradiomicsFeature) class_name##_first, class_name##_count},
#include "pyradiomics/features.def"
};

const PyradiomicsClass rad_pyradiomics_output_order[PYRADIOMICS_CLASS_COUNT] = {
	PYRADIOMICS_shape, PYRADIOMICS_shape2D, PYRADIOMICS_firstorder, PYRADIOMICS_glcm,
	PYRADIOMICS_gldm, PYRADIOMICS_glrlm, PYRADIOMICS_glszm, PYRADIOMICS_ngtdm,
};

bool
rad_pyradiomics_is_default(PyradiomicsFeature feature)
{
	return rad_pyradiomics_features[feature].status == PYRADIOMICS_REGULAR &&
		rad_pyradiomics_features[feature].class_id != PYRADIOMICS_shape2D;
}

void
rad_pyradiomics_column(PyradiomicsFeature feature, char column[PYRADIOMICS_COLUMN_SIZE])
{
	const PyradiomicsFeatureEntry *entry = &rad_pyradiomics_features[feature];

	snprintf(column, PYRADIOMICS_COLUMN_SIZE, "original_%s_%s",
			 rad_pyradiomics_classes[entry->class_id].name, entry->name);
	for (char *c = column; *c != '\0'; c++)
		*c = (char) tolower((unsigned char) *c);
}
