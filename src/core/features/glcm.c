/*
 * Grey level co-occurrence matrix (IBSI LFYI, manual section 3.6).
 *
 * m_ij counts the pairs of a voxel of level i and a neighbour of level j at a
 * Chebyshev distance (1 unless set otherwise) along a direction and its
 * opposite, both inside the intensity mask; so the matrix is symmetric.
 * p_ij = m_ij / sum of m.
 *
 * Undefined values: correlation and information correlation 1 of a matrix with
 * one level only divide by a variance or an entropy of 0 and are NAN.
 */
#include "features/directional.h"

#include <math.h>

static int
level_columns(const GreyLevels *levels)
{
	return levels->level_count;
}

static bool
count_pairs(RadContext *context, const Device *device, const GreyLevels *levels,
			const Settings *settings, int first_slice, int last_slice,
			DirectionSet directions, uint32_t *counts)
{
	return device->count_cooccurrences(context, levels, first_slice, last_slice,
									   settings->glcm_distance, directions, counts);
}

static uint64_t
level_at(const GreyLevels *levels, int64_t at)
{
	return levels->bytes_per_level == 1 ? ((const uint8_t *) levels->levels)[at] :
		((const uint16_t *) levels->levels)[at];
}

/* Keys of the pairs of a slice's voxels, in both orders. */
static int64_t
list_pairs(const GreyLevels *levels, int slice, int64_t offset, int column_bits,
		   uint64_t *keys)
{
	int64_t		count = 0;

	for (int y = 0; y < levels->size[1]; y++)
	{
		int64_t		row = slice * levels->slice_stride + y * levels->row_stride;

		for (int64_t at = row; at < row + levels->size[0]; at++)
		{
			uint64_t	i = level_at(levels, at);
			uint64_t	j = level_at(levels, at + offset);

			if (i == 0 || j == 0)
				continue;
			keys[count++] = i << column_bits | j;
			keys[count++] = j << column_bits | i;
		}
	}
	return count;
}

static int
pair_distance(const Settings *settings)
{
	return settings->glcm_distance;
}

bool
rad_glcm_matrices(RadContext *context, TextureInput *input,
				  MatrixSink sink, void *argument)
{
	static const DirectionalFamily family = {
		.column_count = level_columns,
		.count = count_pairs,
		.list = list_pairs,
		.keys_per_voxel = 2,
		.distance = pair_distance,
		.symmetric = true,
	};

	return rad_directional_matrices(context, input, &family, sink, argument);
}

/* One value that i, |i - j| or i + j takes, and its probability. */
typedef struct Term
{
	double		value;
	double		probability;
} Term;

/* A distribution over i, |i - j| or i + j, in ascending order of the value. */
typedef struct Distribution
{
	int			count;			/* values with a probability above 0 */
	Term	   *terms;
	double		mean;
	double		entropy;		/* bits */
} Distribution;

/* What the formulas share.  Symmetry makes both marginals one. */
typedef struct CooccurrenceFeatures
{
	double		level_count;	/* N_g */
	double		largest;		/* largest p_ij */
	double		squares;		/* sum p_ij^2 */
	double		product;		/* sum i j p_ij */
	double		entropy;		/* HXY = - sum p_ij log2 p_ij */
	Distribution marginal;		/* p_i. ; its entropy is HX */
	Distribution difference;	/* p_{i-j} */
	Distribution sum;			/* p_{i+j} */
} CooccurrenceFeatures;

/* Sum of (value - centre)^power p; power 1 to 4. */
static double
central_moment(const Distribution *distribution, double centre, int power)
{
	double		sum = 0.0;

	for (int n = 0; n < distribution->count; n++)
	{
		double		deviation = distribution->terms[n].value - centre;
		double		factor = deviation;

		for (int k = 1; k < power; k++)
			factor *= deviation;
		sum += factor * distribution->terms[n].probability;
	}
	return sum;
}

/* Joint maximum, IBSI GYBY. */
static double
joint_maximum(const CooccurrenceFeatures *features)
{
	return features->largest;
}

/* Joint average, IBSI 60VM. */
static double
joint_average(const CooccurrenceFeatures *features)
{
	return features->marginal.mean;
}

/* Joint variance, IBSI UR99: around the joint average. */
static double
joint_variance(const CooccurrenceFeatures *features)
{
	return central_moment(&features->marginal, features->marginal.mean, 2);
}

/* Joint entropy, IBSI TU9B, bits. */
static double
joint_entropy(const CooccurrenceFeatures *features)
{
	return features->entropy;
}

/* Difference average, IBSI TF7R. */
static double
difference_average(const CooccurrenceFeatures *features)
{
	return features->difference.mean;
}

/* Difference variance, IBSI D3YU. */
static double
difference_variance(const CooccurrenceFeatures *features)
{
	return central_moment(&features->difference, features->difference.mean, 2);
}

/* Difference entropy, IBSI NTRS, bits. */
static double
difference_entropy(const CooccurrenceFeatures *features)
{
	return features->difference.entropy;
}

/* Sum average, IBSI ZGXS. */
static double
sum_average(const CooccurrenceFeatures *features)
{
	return features->sum.mean;
}

/* Sum variance, IBSI OEEB. */
static double
sum_variance(const CooccurrenceFeatures *features)
{
	return central_moment(&features->sum, features->sum.mean, 2);
}

/* Sum entropy, IBSI P6QZ, bits. */
static double
sum_entropy(const CooccurrenceFeatures *features)
{
	return features->sum.entropy;
}

/* Angular second moment, IBSI 8ZQL. */
static double
angular_second_moment(const CooccurrenceFeatures *features)
{
	return features->squares;
}

/* Contrast, IBSI ACUI: mean of (i - j)^2. */
static double
contrast(const CooccurrenceFeatures *features)
{
	return central_moment(&features->difference, 0.0, 2);
}

/* Dissimilarity, IBSI 8S9J: mean of |i - j|, which is the difference average. */
static double
dissimilarity(const CooccurrenceFeatures *features)
{
	return features->difference.mean;
}

/* Mean of 1 / (1 + |i - j|^power / scale). */
static double
inverse_mean(const CooccurrenceFeatures *features, int power, double scale)
{
	double		sum = 0.0;

	for (int n = 0; n < features->difference.count; n++)
	{
		double		k = features->difference.terms[n].value;

		sum += features->difference.terms[n].probability /
			(1.0 + (power == 1 ? k : k * k) / scale);
	}
	return sum;
}

/* Inverse difference, IBSI IB1Z. */
static double
inverse_difference(const CooccurrenceFeatures *features)
{
	return inverse_mean(features, 1, 1.0);
}

/* Normalised inverse difference, IBSI NDRX: |i - j| / N_g. */
static double
normalised_inverse_difference(const CooccurrenceFeatures *features)
{
	return inverse_mean(features, 1, features->level_count);
}

/* Inverse difference moment, IBSI WF0Z. */
static double
inverse_difference_moment(const CooccurrenceFeatures *features)
{
	return inverse_mean(features, 2, 1.0);
}

/* Normalised inverse difference moment, IBSI 1QCO: (i - j)^2 / N_g^2. */
static double
normalised_inverse_difference_moment(const CooccurrenceFeatures *features)
{
	return inverse_mean(features, 2, features->level_count * features->level_count);
}

/* Inverse variance, IBSI E8JP: mean of 1 / (i - j)^2 over i != j. */
static double
inverse_variance(const CooccurrenceFeatures *features)
{
	double		sum = 0.0;

	for (int n = 0; n < features->difference.count; n++)
	{
		const Term *term = &features->difference.terms[n];

		if (term->value > 0.0)
			sum += term->probability / (term->value * term->value);
	}
	return sum;
}

/*
 * Correlation, IBSI NI2N: covariance over variance of i and j.  With symmetric
 * p, var(i + j) = 2 (variance + covariance) and the mean of (i - j)^2 is
 * 2 (variance - covariance), which avoids cancelling large products.
 */
static double
correlation(const CooccurrenceFeatures *features)
{
	double		sum_part = sum_variance(features);
	double		difference_part = contrast(features);

	if (features->marginal.count < 2)
		return NAN;
	return (sum_part - difference_part) / (sum_part + difference_part);
}

/* Autocorrelation, IBSI QWB0: mean of i j. */
static double
autocorrelation(const CooccurrenceFeatures *features)
{
	return features->product;
}

/* Cluster tendency, IBSI DG8W: i + j - 2 mu, and 2 mu is the sum average. */
static double
cluster_tendency(const CooccurrenceFeatures *features)
{
	return central_moment(&features->sum, features->sum.mean, 2);
}

/* Cluster shade, IBSI 7NFM. */
static double
cluster_shade(const CooccurrenceFeatures *features)
{
	return central_moment(&features->sum, features->sum.mean, 3);
}

/* Cluster prominence, IBSI AE86. */
static double
cluster_prominence(const CooccurrenceFeatures *features)
{
	return central_moment(&features->sum, features->sum.mean, 4);
}

/*
 * Information correlation 1, IBSI R8DG: (HXY - HXY1) / HX.
 *
 * HXY1 = - sum p_ij log2(p_i. p_.j) and HXY2 = - sum p_i. p_.j log2(p_i. p_.j)
 * are both HX + HY, since the logarithm splits and each part sums to a
 * marginal; and HY = HX by symmetry.
 */
static double
information_correlation_1(const CooccurrenceFeatures *features)
{
	double		marginal_entropy = features->marginal.entropy;

	if (features->marginal.count < 2)
		return NAN;
	return (features->entropy - 2.0 * marginal_entropy) / marginal_entropy;
}

/*
 * Information correlation 2, IBSI JN9H: sqrt(1 - exp(-2 (HXY2 - HXY))), the
 * entropies in bits.  HXY2 - HXY is never negative but for rounding.
 */
static double
information_correlation_2(const CooccurrenceFeatures *features)
{
	double		gain = 2.0 * features->marginal.entropy - features->entropy;

	return gain > 0.0 ? sqrt(-expm1(-2.0 * gain)) : 0.0;
}

/* Turn counts [0 .. last] into the terms, mean and entropy of a distribution. */
static bool
build_distribution(RadContext *context, const int64_t *counts, int last, double total,
				   Distribution *distribution)
{
	int			count = 0;

	for (int value = 0; value <= last; value++)
		count += counts[value] != 0;
	distribution->count = count;
	distribution->mean = 0.0;
	distribution->entropy = 0.0;
	distribution->terms = rad_new(context, Term, count);
	if (distribution->terms == NULL)
		return false;
	count = 0;
	for (int value = 0; value <= last; value++)
	{
		double		p = (double) counts[value] / total;

		if (counts[value] == 0)
			continue;
		distribution->terms[count++] = (Term) {value, p};
		distribution->mean += value * p;
		distribution->entropy -= p * log2(p);
	}
	return true;
}

/* Counts up to this have p log2 p remembered: most cells hold small counts. */
#define REMEMBERED_COUNTS 256

/* Cells of work between two polls for a cancel. */
#define POLL_CELLS (1 << 20)

/*
 * One pass over the cells: the sums that need p_ij itself, and the counts of i,
 * |i - j| and i + j, whose arrays the caller has zeroed.
 */
static bool
sum_cells(RadContext *context, const TextureMatrix *matrix, CooccurrenceFeatures *features,
		  int64_t *level, int64_t *difference, int64_t *sum)
{
	const double total = (double) matrix->total;
	int64_t		largest = 0;
	double		remembered[REMEMBERED_COUNTS + 1];

	for (int n = 0; n <= REMEMBERED_COUNTS; n++)
		remembered[n] = NAN;
	for (int64_t c = 0; c < matrix->cell_count; c++)
	{
		const MatrixCell *cell = &matrix->cells[c];
		int64_t		count = cell->count;
		double		p = (double) count / total;
		double		term;

		if (c % POLL_CELLS == 0 && !rad_continue(context))
			return false;
		if (count <= REMEMBERED_COUNTS)
		{
			if (isnan(remembered[count]))
				remembered[count] = p * log2(p);
			term = remembered[count];
		}
		else
			term = p * log2(p);
		features->entropy -= term;
		features->squares += p * p;
		features->product += p * ((double) cell->i * (double) cell->j);
		largest = count > largest ? count : largest;
		level[cell->i] += count;
		sum[cell->i + cell->j] += count;
		difference[cell->i > cell->j ? cell->i - cell->j : cell->j - cell->i] += count;
	}
	features->largest = (double) largest / total;
	return true;
}

static bool
prepare_features(RadContext *context, const TextureMatrix *matrix,
				 CooccurrenceFeatures *features)
{
	const int	last = matrix->level_count;
	const double total = (double) matrix->total;
	int64_t    *level = rad_new_zeroed(context, int64_t, 4 * ((int64_t) last + 1));
	int64_t    *difference = level + (last + 1);
	int64_t    *sum = difference + (last + 1);

	if (level == NULL)
		return false;
	*features = (CooccurrenceFeatures) {.level_count = matrix->level_count};
	if (!sum_cells(context, matrix, features, level, difference, sum) ||
		!build_distribution(context, level, last, total, &features->marginal) ||
		!build_distribution(context, difference, last, total, &features->difference) ||
		!build_distribution(context, sum, 2 * last, total, &features->sum))
		return false;
	rad_release(context, level);
	return true;
}

bool
rad_glcm_formulas(RadContext *context, const TextureMatrix *matrix, double *values)
{
	typedef double (*Formula) (const CooccurrenceFeatures *features);
	static const Formula formulas[] = {
#define SELECT_GLCM(function) function,
#include "catalogue/select_family.h"
	};
	CooccurrenceFeatures features;

	if (!prepare_features(context, matrix, &features))
		return false;
	for (size_t n = 0; n < sizeof(formulas) / sizeof(formulas[0]); n++)
		values[n] = formulas[n](&features);
	rad_release(context, features.marginal.terms);
	rad_release(context, features.difference.terms);
	rad_release(context, features.sum.terms);
	return true;
}
