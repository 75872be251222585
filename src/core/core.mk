# Sources, flags and libraries of the core, shared by the Makefiles of the
# extension, the unit tests, the fuzzers and the benchmarks.  CORE is the path
# of this folder, set by the including file.
CORE_SOURCES := $(sort $(wildcard $(CORE)/*/*.c))

# C++ only where a library has no C interface: behind extern "C", catching all.
CORE_CXX_SOURCES := $(sort $(wildcard $(CORE)/*/*.cc))

# Every object below $(1), a folder that mirrors this one.
core_objects = $(patsubst $(CORE)/%.c,$(1)/%.o,$(CORE_SOURCES)) \
	$(patsubst $(CORE)/%.cc,$(1)/%.o,$(CORE_CXX_SOURCES))

# Libraries that a format needs.  One that is missing when building (or left
# out with WITHOUT="TIFF PNG") makes its format answer with an error that names
# the library.
header = $(firstword $(wildcard $(addsuffix /$(1),/usr/include /usr/local/include \
	$(wildcard /usr/include/*-linux-gnu /usr/include/openjpeg-2.*))))
have = $(if $(filter $(1),$(WITHOUT)),,$(if $(call header,$(2)),$(1)))
CORE_PARTS := $(call have,TIFF,tiffio.h) $(call have,PNG,png.h) $(call have,YAML,yaml.h) \
	$(call have,DCMTK,dcmtk/dcmdata/dctk.h) $(call have,OPENJPEG,openjpeg.h)

PART_LIBRARIES_TIFF := -ltiff
PART_LIBRARIES_PNG := -lpng
PART_LIBRARIES_YAML := -lyaml
PART_LIBRARIES_DCMTK := -ldcmjpeg -ldcmjpls -ldcmimgle -ldcmdata -loflog -lofstd
PART_LIBRARIES_OPENJPEG := -lopenjp2

CORE_PART_FLAGS := $(foreach part,$(CORE_PARTS),-DRAD_HAVE_$(part)) \
	$(if $(filter OPENJPEG,$(CORE_PARTS)),-I$(dir $(call header,openjpeg.h)))

# Same bits everywhere: no contraction into FMA, no value-changing maths flags.
CORE_COMMON_FLAGS := -O3 -march=x86-64-v2 -ffp-contract=off -fno-math-errno \
	-I$(CORE) $(CORE_PART_FLAGS)
CORE_FLAGS := -std=gnu11 $(CORE_COMMON_FLAGS)
CORE_CXX_FLAGS := -std=gnu++17 $(CORE_COMMON_FLAGS)

# Kernels compiled once per x86-64 level (device/cpu_kernels.h).
CORE_V3_FLAGS := -march=x86-64-v3

CORE_LIBRARIES := $(foreach part,$(CORE_PARTS),$(PART_LIBRARIES_$(part))) \
	$(if $(CORE_CXX_SOURCES),-lstdc++) -llz4 -lzstd -lisal -lm
