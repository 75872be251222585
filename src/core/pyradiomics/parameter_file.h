/*
 * PyRadiomics' parameter files: YAML, or JSON, which is YAML too.
 */
#ifndef RAD_PYRADIOMICS_PARAMETER_FILE_H
#define RAD_PYRADIOMICS_PARAMETER_FILE_H

#include "pyradiomics/settings.h"

/*
 * The value that a YAML document holds, with the types that PyRadiomics sees:
 * those of YAML 1.2's core schema, or of YAML 1.1 after "%YAML 1.1".  Lives in
 * the context.  RAD_INVALID_PARAMETER with line and column when the text is not
 * one YAML document, RAD_NOT_SUPPORTED without libyaml.
 */
extern bool rad_yaml_parse(RadContext *context, const char *text, size_t length,
						   SettingValue *value);

/*
 * A parameter file as settings: JSON text with "profile": "pyradiomics".  What
 * PyRadiomics accepts is accepted, what it refuses is refused; without
 * "featureClass" all eight classes are written out, as PyRadiomics takes it.
 * NULL with the context's error set.
 */
extern char *rad_pyradiomics_from_file(RadContext *context, const char *text, size_t length);

#endif							/* RAD_PYRADIOMICS_PARAMETER_FILE_H */
