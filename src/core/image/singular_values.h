/*
 * Inverse of a 3 x 3 matrix through its singular values, in the order of
 * operations of LINPACK's DSVDC (Dongarra, Bunch, Moler, Stewart, "LINPACK
 * Users' Guide", SIAM 1979), which ITK inverts a grid's matrix with.
 */
#ifndef RAD_IMAGE_SINGULAR_VALUES_H
#define RAD_IMAGE_SINGULAR_VALUES_H

/* Both 3 x 3, rows first: matrix[r][c].  The matrix must not be singular. */
extern void rad_singular_inverse(double (*matrix)[3], double (*inverse)[3]);

#endif							/* RAD_IMAGE_SINGULAR_VALUES_H */
