/*
 * Convex hull through qhull (Barber, Dobkin and Huhdanpaa 1996), made exact.
 *
 * The points are integers (half voxels), far coarser than qhull's rounding, so
 * its combinatorial answer is exact.  Volume and the area vectors are summed
 * again from the integers; triangles of one flat side are added as vectors, so
 * how qhull cut it into triangles does not matter either.  qhull is run without
 * the spacing: a hull does not change under scaling of the axes.
 */
#include "features/hull.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <libqhull_r/qhull_ra.h>

/* A triangle by indices into the points that qhull was given. */
typedef struct HullTriangle
{
	int			corner[3];
} HullTriangle;

typedef struct QhullAnswer
{
	int64_t		triangle_count;
	HullTriangle *triangles;
	bool	   *used;			/* per point: is it a vertex? */
	const char *error;			/* NULL when all is well */
} QhullAnswer;

/* Copy facets out of qhull.  The arrays are large enough by Euler's formula. */
static const char *
read_facets(qhT *qh, int64_t most_triangles, QhullAnswer *answer)
{
	facetT	   *facet;
	vertexT    *vertex;
	vertexT   **vertexp;

	FORALLfacets
	{
		HullTriangle *triangle = &answer->triangles[answer->triangle_count];
		int			corners = 0;

		if (answer->triangle_count == most_triangles)
			return "more facets than a hull can have";
		FOREACHvertex_(facet->vertices)
		{
			int			index = qh_pointid(qh, vertex->point);

			if (corners == 3 || index < 0)
				return "a facet is not a triangle of the points";
			triangle->corner[corners++] = index;
			answer->used[index] = true;
		}
		if (corners != 3)
			return "a facet is not a triangle of the points";
		answer->triangle_count++;
	}
	return NULL;
}

/*
 * Run qhull.  It allocates with malloc and leaves errors by longjmp to inside
 * qh_new_qhull, so nothing in here may leave in any other way: no poll, no
 * rad_allocate.  Its output goes to a memory stream that nobody reads.
 */
static int
run_qhull(double *coordinates, int64_t count, int64_t most_triangles, QhullAnswer *answer)
{
	char	   *text = NULL;
	size_t		text_size = 0;
	FILE	   *stream = open_memstream(&text, &text_size);
	qhT			state;
	qhT		   *qh = &state;
	int			exit_code;
	int			long_left;
	int			total_left;
	char		command[] = "qhull Qt";

	if (stream == NULL)
		return qh_ERRmem;
	qh_zero(qh, stream);
	exit_code = qh_new_qhull(qh, 3, (int) count, coordinates, False, command, stream, stream);
	if (exit_code == 0)
		answer->error = read_facets(qh, most_triangles, answer);
	qh_freeqhull(qh, !qh_ALL);
	qh_memfreeshort(qh, &long_left, &total_left);
	fclose(stream);
	free(text);
	return exit_code;
}

static int
compare_points(const void *a, const void *b)
{
	const int32_t *first = a;
	const int32_t *second = b;

	for (int axis = 0; axis < 3; axis++)
		if (first[axis] != second[axis])
			return first[axis] < second[axis] ? -1 : 1;
	return 0;
}

static bool
collect_vertices(RadContext *context, const PointList *points, const bool *used, Hull *hull)
{
	PointList  *vertices = &hull->vertices;

	vertices->count = 0;
	for (int64_t n = 0; n < points->count; n++)
		vertices->count += used[n];
	vertices->points = rad_allocate(context, (size_t) vertices->count,
									sizeof(*vertices->points));
	if (vertices->points == NULL)
		return false;
	vertices->count = 0;
	for (int64_t n = 0; n < points->count; n++)
		if (used[n])
			memcpy(vertices->points[vertices->count++], points->points[n],
				   sizeof(points->points[n]));
	qsort(vertices->points, (size_t) vertices->count, sizeof(*vertices->points),
		  compare_points);
	return true;
}

/* A triangle's area vector, and the same direction without common factor. */
typedef struct DirectedArea
{
	int64_t		direction[3];
	int64_t		area[3];
} DirectedArea;

static int
compare_directions(const void *a, const void *b)
{
	const DirectedArea *first = a;
	const DirectedArea *second = b;

	for (int axis = 0; axis < 3; axis++)
		if (first->direction[axis] != second->direction[axis])
			return first->direction[axis] < second->direction[axis] ? -1 : 1;
	return 0;
}

static int64_t
greatest_common_divisor(int64_t a, int64_t b)
{
	while (b != 0)
	{
		int64_t		rest = a % b;

		a = b;
		b = rest;
	}
	return a < 0 ? -a : a;
}

/*
 * Area vector of a triangle, turned away from a point inside (given times
 * `weight`), and six times the volume between it and the origin.
 */
static void
measure_triangle(const int32_t *a, const int32_t *b, const int32_t *c,
				 const int64_t inside[3], int64_t weight,
				 DirectedArea *directed, int64_t *volume)
{
	int64_t		outward = 0;
	int64_t		divisor = 0;

	*volume = 0;
	for (int n = 0; n < 3; n++)
	{
		int			i = (n + 1) % 3;
		int			j = (n + 2) % 3;

		directed->area[n] = (int64_t) (b[i] - a[i]) * (c[j] - a[j]) -
			(int64_t) (b[j] - a[j]) * (c[i] - a[i]);
		outward += directed->area[n] * (weight * a[n] - inside[n]);
		*volume += directed->area[n] * a[n];
		divisor = greatest_common_divisor(divisor, directed->area[n]);
	}
	if (outward < 0)
		*volume = -*volume;
	for (int n = 0; n < 3; n++)
	{
		if (outward < 0)
			directed->area[n] = -directed->area[n];
		directed->direction[n] = divisor > 0 ? directed->area[n] / divisor : 0;
	}
}

/* Merge triangles of one direction; false when they do not close a surface. */
static bool
merge_sides(DirectedArea *areas, int64_t count, Hull *hull)
{
	int64_t		closure[3] = {0, 0, 0};

	qsort(areas, (size_t) count, sizeof(DirectedArea), compare_directions);
	hull->side_count = 0;
	for (int64_t n = 0; n < count; n++)
	{
		HullSide   *side;

		if (n == 0 || compare_directions(&areas[n - 1], &areas[n]) != 0)
			memset(&hull->sides[hull->side_count++], 0, sizeof(HullSide));
		side = &hull->sides[hull->side_count - 1];
		for (int axis = 0; axis < 3; axis++)
		{
			side->area[axis] += areas[n].area[axis];
			closure[axis] += areas[n].area[axis];
		}
	}
	return closure[0] == 0 && closure[1] == 0 && closure[2] == 0;
}

/* Fill sides and volume from the triangles; false when they are not a hull. */
static bool
measure_hull(const PointList *points, const QhullAnswer *answer, DirectedArea *areas,
			 Hull *hull)
{
	int64_t		inside[3] = {0, 0, 0};
	int64_t		weight = hull->vertices.count;
	int64_t		kept = 0;

	/* The mean of the vertices, which lies inside, times their number. */
	for (int64_t n = 0; n < weight; n++)
		for (int axis = 0; axis < 3; axis++)
			inside[axis] += hull->vertices.points[n][axis];
	hull->volume = 0;
	for (int64_t n = 0; n < answer->triangle_count; n++)
	{
		const int  *corner = answer->triangles[n].corner;
		int64_t		volume;

		measure_triangle(points->points[corner[0]], points->points[corner[1]],
						 points->points[corner[2]], inside, weight, &areas[kept], &volume);
		hull->volume += volume;
		/* Qt may leave triangles of three points in line. */
		if (areas[kept].area[0] != 0 || areas[kept].area[1] != 0 || areas[kept].area[2] != 0)
			kept++;
	}
	return merge_sides(areas, kept, hull);
}

bool
rad_hull_build(RadContext *context, const PointList *points, Hull *hull)
{
	int64_t		most_triangles = 2 * points->count;
	QhullAnswer answer = {0, NULL, NULL, NULL};
	double	   *coordinates;
	DirectedArea *areas;
	int			exit_code;

	if (points->count > INT32_MAX / 8)
		return rad_fail(context, RAD_LIMIT_EXCEEDED,
						"surface has too many extreme points for a convex hull: %lld",
						(long long) points->count);
	coordinates = rad_new(context, double, points->count * 3);
	answer.triangles = rad_new(context, HullTriangle, most_triangles);
	answer.used = rad_new_zeroed(context, bool, points->count);
	areas = rad_new(context, DirectedArea, most_triangles + 1);
	hull->sides = rad_new(context, HullSide, most_triangles);
	if (coordinates == NULL || answer.triangles == NULL || answer.used == NULL ||
		areas == NULL || hull->sides == NULL || !rad_continue(context))
		return false;
	for (int64_t n = 0; n < points->count; n++)
		for (int axis = 0; axis < 3; axis++)
			coordinates[3 * n + axis] = points->points[n][axis];

	exit_code = run_qhull(coordinates, points->count, most_triangles, &answer);
	if (exit_code == qh_ERRmem)
		return rad_fail(context, RAD_OUT_OF_MEMORY, "out of memory in convex hull");
	if (exit_code != 0)
		return rad_fail(context, RAD_INTERNAL, "convex hull failed with qhull exit code %d",
						exit_code);
	if (answer.error != NULL)
		return rad_fail(context, RAD_INTERNAL, "convex hull failed: %s", answer.error);
	if (!collect_vertices(context, points, answer.used, hull))
		return false;
	if (!measure_hull(points, &answer, areas, hull))
		return rad_fail(context, RAD_INTERNAL, "convex hull is not closed");
	rad_release(context, coordinates);
	rad_release(context, answer.triangles);
	rad_release(context, answer.used);
	rad_release(context, areas);
	return rad_continue(context);
}

void
rad_hull_release(RadContext *context, Hull *hull)
{
	rad_release(context, hull->vertices.points);
	rad_release(context, hull->sides);
}

double
rad_hull_volume(const Hull *hull, const double spacing[3])
{
	/* 6 from the tetrahedra, 8 half voxels in a voxel */
	return (double) hull->volume / 48.0 * (spacing[0] * spacing[1] * spacing[2]);
}

double
rad_hull_area(const Hull *hull, const double spacing[3])
{
	double		sum = 0.0;

	for (int64_t n = 0; n < hull->side_count; n++)
	{
		double		x = (double) hull->sides[n].area[0] * (spacing[1] * spacing[2]);
		double		y = (double) hull->sides[n].area[1] * (spacing[2] * spacing[0]);
		double		z = (double) hull->sides[n].area[2] * (spacing[0] * spacing[1]);

		sum += sqrt(x * x + y * y + z * z);
	}
	return sum / 8.0;
}
