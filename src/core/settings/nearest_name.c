/*
 * The name that someone probably meant, for hints.
 */
#include "settings/settings.h"

#include <string.h>

/* Longer words are never taken for a misspelt name. */
#define LONGEST_WORD 64

static char
folded(char character)
{
	if (character >= 'A' && character <= 'Z')
		return (char) (character - 'A' + 'a');
	return character == '-' || character == ' ' ? '_' : character;
}

static int
minimum(int a, int b)
{
	return a < b ? a : b;
}

/*
 * Edit distance with insertion, deletion, substitution and swap of neighbours
 * (optimal string alignment), where case and the kind of separator are free.
 * Both words are at most LONGEST_WORD long.
 */
static int
edit_distance(const char *a, const char *b)
{
	int			rows[3][LONGEST_WORD + 1];
	int		   *before_last = rows[0];
	int		   *last = rows[1];
	int		   *current = rows[2];
	int			a_length = (int) strlen(a);
	int			b_length = (int) strlen(b);

	for (int j = 0; j <= b_length; j++)
		last[j] = j;
	for (int i = 1; i <= a_length; i++)
	{
		int		   *oldest = before_last;

		current[0] = i;
		for (int j = 1; j <= b_length; j++)
		{
			bool		same = folded(a[i - 1]) == folded(b[j - 1]);
			int			distance = last[j - 1] + (same ? 0 : 1);

			distance = minimum(distance, last[j] + 1);
			distance = minimum(distance, current[j - 1] + 1);
			if (i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) &&
				folded(a[i - 2]) == folded(b[j - 1]))
				distance = minimum(distance, before_last[j - 2] + 1);
			current[j] = distance;
		}
		before_last = last;
		last = current;
		current = oldest;
	}
	return last[b_length];
}

/* Near means: at most a third of the letters differ, rounded up. */
const char *
rad_nearest_name(const char *word, const char *const *names, int count)
{
	size_t		length = strlen(word);
	const char *nearest = NULL;
	int			smallest;

	if (length == 0 || length > LONGEST_WORD)
		return NULL;
	smallest = ((int) length + 2) / 3 + 1;
	for (int n = 0; n < count; n++)
	{
		int			distance;

		if (strlen(names[n]) > LONGEST_WORD)
			continue;
		distance = edit_distance(word, names[n]);
		if (distance < smallest && distance < (int) strlen(names[n]))
		{
			smallest = distance;
			nearest = names[n];
		}
	}
	return nearest;
}
