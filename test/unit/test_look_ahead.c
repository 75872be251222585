/*
 * Several regions in flight on a device that is asked by region: what is begun
 * before its turn, how much of it, and that neither values nor failures differ
 * from those of the CPU.
 */
#include "read_support.h"

#include "device/request.h"
#include "features/extract.h"
#include "metered_context.h"
#include "scan_files.h"

/* ------------------------------------------------------------------ scans */

#define LABELS 6

/*
 * Labels 1 to 6 as slabs of 5 x 8 x 5, one voxel less each than the one before.
 * Intensities are 0 to 59 but in label `odd`, where they are `shift` higher and
 * have one outlier twice as high.
 */
static Scan
make_slabs(int odd, int shift)
{
	static const int size[3] = {5 * LABELS, 8, 5};
	int16_t		image[5 * LABELS * 8 * 5];
	uint8_t		mask[5 * LABELS * 8 * 5];
	uint64_t	random = 3;
	int			count[LABELS + 1] = {0};

	for (int n = 0; n < 5 * LABELS * 8 * 5; n++)
	{
		int			label = 1 + n % (5 * LABELS) / 5;
		bool		hole = ++count[label] < label;

		image[n] = (int16_t) (next_random(&random) % 60);
		if (label == odd)
			image[n] = (int16_t) (image[n] + (count[label] == 100 ? 2 * shift : shift));
		mask[n] = (uint8_t) (hole ? 0 : label);
	}
	return make_scan(size, image, mask);
}

/*
 * Which region it is: the label with the mask's number of voxels, or without a
 * mask the image with these levels, in the order of their first requests.
 */
static uint64_t images[9];
static int	image_count;

static int
image_of(const RegionRequest *request)
{
	uint64_t	hash = 0;
	int			n;

	for (int level = 1; level <= request->levels->level_count; level++)
		hash = hash * 1000003 + (uint64_t) request->levels->histogram[level];
	for (n = 0; n < image_count && images[n] != hash; n++)
		;
	if (n == image_count)
	{
		assert_true(image_count < 9);
		images[image_count++] = hash;
	}
	return 1 + n;
}

static int
region_of(const RegionRequest *request)
{
	int			label = 201;

	if (request->mask == NULL)
		return image_of(request);
	for (int z = 0; z < request->mask_size[2]; z++)
		for (int y = 0; y < request->mask_size[1]; y++)
			for (int x = 0; x < request->mask_size[0]; x++)
				label -= request->mask[z * request->mask_slice + y * request->mask_row + x];
	assert_true(label >= 1 && label <= LABELS);
	return label;
}

/* ----------------------------------------------------------------- device */

/*
 * Answers by the CPU, and writes down what happens, a word each: begun in turn
 * (b), ahead (+), refused ahead (-) or in turn (!), waited for (w), ended (e),
 * with the region.
 */
static char story[1024];
static int	flying;				/* taken, and neither waited for nor ended */
static int	most_flying;		/* ever */
static int	open_requests;		/* begun and not ended */
static int	room;				/* regions that the device takes at a time */

static void
tell(char what, const RegionRequest *request)
{
	size_t		used = strlen(story);

	assert_true(used < sizeof(story) - 8);
	snprintf(story + used, sizeof(story) - used, "%s%c%d", used > 0 ? " " : "", what,
			 region_of(request));
}

static bool
story_begin(RadContext *context, RegionRequest *request)
{
	int64_t		bytes = rad_request_layout(request, INT64_C(1) << 30);

	open_requests++;
	assert_true(bytes > 0);
	if (flying == room)
	{
		tell(request->ahead ? '-' : '!', request);
		return true;
	}
	request->handle = rad_allocate(context, (size_t) bytes, 1);
	if (request->handle == NULL)
		return false;
	rad_request_write(request, request->handle);
	request->state = REQUEST_PENDING;
	tell(request->ahead ? '+' : 'b', request);
	if (++flying > most_flying)
		most_flying = flying;
	return rad_continue(context);
}

static bool
story_wait(RadContext *context, RegionRequest *request)
{
	tell('w', request);
	flying--;
	request->state = REQUEST_PLANNED;
	return rad_continue(context) &&
		rad_request_answer(context, rad_cpu_best(), request->handle) &&
		rad_request_take(context, request, request->handle);
}

static void
story_end(RadContext *context, RegionRequest *request)
{
	if (request->state == REQUEST_PENDING)
		flying--;
	tell('e', request);
	open_requests--;
	rad_release(context, request->handle);
}

static Device
story_device(int regions)
{
	Device		device = rad_counted_functions;

	story[0] = '\0';
	flying = most_flying = open_requests = image_count = 0;
	room = regions;
	device.name = "story";
	device.begin = story_begin;
	device.wait = story_wait;
	device.end = story_end;
	return device;
}

static void
assert_nothing_left(void)
{
	assert_int_equal(open_requests, 0);
	assert_int_equal(flying, 0);
}

/* ------------------------------------------------------------- extraction */

typedef struct Delivered
{
	int			count;
	int			most;			/* the callback fails at the next; 0: never */
	LabelFeatures features[LABELS];
} Delivered;

static bool
keep(RadContext *context, void *argument, const LabelFeatures *features)
{
	Delivered  *delivered = argument;
	LabelFeatures *kept = &delivered->features[delivered->count];
	size_t		used = strlen(features->message);

	if (delivered->most > 0 && delivered->count == delivered->most)
		return rad_fail(context, RAD_DATA_EXCEPTION, "enough");
	assert_true(delivered->count++ < LABELS);
	*kept = *features;

	/* What is behind the message's end is nothing to compare. */
	memset(kept->message + used, 0, sizeof(kept->message) - used);
	return true;
}

static bool
extract(RadContext *context, const Device *device, const Scan *scan, const Settings *settings,
		Delivered *delivered)
{
	int			most = delivered->most;
	ScanPair	pair;

	memset(delivered, 0, sizeof(*delivered));
	delivered->most = most;
	return rad_scan_open(context, &scan->image, &scan->mask, settings, &pair) &&
		rad_extract(context, device, &pair, NULL, 0, settings, keep, delivered);
}

/* The same values, callbacks and failure as from the CPU; is it a success? */
static bool
assert_like_cpu(const Device *device, const Scan *scan, const Settings *settings)
{
	static Delivered expected;
	static Delivered delivered;
	RadContext *alone = rad_context_create();
	RadContext *ahead = rad_context_create();
	bool		succeeded = extract(alone, rad_cpu_best(), scan, settings, &expected);

	assert_int_equal(extract(ahead, device, scan, settings, &delivered), succeeded);
	assert_int_equal(ahead->code, alone->code);
	assert_string_equal(ahead->message, alone->message);
	assert_string_equal(ahead->detail, alone->detail);
	assert_string_equal(ahead->hint, alone->hint);
	assert_int_equal(delivered.count, expected.count);
	assert_memory_equal(&delivered, &expected, sizeof(expected));
	assert_nothing_left();
	rad_context_destroy(alone);
	rad_context_destroy(ahead);
	return succeeded;
}

static Settings
all_families(void)
{
	Settings	settings;

	rad_settings_default(&settings);
	settings.aggregations = ALL_AGGREGATIONS;
	settings.diagnostics = true;
	return settings;
}

/* ------------------------------------------------------------------ tests */

/* The next three labels are begun before the present one is waited for. */
static void
test_regions_in_flight(void **state)
{
	Device		device = story_device(LABELS);
	Settings	settings = all_families();
	Scan		scan = make_slabs(0, 0);

	(void) state;
	assert_true(assert_like_cpu(&device, &scan, &settings));
	assert_string_equal(story, "b1 +2 +3 +4 w1 e1 +5 w2 e2 +6 w3 e3 w4 e4 w5 e5 w6 e6");
	assert_int_equal(most_flying, RAD_REGIONS_IN_FLIGHT);
	free_scan(&scan);
}

/* What a device does not take ahead is asked about again, at last in its turn. */
static void
test_little_room(void **state)
{
	Settings	settings = all_families();
	Scan		scan = make_slabs(0, 0);
	Device		device = story_device(2);

	(void) state;
	assert_true(assert_like_cpu(&device, &scan, &settings));
	assert_string_equal(story, "b1 +2 -3 e3 w1 e1 +3 -4 e4 w2 e2 +4 -5 e5 w3 e3 +5 -6 e6 "
						"w4 e4 +6 w5 e5 w6 e6");
	device = story_device(1);
	assert_true(assert_like_cpu(&device, &scan, &settings));
	assert_string_equal(story, "b1 -2 e2 w1 e1 b2 -3 e3 w2 e2 b3 -4 e4 w3 e3 b4 -5 e5 "
						"w4 e4 b5 -6 e6 w5 e5 b6 w6 e6");
	device = story_device(0);
	assert_true(assert_like_cpu(&device, &scan, &settings));
	assert_string_equal(story, "!1 -2 e2 e1 !2 -3 e3 e2 !3 -4 e4 e3 !4 -5 e5 e4 !5 -6 e6 e5 "
						"!6 e6");
	free_scan(&scan);
}

/* Failures come at their label's turn: of the region, and of its grey levels. */
static void
test_failures_keep_their_turn(void **state)
{
	(void) state;
	for (int odd = 1; odd <= LABELS; odd++)
		for (int on_error_null = 0; on_error_null <= 1; on_error_null++)
			for (int levels = 0; levels <= 1; levels++)
			{
				Device		device = story_device(LABELS);
				Settings	settings = all_families();
				Scan		scan = make_slabs(odd, 1000);

				settings.on_error_null = on_error_null != 0;
				if (levels)
				{
					settings.discretisation = DISCRETISATION_FIXED_BIN_SIZE;
					settings.bin_size = 0.01;
				}
				else
				{
					settings.resegmentation_range[0] = 0;
					settings.resegmentation_range[1] = 500;
				}
				assert_int_equal(assert_like_cpu(&device, &scan, &settings), on_error_null);
				free_scan(&scan);
			}
}

/* Who wants no more leaves nothing in flight. */
static void
test_callback_may_fail(void **state)
{
	Settings	settings = all_families();
	Scan		scan = make_slabs(0, 0);

	(void) state;
	for (int most = 1; most < LABELS; most++)
	{
		RadContext *context = rad_context_create();
		Device		device = story_device(LABELS);
		Delivered	delivered = {.most = most};

		assert_false(extract(context, &device, &scan, &settings, &delivered));
		assert_string_equal(context->message, "enough");
		assert_int_equal(delivered.count, most);
		assert_nothing_left();
		rad_context_destroy(context);
	}
	free_scan(&scan);
}

/*
 * A cancel stops at once, wherever it is noticed; lack of memory fails, or only
 * ends the looking ahead.
 */
static void
test_cancel_and_memory(void **state)
{
	static Delivered expected;
	static Delivered delivered;
	RadContext *context = rad_context_create();
	Settings	settings = all_families();
	Scan		scan = make_slabs(0, 0);
	Device		device = story_device(LABELS);
	Meter		meter;
	RadContext	metered = metered_context(context, &meter);
	Meter		whole;
	int			failed = 0;
	int			saved = 0;

	(void) state;
	settings.on_error_null = true;
	assert_true(extract(&metered, &device, &scan, &settings, &expected));
	whole = meter;
	assert_true(whole.polls > 20);
	for (int64_t n = 1; n <= whole.polls; n += whole.polls / 200 + 1)
	{
		metered = metered_context(context, &meter);
		meter.stopping_poll = n;
		device = story_device(LABELS);
		assert_false(extract(&metered, &device, &scan, &settings, &delivered));
		assert_int_equal(metered.code, RAD_CANCELLED);
		assert_int_equal(meter.polls, n);
		assert_nothing_left();
	}
	for (int64_t n = 1; n <= whole.requests; n += whole.requests / 200 + 1)
	{
		metered = metered_context(context, &meter);
		meter.failing_request = n;
		device = story_device(LABELS);
		if (extract(&metered, &device, &scan, &settings, &delivered))
		{
			assert_memory_equal(&delivered, &expected, sizeof(expected));
			saved++;
		}
		else
		{
			assert_int_equal(metered.code, RAD_OUT_OF_MEMORY);
			failed++;
		}
		assert_nothing_left();
	}
	assert_true(failed > 0);
	assert_true(saved > 0);
	free_scan(&scan);
	rad_context_destroy(context);
}

/* Nothing is left of what was looked ahead at. */
static void
test_no_memory_is_left(void **state)
{
	static Delivered delivered;
	RadContext *context = rad_context_create();
	Meter		meter;
	RadContext	metered = metered_context(context, &meter);
	Device		device = story_device(LABELS);
	Settings	settings = all_families();
	Scan		scan = make_slabs(4, 1000);
	ScanPair	pair;
	int64_t		before;

	(void) state;
	settings.resegmentation_range[0] = 0;
	settings.resegmentation_range[1] = 500;
	settings.on_error_null = true;
	assert_true(rad_scan_open(&metered, &scan.image, &scan.mask, &settings, &pair));
	before = meter.blocks;
	assert_true(rad_extract(&metered, &device, &pair, NULL, 0, &settings, keep, &delivered));
	assert_int_equal(delivered.features[3].code, RAD_DATA_EXCEPTION);
	assert_int_equal(meter.blocks, before);
	free_scan(&scan);
	rad_context_destroy(context);
}

/*
 * Large regions do not wait in memory.  The labels are two voxels each at
 * opposite corners, but label 1 more: boxes of 0.9 or 4 million voxels.
 */
static void
test_large_regions(void **state)
{
	static const int sizes[2][3] = {{100, 100, 90}, {200, 200, 100}};
	static const char *const stories[2] = {
		"b1 +2 +3 +4 w1 e1 w2 e2 w3 e3 w4 e4",
		"b1 w1 e1 b2 w2 e2 b3 w3 e3 b4 w4 e4",
	};

	(void) state;
	for (int n = 0; n < 2; n++)
	{
		const int  *size = sizes[n];
		size_t		count = (size_t) size[0] * (size_t) size[1] * (size_t) size[2];
		int16_t    *image = calloc(count, sizeof(int16_t));
		uint8_t    *mask = calloc(count, 1);
		Device		device = story_device(LABELS);
		Settings	settings;
		Scan		scan;

		/* The device knows labels by voxels: 201 less the label. */
		for (int label = 1; label <= 4; label++)
			for (int voxel = 0; voxel < 201 - label; voxel++)
			{
				size_t		at = (size_t) (4 * voxel + label);

				mask[voxel % 2 == 0 ? at : count - at] = (uint8_t) label;
				image[at] = (int16_t) (voxel % 7);
			}
		scan = make_scan(size, image, mask);
		rad_settings_default(&settings);
		settings.families = 1u << FAMILY_NGTDM;
		assert_true(assert_like_cpu(&device, &scan, &settings));
		assert_string_equal(story, stories[n]);
		free_scan(&scan);
		free(image);
		free(mask);
	}
}

/* ------------------------------------------------------------- PyRadiomics */

/* The same values or failure as from the CPU; is it a success? */
static bool
assert_images_like_cpu(const Device *device, const Scan *scan, const char *text)
{
	static Values expected;
	static Values values;
	RadContext *alone = rad_context_create();
	RadContext *ahead = rad_context_create();
	bool		succeeded = extract_pyradiomics(alone, rad_cpu_best(), scan, 2, text, &expected);

	assert_int_equal(extract_pyradiomics(ahead, device, scan, 2, text, &values), succeeded);
	assert_int_equal(ahead->code, alone->code);
	assert_string_equal(ahead->message, alone->message);
	assert_string_equal(ahead->detail, alone->detail);
	assert_int_equal(values.count, expected.count);
	assert_true(values.count > 0);
	assert_memory_equal(values.value, expected.value, (size_t) values.count * sizeof(double));
	assert_nothing_left();
	rad_context_destroy(alone);
	rad_context_destroy(ahead);
	return succeeded;
}

static const char *const wavelets = "{imageType: {Original: {}, Wavelet: {}}, setting: {binWidth: 10}}";

/* The next three images are sent before the present one is waited for. */
static void
test_images_in_flight(void **state)
{
	Scan		scan = make_slabs(0, 0);
	Device		device = story_device(LABELS);

	(void) state;
	assert_true(assert_images_like_cpu(&device, &scan, wavelets));
	assert_string_equal(story, "b1 +2 +3 +4 w1 e1 +5 w2 e2 +6 w3 e3 +7 w4 e4 +8 w5 e5 +9 w6 e6 "
						"w7 e7 w8 e8 w9 e9");
	assert_int_equal(most_flying, RAD_REGIONS_IN_FLIGHT);

	/* One that is not taken waits for those before it. */
	device = story_device(2);
	assert_true(assert_images_like_cpu(&device, &scan, wavelets));
	assert_string_equal(story, "b1 +2 -3 w1 e1 w2 e2 e3 b3 w3 e3 b4 +5 -6 w4 e4 w5 e5 e6 b6 w6 e6 "
						"b7 +8 -9 w7 e7 w8 e8 e9 b9 w9 e9");
	device = story_device(0);
	assert_true(assert_images_like_cpu(&device, &scan, wavelets));
	assert_string_equal(story, "!1 e1 !2 e2 !3 e3 !4 e4 !5 e5 !6 e6 !7 e7 !8 e8 !9 e9");
	free_scan(&scan);
}

/* An image that fails in its levels or values, or whose filter does, keeps its turn. */
static void
test_failing_images_keep_their_turn(void **state)
{
	static const char *const files[] = {
		"{imageType: {Original: {}, Square: {}, Wavelet: {binWidth: 1.0e-4}, Gradient: {}}, "
		"setting: {binWidth: 10}}",
		"{imageType: {Original: {}, Square: {binWidth: 1.0e-12}, Gradient: {}}, "
		"setting: {binWidth: 10}}",
		"{imageType: {Original: {binWidth: 1.0e-4}, Square: {}, Gradient: {}}, "
		"featureClass: {firstorder: , glcm: }, setting: {binWidth: 10}}",
		"{imageType: {Original: {}, Square: {}, LBP3D: {lbp3DIcosphereSubdivision: 30}}, "
		"setting: {binWidth: 10}}",
	};

	(void) state;
	for (size_t n = 0; n < sizeof(files) / sizeof(files[0]); n++)
	{
		Scan		scan = make_slabs(0, 0);
		Device		device = story_device(LABELS);

		assert_false(assert_images_like_cpu(&device, &scan, files[n]));
		free_scan(&scan);
	}
}

/* A cancel stops images at once; lack of memory fails, or ends the looking ahead. */
static void
test_cancel_and_memory_of_images(void **state)
{
	static Values expected;
	static Values values;
	RadContext *context = rad_context_create();
	Scan		scan = make_slabs(0, 0);
	Device		device = story_device(LABELS);
	Meter		meter;
	RadContext	metered = metered_context(context, &meter);
	Meter		whole;

	(void) state;
	assert_true(extract_pyradiomics(&metered, &device, &scan, 2, wavelets, &expected));
	whole = meter;
	assert_true(whole.polls > 20);
	for (int64_t n = 1; n <= whole.polls; n += whole.polls / 100 + 1)
	{
		metered = metered_context(context, &meter);
		meter.stopping_poll = n;
		device = story_device(LABELS);
		assert_false(extract_pyradiomics(&metered, &device, &scan, 2, wavelets, &values));
		assert_int_equal(metered.code, RAD_CANCELLED);
		assert_int_equal(meter.polls, n);
		assert_nothing_left();
	}
	for (int64_t n = 1; n <= whole.requests; n += whole.requests / 200 + 1)
	{
		metered = metered_context(context, &meter);
		meter.failing_request = n;
		device = story_device(LABELS);
		if (extract_pyradiomics(&metered, &device, &scan, 2, wavelets, &values))
		{
			assert_int_equal(values.count, expected.count);
			assert_memory_equal(values.value, expected.value,
								(size_t) values.count * sizeof(double));
		}
		else
			assert_int_equal(metered.code, RAD_OUT_OF_MEMORY);
		assert_nothing_left();
	}
	free_scan(&scan);
	rad_context_destroy(context);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_regions_in_flight),
		cmocka_unit_test(test_little_room),
		cmocka_unit_test(test_failures_keep_their_turn),
		cmocka_unit_test(test_callback_may_fail),
		cmocka_unit_test(test_cancel_and_memory),
		cmocka_unit_test(test_no_memory_is_left),
		cmocka_unit_test(test_large_regions),
		cmocka_unit_test(test_images_in_flight),
		cmocka_unit_test(test_failing_images_keep_their_turn),
		cmocka_unit_test(test_cancel_and_memory_of_images),
	};

	return cmocka_run_group_tests_name("look ahead", tests, NULL, NULL);
}
