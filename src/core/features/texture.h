/*
 * Texture matrices in one form for all six families: a sparse list of integer
 * cells.  A family delivers the matrices of an aggregation one after the other
 * to a sink; one sink evaluates features, another returns cells to SQL.
 */
#ifndef RAD_FEATURES_TEXTURE_H
#define RAD_FEATURES_TEXTURE_H

#include "device/device.h"

typedef struct MatrixCell
{
	int32_t		i;				/* grey level, from 1 */
	int32_t		j;				/* level, run length, zone size, distance,
								 * dependence; NGTDM: 0 */
	int64_t		count;
} MatrixCell;

typedef struct TextureMatrix
{
	Aggregation aggregation;
	int			slice;			/* z in the levels' box, or -1 when merged */
	int			direction;		/* index into rad_directions, or -1 when merged */
	int			level_count;	/* N_g */

	/*
	 * N_v: voxels behind the matrix; of a merged matrix the sum over the
	 * merged ones (so run percentage stays below 1).
	 */
	int64_t		voxel_count;
	int64_t		total;			/* sum of counts (N_s) */
	int64_t		cell_count;
	const MatrixCell *cells;	/* counts > 0, ordered by i, then j */
	const double *difference;	/* NGTDM: s_i of cells[n].i, else NULL */
} TextureMatrix;

typedef bool (*MatrixSink) (RadContext *context, void *argument,
							const TextureMatrix *matrix);

/* What a texture family is counted from. */
typedef struct TextureInput
{
	const Device *device;
	const Region *region;		/* GLDZM: the morphological mask */
	const GreyLevels *levels;
	const Settings *settings;
	AggregationSet aggregations;

	/*
	 * Zones, found once and shared by GLSZM and GLDZM; filled on first use by
	 * rad_texture_zones() (features/zones.c).
	 */
	ZoneList   *zones[2];		/* [0] 3-D, [1] planar */
} TextureInput;

/*
 * Deliver every matrix of every chosen aggregation.  Counting happens once for
 * all of them.  GLSZM, GLDZM, NGTDM and NGLDM deliver 2D, 2.5D and 3D under the
 * first chosen aggregation of each pair.  Matrices without a cell are
 * delivered too (cell_count 0).
 */
typedef bool (*MatrixProducer) (RadContext *context, TextureInput *input,
								MatrixSink sink, void *argument);

extern bool rad_glcm_matrices(RadContext *context, TextureInput *input,
							  MatrixSink sink, void *argument);
extern bool rad_glrlm_matrices(RadContext *context, TextureInput *input,
							   MatrixSink sink, void *argument);
extern bool rad_glszm_matrices(RadContext *context, TextureInput *input,
							   MatrixSink sink, void *argument);
extern bool rad_gldzm_matrices(RadContext *context, TextureInput *input,
							   MatrixSink sink, void *argument);
extern bool rad_ngtdm_matrices(RadContext *context, TextureInput *input,
							   MatrixSink sink, void *argument);
extern bool rad_ngldm_matrices(RadContext *context, TextureInput *input,
							   MatrixSink sink, void *argument);

/*
 * The formulas: values[] in the catalogue's order of the family, NAN where
 * undefined.  matrix->cell_count > 0.
 */
typedef bool (*MatrixFormulas) (RadContext *context, const TextureMatrix *matrix,
								double *values);

extern bool rad_glcm_formulas(RadContext *context, const TextureMatrix *matrix,
							  double *values);
extern bool rad_glrlm_formulas(RadContext *context, const TextureMatrix *matrix,
							   double *values);
extern bool rad_glszm_formulas(RadContext *context, const TextureMatrix *matrix,
							   double *values);
extern bool rad_gldzm_formulas(RadContext *context, const TextureMatrix *matrix,
							   double *values);
extern bool rad_ngtdm_formulas(RadContext *context, const TextureMatrix *matrix,
							   double *values);
extern bool rad_ngldm_formulas(RadContext *context, const TextureMatrix *matrix,
							   double *values);

/*
 * Zones of the input, planar or 3-D; with_distance asks for their border
 * distances, without it they may be 0.  The list belongs to the input until
 * released.
 */
extern bool rad_texture_zones(RadContext *context, TextureInput *input, bool planar,
							  bool with_distance, const ZoneList **zones);
extern void rad_texture_release_zones(RadContext *context, TextureInput *input,
									  bool planar);

/* Producer and formulas of a texture family; NULLs for the others. */
typedef struct TextureFamily
{
	MatrixProducer matrices;
	MatrixFormulas formulas;
} TextureFamily;

extern const TextureFamily rad_texture_families[FAMILY_COUNT];

/*
 * Features of one texture family: the mean over the matrices of each
 * aggregation, undefined values and empty matrices left out.
 */
extern bool rad_texture_features(RadContext *context, TextureInput *input,
								 Family family, FeatureValues *values);

#endif							/* RAD_FEATURES_TEXTURE_H */
