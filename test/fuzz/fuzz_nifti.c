/*
 * Fuzzing of NIfTI files, plain and gzip, and of what is no format at all.
 */
#define FUZZ_RECOGNISE(bytes, length) \
	!((length) > 4 && (memcmp(bytes, "NRRD", 4) == 0 || memcmp(bytes, "II", 2) == 0 || \
					   memcmp(bytes, "MM", 2) == 0))

#include "fuzz_reading.h"
