/*
 * Fuzzing of NRRD files.
 */
#define FUZZ_RECOGNISE(bytes, length) ((length) > 4 && memcmp(bytes, "NRRD", 4) == 0)

#include "fuzz_reading.h"
