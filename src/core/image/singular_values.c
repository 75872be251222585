/*
 * Golub and Reinsch's singular value decomposition of a 3 x 3 matrix: Householder
 * reflections to a bidiagonal matrix, then shifted QR steps.  Columns first here:
 * x[c][r].
 */
#include "image/singular_values.h"

#include <math.h>
#include <string.h>

/* QR steps for one singular value; LINPACK gives up after as many. */
#define MOST_STEPS 30

typedef struct Decomposition
{
	double		x[3][3];		/* the matrix, then its reflections */
	double		s[3];			/* diagonal, then singular values */
	double		e[3];			/* superdiagonal */
	double		u[3][3];
	double		v[3][3];
} Decomposition;

/* Euclidean length without overflow. */
static double
norm(const double *x, int count)
{
	double		scale = 0.0;
	double		sum = 1.0;

	if (count == 1)
		return fabs(x[0]);
	for (int n = 0; n < count; n++)
	{
		double		magnitude = fabs(x[n]);

		if (magnitude == 0.0)
			continue;
		if (scale < magnitude)
		{
			sum = 1.0 + sum * ((scale / magnitude) * (scale / magnitude));
			scale = magnitude;
		}
		else
			sum += (magnitude / scale) * (magnitude / scale);
	}
	return scale * sqrt(sum);
}

static double
dot(const double *a, const double *b, int count)
{
	double		sum = 0.0;

	for (int n = 0; n < count; n++)
		sum += a[n] * b[n];
	return sum;
}

/* y += factor x */
static void
add_scaled(double factor, const double *x, double *y, int count)
{
	for (int n = 0; n < count && factor != 0.0; n++)
		y[n] += factor * x[n];
}

static void
scale(double factor, double *x, int count)
{
	for (int n = 0; n < count; n++)
		x[n] *= factor;
}

/* Make x a reflector; what the reflection leaves of x is returned. */
static double
reflector(double *x, int count)
{
	double		length = norm(x, count);

	if (length != 0.0)
	{
		if (x[0] != 0.0)
			length = copysign(length, x[0]);
		scale(1.0 / length, x, count);
		x[0] += 1.0;
	}
	return -length;
}

static void
reflect(const double *reflector, double *x, int count)
{
	add_scaled(-dot(reflector, x, count) / reflector[0], reflector, x, count);
}

/* The rotation that turns (*a, b) into (*a, 0). */
static void
make_rotation(double *a, double b, double *cosine, double *sine)
{
	double		larger = fabs(*a) > fabs(b) ? *a : b;
	double		sum = fabs(*a) + fabs(b);
	double		length;

	*cosine = 1.0;
	*sine = 0.0;
	if (sum == 0.0)
	{
		*a = 0.0;
		return;
	}
	length = sum * sqrt((*a / sum) * (*a / sum) + (b / sum) * (b / sum));
	length = copysign(1.0, larger) * length;
	*cosine = *a / length;
	*sine = b / length;
	*a = length;
}

static void
rotate(double x[3], double y[3], double cosine, double sine)
{
	for (int n = 0; n < 3; n++)
	{
		double		turned = cosine * x[n] + sine * y[n];

		y[n] = cosine * y[n] - sine * x[n];
		x[n] = turned;
	}
}

static void
swap(double *a, double *b, int count)
{
	for (int n = 0; n < count; n++)
	{
		double		kept = a[n];

		a[n] = b[n];
		b[n] = kept;
	}
}

/* To bidiagonal form; reflectors are left in u and v. */
static void
bidiagonalise(Decomposition *d)
{
	for (int l = 0; l < 2; l++)
	{
		d->s[l] = reflector(&d->x[l][l], 3 - l);
		for (int j = l + 1; j < 3; j++)
		{
			if (d->s[l] != 0.0)
				reflect(&d->x[l][l], &d->x[j][l], 3 - l);
			d->e[j] = d->x[j][l];
		}
		memcpy(&d->u[l][l], &d->x[l][l], (size_t) (3 - l) * sizeof(double));
		if (l == 0)
		{
			d->e[0] = reflector(&d->e[1], 2);
			if (d->e[0] != 0.0)
			{
				double		work[2] = {0.0, 0.0};

				for (int j = 1; j < 3; j++)
					add_scaled(d->e[j], &d->x[j][1], work, 2);
				for (int j = 1; j < 3; j++)
					add_scaled(-d->e[j] / d->e[1], work, &d->x[j][1], 2);
			}
			memcpy(&d->v[0][1], &d->e[1], 2 * sizeof(double));
		}
	}
	d->s[2] = d->x[2][2];
	d->e[1] = d->x[2][1];
	d->e[2] = 0.0;
}

/* Multiply the reflections out into u and v. */
static void
accumulate(Decomposition *d)
{
	memcpy(d->u[2], (double[3]) {0.0, 0.0, 1.0}, sizeof(d->u[2]));
	for (int l = 1; l >= 0; l--)
	{
		if (d->s[l] == 0.0)
		{
			memset(d->u[l], 0, sizeof(d->u[l]));
			d->u[l][l] = 1.0;
			continue;
		}
		for (int j = l + 1; j < 3; j++)
			reflect(&d->u[l][l], &d->u[j][l], 3 - l);
		scale(-1.0, &d->u[l][l], 3 - l);
		d->u[l][l] += 1.0;
		memset(d->u[l], 0, (size_t) l * sizeof(double));
	}
	memcpy(d->v[2], (double[3]) {0.0, 0.0, 1.0}, sizeof(d->v[2]));
	memcpy(d->v[1], (double[3]) {0.0, 1.0, 0.0}, sizeof(d->v[1]));
	if (d->e[0] != 0.0)
		for (int j = 1; j < 3; j++)
			reflect(&d->v[0][1], &d->v[j][1], 2);
	memcpy(d->v[0], (double[3]) {1.0, 0.0, 0.0}, sizeof(d->v[0]));
}

/* Rotate the superdiagonal element beside a diagonal one of zero away, upwards. */
static void
deflate(Decomposition *d, int l, int m)
{
	double		f = d->e[m - 1];

	d->e[m - 1] = 0.0;
	for (int k = m - 1; k >= l; k--)
	{
		double		cosine;
		double		sine;

		make_rotation(&d->s[k], f, &cosine, &sine);
		if (k != l)
		{
			f = -sine * d->e[k - 1];
			d->e[k - 1] *= cosine;
		}
		rotate(d->v[k], d->v[m], cosine, sine);
	}
}

/* The same downwards from element l - 1. */
static void
split(Decomposition *d, int l, int m)
{
	double		f = d->e[l - 1];

	d->e[l - 1] = 0.0;
	for (int k = l; k <= m; k++)
	{
		double		cosine;
		double		sine;

		make_rotation(&d->s[k], f, &cosine, &sine);
		f = -sine * d->e[k];
		d->e[k] *= cosine;
		rotate(d->u[k], d->u[l - 1], cosine, sine);
	}
}

/* One shifted QR step on elements l to m. */
static void
step(Decomposition *d, int l, int m)
{
	double	   *s = d->s;
	double	   *e = d->e;
	double		largest = fmax(fmax(fmax(fabs(s[m]), fabs(s[m - 1])), fmax(fabs(e[m - 1]), fabs(s[l]))),
							   fabs(e[l]));
	double		sm = s[m] / largest;
	double		before = s[m - 1] / largest;
	double		beside = e[m - 1] / largest;
	double		sl = s[l] / largest;
	double		el = e[l] / largest;
	double		b = ((before + sm) * (before - sm) + beside * beside) / 2.0;
	double		c = (sm * beside) * (sm * beside);
	double		shift = 0.0;
	double		f;
	double		g;

	if (b != 0.0 || c != 0.0)
	{
		shift = sqrt(b * b + c);
		if (b < 0.0)
			shift = -shift;
		shift = c / (b + shift);
	}
	f = (sl + sm) * (sl - sm) + shift;
	g = sl * el;
	for (int k = l; k < m; k++)
	{
		double		cosine;
		double		sine;

		make_rotation(&f, g, &cosine, &sine);
		if (k != l)
			e[k - 1] = f;
		f = cosine * s[k] + sine * e[k];
		e[k] = cosine * e[k] - sine * s[k];
		g = sine * s[k + 1];
		s[k + 1] = cosine * s[k + 1];
		rotate(d->v[k], d->v[k + 1], cosine, sine);
		make_rotation(&f, g, &cosine, &sine);
		s[k] = f;
		f = cosine * e[k] + sine * s[k + 1];
		s[k + 1] = -sine * e[k] + cosine * s[k + 1];
		g = sine * e[k + 1];
		e[k + 1] = cosine * e[k + 1];
		if (k < 2)
			rotate(d->u[k], d->u[k + 1], cosine, sine);
	}
	e[m - 1] = f;
}

/* Element m has converged: make it positive and sort it in. */
static void
settle(Decomposition *d, int l)
{
	if (d->s[l] < 0.0)
	{
		d->s[l] = -d->s[l];
		scale(-1.0, d->v[l], 3);
	}
	for (; l < 2 && d->s[l] < d->s[l + 1]; l++)
	{
		swap(&d->s[l], &d->s[l + 1], 1);
		swap(d->v[l], d->v[l + 1], 3);
		swap(d->u[l], d->u[l + 1], 3);
	}
}

static void
decompose(Decomposition *d)
{
	int			steps = 0;

	bidiagonalise(d);
	accumulate(d);
	for (int m = 2; m >= 0 && steps < MOST_STEPS;)
	{
		int			l;
		int			negligible;

		/* The last negligible superdiagonal element is before element l. */
		for (l = m - 1; l >= 0; l--)
		{
			double		sum = fabs(d->s[l]) + fabs(d->s[l + 1]);

			if (sum + fabs(d->e[l]) == sum)
			{
				d->e[l] = 0.0;
				break;
			}
		}
		if (l == m - 1)
		{
			settle(d, m);
			steps = 0;
			m--;
			continue;
		}
		for (negligible = m; negligible > l; negligible--)
		{
			double		sum = (negligible != m ? fabs(d->e[negligible]) : 0.0) +
				(negligible != l + 1 ? fabs(d->e[negligible - 1]) : 0.0);

			if (sum + fabs(d->s[negligible]) == sum)
			{
				d->s[negligible] = 0.0;
				break;
			}
		}
		if (negligible == l)
		{
			step(d, l + 1, m);
			steps++;
		}
		else if (negligible == m)
			deflate(d, l + 1, m);
		else
			split(d, negligible + 1, m);
	}
}

void
rad_singular_inverse(double (*matrix)[3], double (*inverse)[3])
{
	Decomposition d;

	for (int r = 0; r < 3; r++)
		for (int c = 0; c < 3; c++)
			d.x[c][r] = matrix[r][c];
	decompose(&d);
	for (int r = 0; r < 3; r++)
		for (int c = 0; c < 3; c++)
		{
			double		sum = 0.0;

			for (int k = 0; k < 3; k++)
				sum += d.v[k][r] * (1.0 / d.s[k]) * d.u[k][c];
			inverse[r][c] = sum;
		}
}
