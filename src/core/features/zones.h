/*
 * What the texture families without directions share: how they aggregate, and
 * for GLSZM and GLDZM the step from zones to matrices.
 */
#ifndef RAD_FEATURES_ZONES_H
#define RAD_FEATURES_ZONES_H

#include "features/texture.h"

/* 2D, 2.5D and 3D of a family without directions. */
typedef enum ZoneAggregation
{
	ZONE_2D,					/* 8QNN: a matrix per slice */
	ZONE_2_5D,					/* 62GR: slice matrices merged */
	ZONE_3D						/* KOBO */
} ZoneAggregation;

#define ZONE_AGGREGATION_COUNT 3

/*
 * The first chosen aggregation of the pair that means 2D, 2.5D or 3D: the name
 * its matrices are delivered under.  False when neither is chosen.
 */
extern bool rad_zone_aggregation(AggregationSet chosen, ZoneAggregation which,
								 Aggregation *aggregation);

/*
 * Deliver the matrices of zones by level and size (GLSZM), or by level and
 * border distance (GLDZM).
 */
extern bool rad_zone_matrices(RadContext *context, TextureInput *input,
							  bool by_distance, MatrixSink sink, void *argument);

#endif							/* RAD_FEATURES_ZONES_H */
