/*
 * What NGTDM and NGLDM share: counting by level and neighbours over slices
 * and volume, and the aggregations.
 */
#ifndef RAD_FEATURES_NEIGHBOURHOODS_H
#define RAD_FEATURES_NEIGHBOURHOODS_H

#include "features/texture.h"

/*
 * Counts of one slice or of several, as the device's kernels give them.
 * width: neighbours + 1.
 */
typedef struct NeighbourhoodTable
{
	int64_t		width;
	int64_t    *count;			/* [level_count][width] */
	int64_t    *difference;		/* the same, or NULL when not kept */
} NeighbourhoodTable;

/*
 * What differs between the two families.  row_cells turns the counts of one
 * level into cells, appended at `cells` with their difference (NULL when the
 * family has none), and returns how many.
 */
typedef struct NeighbourhoodFamily
{
	int			distance;		/* Chebyshev, voxels */
	bool		differences;	/* table and matrix have differences */
	bool		(*count) (RadContext *context, const TextureInput *input,
						  int first_slice, int last_slice, bool planar,
						  NeighbourhoodTable *table);
	int64_t		(*row_cells) (int32_t level, const int64_t *count,
							  const int64_t *difference, int64_t width,
							  MatrixCell *cells, double *cell_difference);
} NeighbourhoodFamily;

extern bool rad_neighbourhood_matrices(RadContext *context, TextureInput *input,
									   const NeighbourhoodFamily *family,
									   MatrixSink sink, void *argument);

#endif							/* RAD_FEATURES_NEIGHBOURHOODS_H */
