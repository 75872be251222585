/*
 * Index and world coordinates in ITK's order of operations.
 */
#include "image/itk_geometry.h"

#include "image/singular_values.h"

void
rad_itk_geometry(const Grid *grid, ItkGeometry *geometry)
{
	for (int r = 0; r < 3; r++)
	{
		geometry->origin[r] = grid->origin[r];
		for (int c = 0; c < 3; c++)
			geometry->to_world[r][c] = grid->direction[r][c] * grid->spacing[c];
	}

	rad_singular_inverse(geometry->to_world, geometry->to_index);
}

void
rad_itk_voxel_to_world(const ItkGeometry *geometry, const int index[3], double world[3])
{
	for (int r = 0; r < 3; r++)
	{
		world[r] = geometry->origin[r];
		for (int c = 0; c < 3; c++)
			world[r] += geometry->to_world[r][c] * index[c];
	}
}

void
rad_itk_index_to_world(const ItkGeometry *geometry, const double index[3], double world[3])
{
	for (int r = 0; r < 3; r++)
	{
		double		sum = 0.0;

		for (int c = 0; c < 3; c++)
			sum += geometry->to_world[r][c] * index[c];
		world[r] = sum + geometry->origin[r];
	}
}

void
rad_itk_world_to_index(const ItkGeometry *geometry, const double world[3], double index[3])
{
	double		offset[3];

	for (int r = 0; r < 3; r++)
		offset[r] = world[r] - geometry->origin[r];
	for (int r = 0; r < 3; r++)
		index[r] = geometry->to_index[r][0] * offset[0] + geometry->to_index[r][1] * offset[1] +
			geometry->to_index[r][2] * offset[2];
}
