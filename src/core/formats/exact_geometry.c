/*
 * Geometry as text; see exact_geometry.h.
 */
#include "formats/exact_geometry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/text_numbers.h"

/* Spacing, origin, direction. */
#define NUMBERS 15

static void
to_numbers(const Grid *grid, double numbers[NUMBERS])
{
	memcpy(numbers, grid->spacing, sizeof(grid->spacing));
	memcpy(numbers + 3, grid->origin, sizeof(grid->origin));
	memcpy(numbers + 6, grid->direction, sizeof(grid->direction));
}

const char *
rad_print_number(double value, char text[RAD_NUMBER_LENGTH])
{
	char		printed[RAD_NUMBER_LENGTH] = "";

	/* Not into text itself: with sanitizers gcc warns of its being NULL. */
	for (int digits = 15; digits <= 17; digits++)
	{
		snprintf(printed, sizeof(printed), "%.*g", digits, value);
		if (strtod(printed, NULL) == value)
			break;
	}
	return strcpy(text, printed);
}

void
rad_geometry_print(const Grid *grid, char text[RAD_GEOMETRY_LENGTH])
{
	double		numbers[NUMBERS];
	char		number[RAD_NUMBER_LENGTH];
	int			used;

	to_numbers(grid, numbers);
	used = snprintf(text, RAD_GEOMETRY_LENGTH, "%d", grid->dimension == 2 ? 2 : 3);
	for (int n = 0; n < NUMBERS; n++)
		used += snprintf(text + used, RAD_GEOMETRY_LENGTH - (size_t) used, " %s",
						 rad_print_number(numbers[n], number));
}

bool
rad_geometry_parse(const char *text, Grid *grid)
{
	double		numbers[NUMBERS];
	int64_t		dimension;

	if (!rad_text_integer(&text, "", &dimension) || dimension < 2 || dimension > 3)
		return false;
	for (int n = 0; n < NUMBERS; n++)
	{
		if (!rad_text_double(&text, "", &numbers[n]))
			return false;
		numbers[n] += 0.0;		/* -0 becomes 0 */
	}
	if (!rad_text_ends(&text))
		return false;
	grid->dimension = (int) dimension;
	memcpy(grid->spacing, numbers, sizeof(grid->spacing));
	memcpy(grid->origin, numbers + 3, sizeof(grid->origin));
	memcpy(grid->direction, numbers + 6, sizeof(grid->direction));
	return true;
}

bool
rad_geometry_same(const Grid *a, const Grid *b)
{
	double		numbers_a[NUMBERS];
	double		numbers_b[NUMBERS];

	to_numbers(a, numbers_a);
	to_numbers(b, numbers_b);
	for (int n = 0; n < NUMBERS; n++)
	{
		if (numbers_a[n] != numbers_b[n])
			return false;
	}
	return (a->dimension == 2) == (b->dimension == 2);
}

bool
rad_geometry_flat(const Grid *grid)
{
	const double (*d)[3] = grid->direction;

	return grid->dimension == 2 && grid->origin[2] == 0.0 && d[2][0] == 0.0 && d[2][1] == 0.0 &&
		d[0][2] == 0.0 && d[1][2] == 0.0 && d[2][2] == 1.0;
}
