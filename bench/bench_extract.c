/*
 * The time from voxels to features, stage by stage and family by family.
 *
 *   bench_extract                     synthetic regions, no input or output
 *   bench_extract IMAGE MASK [...]    pairs of NIfTI files, with reading
 *
 * 32 grey levels, 3D merged, no resampling, one core.  Each figure is the
 * median of REPEATS runs of thread CPU time, with half the range of the middle
 * half of them; "ratio" is the figure over that of a calibration loop that runs
 * between the repeats, because the speed of a shared machine moves.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "features/extract.h"
#include "features/families.h"

#define REPEATS 9
#define LABEL 1

/* ---------------------------------------------------------------- timing */

typedef struct Stage
{
	const char *name;
	double		seconds[REPEATS];
} Stage;

enum
{
	STAGE_CALIBRATION,
	STAGE_MASK,					/* headers, and the mask into runs */
	STAGE_DECODE,				/* the image up to the region's last slice */
	STAGE_CROP,					/* what keeping the box adds to that */
	STAGE_REGION,
	STAGE_LEVELS,
	STAGE_MORPHOLOGY,
	STAGE_MORAN_GEARY,
	STAGE_ORIENTED_BOX,
	STAGE_ELLIPSOID,
	STAGE_LOCAL_INTENSITY,
	STAGE_STATISTICS,
	STAGE_HISTOGRAM,
	STAGE_VOLUME_HISTOGRAM,
	STAGE_GLCM,
	STAGE_GLRLM,
	STAGE_GLSZM,
	STAGE_GLDZM,
	STAGE_NGTDM,
	STAGE_NGLDM,
	STAGE_FORMULAS,				/* of the six texture families */
	STAGE_COUNT
};

static Stage stages[STAGE_COUNT] = {
	{"calibration loop", {0}},
	{"open, scan mask", {0}},
	{"decode image", {0}},
	{"crop image", {0}},
	{"build region", {0}},
	{"grey levels", {0}},
	{"morphology (but the next three)", {0}},
	{"Moran's I, Geary's C", {0}},
	{"oriented bounding box", {0}},
	{"enclosing ellipsoid", {0}},
	{"local intensity", {0}},
	{"intensity statistics", {0}},
	{"intensity histogram", {0}},
	{"intensity-volume histogram", {0}},
	{"GLCM, counting", {0}},
	{"GLRLM, counting", {0}},
	{"GLSZM and zones, counting", {0}},
	{"GLDZM, counting", {0}},
	{"NGTDM, counting", {0}},
	{"NGLDM, counting", {0}},
	{"texture formulas", {0}},
};

/* The families that the target of the project's benchmark sums up. */
static const int summed[] = {
	STAGE_LEVELS, STAGE_MORPHOLOGY, STAGE_STATISTICS, STAGE_HISTOGRAM,
	STAGE_VOLUME_HISTOGRAM, STAGE_GLCM, STAGE_GLRLM, STAGE_GLSZM, STAGE_GLDZM,
	STAGE_NGTDM, STAGE_NGLDM, STAGE_FORMULAS
};

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (double) time.tv_sec + 1e-9 * (double) time.tv_nsec;
}

static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

/* Median, and half of the distance between the quartiles. */
static double
median(const double *values, double *spread)
{
	double		sorted[REPEATS];

	memcpy(sorted, values, sizeof(sorted));
	qsort(sorted, REPEATS, sizeof(double), compare_doubles);
	*spread = (sorted[REPEATS * 3 / 4] - sorted[REPEATS / 4]) / 2.0;
	return sorted[REPEATS / 2];
}

/*
 * The calibration loop: 4 million dependent table updates and integer mixing,
 * the kind of work that counting matrices is.  Never to be changed: ratios of
 * different days are comparable through it.
 */
static double
calibrate(void)
{
	static uint32_t table[4096];
	volatile uint32_t keep;
	uint64_t	state = 88172645463325252u;
	double		begin = now();

	for (int n = 0; n < 4000000; n++)
	{
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		table[state & 4095] += (uint32_t) (state >> 40);
	}
	keep = table[state & 4095];
	(void) keep;
	return now() - begin;
}

/* -------------------------------------------------------------- one run */

static void
must(bool succeeded, RadContext *context)
{
	if (succeeded)
		return;
	fprintf(stderr, "bench_extract: %s\n%s\n%s\n", context->message, context->detail,
			context->hint);
	exit(1);
}

/* Where the formulas of a family are timed while its matrices come. */
typedef struct FormulaTimer
{
	MatrixFormulas formulas;
	double		seconds;
} FormulaTimer;

static bool
evaluate_matrix(RadContext *context, void *argument, const TextureMatrix *matrix)
{
	FormulaTimer *timer = argument;
	double		values[FEATURE_COUNT];
	double		begin = now();

	must(timer->formulas(context, matrix, values), context);
	timer->seconds += now() - begin;
	return true;
}

static bool
drop_row(RadContext *context, void *argument, int y, int z, const void *row)
{
	(void) context;
	(void) argument;
	(void) y;
	(void) z;
	(void) row;
	return true;
}

/* Exclude the costly morphological features, or all but those named. */
static void
set_excluded(Settings *settings, bool invert, const char *const *tags, int count)
{
	const FamilyEntry *family = &rad_families[FAMILY_MORPHOLOGY];

	for (int n = 0; n < family->count; n++)
	{
		bool		named = false;

		for (int tag = 0; tag < count; tag++)
			named |= strcmp(rad_features[family->first + n].tag, tags[tag]) == 0;
		settings->excluded[family->first + n] = named != invert;
	}
}

static void
time_morphology(RadContext *context, const Region *region, Settings settings, int repeat,
				int stage, bool invert, const char *const *tags, int count)
{
	FeatureValues values;
	double		begin;

	set_excluded(&settings, invert, tags, count);
	begin = now();
	must(rad_morphology_features(context, rad_cpu_best(), region, &settings, &values), context);
	stages[stage].seconds[repeat] = now() - begin;
}

static void
time_families(RadContext *context, const Region *region, const Settings *settings, int repeat)
{
	static const char *const costly[] = {
		"morph_moran_i", "morph_geary_c", "morph_vol_dens_ombb", "morph_area_dens_ombb",
		"morph_vol_dens_mvee", "morph_area_dens_mvee"
	};
	static const Family textures[] = {
		FAMILY_GLCM, FAMILY_GLRLM, FAMILY_GLSZM, FAMILY_GLDZM, FAMILY_NGTDM, FAMILY_NGLDM
	};
	TextureInput input = {
		.device = rad_cpu_best(),.region = region,
		.settings = settings,.aggregations = settings->aggregations
	};
	GreyLevels *levels;
	FeatureValues values;
	double		begin;
	double		formulas = 0.0;

	begin = now();
	must(rad_grey_levels_build(context, region, settings, 1, &levels), context);
	stages[STAGE_LEVELS].seconds[repeat] = now() - begin;
	input.levels = levels;

	time_morphology(context, region, *settings, repeat, STAGE_MORPHOLOGY, false, costly, 6);
	time_morphology(context, region, *settings, repeat, STAGE_MORAN_GEARY, true, costly, 2);
	time_morphology(context, region, *settings, repeat, STAGE_ORIENTED_BOX, true, costly + 2, 2);
	time_morphology(context, region, *settings, repeat, STAGE_ELLIPSOID, true, costly + 4, 2);

	begin = now();
	must(rad_local_intensity_features(context, region, settings, &values), context);
	stages[STAGE_LOCAL_INTENSITY].seconds[repeat] = now() - begin;
	begin = now();
	must(rad_intensity_statistics_features(context, region, settings, &values), context);
	stages[STAGE_STATISTICS].seconds[repeat] = now() - begin;
	begin = now();
	must(rad_intensity_histogram_features(context, levels, settings, &values), context);
	stages[STAGE_HISTOGRAM].seconds[repeat] = now() - begin;
	begin = now();
	must(rad_intensity_volume_histogram_features(context, region, settings, &values), context);
	stages[STAGE_VOLUME_HISTOGRAM].seconds[repeat] = now() - begin;

	/* The zones that GLSZM finds, and their distances, are kept for GLDZM. */
	for (int n = 0; n < 6; n++)
	{
		const TextureFamily *family = &rad_texture_families[textures[n]];
		FormulaTimer timer = {.formulas = family->formulas};

		begin = now();
		must(family->matrices(context, &input, evaluate_matrix, &timer), context);
		stages[STAGE_GLCM + n].seconds[repeat] = now() - begin - timer.seconds;
		formulas += timer.seconds;
	}
	stages[STAGE_FORMULAS].seconds[repeat] = formulas;
}

/* The settings of the benchmark: the defaults, 3D merged. */
static Settings
benchmark_settings(void)
{
	Settings	settings;

	rad_settings_default(&settings);
	settings.aggregations = 1u << AGGREGATION_3D_MRG;
	return settings;
}

/* -------------------------------------------------------------- reports */

static void
print_row(const char *name, const double *seconds, double voxels)
{
	double		spread;
	double		calibration_spread;
	double		calibration = median(stages[STAGE_CALIBRATION].seconds, &calibration_spread);
	double		middle = median(seconds, &spread);

	printf("  %-34s %10.3f ms +- %7.3f %9.2f ns/voxel  ratio %8.4f\n", name, middle * 1e3,
		   spread * 1e3, middle * 1e9 / voxels, middle / calibration);
}

static void
print_report(const char *title, const Region *region, int first_stage)
{
	double		voxels = (double) region->intensity_count;
	double		total[REPEATS] = {0};
	double		everything[REPEATS] = {0};
	double		spread;
	double		calibration = median(stages[STAGE_CALIBRATION].seconds, &spread);

	printf("%s: %.0f voxels, box %d x %d x %d, %s, calibration loop %.2f ms +- %.2f\n", title,
		   voxels, region->grid.size[0], region->grid.size[1], region->grid.size[2],
		   rad_cpu_best()->name, calibration * 1e3, spread * 1e3);
	for (int stage = first_stage; stage < STAGE_COUNT; stage++)
		print_row(stages[stage].name, stages[stage].seconds, voxels);
	for (int repeat = 0; repeat < REPEATS; repeat++)
	{
		for (size_t n = 0; n < sizeof(summed) / sizeof(summed[0]); n++)
			total[repeat] += stages[summed[n]].seconds[repeat];
		for (int stage = first_stage; stage < STAGE_COUNT; stage++)
			everything[repeat] += stages[stage].seconds[repeat];
	}
	print_row("levels, textures, intensities, shape", total, voxels);
	print_row("everything above", everything, voxels);
	printf("\n");
}

/* ------------------------------------------------------ synthetic regions */

/*
 * An ellipsoid of smooth noise with about the wanted number of voxels in an
 * image of 1 mm voxels: what a lesion on CT looks like to the kernels.
 */
static void
make_scan(RadContext *context, double wanted, Volume *image, MaskRuns *mask)
{
	double		radius = cbrt(wanted * 3.0 / (4.0 * 3.14159265358979323846) / (1.1 * 0.9));
	double		half[3] = {radius * 1.1, radius * 0.9, radius};
	uint64_t	state = 88172645463325252u;
	int16_t    *voxels;
	int64_t		count;
	int64_t		index = 0;

	memset(image, 0, sizeof(*image));
	memset(mask, 0, sizeof(*mask));
	for (int axis = 0; axis < 3; axis++)
	{
		image->grid.size[axis] = 2 * ((int) half[axis] + 10) + 1;
		image->grid.spacing[axis] = 1.0;
		image->grid.direction[axis][axis] = 1.0;
	}
	image->box = rad_grid_box(&image->grid);
	image->type = VOXEL_INT16;
	count = rad_grid_voxel_count(&image->grid);
	image->voxels = voxels = rad_new(context, int16_t, count);
	mask->grid = image->grid;
	mask->runs = rad_new(context, LabelRun, (int64_t) image->grid.size[1] * image->grid.size[2]);
	mask->labels = rad_new(context, LabelSummary, 1);
	mask->label_count = 1;
	must(voxels != NULL && mask->runs != NULL && mask->labels != NULL, context);
	mask->labels[0] = (LabelSummary) {
		.label = LABEL,.box = {.lo = {1 << 30, 1 << 30, 1 << 30}}
	};

	for (int z = 0; z < image->grid.size[2]; z++)
		for (int y = 0; y < image->grid.size[1]; y++)
		{
			int			position[3] = {0, y, z};
			double		left = 1.0;
			LabelRun   *run = &mask->runs[mask->run_count];

			for (int x = 0; x < image->grid.size[0]; x++, index++)
			{
				double		noise = -1.0;

				for (int term = 0; term < 4; term++)
				{
					state ^= state << 13;
					state ^= state >> 7;
					state ^= state << 17;
					noise += (double) (state >> 11) * 0x1p-54;
				}
				voxels[index] = (int16_t) lrint(40.0 + 45.0 * sin(x / 5.0) * sin(y / 6.0) *
												cos(z / 4.0) + 60.0 * noise);
			}
			for (int axis = 1; axis < 3; axis++)
			{
				double		offset = (position[axis] - image->grid.size[axis] / 2) / half[axis];

				left -= offset * offset;
			}
			if (left < 0.0)
				continue;
			run->label = LABEL;
			run->x_begin = image->grid.size[0] / 2 - (int) (half[0] * sqrt(left));
			run->x_end = image->grid.size[0] / 2 + (int) (half[0] * sqrt(left)) + 1;
			run->y = y;
			run->z = z;
			mask->run_count++;
			mask->labels[0].voxel_count += run->x_end - run->x_begin;
			position[0] = run->x_begin;
			for (int axis = 0; axis < 3; axis++)
			{
				Box		   *box = &mask->labels[0].box;
				int			end = axis == 0 ? run->x_end : position[axis] + 1;

				if (position[axis] < box->lo[axis])
					box->lo[axis] = position[axis];
				if (end > box->hi[axis])
					box->hi[axis] = end;
			}
		}
}

static void
run_synthetic(double wanted)
{
	RadContext *scan_context = rad_context_create();
	Settings	settings = benchmark_settings();
	Volume		image;
	MaskRuns	mask;
	char		title[64];

	make_scan(scan_context, wanted, &image, &mask);
	for (int repeat = 0; repeat < REPEATS; repeat++)
	{
		RadContext *context = rad_context_create();
		Region	   *region;
		double		begin;

		stages[STAGE_CALIBRATION].seconds[repeat] = calibrate();
		begin = now();
		must(rad_region_build(context, &image, &mask, LABEL, &settings, &region), context);
		stages[STAGE_REGION].seconds[repeat] = now() - begin;
		time_families(context, region, &settings, repeat);
		if (repeat == REPEATS - 1)
		{
			snprintf(title, sizeof(title), "synthetic %.0f", wanted);
			print_report(title, region, STAGE_REGION);
		}
		rad_context_destroy(context);
	}
	rad_context_destroy(scan_context);
}

/* ----------------------------------------------------------------- files */

static ByteSource
read_file(RadContext *context, const char *path, const char *name)
{
	ByteSource	source = {.name = name};
	FILE	   *file = fopen(path, "rb");
	uint8_t    *bytes;

	if (file == NULL || fseek(file, 0, SEEK_END) != 0)
	{
		fprintf(stderr, "bench_extract: could not read %s\n", path);
		exit(1);
	}
	source.length = ftell(file);
	rewind(file);
	bytes = rad_new(context, uint8_t, source.length);
	must(bytes != NULL, context);
	if (fread(bytes, 1, (size_t) source.length, file) != (size_t) source.length)
	{
		fprintf(stderr, "bench_extract: could not read %s\n", path);
		exit(1);
	}
	fclose(file);
	source.memory = bytes;
	return source;
}

static void
run_files(const char *image_path, const char *mask_path)
{
	RadContext *file_context = rad_context_create();
	Settings	settings = benchmark_settings();
	ByteSource	image_source = read_file(file_context, image_path, "image");
	ByteSource	mask_source = read_file(file_context, mask_path, "mask");

	for (int repeat = 0; repeat < REPEATS; repeat++)
	{
		RadContext *context = rad_context_create();
		ScanPair	pair;
		VolumeReader *reader;
		Volume		image;
		Region	   *region;
		Box			box;
		double		begin;

		stages[STAGE_CALIBRATION].seconds[repeat] = calibrate();
		begin = now();
		must(rad_scan_open(context, &image_source, &mask_source, &settings, &pair), context);
		stages[STAGE_MASK].seconds[repeat] = now() - begin;
		must(rad_mask_find_label(pair.mask, LABEL) != NULL, context);
		box = rad_region_source_box(rad_reader_grid(pair.image),
									&rad_mask_find_label(pair.mask, LABEL)->box, &settings);

		must(rad_volume_open(context, &image_source, settings.frame, &reader), context);
		begin = now();
		must(rad_volume_stream(context, reader, 0, box.hi[2], drop_row, NULL), context);
		stages[STAGE_DECODE].seconds[repeat] = now() - begin;
		begin = now();
		must(rad_volume_read_box(context, pair.image, &box, &image), context);
		stages[STAGE_CROP].seconds[repeat] =
			fmax(0.0, now() - begin - stages[STAGE_DECODE].seconds[repeat]);

		begin = now();
		must(rad_region_build(context, &image, pair.mask, LABEL, &settings, &region), context);
		stages[STAGE_REGION].seconds[repeat] = now() - begin;
		time_families(context, region, &settings, repeat);
		if (repeat == REPEATS - 1)
			print_report(image_path, region, STAGE_MASK);
		rad_context_destroy(context);
	}
	rad_context_destroy(file_context);
}

int
main(int argc, char **argv)
{
	static const double wanted[] = {33, 2e3, 54e3, 114e3, 285e3, 841e3};

	if (argc % 2 != 1)
	{
		fprintf(stderr, "usage: bench_extract [IMAGE MASK]...\n");
		return 2;
	}
	if (argc == 1)
		for (size_t n = 0; n < sizeof(wanted) / sizeof(wanted[0]); n++)
			run_synthetic(wanted[n]);
	for (int n = 1; n < argc; n += 2)
		run_files(argv[n], argv[n + 1]);
	return 0;
}
