/*
 * Fuzzing of MetaImage files.
 */
#define FUZZ_RECOGNISE(bytes, length) \
	((length) > 4 && memcmp(bytes, "NRRD", 4) != 0 && (bytes)[0] >= 'A' && (bytes)[0] <= 'Z')

#include "fuzz_reading.h"
