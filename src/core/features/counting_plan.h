/*
 * Which tables the texture and morphology families of a region will ask a
 * device for: the plan of its request.
 */
#ifndef RAD_FEATURES_COUNTING_PLAN_H
#define RAD_FEATURES_COUNTING_PLAN_H

#include "device/request.h"
#include "settings/settings.h"

/*
 * Fill a request with what the wanted families count; levels may be NULL when
 * no texture family is wanted.  A table that is not planned here is counted by
 * the CPU when its family asks for it, so this decides speed only.
 */
extern void rad_plan_counting(RegionRequest *request, const Region *region,
							  const GreyLevels *levels, const Settings *settings);

/*
 * The texture families' part, for a request that was begun with these levels
 * and that knows a mask if GLDZM is wanted.
 */
extern void rad_plan_textures(RegionRequest *request, const GreyLevels *levels,
							  const Settings *settings);

#endif							/* RAD_FEATURES_COUNTING_PLAN_H */
