/*
 * Server variables of the GPU.  They say where work runs and how much of it,
 * never what comes out.
 */
#include "gpu.h"

int			radpg_device_choice = DEVICE_AUTO;
bool		radpg_gpu_emulate = false;
int			radpg_gpu_emulate_fault = 0;
int			radpg_gpu_memory_kb = 128 * 1024;
int			radpg_gpu_min_voxels = 20000;
int			radpg_gpu_restart_delay_ms = 1000;
int			radpg_gpu_stream_memory_kb = 1024 * 1024;
int			radpg_gpu_streams = 3;
int			radpg_gpu_timeout_ms = 10000;

static const struct config_enum_entry devices[] = {
	{"auto", DEVICE_AUTO, false},
	{"cpu", DEVICE_CPU, false},
	{"gpu", DEVICE_GPU, false},
	{NULL, 0, false}
};

/* What the emulated device does wrong, as the helper calls it. */
static const struct config_enum_entry faults[] = {
	{"none", 0, false},
	{"memory", 1, false},
	{"hang", 2, false},
	{"lost", 3, false},
	{NULL, 0, false}
};

const char *
radpg_gpu_fault_name(void)
{
	return faults[radpg_gpu_emulate_fault].name;
}

void
radpg_gpu_initialise(void)
{
	DefineCustomEnumVariable("radiomics.device",
							 "Chooses the device that counts matrices.",
							 "It says where the work runs, never what comes out. \"auto\" takes "
							 "a GPU for regions of radiomics.gpu_min_voxels and more while it has "
							 "room for them; \"gpu\" takes it for all, and fails without one.",
							 &radpg_device_choice, DEVICE_AUTO, devices,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("radiomics.gpu_emulate",
							 "Lets the CPU answer in place of GPUs.",
							 "For tests of what happens around a GPU, on machines without one.",
							 &radpg_gpu_emulate, false, PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomEnumVariable("radiomics.gpu_emulate_fault",
							 "Chooses what the emulated GPU does wrong.",
							 "For tests. \"memory\": it never has enough; \"hang\": it never "
							 "answers; \"lost\": it fails at the first batch.",
							 &radpg_gpu_emulate_fault, 0, faults,
							 PGC_SIGHUP, GUC_NOT_IN_SAMPLE, NULL, NULL, NULL);
	DefineCustomIntVariable("radiomics.gpu_memory",
							"Sets the memory that requests to GPUs are handed over in.",
							"It is pinned. A region that is larger is counted by the CPU.",
							&radpg_gpu_memory_kb, 128 * 1024, 1024, INT_MAX,
							PGC_SIGHUP, GUC_UNIT_KB, NULL, NULL, NULL);
	DefineCustomIntVariable("radiomics.gpu_min_voxels",
							"Sets the smallest region that \"auto\" gives to a GPU.",
							"Handing over a smaller one takes longer than counting it.",
							&radpg_gpu_min_voxels, 20000, 0, INT_MAX,
							PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("radiomics.gpu_restart_delay",
							"Sets the time before a GPU helper that ended is started again.",
							"It doubles with every failure in a row, up to a minute.",
							&radpg_gpu_restart_delay_ms, 1000, 10, 60000,
							PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("radiomics.gpu_stream_memory",
							"Sets the most memory of a GPU that one stream takes.",
							NULL,
							&radpg_gpu_stream_memory_kb, 1024 * 1024, 16 * 1024, INT_MAX,
							PGC_SIGHUP, GUC_UNIT_KB, NULL, NULL, NULL);
	DefineCustomIntVariable("radiomics.gpu_streams",
							"Sets the batches that a GPU works on at the same time.",
							"Transfers of one overlap with the kernels of another.",
							&radpg_gpu_streams, 3, 1, 64,
							PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("radiomics.gpu_timeout",
							"Sets the time after which a region is not waited for any longer.",
							"The CPU counts it then.",
							&radpg_gpu_timeout_ms, 10000, 1, 3600 * 1000,
							PGC_USERSET, GUC_UNIT_MS, NULL, NULL, NULL);
	if (process_shared_preload_libraries_in_progress)
		radpg_gpu_register_static_supervisor();
}
