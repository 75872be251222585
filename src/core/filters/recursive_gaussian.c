/*
 * Coefficients of the recursive filters.  The order of operations is ITK's.
 */
#include "filters/recursive_gaussian.h"

#include <math.h>

/* The fit of Farneback and Westin: exp(l t) (a cos(w t) + b sin(w t)), twice. */
typedef struct Fit
{
	double		a1;
	double		b1;
	double		a2;
	double		b2;
} Fit;

static const Fit zero_order = {1.3530, 1.8151, -0.3531, 0.0902};
static const Fit second_order = {-1.3563, 5.2318, 0.3446, -2.2355};

static const double W1 = 0.6681;
static const double L1 = -1.3932;
static const double W2 = 2.0787;
static const double L2 = -1.3732;

/* A polynomial at 1, with its first moment and its second. */
typedef struct Moments
{
	double		s;
	double		d;
	double		e;
} Moments;

static Moments
feedback(double sigma, double d[4])
{
	double		c1 = (double) cosl(W1 / sigma);
	double		c2 = cos(W2 / sigma);
	double		e1 = exp(L1 / sigma);
	double		e2 = exp(L2 / sigma);

	d[3] = e1 * e1 * e2 * e2;
	d[2] = -2.0 * c1 * e1 * e2 * e2;
	d[2] += -2.0 * c2 * e2 * e1 * e1;
	d[1] = 4.0 * c2 * c1 * e1 * e2;
	d[1] += e1 * e1 + e2 * e2;
	d[0] = -2.0 * (e2 * c2 + e1 * c1);
	return (Moments) {
		1.0 + d[0] + d[1] + d[2] + d[3],
		d[0] + 2.0 * d[1] + 3.0 * d[2] + 4.0 * d[3],
		d[0] + 4.0 * d[1] + 9.0 * d[2] + 16.0 * d[3],
	};
}

static Moments
feedforward(double sigma, const Fit *f, double n[4])
{
	double		s1 = sin(W1 / sigma);
	double		s2 = sin(W2 / sigma);
	double		c1 = (double) cosl(W1 / sigma);
	double		c2 = cos(W2 / sigma);
	double		e1 = exp(L1 / sigma);
	double		e2 = exp(L2 / sigma);

	n[0] = f->a1 + f->a2;
	n[1] = e2 * (f->b2 * s2 - (f->a2 + 2.0 * f->a1) * c2);
	n[1] += e1 * (f->b1 * s1 - (f->a1 + 2.0 * f->a2) * c1);
	n[2] = (f->a1 + f->a2) * c2 * c1;
	n[2] -= f->b1 * c2 * s1 + f->b2 * c1 * s2;
	n[2] *= 2.0 * e1 * e2;
	n[2] += f->a2 * e1 * e1 + f->a1 * e2 * e2;
	n[3] = e2 * e1 * e1 * (f->b2 * s2 - f->a2 * c2);
	n[3] += e1 * e2 * e2 * (f->b1 * s1 - f->a1 * c1);
	return (Moments) {
		n[0] + n[1] + n[2] + n[3],
		n[1] + 2.0 * n[2] + 3.0 * n[3],
		n[1] + 4.0 * n[2] + 9.0 * n[3],
	};
}

/* What follows from d and n: the anticausal part and the boundaries. */
static void
complete(RecursiveFilter *filter)
{
	double		sn = filter->n[0] + filter->n[1] + filter->n[2] + filter->n[3];
	double		sd = 1.0 + filter->d[0] + filter->d[1] + filter->d[2] + filter->d[3];
	double		sm;

	for (int k = 0; k < 3; k++)
		filter->m[k] = filter->n[k + 1] - filter->d[k] * filter->n[0];
	filter->m[3] = -filter->d[3] * filter->n[0];
	sm = filter->m[0] + filter->m[1] + filter->m[2] + filter->m[3];
	for (int k = 0; k < 4; k++)
	{
		filter->bn[k] = filter->d[k] * sn / sd;
		filter->bm[k] = filter->d[k] * sm / sd;
	}
}

void
rad_recursive_gaussian(double sigma, double spacing, RecursiveFilter *filter)
{
	Moments		d = feedback(sigma / spacing, filter->d);
	Moments		n = feedforward(sigma / spacing, &zero_order, filter->n);
	double		alpha = 2.0 * n.s / d.s - filter->n[0];

	for (int k = 0; k < 4; k++)
		filter->n[k] *= 1.0 / alpha;
	complete(filter);
}

void
rad_recursive_second_derivative(double sigma, double spacing, RecursiveFilter *filter)
{
	double		n0[4];
	Moments		d = feedback(sigma / spacing, filter->d);
	Moments		zero = feedforward(sigma / spacing, &zero_order, n0);
	Moments		n = feedforward(sigma / spacing, &second_order, filter->n);
	double		beta = -(2.0 * n.s - d.s * filter->n[0]) / (2.0 * zero.s - d.s * n0[0]);
	double		alpha;

	for (int k = 0; k < 4; k++)
		filter->n[k] += beta * n0[k];
	n.s += beta * zero.s;
	n.d += beta * zero.d;
	n.e += beta * zero.e;
	alpha = n.e * d.s * d.s - d.e * n.s * d.s - 2.0 * n.d * d.d * d.s + 2.0 * d.d * d.d * n.s;
	alpha /= d.s * d.s * d.s;
	for (int k = 0; k < 4; k++)
		filter->n[k] *= sigma * sigma / alpha;
	complete(filter);
}
