/*
 * The type of a YAML scalar without tag and quotes.
 */
#ifndef RAD_PYRADIOMICS_YAML_SCALAR_H
#define RAD_PYRADIOMICS_YAML_SCALAR_H

#include "settings/settings.h"

/*
 * What ruamel.yaml, which reads PyRadiomics' files, makes of a plain scalar:
 * null, boolean, integer, float or text.  YAML 1.1 (old) also has yes, no, on,
 * off, y and n, and octal numbers that begin with 0.  A text stays the caller's
 * string.
 */
extern SettingValue rad_yaml_plain_scalar(const char *text, bool old);

/* The same for an explicit tag; false when the text is not such a number. */
extern bool rad_yaml_integer(const char *text, bool old, SettingValue *value);
extern bool rad_yaml_float(const char *text, SettingValue *value);

#endif							/* RAD_PYRADIOMICS_YAML_SCALAR_H */
