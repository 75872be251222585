/*
 * Plans: factors and roots of unity.
 */
#include "features/fourier.h"

#include <math.h>

FourierColumns
rad_fourier_columns(const Device *device)
{
	if (device != &rad_cpu_v2 && rad_cpu_best() == &rad_cpu_v3)
		return rad_fourier_columns_v3;
	return rad_fourier_columns_v2;
}

int
rad_fourier_length(int least)
{
	for (int length = least;; length++)
	{
		int			rest = length;

		while (rest % 2 == 0)
			rest /= 2;
		while (rest % 3 == 0)
			rest /= 3;
		while (rest % 5 == 0)
			rest /= 5;
		if (rest == 1)
			return length;
	}
}

bool
rad_fourier_plan(RadContext *context, int length, FourierPlan *plan)
{
	static const int radices[] = {4, 2, 3, 5};
	int			rest = length;

	plan->length = length;
	plan->stage_count = 0;
	for (int n = 0; n < 4; n++)
		while (rest % radices[n] == 0)
		{
			plan->radix[plan->stage_count++] = radices[n];
			rest /= radices[n];
		}
	plan->cosine = rad_new(context, double, length);
	plan->sine = rad_new(context, double, length);
	if (plan->cosine == NULL || plan->sine == NULL)
		return false;

	/*
	 * In long double: correctly rounded but for freak cases, and without the
	 * variants per CPU that glibc has for double.
	 */
	for (int n = 0; n < length; n++)
	{
		long double angle = 2.0L * 3.14159265358979323846264338327950288L * n / length;

		plan->cosine[n] = (double) cosl(angle);
		plan->sine[n] = (double) sinl(angle);
	}
	return true;
}

void
rad_fourier_plan_release(RadContext *context, FourierPlan *plan)
{
	rad_release(context, plan->cosine);
	rad_release(context, plan->sine);
}
