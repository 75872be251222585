/*
 * Rounding of the libraries behind PyRadiomics.  Where it compares numbers that
 * are equal but for rounding, the last digit decides: these are compared as bits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "filters/image_types.h"
#include "filters/lbp3d.h"
#include "image/spline_filter.h"

#define WIDTH 7
#define HEIGHT 6

/* Spline coefficients of sample(x, y) by scipy 1.11, spline_filter(mode='mirror'). */
static const double scipy_coefficients[HEIGHT][WIDTH] = {
	{0x1.cc610f8f228a6p-2, -0x1.5aaac79c8d61fp+5, 0x1.74b7b830cb516p+5, -0x1.543419269fe35p+5,
	0x1.b88989d22ee5bp+4, -0x1.1212c1a1b0c35p+0, -0x1.183ac4e5e020ep+5},
	{-0x1.05bf4d1aca535p+5, 0x1.887120f23655bp+5, 0x1.92c0465a237d9p+3, 0x1.19d31674c59cdp+0,
	-0x1.310a958fa0050p+3, 0x1.5b9f33fa99143p+5, 0x1.0c6d0bb7027b4p+4},
	{0x1.95b14b284ba10p+3, -0x1.de52fa50b76b2p+4, 0x1.7d7e49ce90a98p+4, 0x1.182ce98b3a62ep+5,
	0x1.383c0cf0943d6p+0, -0x1.090fac147a3cap+5, 0x1.5de4cd26d9c70p+4},
	{-0x1.07c47a22e3197p+4, 0x1.681551b718fe8p+5, 0x1.398343618829bp+4, -0x1.6e37b0f452a39p+4,
	-0x1.d199797064ce1p+4, 0x1.8cb12fd211f3ep+4, -0x1.32dcadf211598p+5},
	{0x1.9a6aa570c549cp+3, -0x1.c4fb2ea08a7ecp+0, 0x1.3b5916f2331e8p+4, 0x1.76eb57213c2ebp+4,
	0x1.65320e8905f63p+5, -0x1.7a275c078339dp+3, 0x1.819be2edf4140p+5},
	{0x1.74f98fc02e3b4p+5, -0x1.5a79dc220b9eep+5, 0x1.8519f94763777p+5, -0x1.95ee08fb823eep+5,
	0x1.410e1a11664b4p+3, 0x1.3a05e790b1635p+5, -0x1.e15cdefdb5101p+4},
};

/* Laplacian of Gaussian of the same as float32, 1.5 x 0.75 mm, by SimpleITK 2.5. */
static const float itk_laplacian[HEIGHT][WIDTH] = {
	{0x1.bcebbc0000000p+2f, 0x1.6e79480000000p-3f, -0x1.007b7a0000000p+3f, 0x1.8553b60000000p+2f,
	-0x1.74e3f00000000p-2f, -0x1.5bd93e0000000p+2f, 0x1.1824540000000p+0f},
	{0x1.44d1060000000p+2f, -0x1.22a2340000000p+1f, -0x1.26679a0000000p+3f, 0x1.40d3c00000000p+1f,
	0x1.285b260000000p+1f, -0x1.31d6180000000p+1f, -0x1.25390a0000000p+0f},
	{0x1.1eb4120000000p+1f, -0x1.0862140000000p+2f, -0x1.3b897a0000000p+3f, 0x1.455be20000000p-2f,
	0x1.34ffac0000000p+2f, 0x1.0a8ac40000000p+1f, 0x1.1099180000000p-2f},
	{-0x1.e4712e0000000p-2f, -0x1.dceb660000000p+1f, -0x1.23ebd80000000p+3f,
	0x1.7240080000000p-2f, 0x1.d348be0000000p+1f, 0x1.478a080000000p+1f, 0x1.a2825c0000000p+0f},
	{-0x1.105a420000000p+1f, -0x1.8f21a00000000p-3f, -0x1.c6ee480000000p+2f,
	0x1.04eb700000000p+1f, -0x1.974bda0000000p-1f, -0x1.070fa80000000p+1f, 0x1.8143bc0000000p-2f},
	{-0x1.471f980000000p+1f, 0x1.2ca0380000000p+2f, -0x1.381c520000000p+2f, 0x1.3d38920000000p+2f,
	-0x1.f4083e0000000p+1f, -0x1.a78da60000000p+2f, -0x1.f3b7120000000p-2f},
};

/* Vertices of icospheres by trimesh 4: radius, subdivisions, index, components. */
static const struct
{
	double		radius;
	int			subdivisions;
	int			count;
	int			index;
	double		vertex[3];
} trimesh_vertices[] = {
	{1.0, 1, 42, 0, {-0x1.0d2ca0da1530dp-1, 0x1.b38880b4603e5p-1, 0x0.0p+0}},
	{1.0, 1, 42, 14, {-0x1.3c6ef372fe950p-2, -0x1.9e3779b97f4a8p-1, 0x1.0000000000001p-1}},
	{1.0, 1, 42, 41, {-0x1.0000000000000p+0, 0x0.0p+0, 0x0.0p+0}},
	{0.7, 2, 162, 0, {-0x1.78d8146484111p-2, 0x1.30df8d4b102b9p-1, 0x0.0p+0}},
	{0.7, 2, 162, 14, {-0x1.bb01bb3a979d5p-3, -0x1.21f3a201d91a8p-1, 0x1.6666666666666p-2}},
	{0.7, 2, 162, 161, {-0x1.54dbd0d7ca1e5p-1, -0x1.78d8146484112p-3, 0x1.d1ce0c63388bfp-4}},
};

static double
sample(int x, int y)
{
	return (7 * x * x + 13 * y * x + 5 * y) % 31 - 11.25;
}

static void
spline_coefficients_are_those_of_scipy(void **state)
{
	RadContext *context = rad_context_create();
	const int	size[3] = {WIDTH, HEIGHT, 1};
	double		values[HEIGHT][WIDTH];

	(void) state;
	for (int y = 0; y < HEIGHT; y++)
		for (int x = 0; x < WIDTH; x++)
			values[y][x] = sample(x, y);
	assert_true(rad_spline_filter(context, SPLINE_SCIPY, size, &values[0][0]));
	assert_memory_equal(values, scipy_coefficients, sizeof(values));
	rad_context_destroy(context);
}

static void
icospheres_are_those_of_trimesh(void **state)
{
	RadContext *context = rad_context_create();

	(void) state;
	for (size_t n = 0; n < sizeof(trimesh_vertices) / sizeof(trimesh_vertices[0]); n++)
	{
		Icosphere	sphere;
		const double *vertex;

		assert_true(rad_icosphere(context, trimesh_vertices[n].radius,
								  trimesh_vertices[n].subdivisions, &sphere));
		assert_int_equal(sphere.count, trimesh_vertices[n].count);
		vertex = sphere.vertices[trimesh_vertices[n].index];
		for (int axis = 0; axis < 3; axis++)
			assert_true(vertex[axis] == trimesh_vertices[n].vertex[axis]);
	}
	rad_context_destroy(context);
}

/* An image of two dimensions has two second derivatives. */
static void
laplacian_in_two_dimensions_is_that_of_itk(void **state)
{
	RadContext *context = rad_context_create();
	float		voxels[HEIGHT][WIDTH];
	Volume		image = {
		.grid = {
			.size = {WIDTH, HEIGHT, 1}, .spacing = {1.5, 0.75, 1},
			.direction = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, .dimension = 2
		},
		.type = VOXEL_FLOAT32, .voxels = voxels
	};
	Volume		filtered;
	const char *reason;

	(void) state;
	image.box = rad_grid_box(&image.grid);
	for (int y = 0; y < HEIGHT; y++)
		for (int x = 0; x < WIDTH; x++)
			voxels[y][x] = (float) sample(x, y);
	assert_true(rad_log_applies(&image, 1.25, &reason));
	assert_true(rad_filter_log(context, &image, 1.25, NULL, &filtered));
	assert_memory_equal(filtered.voxels, itk_laplacian, sizeof(itk_laplacian));

	/* As a volume of one slice it is too thin. */
	image.grid.dimension = 3;
	assert_false(rad_log_applies(&image, 1.25, &reason));
	rad_context_destroy(context);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spline_coefficients_are_those_of_scipy),
		cmocka_unit_test(icospheres_are_those_of_trimesh),
		cmocka_unit_test(laplacian_in_two_dimensions_is_that_of_itk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
