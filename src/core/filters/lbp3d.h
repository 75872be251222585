/*
 * What the local binary patterns of a volume are sampled and weighted with.
 */
#ifndef RAD_FILTERS_LBP3D_H
#define RAD_FILTERS_LBP3D_H

#include "filters/image_types.h"

/* Vertices of an icosphere: components are offsets along z, y, x (voxels). */
typedef struct Icosphere
{
	int			count;
	double	  (*vertices)[3];
} Icosphere;

/* Most vertices that are accepted: 5 subdivisions. */
#define RAD_MOST_ICOSPHERE_VERTICES 10242

/* Most levels (degrees of spherical harmonics) that are accepted. */
#define RAD_MOST_LBP3D_LEVELS 64

extern bool rad_icosphere(RadContext *context, double radius, int subdivision,
						  Icosphere *sphere);

/*
 * Spherical harmonics of one degree n at every vertex: value[m][vertex] for m =
 * 0 ... n; those of -m follow by symmetry.
 */
typedef struct Harmonics
{
	int			degree;
	double	   *real;			/* [degree + 1][count] */
	double	   *imaginary;
} Harmonics;

extern bool rad_spherical_harmonics(RadContext *context, const Icosphere *sphere,
									double radius, int degree, Harmonics *harmonics);

#endif							/* RAD_FILTERS_LBP3D_H */
