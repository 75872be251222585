/*
 * PyRadiomics' diagnostics: what image and mask were before and after each
 * step.  Those about versions and configuration are not made.
 */
#ifndef RAD_PYRADIOMICS_DIAGNOSE_H
#define RAD_PYRADIOMICS_DIAGNOSE_H

#include "pyradiomics/pipeline.h"

/*
 * One value under PyRadiomics' key ("diagnostics_Mask-original_Size"): text, or
 * a number or several (x, y, z first).
 */
typedef bool (*PyradiomicsDiagnosticSink) (RadContext *context, void *argument,
										   const char *key, const char *text,
										   const double *values, int count);

/* All of one label, in PyRadiomics' order.  Reads the whole image. */
extern bool rad_pyradiomics_diagnose(RadContext *context, const Device *device,
									 PyradiomicsScan *scan, int32_t label,
									 const PyradiomicsSettings *settings,
									 PyradiomicsDiagnosticSink sink, void *argument);

#endif							/* RAD_PYRADIOMICS_DIAGNOSE_H */
