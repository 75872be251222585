/*
 * Files and series for the tests of DICOM.
 */
#ifndef DICOM_SUPPORT_H
#define DICOM_SUPPORT_H

#include "read_support.h"

#include <dirent.h>

#include "dicom_builder.h"
#include "formats/dicom_series.h"

/* A file of test/data/dicom. */
static inline Bytes
read_fixture(const char *name)
{
	Bytes		file;
	char		path[512];
	FILE	   *stream;

	snprintf(path, sizeof(path), "../data/dicom/%s", name);
	stream = fopen(path, "rb");
	if (stream == NULL)
		fail_msg("%s is missing", path);
	fseek(stream, 0, SEEK_END);
	file.length = (size_t) ftell(stream);
	rewind(stream);
	file.data = malloc(file.length + 1);
	if (fread(file.data, 1, file.length, stream) != file.length)
		fail_msg("could not read %s", path);
	fclose(stream);
	return file;
}

#define assert_no_error(context, ok) \
	do { \
		if (!(ok)) \
			fail_msg("%s | %s | %s", (context)->message, (context)->detail, (context)->hint); \
	} while (0)

/* Add every file of a folder below the shared data; false without the data. */
static inline bool
add_shared_folder(RadContext *context, const char *folder, DicomSeries *series)
{
	const char *shared = shared_folder();
	char		path[1024];
	DIR		   *directory;
	struct dirent *entry;

	if (shared == NULL)
		return false;
	snprintf(path, sizeof(path), "%s/data/%s", shared, folder);
	directory = opendir(path);
	if (directory == NULL)
		return false;
	while ((entry = readdir(directory)) != NULL)
	{
		char		relative[768];
		Bytes		file;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(relative, sizeof(relative), "%s/%s", folder, entry->d_name);
		file = read_shared(relative);
		assert_no_error(context, rad_dicom_series_add(context, series, entry->d_name, file.data,
													  (int64_t) file.length));
		free(file.data);
	}
	closedir(directory);
	return true;
}

/* The only file of a folder below the shared data. */
static inline Bytes
read_shared_only(const char *folder)
{
	char		path[1024];
	char		relative[768] = "";
	DIR		   *directory;
	struct dirent *entry;

	snprintf(path, sizeof(path), "%s/data/%s", shared_folder(), folder);
	directory = opendir(path);
	assert_non_null(directory);
	while ((entry = readdir(directory)) != NULL)
	{
		if (entry->d_name[0] != '.')
			snprintf(relative, sizeof(relative), "%s/%s", folder, entry->d_name);
	}
	closedir(directory);
	return read_shared(relative);
}

#endif							/* DICOM_SUPPORT_H */
