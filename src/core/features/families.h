/*
 * The families that are not textures.  Each writes its features' slot 0 and
 * leaves excluded or undefined ones NAN.
 */
#ifndef RAD_FEATURES_FAMILIES_H
#define RAD_FEATURES_FAMILIES_H

#include "device/device.h"
#include "roi/grey_levels.h"
#include "roi/region.h"

extern bool rad_morphology_features(RadContext *context, const Device *device,
									const Region *region, const Settings *settings,
									FeatureValues *values);
extern bool rad_local_intensity_features(RadContext *context, const Region *region,
										 const Settings *settings, FeatureValues *values);
extern bool rad_intensity_statistics_features(RadContext *context, const Region *region,
											  const Settings *settings,
											  FeatureValues *values);
extern bool rad_intensity_histogram_features(RadContext *context, const GreyLevels *levels,
											 const Settings *settings,
											 FeatureValues *values);
extern bool rad_intensity_volume_histogram_features(RadContext *context,
													const Region *region,
													const Settings *settings,
													FeatureValues *values);

#endif							/* RAD_FEATURES_FAMILIES_H */
