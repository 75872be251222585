/*
 * Image types and resampling against PyRadiomics' own intermediate images
 * (data/pyradiomics/intermediate of the shared reference data), every one.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "assert_close.h"
#include "filters/image_types.h"
#include "image/itk_resample.h"
#include "image/normalise.h"
#include "read_support.h"

/* One line of the manifest. */
typedef struct Case
{
	const char *scan;			/* "s1" (float32), "s2" (int16) or "odd" */
	const char *what;			/* the rest of the file's name, without ".nrrd" */
	Volume		image;
	Volume		mask;
} Case;

/* A file of data/pyradiomics, whole. */
static Volume
read_volume(RadContext *context, const char *folder, const char *name)
{
	char		path[200];
	Bytes		file;
	ByteSource	source;
	VolumeReader *reader;
	Volume		volume;
	Box			box;

	snprintf(path, sizeof(path), "pyradiomics/%.40s/%.100s", folder, name);
	file = read_shared(path);
	assert_non_null(file.data);
	source = memory_source("image", file);
	if (!rad_volume_open(context, &source, -1, &reader))
		fail_msg("%s: %s", path, context->message);
	box = rad_grid_box(rad_reader_grid(reader));
	if (!rad_volume_read_box(context, reader, &box, &volume))
		fail_msg("%s: %s", path, context->message);
	free(file.data);
	return volume;
}

typedef bool (*Compute) (RadContext *context, const Case *c, Volume *result);

static bool
normalised(RadContext *context, const Case *c, Volume *result)
{
	bool		clamped = strstr(c->what, "outliers1.5") != NULL;

	return rad_normalise(context, &c->image, 100.0, clamped ? 1.5 : 0.0, result);
}

/* The box of a label in a mask of uint32 or bytes. */
static Box
box_of_label(const Volume *mask, double label)
{
	const int  *size = mask->grid.size;
	Box			box = {{size[0], size[1], size[2]}, {0, 0, 0}};
	int64_t		at = 0;

	for (int z = 0; z < size[2]; z++)
		for (int y = 0; y < size[1]; y++)
			for (int x = 0; x < size[0]; x++)
			{
				int			index[3] = {x, y, z};
				double		value;

				rad_voxels_to_double(mask->type, mask->voxels, at++, 1, &value);
				for (int axis = 0; axis < 3 && value == label; axis++)
				{
					if (index[axis] < box.lo[axis])
						box.lo[axis] = index[axis];
					if (index[axis] >= box.hi[axis])
						box.hi[axis] = index[axis] + 1;
				}
			}
	return box;
}

static bool
resampled(RadContext *context, const Case *c, Volume *result)
{
	bool		along_z = strstr(c->what, "z1") != NULL;
	double		wanted[3] = {along_z ? 0.0 : 1.3, along_z ? 0.0 : 0.8, along_z ? 1.0 : 1.9};
	double		spacing[3];
	Box			box = box_of_label(&c->mask, 1.0);
	Grid		target;
	ItkInterpolator interpolator = strstr(c->what, "Linear") != NULL ? ITK_LINEAR :
		strstr(c->what, "Nearest") != NULL || strstr(c->what, "mask") != NULL ?
		ITK_NEAREST_NEIGHBOR : ITK_BSPLINE;

	rad_itk_target_spacing(&c->mask.grid, &box, wanted, spacing);
	return rad_itk_inside(&c->mask.grid, &box, &c->image.grid) &&
		!rad_itk_keeps_spacing(&c->image.grid, spacing) &&
		rad_itk_target_grid(context, &c->mask.grid, &box, spacing, along_z ? 2 : 5, &target) &&
		rad_itk_resample(context, strstr(c->what, "mask") != NULL ? &c->mask : &c->image,
						 &target, interpolator, result);
}

static bool
pointwise(RadContext *context, const Case *c, Volume *result)
{
	for (int filter = POINTWISE_SQUARE; filter <= POINTWISE_EXPONENTIAL; filter++)
		if (strcmp(strchr(c->what, '_') + 1, rad_pointwise_name(filter)) == 0)
			return rad_filter_pointwise(context, &c->image, filter, NULL, result);
	return false;
}

static bool
gradient(RadContext *context, const Case *c, Volume *result)
{
	return rad_filter_gradient(context, &c->image, strstr(c->what, "nospacing") == NULL,
							   NULL, result);
}

static bool
laplacian(RadContext *context, const Case *c, Volume *result)
{
	double		sigma = strstr(c->what, "1-5") != NULL ? 1.5 : 3.0;
	const char *reason;
	char		name[64];

	return rad_log_name(context, sigma < 2.0 ? "1.5" : "3.0", name, sizeof(name)) &&
		strcmp(name, strchr(c->what, '_') + 1) == 0 &&
		rad_log_applies(&c->image, sigma, &reason) &&
		rad_filter_log(context, &c->image, sigma, NULL, result);
}

/* Keeps the image of the name that is looked for. */
typedef struct Wanted
{
	const char *name;
	Volume	   *result;
	bool		found;
} Wanted;

static bool
keep_wanted(RadContext *context, void *argument, const char *name, const Volume *image)
{
	Wanted	   *wanted = argument;
	size_t		size = (size_t) rad_box_voxel_count(&image->box) * rad_voxel_size(image->type);

	if (strcmp(name, wanted->name) != 0)
		return true;
	*wanted->result = *image;
	wanted->result->voxels = rad_allocate(context, size, 1);
	memcpy(wanted->result->voxels, image->voxels, size);
	wanted->found = true;
	return true;
}

static bool
wavelet(RadContext *context, const Case *c, Volume *result)
{
	WaveletBank bank;
	WaveletParameters parameters = {
		.bank = &bank, .levels = strcmp(c->scan, "odd") == 0 ? 1 : 2, .along = {true, true, true}
	};
	Wanted		wanted = {.name = strstr(c->what + 1, "wavelet"), .result = result};

	if (wanted.name == NULL)
		wanted.name = c->what;
	return rad_wavelet_bank("coif1", &bank) &&
		rad_filter_wavelet(context, &c->image, &parameters, NULL, keep_wanted, &wanted) &&
		wanted.found;
}

static bool
lbp2d(RadContext *context, const Case *c, Volume *result)
{
	Lbp2dParameters parameters = {
		.radius = 1.0, .samples = 8, .slice_axis = 2,
		.method = strstr(c->what, "var") != NULL ? LBP2D_VAR : LBP2D_UNIFORM
	};

	return rad_filter_lbp2d(context, &c->image, &parameters, NULL, result);
}

static bool
lbp3d(RadContext *context, const Case *c, Volume *result)
{
	Lbp3dParameters parameters = {
		.levels = 2, .icosphere_radius = 1.0, .icosphere_subdivision = 1
	};
	Wanted		wanted = {.name = strchr(c->what, '_') + 1, .result = result};
	int64_t		count = rad_grid_voxel_count(&c->mask.grid);
	uint8_t    *inside = rad_new(context, uint8_t, count);

	for (int64_t n = 0; n < count; n++)
		inside[n] = ((uint32_t *) c->mask.voxels)[n] == 1;
	return rad_filter_lbp3d(context, &c->image, &parameters, inside, NULL, keep_wanted,
							&wanted) && wanted.found;
}

/*
 * How each kind of image is made, and how far a voxel may be from the
 * reference, relative to the largest voxel.  0: bit for bit.
 */
static const struct
{
	const char *start;
	Compute		compute;
	double		tolerance;
}			kinds[] = {
	/* numpy and we sum in different orders, and round logarithms differently. */
	{"normalized", normalised, 1e-15},
	{"square", pointwise, 1e-15},
	{"logarithm", pointwise, 1e-15},
	/* An ulp of ln(M) is worth ln(M) ulps of exp(ln(M)). */
	{"exponential", pointwise, 5e-15},
	{"gradient", gradient, 0.0},
	{"wavelet", wavelet, 0.0},
	{"LoG", laplacian, 0.0},
	{"resampled", resampled, 0.0},
	{"lbp2d", lbp2d, 0.0},
	{"lbp3d", lbp3d, 1e-14},
};

#define KIND_COUNT ((int) (sizeof(kinds) / sizeof(kinds[0])))

/* Largest relative difference; -1 when the images differ in type or size. */
static double
largest_difference(const Volume *result, const Volume *expected)
{
	int64_t		count = rad_grid_voxel_count(&expected->grid);
	double	   *a = malloc((size_t) count * sizeof(double));
	double	   *b = malloc((size_t) count * sizeof(double));
	double		largest = 0.0;
	double		difference = 0.0;

	if (result->type != expected->type || a == NULL || b == NULL ||
		memcmp(&result->box, &expected->box, sizeof(Box)) != 0)
		difference = -1.0;
	else
	{
		rad_voxels_to_double(result->type, result->voxels, 0, count, a);
		rad_voxels_to_double(expected->type, expected->voxels, 0, count, b);
		for (int64_t n = 0; n < count; n++)
			if (isfinite(b[n]) && fabs(b[n]) > largest)
				largest = fabs(b[n]);
		for (int64_t n = 0; n < count; n++)
			if (isnan(a[n]) != isnan(b[n]))
				difference = INFINITY;
			else if (a[n] != b[n] && !isnan(a[n]))
				difference = fmax(difference, fabs(a[n] - b[n]) / largest);
	}
	free(a);
	free(b);
	return difference;
}

/* PyRadiomics casts masks to uint32 first. */
static void
cast_mask(RadContext *context, Volume *mask)
{
	int64_t		count = rad_grid_voxel_count(&mask->grid);
	uint32_t   *labels = rad_new(context, uint32_t, count);

	for (int64_t n = 0; n < count; n++)
	{
		double		label;

		rad_voxels_to_double(mask->type, mask->voxels, n, 1, &label);
		labels[n] = (uint32_t) label;
	}
	mask->type = VOXEL_UINT32;
	mask->voxels = labels;
}

/*
 * The reference was made on grids whose space directions were divided by their
 * lengths.  ITK's reader, and so ours, multiplies with the reciprocal, and the
 * last bit decides where a voxel of the new grid lies half way between two.
 */
static void
divide_directions(Grid *grid)
{
	static const double vectors[2][2] = {
		{0.8156770083329848, 0.3803564355666295}, {-0.4648800879147694, 0.9969385657403149}
	};

	for (int axis = 0; axis < 2; axis++)
		for (int r = 0; r < 2; r++)
		{
			double		direction = vectors[axis][r] / grid->spacing[axis];

			assert_close(grid->direction[r][axis], direction, 2e-16);
			grid->direction[r][axis] = direction;
		}
}

static bool
check_image(RadContext *context, const char *file, const Case *c)
{
	Volume		expected = read_volume(context, "intermediate", file);
	Volume		result;

	for (int kind = 0; kind < KIND_COUNT; kind++)
		if (strncmp(c->what, kinds[kind].start, strlen(kinds[kind].start)) == 0)
		{
			double		difference;

			if (!kinds[kind].compute(context, c, &result))
			{
				printf("# %s: %s\n", file, context->message);
				return false;
			}
			difference = largest_difference(&result, &expected);
			if (difference >= 0.0 && difference <= kinds[kind].tolerance)
				return true;
			printf("# %s: differs by %g, relative to the largest voxel\n", file, difference);
			return false;
		}
	printf("# %s: no such image is made\n", file);
	return false;
}

static void
test_intermediate_images(void **state)
{
	Bytes		manifest = read_shared("pyradiomics/intermediate/MANIFEST.csv");
	FILE	   *lines;
	char		line[1024];
	int			met = 0;
	int			total = 0;

	(void) state;
	if (manifest.data == NULL)
	{
		print_message("SKIP: no reference data (../shared/data/pyradiomics)\n");
		skip();
	}
	lines = fmemopen(manifest.data, manifest.length, "r");
	assert_non_null(lines);
	assert_non_null(fgets(line, sizeof(line), lines));
	while (fgets(line, sizeof(line), lines) != NULL)
	{
		RadContext *context = rad_context_create();
		char		what[1024];
		char		file[1024];
		Case		c = {.what = what};

		line[strcspn(line, ",")] = '\0';
		snprintf(file, sizeof(file), "%s", line);
		*strstr(line, ".nrrd") = '\0';
		snprintf(what, sizeof(what), "%s", strchr(line, '_') + 1);
		c.scan = strncmp(line, "odd", 3) == 0 ? "odd" : strncmp(line, "s1", 2) == 0 ? "s1" : "s2";
		if (strcmp(c.scan, "odd") == 0)
		{
			/* "9x13x11_wavelet-LLH": sizes in array order. */
			snprintf(what, sizeof(what), "%s", strstr(line, "wavelet"));
			c.image = read_volume(context, "intermediate", "odd_9x13x11_image.nrrd");
		}
		else
		{
			bool		single = strcmp(c.scan, "s1") == 0;

			c.image = read_volume(context, "synthetic", single ? "s1_float_image.nrrd" :
								  "s2_int16_image.nrrd");
			c.mask = read_volume(context, "synthetic", single ? "s1_label.nrrd" :
								 "s2_multilabel.nrrd");
			cast_mask(context, &c.mask);
			divide_directions(&c.image.grid);
			divide_directions(&c.mask.grid);
		}
		total++;
		if (check_image(context, file, &c))
			met++;
		rad_context_destroy(context);
	}
	fclose(lines);
	free(manifest.data);
	printf("# intermediate images: %d/%d met\n", met, total);
	assert_int_equal(total, 80);
	assert_int_equal(met, total);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_intermediate_images),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
