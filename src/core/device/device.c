/*
 * Directions, and the choice of a CPU level.
 */
#include "device/device.h"

#include <string.h>

#include "base/cpu_level.h"

const int	rad_directions[RAD_DIRECTION_COUNT][3] = {
	{1, 0, 0}, {-1, 1, 0}, {0, 1, 0}, {1, 1, 0},
	{-1, -1, 1}, {0, -1, 1}, {1, -1, 1},
	{-1, 0, 1}, {0, 0, 1}, {1, 0, 1},
	{-1, 1, 1}, {0, 1, 1}, {1, 1, 1},
};

const Device *
rad_cpu_best(void)
{
	return rad_cpu_runs_v3() ? &rad_cpu_v3 : &rad_cpu_v2;
}

const Device *
rad_cpu_named(const char *level)
{
	if (strcmp(level, "v2") == 0)
		return &rad_cpu_v2;
	if (strcmp(level, "v3") == 0 && rad_cpu_runs_v3())
		return &rad_cpu_v3;
	return NULL;
}
