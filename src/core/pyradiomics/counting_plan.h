/*
 * Asking a device once for what the texture classes of an image count.
 */
#ifndef RAD_PYRADIOMICS_COUNTING_PLAN_H
#define RAD_PYRADIOMICS_COUNTING_PLAN_H

#include "device/request.h"
#include "pyradiomics/classes.h"

/*
 * Send the counting of the wanted texture classes to a device that is asked by
 * region (others: nothing happens), before their turn if ahead is set;
 * rad_request_end() when they are done.
 */
extern bool rad_pyradiomics_begin(RadContext *context, const PyradiomicsTexture *texture,
								  const PyradiomicsSettings *settings, bool ahead,
								  RegionRequest *request);

/* Does the class glcm count all directions at once, densely? (glcm.c) */
extern bool rad_pyradiomics_counts_directions(const PyradiomicsTexture *texture);

#endif							/* RAD_PYRADIOMICS_COUNTING_PLAN_H */
