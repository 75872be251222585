/*
 * Some labels of a stored mask: what a scan for them reads, and that it finds
 * what a scan of everything does.
 */
#include "read_support.h"

#include "formats/container_layout.h"
#include "formats/mask_runs.h"

#define WIDTH 80
#define HEIGHT 72
#define DEPTH 56
#define VOXELS (WIDTH * HEIGHT * DEPTH)
#define EDGE 16
#define BRICKS (((WIDTH + EDGE - 1) / EDGE) * ((HEIGHT + EDGE - 1) / EDGE) * \
				((DEPTH + EDGE - 1) / EDGE))

/* Boxes of labels; the second and third share bricks and lie in one another. */
static const LabelSummary organs[] = {
	{.label = -300, .box = {{2, 3, 4}, {14, 15, 12}}},
	{.label = 1, .box = {{20, 20, 10}, {50, 60, 30}}},
	{.label = 2, .box = {{30, 40, 20}, {40, 50, 40}}},
	{.label = 7, .box = {{0, 0, 50}, {80, 2, 52}}},
	{.label = 32000, .box = {{79, 71, 55}, {80, 72, 56}}},
};

#define ORGANS ((int) (sizeof(organs) / sizeof(organs[0])))

typedef struct StoredMask
{
	RadContext *context;
	int16_t    *voxels;
	Bytes		bytes;
} StoredMask;

static StoredMask
make_mask(void)
{
	RadContext *context = rad_context_create();
	Volume		volume = {
		.grid = {
			.size = {WIDTH, HEIGHT, DEPTH}, .spacing = {1, 1, 2},
			.direction = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, .dimension = 3,
		},
		.type = VOXEL_INT16,
	};
	ContainerOptions options = {{EDGE, EDGE, EDGE}, BRICK_LZ4, FILTER_SHUFFLE, 1};
	StoredMask	mask = {.context = context};
	ContainerWriter *writer;
	uint64_t	random = 3;
	int64_t		length;

	volume.box = rad_grid_box(&volume.grid);
	mask.voxels = volume.voxels = rad_allocate_zeroed(context, VOXELS, sizeof(int16_t));
	for (int n = 0; n < ORGANS; n++)
	{
		const Box  *box = &organs[n].box;

		for (int z = box->lo[2]; z < box->hi[2]; z++)
			for (int y = box->lo[1]; y < box->hi[1]; y++)
				for (int x = box->lo[0]; x < box->hi[0]; x++)
					if (n == ORGANS - 1 || next_random(&random) % 4 > 0)
						mask.voxels[x + WIDTH * (y + HEIGHT * z)] = (int16_t) organs[n].label;
	}
	assert_true(rad_container_store(context, &volume, NULL, &options, &writer, &length));
	mask.bytes = (Bytes) {rad_allocate(context, (size_t) length, 1), (size_t) length};
	rad_container_copy(writer, mask.bytes.data);
	return mask;
}

/* Bricks that boxes of the labels touch and that are not of one value. */
static int
bricks_of(const StoredMask *mask, const MaskRuns *whole, unsigned wanted)
{
	int			count = 0;

	for (int z = 0; z < DEPTH; z += EDGE)
		for (int y = 0; y < HEIGHT; y += EDGE)
			for (int x = 0; x < WIDTH; x += EDGE)
			{
				bool		touched = false;
				bool		constant = true;

				for (int n = 0; n < ORGANS; n++)
				{
					const Box  *box = &whole->labels[n].box;

					touched |= (wanted & 1u << n) != 0 &&
						box->lo[0] < x + EDGE && box->hi[0] > x &&
						box->lo[1] < y + EDGE && box->hi[1] > y &&
						box->lo[2] < z + EDGE && box->hi[2] > z;
				}
				for (int k = z; k < z + EDGE && k < DEPTH; k++)
					for (int j = y; j < y + EDGE && j < HEIGHT; j++)
						for (int i = x; i < x + EDGE && i < WIDTH; i++)
							constant &= mask->voxels[i + WIDTH * (j + HEIGHT * k)] ==
								mask->voxels[x + WIDTH * (y + HEIGHT * z)];
				count += touched && !constant;
			}
	return count;
}

static void
assert_same_labels(const MaskRuns *part, const MaskRuns *whole)
{
	assert_int_equal(part->label_count, whole->label_count);
	for (int n = 0; n < whole->label_count; n++)
	{
		assert_int_equal(part->labels[n].label, whole->labels[n].label);
		assert_int_equal(part->labels[n].voxel_count, whole->labels[n].voxel_count);
		assert_memory_equal(&part->labels[n].box, &whole->labels[n].box, sizeof(Box));
	}
}

/* The runs of the wanted labels among all runs, in their order. */
static void
assert_runs_of(const MaskRuns *part, const MaskRuns *whole, unsigned wanted)
{
	int64_t		next = 0;

	for (int64_t n = 0; n < whole->run_count; n++)
	{
		long		place = rad_mask_find_label(whole, whole->runs[n].label) - whole->labels;

		if ((wanted & 1u << place) == 0)
			continue;
		assert_true(next < part->run_count);
		assert_memory_equal(&part->runs[next], &whole->runs[n], sizeof(LabelRun));
		next++;
	}
	assert_int_equal(next, part->run_count);
}

/* Every choice of labels, in any order, twice, and with some that are not there. */
static void
test_every_choice_of_labels(void **state)
{
	StoredMask	mask = make_mask();
	SourceCounters counters = {0};
	CountingHandle counting;
	ByteSource	source = counting_source("mask", mask.bytes, &counting);
	VolumeReader *reader;
	MaskRuns   *whole;

	(void) state;
	source.counters = &counters;
	assert_true(rad_volume_open(mask.context, &source, -1, &reader));
	assert_true(rad_mask_scan(mask.context, reader, &whole));
	assert_int_equal(whole->label_count, ORGANS);
	assert_int_equal(counters.bricks, bricks_of(&mask, whole, (1u << ORGANS) - 1));
	assert_true(counters.bricks < BRICKS && counters.bricks > 10);
	for (unsigned wanted = 0; wanted < 1u << ORGANS; wanted++)
	{
		int32_t		labels[2 * ORGANS + 2];
		int			count = 0;
		MaskRuns   *part;

		labels[count++] = 99;
		for (int n = 2 * ORGANS - 1; n >= 0; n--)
			if (wanted & 1u << n % ORGANS)
				labels[count++] = organs[n % ORGANS].label;
		labels[count++] = 0;
		counters.bricks = 0;
		assert_true(rad_mask_scan_labels(mask.context, reader, labels, count, &part));
		assert_same_labels(part, whole);
		assert_runs_of(part, whole, wanted);
		assert_int_equal(counters.bricks, bricks_of(&mask, whole, wanted));
		rad_mask_release(mask.context, part);
	}

	/* The reader is as it was: all of the mask is still there. */
	for (int round = 0; round < 2; round++)
	{
		MaskRuns   *again;

		assert_true(round == 0 ? rad_mask_scan(mask.context, reader, &again) :
					rad_mask_scan_labels(mask.context, reader, NULL, 0, &again));
		assert_same_labels(again, whole);
		assert_runs_of(again, whole, (1u << ORGANS) - 1);
	}
	rad_context_destroy(mask.context);
}

/* What lies in memory lists no labels: everything is scanned. */
static void
test_without_a_list(void **state)
{
	StoredMask	mask = make_mask();
	ByteSource	source = memory_source("mask", mask.bytes);
	const int32_t label = 2;
	VolumeReader *reader;
	VolumeReader *shown;
	Volume		volume;
	MaskRuns   *whole;
	MaskRuns   *part;

	(void) state;
	assert_true(rad_volume_open(mask.context, &source, -1, &reader));
	assert_true(rad_volume_read(mask.context, reader, &volume));
	assert_true(rad_volume_show(mask.context, &volume, NULL, "mask", &shown));
	assert_true(rad_mask_scan(mask.context, reader, &whole));
	assert_true(rad_mask_scan_labels(mask.context, shown, &label, 1, &part));
	assert_same_labels(part, whole);
	assert_runs_of(part, whole, (1u << ORGANS) - 1);
	rad_context_destroy(mask.context);
}

/* Change a label's entry and make the checksum right again. */
static void
rewrite_label(const StoredMask *mask, int place, const LabelSummary *label)
{
	uint8_t    *bytes = mask->bytes.data;
	ContainerHeader header;
	int			version;

	rad_container_put_label(label, bytes + RAD_CONTAINER_HEADER + place * RAD_CONTAINER_LABEL);
	rad_container_get_header(bytes, &header, &version);
	header.head_crc = rad_crc32c(0, bytes, RAD_CONTAINER_HEAD_CHECKED);
	header.head_crc = rad_crc32c(header.head_crc, bytes + RAD_CONTAINER_HEADER,
								 (size_t) header.label_count * RAD_CONTAINER_LABEL);
	rad_container_put_header(&header, bytes);
}

/* Scan for one label; the message of the failure, or NULL. */
static const char *
scan_for(const StoredMask *mask, int32_t label, RadErrorCode *code)
{
	ByteSource	source = memory_source("mask", mask->bytes);
	VolumeReader *reader;
	MaskRuns   *part;

	rad_clear_error(mask->context);
	assert_true(rad_volume_open(mask->context, &source, -1, &reader));
	if (rad_mask_scan_labels(mask->context, reader, &label, 1, &part))
		return NULL;
	*code = mask->context->code;
	return mask->context->message;
}

/* A list that does not tell what the voxels are is found out by who relies on it. */
static void
test_wrong_list(void **state)
{
	StoredMask	mask = make_mask();
	ByteSource	source = memory_source("mask", mask.bytes);
	ContainerHeader header;
	LabelSummary *labels;
	LabelSummary wrong[4];
	RadErrorCode code;

	(void) state;
	assert_true(rad_container_header(mask.context, &source, &header, &labels));
	for (int n = 0; n < 4; n++)
		wrong[n] = labels[1];
	wrong[0].voxel_count--;
	wrong[1].box.hi[2]--;
	wrong[2].box.hi[0]++;
	/* A label that has no voxel. */
	wrong[3].label = 0x00010000;
	for (int n = 0; n < 4; n++)
	{
		rewrite_label(&mask, n < 3 ? 1 : ORGANS - 1, &wrong[n]);
		assert_string_equal(scan_for(&mask, wrong[n].label, &code),
							"mask is a damaged volume: its table of labels is wrong");
		assert_int_equal(code, RAD_DATA_CORRUPTED);
		assert_null(scan_for(&mask, 2, &code));
		rewrite_label(&mask, n < 3 ? 1 : ORGANS - 1, &labels[n < 3 ? 1 : ORGANS - 1]);
		assert_null(scan_for(&mask, 1, &code));
	}
	rad_context_destroy(mask.context);
}

/* A damaged brick concerns the labels whose boxes touch it. */
static void
test_damaged_brick(void **state)
{
	StoredMask	mask = make_mask();
	RadErrorCode code;

	(void) state;
	/* The last brick that is not constant: that of the last label. */
	mask.bytes.data[mask.bytes.length - 1] ^= 16;
	for (int n = 0; n < ORGANS - 1; n++)
		assert_null(scan_for(&mask, organs[n].label, &code));
	assert_string_equal(scan_for(&mask, organs[ORGANS - 1].label, &code),
						"mask has a damaged brick 99 (4, 4, 3)");
	assert_int_equal(code, RAD_DATA_CORRUPTED);
	rad_context_destroy(mask.context);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_choice_of_labels),
		cmocka_unit_test(test_without_a_list),
		cmocka_unit_test(test_wrong_list),
		cmocka_unit_test(test_damaged_brick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
