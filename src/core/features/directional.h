/*
 * What GLCM and GLRLM have in common: both are counted per direction, and both
 * know the six aggregations over slices and directions (IBSI manual section
 * 3.6.2 and 3.7.2).
 */
#ifndef RAD_FEATURES_DIRECTIONAL_H
#define RAD_FEATURES_DIRECTIONAL_H

#include "features/texture.h"

/* One directional family's way of counting. */
typedef struct DirectionalFamily
{
	/* Columns of a dense matrix; its rows are the levels. */
	int			(*column_count) (const GreyLevels *levels);

	/* Counts [directions in set][level_count][columns], added to. */
	bool		(*count) (RadContext *context, const Device *device,
						  const GreyLevels *levels, const Settings *settings,
						  int first_slice, int last_slice,
						  DirectionSet directions, uint32_t *counts);

	/*
	 * The same of one slice and direction (offset in elements) as a list of
	 * keys, one per occurrence: level << column_bits | column.  Returns the
	 * number of keys, at most keys_per_voxel times the slice's voxels.
	 */
	int64_t		(*list) (const GreyLevels *levels, int slice, int64_t offset,
						 int column_bits, uint64_t *keys);
	int			keys_per_voxel;

	/* Distance between the voxels of a pair, for `list`. */
	int			(*distance) (const Settings *settings);

	/* Dense counts still lack their transpose; columns are levels. */
	bool		symmetric;
} DirectionalFamily;

/*
 * Count once for all chosen aggregations and deliver their matrices.  Slices
 * without a voxel of the region give none; a direction without a pair gives one
 * without cells.
 */
extern bool rad_directional_matrices(RadContext *context, const TextureInput *input,
									 const DirectionalFamily *family,
									 MatrixSink sink, void *argument);

/*
 * Are levels counted as they are in dense tables of so many columns?  False
 * when empty levels are squeezed out first, or occurrences are listed.
 */
extern bool rad_counts_densely(const GreyLevels *levels, int columns, int keys_per_voxel);

/* Columns of a run length table: the longest axis of the box. */
extern int	rad_longest_run(const GreyLevels *levels);

#endif							/* RAD_FEATURES_DIRECTIONAL_H */
