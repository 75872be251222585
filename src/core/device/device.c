/*
 * Directions, and the choice of a CPU level.
 */
#include "device/device.h"

#include <string.h>

const int	rad_directions[RAD_DIRECTION_COUNT][3] = {
	{1, 0, 0}, {-1, 1, 0}, {0, 1, 0}, {1, 1, 0},
	{-1, -1, 1}, {0, -1, 1}, {1, -1, 1},
	{-1, 0, 1}, {0, 0, 1}, {1, 0, 1},
	{-1, 1, 1}, {0, 1, 1}, {1, 1, 1},
};

static bool
runs_v3(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
		__builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma");
}

const Device *
rad_cpu_best(void)
{
	return runs_v3() ? &rad_cpu_v3 : &rad_cpu_v2;
}

const Device *
rad_cpu_named(const char *level)
{
	if (strcmp(level, "v2") == 0)
		return &rad_cpu_v2;
	if (strcmp(level, "v3") == 0 && runs_v3())
		return &rad_cpu_v3;
	return NULL;
}
