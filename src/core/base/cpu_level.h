/*
 * Which x86-64 level this CPU runs.
 */
#ifndef RAD_BASE_CPU_LEVEL_H
#define RAD_BASE_CPU_LEVEL_H

#include <stdbool.h>

static inline bool
rad_cpu_runs_v3(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
		__builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma");
}

#endif							/* RAD_BASE_CPU_LEVEL_H */
