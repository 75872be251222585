/*
 * Writes the seeds into the folder given: small NIfTI files of every version,
 * byte order and voxel type, plain and gzip, and parameter files.
 */
#include <stdio.h>

#include "../unit/nifti_builder.h"
#include "../unit/tiff_builder.h"
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

/* A header in text and 24 bytes behind it. */
static void
write_with_bytes(const char *folder, uint8_t choice, const char *header, const void *data,
				 size_t length)
{
	uint8_t		bytes[1000];
	size_t		head = strlen(header);

	memcpy(bytes, header, head);
	memcpy(bytes + head, data, length);
	write_seed(folder, choice, (Bytes) {bytes, head + length});
}

static void
write_text_formats(const char *folder)
{
	static const char *const nrrd[] = {
		"type: uchar\nencoding: raw\ndimension: 3\nsizes: 2 3 4\n",
		"type: short\nencoding: raw\nendian: big\ndimension: 3\nsizes: 2 3 2\nspacings: 1 -2 nan\n",
		"type: float\nencoding: raw\nendian: little\ndimension: 2\nsizes: 2 3\nspace dimension: 2\n"
		"space directions: (0.6,0.8) (-0.8,0.6)\nspace origin: (1,2)\n",
		"type: uint16\nencoding: raw\nendian: little\ndimension: 4\nsizes: 2 1 3 2\n"
		"kinds: vector domain domain domain\nspace: LPS\nkey:=value\n"
		"space directions: none (1,0,0) (0,1,0) (0,0,2)\nspace units: \"mm\" \"mm\" \"mm\"\n",
		"type: int\nencoding: raw\nendian: little\ndimension: 3\nsizes: 1 3 2\nspace: RAS\n"
		"space directions: (1.1,0,0) (0,1.2,0) (0,0,2.3)\nspace origin: (1.5,2,3)\n"
		"radiomics geometry:=3 1.1 1.2 2.3 -1.5 -2 3 -1 0 0 0 -1 0 0 0 1\n",
		"type: double\nencoding: raw\nendian: big\ndimension: 1\nsizes: 3\naxis mins: 4\n"
		"spacings: 2\ncenters: node\nline skip: 0\nbyte skip: -1\n",
		"type: int64\nencoding: raw\nendian: little\ndimension: 4\nsizes: 1 1 1 3\n"
		"kinds: space space space time\n",
	};
	static const char *const meta[] = {
		"NDims = 3\nDimSize = 2 3 4\nElementType = MET_UCHAR\n",
		"ObjectType = Image\nNDims = 3\nDimSize = 2 3 2\nElementType = MET_SHORT\n"
		"BinaryDataByteOrderMSB = True\nTransformMatrix = 0 1 0 -1 0 0 0 0 1\nOffset = 1 2 3\n"
		"ElementSpacing = 1 -2 3\n",
		"NDims = 2\nDimSize = 2 3\nElementType = MET_FLOAT\nElementSize = 1 2\n"
		"RadiomicsGeometry = 2 1 2 1 0 0 0 1 0 0 0 1 0 0 0 1\n",
		"NDims = 4\nDimSize = 1 1 3 2\nElementType = MET_INT\n",
		"NDims = 3\nDimSize = 1 3 4\nElementType = MET_UCHAR_ARRAY\nElementNumberOfChannels = 2\n"
		"HeaderSize = -1\n",
	};
	uint8_t		voxels[24];
	uint8_t		zlib[100];
	uLongf		zlib_length = sizeof(zlib);
	Bytes		gzip;
	char		header[800];

	for (int n = 0; n < 24; n++)
		voxels[n] = (uint8_t) (n % 3 == 0);
	compress(zlib, &zlib_length, voxels, 24);
	gzip = gzip_bytes(voxels, 24, 6);
	for (size_t n = 0; n < sizeof(nrrd) / sizeof(nrrd[0]); n++)
	{
		snprintf(header, sizeof(header), "NRRD0004\n%s\n", nrrd[n]);
		write_with_bytes(folder, (uint8_t) (n == 3 || n == 6 ? 5 : 1), header, voxels, 24);
	}
	write_with_bytes(folder, 1, "NRRD0005\r\nsizes: 2 3 4\r\ntype: uint8\r\nencoding: gz\r\n"
					 "dimension: 3\r\n\r\n", gzip.data, gzip.length);
	write_with_bytes(folder, 1, "NRRD0001\ntype: short\nencoding: ascii\ndimension: 3\n"
					 "sizes: 2 1 2\n\n1 -2\n3 40", "", 0);
	write_with_bytes(folder, 1, "NRRD0001\ntype: double\nencoding: txt\ndimension: 3\n"
					 "sizes: 2 1 2\n\n1.5 -2e3\nnan inf", "", 0);
	for (size_t n = 0; n < sizeof(meta) / sizeof(meta[0]); n++)
	{
		snprintf(header, sizeof(header), "%sElementDataFile = LOCAL\n", meta[n]);
		write_with_bytes(folder, (uint8_t) (n >= 3 ? 5 : 1), header, voxels, 24);
	}
	snprintf(header, sizeof(header), "%sCompressedData = True\nCompressedDataSize = %lu\n"
			 "ElementDataFile = LOCAL\n", meta[0], (unsigned long) zlib_length);
	write_with_bytes(folder, 1, header, zlib, zlib_length);
	snprintf(header, sizeof(header), "%sCompressedData = T\nElementDataFile = LOCAL\n", meta[0]);
	write_with_bytes(folder, 1, header, gzip.data, gzip.length);
	write_with_bytes(folder, 1, "NDims = 3\nDimSize = 2 1 2\nElementType = MET_SHORT\n"
					 "BinaryData = False\nElementDataFile = LOCAL\n1 2 3 4", "", 0);
	free(gzip.data);
}

/* LZW of TIFF with codes of 9 bits: clear, the bytes, end. */
static size_t
lzw_literals(const uint8_t *bytes, size_t count, uint8_t *out)
{
	size_t		bit = 0;

	memset(out, 0, count * 2 + 8);
	for (size_t n = 0; n < count + 2; n++)
	{
		int			code = n == 0 ? 256 : n == count + 1 ? 257 : bytes[n - 1];

		for (int k = 8; k >= 0; k--, bit++)
		{
			if (code >> k & 1)
				out[bit / 8] |= (uint8_t) (0x80 >> bit % 8);
		}
	}
	return (bit + 7) / 8;
}

static void
write_tiffs(const char *folder)
{
	static const int layouts[][4] = {	/* bits, format, samples, planar */
		{8, 1, 1, 1}, {8, 2, 1, 1}, {16, 1, 3, 1}, {16, 2, 3, 2}, {32, 2, 1, 1}, {32, 3, 1, 1},
		{64, 3, 1, 1}, {32, 1, 2, 1}
	};
	static const int compressions[] = {1, 8, 32773, 5};

	for (size_t n = 0; n < sizeof(layouts) / sizeof(layouts[0]); n++)
		for (size_t c = 0; c < 4; c++)
		{
			TiffBuilder builder;
			PageSpec	page = plain_page;
			uint8_t		voxels[64];
			uint8_t		packed[200];
			size_t		bytes = (size_t) (6 * layouts[n][0] / 8 * layouts[n][2]);
			uLongf		length = sizeof(packed);

			/* Planes would have to be compressed one by one. */
			if (c > 0 && layouts[n][3] == 2)
				continue;
			for (size_t k = 0; k < sizeof(voxels); k++)
				voxels[k] = (uint8_t) (k % 5);
			page.bits = layouts[n][0];
			page.format = layouts[n][1];
			page.samples = layouts[n][2];
			page.planar = layouts[n][3];
			page.compression = compressions[c];
			page.resolution = n % 2 == 0 ? 12.5f : 0.0f;
			page.unit = 3;
			if (n % 3 == 0)
				page.description = "radiomics-size 3 2 2\nradiomics-geometry-lps "
					"3 0.8 0.8 7 1 2 3 1 0 0 0 1 0 0 0 1\n";
			begin_tiff(&builder, n % 2 == 1);
			if (c == 0)
			{
				memcpy(packed, voxels, bytes);
				length = bytes;
			}
			else if (c == 1)
				compress(packed, &length, voxels, bytes);
			else if (c == 2)
			{
				packed[0] = (uint8_t) (bytes - 1);
				memcpy(packed + 1, voxels, bytes);
				length = bytes + 1;
			}
			else
				length = lzw_literals(voxels, bytes, packed);
			for (int z = 0; z < 2; z++)
				add_page(&builder, &page, packed, length);
			write_seed(folder, layouts[n][2] > 1 ? 5 : 1, (Bytes) {builder.bytes, builder.length});
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
	write_text_formats(argv[1]);
	write_tiffs(argv[1]);
	return 0;
}
