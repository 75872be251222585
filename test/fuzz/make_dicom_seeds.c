/*
 * Writes the seeds of fuzz_dicom, fuzz_rtstruct and fuzz_seg into the folder
 * given: small objects of every kind.  Compressed ones are copied from
 * test/data/dicom by the Makefile.
 */
#include "../unit/dicom_builder.h"

#define ITEM 0xfffee000
#define ITEM_END 0xfffee00d
#define SEQUENCE_END 0xfffee0dd
#define UNDEFINED 0xffffffff

static void
write_seed(const char *folder, const char *name, DicomBuilder *builder)
{
	char		path[512];
	FILE	   *stream;

	snprintf(path, sizeof(path), "%s/dicom_%s", folder, name);
	stream = fopen(path, "wb");
	if (stream == NULL || fwrite(builder->data, 1, builder->length, stream) != builder->length ||
		fclose(stream) != 0)
	{
		perror(path);
		exit(1);
	}
	free(builder->data);
}

static void
begin_item(DicomBuilder *builder, uint32_t sequence)
{
	if (sequence != 0)
		dicom_header(builder, sequence, "SQ", UNDEFINED);
	dicom_header(builder, ITEM, NULL, UNDEFINED);
}

static void
end_item(DicomBuilder *builder, bool sequence_ends)
{
	dicom_header(builder, ITEM_END, NULL, 0);
	if (sequence_ends)
		dicom_header(builder, SEQUENCE_END, NULL, 0);
}

/* One element in a sequence of one item. */
static void
group_text(DicomBuilder *builder, uint32_t sequence, uint32_t tag, const char *vr, const char *text)
{
	begin_item(builder, sequence);
	dicom_text(builder, tag, vr, text);
	end_item(builder, true);
}

static void
pixel_header(DicomBuilder *builder, const char *frames, int rows, int columns, int bits)
{
	dicom_short(builder, 0x00280002, 1);
	dicom_text(builder, 0x00280004, "CS", "MONOCHROME2");
	dicom_text(builder, 0x00280008, "IS", frames);
	dicom_short(builder, 0x00280010, rows);
	dicom_short(builder, 0x00280011, columns);
	dicom_text(builder, 0x00280030, "DS", "1\\1");
	dicom_short(builder, 0x00280100, bits);
	dicom_short(builder, 0x00280101, bits);
	dicom_short(builder, 0x00280102, bits - 1);
	dicom_short(builder, 0x00280103, 0);
}

/* Two frames of 4 x 3, with functional groups; a segmentation when bits is 1. */
static DicomBuilder
multi_frame(const char *modality, int bits)
{
	DicomBuilder builder = dicom_begin(EXPLICIT_LITTLE);

	dicom_text(&builder, 0x00080060, "CS", modality);
	pixel_header(&builder, "2", 3, 4, bits);
	if (strcmp(modality, "SEG") == 0)
	{
		dicom_text(&builder, 0x00620001, "CS", bits == 1 ? "BINARY" : "FRACTIONAL");
		begin_item(&builder, 0x00620002);
		dicom_short(&builder, 0x00620004, 1);
		dicom_text(&builder, 0x00620005, "LO", "one");
		end_item(&builder, true);
		dicom_short(&builder, 0x0062000e, 255);
	}
	begin_item(&builder, 0x52009229);
	group_text(&builder, 0x00209116, 0x00200037, "DS", "1\\0\\0\\0\\1\\0");
	group_text(&builder, 0x00289110, 0x00280030, "DS", "1\\1");
	end_item(&builder, true);
	for (int n = 0; n < 2; n++)
	{
		begin_item(&builder, n == 0 ? 0x52009230 : 0);
		group_text(&builder, 0x00209113, 0x00200032, "DS", n == 0 ? "0\\0\\1" : "0\\0\\0");
		if (bits == 16)
			group_text(&builder, 0x00289145, 0x00281053, "DS", "2");
		begin_item(&builder, 0x0062000a);
		dicom_short(&builder, 0x0062000b, 1);
		end_item(&builder, true);
		end_item(&builder, n == 1);
	}
	if (bits == 1)
		dicom_element(&builder, 0x7fe00010, "OB", "\x5a\xa5\xff", 3);
	else
		dicom_element(&builder, 0x7fe00010, bits == 8 ? "OB" : "OW",
					  "aAbBcCdDeEfFgGhHiIjJkKlLmMnNoOpPqQrRsStTuUvVwWxX", (size_t) (3 * bits));
	return builder;
}

static DicomBuilder
structure_set(void)
{
	DicomBuilder builder = dicom_begin("1.2.840.10008.1.2.1");

	dicom_text(&builder, 0x00080060, "CS", "RTSTRUCT");
	begin_item(&builder, 0x30060020);
	dicom_text(&builder, 0x30060022, "IS", "1");
	dicom_text(&builder, 0x30060026, "LO", "one");
	end_item(&builder, true);
	begin_item(&builder, 0x30060039);
	for (int n = 0; n < 2; n++)
	{
		begin_item(&builder, n == 0 ? 0x30060040 : 0);
		dicom_text(&builder, 0x30060042, "CS", "CLOSED_PLANAR");
		dicom_text(&builder, 0x30060046, "IS", "4");
		dicom_text(&builder, 0x30060050, "DS", n == 0 ?
				   "1.5\\1.5\\1\\12.5\\1.5\\1\\12.5\\12.5\\1\\1.5\\12.5\\1" :
				   "3.5\\3.5\\1\\5.5\\3.5\\1\\5.5\\5.5\\1\\3.5\\5.5\\1");
		end_item(&builder, n == 1);
	}
	dicom_text(&builder, 0x30060084, "IS", "1");
	end_item(&builder, true);
	begin_item(&builder, 0x30060080);
	dicom_text(&builder, 0x30060084, "IS", "1");
	dicom_text(&builder, 0x300600a4, "CS", "GTV");
	end_item(&builder, true);
	return builder;
}

/* RLE of one frame of 2 x 2 with 16 bits: two planes. */
static DicomBuilder
run_length(void)
{
	DicomBuilder builder = dicom_begin("1.2.840.10008.1.2.5");
	uint8_t		header[64] = {2, 0, 0, 0, 64, 0, 0, 0, 66, 0, 0, 0};

	pixel_header(&builder, "1", 2, 2, 16);
	dicom_header(&builder, 0x7fe00010, "OW", UNDEFINED);
	dicom_header(&builder, ITEM, NULL, 0);
	dicom_header(&builder, ITEM, NULL, 72);
	dicom_bytes(&builder, header, sizeof(header));
	dicom_bytes(&builder, "\xfd\0\x03" "abcd\0", 8);
	dicom_header(&builder, SEQUENCE_END, NULL, 0);
	return builder;
}

static DicomBuilder
positron_emission(void)
{
	DicomBuilder builder = dicom_begin("1.2.840.10008.1.2.1");

	dicom_text(&builder, 0x00080021, "DA", "20240229");
	dicom_text(&builder, 0x00080031, "TM", "120000.5");
	dicom_text(&builder, 0x00080032, "TM", "120001");
	dicom_text(&builder, 0x00080060, "CS", "PT");
	dicom_text(&builder, 0x00101030, "DS", "74");
	dicom_text(&builder, 0x00280051, "CS", "DECY\\ATTN");
	begin_item(&builder, 0x00540016);
	dicom_text(&builder, 0x00181072, "TM", "101013.8");
	dicom_text(&builder, 0x00181074, "DS", "370000000");
	dicom_text(&builder, 0x00181075, "DS", "6586.2");
	dicom_text(&builder, 0x00181078, "DT", "20240229101013.8+0100");
	end_item(&builder, true);
	dicom_text(&builder, 0x00541001, "CS", "BQML");
	dicom_text(&builder, 0x00541102, "CS", "START");
	return builder;
}

int
main(int argc, char **argv)
{
	SliceSpec	slice = slice_spec("1.2.5", 1, "0\\0\\0");
	Bytes		file = build_slice(&slice, -5);
	DicomBuilder builder = {file.data, file.length, file.length};

	if (argc != 2)
	{
		fprintf(stderr, "usage: make_dicom_seeds FOLDER\n");
		return 1;
	}
	write_seed(argv[1], "slice", &builder);
	builder = multi_frame("CT", 16);
	write_seed(argv[1], "enhanced", &builder);
	builder = multi_frame("SEG", 1);
	write_seed(argv[1], "seg_binary", &builder);
	builder = multi_frame("SEG", 8);
	write_seed(argv[1], "seg_fractional", &builder);
	builder = structure_set();
	write_seed(argv[1], "rtstruct", &builder);
	builder = run_length();
	write_seed(argv[1], "rle", &builder);
	builder = positron_emission();
	write_seed(argv[1], "pet", &builder);
	return 0;
}
