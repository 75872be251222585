# The extension.  Needs the server's development files, ISA-L, lz4 and zstd;
# formats need their libraries (src/core/core.mk).
#
#   make [PG_CONFIG=...] [STRICT=1]   build; STRICT: warnings are errors
#   make install                      files of the extension
#   make installcheck                 pg_regress and isolation, on a running server
#   make check-core                   unit tests of the core, without a server
#   make check-includes               the direction of includes
#   make cuda                         only the GPU helper, with CUDA (cuda/cuda.mk)
#   make check-gpu                    all tests of the GPU, on a machine with one

# The first target is the default one; PGXS says what it builds.
all:

MODULE_big = radiomics
EXTENSION = radiomics
EXTENSION_VERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" radiomics.control)
EXTENSION_SCRIPT := sql/radiomics--$(EXTENSION_VERSION).sql
DATA_built = $(EXTENSION_SCRIPT)
DATA = $(wildcard sql/upgrade/*--*--*.sql)

CORE := src/core
include $(CORE)/core.mk

# The process that has the GPUs.
CUDA := cuda
include $(CUDA)/cuda.mk

CORE_OBJECTS := $(call core_objects,$(CORE))
SERVER_OBJECTS := $(patsubst %.c,%.o,$(sort $(wildcard src/pg/*.c src/pg/*/*.c)))
OBJS = $(SERVER_OBJECTS) $(CORE_OBJECTS)
DEPENDENCIES := $(OBJS:.o=.d)

STRICT_FLAGS := $(if $(STRICT),-Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare \
	-Wno-missing-field-initializers)

# The server's headers and flags are for the compiler that built it, usually gcc.
CLANG_FLAGS = $(if $(findstring clang,$(CC)),-Wno-unknown-warning-option \
	-Wno-ignored-optimization-argument -Wno-ignored-attributes)

PG_CPPFLAGS = -I$(CORE) -Isrc/pg $(CORE_PART_FLAGS) -DRADIOMICS_VERSION='"$(EXTENSION_VERSION)"' -MMD -MP
PG_CFLAGS = -Wno-declaration-after-statement $(STRICT_FLAGS) $(CLANG_FLAGS)
SHLIB_LINK = $(CORE_LIBRARIES)

# The script that CREATE EXTENSION runs: fragments in the order of their names.
include sql/generate.mk
FRAGMENTS := $(wildcard sql/[0-9][0-9]_*.sql) $(GENERATED_SQL)

# setup creates what the other tests use.
REGRESS = setup \
	install \
	settings \
	pyradiomics_settings \
	features \
	pyradiomics \
	closed_forms \
	errors \
	nulls \
	matrices \
	parallel \
	large_object \
	volume \
	gpu \
	jobs \
	feature_tables \
	dicom \
	files \
	volume_functions
REGRESS_OPTS = --inputdir=test --load-extension=radiomics
ISOLATION = large_object_snapshot job_claim
# Results and expected output lie with those of pg_regress.
ISOLATION_OPTS = --inputdir=test --outputdir=. --load-extension=radiomics

EXTRA_CLEAN = build/helper build/helper-cuda $(EXTENSION_SCRIPT) $(DEPENDENCIES) $(GENERATED_CLEAN) build/sql

# JIT bitcode brings nothing to functions that run for milliseconds, and would
# compile everything twice.
override with_llvm := no

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# The core is compiled with its own flags only, so that the bits and the speed
# are those of its unit tests and benchmarks, whatever built the server.
CORE_SAFETY_FLAGS := -g -fPIC -fvisibility=hidden -fstack-protector-strong \
	-D_FORTIFY_SOURCE=2 -Wall $(STRICT_FLAGS)

src/core/%.o: src/core/%.c
	$(CC) $(CORE_FLAGS) $(CORE_SAFETY_FLAGS) $(LEVEL_FLAGS) $(COPT) -MMD -MP -c -o $@ $<

src/core/%.o: src/core/%.cc
	$(CXX) $(CORE_CXX_FLAGS) $(CORE_SAFETY_FLAGS) $(COPT) -MMD -MP -c -o $@ $<

src/core/%_v3.o: LEVEL_FLAGS := $(CORE_V3_FLAGS)

$(OBJS): Makefile src/core/core.mk radiomics.control

$(EXTENSION_SCRIPT): $(FRAGMENTS) Makefile radiomics.control
	for fragment in $(FRAGMENTS); do echo "$${fragment##*/} $$fragment"; done | \
		LC_ALL=C sort | cut -d ' ' -f 2 | xargs cat > $@.part
	mv $@.part $@

-include $(DEPENDENCIES)

# Of the core the helper takes what answers requests.
$(HELPER_BUILD)/libcore.a: $(CORE_OBJECTS)
	@mkdir -p $(@D)
	rm -f $@ && ar rcs $@ $^

$(HELPER): $(HELPER_OBJECTS) $(HELPER_BUILD)/libcore.a
	$(CXX) -o $@ $^ $(if $(HAVE_CUDA),$(CUDA_LIBRARIES)) -lm -pthread

all: $(HELPER)

install: install-helper
install-helper: $(HELPER) | installdirs
	$(INSTALL_PROGRAM) $(HELPER) '$(DESTDIR)$(pkglibdir)/radiomics_gpu'

uninstall: uninstall-helper
uninstall-helper:
	rm -f '$(DESTDIR)$(pkglibdir)/radiomics_gpu'

# Programs for a machine with a GPU.
$(HELPER_BUILD)/test_kernels: test/unit/test_kernels.c test/unit/random_request.h \
		$(HELPER_BUILD)/kernels/batch.o $(HELPER_BUILD)/kernels/cuda_runtime.o \
		$(HELPER_BUILD)/libcore.a
	$(CC) $(CORE_FLAGS) -I$(CUDA) -DON_GPU -c -o $@.o $<
	$(CXX) -o $@ $@.o $(filter %.o %.a,$^) $(CUDA_LIBRARIES) -lcmocka -lm -pthread

$(HELPER_BUILD)/bench_gpu: bench/bench_gpu.cc $(HELPER_BUILD)/kernels/batch.o \
		$(HELPER_BUILD)/kernels/cuda_runtime.o $(HELPER_BUILD)/libcore.a
	$(CXX) $(HELPER_FLAGS) -o $@ $(filter %.cc %.o %.a,$^) $(CUDA_LIBRARIES) -lm -pthread

cuda:
	$(MAKE) WITH_CUDA=yes build/helper-cuda/radiomics_gpu

check-gpu:
	test/check_gpu

check-core:
	$(MAKE) -C test/unit check

check-includes:
	.ci/check_includes

.PHONY: check-core check-includes check-gpu cuda install-helper uninstall-helper
