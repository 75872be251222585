# The helper that has the GPUs, for the Makefile and the benchmarks.
#
#   WITH_CUDA=auto|yes|no    with the CUDA part: when nvcc is found, always
#                            (an error without nvcc), or never.  Without it the
#                            helper only emulates a device, for tests.
#   CUDA_ARCHITECTURES=...   compute capabilities to build for
#
# libcuda is not linked: the static runtime loads it where there is a GPU.
WITH_CUDA ?= auto
CUDA_ARCHITECTURES ?= 75 80 86 89 90 100 120
NVCC ?= $(firstword $(wildcard $(shell command -v nvcc 2>/dev/null) /usr/local/cuda/bin/nvcc))

ifeq ($(WITH_CUDA),auto)
HAVE_CUDA := $(if $(NVCC),yes)
else ifeq ($(WITH_CUDA),yes)
HAVE_CUDA := yes
ifeq ($(NVCC),)
$(error WITH_CUDA=yes needs nvcc: install the CUDA toolkit, or set NVCC)
endif
else
HAVE_CUDA :=
endif

# Code for every architecture, and PTX of the last for newer ones.
CUDA_CODE := $(foreach arch,$(CUDA_ARCHITECTURES),-gencode arch=compute_$(arch),code=sm_$(arch)) \
	-gencode arch=compute_$(lastword $(CUDA_ARCHITECTURES)),code=compute_$(lastword $(CUDA_ARCHITECTURES))

# Same bits as the CPU: no contraction here either.
CUDA_FLAGS := -std=c++17 -O3 -fmad=false -DRADIOMICS_WITH_CUDA -I$(CORE) -I$(CUDA) $(CUDA_CODE) \
	-Xcompiler -Wall
CUDA_LIBRARIES = -L$(dir $(NVCC))../lib64 -lcudart_static -ldl -lrt

HELPER_BUILD ?= build/helper$(if $(HAVE_CUDA),-cuda)
HELPER_FLAGS := -std=c++17 -O2 -g -Wall -Wextra -Werror -fstack-protector-strong -I$(CORE) -I$(CUDA) \
	$(if $(HAVE_CUDA),-DRADIOMICS_WITH_CUDA)
HELPER_SOURCES := $(sort $(wildcard $(CUDA)/helper/*.cc)) $(CUDA)/kernels/batch.cc
HELPER_OBJECTS := $(patsubst $(CUDA)/%.cc,$(HELPER_BUILD)/%.o,$(HELPER_SOURCES)) \
	$(if $(HAVE_CUDA),$(HELPER_BUILD)/kernels/cuda_runtime.o)
HELPER := $(HELPER_BUILD)/radiomics_gpu

$(HELPER_BUILD)/%.o: $(CUDA)/%.cc
	@mkdir -p $(@D)
	$(CXX) $(HELPER_FLAGS) -MMD -MP -c -o $@ $<

$(HELPER_BUILD)/%.o: $(CUDA)/%.cu $(wildcard $(CUDA)/kernels/*.h) $(CORE)/device/request.h $(CORE)/device/device.h
	@mkdir -p $(@D)
	$(NVCC) $(CUDA_FLAGS) -c -o $@ $<

-include $(shell find $(HELPER_BUILD) -name '*.d' 2>/dev/null)
