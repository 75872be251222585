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

/* Voxels converted at a time. */
#define PIECE 2048

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

/*
 * All passes of a term work in one buffer with the image's layout.  A pass along
 * an axis reads the lines within `lines` and stores them between lo and hi of
 * the axis; voxels that no later pass reads are never written.
 */
typedef struct Laplacian
{
	const Volume *image;
	int64_t		stride[3];		/* of the image and of work */
	const RecursiveKernels *kernels;
	const float *single;		/* the image as float32, or NULL */
	float	   *work;
	double	   *samples;		/* [longest line][LANES] */
	double	   *result;
	double	   *scratch;
} Laplacian;

/* Lines of an image that float32 would not hold exactly. */
static void
load_image_lines(const Volume *image, const LineBlock *block, double *samples)
{
	for (int i = 0; i < block->count; i++)
		for (int n = 0; n < LANES; n++)
		{
			int			line = n < block->lanes ? n : block->lanes - 1;

			rad_voxels_to_double(image->type, image->voxels, block->first + line * block->apart +
								 i * block->step, 1, samples + i * LANES + n);
		}
}

/* The image as float32 where that is exact; NULL voxels where it is not. */
static bool
create_single(RadContext *context, const Volume *image, float **voxels)
{
	int64_t		count = rad_box_voxel_count(&image->box);

	*voxels = NULL;
	if (rad_voxel_size(image->type) > 2)
		return true;
	*voxels = rad_new(context, float, count);
	if (*voxels == NULL)
		return false;
	for (int64_t first = 0; first < count; first += PIECE)
	{
		int			length = count - first < PIECE ? (int) (count - first) : PIECE;
		double		piece[PIECE];

		if (!rad_continue(context))
			return false;
		rad_voxels_to_double(image->type, image->voxels, first, length, piece);
		for (int n = 0; n < length; n++)
			(*voxels)[first + n] = (float) piece[n];
	}
	return true;
}

/* One pass along an axis, into work; lines and lo ... hi count from the image's box. */
static bool
filter_axis(RadContext *context, const Laplacian *laplacian, const RecursiveFilter *filter,
			int axis, bool first_pass, const Box *lines, int lo, int hi)
{
	int			across = axis == 0 ? 1 : 0;	/* lines side by side are along this one */
	int			outer = axis == 2 ? 1 : 2;
	const RecursiveKernels *kernels = laplacian->kernels;
	const float *voxels = first_pass ? laplacian->single : laplacian->work;
	LineBlock	block = {
		.step = laplacian->stride[axis], .apart = laplacian->stride[across],
		.count = rad_box_size(&laplacian->image->box, axis)
	};

	for (int o = lines->lo[outer]; o < lines->hi[outer]; o++)
		for (int a = lines->lo[across]; a < lines->hi[across]; a += LANES)
		{
			block.lanes = lines->hi[across] - a < LANES ? lines->hi[across] - a : LANES;
			block.first = o * laplacian->stride[outer] + a * laplacian->stride[across];
			if (!rad_continue(context))
				return false;
			if (voxels != NULL)
				kernels->load(voxels, &block, laplacian->samples);
			else
				load_image_lines(laplacian->image, &block, laplacian->samples);
			kernels->filter(filter, block.count, laplacian->samples, laplacian->result,
							laplacian->scratch);
			kernels->store(laplacian->result, &block, lo, hi, laplacian->work);
		}
	return true;
}

/* The term of one axis, in work's voxels of the wanted box (from the image's box). */
static bool
term_of_axis(RadContext *context, const Laplacian *laplacian, double sigma, int axis,
			 const Box *wanted)
{
	Box			lines;

	for (int other = 0; other < 3; other++)
	{
		lines.lo[other] = 0;
		lines.hi[other] = rad_box_size(&laplacian->image->box, other);
	}
	for (int pass = 0; pass < axis_count(laplacian->image); pass++)
	{
		int			along = pass == 0 ? axis : pass <= axis ? pass - 1 : pass;
		double		spacing = laplacian->image->grid.spacing[along];
		RecursiveFilter filter;

		if (pass == 0)
			rad_recursive_second_derivative(sigma, spacing, &filter);
		else
			rad_recursive_gaussian(sigma, spacing, &filter);
		if (!filter_axis(context, laplacian, &filter, along, pass == 0, &lines,
						 wanted->lo[along], wanted->hi[along]))
			return false;
		lines.lo[along] = wanted->lo[along];
		lines.hi[along] = wanted->hi[along];
	}
	return true;
}

/* sum = float32(sum + term * weight) */
static void
add_term(const Laplacian *laplacian, const Box *wanted, double weight, float *restrict sum)
{
	for (int z = wanted->lo[2]; z < wanted->hi[2]; z++)
		for (int y = wanted->lo[1]; y < wanted->hi[1]; y++)
		{
			const float *restrict term = laplacian->work + z * laplacian->stride[2] +
				y * laplacian->stride[1];

			for (int x = wanted->lo[0]; x < wanted->hi[0]; x++, sum++)
				*sum = (float) (*sum + term[x] * weight);
		}
}

bool
rad_filter_log(RadContext *context, const Volume *image, double sigma, const Box *wanted,
			   Volume *filtered)
{
	Laplacian	laplacian = {.image = image, .stride = {1}};
	Box			from_zero;
	int64_t		longest = 0;
	float	   *single;

	if (!rad_dense_create(context, image, wanted, VOXEL_FLOAT32, filtered))
		return false;
	for (int axis = 0; axis < 3; axis++)
	{
		int			size = rad_box_size(&image->box, axis);

		if (axis > 0)
			laplacian.stride[axis] = laplacian.stride[axis - 1] *
				rad_box_size(&image->box, axis - 1);
		longest = size > longest ? size : longest;
		from_zero.lo[axis] = filtered->box.lo[axis] - image->box.lo[axis];
		from_zero.hi[axis] = filtered->box.hi[axis] - image->box.lo[axis];
	}
	laplacian.kernels = rad_cpu_runs_v3() ? &rad_recursive_kernels_v3 : &rad_recursive_kernels_v2;
	laplacian.samples = rad_new(context, double, 3 * longest * LANES);
	laplacian.work = rad_new(context, float, rad_box_voxel_count(&image->box));
	if (laplacian.samples == NULL || laplacian.work == NULL ||
		!create_single(context, image, &single))
		return false;
	laplacian.single = image->type == VOXEL_FLOAT32 ? image->voxels : single;
	laplacian.result = laplacian.samples + longest * LANES;
	laplacian.scratch = laplacian.result + longest * LANES;
	memset(filtered->voxels, 0, (size_t) rad_box_voxel_count(&filtered->box) * sizeof(float));
	for (int axis = 0; axis < axis_count(image); axis++)
	{
		double		spacing = image->grid.spacing[axis];

		if (!term_of_axis(context, &laplacian, sigma, axis, &from_zero))
			return false;
		add_term(&laplacian, &from_zero, 1.0 / (spacing * spacing), filtered->voxels);
	}
	rad_release(context, single);
	rad_release(context, laplacian.work);
	rad_release(context, laplacian.samples);
	return true;
}
