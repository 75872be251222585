/*
 * Morphology (IBSI HCUG, manual section 3.1).
 *
 * Shape comes from the morphological mask: a surface mesh, its convex hull, and
 * the moments of the voxel centres.  Four features also look at intensities, in
 * the intensity mask: centre of mass shift, integrated intensity, Moran's I and
 * Geary's C.
 *
 * The heavy parts are computed only when a feature that needs them is wanted.
 * Undefined values are NAN here and NULL in SQL; each formula says when.  A mesh
 * always has a volume and an area, so one voxel or a flat region has all
 * features of the mesh, the boxes and the hull.
 */
#include "features/families.h"

#include <math.h>

#include "features/autocorrelation.h"
#include "features/bounding.h"
#include "features/eigen.h"
#include "features/mesh.h"

static const double pi = 3.14159265358979323846;

/* What the formulas look at.  Lengths in mm; not computed parts are NAN. */
typedef struct Morphology
{
	double		spacing[3];
	int64_t		voxel_count;	/* of the morphological mask */
	double		mesh_volume;
	double		mesh_area;
	double		diameter;
	double		hull_volume;
	double		hull_area;
	double		axis_aligned_box[3];	/* edges */
	double		oriented_box[3];
	double		eigenvalues[3]; /* of the covariance of voxel centres, descending */
	double		enclosing_semi_axes[3]; /* of the enclosing ellipsoid, descending */

	/* Of the intensity mask */
	int64_t		intensity_count;
	double		mean_intensity;
	double		centre_shift[3];	/* weighted centre minus centre, mm */
	double		square_sum;		/* of deviations from the mean */
	PairSums	pairs;
} Morphology;

typedef double (*Formula) (const Morphology *morphology);

/* Volume (mesh), IBSI RNU0: what the mesh encloses. */
static double
volume_mesh(const Morphology *morphology)
{
	return morphology->mesh_volume;
}

/* Volume (voxel counting), IBSI YEKZ. */
static double
volume_voxel_counting(const Morphology *morphology)
{
	const double *spacing = morphology->spacing;

	return (double) morphology->voxel_count * (spacing[0] * spacing[1] * spacing[2]);
}

/* Surface area (mesh), IBSI C0JK; surfaces of holes count. */
static double
surface_area_mesh(const Morphology *morphology)
{
	return morphology->mesh_area;
}

/* Surface to volume ratio, IBSI 2PR5: A / V. */
static double
surface_to_volume_ratio(const Morphology *morphology)
{
	return morphology->mesh_area / morphology->mesh_volume;
}

/* Compactness 1, IBSI SKGS: V / (sqrt(pi) A^(3/2)). */
static double
compactness_1(const Morphology *morphology)
{
	double		area = morphology->mesh_area;

	return morphology->mesh_volume / (sqrt(pi) * (area * sqrt(area)));
}

/* Compactness 2, IBSI BQWJ: 36 pi V^2 / A^3; 1 for a sphere. */
static double
compactness_2(const Morphology *morphology)
{
	double		volume = morphology->mesh_volume;
	double		area = morphology->mesh_area;

	return 36.0 * pi * (volume * volume) / (area * area * area);
}

/* Spherical disproportion, IBSI KRCK: A / (36 pi V^2)^(1/3). */
static double
spherical_disproportion(const Morphology *morphology)
{
	return cbrt(1.0 / compactness_2(morphology));
}

/* Sphericity, IBSI QCFX: (36 pi V^2)^(1/3) / A. */
static double
sphericity(const Morphology *morphology)
{
	return cbrt(compactness_2(morphology));
}

/* Asphericity, IBSI 25C7: (A^3 / (36 pi V^2))^(1/3) - 1. */
static double
asphericity(const Morphology *morphology)
{
	return spherical_disproportion(morphology) - 1.0;
}

/*
 * Centre of mass shift, IBSI KLMA: distance of the mean voxel centre and the
 * intensity-weighted one.  Negative intensities are weights as they are;
 * undefined when the intensities sum to zero.
 */
static double
centre_of_mass_shift(const Morphology *morphology)
{
	const double *shift = morphology->centre_shift;

	return sqrt(shift[0] * shift[0] + shift[1] * shift[1] + shift[2] * shift[2]);
}

/* Maximum 3D diameter, IBSI L0JK: between two vertices of the mesh. */
static double
maximum_3d_diameter(const Morphology *morphology)
{
	return morphology->diameter;
}

/*
 * Length of a principal axis: 4 sqrt(lambda), lambda an eigenvalue of the
 * covariance (with N - 1) of the voxel centres.  Undefined for one voxel; zero
 * for an axis along which the region is one voxel thick.
 */
static double
axis_length(const Morphology *morphology, int axis)
{
	return 4.0 * sqrt(morphology->eigenvalues[axis]);
}

/* Major axis length, IBSI TDIC. */
static double
major_axis_length(const Morphology *morphology)
{
	return axis_length(morphology, 0);
}

/* Minor axis length, IBSI P9VJ. */
static double
minor_axis_length(const Morphology *morphology)
{
	return axis_length(morphology, 1);
}

/* Least axis length, IBSI 7J51. */
static double
least_axis_length(const Morphology *morphology)
{
	return axis_length(morphology, 2);
}

/* Elongation, IBSI Q3CK: minor over major axis; undefined for one voxel. */
static double
elongation(const Morphology *morphology)
{
	return sqrt(morphology->eigenvalues[1] / morphology->eigenvalues[0]);
}

/* Flatness, IBSI N17B: least over major axis; undefined for one voxel. */
static double
flatness(const Morphology *morphology)
{
	return sqrt(morphology->eigenvalues[2] / morphology->eigenvalues[0]);
}

static double
box_volume(const double edges[3])
{
	return edges[0] * edges[1] * edges[2];
}

static double
box_area(const double edges[3])
{
	return 2.0 * (edges[0] * edges[1] + edges[1] * edges[2] + edges[2] * edges[0]);
}

/* Volume density (axis-aligned bounding box), IBSI PBX1; box of the mesh. */
static double
volume_density_axis_aligned_bounding_box(const Morphology *morphology)
{
	return morphology->mesh_volume / box_volume(morphology->axis_aligned_box);
}

/* Area density (axis-aligned bounding box), IBSI R59B. */
static double
area_density_axis_aligned_bounding_box(const Morphology *morphology)
{
	return morphology->mesh_area / box_area(morphology->axis_aligned_box);
}

/* Volume density (oriented minimum bounding box), IBSI ZH1A. */
static double
volume_density_oriented_box(const Morphology *morphology)
{
	return morphology->mesh_volume / box_volume(morphology->oriented_box);
}

/* Area density (oriented minimum bounding box), IBSI IQYR. */
static double
area_density_oriented_box(const Morphology *morphology)
{
	return morphology->mesh_area / box_area(morphology->oriented_box);
}

static double
ellipsoid_volume(const double semi_axes[3])
{
	return 4.0 / 3.0 * pi * (semi_axes[0] * semi_axes[1] * semi_axes[2]);
}

/* Terms of the series for the area: degrees 0 to 20 (IBSI manual, RDD2). */
#define LAST_DEGREE 20

/*
 * Area of an ellipsoid with semi-axes a >= b >= c as IBSI has it (RDD2):
 *
 *	4 pi a b * sum over v of (alpha beta)^v / (1 - 4 v^2) * P_v(x),
 *	x = (alpha^2 + beta^2) / (2 alpha beta),
 *	alpha = sqrt(1 - b^2 / a^2), beta = sqrt(1 - c^2 / a^2).
 *
 * This is IBSI's definition, and the reference values follow it.  The true area
 * would need alpha = sqrt(1 - c^2 / a^2) and beta = sqrt(1 - c^2 / b^2).
 *
 * The product T_v = (alpha beta)^v P_v(x) follows from Legendre's recurrence
 * times (alpha beta)^(v + 1), without a division by alpha beta, so a sphere
 * (alpha = beta = 0) and a spheroid (alpha = 0) need no case of their own.
 */
static double
ellipsoid_area(const double semi_axes[3])
{
	double		a2 = semi_axes[0] * semi_axes[0];
	double		alpha2 = 1.0 - semi_axes[1] * semi_axes[1] / a2;
	double		beta2 = 1.0 - semi_axes[2] * semi_axes[2] / a2;
	double		half_sum = (alpha2 + beta2) / 2.0;
	double		before = 0.0;
	double		term = 1.0;
	double		sum = 0.0;

	for (int v = 0; v <= LAST_DEGREE; v++)
	{
		double		next = ((2 * v + 1) * half_sum * term - v * (alpha2 * beta2) * before) /
			(v + 1);

		sum += term / (1.0 - 4.0 * v * v);
		before = term;
		term = next;
	}
	return 4.0 * pi * semi_axes[0] * semi_axes[1] * sum;
}

/* Semi-axes 2 sqrt(lambda) of the approximate enclosing ellipsoid. */
static void
approximate_semi_axes(const Morphology *morphology, double semi_axes[3])
{
	for (int axis = 0; axis < 3; axis++)
		semi_axes[axis] = 2.0 * sqrt(morphology->eigenvalues[axis]);
}

/*
 * Volume density (approximate enclosing ellipsoid), IBSI 6BDE.  The ellipsoid
 * need not enclose the region, so this may exceed 1.  Undefined when it has no
 * volume: a region one voxel thick.
 */
static double
volume_density_approximate_enclosing_ellipsoid(const Morphology *morphology)
{
	double		semi_axes[3];

	approximate_semi_axes(morphology, semi_axes);
	return morphology->mesh_volume / ellipsoid_volume(semi_axes);
}

/*
 * Area density (approximate enclosing ellipsoid), IBSI RDD2.  A flat region
 * has an ellipsoid with two sides of area; undefined for a line or one voxel.
 */
static double
area_density_approximate_enclosing_ellipsoid(const Morphology *morphology)
{
	double		semi_axes[3];

	approximate_semi_axes(morphology, semi_axes);
	return morphology->mesh_area / ellipsoid_area(semi_axes);
}

/* Volume density (minimum volume enclosing ellipsoid), IBSI SWZ1. */
static double
volume_density_minimum_volume_enclosing_ellipsoid(const Morphology *morphology)
{
	return morphology->mesh_volume / ellipsoid_volume(morphology->enclosing_semi_axes);
}

/* Area density (minimum volume enclosing ellipsoid), IBSI BRI8. */
static double
area_density_minimum_volume_enclosing_ellipsoid(const Morphology *morphology)
{
	return morphology->mesh_area / ellipsoid_area(morphology->enclosing_semi_axes);
}

/* Volume density (convex hull), IBSI R3ER; hull of the mesh. */
static double
volume_density_convex_hull(const Morphology *morphology)
{
	return morphology->mesh_volume / morphology->hull_volume;
}

/* Area density (convex hull), IBSI 7T7F; above 1 for a rough surface. */
static double
area_density_convex_hull(const Morphology *morphology)
{
	return morphology->mesh_area / morphology->hull_area;
}

/* Integrated intensity, IBSI 99N0: mean intensity times mesh volume. */
static double
integrated_intensity(const Morphology *morphology)
{
	return morphology->mean_intensity * morphology->mesh_volume;
}

/*
 * Moran's I index, IBSI N365: with weights 1 / distance (mm) between all pairs,
 * N sum w d_i d_j / (sum w sum d^2).  Undefined for one voxel and for equal
 * intensities.
 */
static double
moran_i_index(const Morphology *morphology)
{
	const PairSums *pairs = &morphology->pairs;

	return (double) morphology->intensity_count * pairs->products /
		(pairs->weights * morphology->square_sum);
}

/*
 * Geary's C measure, IBSI NPT7: (N - 1) sum w (x_i - x_j)^2 / (2 sum w sum d^2),
 * where (x_i - x_j)^2 = d_i^2 + d_j^2 - 2 d_i d_j.  Undefined as Moran's I.
 */
static double
geary_c_measure(const Morphology *morphology)
{
	const PairSums *pairs = &morphology->pairs;

	return (double) (morphology->intensity_count - 1) * (pairs->squares - pairs->products) /
		(pairs->weights * morphology->square_sum);
}

static const Formula formulas[] = {
#define SELECT_MORPHOLOGY(function) function,
#include "catalogue/select_family.h"
};

static bool
wants(const Settings *settings, FeatureId first, FeatureId last)
{
	for (int feature = (int) first; feature <= (int) last; feature++)
		if (!settings->excluded[feature])
			return true;
	return false;
}

/* Mesh volume and area from the device's counts of cubes in the mask's box. */
static bool
measure_mesh(RadContext *context, const Device *device, const Region *region,
			 Morphology *morphology)
{
	const Box  *box = &region->morphological_box;
	const int  *grid_size = region->grid.size;
	int			size[3];
	uint8_t    *crop;
	CubeCounts	cubes;

	for (int axis = 0; axis < 3; axis++)
		size[axis] = box->hi[axis] - box->lo[axis];
	crop = rad_new(context, uint8_t, rad_box_voxel_count(box));
	if (crop == NULL)
		return false;
	for (int64_t z = 0; z < size[2]; z++)
		for (int64_t y = 0; y < size[1]; y++)
		{
			int64_t		row = (z + box->lo[2]) * grid_size[1] + y + box->lo[1];

			memcpy(crop + (z * size[1] + y) * size[0],
				   region->morphological_mask + row * grid_size[0] + box->lo[0],
				   (size_t) size[0]);
		}
	if (!device->count_cubes(context, size, crop, &cubes))
		return false;
	rad_release(context, crop);
	rad_mesh_measure(&cubes, morphology->spacing, &morphology->mesh_volume,
					 &morphology->mesh_area);
	return true;
}

/*
 * Eigenvalues of the covariance with N - 1, whose numerators are exact
 * integers.  What is below the rounding of the largest is zero: a region of
 * n voxels and L across that is not flat has ratios above 1 / (n L^2).
 */
static void
measure_axes(const CoordinateSums *sums, Morphology *morphology)
{
	double		covariance[3][3];
	int64_t		count = sums->count;

	if (count < 2)
		return;
	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 3; j++)
		{
			__int128	numerator = (__int128) count * sums->second[i][j] -
				(__int128) sums->first[i] * sums->first[j];

			covariance[i][j] = (double) numerator / ((double) count * (double) (count - 1)) *
				(morphology->spacing[i] * morphology->spacing[j]);
		}
	rad_eigenvalues((const double (*)[3]) covariance, morphology->eigenvalues);
	for (int axis = 0; axis < 3; axis++)
		if (morphology->eigenvalues[axis] < 1e-14 * morphology->eigenvalues[0])
			morphology->eigenvalues[axis] = 0.0;
}

/* Diameter, convex hull and what encloses the hull. */
static bool
measure_extremes(RadContext *context, const BitMask *mask, const Settings *settings,
				 Morphology *morphology)
{
	const double *spacing = morphology->spacing;
	bool		wants_box = wants(settings, FEATURE_morph_vol_dens_ombb,
								  FEATURE_morph_area_dens_ombb);
	bool		wants_ellipsoid = wants(settings, FEATURE_morph_vol_dens_mvee,
										FEATURE_morph_area_dens_mvee);
	bool		wants_hull = wants_box || wants_ellipsoid ||
		wants(settings, FEATURE_morph_vol_dens_conv_hull, FEATURE_morph_area_dens_conv_hull);
	PointList	vertices;
	Hull		hull;

	if (!wants_hull && settings->excluded[FEATURE_morph_diam])
		return true;
	if (!rad_extreme_vertices(context, mask, &vertices))
		return false;
	if (!settings->excluded[FEATURE_morph_diam] &&
		!rad_maximum_distance(context, &vertices, spacing, &morphology->diameter))
		return false;
	if (wants_hull)
	{
		if (!rad_hull_build(context, &vertices, &hull))
			return false;
		morphology->hull_volume = rad_hull_volume(&hull, spacing);
		morphology->hull_area = rad_hull_area(&hull, spacing);
		if (wants_box &&
			!rad_oriented_box(context, &hull, spacing, morphology->oriented_box))
			return false;
		if (wants_ellipsoid &&
			!rad_enclosing_ellipsoid(context, &hull, spacing, morphology->enclosing_semi_axes))
			return false;
		rad_hull_release(context, &hull);
	}
	rad_release(context, vertices.points);
	return true;
}

/*
 * Weighted centre of the intensity mask, relative to the morphological box's
 * first voxel, minus the centre of the morphological mask.  Sums per row, rows
 * in voxel order.
 */
static bool
measure_centre_shift(RadContext *context, const Region *region, const CoordinateSums *sums,
					 Morphology *morphology)
{
	const Box  *box = &region->intensity_box;
	const int  *size = region->grid.size;
	double		weight = 0.0;
	double		centre[3] = {0.0, 0.0, 0.0};

	for (int z = box->lo[2]; z < box->hi[2]; z++)
	{
		if (!rad_continue(context))
			return false;
		for (int y = box->lo[1]; y < box->hi[1]; y++)
		{
			int64_t		row = ((int64_t) z * size[1] + y) * size[0];
			double		row_weight = 0.0;
			double		row_centre = 0.0;

			for (int x = box->lo[0]; x < box->hi[0]; x++)
			{
				double		intensity = 0.0;

				if (region->intensity_mask[row + x] != 0)
					intensity = region->intensity[row + x];
				row_weight += intensity;
				row_centre += intensity * (x - region->morphological_box.lo[0]);
			}
			weight += row_weight;
			centre[0] += row_centre;
			centre[1] += row_weight * (y - region->morphological_box.lo[1]);
			centre[2] += row_weight * (z - region->morphological_box.lo[2]);
		}
	}
	if (weight != 0.0)
		for (int axis = 0; axis < 3; axis++)
			morphology->centre_shift[axis] = morphology->spacing[axis] *
				(centre[axis] / weight - (double) sums->first[axis] / (double) sums->count);
	return true;
}

/* Values between two polls, well below 100 ms. */
#define VALUES_PER_POLL 1000000

/* Mean and sum of squared deviations, in voxel order. */
static bool
measure_intensities(RadContext *context, const Region *region, Morphology *morphology)
{
	double		sum = 0.0;
	double		squares = 0.0;

	for (int64_t n = 0; n < region->intensity_count; n++)
	{
		if (n % VALUES_PER_POLL == 0 && !rad_continue(context))
			return false;
		sum += region->values[n];
	}
	morphology->intensity_count = region->intensity_count;
	morphology->mean_intensity = sum / (double) region->intensity_count;
	for (int64_t n = 0; n < region->intensity_count; n++)
	{
		double		deviation = region->values[n] - morphology->mean_intensity;

		if (n % VALUES_PER_POLL == 0 && !rad_continue(context))
			return false;
		squares += deviation * deviation;
	}
	morphology->square_sum = squares;
	return true;
}

/* Moran's and Geary's sums; left NAN where both are undefined. */
static bool
measure_pairs(RadContext *context, const Device *device, const Region *region,
			  const Settings *settings, Morphology *morphology)
{
	if (!wants(settings, FEATURE_morph_moran_i, FEATURE_morph_geary_c) ||
		region->intensity_count < 2 || region->minimum == region->maximum)
		return true;
	return rad_autocorrelation(context, rad_fourier_columns(device), region,
							   morphology->mean_intensity, &morphology->pairs);
}

static void
start(const Region *region, Morphology *morphology)
{
	morphology->voxel_count = region->morphological_count;
	morphology->mesh_volume = morphology->mesh_area = morphology->diameter = NAN;
	morphology->hull_volume = morphology->hull_area = NAN;
	morphology->pairs = (PairSums) {NAN, NAN, NAN};
	for (int axis = 0; axis < 3; axis++)
	{
		morphology->spacing[axis] = region->grid.spacing[axis];
		morphology->axis_aligned_box[axis] = region->grid.spacing[axis] *
			(region->morphological_box.hi[axis] - region->morphological_box.lo[axis]);
		morphology->oriented_box[axis] = NAN;
		morphology->eigenvalues[axis] = NAN;
		morphology->enclosing_semi_axes[axis] = NAN;
		morphology->centre_shift[axis] = NAN;
	}
}

bool
rad_morphology_features(RadContext *context, const Device *device, const Region *region,
						const Settings *settings, FeatureValues *values)
{
	Morphology	morphology;
	BitMask    *mask;
	CoordinateSums sums;

	start(region, &morphology);
	mask = rad_bit_mask_build(context, region->morphological_mask, region->grid.size,
							  &region->morphological_box);
	if (mask == NULL || !rad_bit_mask_sums(context, mask, &sums))
		return false;
	measure_axes(&sums, &morphology);
	if (!measure_intensities(context, region, &morphology) ||
		!measure_mesh(context, device, region, &morphology) ||
		!measure_extremes(context, mask, settings, &morphology) ||
		!measure_centre_shift(context, region, &sums, &morphology) ||
		!measure_pairs(context, device, region, settings, &morphology))
		return false;
	rad_bit_mask_release(context, mask);
	for (int n = 0; n < rad_families[FAMILY_MORPHOLOGY].count; n++)
	{
		int			feature = FEATURE_morph_volume + n;
		double		value = formulas[n] (&morphology);

		/* A quotient by zero is undefined, too. */
		values->value[feature][0] =
			settings->excluded[feature] || !isfinite(value) ? NAN : value;
	}
	return true;
}
