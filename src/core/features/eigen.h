/*
 * Eigenvalues of symmetric 3x3 matrices.
 */
#ifndef RAD_FEATURES_EIGEN_H
#define RAD_FEATURES_EIGEN_H

/*
 * Eigenvalues in descending order by Jacobi rotations: exact zeros for axes
 * without extent, relative error near 1e-15 of the largest otherwise.
 */
extern void rad_eigenvalues(const double matrix[3][3], double eigenvalues[3]);

#endif							/* RAD_FEATURES_EIGEN_H */
