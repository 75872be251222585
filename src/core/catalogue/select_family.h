/*
 * The formulas of one family in the catalogue's order.  A family's source file
 * writes
 *
 *	static const Formula formulas[] = {
 *	#define SELECT_GLRLM(function) function,
 *	#include "catalogue/select_family.h"
 *	};
 *
 * No include guard, on purpose.
 */
#ifndef SELECT_MORPHOLOGY
#define SELECT_MORPHOLOGY(function)
#endif
#ifndef SELECT_LOCAL_INTENSITY
#define SELECT_LOCAL_INTENSITY(function)
#endif
#ifndef SELECT_INTENSITY_STATISTICS
#define SELECT_INTENSITY_STATISTICS(function)
#endif
#ifndef SELECT_INTENSITY_HISTOGRAM
#define SELECT_INTENSITY_HISTOGRAM(function)
#endif
#ifndef SELECT_INTENSITY_VOLUME_HISTOGRAM
#define SELECT_INTENSITY_VOLUME_HISTOGRAM(function)
#endif
#ifndef SELECT_GLCM
#define SELECT_GLCM(function)
#endif
#ifndef SELECT_GLRLM
#define SELECT_GLRLM(function)
#endif
#ifndef SELECT_GLSZM
#define SELECT_GLSZM(function)
#endif
#ifndef SELECT_GLDZM
#define SELECT_GLDZM(function)
#endif
#ifndef SELECT_NGTDM
#define SELECT_NGTDM(function)
#endif
#ifndef SELECT_NGLDM
#define SELECT_NGLDM(function)
#endif
#define FEATURE(family, tag, code, unit, range, name, function, pyradiomics, definition) \
	SELECT_##family(function)
#include "catalogue/catalogue.def"
#undef FEATURE
