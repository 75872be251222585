/*
 * Named settings: the image processing of the IBSI reference data sets.
 *
 * Digital phantom and configurations A to E: IBSI reference manual, chapter 5
 * (reference data sets); phase 3: the validation cohort of Zwanenburg et al.,
 * Radiology 2020 (CT, PET and T1-weighted MR of soft-tissue sarcoma).  Keys that
 * matter are written out even where they equal a default.
 */
#include "settings/settings.h"

#include <string.h>

#define RESAMPLING(spacing, interpolator) \
	"\"resample_spacing\": " spacing ", \"image_interpolator\": \"" interpolator "\", " \
	"\"mask_interpolator\": \"trilinear\", \"mask_threshold\": 0.5, "
#define ROUNDING "\"round_intensities\": true, "
#define RANGE(low, high) "\"resegmentation_range\": [" low ", " high "], "
#define OUTLIERS "\"outlier_sigma\": 3, "
#define BIN_NUMBER(number) \
	"\"discretisation\": \"fixed_bin_number\", \"bin_number\": " number ", "
#define BIN_SIZE(size) "\"discretisation\": \"fixed_bin_size\", \"bin_size\": " size ", "
#define IVH_NONE "\"ivh_discretisation\": \"none\", "
#define IVH_BIN_NUMBER(number) \
	"\"ivh_discretisation\": \"fixed_bin_number\", \"ivh_bin_number\": " number ", "
#define IVH_BIN_SIZE(size) \
	"\"ivh_discretisation\": \"fixed_bin_size\", \"ivh_bin_size\": " size ", "
#define BY_SLICE "\"aggregation\": [\"2D_avg\", \"2D_mrg\", \"2.5D_avg\", \"2.5D_mrg\"]"
#define BY_VOLUME "\"aggregation\": [\"3D_avg\", \"3D_mrg\"]"

const SettingsPreset rad_presets[] = {
	{"ibsi_digital_phantom",
		"{\"resample_spacing\": null, \"discretisation\": \"none\", " IVH_NONE
		"\"aggregation\": \"all\"}",
	"IBSI digital phantom: no processing, intensities are grey levels."},
	{"ibsi_config_a",
		"{\"resample_spacing\": null, " ROUNDING RANGE("-500", "400") BIN_SIZE("25") IVH_NONE
		BY_SLICE "}",
	"IBSI configuration A: CT by slice, not resampled, [-500, 400] HU, bins of 25 HU."},
	{"ibsi_config_b",
		"{" RESAMPLING("[2, 2, 0]", "trilinear") ROUNDING RANGE("-500", "400") BIN_NUMBER("32")
		IVH_NONE BY_SLICE "}",
	"IBSI configuration B: CT by slice, 2 mm in plane bilinear, [-500, 400] HU, 32 bins."},
	{"ibsi_config_c",
		"{" RESAMPLING("2", "trilinear") ROUNDING RANGE("-1000", "400") BIN_SIZE("25")
		IVH_BIN_SIZE("2.5") BY_VOLUME "}",
	"IBSI configuration C: CT by volume, 2 mm trilinear, [-1000, 400] HU, bins of 25 HU."},
	{"ibsi_config_d",
		"{" RESAMPLING("2", "trilinear") ROUNDING OUTLIERS BIN_NUMBER("32") IVH_NONE BY_VOLUME "}",
	"IBSI configuration D: CT by volume, 2 mm trilinear, outliers beyond 3 sd removed, 32 bins."},
	{"ibsi_config_e",
		"{" RESAMPLING("2", "tricubic_spline") ROUNDING RANGE("-1000", "400") OUTLIERS
		BIN_NUMBER("32") IVH_BIN_NUMBER("1000") BY_VOLUME "}",
	"IBSI configuration E: CT by volume, 2 mm tricubic spline, [-1000, 400] HU and outliers "
	"beyond 3 sd removed, 32 bins."},
	{"ibsi_phase3_ct",
		"{" RESAMPLING("1", "tricubic_spline") ROUNDING RANGE("-200", "200") BIN_SIZE("10")
		IVH_NONE "\"aggregation\": [\"3D_mrg\"]}",
	"IBSI phase 3, CT: 1 mm tricubic spline, [-200, 200] HU, bins of 10 HU."},
	{"ibsi_phase3_pet",
		"{" RESAMPLING("3", "tricubic_spline") RANGE("0", "null") BIN_SIZE("0.25")
		IVH_BIN_SIZE("0.1") "\"aggregation\": [\"3D_mrg\"]}",
	"IBSI phase 3, PET in SUV: 3 mm tricubic spline, from 0, bins of 0.25."},
	{"ibsi_phase3_mr",
		"{" RESAMPLING("1", "tricubic_spline") RANGE("0", "null") BIN_SIZE("10")
		IVH_BIN_SIZE("1") "\"aggregation\": [\"3D_mrg\"]}",
	"IBSI phase 3, T1-weighted MR normalised to fat: 1 mm tricubic spline, from 0, bins of 10."},
	{"pyradiomics_default",
		"{\"profile\": \"pyradiomics\"}",
	"PyRadiomics without a parameter file: the original image, bins of 25, seven feature classes."},
};

const int	rad_preset_count = (int) (sizeof(rad_presets) / sizeof(rad_presets[0]));

const SettingsPreset *
rad_find_preset(const char *name)
{
	for (int n = 0; n < rad_preset_count; n++)
		if (strcmp(rad_presets[n].name, name) == 0)
			return &rad_presets[n];
	return NULL;
}
