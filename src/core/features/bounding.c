/*
 * Oriented minimum bounding box and minimum volume enclosing ellipsoid.
 */
#include "features/bounding.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "features/eigen.h"

/* Khachiyan's tolerance (IBSI manual, MVEE). */
#define ELLIPSOID_TOLERANCE 0.001

/* Far beyond what the tolerance needs (tens to hundreds). */
#define MOST_ELLIPSOID_STEPS 100000

/*
 * The smallest boxes flush with a side are turned about their axes, until a turn
 * gains less than this.  Against general searches over 150 random shapes, turning
 * one box was up to 0.5 % above the minimum, 16 up to 0.03 % (0.08 % in one of
 * eight further shapes), and all of them no better.
 */
#define TURNED_BOXES 16
#define BOX_GAIN 1e-12
#define MOST_BOX_TURNS 100

typedef struct Vector
{
	double		x;
	double		y;
	double		z;
} Vector;

typedef struct PlanarPoint
{
	double		u;
	double		v;
} PlanarPoint;

/* Two numbers worked on at once (GCC's vector extension), and which of them. */
typedef double Pair __attribute__((vector_size(16), aligned(8), may_alias));
typedef int64_t PairMask __attribute__((vector_size(16)));

/* Coordinates of points or components of vectors, filled up to an even number of pairs. */
typedef struct VectorPairs
{
	int64_t		count;			/* of pairs */
	double	   *x;
	double	   *y;
	double	   *z;
} VectorPairs;

/* The hull in mm and room for its shadow. */
typedef struct BoxSearch
{
	int64_t		vertex_count;
	VectorPairs vertices;		/* filled up with the last one */
	int64_t		side_count;
	VectorPairs areas;			/* outward area vectors, filled up with zeros */
	int64_t		edge_count;
	const HullEdge *edges;

	/* Of the direction being looked at */
	double		height;
	int64_t    *front;			/* per side: not 0 when it faces that way */
	int64_t		tried;
	int64_t    *seen;			/* per vertex: when it was last in a shadow */
	PlanarPoint *shadow;
	PlanarPoint *outline;
} BoxSearch;

/* axes: orthonormal; edges: along them; volume: their product. */
typedef struct OrientedBox
{
	Vector		axes[3];
	double		edges[3];
	double		volume;
} OrientedBox;

/* A side's direction, and a bound on every box flush with it. */
typedef struct BoxCandidate
{
	Vector		normal;
	double		bound;
} BoxCandidate;

static inline double
dot(Vector a, Vector b)
{
	return a.x * b.x + a.y * b.y + a.z * b.z;
}

static inline Vector
vector_product(Vector a, Vector b)
{
	return (Vector) {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

static inline Vector
combine(double s, Vector a, double t, Vector b)
{
	return (Vector) {s * a.x + t * b.x, s * a.y + t * b.y, s * a.z + t * b.z};
}

static Vector
normalised(Vector a)
{
	return combine(1.0 / sqrt(dot(a, a)), a, 0.0, a);
}

static inline Pair
pair_at(const double *numbers, int64_t n)
{
	return *(const Pair *) (numbers + 2 * n);
}

/* Per number: yes where the mask is set, no elsewhere. */
static inline Pair
choose(PairMask mask, Pair yes, Pair no)
{
	return (Pair) (((PairMask) yes & mask) | ((PairMask) no & ~mask));
}

static inline Pair
dot_pair(const VectorPairs *vectors, int64_t n, Vector a)
{
	return pair_at(vectors->x, n) * a.x + pair_at(vectors->y, n) * a.y +
		pair_at(vectors->z, n) * a.z;
}

static inline Vector
vector_at(const VectorPairs *vectors, int64_t n)
{
	return (Vector) {vectors->x[n], vectors->y[n], vectors->z[n]};
}

static bool
new_vectors(RadContext *context, int64_t count, VectorPairs *vectors)
{
	vectors->count = (count + 3) / 4 * 2;
	vectors->x = rad_new_zeroed(context, double, 2 * vectors->count);
	vectors->y = rad_new_zeroed(context, double, 2 * vectors->count);
	vectors->z = rad_new_zeroed(context, double, 2 * vectors->count);
	return vectors->x != NULL && vectors->y != NULL && vectors->z != NULL;
}

static void
set_vector(VectorPairs *vectors, int64_t n, Vector vector)
{
	vectors->x[n] = vector.x;
	vectors->y[n] = vector.y;
	vectors->z[n] = vector.z;
}

static void
release_vectors(RadContext *context, VectorPairs *vectors)
{
	rad_release(context, vectors->x);
	rad_release(context, vectors->y);
	rad_release(context, vectors->z);
}

/* Two unit vectors that make a right-handed frame with a unit vector. */
static void
complete_frame(Vector normal, Vector *first, Vector *second)
{
	double		x = fabs(normal.x);
	double		y = fabs(normal.y);
	double		z = fabs(normal.z);
	Vector		helper = {0.0, 0.0, 0.0};

	if (x <= y && x <= z)
		helper.x = 1.0;
	else if (y <= z)
		helper.y = 1.0;
	else
		helper.z = 1.0;
	*first = normalised(vector_product(normal, helper));
	*second = vector_product(normal, *first);
}

static inline bool
left_of(PlanarPoint a, PlanarPoint b)
{
	return a.u < b.u || (a.u == b.u && a.v < b.v);
}

/*
 * By u, then v: Shell's sort with Ciura's gaps.  There are tens of points, and
 * qsort() would take most of the time of a direction.
 */
static void
sort_shadow(PlanarPoint *shadow, int64_t count)
{
	static const int gaps[] = {701, 301, 132, 57, 23, 10, 4, 1};

	for (size_t g = 0; g < sizeof(gaps) / sizeof(gaps[0]); g++)
	{
		int64_t		gap = gaps[g];

		for (int64_t n = gap; n < count; n++)
		{
			PlanarPoint point = shadow[n];
			int64_t		place = n;

			for (; place >= gap && left_of(point, shadow[place - gap]); place -= gap)
				shadow[place] = shadow[place - gap];
			shadow[place] = point;
		}
	}
}

static inline double
turn(PlanarPoint a, PlanarPoint b, PlanarPoint c)
{
	return (b.u - a.u) * (c.v - a.v) - (b.v - a.v) * (c.u - a.u);
}

/*
 * Outline of the shadow, counter-clockwise (Andrew's monotone chain); its first
 * point follows again behind the last.
 */
static int64_t
find_outline(PlanarPoint *shadow, int64_t count, PlanarPoint *outline)
{
	int64_t		size = 0;
	int64_t		lower;

	sort_shadow(shadow, count);
	for (int64_t n = 0; n < count; n++)
	{
		while (size >= 2 && turn(outline[size - 2], outline[size - 1], shadow[n]) <= 0.0)
			size--;
		outline[size++] = shadow[n];
	}
	lower = size;
	for (int64_t n = count - 2; n >= 0; n--)
	{
		while (size > lower &&
			   turn(outline[size - 2], outline[size - 1], shadow[n]) <= 0.0)
			size--;
		outline[size++] = shadow[n];
	}
	return size - 1;
}

static inline double
along(PlanarPoint direction, PlanarPoint point)
{
	return direction.u * point.u + direction.v * point.v;
}

/*
 * The outline's point furthest in a direction, counter-clockwise from point n on
 * as long as that leads further.  Differences of neighbours are looked at, not
 * the points: so an edge that is only rounding cannot stop the search, because
 * the outline is convex with it too.
 */
static int64_t
climb(const PlanarPoint *outline, int64_t count, PlanarPoint direction, int64_t n)
{
	for (int64_t steps = 0; steps < count; steps++)
	{
		PlanarPoint edge = {outline[n + 1].u - outline[n].u, outline[n + 1].v - outline[n].v};

		if (!(along(direction, edge) > 0.0))
			break;
		n = n + 1 < count ? n + 1 : 0;
	}
	return n;
}

/*
 * The rectangle of least area around an outline has an edge on it (Freeman and
 * Shapira 1975): each is tried, and the points that touch the other three sides
 * go round with it (rotating calipers, Toussaint 1983).  Returns the area and
 * sets the direction (cosine, sine) and the two edges.
 */
static double
smallest_rectangle(const PlanarPoint *outline, int64_t count, PlanarPoint *direction,
				   double *length, double *width)
{
	double		best = DBL_MAX;
	int64_t		ahead = 0;
	int64_t		opposite = 0;
	int64_t		behind = 0;

	for (int64_t n = 0; n < count; n++)
	{
		PlanarPoint here = outline[n];
		PlanarPoint there = outline[n + 1];
		double		norm = sqrt((there.u - here.u) * (there.u - here.u) +
								(there.v - here.v) * (there.v - here.v));
		PlanarPoint edge = {(there.u - here.u) / norm, (there.v - here.v) / norm};
		PlanarPoint inward = {-edge.v, edge.u};
		PlanarPoint backward = {-edge.u, -edge.v};
		double		long_edge;
		double		short_edge;

		if (!(norm > 0.0))
			continue;
		ahead = climb(outline, count, edge, ahead);
		opposite = climb(outline, count, inward, n == 0 ? ahead : opposite);
		behind = climb(outline, count, backward, n == 0 ? opposite : behind);
		long_edge = along(edge, outline[ahead]) - along(edge, outline[behind]);
		short_edge = along(inward, outline[opposite]) - along(inward, here);
		if (long_edge * short_edge < best)
		{
			*direction = edge;
			*length = long_edge;
			*width = short_edge;
			best = long_edge * short_edge;
		}
	}
	return best;
}

/*
 * Look along a unit normal: the hull's height, and which sides face that way.
 * Returns the height times the area of the shadow, which is half the sum of the
 * sides' shadows: no box along the normal is smaller.
 */
static double
look_along(BoxSearch *search, Vector normal)
{
	Pair		low[2] = {{DBL_MAX, DBL_MAX}, {DBL_MAX, DBL_MAX}};
	Pair		high[2] = {{-DBL_MAX, -DBL_MAX}, {-DBL_MAX, -DBL_MAX}};
	Pair		shadow = {0.0, 0.0};
	double		lowest;
	double		highest;

	/* Two chains of comparisons: one would wait for itself. */
	for (int64_t n = 0; n < search->vertices.count; n += 2)
		for (int k = 0; k < 2; k++)
		{
			Pair		height = dot_pair(&search->vertices, n + k, normal);

			low[k] = choose(height < low[k], height, low[k]);
			high[k] = choose(height > high[k], height, high[k]);
		}
	for (int64_t n = 0; n < search->areas.count; n++)
	{
		Pair		facing = dot_pair(&search->areas, n, normal);
		PairMask	front = facing > 0.0;

		shadow += choose(front, facing, -facing);
		memcpy(search->front + 2 * n, &front, sizeof(front));
	}
	low[0] = choose(low[0] < low[1], low[0], low[1]);
	high[0] = choose(high[0] > high[1], high[0], high[1]);
	lowest = low[0][0] < low[0][1] ? low[0][0] : low[0][1];
	highest = high[0][0] > high[0][1] ? high[0][0] : high[0][1];
	search->height = highest - lowest;
	return search->height * (shadow[0] + shadow[1]) / 2.0;
}

/*
 * Project the vertices on the shadow's rim: those of edges between a side that
 * faces the normal and one that does not.  A side seen edge-on may count as
 * either: some vertex above or below each point of the rim is taken anyway.
 */
static int64_t
project_rim(BoxSearch *search, Vector first, Vector second)
{
	int64_t		count = 0;

	search->tried++;
	for (int64_t n = 0; n < search->edge_count; n++)
	{
		const HullEdge *edge = &search->edges[n];

		if (search->front[edge->side[0]] == search->front[edge->side[1]])
			continue;
		for (int end = 0; end < 2; end++)
		{
			int32_t		vertex = edge->vertex[end];

			if (search->seen[vertex] == search->tried)
				continue;
			search->seen[vertex] = search->tried;
			search->shadow[count].u = dot(vector_at(&search->vertices, vertex), first);
			search->shadow[count++].v = dot(vector_at(&search->vertices, vertex), second);
		}
	}
	return count;
}

/*
 * The smallest box with one axis along a unit normal; when it is smaller than
 * *best it replaces that.
 */
static bool
try_normal(BoxSearch *search, Vector normal, OrientedBox *best)
{
	Vector		first;
	Vector		second;
	PlanarPoint direction = {1.0, 0.0};
	double		length = 0.0;
	double		width = 0.0;
	double		volume;
	int64_t		count;

	if (look_along(search, normal) >= best->volume)
		return false;
	complete_frame(normal, &first, &second);
	count = find_outline(search->shadow, project_rim(search, first, second),
						 search->outline);
	volume = search->height *
		smallest_rectangle(search->outline, count, &direction, &length, &width);
	if (!(volume < best->volume))
		return false;
	best->axes[0] = normal;
	best->axes[1] = combine(direction.u, first, direction.v, second);
	best->axes[2] = combine(-direction.v, first, direction.u, second);
	best->edges[0] = search->height;
	best->edges[1] = length;
	best->edges[2] = width;
	best->volume = volume;
	return true;
}

static int
compare_bounds(const void *a, const void *b)
{
	const BoxCandidate *first = a;
	const BoxCandidate *second = b;

	if (first->bound != second->bound)
		return first->bound < second->bound ? -1 : 1;
	if (first->normal.x != second->normal.x)
		return first->normal.x < second->normal.x ? -1 : 1;
	if (first->normal.y != second->normal.y)
		return first->normal.y < second->normal.y ? -1 : 1;
	return (first->normal.z > second->normal.z) - (first->normal.z < second->normal.z);
}

static bool
prepare_search(RadContext *context, const Hull *hull, const double spacing[3],
			   BoxSearch *search)
{
	search->vertex_count = hull->vertices.count;
	search->side_count = hull->side_count;
	search->edge_count = hull->edge_count;
	search->edges = hull->edges;
	search->tried = 0;
	search->front = rad_new(context, int64_t, (search->side_count + 3) / 4 * 4);
	search->seen = rad_new_zeroed(context, int64_t, search->vertex_count);
	search->shadow = rad_new(context, PlanarPoint, search->vertex_count);
	search->outline = rad_new(context, PlanarPoint, search->vertex_count + 1);
	if (search->front == NULL || search->seen == NULL || search->shadow == NULL ||
		search->outline == NULL ||
		!new_vectors(context, search->vertex_count, &search->vertices) ||
		!new_vectors(context, search->side_count, &search->areas))
		return false;
	for (int64_t n = 0; n < 2 * search->vertices.count; n++)
	{
		int64_t		last = search->vertex_count - 1;
		const int32_t *point = hull->vertices.points[n < last ? n : last];

		set_vector(&search->vertices, n, (Vector) {
			point[0] * (spacing[0] / 2.0), point[1] * (spacing[1] / 2.0),
			point[2] * (spacing[2] / 2.0)
		});
	}
	for (int64_t n = 0; n < search->side_count; n++)
	{
		const int64_t *area = hull->sides[n].area;

		set_vector(&search->areas, n, (Vector) {
			(double) area[0] * (spacing[1] * spacing[2]) / 8.0,
			(double) area[1] * (spacing[2] * spacing[0]) / 8.0,
			(double) area[2] * (spacing[0] * spacing[1]) / 8.0
		});
	}
	return true;
}

/* All sides of the hull, the most promising first. */
static BoxCandidate *
list_candidates(RadContext *context, BoxSearch *search)
{
	BoxCandidate *candidates = rad_new(context, BoxCandidate, search->side_count);

	if (candidates == NULL)
		return NULL;
	for (int64_t n = 0; n < search->side_count; n++)
	{
		if (n % 256 == 0 && !rad_continue(context))
			return NULL;
		candidates[n].normal = normalised(vector_at(&search->areas, n));
		candidates[n].bound = look_along(search, candidates[n].normal);
	}
	qsort(candidates, (size_t) search->side_count, sizeof(BoxCandidate), compare_bounds);
	return candidates;
}

/* Keep the smallest boxes, in ascending order. */
static void
keep_box(OrientedBox boxes[TURNED_BOXES], OrientedBox box)
{
	int			place = TURNED_BOXES - 1;

	for (; place > 0 && box.volume < boxes[place - 1].volume; place--)
		boxes[place] = boxes[place - 1];
	boxes[place] = box;
}

/* Turn a box about each of its axes in turn while that makes it smaller. */
static bool
turn_box(RadContext *context, BoxSearch *search, OrientedBox *box)
{
	for (int number = 0; number < MOST_BOX_TURNS; number++)
	{
		double		before = box->volume;

		if (!rad_continue(context))
			return false;
		for (int axis = 0; axis < 3; axis++)
			try_normal(search, box->axes[axis], box);
		if (!(box->volume < before * (1.0 - BOX_GAIN)))
			break;
	}
	return true;
}

bool
rad_oriented_box(RadContext *context, const Hull *hull, const double spacing[3],
				 double edges[3])
{
	BoxSearch	search;
	OrientedBox boxes[TURNED_BOXES];
	BoxCandidate *candidates;
	double		best = DBL_MAX;

	if (!prepare_search(context, hull, spacing, &search))
		return false;
	candidates = list_candidates(context, &search);
	if (candidates == NULL)
		return false;
	for (int n = 0; n < TURNED_BOXES; n++)
		boxes[n].volume = DBL_MAX;
	for (int64_t n = 0; n < search.side_count; n++)
	{
		OrientedBox box = {.volume = boxes[TURNED_BOXES - 1].volume};

		if (!rad_continue(context))
			return false;
		if (candidates[n].bound >= box.volume)
			break;
		if (try_normal(&search, candidates[n].normal, &box))
			keep_box(boxes, box);
	}
	for (int n = 0; n < TURNED_BOXES && boxes[n].volume < DBL_MAX; n++)
	{
		if (!turn_box(context, &search, &boxes[n]))
			return false;
		if (!(boxes[n].volume < best))
			continue;
		best = boxes[n].volume;
		memcpy(edges, boxes[n].edges, sizeof(boxes[n].edges));
	}
	rad_release(context, candidates);
	rad_release(context, search.front);
	rad_release(context, search.seen);
	release_vectors(context, &search.vertices);
	release_vectors(context, &search.areas);
	rad_release(context, search.shadow);
	rad_release(context, search.outline);
	return true;
}

/* Inverse of a symmetric positive definite 4x4 matrix by Gauss and Jordan. */
static void
invert(double matrix[4][4], double inverse[4][4])
{
	double		a[4][8];

	for (int i = 0; i < 4; i++)
		for (int j = 0; j < 4; j++)
		{
			a[i][j] = matrix[i][j];
			a[i][4 + j] = i == j;
		}
	for (int pivot = 0; pivot < 4; pivot++)
	{
		double		scale = 1.0 / a[pivot][pivot];

		for (int j = 0; j < 8; j++)
			a[pivot][j] *= scale;
		for (int i = 0; i < 4; i++)
		{
			double		factor = a[i][pivot];

			if (i != pivot)
				for (int j = 0; j < 8; j++)
					a[i][j] -= factor * a[pivot][j];
		}
	}
	for (int i = 0; i < 4; i++)
		for (int j = 0; j < 4; j++)
			inverse[i][j] = a[i][4 + j];
}

/*
 * Khachiyan's algorithm on points lifted to (x, y, z, 1): weights on the points
 * whose moment matrix has the largest determinant.
 */
typedef struct Ellipsoid
{
	int64_t		count;
	VectorPairs points;			/* filled up with the last one */
	double	   *distances;		/* per point */
	double	   *weights;
	double		moments[4][4];	/* sum of weight * point point^T */
	double		inverse[4][4];

	/* Points with the largest, and among those with weight the smallest, */
	int64_t		outermost;
	int64_t		innermost;
	double		largest;		/* distance point^T inverse point */
	double		smallest;
} Ellipsoid;

static void
lifted_point(const Ellipsoid *ellipsoid, int64_t n, double point[4])
{
	point[0] = ellipsoid->points.x[n];
	point[1] = ellipsoid->points.y[n];
	point[2] = ellipsoid->points.z[n];
	point[3] = 1.0;
}

static void
measure_points(Ellipsoid *ellipsoid)
{
	double		(*m)[4] = ellipsoid->inverse;
	Pair		largest = {-DBL_MAX, -DBL_MAX};

	invert(ellipsoid->moments, ellipsoid->inverse);
	for (int64_t n = 0; n < ellipsoid->points.count; n++)
	{
		Pair		x = pair_at(ellipsoid->points.x, n);
		Pair		y = pair_at(ellipsoid->points.y, n);
		Pair		z = pair_at(ellipsoid->points.z, n);
		Pair		square = m[0][0] * x * x + m[1][1] * y * y + m[2][2] * z * z + m[3][3];
		Pair		mixed = x * (m[0][1] * y + m[0][2] * z + m[0][3]) +
			y * (m[1][2] * z + m[1][3]) + z * m[2][3];
		Pair		distance = square + 2.0 * mixed;

		*(Pair *) (ellipsoid->distances + 2 * n) = distance;
		largest = choose(distance > largest, distance, largest);
	}
	ellipsoid->largest = largest[0] > largest[1] ? largest[0] : largest[1];
	ellipsoid->outermost = 0;
	while (ellipsoid->distances[ellipsoid->outermost] < ellipsoid->largest)
		ellipsoid->outermost++;
	ellipsoid->smallest = DBL_MAX;
	for (int64_t n = 0; n < ellipsoid->count; n++)
	{
		if (ellipsoid->weights[n] > 0.0 && ellipsoid->distances[n] < ellipsoid->smallest)
		{
			ellipsoid->smallest = ellipsoid->distances[n];
			ellipsoid->innermost = n;
		}
	}
}

/* Give point n the share `step` of all weight; negative takes weight away. */
static void
shift_weight(Ellipsoid *ellipsoid, int64_t n, double step, bool drop)
{
	double		p[4];

	lifted_point(ellipsoid, n, p);
	for (int64_t m = 0; m < ellipsoid->count; m++)
		ellipsoid->weights[m] *= 1.0 - step;
	ellipsoid->weights[n] = drop ? 0.0 : ellipsoid->weights[n] + step;
	for (int i = 0; i < 4; i++)
		for (int j = 0; j < 4; j++)
			ellipsoid->moments[i][j] = (1.0 - step) * ellipsoid->moments[i][j] +
				step * p[i] * p[j];
}

/*
 * One step towards the outermost point, or away from the innermost one when
 * that promises more (Todd and Yildirim 2007: the away steps make Khachiyan's
 * algorithm converge linearly).
 */
static void
improve(Ellipsoid *ellipsoid)
{
	double		outside = ellipsoid->largest / 4.0 - 1.0;
	double		inside = 1.0 - ellipsoid->smallest / 4.0;

	if (outside >= inside)
		shift_weight(ellipsoid, ellipsoid->outermost,
					 (ellipsoid->largest - 4.0) / (4.0 * (ellipsoid->largest - 1.0)), false);
	else
	{
		double		weight = ellipsoid->weights[ellipsoid->innermost];
		double		limit = -weight / (1.0 - weight);
		double		step = limit;

		if (ellipsoid->smallest > 1.0)
			step = (ellipsoid->smallest - 4.0) / (4.0 * (ellipsoid->smallest - 1.0));
		shift_weight(ellipsoid, ellipsoid->innermost, step > limit ? step : limit,
					 step <= limit);
	}
}

/* Start from equal weights, in coordinates that run from -1 to 1. */
static bool
start_ellipsoid(RadContext *context, const PointList *vertices, const double spacing[3],
				Ellipsoid *ellipsoid, double scale[3])
{
	int64_t		count = vertices->count;

	memset(ellipsoid, 0, sizeof(*ellipsoid));
	ellipsoid->count = count;
	ellipsoid->weights = rad_new(context, double, count);
	if (ellipsoid->weights == NULL || !new_vectors(context, count, &ellipsoid->points))
		return false;
	ellipsoid->distances = rad_new(context, double, 2 * ellipsoid->points.count);
	if (ellipsoid->distances == NULL)
		return false;
	for (int axis = 0; axis < 3; axis++)
	{
		double	   *coordinates = axis == 0 ? ellipsoid->points.x :
			axis == 1 ? ellipsoid->points.y : ellipsoid->points.z;
		int32_t		low = INT32_MAX;
		int32_t		high = INT32_MIN;

		for (int64_t n = 0; n < count; n++)
		{
			int32_t		value = vertices->points[n][axis];

			low = value < low ? value : low;
			high = value > high ? value : high;
		}
		scale[axis] = (high - low) / 2.0 * (spacing[axis] / 2.0);
		for (int64_t n = 0; n < 2 * ellipsoid->points.count; n++)
			coordinates[n] = (2.0 * vertices->points[n < count ? n : count - 1][axis] - low - high) /
				(high - low);
	}
	for (int64_t n = 0; n < count; n++)
	{
		double		point[4];

		lifted_point(ellipsoid, n, point);
		ellipsoid->weights[n] = 1.0 / (double) count;
		for (int i = 0; i < 4; i++)
			for (int j = 0; j < 4; j++)
				ellipsoid->moments[i][j] += point[i] * point[j] / (double) count;
	}
	return true;
}

bool
rad_enclosing_ellipsoid(RadContext *context, const Hull *hull, const double spacing[3],
						double semi_axes[3])
{
	Ellipsoid	ellipsoid;
	double		scale[3];
	double		covariance[3][3];

	if (!start_ellipsoid(context, &hull->vertices, spacing, &ellipsoid, scale))
		return false;
	measure_points(&ellipsoid);
	for (int step = 0; step < MOST_ELLIPSOID_STEPS; step++)
	{
		if (ellipsoid.largest <= 4.0 * (1.0 + ELLIPSOID_TOLERANCE))
			break;
		if (step % 64 == 0 && !rad_continue(context))
			return false;
		improve(&ellipsoid);
		measure_points(&ellipsoid);
	}

	/*
	 * The ellipsoid is (p - c)^T C^-1 (p - c) <= largest - 1, with c and C the
	 * weighted mean and covariance: exactly large enough for the outermost
	 * point.
	 */
	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 3; j++)
			covariance[i][j] = (ellipsoid.moments[i][j] -
								ellipsoid.moments[i][3] * ellipsoid.moments[j][3]) *
				scale[i] * scale[j] * (ellipsoid.largest - 1.0);
	rad_eigenvalues((const double (*)[3]) covariance, semi_axes);
	for (int axis = 0; axis < 3; axis++)
		semi_axes[axis] = sqrt(semi_axes[axis]);
	release_vectors(context, &ellipsoid.points);
	rad_release(context, ellipsoid.distances);
	rad_release(context, ellipsoid.weights);
	return true;
}
