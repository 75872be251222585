/*
 * Counting kernels for x86-64-v2; see cpu_kernels.h.
 */
#include "device/device.h"

#define CPU_DEVICE rad_cpu_v2
#define CPU_DEVICE_NAME "cpu x86-64-v2"
#define CPU_KERNEL(name) name##_v2

#include "device/cpu_kernels.h"
