/*
 * Pictures: where left and right, front and back, head and feet come out, the
 * window, the outline, montages, and the PNG around them.  Oracles: volumes
 * whose voxels say where they are, DICOM's window formula by hand, libpng's
 * reader.
 */
#include "read_support.h"

#include <math.h>

#include "formats/codec.h"
#include "formats/png_write.h"
#include "picture/picture.h"

#ifdef RAD_HAVE_PNG
#include <png.h>
#endif

static RadContext *context;

static int
setup(void **state)
{
	(void) state;
	context = rad_context_create();
	return 0;
}

static int
teardown(void **state)
{
	(void) state;
	rad_context_destroy(context);
	return 0;
}

/* A reader of int16 voxels in memory. */

static bool
read_memory(RadContext *unused, VolumeReader *reader, const Box *box, RowsCallback callback,
			void *argument)
{
	for (int z = box->lo[2]; z < box->hi[2]; z++)
		for (int y = box->lo[1]; y < box->hi[1]; y++)
		{
			int64_t		row = y + (int64_t) z * reader->grid.size[1];

			if (!callback(unused, argument, row, 1, (int16_t *) reader->state +
						  row * reader->grid.size[0] + box->lo[0]))
				return false;
		}
	return true;
}

static const Codec memory_codec = {.format = "memory", .name = "memory", .read_rows = read_memory};

/*
 * A volume over 100 x 100 x 100 mm of LPS whose axes run along the world axes
 * given (0 x, 1 y, 2 z; negative: against them, as -1 - axis), with voxels of
 * value(world position).
 */
static VolumeReader
make_volume(const int axes[3], const int size[3], int16_t (*value) (const double world[3]))
{
	VolumeReader reader = {.codec = &memory_codec, .name = "image", .type = VOXEL_INT16};
	int16_t    *voxels = rad_new(context, int16_t, size[0] * size[1] * size[2]);
	int			at = 0;

	reader.grid.dimension = 3;
	for (int axis = 0; axis < 3; axis++)
	{
		int			world = axes[axis] < 0 ? -1 - axes[axis] : axes[axis];
		int			sign = axes[axis] < 0 ? -1 : 1;

		reader.grid.size[axis] = size[axis];
		reader.grid.spacing[axis] = 100.0 / size[axis];
		reader.grid.direction[world][axis] = sign;
		reader.grid.origin[world] = sign > 0 ? 50.0 / size[axis] : 100.0 - 50.0 / size[axis];
	}
	for (int z = 0; z < size[2]; z++)
		for (int y = 0; y < size[1]; y++)
			for (int x = 0; x < size[0]; x++)
			{
				double		index[3] = {x, y, z};
				double		world[3];

				rad_grid_to_world(&reader.grid, index, world);
				voxels[at++] = value(world);
			}
	reader.state = voxels;
	return reader;
}

static int
grey_at(const Canvas *canvas, double x, double y)
{
	int			column = (int) (x * canvas->width);
	int			row = (int) (y * canvas->height);

	return canvas->rgb[(row * canvas->width + column) * 3];
}

static Canvas
draw(VolumeReader *image, const MaskRuns *mask, const PictureOptions *options)
{
	Canvas		canvas;
	double		pixels_per_metre;

	rad_clear_error(context);
	if (!rad_picture_draw(context, image, mask, options, &canvas, &pixels_per_metre))
		fail_msg("%s (%s)", context->message, context->hint);
	return canvas;
}

/* --- orientation ------------------------------------------------------------ */

/* Bright in the patient's left, front, upper part: a different grey for each. */
static int16_t
corners(const double world[3])
{
	return (int16_t) ((world[0] > 50 ? 100 : 0) + (world[1] < 50 ? 50 : 0) +
					  (world[2] > 50 ? 25 : 0));
}

static void
slices_are_shown_as_radiologists_expect(void **state)
{
	/* However the axes of the volume run, the picture is the same. */
	static const int axes[][3] = {
		{0, 1, 2}, {-1, 1, 2}, {0, -2, 2}, {0, 1, -3}, {1, 0, 2}, {2, 1, 0}, {-2, 2, -1}, {2, 0, -2}
	};
	static const int sizes[][3] = {{20, 20, 20}, {20, 25, 40}};

	(void) state;
	for (size_t n = 0; n < sizeof(axes) / sizeof(axes[0]); n++)
		for (size_t s = 0; s < 2; s++)
			for (int plane = 0; plane < PICTURE_PLANE_COUNT; plane++)
			{
				VolumeReader image = make_volume(axes[n], sizes[s], corners);
				PictureOptions options = rad_picture_defaults();
				int			normal = plane == PLANE_AXIAL ? 2 : plane == PLANE_CORONAL ? 1 : 0;
				Canvas		canvas;

				/* The slice at three quarters of the world axis. */
				for (int axis = 0; axis < 3; axis++)
				{
					if (axes[n][axis] == normal)
						options.slice = sizes[s][axis] * 3 / 4;
					else if (axes[n][axis] == -1 - normal)
						options.slice = sizes[s][axis] / 4;
				}
				options.plane = (PicturePlane) plane;
				options.window_centre = 128;
				options.window_width = 256;
				options.annotate = false;
				options.panel_size = 200;
				canvas = draw(&image, NULL, &options);
				assert_int_equal(canvas.width, 200);
				assert_int_equal(canvas.height, 200);
				for (int right = 0; right < 2; right++)
					for (int below = 0; below < 2; below++)
					{
						double		world[3] = {75, 75, 75};
						int			grey = grey_at(&canvas, 0.25 + 0.5 * right, 0.25 + 0.5 * below);

						if (plane == PLANE_SAGITTAL)
							world[1] = 25 + 50 * right;
						else
							world[0] = 25 + 50 * right;
						if (plane == PLANE_AXIAL)
							world[1] = 25 + 50 * below;
						else
							world[2] = 75 - 50 * below;
						if (abs(grey - corners(world)) > 1)
							fail_msg("axes %zu %s, right %d, below %d: %d, not %d", n,
									 rad_picture_plane_names[plane], right, below, grey,
									 corners(world));
					}
			}
}

/* --- window ----------------------------------------------------------------- */

static int16_t
ramp(const double world[3])
{
	return (int16_t) (world[0] * 10 - 500);
}

/* DICOM PS3.3 C.11.2.1.2: ((x - (c - 0.5)) / (w - 1) + 0.5) * 255. */
static void
the_window_is_that_of_dicom(void **state)
{
	static const int axes[3] = {0, 1, 2};
	static const int size[3] = {100, 100, 1};
	VolumeReader image = make_volume(axes, size, ramp);
	PictureOptions options = rad_picture_defaults();
	Canvas		canvas;

	(void) state;
	options.window_centre = 40;
	options.window_width = 400;
	options.annotate = false;
	options.panel_size = 100;	/* a pixel is a voxel */
	for (int invert = 0; invert < 2; invert++)
	{
		options.invert = invert != 0;
		canvas = draw(&image, NULL, &options);
		for (int x = 0; x < 100; x++)
		{
			int			value = ((int16_t *) image.state)[x];
			double		grey = ((value - 39.5) / 399 + 0.5) * 255;

			grey = grey < 0 ? 0 : grey > 255 ? 255 : grey;
			assert_int_equal(canvas.rgb[3 * x], (int) floor((invert ? 255 - grey : grey) + 0.5));
		}
	}
}

/* --- outline ---------------------------------------------------------------- */

static int16_t
nothing(const double world[3])
{
	(void) world;
	return 0;
}

/* A box x, y of 4 <= index < 14, z of 5 <= index < 9. */
static MaskRuns *
box_mask(const Grid *grid, int32_t label)
{
	MaskRuns   *mask = rad_new_zeroed(context, MaskRuns, 1);

	mask->grid = *grid;
	mask->runs = rad_new(context, LabelRun, 40);
	mask->labels = rad_new(context, LabelSummary, 1);
	for (int z = 5; z < 9; z++)
		for (int y = 4; y < 14; y++)
			mask->runs[mask->run_count++] = (LabelRun) {label, 4, 14, y, z};
	mask->label_count = 1;
	mask->labels[0] = (LabelSummary) {label, 400, {{4, 4, 5}, {14, 14, 9}}};
	return mask;
}

static void
the_outline_follows_the_voxels(void **state)
{
	static const int axes[3] = {0, 1, 2};
	static const int size[3] = {20, 20, 20};
	VolumeReader image = make_volume(axes, size, nothing);
	MaskRuns   *mask = box_mask(&image.grid, 3);
	PictureOptions options = rad_picture_defaults();
	Canvas		canvas;

	(void) state;
	options.annotate = false;
	options.panel_size = 100;	/* 5 pixels per voxel */
	canvas = draw(&image, mask, &options);
	for (int y = 0; y < 100; y++)
		for (int x = 0; x < 100; x++)
		{
			bool		inside = x >= 20 && x < 70 && y >= 20 && y < 70;
			bool		deep = x >= 21 && x < 69 && y >= 21 && y < 69;
			const uint8_t *pixel = canvas.rgb + (y * 100 + x) * 3;
			bool		coloured = pixel[0] != pixel[1] || pixel[1] != pixel[2];

			if (coloured != (inside && !deep))
				fail_msg("pixel %d, %d is %scoloured", x, y, coloured ? "" : "not ");
		}
	/* Another label is not outlined, one that is not there is an error. */
	options.label = 3;
	assert_memory_equal(draw(&image, mask, &options).rgb, canvas.rgb, 100 * 100 * 3);
	options.label = 2;
	assert_false(rad_picture_draw(context, &image, mask, &options, &canvas, &(double) {0}));
	assert_int_equal(context->code, RAD_DATA_EXCEPTION);
}

/* --- montage ---------------------------------------------------------------- */

/* Each slice has its own grey. */
static int16_t
height(const double world[3])
{
	return (int16_t) (world[2] * 2);
}

static void
a_montage_runs_from_head_to_feet(void **state)
{
	static const int axes[][3] = {{0, 1, 2}, {0, 1, -3}};
	static const int size[3] = {20, 20, 20};

	(void) state;
	for (int turned = 0; turned < 2; turned++)
	{
		VolumeReader image = make_volume(axes[turned], size, height);
		PictureOptions options = rad_picture_defaults();
		Canvas		canvas;
		int			last = 1000;

		options.annotate = false;
		options.panel_size = 50;
		options.panels = 4;
		options.window_centre = 128;
		options.window_width = 256;
		canvas = draw(&image, NULL, &options);
		assert_int_equal(canvas.width, 102);
		assert_int_equal(canvas.height, 102);
		for (int panel = 0; panel < 4; panel++)
		{
			int			grey = grey_at(&canvas, panel % 2 == 0 ? 0.25 : 0.75,
									   panel / 2 == 0 ? 0.25 : 0.75);

			assert_true(grey < last);
			last = grey;
		}
		/* No more panels than slices of the mask. */
		options.panels = 30;
		canvas = draw(&image, box_mask(&image.grid, 1), &options);
		assert_int_equal(canvas.width, 102);
		assert_int_equal(canvas.height, 102);
	}
}

static void
wrong_options_are_refused(void **state)
{
	static const int axes[3] = {0, 1, 2};
	static const int size[3] = {4, 4, 4};
	VolumeReader image = make_volume(axes, size, ramp);
	PictureOptions wrong[8];
	Canvas		canvas;
	double		pixels;

	(void) state;
	for (int n = 0; n < 8; n++)
		wrong[n] = rad_picture_defaults();
	wrong[0].panels = 0;
	wrong[1].panels = RAD_MAX_PANELS + 1;
	wrong[2].panel_size = 15;
	wrong[3].panel_size = RAD_MAX_PANEL + 1;
	wrong[4].window_centre = 3;
	wrong[5].window_centre = 3;
	wrong[5].window_width = -1;
	wrong[6].slice = 4;
	wrong[7].window_centre = INFINITY;
	wrong[7].window_width = 1;
	for (int n = 0; n < 8; n++)
	{
		rad_clear_error(context);
		assert_false(rad_picture_draw(context, &image, NULL, &wrong[n], &canvas, &pixels));
		assert_int_equal(context->code, RAD_INVALID_PARAMETER);
	}
}

/* --- PNG -------------------------------------------------------------------- */

#ifdef RAD_HAVE_PNG

static void
libpng_reads_the_picture(void **state)
{
	static const int sizes[][2] = {{1, 1}, {3, 200}, {301, 7}};
	uint64_t	seed = 9;

	(void) state;
	for (size_t n = 0; n < 3; n++)
	{
		size_t		count = (size_t) sizes[n][0] * (size_t) sizes[n][1] * 3;
		uint8_t    *rgb = rad_new(context, uint8_t, count);
		uint8_t    *read = rad_new(context, uint8_t, count);
		ByteBuffer	file = {0};
		png_image	image = {.version = PNG_IMAGE_VERSION};

		for (size_t k = 0; k < count; k++)
			rgb[k] = (uint8_t) next_random(&seed);
		assert_true(rad_write_png(context, sizes[n][0], sizes[n][1], rgb, 1234.0, &file));
		assert_true(png_image_begin_read_from_memory(&image, file.bytes, file.length));
		assert_int_equal(image.width, sizes[n][0]);
		assert_int_equal(image.height, sizes[n][1]);
		image.format = PNG_FORMAT_RGB;
		assert_true(png_image_finish_read(&image, NULL, read, 0, NULL));
		assert_memory_equal(read, rgb, count);
	}
}

/* Memory that ends at any moment is an error, and nothing is left behind. */

static int	allocations;
static void *(*plain_allocate) (void *allocator, size_t size);

static void *
limited_allocate(void *allocator, size_t size)
{
	return allocations-- <= 0 ? NULL : plain_allocate(allocator, size);
}

static void
a_picture_without_memory_is_an_error(void **state)
{
	uint8_t		rgb[12] = {0};
	int			failures = 0;

	(void) state;
	plain_allocate = context->allocate;
	for (int limit = 0; limit < 40; limit++)
	{
		ByteBuffer	file = {0};

		rad_clear_error(context);
		allocations = limit;
		context->allocate = limited_allocate;
		if (!rad_write_png(context, 2, 2, rgb, 0.0, &file))
		{
			assert_int_not_equal(context->code, RAD_OK);
			failures++;
		}
		context->allocate = plain_allocate;
	}
	assert_true(failures > 3 && failures < 40);
}

#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(slices_are_shown_as_radiologists_expect, setup, teardown),
		cmocka_unit_test_setup_teardown(the_window_is_that_of_dicom, setup, teardown),
		cmocka_unit_test_setup_teardown(the_outline_follows_the_voxels, setup, teardown),
		cmocka_unit_test_setup_teardown(a_montage_runs_from_head_to_feet, setup, teardown),
		cmocka_unit_test_setup_teardown(wrong_options_are_refused, setup, teardown),
#ifdef RAD_HAVE_PNG
		cmocka_unit_test_setup_teardown(libpng_reads_the_picture, setup, teardown),
		cmocka_unit_test_setup_teardown(a_picture_without_memory_is_an_error, setup, teardown),
#endif
	};

	return cmocka_run_group_tests_name("picture", tests, NULL, NULL);
}
