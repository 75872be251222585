/*
 * features.def as data.
 */
#include "pyradiomics/feature_names.h"

const PyradiomicsFeatureEntry rad_pyradiomics_features[PYRADIOMICS_FEATURE_COUNT] = {
#define PYRADIOMICS_FEATURE(class_name, name, status) \
	[PYRADIOMICS_##class_name##_##name] = {PYRADIOMICS_##class_name, #name, PYRADIOMICS_##status},
#include "pyradiomics/features.def"
#undef PYRADIOMICS_FEATURE
};

/* From the class's first row to the next class's. */
#define CLASS(name, first, end) \
	[PYRADIOMICS_##name] = {#name, PYRADIOMICS_##name##_##first, end - PYRADIOMICS_##name##_##first}

const PyradiomicsClassEntry rad_pyradiomics_classes[PYRADIOMICS_CLASS_COUNT] = {
	CLASS(firstorder, 10Percentile, PYRADIOMICS_glcm_Autocorrelation),
	CLASS(glcm, Autocorrelation, PYRADIOMICS_gldm_DependenceEntropy),
	CLASS(gldm, DependenceEntropy, PYRADIOMICS_glrlm_GrayLevelNonUniformity),
	CLASS(glrlm, GrayLevelNonUniformity, PYRADIOMICS_glszm_GrayLevelNonUniformity),
	CLASS(glszm, GrayLevelNonUniformity, PYRADIOMICS_ngtdm_Busyness),
	CLASS(ngtdm, Busyness, PYRADIOMICS_shape_Compactness1),
	CLASS(shape, Compactness1, PYRADIOMICS_shape2D_Elongation),
	CLASS(shape2D, Elongation, PYRADIOMICS_FEATURE_COUNT),
};
