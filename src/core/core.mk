# Sources and flags of the core library, shared by the extension's Makefile and
# by test/unit.  CORE is the path of this folder, set by the including file.
CORE_SOURCES := $(sort $(wildcard $(CORE)/*/*.c))

# Same bits everywhere: no contraction into FMA, no value-changing maths flags.
CORE_FLAGS := -std=gnu11 -O3 -march=x86-64-v2 -ffp-contract=off -fno-math-errno \
	-I$(CORE)

# Kernels compiled once per x86-64 level (device/cpu_kernels.h).
CORE_V3_FLAGS := -march=x86-64-v3

CORE_LIBRARIES := -lisal -lm
