#ifndef RAD_FORMATS_METAIMAGE_H
#define RAD_FORMATS_METAIMAGE_H

#include "formats/codec.h"

extern const Codec rad_metaimage_codec;

#endif							/* RAD_FORMATS_METAIMAGE_H */
