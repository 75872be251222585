#ifndef RAD_FORMATS_NRRD_H
#define RAD_FORMATS_NRRD_H

#include "formats/codec.h"

extern const Codec rad_nrrd_codec;

#endif							/* RAD_FORMATS_NRRD_H */
