/*
 * SUV by body weight; see dicom_suv.h.
 *
 * SUVbw = activity concentration (Bq/ml) * weight (g) / dose (Bq), where both
 * are decay corrected to the same time: to the start of the scan
 * (DecayCorrection START), so that the dose decays from the injection to then,
 * or to the injection (ADMIN), when the dose counts as injected.  The steps
 * follow the vendor-neutral recipe of the Quantitative Imaging Biomarkers
 * Alliance (QIBA FDG-PET/CT profile, "SUV vendor neutral pseudo-code").
 */
#include "formats/dicom_suv.h"

#include <math.h>
#include <string.h>

#define SECONDS_PER_DAY 86400.0

/* An injection longer before the scan than this is not believed (seconds). */
#define LONGEST_UPTAKE 86400.0

/* Voxels that are converted at a time. */
#define VOXELS_PER_PIECE 1024

static bool
fail_suv(RadContext *context, const DicomDataset *dataset, const char *reason)
{
	rad_fail(context, RAD_DATA_EXCEPTION, "%s has no certain SUV: %s", dataset->name, reason);
	return rad_hint(context, "Convert the series before it is loaded, with a factor that you know.");
}

static int
digits(const char *text, int count)
{
	int			value = 0;

	for (int n = 0; n < count; n++)
	{
		if (text[n] < '0' || text[n] > '9')
			return -1;
		value = 10 * value + (text[n] - '0');
	}
	return value;
}

/* Seconds since midnight of a TM "HHMMSS.FFFFFF" (minutes and seconds optional). */
static bool
parse_time(const char *text, double *seconds)
{
	int			parts[3] = {0, 0, 0};
	static const int limits[3] = {23, 59, 60};
	double		fraction = 0.0;
	int			n;

	for (n = 0; n < 3 && text[0] >= '0' && text[0] <= '9'; n++)
	{
		parts[n] = digits(text, 2);
		if (parts[n] < 0 || parts[n] > limits[n])
			return false;
		text += 2;
		if (*text == ':')
			text++;				/* ACR-NEMA's form */
	}
	if (n == 3 && *text == '.')
	{
		double		unit = 0.1;

		for (text++; *text >= '0' && *text <= '9'; text++, unit /= 10.0)
			fraction += unit * (*text - '0');
	}
	*seconds = parts[0] * 3600.0 + parts[1] * 60.0 + parts[2] + fraction;
	return n > 0 && *text == '\0';
}

/* Days since an arbitrary day of a DA "YYYYMMDD" (proleptic Gregorian). */
static bool
parse_date(const char *text, double *days)
{
	int			year = digits(text, 4);
	int			month = year < 0 ? -1 : digits(text + 4, 2);
	int			day = month < 0 ? -1 : digits(text + 6, 2);

	if (month < 1 || month > 12 || day < 1 || day > 31)
		return false;
	/* Counting years from March puts the leap day at the end. */
	if (month < 3)
	{
		year--;
		month += 12;
	}
	*days = 365.0 * year + year / 4 - year / 100 + year / 400 + (153 * (month - 3) + 2) / 5 + day;
	return true;
}

/* Days and seconds apart: together they would lose digits. */
typedef struct Moment
{
	bool		has_date;
	double		days;			/* 0 without a date */
	double		seconds;		/* since midnight */
} Moment;

static double
seconds_between(const Moment *earlier, const Moment *later)
{
	return (later->days - earlier->days) * SECONDS_PER_DAY + (later->seconds - earlier->seconds);
}

static bool
read_moment(const DicomDataset *dataset, DicomTag date, DicomTag time, Moment *moment)
{
	char		text[65];

	*moment = (Moment) {0};
	rad_dicom_top_text(dataset, time, text, sizeof(text));
	if (!parse_time(text, &moment->seconds))
		return false;
	rad_dicom_top_text(dataset, date, text, sizeof(text));
	moment->has_date = parse_date(text, &moment->days);
	return true;
}

/* A DT "YYYYMMDDHHMMSS.FFFFFF"; its time zone is taken for that of all times. */
static bool
parse_moment(char *text, Moment *moment)
{
	text[strcspn(text, "+-&")] = '\0';
	moment->has_date = strlen(text) > 8 && parse_date(text, &moment->days);
	return moment->has_date && parse_time(text + 8, &moment->seconds);
}

/*
 * Start of the scan, to which the voxels are decay corrected: the series'
 * time, unless it is later than the acquisition's (then the series was derived
 * later and its time says nothing).
 */
static bool
find_scan_start(RadContext *context, const DicomDataset *dataset, Moment *start)
{
	Moment		acquisition;

	if (!read_moment(dataset, DICOM_SeriesDate, DICOM_SeriesTime, start))
		return fail_suv(context, dataset, "there is no SeriesTime");
	if (read_moment(dataset, DICOM_AcquisitionDate, DICOM_AcquisitionTime, &acquisition) &&
		acquisition.has_date == start->has_date && seconds_between(start, &acquisition) < 0.0)
		return fail_suv(context, dataset,
						"SeriesTime is later than AcquisitionTime, so the series was derived and "
						"the start of the scan is unknown");
	return true;
}

/*
 * Seconds from the injection to the start of the scan.  The injection's date is
 * taken when it makes sense: de-identification moves dates, and not all alike.
 */
static bool
find_uptake(RadContext *context, const DicomDataset *dataset, const DicomElement *item,
			double *uptake)
{
	char		text[65];
	Moment		start = {0};
	Moment		injection = {0};

	if (!find_scan_start(context, dataset, &start))
		return false;
	if (start.has_date &&
		rad_dicom_text(dataset,
					   rad_dicom_find(dataset, item, DICOM_RadiopharmaceuticalStartDateTime), 0,
					   text, sizeof(text)) && parse_moment(text, &injection))
	{
		*uptake = seconds_between(&injection, &start);
		if (*uptake >= 0.0 && *uptake <= LONGEST_UPTAKE)
			return true;
	}
	if (!rad_dicom_text(dataset,
						rad_dicom_find(dataset, item, DICOM_RadiopharmaceuticalStartTime), 0,
						text, sizeof(text)) || !parse_time(text, &injection.seconds))
		return fail_suv(context, dataset, "the time of the injection is unknown");
	*uptake = start.seconds - injection.seconds;
	if (*uptake >= 0.0)
		return true;
	return fail_suv(context, dataset,
					"the injection is later than the scan, and no date says that midnight was "
					"between them");
}

static bool
read_positive(const DicomDataset *dataset, const DicomElement *item, DicomTag tag, double *number)
{
	return rad_dicom_number(dataset, rad_dicom_find(dataset, item, tag), 0, number) &&
		*number > 0.0;
}

static bool
has_correction(const DicomDataset *dataset, const char *name)
{
	const DicomElement *element = rad_dicom_find(dataset, NULL, DICOM_CorrectedImage);
	int64_t		count = rad_dicom_value_count(dataset, element);
	char		text[17];

	for (int64_t n = 0; n < count; n++)
	{
		if (rad_dicom_text(dataset, element, n, text, sizeof(text)) && strcmp(text, name) == 0)
			return true;
	}
	return false;
}

/* Values are grams per millilitre already. */
static bool
factor_of_gml(RadContext *context, const DicomDataset *dataset, double *factor)
{
	char		type[17];

	rad_dicom_top_text(dataset, DICOM_SUVType, type, sizeof(type));
	*factor = 1.0;
	if (type[0] == '\0' || strcmp(type, "BW") == 0)
		return true;
	return fail_suv(context, dataset, "its values are normalised by something else than body "
					"weight (SUVType)");
}

/* Values are becquerel per millilitre. */
static bool
factor_of_bqml(RadContext *context, const DicomDataset *dataset, double *factor)
{
	const DicomElement *injection =
	rad_dicom_item_of(dataset, NULL, DICOM_RadiopharmaceuticalInformationSequence);
	char		correction[17];
	double		weight;
	double		dose;
	double		half_life;
	double		uptake = 0.0;

	if (!has_correction(dataset, "DECY") || !has_correction(dataset, "ATTN"))
		return fail_suv(context, dataset,
						"it is not corrected for attenuation and decay (CorrectedImage)");
	if (!read_positive(dataset, NULL, DICOM_PatientWeight, &weight))
		return fail_suv(context, dataset, "there is no PatientWeight");
	if (injection == NULL ||
		!read_positive(dataset, injection, DICOM_RadionuclideTotalDose, &dose))
		return fail_suv(context, dataset, "there is no RadionuclideTotalDose");
	rad_dicom_top_text(dataset, DICOM_DecayCorrection, correction, sizeof(correction));
	*factor = 1000.0 * weight / dose;
	if (strcmp(correction, "ADMIN") == 0)
		return true;
	if (strcmp(correction, "START") != 0)
		return fail_suv(context, dataset, "DecayCorrection is neither START nor ADMIN");
	if (!read_positive(dataset, injection, DICOM_RadionuclideHalfLife, &half_life))
		return fail_suv(context, dataset, "there is no RadionuclideHalfLife");
	if (!find_uptake(context, dataset, injection, &uptake))
		return false;
	*factor = 1000.0 * weight / (dose * exp2(-uptake / half_life));
	return true;
}

bool
rad_dicom_suv_factor(RadContext *context, const DicomDataset *dataset, double *factor)
{
	char		units[17];
	char		modality[17];

	rad_dicom_top_text(dataset, DICOM_Modality, modality, sizeof(modality));
	if (strcmp(modality, "PT") != 0)
		return rad_fail(context, RAD_DATA_EXCEPTION,
						"%s is not a PET instance: its modality is \"%s\"", dataset->name,
						modality);
	rad_dicom_top_text(dataset, DICOM_Units, units, sizeof(units));
	if (strcmp(units, "GML") == 0)
		return factor_of_gml(context, dataset, factor);
	if (strcmp(units, "BQML") == 0)
		return factor_of_bqml(context, dataset, factor);
	fail_suv(context, dataset, "its units are neither BQML nor GML");
	return rad_detail(context, "Units is \"%s\".", units);
}

/* The volume has to be that of the instance's series, as far as it says. */
static bool
check_units(RadContext *context, const DicomDataset *dataset, const VolumeAttributes *attributes)
{
	char		units[17];

	rad_dicom_top_text(dataset, DICOM_Units, units, sizeof(units));
	if (attributes->modality[0] != '\0' && strcmp(attributes->modality, "PT") != 0)
		return rad_fail(context, RAD_DATA_EXCEPTION,
						"the image is not PET: its modality is \"%s\"", attributes->modality);
	if (attributes->units[0] != '\0' && strcmp(attributes->units, units) != 0)
	{
		rad_fail(context, RAD_DATA_EXCEPTION,
				 "the image has the unit \"%s\", but the instance \"%s\"", attributes->units,
				 units);
		return rad_hint(context, "Convert the volume of the same series, and once.");
	}
	return true;
}

bool
rad_dicom_suv_volume(RadContext *context, const DicomDataset *dataset, VolumeReader *reader,
					 VolumeAttributes *attributes, Volume *volume)
{
	Box			box = rad_grid_box(rad_reader_grid(reader));
	int64_t		count = rad_box_voxel_count(&box);
	double		factor;
	float	   *values;

	if (!rad_dicom_suv_factor(context, dataset, &factor) ||
		!check_units(context, dataset, attributes) ||
		!rad_volume_read_box(context, reader, &box, volume))
		return false;
	strcpy(attributes->units, "GML");
	strcpy(attributes->modality, "PT");
	if (factor == 1.0)
		return true;
	values = rad_new(context, float, count);
	if (values == NULL)
		return false;
	for (int64_t first = 0; first < count; first += VOXELS_PER_PIECE)
	{
		double		piece[VOXELS_PER_PIECE];
		int			length = (int) (count - first < VOXELS_PER_PIECE ? count - first :
									VOXELS_PER_PIECE);

		rad_voxels_to_double(volume->type, volume->voxels, first, length, piece);
		for (int n = 0; n < length; n++)
			values[first + n] = (float) (piece[n] * factor);
		if (first % (1 << 22) == 0 && !rad_continue(context))
			return false;
	}
	rad_release(context, volume->voxels);
	volume->voxels = values;
	volume->type = VOXEL_FLOAT32;
	return true;
}
