/*
 * The formulas of PyRadiomics' class glcm.
 *
 * p(i,j) is a cell's value over the sum of all.  The marginals px, py, the
 * sums p+(k) and p-(k) and the sum of p i j are found in one pass over the
 * cells; most features are sums over these.  HXY1 and HXY2 are sums over
 * products of marginals: with eps first order in eps, else HX + HY, because
 * sum of p log2(px py) = sum of px log2 px + sum of py log2 py.
 */
#include <math.h>
#include <string.h>

#include "pyradiomics/glcm.h"

/* With more levels in a row or column the products are not formed. */
#define FEW_LEVELS 8

/* Differences between entropies that are rounding. */
#define ENTROPY_ROUNDING 1e-14

bool
rad_pyradiomics_glcm_work(RadContext *context, int level_count, int present_count,
						  bool symmetric, bool want_mcc, GlcmWork **work)
{
	GlcmWork   *made = rad_new_zeroed(context, GlcmWork, 1);
	double		levels = level_count;

	if (made == NULL)
		return false;
	made->level_count = level_count;
	made->present_count = present_count;
	made->symmetric = symmetric;
	made->want_mcc = want_mcc;
	rad_pyradiomics_logs_fill(&made->logs);
	made->row = rad_new(context, double, level_count + 1);
	made->column = symmetric ? made->row : rad_new(context, double, level_count + 1);
	made->plus = rad_new(context, double, 2 * (int64_t) level_count + 1);
	made->minus = rad_new(context, double, level_count);
	made->weight = rad_allocate(context, (size_t) level_count, sizeof(*made->weight));
	if (made->row == NULL || made->column == NULL || made->plus == NULL ||
		made->minus == NULL || made->weight == NULL)
		return false;
	for (int n = 0; n < level_count; n++)
	{
		double		k = n;

		made->weight[n][0] = 1.0 / (1.0 + k);
		made->weight[n][1] = 1.0 / (1.0 + k * k);
		made->weight[n][2] = 1.0 / (1.0 + k / levels);
		made->weight[n][3] = 1.0 / (1.0 + (k * k) / (levels * levels));
		made->weight[n][4] = n == 0 ? 0.0 : 1.0 / (k * k);
	}
	*work = made;
	return true;
}

void
rad_pyradiomics_glcm_work_release(RadContext *context, GlcmWork *work)
{
	if (!work->symmetric)
		rad_release(context, work->column);
	rad_release(context, work->row);
	rad_release(context, work->plus);
	rad_release(context, work->minus);
	rad_release(context, work->weight);
	rad_pyradiomics_mcc_release(context, &work->mcc);
	rad_release(context, work);
}

/* Sums over the cells. */
typedef struct CellSums
{
	double		total;
	double		product;		/* of value i j */
	double		square;			/* of value^2 */
	double		largest;
	double		entropy;		/* HXY */
} CellSums;

static CellSums
sum_cells(GlcmWork *work, const PyradiomicsCell *cells, int64_t cell_count)
{
	CellSums	sums = {0};
	PyradiomicsEntropy entropy;

	memset(work->row, 0, (size_t) (work->level_count + 1) * sizeof(double));
	if (!work->symmetric)
		memset(work->column, 0, (size_t) (work->level_count + 1) * sizeof(double));
	memset(work->plus, 0, (size_t) (2 * (int64_t) work->level_count + 1) * sizeof(double));
	memset(work->minus, 0, (size_t) work->level_count * sizeof(double));
	rad_pyradiomics_entropy_begin(&entropy, &work->logs);
	for (int64_t c = 0; c < cell_count; c++)
	{
		int32_t		i = cells[c].i;
		int32_t		j = cells[c].j;
		double		value = cells[c].value;

		work->row[i] += value;
		if (!work->symmetric)
			work->column[j] += value;
		work->plus[i + j] += value;
		work->minus[i > j ? i - j : j - i] += value;
		sums.total += value;
		sums.product += value * ((double) i * j);
		sums.square += value * value;
		sums.largest = value > sums.largest ? value : sums.largest;
		rad_pyradiomics_entropy_add(&entropy, value);
	}
	sums.entropy = rad_pyradiomics_entropy_end(&entropy, sums.total);
	return sums;
}

/* Mean, variance and entropy of a marginal, and how many levels it has. */
typedef struct Marginal
{
	double		mean;
	double		variance;
	double		entropy;
	int			count;
} Marginal;

static Marginal
measure_marginal(const GlcmWork *work, const double *sum, double total)
{
	Marginal	marginal = {0};
	PyradiomicsEntropy entropy;

	rad_pyradiomics_entropy_begin(&entropy, &work->logs);
	for (int i = 1; i <= work->level_count; i++)
	{
		if (sum[i] == 0.0)
			continue;
		marginal.mean += sum[i] * i;
		rad_pyradiomics_entropy_add(&entropy, sum[i]);
	}
	marginal.mean /= total;
	for (int i = 1; i <= work->level_count; i++)
		marginal.variance += sum[i] * ((i - marginal.mean) * (i - marginal.mean));
	marginal.variance /= total;
	marginal.count = (int) entropy.count;
	marginal.entropy = rad_pyradiomics_entropy_end(&entropy, total);
	return marginal;
}

/* Features of p+: SumAverage, SumEntropy, cluster features. */
static void
sum_features(const GlcmWork *work, double total, double centre, double *features)
{
	PyradiomicsEntropy entropy;
	double		average = 0.0;
	double		moment[3] = {0.0, 0.0, 0.0};

	rad_pyradiomics_entropy_begin(&entropy, &work->logs);
	for (int k = 2; k <= 2 * work->level_count; k++)
	{
		double		value = work->plus[k];
		double		from = k - centre;
		double		square = from * from;

		if (value == 0.0)
			continue;
		average += value * k;
		moment[0] += value * square;
		moment[1] += value * (square * from);
		moment[2] += value * (square * square);
		rad_pyradiomics_entropy_add(&entropy, value);
	}
	features[GLCM_FEATURE(SumAverage)] = average / total;
	features[GLCM_FEATURE(SumEntropy)] = rad_pyradiomics_entropy_end(&entropy, total);
	features[GLCM_FEATURE(ClusterTendency)] = moment[0] / total;
	features[GLCM_FEATURE(ClusterShade)] = moment[1] / total;
	features[GLCM_FEATURE(ClusterProminence)] = moment[2] / total;
}

/* Features of p-: Difference..., Contrast, inverse differences. */
static void
difference_features(const GlcmWork *work, double total, double *features)
{
	PyradiomicsEntropy entropy;
	double		average = 0.0;
	double		contrast = 0.0;
	double		variance = 0.0;
	double		weighted[5] = {0.0};

	rad_pyradiomics_entropy_begin(&entropy, &work->logs);
	for (int k = 0; k < work->level_count; k++)
	{
		double		value = work->minus[k];

		if (value == 0.0)
			continue;
		average += value * k;
		contrast += value * ((double) k * k);
		for (int n = 0; n < 5; n++)
			weighted[n] += value * work->weight[k][n];
		rad_pyradiomics_entropy_add(&entropy, value);
	}
	average /= total;
	for (int k = 0; k < work->level_count; k++)
		variance += work->minus[k] * ((k - average) * (k - average));
	features[GLCM_FEATURE(DifferenceAverage)] = average;
	features[GLCM_FEATURE(DifferenceEntropy)] = rad_pyradiomics_entropy_end(&entropy, total);
	features[GLCM_FEATURE(DifferenceVariance)] = variance / total;
	features[GLCM_FEATURE(Contrast)] = contrast / total;
	features[GLCM_FEATURE(Id)] = weighted[0] / total;
	features[GLCM_FEATURE(Idm)] = weighted[1] / total;
	features[GLCM_FEATURE(Idn)] = weighted[2] / total;
	features[GLCM_FEATURE(Idmn)] = weighted[3] / total;
	features[GLCM_FEATURE(InverseVariance)] = weighted[4] / total;
}

/* HXY1 and HXY2 term by term. */
static void
cross_entropies_of_few(const GlcmWork *work, const PyradiomicsCell *cells,
					   int64_t cell_count, double total, double *first, double *second)
{
	*first = *second = 0.0;
	for (int64_t c = 0; c < cell_count; c++)
		*first -= cells[c].value / total *
			log2(work->row[cells[c].i] / total * (work->column[cells[c].j] / total) +
				 PYRADIOMICS_EPSILON);
	for (int i = 1; i <= work->level_count; i++)
	{
		double		px = work->row[i] / total;

		for (int j = 1; px > 0.0 && j <= work->level_count; j++)
		{
			double		product = px * (work->column[j] / total);

			if (product > 0.0)
				*second -= product * log2(product + PYRADIOMICS_EPSILON);
		}
	}
}

/*
 * HXY1 and HXY2 from HX and HY, which have eps in them once already: log2(px
 * py + eps) is log2 px + log2 py + eps / (px py ln 2), to first order.
 */
static void
cross_entropies(const GlcmWork *work, const PyradiomicsCell *cells, int64_t cell_count,
				double total, const Marginal *x, const Marginal *y,
				double *first, double *second)
{
	const double unit = PYRADIOMICS_EPSILON * M_LOG2E;
	double		plain = x->entropy + x->count * unit + y->entropy + y->count * unit;
	double		correction = 0.0;

	for (int64_t c = 0; c < cell_count; c++)
		correction += cells[c].value / (work->row[cells[c].i] * work->column[cells[c].j]);
	*first = plain - unit * total * correction;
	*second = plain - unit * ((double) x->count * y->count);
}

/* Informational measures of correlation. */
static void
information_features(const GlcmWork *work, const PyradiomicsCell *cells,
					 int64_t cell_count, const CellSums *sums,
					 const Marginal *x, const Marginal *y, double *features)
{
	double		divisor = fmax(x->entropy, y->entropy);
	double		first;
	double		second;
	double		difference;

	if (x->count <= FEW_LEVELS && y->count <= FEW_LEVELS)
		cross_entropies_of_few(work, cells, cell_count, sums->total, &first, &second);
	else
		cross_entropies(work, cells, cell_count, sums->total, x, y, &first, &second);
	difference = second - sums->entropy;
	if (fabs(difference) < ENTROPY_ROUNDING)
		difference = 0.0;
	features[GLCM_FEATURE(Imc1)] = divisor == 0.0 ? 0.0 : (sums->entropy - first) / divisor;
	if (x->count == 1 && y->count == 1)
		features[GLCM_FEATURE(Imc1)] = 0.0;
	/* NAN for HXY2 < HXY, as in PyRadiomics. */
	features[GLCM_FEATURE(Imc2)] = sqrt(1.0 - exp(-2.0 * difference));
}

bool
rad_pyradiomics_glcm_matrix(RadContext *context, GlcmWork *work,
							const PyradiomicsCell *cells, int64_t cell_count,
							double features[PYRADIOMICS_GLCM_FEATURES])
{
	CellSums	sums;
	Marginal	x;
	Marginal	y;
	double		deviations;

	for (int n = 0; n < PYRADIOMICS_GLCM_FEATURES; n++)
		features[n] = NAN;
	if (work->present_count == 1)
		features[GLCM_FEATURE(MCC)] = 1.0;
	if (cell_count == 0)
		return true;
	sums = sum_cells(work, cells, cell_count);
	/* Weights of long directions can all be 0. */
	if (sums.total == 0.0)
		return true;
	x = measure_marginal(work, work->row, sums.total);
	y = work->symmetric ? x : measure_marginal(work, work->column, sums.total);

	features[GLCM_FEATURE(Autocorrelation)] = sums.product / sums.total;
	features[GLCM_FEATURE(JointAverage)] = x.mean;
	features[GLCM_FEATURE(JointEnergy)] = sums.square / (sums.total * sums.total);
	features[GLCM_FEATURE(JointEntropy)] = sums.entropy;
	features[GLCM_FEATURE(MaximumProbability)] = sums.largest / sums.total;
	features[GLCM_FEATURE(SumSquares)] = x.variance;
	sum_features(work, sums.total, x.mean + y.mean, features);
	difference_features(work, sums.total, features);
	information_features(work, cells, cell_count, &sums, &x, &y, features);

	/* Var(i + j) = Var i + Var j + 2 Cov(i, j). */
	deviations = sqrt(x.variance) * sqrt(y.variance);
	features[GLCM_FEATURE(Correlation)] = deviations == 0.0 ? 1.0 :
		(features[GLCM_FEATURE(ClusterTendency)] - x.variance - y.variance) / 2.0 /
		(deviations + PYRADIOMICS_EPSILON);
	return !work->want_mcc || work->present_count == 1 ||
		rad_pyradiomics_mcc(context, &work->mcc, cells, cell_count, sums.total, work->row,
							work->column, work->level_count, work->symmetric,
							&features[GLCM_FEATURE(MCC)]);
}
