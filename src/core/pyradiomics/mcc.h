/*
 * PyRadiomics' maximal correlation coefficient of a co-occurrence matrix.
 */
#ifndef RAD_PYRADIOMICS_MCC_H
#define RAD_PYRADIOMICS_MCC_H

#include "pyradiomics/matrix.h"

/* Memory that one call after another uses; begins as all zero. */
typedef struct MccWork
{
	int64_t		cell_room;
	int			row_room;
	int			basis_room;		/* vectors of row_room */
	int			level_room;
	int32_t    *index;			/* [level]: row among those that occur */
	int32_t    *row_begin;		/* of each row's elements; one more for the end */
	int32_t    *column;
	double	   *element;		/* p / sqrt(px py) */
	double	   *joint;			/* p */
	double	   *row_root;		/* sqrt(px) */
	double	   *column_root;
	double	   *basis;
	double	   *vectors;		/* five of row_room for the way */
} MccWork;

/*
 * Of a matrix of cells ordered by i, then j, with the sums of its rows and
 * columns by level (not divided by total).  symmetric: p(i,j) = p(j,i).
 */
extern bool rad_pyradiomics_mcc(RadContext *context, MccWork *work,
								const PyradiomicsCell *cells, int64_t cell_count,
								double total, const double *row_sum,
								const double *column_sum, int level_count,
								bool symmetric, double *mcc);
extern void rad_pyradiomics_mcc_release(RadContext *context, MccWork *work);

#endif							/* RAD_PYRADIOMICS_MCC_H */
