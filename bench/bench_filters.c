/*
 * Time of the image types of PyRadiomics and of ITK's resampling: median of
 * REPEATS runs in ms, and in ns per voxel of the result.
 *
 *   bench_filters             all of them
 *   bench_filters NAME...     those whose name begins with NAME
 *
 * The image is an ellipsoid of 100,000 voxels with 5 voxels around its box, as
 * PyRadiomics keeps them; wanted is the ellipsoid's box, or (whole) all of it.
 */
#include <stdio.h>
#include <string.h>

#include "filters/image_types.h"
#include "image/itk_resample.h"
#include "image/normalise.h"
#include "synthetic.h"

#define REPEATS 7
#define VOXELS 100000
#define PAD 5

typedef struct Bench
{
	Volume		image;
	Box			wanted;
	uint8_t    *inside;
	int			emitted;
} Bench;

typedef struct Case
{
	const char *name;
	bool		(*run) (RadContext *context, Bench *bench, const struct Case *c, Volume *result);
	int			kind;
	double		parameter;
	VoxelType	type;
} Case;

static bool
count_image(RadContext *context, void *argument, const char *name, const Volume *image)
{
	(void) context;
	(void) name;
	(void) image;
	((Bench *) argument)->emitted++;
	return true;
}

static bool
run_pointwise(RadContext *context, Bench *bench, const Case *c, Volume *result)
{
	return rad_filter_pointwise(context, &bench->image, c->kind, &bench->wanted, result);
}

static bool
run_gradient(RadContext *context, Bench *bench, const Case *c, Volume *result)
{
	(void) c;
	return rad_filter_gradient(context, &bench->image, true, &bench->wanted, result);
}

static bool
run_log(RadContext *context, Bench *bench, const Case *c, Volume *result)
{
	return rad_filter_log(context, &bench->image, c->parameter,
						  c->kind == 0 ? &bench->wanted : NULL, result);
}

static bool
run_wavelet(RadContext *context, Bench *bench, const Case *c, Volume *result)
{
	WaveletBank bank;
	WaveletParameters parameters = {
		.bank = &bank, .levels = (int) c->parameter, .along = {true, true, true}
	};

	result->voxels = NULL;
	return rad_wavelet_bank("coif1", &bank) &&
		rad_filter_wavelet(context, &bench->image, &parameters,
						   c->kind == 0 ? &bench->wanted : NULL, count_image, bench);
}

static bool
run_lbp2d(RadContext *context, Bench *bench, const Case *c, Volume *result)
{
	Lbp2dParameters parameters = {
		.radius = 1.0, .samples = 8, .method = c->kind, .slice_axis = 2
	};

	return rad_filter_lbp2d(context, &bench->image, &parameters, &bench->wanted, result);
}

static bool
run_lbp3d(RadContext *context, Bench *bench, const Case *c, Volume *result)
{
	Lbp3dParameters parameters = {
		.levels = 2, .icosphere_radius = 1.0, .icosphere_subdivision = 1
	};

	(void) c;
	result->voxels = NULL;
	return rad_filter_lbp3d(context, &bench->image, &parameters, bench->inside, &bench->wanted,
							count_image, bench);
}

static bool
run_resample(RadContext *context, Bench *bench, const Case *c, Volume *result)
{
	Grid		target;
	double		spacing[3] = {c->parameter, c->parameter, c->parameter};

	return rad_itk_target_grid(context, &bench->image.grid, &bench->wanted, spacing, PAD,
							   &target) &&
		rad_itk_resample(context, &bench->image, &target, c->kind, result);
}

static bool
run_normalise(RadContext *context, Bench *bench, const Case *c, Volume *result)
{
	(void) c;
	return rad_normalise(context, &bench->image, 100.0, 0.0, result);
}

static const Case cases[] = {
	{"square", run_pointwise, POINTWISE_SQUARE, 0, VOXEL_INT16},
	{"squareroot", run_pointwise, POINTWISE_SQUARE_ROOT, 0, VOXEL_INT16},
	{"logarithm", run_pointwise, POINTWISE_LOGARITHM, 0, VOXEL_INT16},
	{"exponential", run_pointwise, POINTWISE_EXPONENTIAL, 0, VOXEL_INT16},
	{"gradient", run_gradient, 0, 0, VOXEL_INT16},
	{"log-sigma-1", run_log, 0, 1.0, VOXEL_INT16},
	{"log-sigma-5", run_log, 0, 5.0, VOXEL_INT16},
	{"log-sigma-5 (whole)", run_log, 1, 5.0, VOXEL_INT16},
	{"wavelet, 8 images", run_wavelet, 0, 1, VOXEL_INT16},
	{"wavelet, 8 images (whole)", run_wavelet, 1, 1, VOXEL_INT16},
	{"wavelet, 8 images, float32", run_wavelet, 0, 1, VOXEL_FLOAT32},
	{"wavelet, 15 images", run_wavelet, 0, 2, VOXEL_INT16},
	{"lbp-2D uniform", run_lbp2d, LBP2D_UNIFORM, 0, VOXEL_INT16},
	{"lbp-2D ror", run_lbp2d, LBP2D_ROR, 0, VOXEL_INT16},
	{"lbp-3D, 3 images", run_lbp3d, 0, 0, VOXEL_INT16},
	{"normalise", run_normalise, 0, 0, VOXEL_INT16},
	{"resample nearest 0.8 mm", run_resample, ITK_NEAREST_NEIGHBOR, 0.8, VOXEL_INT16},
	{"resample linear 0.8 mm", run_resample, ITK_LINEAR, 0.8, VOXEL_INT16},
	{"resample B-spline 0.8 mm", run_resample, ITK_BSPLINE, 0.8, VOXEL_INT16},
	{"resample Lanczos 2 mm", run_resample, ITK_LANCZOS_WINDOWED_SINC, 2.0, VOXEL_INT16},
};

#define CASES ((int) (sizeof(cases) / sizeof(cases[0])))

/* The scan cropped to its region and PAD voxels around. */
static Bench
make_bench(RadContext *context)
{
	static const double spacing[3] = {1.0, 1.0, 1.0};
	SyntheticScan scan = synthetic_scan(context, VOXELS, spacing, 1);
	const Box	box = scan.mask->labels[0].box;
	Box			padded = rad_box_grow(&box, (const int[3]) {PAD, PAD, PAD}, &scan.grid);
	Bench		bench = {.wanted = box};
	int64_t		width = box.hi[0] - box.lo[0];
	int16_t    *out;

	/* A grid of its own: resampling takes the image whole. */
	bench.image = scan.image;
	for (int axis = 0; axis < 3; axis++)
	{
		bench.image.grid.size[axis] = padded.hi[axis] - padded.lo[axis];
		bench.wanted.lo[axis] -= padded.lo[axis];
		bench.wanted.hi[axis] -= padded.lo[axis];
	}
	bench.image.box = rad_grid_box(&bench.image.grid);
	out = bench.image.voxels = rad_new(context, int16_t, rad_grid_voxel_count(&bench.image.grid));
	for (int z = padded.lo[2]; z < padded.hi[2]; z++)
		for (int y = padded.lo[1]; y < padded.hi[1]; y++)
			for (int x = padded.lo[0]; x < padded.hi[0]; x++)
				*out++ = ((int16_t *) scan.image.voxels)[((int64_t) z * scan.grid.size[1] + y) *
														 scan.grid.size[0] + x];
	bench.inside = rad_new_zeroed(context, uint8_t, rad_box_voxel_count(&box));
	for (int64_t n = 0; n < scan.mask->run_count; n++)
	{
		const LabelRun *run = &scan.mask->runs[n];
		int64_t		row = (int64_t) (run->z - box.lo[2]) * (box.hi[1] - box.lo[1]) +
			(run->y - box.lo[1]);

		memset(bench.inside + row * width + (run->x_begin - box.lo[0]), 1,
			   (size_t) (run->x_end - run->x_begin));
	}
	return bench;
}

static void
measure(Bench *bench, const Case *c)
{
	double		times[REPEATS];
	int64_t		voxels = 0;
	Bench		used = *bench;
	RadContext *context = rad_context_create();

	if (c->type == VOXEL_FLOAT32)
	{
		int64_t		count = rad_grid_voxel_count(&bench->image.grid);
		float	   *single = rad_new(context, float, count);

		for (int64_t n = 0; n < count; n++)
			single[n] = ((int16_t *) bench->image.voxels)[n];
		used.image.type = VOXEL_FLOAT32;
		used.image.voxels = single;
	}
	for (int n = 0; n < REPEATS; n++)
	{
		Volume		result = {.voxels = NULL};
		double		start = synthetic_clock();

		if (!c->run(context, &used, c, &result))
		{
			fprintf(stderr, "%s: %s\n", c->name, context->message);
			exit(1);
		}
		times[n] = synthetic_clock() - start;
		voxels = result.voxels != NULL ? rad_box_voxel_count(&result.box) :
			rad_box_voxel_count(c->kind == 0 ? &used.wanted : &used.image.box);
		rad_release(context, result.voxels);
	}
	rad_context_destroy(context);
	printf("%-28s %9.2f ms %9.2f ns/voxel\n", c->name, synthetic_median(times, REPEATS),
		   times[REPEATS / 2] * 1e6 / (double) voxels);
}

int
main(int argc, char **argv)
{
	RadContext *context = rad_context_create();
	Bench		bench = make_bench(context);

	printf("image of %d x %d x %d voxels, wanted %lld\n", bench.image.grid.size[0],
		   bench.image.grid.size[1], bench.image.grid.size[2],
		   (long long) rad_box_voxel_count(&bench.wanted));
	for (int n = 0; n < CASES; n++)
	{
		bool		wanted = argc < 2;

		for (int k = 1; k < argc; k++)
			wanted = wanted || strncmp(cases[n].name, argv[k], strlen(argv[k])) == 0;
		if (wanted)
			measure(&bench, &cases[n]);
	}
	rad_context_destroy(context);
	return 0;
}
