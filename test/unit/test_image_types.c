/*
 * Image types and resampling against PyRadiomics' own intermediate images
 * (data/pyradiomics/intermediate of the shared reference data), every one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "filters/image_types.h"
#include "image/itk_resample.h"
#include "image/normalise.h"
#include "nrrd_file.h"

/* One line of the manifest. */
typedef struct Case
{
	const char *scan;			/* "s1" (float32), "s2" (int16) or "odd" */
	const char *what;			/* the rest of the file's name, without ".nrrd" */
	Volume		image;
	Volume		mask;
} Case;

typedef bool (*Compute) (RadContext *context, const Case *c, Volume *result);

static bool
normalised(RadContext *context, const Case *c, Volume *result)
{
	bool		clamped = strstr(c->what, "outliers1.5") != NULL;

	return rad_normalise(context, &c->image, 100.0, clamped ? 1.5 : 0.0, result);
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

static bool
check_image(RadContext *context, const char *file, const Case *c)
{
	char		path[1100];
	Volume		expected;
	Volume		result;

	snprintf(path, sizeof(path), "intermediate/%s", file);
	assert_true(nrrd_read(context, path, &expected));
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
	printf("# SKIP %s: not made yet\n", file);
	return false;
}

static void
test_intermediate_images(void **state)
{
	char		path[4400];
	char		line[1024];
	FILE	   *manifest;
	int			met = 0;
	int			total = 0;

	(void) state;
	if (pyradiomics_folder() == NULL)
	{
		printf("# SKIP no reference data: ../shared/data/pyradiomics\n");
		skip();
	}
	snprintf(path, sizeof(path), "%s/intermediate/MANIFEST.csv", pyradiomics_folder());
	manifest = fopen(path, "r");
	assert_non_null(manifest);
	assert_non_null(fgets(line, sizeof(line), manifest));
	while (fgets(line, sizeof(line), manifest) != NULL)
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
			assert_true(nrrd_read(context, "intermediate/odd_9x13x11_image.nrrd", &c.image));
		}
		else
		{
			bool		float_image = strcmp(c.scan, "s1") == 0;

			assert_true(nrrd_read(context, float_image ? "synthetic/s1_float_image.nrrd" :
								  "synthetic/s2_int16_image.nrrd", &c.image));
			assert_true(nrrd_read(context, float_image ? "synthetic/s1_label.nrrd" :
								  "synthetic/s2_multilabel.nrrd", &c.mask));
		}
		total++;
		if (check_image(context, file, &c))
			met++;
		rad_context_destroy(context);
	}
	fclose(manifest);
	printf("# intermediate images: %d/%d met\n", met, total);
	assert_int_equal(total, 80);
	assert_true(met >= 16);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_intermediate_images),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
