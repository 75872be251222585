/*
 * NumPy's pairwise sum of contiguous values, to the bit.
 */
#ifndef RAD_PYRADIOMICS_NUMPY_SUM_H
#define RAD_PYRADIOMICS_NUMPY_SUM_H

#include <stdint.h>

/* Of doubles, and of floats in single precision. */
extern double rad_numpy_sum(const double *values, int64_t count);
extern float rad_numpy_sum_float(const float *values, int64_t count);

#endif							/* RAD_PYRADIOMICS_NUMPY_SUM_H */
