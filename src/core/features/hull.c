/*
 * Convex hull: Quickhull (Barber, Dobkin and Huhdanpaa 1996) in integers.
 *
 * Mesh vertices lie on a grid, so most sides of a hull hold many points in one
 * plane, the case where floating hulls spend their time and lose their
 * guarantees.  In integers it needs no care but one rule: a point is added when
 * it lies strictly above some face, and then replaces every face that it does
 * not lie strictly below.  So faces in its plane go too; new faces rise from
 * edges of faces strictly below it and are never degenerate; and a point that
 * came to lie inside a side or an edge goes with the faces around it, so what is
 * left are the vertices.  The test suite compares with libqhull.
 *
 * The hull does not change under scaling of the axes; the spacing comes in only
 * when volume and area are asked for.
 */
#include "features/hull.h"

#include <math.h>
#include <stdlib.h>

/* Points added between two polls, well below 100 ms. */
#define POINTS_PER_POLL 64

/* A triangle, counter-clockwise seen from outside. */
typedef struct Face
{
	int32_t		corner[3];		/* indices of points */
	int32_t		neighbour[3];	/* faces across corner[n] - corner[n + 1] */
	int64_t		normal[3];		/* twice the area vector */
	int64_t		offset;			/* normal times any point of the face */
	int32_t		above;			/* first of the points strictly above it, or -1 */
	bool		gone;
	int32_t		side;			/* of the hull, or -1 */
} Face;

/* An edge between a face that goes and one (beyond) that stays. */
typedef struct HorizonEdge
{
	int32_t		from;
	int32_t		to;
	int32_t		beyond;
} HorizonEdge;

typedef struct HullBuilder
{
	const PointList *points;
	int32_t    *next;			/* per point: next of the points above the same face */
	int32_t    *face_from;		/* per point: the new face whose horizon edge starts there */
	int64_t		face_count;
	int64_t		face_room;
	Face	   *faces;
	int64_t		visible_count;	/* faces that the point being added replaces */
	int32_t    *visible;		/* face_room */
	int64_t		horizon_count;
	HorizonEdge *horizon;		/* a cycle of distinct points */
} HullBuilder;

static inline int64_t
height_above(const Face *face, const int32_t *point)
{
	return face->normal[0] * point[0] + face->normal[1] * point[1] +
		face->normal[2] * point[2] - face->offset;
}

static void
cross(const int32_t *a, const int32_t *b, const int32_t *c, int64_t product[3])
{
	for (int n = 0; n < 3; n++)
	{
		int			i = (n + 1) % 3;
		int			j = (n + 2) % 3;

		product[n] = (int64_t) (b[i] - a[i]) * (c[j] - a[j]) -
			(int64_t) (b[j] - a[j]) * (c[i] - a[i]);
	}
}

/* A new face; there must be room.  Returns its index. */
static int32_t
add_face(HullBuilder *builder, int32_t a, int32_t b, int32_t c)
{
	const PointList *points = builder->points;
	int32_t		index = (int32_t) builder->face_count++;
	Face	   *face = &builder->faces[index];

	face->corner[0] = a;
	face->corner[1] = b;
	face->corner[2] = c;
	cross(points->points[a], points->points[b], points->points[c], face->normal);
	face->offset = 0;
	face->offset = height_above(face, points->points[a]);
	face->above = -1;
	face->gone = false;
	face->side = -1;
	return index;
}

/* Make room for `more` faces, doubling. */
static bool
reserve_faces(RadContext *context, HullBuilder *builder, int64_t more)
{
	int64_t		room = builder->face_room;
	Face	   *faces;
	int32_t    *visible;

	if (builder->face_count + more <= room)
		return true;
	while (room < builder->face_count + more)
		room = room < 512 ? 1024 : room * 2;
	if (room > INT32_MAX / 2)
		return rad_fail(context, RAD_LIMIT_EXCEEDED,
						"convex hull needs too many faces: %lld", (long long) room);
	faces = rad_new(context, Face, room);
	visible = rad_new(context, int32_t, room);
	if (faces == NULL || visible == NULL)
		return false;
	if (builder->face_count > 0)
	{
		memcpy(faces, builder->faces, (size_t) builder->face_count * sizeof(Face));
		memcpy(visible, builder->visible, (size_t) builder->face_count * sizeof(int32_t));
	}
	rad_release(context, builder->faces);
	rad_release(context, builder->visible);
	builder->faces = faces;
	builder->visible = visible;
	builder->face_room = room;
	return true;
}

/* Hang a point under the first of some faces that it lies strictly above. */
static void
place_point(HullBuilder *builder, int32_t point, int64_t first, int64_t last)
{
	for (int64_t n = first; n < last; n++)
		if (height_above(&builder->faces[n], builder->points->points[point]) > 0)
		{
			builder->next[point] = builder->faces[n].above;
			builder->faces[n].above = point;
			return;
		}
}

static int64_t
sum_of_magnitudes(const int64_t vector[3])
{
	return llabs(vector[0]) + llabs(vector[1]) + llabs(vector[2]);
}

/*
 * Four points that span a volume: far apart, so that few points stay outside.
 * False when there are none.
 */
static bool
choose_start(const PointList *points, int32_t start[4])
{
	int64_t		best[3] = {0, 0, 0};
	int64_t		normal[3];

	start[0] = 0;
	for (int64_t n = 1; n < points->count; n++)
	{
		int64_t		difference[3];

		for (int axis = 0; axis < 3; axis++)
			difference[axis] = points->points[n][axis] - points->points[0][axis];
		if (sum_of_magnitudes(difference) > best[0])
		{
			best[0] = sum_of_magnitudes(difference);
			start[1] = (int32_t) n;
		}
	}
	for (int64_t n = 1; best[0] > 0 && n < points->count; n++)
	{
		cross(points->points[start[0]], points->points[start[1]], points->points[n], normal);
		if (sum_of_magnitudes(normal) > best[1])
		{
			best[1] = sum_of_magnitudes(normal);
			start[2] = (int32_t) n;
		}
	}
	if (best[1] == 0)
		return false;
	cross(points->points[start[0]], points->points[start[1]], points->points[start[2]],
		  normal);
	for (int64_t n = 1; n < points->count; n++)
	{
		int64_t		height = 0;

		for (int axis = 0; axis < 3; axis++)
			height += normal[axis] * (points->points[n][axis] - points->points[0][axis]);
		if (llabs(height) > llabs(best[2]))
		{
			best[2] = height;
			start[3] = (int32_t) n;
		}
	}
	/* The fourth point shall lie below the first three. */
	if (best[2] > 0)
	{
		int32_t		swap = start[1];

		start[1] = start[2];
		start[2] = swap;
	}
	return best[2] != 0;
}

/* The four faces of a tetrahedron, and all other points above one of them. */
static void
build_tetrahedron(HullBuilder *builder, const int32_t start[4])
{
	/* Face n, the face across each of its edges */
	static const int corners[4][3] = {{0, 1, 2}, {0, 3, 1}, {1, 3, 2}, {2, 3, 0}};
	static const int neighbours[4][3] = {{1, 2, 3}, {3, 2, 0}, {1, 3, 0}, {2, 1, 0}};

	for (int n = 0; n < 4; n++)
	{
		int32_t		face = add_face(builder, start[corners[n][0]], start[corners[n][1]],
									start[corners[n][2]]);

		for (int edge = 0; edge < 3; edge++)
			builder->faces[face].neighbour[edge] = neighbours[n][edge];
	}
	for (int64_t n = 0; n < builder->points->count; n++)
		place_point(builder, (int32_t) n, 0, 4);
}

/* Take the point farthest above a face off the face's list. */
static int32_t
take_farthest(HullBuilder *builder, Face *face)
{
	int32_t		farthest = face->above;
	int64_t		largest = 0;

	for (int32_t point = face->above; point >= 0; point = builder->next[point])
	{
		int64_t		height = height_above(face, builder->points->points[point]);

		if (height > largest)
		{
			largest = height;
			farthest = point;
		}
	}
	for (int32_t *link = &face->above; *link >= 0; link = &builder->next[*link])
		if (*link == farthest)
		{
			*link = builder->next[farthest];
			break;
		}
	return farthest;
}

/* Find the faces that a point replaces, starting from one of them. */
static void
find_horizon(HullBuilder *builder, int32_t first, const int32_t *point)
{
	builder->visible_count = 1;
	builder->visible[0] = first;
	builder->horizon_count = 0;
	builder->faces[first].gone = true;
	for (int64_t n = 0; n < builder->visible_count; n++)
	{
		const Face *face = &builder->faces[builder->visible[n]];

		for (int edge = 0; edge < 3; edge++)
		{
			int32_t		across = face->neighbour[edge];

			if (builder->faces[across].gone)
				continue;
			if (height_above(&builder->faces[across], point) >= 0)
			{
				builder->faces[across].gone = true;
				builder->visible[builder->visible_count++] = across;
			}
			else
			{
				HorizonEdge *horizon = &builder->horizon[builder->horizon_count++];

				horizon->from = face->corner[edge];
				horizon->to = face->corner[edge == 2 ? 0 : edge + 1];
				horizon->beyond = across;
			}
		}
	}
}

/* Raise faces from the horizon to the point and connect them. */
static void
raise_faces(HullBuilder *builder, int32_t point)
{
	int64_t		first = builder->face_count;

	for (int64_t n = 0; n < builder->horizon_count; n++)
	{
		const HorizonEdge *edge = &builder->horizon[n];
		Face	   *beyond = &builder->faces[edge->beyond];
		int32_t		face = add_face(builder, edge->from, edge->to, point);

		builder->faces[face].neighbour[0] = edge->beyond;
		builder->face_from[edge->from] = face;
		for (int other = 0; other < 3; other++)
			if (beyond->corner[other] == edge->to)
				beyond->neighbour[other] = face;
	}
	for (int64_t face = first; face < builder->face_count; face++)
	{
		int32_t		following = builder->face_from[builder->faces[face].corner[1]];

		builder->faces[face].neighbour[1] = following;
		builder->faces[following].neighbour[2] = (int32_t) face;
	}
}

/* Add the farthest of the points above a face. */
static bool
add_point(RadContext *context, HullBuilder *builder, int32_t face)
{
	int32_t		point = take_farthest(builder, &builder->faces[face]);
	int64_t		first;

	find_horizon(builder, face, builder->points->points[point]);
	if (!reserve_faces(context, builder, builder->horizon_count))
		return false;
	first = builder->face_count;
	raise_faces(builder, point);

	/*
	 * What was above a face that went can only be above a new one: above both
	 * sides of a horizon edge means above the face between them.
	 */
	for (int64_t n = 0; n < builder->visible_count; n++)
		for (int32_t other = builder->faces[builder->visible[n]].above; other >= 0;)
		{
			int32_t		following = builder->next[other];

			place_point(builder, other, first, builder->face_count);
			other = following;
		}
	return true;
}

/* Sum a face and all that are connected to it in the same plane. */
static void
merge_side(HullBuilder *builder, int32_t first, Hull *hull)
{
	int32_t		number = (int32_t) hull->side_count++;
	HullSide   *side = &hull->sides[number];
	int64_t		count = 1;

	memset(side, 0, sizeof(*side));
	builder->visible[0] = first;
	builder->faces[first].side = number;
	for (int64_t n = 0; n < count; n++)
	{
		const Face *face = &builder->faces[builder->visible[n]];

		for (int axis = 0; axis < 3; axis++)
			side->area[axis] += face->normal[axis];
		hull->volume += face->offset;
		for (int edge = 0; edge < 3; edge++)
		{
			Face	   *across = &builder->faces[face->neighbour[edge]];
			bool		flat = true;

			for (int corner = 0; corner < 3; corner++)
				if (height_above(face, builder->points->points[across->corner[corner]]) != 0)
					flat = false;
			if (!flat || across->side >= 0)
				continue;
			across->side = number;
			builder->visible[count++] = face->neighbour[edge];
		}
	}
}

/* Where two faces of different sides meet is an edge; take it from one of them. */
static void
collect_edges(const HullBuilder *builder, const int32_t *vertex_of, Hull *hull)
{
	hull->edge_count = 0;
	for (int64_t n = 0; n < builder->face_count; n++)
	{
		const Face *face = &builder->faces[n];

		for (int edge = 0; edge < 3 && !face->gone; edge++)
		{
			int32_t		other = builder->faces[face->neighbour[edge]].side;

			if (face->side < other)
				hull->edges[hull->edge_count++] = (HullEdge) {
					{vertex_of[face->corner[edge]], vertex_of[face->corner[(edge + 1) % 3]]},
					{face->side, other}
				};
		}
	}
}

/* Vertices, sides, edges and volume from the faces that are left. */
static bool
collect_hull(RadContext *context, HullBuilder *builder, Hull *hull)
{
	const PointList *points = builder->points;
	int32_t    *vertex_of = builder->face_from; /* not needed any more */
	int64_t		left = 0;

	memset(vertex_of, 0, (size_t) points->count * sizeof(int32_t));
	for (int64_t n = 0; n < builder->face_count; n++)
	{
		if (builder->faces[n].gone)
			continue;
		left++;
		for (int corner = 0; corner < 3; corner++)
			vertex_of[builder->faces[n].corner[corner]] = 1;
	}
	hull->sides = rad_new(context, HullSide, left);
	/* Euler: a closed surface of F triangles has 3 F / 2 edges, F / 2 + 2 vertices. */
	hull->edges = rad_new(context, HullEdge, left * 3 / 2);
	hull->vertices.points = rad_allocate(context, (size_t) left / 2 + 2,
										 sizeof(*hull->vertices.points));
	if (hull->sides == NULL || hull->edges == NULL || hull->vertices.points == NULL)
		return false;
	hull->vertices.count = 0;
	for (int64_t n = 0; n < points->count; n++)
		if (vertex_of[n] != 0)
		{
			vertex_of[n] = (int32_t) hull->vertices.count;
			memcpy(hull->vertices.points[hull->vertices.count++], points->points[n],
				   sizeof(points->points[n]));
		}
	hull->volume = 0;
	hull->side_count = 0;
	for (int64_t n = 0; n < builder->face_count; n++)
		if (!builder->faces[n].gone && builder->faces[n].side < 0)
			merge_side(builder, (int32_t) n, hull);
	collect_edges(builder, vertex_of, hull);
	return true;
}

/* Coordinates must be small enough that no product overflows. */
static bool
check_range(RadContext *context, const PointList *points)
{
	for (int64_t n = 0; n < points->count; n++)
		for (int axis = 0; axis < 3; axis++)
			if (abs(points->points[n][axis]) > RAD_HULL_LIMIT)
			{
				rad_fail(context, RAD_LIMIT_EXCEEDED,
						 "region is too long for a convex hull: %d half voxels",
						 points->points[n][axis]);
				return rad_hint(context, "Resample to larger voxels.");
			}
	if (points->count > INT32_MAX / 4)
	{
		rad_fail(context, RAD_LIMIT_EXCEEDED,
				 "surface has too many extreme points for a convex hull: %lld",
				 (long long) points->count);
		return rad_hint(context, "Resample to larger voxels.");
	}
	return true;
}

bool
rad_hull_build(RadContext *context, const PointList *points, Hull *hull)
{
	HullBuilder builder = {.points = points};
	int32_t		start[4];

	if (!check_range(context, points))
		return false;
	if (!choose_start(points, start))
		return rad_fail(context, RAD_DATA_EXCEPTION,
						"cannot make a convex hull of %lld points in one plane",
						(long long) points->count);
	builder.next = rad_new(context, int32_t, points->count);
	builder.face_from = rad_new(context, int32_t, points->count);
	builder.horizon = rad_new(context, HorizonEdge, points->count);
	if (builder.next == NULL || builder.face_from == NULL || builder.horizon == NULL ||
		!reserve_faces(context, &builder, 4))
		return false;
	build_tetrahedron(&builder, start);
	for (int64_t n = 0; n < builder.face_count; n++)
	{
		if (n % POINTS_PER_POLL == 0 && !rad_continue(context))
			return false;
		if (!builder.faces[n].gone && builder.faces[n].above >= 0 &&
			!add_point(context, &builder, (int32_t) n))
			return false;
	}
	if (!collect_hull(context, &builder, hull))
		return false;
	rad_release(context, builder.next);
	rad_release(context, builder.face_from);
	rad_release(context, builder.horizon);
	rad_release(context, builder.faces);
	rad_release(context, builder.visible);
	return true;
}

void
rad_hull_release(RadContext *context, Hull *hull)
{
	rad_release(context, hull->vertices.points);
	rad_release(context, hull->sides);
	rad_release(context, hull->edges);
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
