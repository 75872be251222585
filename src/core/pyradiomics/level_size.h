/*
 * How the values of a matrix over level and size are named in the classes
 * glrlm, glszm and gldm.
 */
#ifndef RAD_PYRADIOMICS_LEVEL_SIZE_H
#define RAD_PYRADIOMICS_LEVEL_SIZE_H

#include "pyradiomics/matrix.h"

/* Put the values to the features of the class; withdrawn ones stay as they are. */
extern void rad_pyradiomics_level_size_features(PyradiomicsClass class_id,
												const LevelSizeValues *values,
												double features[PYRADIOMICS_FEATURE_COUNT]);

#endif							/* RAD_PYRADIOMICS_LEVEL_SIZE_H */
