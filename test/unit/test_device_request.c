/*
 * Asking a device once per region: features are the same bits whoever counts,
 * every table that features use is asked for, and a device that refuses, loses
 * or half answers a request changes nothing.
 */
#include "read_support.h"

#include "features/extract.h"
#include "features/counting_plan.h"
#include "local_device.h"
#include "random_request.h"
#include "scan_files.h"

/* ------------------------------------------------------------------ scans */

static const int scan_size[3] = {24, 20, 14};

#define SCAN_VOXELS (24 * 20 * 14)
#define LABELS 2

/* Two labels with holes over structure and noise. */
static Scan
make_random_scan(uint64_t seed)
{
	static int16_t image[SCAN_VOXELS];
	static uint8_t mask[SCAN_VOXELS];
	uint64_t	state = seed;

	for (int n = 0; n < SCAN_VOXELS; n++)
	{
		int			x = n % 24;
		int			y = n / 24 % 20;

		image[n] = (int16_t) (20 * (x / 3) + 13 * (y / 4) + random_between(&state, 0, 90));
		mask[n] = (uint8_t) (random_between(&state, 0, 9) == 0 ? 0 : 1 + (x + y > 22));
	}
	return make_scan(scan_size, image, mask);
}

typedef struct Delivered
{
	int			count;
	LabelFeatures features[LABELS];
} Delivered;

static bool
keep(RadContext *context, void *argument, const LabelFeatures *features)
{
	Delivered  *delivered = argument;

	(void) context;
	delivered->features[delivered->count++] = *features;
	return true;
}

static void
extract(const Scan *scan, const Device *device, const Settings *settings, Delivered *delivered)
{
	RadContext *context = rad_context_create();
	ScanPair	pair;

	memset(delivered, 0, sizeof(*delivered));
	assert_true(rad_scan_open(context, &scan->image, &scan->mask, settings, &pair));
	assert_true(rad_extract(context, device, &pair, NULL, 0, settings, keep, delivered));
	assert_int_equal(delivered->count, LABELS);
	rad_context_destroy(context);
}

static void
assert_same_features(const Device *device, const Settings *settings)
{
	static Delivered expected;
	static Delivered counted;
	Scan		scan = make_random_scan(99);

	extract(&scan, rad_cpu_best(), settings, &expected);
	extract(&scan, device, settings, &counted);
	assert_memory_equal(&expected, &counted, sizeof(expected));
	free_scan(&scan);
}

/* ------------------------------------------------------------------ tests */

/* Every set of aggregations, so that every way of counting is asked for. */
static void
all_tables_are_asked_for(void **state)
{
	(void) state;
	for (int how = ANSWER_BY_CPU; how <= ANSWER_BY_KERNELS; how++)
		for (unsigned aggregations = 1; aggregations < 1u << AGGREGATION_COUNT; aggregations++)
		{
			Device		device = local_device((Behaviour) how);
			Settings	settings;

			rad_settings_default(&settings);
			settings.aggregations = aggregations;
			settings.glcm_distance = 1 + (int) aggregations % 2;
			settings.ngtdm_distance = 1 + (int) aggregations % 3 / 2;
			settings.ngldm_alpha = (int) aggregations % 2;
			assert_same_features(&device, &settings);
			assert_int_equal(requests, LABELS);
			assert_true(hits >= 6 * LABELS);
			assert_int_equal(misses, 0);
		}
}

static void
each_family_alone(void **state)
{
	(void) state;
	for (int family = 0; family < FAMILY_COUNT; family++)
	{
		Device		device = local_device(ANSWER_BY_KERNELS);
		Settings	settings;

		rad_settings_default(&settings);
		settings.families = 1u << family;
		settings.aggregations = (1u << AGGREGATION_COUNT) - 1;
		assert_same_features(&device, &settings);
		assert_int_equal(misses, 0);
	}
}

/* PyRadiomics' classes ask once per filtered image. */
static void
pyradiomics_asks_too(void **state)
{
	static const char *const files[] = {
		"{imageType: {Original: {}}, setting: {binWidth: 25}}",
		"{imageType: {Original: {}, Wavelet: {}}, setting: {binWidth: 10}}",
		("{featureClass: {glcm: , glrlm: , glszm: , gldm: , ngtdm: }, "
		 "setting: {binWidth: 25, force2D: true, gldm_a: 1}}"),
		"{setting: {binWidth: 25, weightingNorm: euclidean}}",
		"{featureClass: {glszm: , ngtdm: }, setting: {binCount: 300}}",
	};

	(void) state;
	for (size_t n = 0; n < sizeof(files) / sizeof(files[0]); n++)
	{
		static Values expected;
		static Values counted;
		Device		device = local_device(ANSWER_BY_KERNELS);
		Scan		scan = make_random_scan(5);
		RadContext *context = rad_context_create();

		if (!extract_pyradiomics(context, rad_cpu_best(), &scan, 1, files[n], &expected) ||
			!extract_pyradiomics(context, &device, &scan, 1, files[n], &counted))
			fail_msg("%s: %s", files[n], context->message);
		assert_true(expected.count > 0);
		assert_int_equal(expected.count, counted.count);
		assert_memory_equal(expected.value, counted.value,
							(size_t) expected.count * sizeof(double));
		assert_int_equal(requests, n == 1 ? 9 : 1);
		assert_true(hits > 0);
		assert_int_equal(misses, 0);
		rad_context_destroy(context);
		free_scan(&scan);
	}
}

/* Few and many levels, also such that are listed or squeezed by the CPU. */
static void
any_number_of_levels(void **state)
{
	static const int bins[] = {2, 8, 64, 200, 255, 256, 300, 1024};

	(void) state;
	for (size_t n = 0; n < sizeof(bins) / sizeof(bins[0]); n++)
	{
		Device		device = local_device(ANSWER_BY_KERNELS);
		Settings	settings;

		rad_settings_default(&settings);
		settings.bin_number = bins[n];
		settings.aggregations = (1u << AGGREGATION_COUNT) - 1;
		assert_same_features(&device, &settings);
	}
}

static void
a_device_may_fail(void **state)
{
	(void) state;
	for (int how = REFUSE; how <= ANSWER_HALF; how++)
	{
		Device		device = local_device((Behaviour) how);
		Settings	settings;

		rad_settings_default(&settings);
		settings.aggregations = (1u << AGGREGATION_COUNT) - 1;
		assert_same_features(&device, &settings);

		/* Who was refused before the turn is asked about again. */
		assert_int_equal(requests, how == REFUSE ? 2 * LABELS - 1 : LABELS);
		assert_true(misses > 0);
	}
}

/* However little room there is, what fits is asked for and the rest counted here. */
static void
little_room(void **state)
{
	(void) state;
	for (int64_t room = 1 << 10; room <= 8 << 20; room *= 2)
	{
		Device		device = local_device(ANSWER_BY_KERNELS);
		Settings	settings;

		most_bytes = room;
		rad_settings_default(&settings);
		settings.aggregations = (1u << AGGREGATION_COUNT) - 1;
		assert_same_features(&device, &settings);
	}
}

/* A damaged buffer is refused before anything is counted. */
static void
damaged_requests(void **state)
{
	RadContext *context = rad_context_create();
	uint64_t	random = 7;
	CountBuffer *buffer = random_request(context, &random, 12, 20, 8 << 20);
	CountBuffer original = *buffer;
	int			refused = 0;

	(void) state;
	assert_true(rad_request_is_valid(buffer, buffer->bytes));
	assert_false(rad_request_is_valid(buffer, buffer->bytes - 1));
	assert_false(rad_request_is_valid(buffer, (int64_t) sizeof(CountBuffer) - 1));

	/* Everything but what only says how to count, and what the answer sets. */
	for (size_t at = 0; at < offsetof(CountBuffer, items); at++)
		for (int bit = 0; bit < 8; bit++)
		{
			((uint8_t *) buffer)[at] ^= (uint8_t) (1 << bit);
			refused += !rad_request_is_valid(buffer, original.bytes);
			*buffer = original;
		}
	assert_true(refused > (int) offsetof(CountBuffer, items) * 8 * 9 / 10);

	buffer->items[0].kind = COUNT_KINDS;
	assert_false(rad_request_is_valid(buffer, original.bytes));
	*buffer = original;
	buffer->items[1].offset = original.bytes;
	assert_false(rad_request_is_valid(buffer, original.bytes));
	*buffer = original;
	buffer->items[1].room = 0;
	assert_false(rad_request_is_valid(buffer, original.bytes));
	*buffer = original;
	buffer->items[1].distance = original.padding + 1;
	assert_false(rad_request_is_valid(buffer, original.bytes));
	*buffer = original;
	buffer->items[1].directions = 1u << RAD_DIRECTION_COUNT;
	assert_false(rad_request_is_valid(buffer, original.bytes));
	rad_context_destroy(context);
}

/* A request that has ended is not looked at any more. */
static void
counts_end_with_the_request(void **state)
{
	RadContext *context = rad_context_create();
	Device		device = local_device(ANSWER_BY_CPU);
	const int	size[3] = {2, 1, 1};
	const uint16_t dense[2] = {1, 2};
	GreyLevels *levels = levels_from_dense(context, size, dense, 2, 1, 1, 0);
	uint32_t	counts[4] = {0};
	RegionRequest request;

	(void) state;
	rad_request_init(&request, levels);
	rad_request_add(&request, (CountItem) {.kind = COUNT_COOCCURRENCES,.distance = 1,
					.directions = 1});
	assert_true(rad_request_begin(context, &device, &request));
	assert_true(device.count_cooccurrences(context, levels, 0, 1, 1, 1, counts));
	assert_int_equal(counts[1], 1);
	assert_int_equal(request.hits, 1);
	rad_request_end(context, &request);
	assert_null(context->request);
	assert_true(device.count_cooccurrences(context, levels, 0, 1, 1, 1, counts));
	assert_int_equal(counts[1], 2);
	assert_int_equal(request.hits, 1);
	rad_context_destroy(context);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_tables_are_asked_for),
		cmocka_unit_test(each_family_alone),
		cmocka_unit_test(pyradiomics_asks_too),
		cmocka_unit_test(any_number_of_levels),
		cmocka_unit_test(a_device_may_fail),
		cmocka_unit_test(little_room),
		cmocka_unit_test(damaged_requests),
		cmocka_unit_test(counts_end_with_the_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
