/*
 * Discrete Fourier transforms along the slow axis of a matrix, for lengths of
 * factors 2, 3 and 5.
 *
 * Written here because no permissively licensed C library for double precision
 * is packaged.
 */
#ifndef RAD_FEATURES_FOURIER_H
#define RAD_FEATURES_FOURIER_H

#include "device/device.h"

#define RAD_MOST_FOURIER_STAGES 32

/* Numbers of columns are multiples of this, so that no loop has a remainder. */
#define RAD_FOURIER_LANES 4

typedef struct FourierPlan
{
	int			length;
	int			stage_count;
	int			radix[RAD_MOST_FOURIER_STAGES];

	/* exp(-2 pi i n / length) = cosine[n] - i sine[n], 0 <= n < length */
	double	   *cosine;
	double	   *sine;
} FourierPlan;

/* Complex numbers with real and imaginary parts in separate arrays. */
typedef struct ComplexArray
{
	double	   *real;
	double	   *imaginary;
} ComplexArray;

/*
 * Transform `batch` columns (a multiple of RAD_FOURIER_LANES): element k of
 * column c is at index k * batch + c.  Rows from `filled` on are taken as zero,
 * whatever is there.  Input and work (batch * length each) are overwritten; the
 * result is the one of them that is returned.
 */
typedef ComplexArray (*FourierColumns) (const FourierPlan *plan, int64_t batch,
										int filled, ComplexArray input,
										ComplexArray work);

/* The same operations in the same order at each x86-64 level: equal bits. */
extern ComplexArray rad_fourier_columns_v2(const FourierPlan *plan, int64_t batch,
										   int filled, ComplexArray input,
										   ComplexArray work);
extern ComplexArray rad_fourier_columns_v3(const FourierPlan *plan, int64_t batch,
										   int filled, ComplexArray input,
										   ComplexArray work);

/* The one to use next to a device: never a level above the device's own. */
extern FourierColumns rad_fourier_columns(const Device *device);

/* The smallest length >= least that has only factors 2, 3 and 5. */
extern int	rad_fourier_length(int least);

extern bool rad_fourier_plan(RadContext *context, int length, FourierPlan *plan);
extern void rad_fourier_plan_release(RadContext *context, FourierPlan *plan);

#endif							/* RAD_FEATURES_FOURIER_H */
