/*
 * Writes the seeds into the folder given: small NIfTI files of every version,
 * byte order and voxel type, plain and gzip, and parameter files.
 */
#include <stdio.h>

#include "../unit/nifti_builder.h"
#include "../unit/pyradiomics_parameter_files.h"

static int	written;

static void
write_seed(const char *folder, uint8_t choice, Bytes file)
{
	char		path[512];
	FILE	   *stream;

	snprintf(path, sizeof(path), "%s/seed_%03d", folder, written++);
	stream = fopen(path, "wb");
	if (stream == NULL || fwrite(&choice, 1, 1, stream) != 1 ||
		fwrite(file.data, 1, file.length, stream) != file.length || fclose(stream) != 0)
	{
		perror(path);
		exit(1);
	}
}

static void
write_text(const char *folder, const char *text)
{
	char		path[512];
	FILE	   *stream;

	snprintf(path, sizeof(path), "%s/seed_%03d", folder, written++);
	stream = fopen(path, "wb");
	if (stream == NULL || fputs(text, stream) == EOF || fclose(stream) != 0)
	{
		perror(path);
		exit(1);
	}
}

int
main(int argc, char **argv)
{
	static const int types[][2] = {{2, 8}, {256, 8}, {4, 16}, {512, 16}, {8, 32}, {768, 32},
	{1024, 64}, {1280, 64}, {16, 32}, {64, 64}, {1536, 128}, {32, 64}, {128, 24}};

	if (argc != 2)
	{
		fprintf(stderr, "usage: make_seeds FOLDER\n");
		return 1;
	}
	for (int version = 1; version <= 2; version++)
		for (int big = 0; big < 2; big++)
			for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++)
			{
				NiftiSpec	spec = nifti_spec(version, big != 0, types[t][0], types[t][1], 5, 4, 3);
				uint8_t		voxels[60 * 16];
				size_t		size = (size_t) types[t][1] / 8;
				Bytes		plain;
				Bytes		packed;

				for (size_t n = 0; n < sizeof(voxels); n++)
					voxels[n] = n % size == (big ? size - 1 : 0) && n / size % 3 == 0;
				spec.sform_code = (int) t % 3 == 0;
				spec.qform_code = (int) t % 3 == 1;
				for (int k = 0; k < 3; k++)
				{
					spec.srow[k][(k + 1) % 3] = 1.5 - k;
					spec.srow[k][3] = 10 * k;
					spec.quaternion[k] = 0.5;
				}
				if (t % 4 == 3)
				{
					spec.dim[0] = 4;
					spec.dim[3] = 1;
					spec.dim[4] = 3;
				}
				if (t % 5 == 2)
				{
					spec.slope = 0.5;
					spec.intercept = -3;
				}
				plain = build_nifti(&spec, voxels, 60 * size);
				packed = gzip_bytes(plain.data, plain.length, (int) t % 3 * 4);
				write_seed(argv[1], t % 4 == 3 ? 5 : 1, plain);
				write_seed(argv[1], t % 4 == 3 ? 4 : 0, packed);
				free(packed.data);
				free(plain.data);
			}
	for (size_t n = 0; n < sizeof(parameter_file_verdicts) / sizeof(parameter_file_verdicts[0]); n++)
		write_text(argv[1], parameter_file_verdicts[n].text);
	return 0;
}
