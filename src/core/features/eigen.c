/*
 * Cyclic Jacobi method for symmetric 3x3 matrices (Golub and Van Loan, Matrix
 * Computations, section 8.5).  Only + - * / and sqrt, which IEEE 754 rounds
 * correctly, so the bits are the same on every machine.
 */
#include "features/eigen.h"

#include <math.h>
#include <string.h>

/* Convergence is quadratic: about 5 sweeps; 32 cannot be reached. */
#define MOST_SWEEPS 32

/* One rotation in the plane (p, q) that makes a[p][q] zero. */
static void
rotate(double a[3][3], int p, int q)
{
	int			other = 3 - p - q;
	double		theta;
	double		tangent;
	double		cosine;
	double		sine;
	double		at_p = a[other][p];
	double		at_q = a[other][q];

	if (a[p][q] == 0.0)
		return;
	theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
	tangent = 1.0 / (fabs(theta) + sqrt(theta * theta + 1.0));
	if (theta < 0.0)
		tangent = -tangent;
	cosine = 1.0 / sqrt(tangent * tangent + 1.0);
	sine = tangent * cosine;
	a[p][p] -= tangent * a[p][q];
	a[q][q] += tangent * a[p][q];
	a[p][q] = a[q][p] = 0.0;
	a[other][p] = a[p][other] = cosine * at_p - sine * at_q;
	a[other][q] = a[q][other] = sine * at_p + cosine * at_q;
}

void
rad_eigenvalues(const double matrix[3][3], double eigenvalues[3])
{
	double		a[3][3];

	memcpy(a, matrix, sizeof(a));
	for (int sweep = 0; sweep < MOST_SWEEPS; sweep++)
	{
		double		off = fabs(a[0][1]) + fabs(a[0][2]) + fabs(a[1][2]);
		double		trace = fabs(a[0][0]) + fabs(a[1][1]) + fabs(a[2][2]);

		if (!(off > 1e-20 * trace))
			break;
		rotate(a, 0, 1);
		rotate(a, 0, 2);
		rotate(a, 1, 2);
	}
	for (int n = 0; n < 3; n++)
		eigenvalues[n] = a[n][n];
	for (int n = 0; n < 2; n++)
		for (int m = 0; m < 2 - n; m++)
			if (eigenvalues[m] < eigenvalues[m + 1])
			{
				double		swap = eigenvalues[m];

				eigenvalues[m] = eigenvalues[m + 1];
				eigenvalues[m + 1] = swap;
			}
}
