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

/* Rounding of an orthonormal direction stays below this. */
#define ORTHONORMAL_TOLERANCE 1e-9

static bool
is_orthonormal(const double d[3][3])
{
	for (int a = 0; a < 3; a++)
		for (int b = a; b < 3; b++)
		{
			double		product = d[0][a] * d[0][b] + d[1][a] * d[1][b] + d[2][a] * d[2][b];

			if (!(fabs(product - (a == b ? 1.0 : 0.0)) <= ORTHONORMAL_TOLERANCE))
				return false;
		}
	return true;
}

/* The coefficient of column c of a matrix in a vector, by Cramer's rule. */
static double
coefficient(const double d[3][3], const double vector[3], int c)
{
	int			next = (c + 1) % 3;
	int			last = (c + 2) % 3;
	double		normal[3];
	double		numerator = 0.0;
	double		determinant = 0.0;

	for (int r = 0; r < 3; r++)
		normal[r] = d[(r + 1) % 3][next] * d[(r + 2) % 3][last] -
			d[(r + 2) % 3][next] * d[(r + 1) % 3][last];
	for (int r = 0; r < 3; r++)
	{
		numerator += normal[r] * vector[r];
		determinant += normal[r] * d[r][c];
	}
	return numerator / determinant;
}

void
rad_grid_components(const Grid *grid, const double vector[3], double components[3])
{
	/* The inverse of an orthonormal matrix is its transpose. */
	bool		orthonormal = is_orthonormal(grid->direction);

	for (int c = 0; c < 3; c++)
	{
		double		sum = 0.0;

		for (int r = 0; r < 3; r++)
			sum += grid->direction[r][c] * vector[r];
		components[c] = orthonormal ? sum : coefficient(grid->direction, vector, c);
	}
}

void
rad_grid_to_index(const Grid *grid, const double world[3], double index[3])
{
	double		offset[3];

	for (int r = 0; r < 3; r++)
		offset[r] = world[r] - grid->origin[r];
	rad_grid_components(grid, offset, index);
	for (int c = 0; c < 3; c++)
		index[c] /= grid->spacing[c];
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
				m[r][c] = 0.5 * (m[r][c] + inverse[r][c] / determinant) + 0.0;	/* no -0 */
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
