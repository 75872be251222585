/*
 * Time of the steps from voxels to grey levels and of the families that are
 * computed from intensities: median and smallest of REPEATS runs, in ms and in
 * ns per voxel of the region.
 */
#include <stdio.h>
#include <string.h>

#include "features/families.h"
#include "synthetic.h"

#define REPEATS 9

static const char *const stages[] = {
	"region", "grey levels", "local intensity", "statistics", "histogram", "volume histogram"
};

#define STAGES 6

static Settings
bench_settings(Interpolator interpolator, double spacing, bool round)
{
	Settings	settings = {
		.image_interpolator = interpolator,
		.mask_interpolator = INTERPOLATOR_TRILINEAR,
		.mask_threshold = 0.5,
		.resample_spacing = {spacing, spacing, spacing},
		.round_intensities = round,
		.resegmentation_range = {-INFINITY, INFINITY},
		.discretisation = DISCRETISATION_FIXED_BIN_NUMBER,
		.bin_number = 32,
		.ivh_discretisation = DISCRETISATION_AUTO,
		.ivh_bin_number = 1000,
		.families = ALL_FAMILIES,
	};

	return settings;
}

/* One run; the times of the stages in ms.  Returns the region's voxels. */
static int64_t
run_once(const SyntheticScan *scan, const Settings *settings, double times[STAGES])
{
	static FeatureValues values;
	RadContext *context = rad_context_create();
	Region	   *region;
	GreyLevels *levels;
	double		clock[STAGES + 1];
	bool		done;
	int64_t		count;

	clock[0] = synthetic_clock();
	done = rad_region_build(context, &scan->image, scan->mask, 1, settings, &region);
	clock[1] = synthetic_clock();
	done = done && rad_grey_levels_build(context, region, settings, 1, &levels);
	clock[2] = synthetic_clock();
	done = done && rad_local_intensity_features(context, region, settings, &values);
	clock[3] = synthetic_clock();
	done = done && rad_intensity_statistics_features(context, region, settings, &values);
	clock[4] = synthetic_clock();
	done = done && rad_intensity_histogram_features(context, levels, settings, &values);
	clock[5] = synthetic_clock();
	done = done && rad_intensity_volume_histogram_features(context, region, settings, &values);
	clock[6] = synthetic_clock();
	if (!done)
	{
		fprintf(stderr, "%s\n", context->message);
		exit(1);
	}
	for (int stage = 0; stage < STAGES; stage++)
		times[stage] = clock[stage + 1] - clock[stage];
	count = region->intensity_count;
	rad_context_destroy(context);
	return count;
}

static void
bench(const char *title, const double spacing[3], const Settings *settings)
{
	printf("%s\n", title);
	for (int n = 0; n < SYNTHETIC_COUNTS; n++)
	{
		RadContext *context = rad_context_create();
		double		volume = synthetic_counts[n];
		SyntheticScan scan;
		double		times[STAGES][REPEATS];
		int64_t		count = 0;

		/* The count is meant for the resampled region. */
		if (settings->resample_spacing[0] > 0.0)
			volume *= pow(settings->resample_spacing[0], 3) / (spacing[0] * spacing[1] * spacing[2]);
		scan = synthetic_scan(context, (int) volume, spacing, 7);
		for (int repeat = 0; repeat < REPEATS; repeat++)
		{
			double		once[STAGES];

			count = run_once(&scan, settings, once);
			for (int stage = 0; stage < STAGES; stage++)
				times[stage][repeat] = once[stage];
		}
		printf("  %lld voxels\n", (long long) count);
		for (int stage = 0; stage < STAGES; stage++)
		{
			double		median = synthetic_median(times[stage], REPEATS);

			printf("    %-18s %9.3f ms %8.2f ns/voxel   (smallest %.3f ms)\n", stages[stage],
				   median, median * 1e6 / (double) count, times[stage][0]);
		}
		rad_context_destroy(context);
	}
}

int
main(void)
{
	const double cubes[3] = {1.0, 1.0, 1.0};
	const double slices[3] = {0.977, 0.977, 3.27};
	Settings	plain = bench_settings(INTERPOLATOR_TRILINEAR, 0.0, false);
	Settings	linear = bench_settings(INTERPOLATOR_TRILINEAR, 1.0, true);
	Settings	spline = bench_settings(INTERPOLATOR_TRICUBIC_SPLINE, 1.0, true);
	Settings	fractions = bench_settings(INTERPOLATOR_TRICUBIC_SPLINE, 1.0, false);

	bench("1 mm, integers, no resampling", cubes, &plain);
	bench("0.977 x 0.977 x 3.27 mm to 1 mm, trilinear, rounded", slices, &linear);
	bench("0.977 x 0.977 x 3.27 mm to 1 mm, spline, rounded", slices, &spline);
	bench("0.977 x 0.977 x 3.27 mm to 1 mm, spline, not rounded", slices, &fractions);
	return 0;
}
