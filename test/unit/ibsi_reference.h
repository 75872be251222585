/*
 * The reference values of the IBSI digital phantom, read from
 * test/data/ibsi1_digital_phantom.csv, and IBSI's rule for meeting them: the
 * result rounded to 3 significant digits differs by at most the tolerance.
 */
#ifndef TEST_IBSI_REFERENCE_H
#define TEST_IBSI_REFERENCE_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct IbsiReference
{
	char		tag[64];
	char		aggregation[16];	/* "2D_avg", "2.5D", ...; "" when there is none */
	double		value;
	double		tolerance;
} IbsiReference;

/*
 * Open a file of test/data wherever the test was started from: its program
 * lies two folders below the repository's root.
 */
static inline FILE *
open_test_data(const char *name)
{
	char		path[4096];
	ssize_t		length = readlink("/proc/self/exe", path, 3900);
	FILE	   *file;

	if (length < 0)
		return NULL;
	path[length] = '\0';
	*strrchr(path, '/') = '\0';
	strcat(path, "/../../test/data/");
	strcat(path, name);
	file = fopen(path, "r");
	if (file == NULL)
		fprintf(stderr, "cannot open %s\n", path);
	return file;
}

/* All rows, or 0 when the file cannot be read.  rows: room for 482. */
static inline int
ibsi_digital_phantom_rows(IbsiReference rows[482])
{
	FILE	   *file = open_test_data("ibsi1_digital_phantom.csv");
	char		line[256];
	int			count = 0;

	if (file == NULL)
		return 0;
	while (count < 482 && fgets(line, sizeof(line), file) != NULL)
	{
		IbsiReference *row = &rows[count];
		char	   *aggregation;
		char	   *value;
		char	   *tolerance;

		if (line[0] == '#' || strncmp(line, "base_tag,", 9) == 0)
			continue;
		aggregation = strchr(line, ',');
		value = strchr(aggregation + 1, ',');
		tolerance = strchr(value + 1, ',');
		*aggregation = *value = *tolerance = '\0';
		snprintf(row->tag, sizeof(row->tag), "%.63s", line);
		snprintf(row->aggregation, sizeof(row->aggregation), "%.15s", aggregation + 1);
		row->value = strtod(value + 1, NULL);
		row->tolerance = strtod(tolerance + 1, NULL);
		count++;
	}
	fclose(file);
	return count;
}

/* Does a result meet its reference?  A small slack stands for decimal text. */
static inline bool
ibsi_reference_met(double result, double value, double tolerance)
{
	char		text[64];

	snprintf(text, sizeof(text), "%.2e", result);
	return fabs(strtod(text, NULL) - value) <= tolerance + 1e-12 * fabs(value);
}

#endif							/* TEST_IBSI_REFERENCE_H */
