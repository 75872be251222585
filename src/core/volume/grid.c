/*
 * Geometry of a volume: counting, boxes, world coordinates, comparison.
 */
#include "volume/grid.h"

#include <math.h>

int64_t
rad_grid_voxel_count(const Grid *grid)
{
	return (int64_t) grid->size[0] * grid->size[1] * grid->size[2];
}

int64_t
rad_box_voxel_count(const Box *box)
{
	int64_t		count = 1;

	for (int axis = 0; axis < 3; axis++)
	{
		if (box->hi[axis] <= box->lo[axis])
			return 0;
		count *= box->hi[axis] - box->lo[axis];
	}
	return count;
}

Box
rad_grid_box(const Grid *grid)
{
	Box			box;

	for (int axis = 0; axis < 3; axis++)
	{
		box.lo[axis] = 0;
		box.hi[axis] = grid->size[axis];
	}
	return box;
}

Box
rad_box_union(const Box *a, const Box *b)
{
	Box			box;

	for (int axis = 0; axis < 3; axis++)
	{
		box.lo[axis] = a->lo[axis] < b->lo[axis] ? a->lo[axis] : b->lo[axis];
		box.hi[axis] = a->hi[axis] > b->hi[axis] ? a->hi[axis] : b->hi[axis];
	}
	return box;
}

Box
rad_box_grow(const Box *box, const int margin[3], const Grid *grid)
{
	Box			grown;

	for (int axis = 0; axis < 3; axis++)
	{
		int64_t		lo = (int64_t) box->lo[axis] - margin[axis];
		int64_t		hi = (int64_t) box->hi[axis] + margin[axis];

		grown.lo[axis] = lo < 0 ? 0 : (int) lo;
		grown.hi[axis] = hi > grid->size[axis] ? grid->size[axis] : (int) hi;
	}
	return grown;
}

void
rad_grid_to_world(const Grid *grid, const double index[3], double world[3])
{
	for (int r = 0; r < 3; r++)
	{
		double		sum = grid->origin[r];

		for (int c = 0; c < 3; c++)
			sum += grid->direction[r][c] * grid->spacing[c] * index[c];
		world[r] = sum;
	}
}

void
rad_grid_to_index(const Grid *grid, const double world[3], double index[3])
{
	/* The direction matrix is orthonormal: its inverse is its transpose. */
	for (int c = 0; c < 3; c++)
	{
		double		sum = 0.0;

		for (int r = 0; r < 3; r++)
			sum += grid->direction[r][c] * (world[r] - grid->origin[r]);
		index[c] = sum / grid->spacing[c];
	}
}

/*
 * The orthogonal factor of the polar decomposition, by Newton's iteration
 * X <- (X + X^-T) / 2 (Higham 1986).
 */
void
rad_grid_orthonormalise(Grid *grid)
{
	double		(*m)[3] = grid->direction;

	for (int step = 0; step < 6; step++)
	{
		double		inverse[3][3];	/* transposed; times the determinant */
		double		determinant = 0.0;

		for (int c = 0; c < 3; c++)
		{
			int			next = (c + 1) % 3;
			int			last = (c + 2) % 3;

			for (int r = 0; r < 3; r++)
				inverse[r][c] = m[(r + 1) % 3][next] * m[(r + 2) % 3][last] -
					m[(r + 2) % 3][next] * m[(r + 1) % 3][last];
		}
		for (int r = 0; r < 3; r++)
			determinant += m[r][0] * inverse[r][0];
		for (int r = 0; r < 3; r++)
		{
			for (int c = 0; c < 3; c++)
				m[r][c] = 0.5 * (m[r][c] + inverse[r][c] / determinant);
		}
	}
}

bool
rad_grid_compare(const Grid *a, const Grid *b, double tolerance,
				 GridDifference *difference)
{
	double		squared_distance = 0.0;
	double		smallest_spacing = INFINITY;

	*difference = (GridDifference) {0};
	for (int r = 0; r < 3; r++)
	{
		double		spacing_error = fabs(a->spacing[r] - b->spacing[r]);
		double		offset = a->origin[r] - b->origin[r];

		if (a->size[r] != b->size[r])
			difference->size = true;
		if (!(spacing_error <= tolerance * a->spacing[r]))
			difference->spacing = true;
		if (spacing_error > difference->spacing_error)
			difference->spacing_error = spacing_error;
		squared_distance += offset * offset;
		if (a->spacing[r] < smallest_spacing)
			smallest_spacing = a->spacing[r];
		for (int c = 0; c < 3; c++)
		{
			double		error = fabs(a->direction[r][c] - b->direction[r][c]);

			if (!(error <= tolerance))
				difference->direction = true;
			if (error > difference->direction_error)
				difference->direction_error = error;
		}
	}
	difference->origin_error = sqrt(squared_distance);
	if (!(difference->origin_error <= tolerance * smallest_spacing))
		difference->origin = true;
	return !(difference->size || difference->spacing ||
			 difference->origin || difference->direction);
}
