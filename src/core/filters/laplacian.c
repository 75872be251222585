/*
 * Laplacian of Gaussian as ITK has it: per axis a second derivative along it,
 * then smoothing along the other two in the order x, y, z; the terms are added
 * up in the order x, y, z.  Each pass reads float32 (the first one the image),
 * computes in double and stores float32.  An image of two dimensions has no z.
 *
 * The recursions reach over the whole line, so a pass always runs along whole
 * lines; but it keeps only the samples within the wanted box, and only lines
 * that a later pass still needs are filtered.
 */
#include "filters/image_types.h"

#include <math.h>
#include <string.h>

#include "base/cpu_level.h"
#include "filters/dense.h"
#include "filters/recursive_gaussian.h"

#define LANES RAD_RECURSIVE_LANES

/* Axes that are filtered: the image's own. */
static int
axis_count(const Volume *image)
{
	return image->grid.dimension == 2 ? 2 : 3;
}

bool
rad_log_applies(const Volume *image, double sigma, const char **reason)
{
	*reason = NULL;
	if (!(sigma > 0.0))
		*reason = "sigma is not positive";
	for (int axis = 0; axis < axis_count(image) && *reason == NULL; axis++)
	{
		int			size = rad_box_size(&image->box, axis);

		if (size < RAD_RECURSIVE_SHORTEST)
			*reason = "the image has fewer than 4 voxels along an axis";
		else if (size < ceil(sigma / image->grid.spacing[axis]) + 1.0)
			*reason = "sigma is larger than the image";
	}
	return *reason == NULL;
}

bool
rad_log_name(RadContext *context, const char *sigma, char *name, size_t size)
{
	static const char start[] = "log-sigma-";
	static const char end[] = "-mm-3D";

	if (strlen(sigma) + sizeof(start) + sizeof(end) > size)
		return rad_fail(context, RAD_INVALID_PARAMETER, "sigma \"%.64s\" is too long", sigma);
	strcpy(name, start);
	strcat(name, sigma);
	strcat(name, end);
	for (char *c = name; *c != '\0'; c++)
		if (*c == '.')
			*c = '-';
	return true;
}

/* Voxels of one stage, x fastest: the image's own type, or float32. */
typedef struct Stage
{
	Box			box;
	VoxelType	type;
	const void *voxels;
} Stage;

typedef struct Laplacian
{
	RecursiveLines filter_lines;
	const Box  *wanted;
	double	   *samples;		/* [longest line][LANES] */
	double	   *result;
	double	   *scratch;
} Laplacian;

/* Elements between neighbours along each axis. */
static void
strides(const Box *box, int64_t stride[3])
{
	stride[0] = 1;
	stride[1] = rad_box_size(box, 0);
	stride[2] = stride[1] * rad_box_size(box, 1);
}

/*
 * samples[i * LANES + n] = voxel first + i * step + n * apart, for `lanes` lines;
 * the lanes beyond repeat the last line.
 */
static void
load_lines(const Stage *in, int64_t first, int64_t step, int64_t apart, int lanes, int count,
		   double *samples)
{
	if (apart == 1 && in->type == VOXEL_FLOAT32 && lanes == LANES)
		for (int i = 0; i < count; i++)
		{
			const float *row = (const float *) in->voxels + first + i * step;

			for (int n = 0; n < LANES; n++)
				samples[i * LANES + n] = row[n];
		}
	else if (step == 1 && in->type == VOXEL_FLOAT32)
		for (int n = 0; n < LANES; n++)
		{
			const float *line = (const float *) in->voxels + first +
				(n < lanes ? n : lanes - 1) * apart;

			for (int i = 0; i < count; i++)
				samples[i * LANES + n] = line[i];
		}
	else if (apart == 1)
		for (int i = 0; i < count; i++)
		{
			rad_voxels_to_double(in->type, in->voxels, first + i * step, lanes,
								 samples + i * LANES);
			for (int n = lanes; n < LANES; n++)
				samples[i * LANES + n] = samples[i * LANES + lanes - 1];
		}
	else
		for (int i = 0; i < count; i++)
			for (int n = 0; n < LANES; n++)
				rad_voxels_to_double(in->type, in->voxels, first + i * step +
									 (n < lanes ? n : lanes - 1) * apart, 1,
									 samples + i * LANES + n);
}

static void
store_lines(const double *result, int64_t first, int64_t step, int64_t apart, int lanes,
			int count, float *out)
{
	if (apart == 1)
		for (int i = 0; i < count; i++)
			for (int n = 0; n < lanes; n++)
				out[first + i * step + n] = (float) result[i * LANES + n];
	else
		for (int n = 0; n < lanes; n++)
			for (int i = 0; i < count; i++)
				out[first + i * step + n * apart] = (float) result[i * LANES + n];
}

/*
 * One pass along an axis: from `in`, whole along it, to out, the wanted extent
 * along it.  out may be in's own voxels when the boxes are equal.
 */
static bool
filter_axis(RadContext *context, const Laplacian *laplacian, const RecursiveFilter *filter,
			int axis, const Stage *in, const Box *out_box, float *out)
{
	int64_t		in_stride[3];
	int64_t		out_stride[3];
	int			across = axis == 0 ? 1 : 0;	/* lines side by side are along this one */
	int			outer = axis == 2 ? 1 : 2;
	int			count = rad_box_size(&in->box, axis);
	int			width = rad_box_size(&in->box, across);
	int			skipped = out_box->lo[axis] - in->box.lo[axis];

	strides(&in->box, in_stride);
	strides(out_box, out_stride);
	for (int o = 0; o < rad_box_size(&in->box, outer); o++)
		for (int a = 0; a < width; a += LANES)
		{
			int			lanes = width - a < LANES ? width - a : LANES;

			if (!rad_continue(context))
				return false;
			load_lines(in, o * in_stride[outer] + a * in_stride[across], in_stride[axis],
					   in_stride[across], lanes, count, laplacian->samples);
			laplacian->filter_lines(filter, count, laplacian->samples, laplacian->result,
									laplacian->scratch);
			store_lines(laplacian->result + skipped * LANES,
						o * out_stride[outer] + a * out_stride[across], out_stride[axis],
						out_stride[across], lanes, rad_box_size(out_box, axis), out);
		}
	return true;
}

/* The term of one axis, in new memory over the wanted box. */
static bool
term_of_axis(RadContext *context, const Laplacian *laplacian, const Volume *image,
			 double sigma, int axis, float **term)
{
	Stage		stage = {image->box, image->type, image->voxels};
	float	   *before = NULL;

	for (int pass = 0; pass < axis_count(image); pass++)
	{
		int			along = pass == 0 ? axis : pass <= axis ? pass - 1 : pass;
		Box			box = stage.box;
		RecursiveFilter filter;
		float	   *voxels;

		if (pass == 0)
			rad_recursive_second_derivative(sigma, image->grid.spacing[along], &filter);
		else
			rad_recursive_gaussian(sigma, image->grid.spacing[along], &filter);
		box.lo[along] = laplacian->wanted->lo[along];
		box.hi[along] = laplacian->wanted->hi[along];
		voxels = rad_new(context, float, rad_box_voxel_count(&box));
		if (voxels == NULL ||
			!filter_axis(context, laplacian, &filter, along, &stage, &box, voxels))
			return false;
		rad_release(context, before);
		before = voxels;
		stage = (Stage) {box, VOXEL_FLOAT32, voxels};
	}
	*term = before;
	return true;
}

/* sum[n] = float32(sum[n] + term[n] * weight) */
static void
add_term(int64_t count, const float *restrict term, double weight, float *restrict sum)
{
	for (int64_t n = 0; n < count; n++)
		sum[n] = (float) (sum[n] + term[n] * weight);
}

bool
rad_filter_log(RadContext *context, const Volume *image, double sigma, const Box *wanted,
			   Volume *filtered)
{
	Laplacian	laplacian;
	int64_t		longest = 0;
	int64_t		count;

	if (!rad_dense_create(context, image, wanted, VOXEL_FLOAT32, filtered))
		return false;
	for (int axis = 0; axis < 3; axis++)
		longest = rad_box_size(&image->box, axis) > longest ?
			rad_box_size(&image->box, axis) : longest;
	laplacian.filter_lines = rad_cpu_runs_v3() ? rad_recursive_lines_v3 : rad_recursive_lines_v2;
	laplacian.wanted = &filtered->box;
	laplacian.samples = rad_new(context, double, 3 * longest * LANES);
	if (laplacian.samples == NULL)
		return false;
	laplacian.result = laplacian.samples + longest * LANES;
	laplacian.scratch = laplacian.result + longest * LANES;
	count = rad_box_voxel_count(&filtered->box);
	memset(filtered->voxels, 0, (size_t) count * sizeof(float));
	for (int axis = 0; axis < axis_count(image); axis++)
	{
		double		spacing = image->grid.spacing[axis];
		float	   *term;

		if (!term_of_axis(context, &laplacian, image, sigma, axis, &term))
			return false;
		add_term(count, term, 1.0 / (spacing * spacing), filtered->voxels);
		rad_release(context, term);
	}
	rad_release(context, laplacian.samples);
	return true;
}
