/*
 * The counting kernels, compiled once per x86-64 level: cpu_v2.c and cpu_v3.c
 * define CPU_KERNEL(name) and CPU_DEVICE, then include this file, and the
 * build gives each its -march.  Counts are integers, so every level gives the
 * same bits.  No include guard, on purpose.
 */
#include "device/kernel_cooccurrence.h"
#include "device/kernel_run_length.h"
#include "device/kernel_zone.h"
#include "device/kernel_neighbourhood.h"
#include "device/kernel_cube.h"

const Device CPU_DEVICE = {
	.name = CPU_DEVICE_NAME,
	.count_cooccurrences = CPU_KERNEL(count_cooccurrences),
	.count_runs = CPU_KERNEL(count_runs),
	.border_distance = CPU_KERNEL(border_distance),
	.find_zones = CPU_KERNEL(find_zones),
	.count_neighbourhood_differences = CPU_KERNEL(count_neighbourhood_differences),
	.count_dependences = CPU_KERNEL(count_dependences),
	.count_cubes = CPU_KERNEL(count_cubes),
};
