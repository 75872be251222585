/*
 * Sources and files for the tests of formats/.
 */
#ifndef READ_SUPPORT_H
#define READ_SUPPORT_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <unistd.h>

#include "formats/reader.h"
#include "nifti_builder.h"

/* A positional source over memory that counts what is asked of it. */
typedef struct CountingHandle
{
	const uint8_t *data;
	int64_t		length;
	int64_t		bytes;
	int64_t		reads;
	int64_t		highest;		/* end of the read that reached furthest */
} CountingHandle;

static inline bool
counting_read(RadContext *context, void *handle, int64_t offset, void *buffer, size_t count)
{
	CountingHandle *counting = handle;

	(void) context;
	assert_true(offset >= 0 && offset + (int64_t) count <= counting->length);
	memcpy(buffer, counting->data + offset, count);
	counting->bytes += (int64_t) count;
	counting->reads++;
	if (offset + (int64_t) count > counting->highest)
		counting->highest = offset + (int64_t) count;
	return true;
}

static inline ByteSource
memory_source(const char *name, Bytes file)
{
	return (ByteSource) {.name = name, .length = (int64_t) file.length, .memory = file.data};
}

static inline ByteSource
counting_source(const char *name, Bytes file, CountingHandle *handle)
{
	*handle = (CountingHandle) {.data = file.data, .length = (int64_t) file.length};
	return (ByteSource) {
		.name = name, .length = (int64_t) file.length, .read = counting_read, .handle = handle
	};
}

#define assert_contains(text, part) \
	do { \
		if (strstr((text), (part)) == NULL) \
			fail_msg("\"%s\" does not contain \"%s\"", (text), (part)); \
	} while (0)

/* A small generator (splitmix64, public domain algorithm by S. Vigna). */
static inline uint64_t
next_random(uint64_t *state)
{
	uint64_t	z = (*state += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* The folder of shared reference data next to the checkout; NULL without it. */
static inline const char *
shared_folder(void)
{
	static const char *const candidates[] = {"../shared", "../../../shared", "../../shared"};
	const char *folder = getenv("RADIOMICS_SHARED");

	if (folder != NULL)
		return folder;
	for (size_t n = 0; n < 3; n++)
	{
		char		path[256];

		snprintf(path, sizeof(path), "%s/data/sts", candidates[n]);
		if (access(path, R_OK) == 0)
			return candidates[n];
	}
	return NULL;
}

/* A whole file under the shared folder; data is NULL when it is absent. */
static inline Bytes
read_shared(const char *relative)
{
	Bytes		file = {NULL, 0};
	const char *folder = shared_folder();
	char		path[2048];
	FILE	   *stream;

	if (folder == NULL)
		return file;
	snprintf(path, sizeof(path), "%s/data/%s", folder, relative);
	stream = fopen(path, "rb");
	if (stream == NULL)
		return file;
	fseek(stream, 0, SEEK_END);
	file.length = (size_t) ftell(stream);
	rewind(stream);
	file.data = malloc(file.length);
	if (fread(file.data, 1, file.length, stream) != file.length)
		fail_msg("could not read %s", path);
	fclose(stream);
	return file;
}

/* Decompress a whole gzip file with zlib: the oracle of our own inflate. */
static inline Bytes
gunzip_bytes(Bytes packed, size_t room)
{
	z_stream	stream = {0};
	Bytes		plain = {malloc(room), 0};

	inflateInit2(&stream, 15 + 16);
	stream.next_in = packed.data;
	stream.avail_in = (uInt) packed.length;
	stream.next_out = plain.data;
	stream.avail_out = (uInt) room;
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	plain.length = stream.total_out;
	inflateEnd(&stream);
	return plain;
}

#endif							/* READ_SUPPORT_H */
