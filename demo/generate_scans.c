/*
 * Generate a cohort of CT-like scans with lesion masks, as NIfTI files:
 *
 *   generate_scans FOLDER [COUNT [SCALE]]
 *
 * writes FOLDER/patient_NN/CT_image.nii.gz (int16, Hounsfield units) and
 * CT_mask.nii.gz (uint8; 1 and 2 are lesions).  The body is defined in world
 * millimetres and sampled on a different grid per patient: anisotropic,
 * oblique (by quaternion or by matrix), left-handed.  SCALE divides the number
 * of voxels per axis, for quick tests.  The same arguments give the same files.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

/* NIfTI-1 header, nifti1.h of the NIfTI Data Format Working Group. */
typedef struct NiftiHeader
{
	int32_t		sizeof_hdr;
	char		unused1[35];
	char		dim_info;
	int16_t		dim[8];
	float		intent_p[3];
	int16_t		intent_code;
	int16_t		datatype;
	int16_t		bitpix;
	int16_t		slice_start;
	float		pixdim[8];
	float		vox_offset;
	float		scl_slope;
	float		scl_inter;
	int16_t		slice_end;
	char		slice_code;
	char		xyzt_units;
	float		cal_max;
	float		cal_min;
	float		slice_duration;
	float		toffset;
	int32_t		unused2[2];
	char		descrip[80];
	char		aux_file[24];
	int16_t		qform_code;
	int16_t		sform_code;
	float		quatern[3];		/* b, c, d */
	float		qoffset[3];
	float		srow[3][4];
	char		intent_name[16];
	char		magic[4];
} NiftiHeader;

_Static_assert(sizeof(NiftiHeader) == 348, "a NIfTI-1 header has 348 bytes");

#define DATATYPE_UINT8 2
#define DATATYPE_INT16 4

/* A grid: world (RAS, mm) = origin + direction * (spacing * index). */
typedef struct ScanGrid
{
	const char *description;
	int			size[3];
	double		spacing[3];
	double		direction[3][3];	/* columns are the axes */
	bool		quaternion;		/* state the direction as a quaternion only */
	double		angle;			/* of a rotation about x, radians */
	double		origin[3];
} ScanGrid;

typedef struct Ellipsoid
{
	double		centre[3];		/* mm */
	double		radius[3];
} Ellipsoid;

/* What differs between patients. */
typedef struct Patient
{
	double		build;			/* size of the body relative to the usual one */
	Ellipsoid	lesions[2];
	double		lesion_intensity[2];
	double		texture_period[2];	/* mm */
	uint64_t	random_state;
} Patient;

/* xorshift64* (Vigna 2016): small, good enough for noise, the same everywhere. */
static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717);
}

/* Uniform in [0, 1). */
static double
uniform(uint64_t *state)
{
	return (double) (next_random(state) >> 11) * 0x1p-53;
}

/* Roughly normal with standard deviation 1: twelve uniform numbers. */
static double
noise(uint64_t *state)
{
	double		sum = -6.0;

	for (int i = 0; i < 12; i++)
		sum += uniform(state);
	return sum;
}

/* Squared distance from the centre in radii: below 1 is inside. */
static double
depth(const Ellipsoid *ellipsoid, const double point[3])
{
	double		sum = 0.0;

	for (int axis = 0; axis < 3; axis++)
	{
		double		part = (point[axis] - ellipsoid->centre[axis]) / ellipsoid->radius[axis];

		sum += part * part;
	}
	return sum;
}

/* Intensity of healthy tissue at a point (mm) in Hounsfield units. */
static double
body_intensity(const Patient *patient, const double point[3])
{
	static const Ellipsoid lungs[2] = {
		{{-55, 5, 40}, {38, 55, 75}}, {{55, 5, 40}, {40, 55, 75}}
	};
	static const Ellipsoid liver = {{45, 10, -75}, {60, 50, 45}};
	double		x = point[0] / patient->build;
	double		y = point[1] / patient->build;
	double		scaled[3] = {x, y, point[2]};
	double		body = (x * x) / (150.0 * 150.0) + (y * y) / (100.0 * 100.0);
	double		spine = (x * x) / (18.0 * 18.0) + ((y + 62) * (y + 62)) / (16.0 * 16.0);

	if (body >= 1.0)
		return -1000.0;
	if (body >= 0.82)
		return -105.0;			/* fat under the skin */
	if (spine < 1.0)
		return spine < 0.55 ? 180.0 : 520.0;
	for (int side = 0; side < 2; side++)
	{
		if (depth(&lungs[side], scaled) < 1.0)
			return -840.0 + 60.0 * sin(x / 6.0) * sin(y / 7.0) * sin(point[2] / 8.0);
	}
	if (depth(&liver, scaled) < 1.0)
		return 62.0;
	return 45.0 + 8.0 * sin(x / 19.0) * cos(y / 23.0);
}

/* Label of a point: 0, or the lesion (1, 2) that it lies in. */
static uint8_t
lesion_at(const Patient *patient, const double point[3])
{
	for (int lesion = 0; lesion < 2; lesion++)
	{
		/* A wavy surface, so that shape features have something to say. */
		double		wave = 0.16 * sin(point[0] / 3.1) * sin(point[1] / 3.7) *
			cos(point[2] / 4.3);

		if (depth(&patient->lesions[lesion], point) + wave < 1.0)
			return (uint8_t) (lesion + 1);
	}
	return 0;
}

static double
lesion_intensity(const Patient *patient, int lesion, const double point[3])
{
	double		period = patient->texture_period[lesion];
	double		core = depth(&patient->lesions[lesion], point);

	/* A darker centre, as where a tumour outgrows its blood supply. */
	return patient->lesion_intensity[lesion] - 55.0 * (core < 0.25) +
		22.0 * sin(point[0] / period) * sin(point[1] / period + 1.0) * cos(point[2] / period);
}

static Patient
make_patient(int number)
{
	Patient		patient;
	uint64_t   *state = &patient.random_state;

	memset(&patient, 0, sizeof(patient));
	*state = UINT64_C(0x9E3779B97F4A7C15) * (uint64_t) (number + 1);
	patient.build = 0.85 + 0.15 * uniform(state);
	for (int lesion = 0; lesion < 2; lesion++)
	{
		double		radius = 9.0 + 13.0 * uniform(state);
		/* The first lies in a lung, the second in the liver. */
		double		centre[2][3] = {{-45, 10, 30}, {40, 8, -70}};

		for (int axis = 0; axis < 3; axis++)
		{
			patient.lesions[lesion].centre[axis] = centre[lesion][axis] +
				16.0 * (uniform(state) - 0.5);
			patient.lesions[lesion].radius[axis] = radius * (0.75 + 0.5 * uniform(state));
		}
		patient.lesion_intensity[lesion] = lesion == 0 ? 35.0 : 5.0;
		patient.texture_period[lesion] = 1.5 + 3.0 * uniform(state);
	}
	return patient;
}

/* Rotation about z by angle a after one about x by angle b, as columns. */
static void
set_rotation(ScanGrid *grid, double a, double b)
{
	double		matrix[3][3] = {
		{cos(a), -sin(a) * cos(b), sin(a) * sin(b)},
		{sin(a), cos(a) * cos(b), -cos(a) * sin(b)},
		{0, sin(b), cos(b)}
	};

	memcpy(grid->direction, matrix, sizeof(matrix));
}

static ScanGrid
make_grid(int number, double scale)
{
	ScanGrid	grid;
	double		extent[3] = {320, 220, 250};

	memset(&grid, 0, sizeof(grid));
	set_rotation(&grid, 0, 0);
	for (int axis = 0; axis < 3; axis++)
		grid.spacing[axis] = 2.0;
	switch (number % 5)
	{
		case 0:
			grid.description = "isotropic";
			break;
		case 1:
			grid.description = "anisotropic, 5 mm slices";
			grid.spacing[0] = grid.spacing[1] = 1.25;
			grid.spacing[2] = 5.0;
			break;
		case 2:
			grid.description = "oblique, as a quaternion";
			grid.quaternion = true;
			grid.angle = 0.3;
			set_rotation(&grid, 0, grid.angle);
			break;
		case 3:
			grid.description = "oblique about two axes, as a matrix";
			grid.spacing[0] = grid.spacing[1] = 1.5;
			grid.spacing[2] = 3.0;
			set_rotation(&grid, 0.2, -0.15);
			break;
		case 4:
			grid.description = "left-handed, x towards the left";
			grid.spacing[0] = grid.spacing[1] = 1.5;
			grid.spacing[2] = 2.5;
			for (int row = 0; row < 3; row++)
				grid.direction[row][0] = -grid.direction[row][0];
			break;
	}
	for (int axis = 0; axis < 3; axis++)
	{
		grid.spacing[axis] *= scale;
		grid.size[axis] = (int) (extent[axis] / grid.spacing[axis]);
	}

	/* The grid's centre is the world's origin. */
	for (int row = 0; row < 3; row++)
	{
		grid.origin[row] = 0.0;
		for (int axis = 0; axis < 3; axis++)
			grid.origin[row] -= grid.direction[row][axis] * grid.spacing[axis] *
				(grid.size[axis] - 1) / 2.0;
	}
	return grid;
}

static NiftiHeader
make_header(const ScanGrid *grid, int16_t datatype, int16_t bits)
{
	NiftiHeader header;

	memset(&header, 0, sizeof(header));
	header.sizeof_hdr = 348;
	header.dim[0] = 3;
	for (int axis = 0; axis < 7; axis++)
		header.dim[axis + 1] = (int16_t) (axis < 3 ? grid->size[axis] : 1);
	header.datatype = datatype;
	header.bitpix = bits;
	header.pixdim[0] = 1.0f;
	for (int axis = 0; axis < 3; axis++)
		header.pixdim[axis + 1] = (float) grid->spacing[axis];
	header.vox_offset = 352.0f;
	header.scl_slope = 1.0f;
	header.xyzt_units = 2;		/* mm */
	snprintf(header.descrip, sizeof(header.descrip), "generated: %s", grid->description);
	memcpy(header.magic, "n+1", 4);
	if (grid->quaternion)
	{
		header.qform_code = 1;
		header.quatern[0] = (float) sin(grid->angle / 2.0);
		for (int axis = 0; axis < 3; axis++)
			header.qoffset[axis] = (float) grid->origin[axis];
	}
	else
	{
		header.sform_code = 1;
		for (int row = 0; row < 3; row++)
		{
			for (int axis = 0; axis < 3; axis++)
				header.srow[row][axis] = (float) (grid->direction[row][axis] *
												  grid->spacing[axis]);
			header.srow[row][3] = (float) grid->origin[row];
		}
	}
	return header;
}

static void
write_file(const char *path, const NiftiHeader *header, const void *voxels, size_t bytes)
{
	static const char no_extension[4];
	gzFile		file = gzopen(path, "wb6");

	if (file == NULL ||
		gzwrite(file, header, sizeof(*header)) != (int) sizeof(*header) ||
		gzwrite(file, no_extension, 4) != 4 ||
		gzwrite(file, voxels, (unsigned) bytes) != (int) bytes ||
		gzclose(file) != Z_OK)
	{
		fprintf(stderr, "could not write %s\n", path);
		exit(1);
	}
}

static void
write_scan(const char *folder, int number, double scale)
{
	Patient		patient = make_patient(number);
	ScanGrid	grid = make_grid(number, scale);
	size_t		count = (size_t) grid.size[0] * grid.size[1] * grid.size[2];
	int16_t    *image = malloc(count * sizeof(int16_t));
	uint8_t    *mask = malloc(count);
	NiftiHeader header;
	char		path[4096];
	size_t		index = 0;

	if (image == NULL || mask == NULL)
	{
		fprintf(stderr, "out of memory\n");
		exit(1);
	}
	for (int k = 0; k < grid.size[2]; k++)
	{
		for (int j = 0; j < grid.size[1]; j++)
		{
			for (int i = 0; i < grid.size[0]; i++, index++)
			{
				double		voxel[3] = {i * grid.spacing[0], j * grid.spacing[1],
				k * grid.spacing[2]};
				double		point[3];
				double		intensity;

				for (int row = 0; row < 3; row++)
					point[row] = grid.origin[row] + grid.direction[row][0] * voxel[0] +
						grid.direction[row][1] * voxel[1] + grid.direction[row][2] * voxel[2];
				mask[index] = lesion_at(&patient, point);
				intensity = mask[index] != 0 ?
					lesion_intensity(&patient, mask[index] - 1, point) :
					body_intensity(&patient, point);
				if (intensity > -1000.0)
					intensity += 11.0 * noise(&patient.random_state);
				image[index] = (int16_t) lrint(fmax(intensity, -1000.0));
			}
		}
	}

	snprintf(path, sizeof(path), "%s/patient_%02d", folder, number + 1);
	if (mkdir(path, 0777) != 0 && errno != EEXIST)
	{
		fprintf(stderr, "could not create %s: %s\n", path, strerror(errno));
		exit(1);
	}
	snprintf(path, sizeof(path), "%s/patient_%02d/CT_image.nii.gz", folder, number + 1);
	header = make_header(&grid, DATATYPE_INT16, 16);
	write_file(path, &header, image, count * sizeof(int16_t));
	snprintf(path, sizeof(path), "%s/patient_%02d/CT_mask.nii.gz", folder, number + 1);
	header = make_header(&grid, DATATYPE_UINT8, 8);
	write_file(path, &header, mask, count);
	free(image);
	free(mask);
}

int
main(int argc, char **argv)
{
	int			count = argc > 2 ? atoi(argv[2]) : 10;
	double		scale = argc > 3 ? atof(argv[3]) : 1.0;

	if (argc < 2 || count < 1 || count > 99 || scale < 1.0)
	{
		fprintf(stderr, "usage: generate_scans FOLDER [COUNT [SCALE]]\n");
		return 2;
	}
	for (int number = 0; number < count; number++)
		write_scan(argv[1], number, scale);
	return 0;
}
