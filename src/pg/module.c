/*
 * Loading of the module: magic, server variables, version.
 */
#include "compat.h"

#include "utils/builtins.h"

#include "gpu/gpu.h"
#include "jobs/jobs.h"
#include "dicom.h"
#include "module.h"

RADPG_MODULE_MAGIC("radiomics", RADIOMICS_VERSION);

PG_FUNCTION_INFO_V1(radiomics_version);

extern PGDLLEXPORT void _PG_init(void);

typedef enum CpuLevel
{
	CPU_LEVEL_AUTO,
	CPU_LEVEL_V2,
	CPU_LEVEL_V3
} CpuLevel;

static const struct config_enum_entry cpu_levels[] = {
	{"auto", CPU_LEVEL_AUTO, false},
	{"v2", CPU_LEVEL_V2, false},
	{"v3", CPU_LEVEL_V3, false},
	{NULL, 0, false}
};

static int	cpu_level = CPU_LEVEL_AUTO;

static bool
check_cpu_level(int *value, void **extra, GucSource source)
{
	if (*value != CPU_LEVEL_V3 || rad_cpu_named("v3") != NULL)
		return true;
	GUC_check_errdetail("This machine cannot run x86-64-v3 code.");
	return false;
}

void
_PG_init(void)
{
	DefineCustomEnumVariable("radiomics.cpu_level",
							 "Sets the x86-64 level of the code that counts matrices.",
							 "It says where the work runs, never what comes out: all levels "
							 "give the same bits. \"auto\" takes the widest that the machine has.",
							 &cpu_level, CPU_LEVEL_AUTO, cpu_levels,
							 PGC_USERSET, 0, check_cpu_level, NULL, NULL);
	radpg_gpu_initialise();
	radpg_jobs_init();
	radpg_manifest_init();
	radpg_reserve_guc_prefix("radiomics");
}

const Device *
radpg_device(void)
{
	const Device *gpu = radpg_gpu_device();

	return gpu != NULL ? gpu : radpg_cpu_device();
}

const Device *
radpg_cpu_device(void)
{
	switch (cpu_level)
	{
		case CPU_LEVEL_V2:
			return rad_cpu_named("v2");
		case CPU_LEVEL_V3:
			return rad_cpu_named("v3");
		default:
			return rad_cpu_best();
	}
}

/* version() -> text: of this library, which may be newer than the SQL objects */
Datum
radiomics_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(RADIOMICS_VERSION));
}
