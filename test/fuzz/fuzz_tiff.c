/*
 * Fuzzing of TIFF files.
 */
#define FUZZ_RECOGNISE(bytes, length) \
	((length) > 4 && (memcmp(bytes, "II", 2) == 0 || memcmp(bytes, "MM", 2) == 0))

#include "fuzz_reading.h"
