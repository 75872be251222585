/*
 * Icospheres, and spherical harmonics at their vertices.
 */
#include "filters/lbp3d.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Corners and triangles of the icosahedron. */
#define CORNERS 12
#define TRIANGLES 20

typedef struct Mesh
{
	int			vertex_count;
	int			triangle_count;
	double	  (*vertices)[3];
	int		  (*triangles)[3];
} Mesh;

/*
 * Move vertices onto the sphere in trimesh's order of operations, with the sum
 * in that of its matrix product (OpenBLAS): PyRadiomics
 * compares samples with the voxel they surround, and where those are equal but
 * for rounding, rounding decides.
 */
static void
put_on_sphere(double radius, int count, double (*vertices)[3])
{
	for (int n = 0; n < count; n++)
	{
		double	   *vertex = vertices[n];
		double		length = sqrt(vertex[0] * vertex[0] + vertex[2] * vertex[2] +
								  vertex[1] * vertex[1]);

		for (int axis = 0; axis < 3; axis++)
			vertex[axis] += vertex[axis] / length * (radius - length);
	}
}

/*
 * Vertices (+-1, +-t, 0) and their cyclic permutations with the golden ratio t;
 * triangles are all triples of vertices at the distance of an edge.  The order
 * of vertices, here and below, is that of the library trimesh: it decides the
 * order of sums over samples.
 */
static void
fill_icosahedron(Mesh *mesh)
{
	double		golden = (1.0 + sqrt(5.0)) / 2.0;

	mesh->vertex_count = 0;
	for (int axis = 0; axis < 3; axis++)
		for (int signs = 0; signs < 4; signs++)
		{
			double	   *vertex = mesh->vertices[mesh->vertex_count++];

			vertex[axis] = signs & 1 ? 1.0 : -1.0;
			vertex[(axis + 1) % 3] = signs & 2 ? -golden : golden;
			vertex[(axis + 2) % 3] = 0.0;
		}
	mesh->triangle_count = 0;
	for (int a = 0; a < CORNERS; a++)
		for (int b = a + 1; b < CORNERS; b++)
			for (int c = b + 1; c < CORNERS; c++)
			{
				const int	corners[3] = {a, b, c};
				bool		edges = true;

				for (int n = 0; n < 3; n++)
				{
					const double *p = mesh->vertices[corners[n]];
					const double *q = mesh->vertices[corners[(n + 1) % 3]];
					double		square = 0.0;

					for (int axis = 0; axis < 3; axis++)
						square += (p[axis] - q[axis]) * (p[axis] - q[axis]);
					edges = edges && square < 5.0;	/* an edge is 2 long */
				}
				if (edges)
					memcpy(mesh->triangles[mesh->triangle_count++], corners, sizeof(corners));
			}
	for (int n = 0; n < CORNERS; n++)
		for (int axis = 0; axis < 3; axis++)
			mesh->vertices[n][axis] /= sqrt(2.0 + golden);
}

/* An edge: its larger vertex, then the smaller one. */
typedef struct Edge
{
	int			larger;
	int			smaller;
} Edge;

static int
compare_edges(const void *first, const void *second)
{
	const Edge *a = first;
	const Edge *b = second;

	if (a->larger != b->larger)
		return a->larger < b->larger ? -1 : 1;
	return (a->smaller > b->smaller) - (a->smaller < b->smaller);
}

static Edge
edge_of(const int triangle[3], int n)
{
	int			a = triangle[n];
	int			b = triangle[(n + 1) % 3];

	return (Edge) {a > b ? a : b, a > b ? b : a};
}

/* Every triangle becomes four; new vertices come in the order of their edges. */
static bool
subdivide(RadContext *context, Mesh *mesh)
{
	int			known = mesh->vertex_count;
	int			count = mesh->triangle_count;
	int			edge_count = 0;
	Edge	   *edges = rad_new(context, Edge, 3 * (int64_t) count);

	if (edges == NULL)
		return false;

	/* Each edge belongs to two triangles. */
	for (int t = 0; t < count; t++)
		for (int n = 0; n < 3; n++)
			edges[edge_count++] = edge_of(mesh->triangles[t], n);
	qsort(edges, (size_t) edge_count, sizeof(Edge), compare_edges);
	for (int n = 0; n < edge_count; n += 2)
	{
		double	   *middle = mesh->vertices[mesh->vertex_count++];

		edges[n / 2] = edges[n];
		for (int axis = 0; axis < 3; axis++)
			middle[axis] = (mesh->vertices[edges[n].smaller][axis] +
							mesh->vertices[edges[n].larger][axis]) / 2.0;
	}
	for (int t = 0; t < count; t++)
	{
		int		   *triangle = mesh->triangles[t];
		int			corner[3] = {triangle[0], triangle[1], triangle[2]};
		int			middle[3];

		for (int n = 0; n < 3; n++)
		{
			Edge		edge = edge_of(corner, n);
			Edge	   *found = bsearch(&edge, edges, (size_t) edge_count / 2, sizeof(Edge),
										compare_edges);

			middle[n] = known + (int) (found - edges);
		}
		memcpy(triangle, middle, sizeof(middle));
		for (int n = 0; n < 3; n++)
			memcpy(mesh->triangles[mesh->triangle_count++],
				   (int[3]) {corner[n], middle[n], middle[(n + 2) % 3]}, sizeof(middle));
	}
	rad_release(context, edges);
	return true;
}

bool
rad_icosphere(RadContext *context, double radius, int subdivision, Icosphere *sphere)
{
	Mesh		mesh;
	int64_t		vertices = CORNERS;
	int64_t		triangles = TRIANGLES;

	for (int n = 0; n < subdivision && vertices <= RAD_MOST_ICOSPHERE_VERTICES; n++)
	{
		vertices += triangles * 3 / 2;
		triangles *= 4;
	}
	if (vertices > RAD_MOST_ICOSPHERE_VERTICES)
	{
		rad_fail(context, RAD_LIMIT_EXCEEDED, "icosphere subdivision of %d is too large",
				 subdivision);
		return rad_hint(context, "At most 5 is accepted, which makes %d samples per voxel.",
						RAD_MOST_ICOSPHERE_VERTICES);
	}
	mesh.vertices = rad_allocate(context, (size_t) vertices, sizeof(double[3]));
	mesh.triangles = rad_allocate(context, (size_t) triangles, sizeof(int[3]));
	if (mesh.vertices == NULL || mesh.triangles == NULL)
		return false;
	fill_icosahedron(&mesh);
	for (int n = 0; n < subdivision; n++)
	{
		if (!rad_continue(context) || !subdivide(context, &mesh))
			return false;
		put_on_sphere(radius, mesh.vertex_count, mesh.vertices);
	}
	if (subdivision == 0)
		put_on_sphere(radius, mesh.vertex_count, mesh.vertices);
	rad_release(context, mesh.triangles);
	sphere->count = mesh.vertex_count;
	sphere->vertices = mesh.vertices;
	return true;
}

/* Associated Legendre function P_n^m(x) with the Condon-Shortley phase. */
static double
legendre(int n, int m, double x)
{
	double		before = 0.0;
	double		value = 1.0;

	for (int k = 1; k <= m; k++)
		value *= -(2.0 * k - 1.0) * sqrt(fmax(0.0, 1.0 - x * x));
	for (int k = m + 1; k <= n; k++)
	{
		double		next = ((2.0 * k - 1.0) * x * value - (k + m - 1.0) * before) / (k - m);

		before = value;
		value = next;
	}
	return value;
}

bool
rad_spherical_harmonics(RadContext *context, const Icosphere *sphere, double radius, int degree,
						Harmonics *harmonics)
{
	int64_t		cells = (int64_t) (degree + 1) * sphere->count;

	harmonics->degree = degree;
	harmonics->real = rad_new(context, double, cells);
	harmonics->imaginary = rad_new(context, double, cells);
	if (harmonics->real == NULL || harmonics->imaginary == NULL)
		return false;
	for (int m = 0; m <= degree; m++)
	{
		double		scale = (2.0 * degree + 1.0) / (4.0 * M_PI);

		for (int k = degree - m + 1; k <= degree + m; k++)
			scale /= k;
		for (int n = 0; n < sphere->count; n++)
		{
			const double *vertex = sphere->vertices[n];

			/*
			 * PyRadiomics hands the polar angle over as azimuth and the azimuth
			 * as polar angle.
			 */
			double		azimuth = acos(fmin(fmax(vertex[2] / radius, -1.0), 1.0));
			double		polar = atan2(vertex[1], vertex[0]);
			double		value = sqrt(scale) * legendre(degree, m, cos(polar));

			harmonics->real[(int64_t) m * sphere->count + n] = value * cos(m * azimuth);
			harmonics->imaginary[(int64_t) m * sphere->count + n] = value * sin(m * azimuth);
		}
	}
	return true;
}
