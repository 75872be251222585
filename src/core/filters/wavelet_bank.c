/*
 * The table of wavelets.  Only low pass filters are stored: the high pass is
 * the dual wavelet's low pass, reversed and with every other sign changed, and
 * an orthogonal wavelet is its own dual.
 */
#include "filters/wavelet_bank.h"

#include <math.h>
#include <string.h>

typedef struct Wavelet
{
	const char *name;
	const char *dual;
	int			length;
	const double *low;
} Wavelet;

#define WAVELET(name, dual, ...) \
	{name, dual, sizeof((const double[]) {__VA_ARGS__}) / sizeof(double), \
	 (const double[]) {__VA_ARGS__}},

static const Wavelet wavelets[] = {
#include "filters/wavelets_daubechies.def"
#include "filters/wavelets_coiflet.def"
#include "filters/wavelets_biorthogonal.def"
};

#define WAVELET_COUNT ((int) (sizeof(wavelets) / sizeof(wavelets[0])))

static const char *const continuous[] = {
	"cgau1", "cgau2", "cgau3", "cgau4", "cgau5", "cgau6", "cgau7", "cgau8",
	"cmor", "fbsp",
	"gaus1", "gaus2", "gaus3", "gaus4", "gaus5", "gaus6", "gaus7", "gaus8",
	"mexh", "morl", "shan",
};

static const Wavelet *
find_wavelet(const char *name)
{
	for (int n = 0; n < WAVELET_COUNT; n++)
		if (strcmp(wavelets[n].name, name) == 0)
			return &wavelets[n];
	return NULL;
}

/*
 * A tap in single precision.  PyWavelets keeps coiflets divided by sqrt(2), and
 * multiplies in single precision.
 */
static float
single_tap(const Wavelet *wavelet, double tap)
{
	float		stored = (float) (tap / sqrt(2.0));

	if (strncmp(wavelet->name, "coif", 4) == 0)
		return stored * (float) sqrt(2.0);
	return (float) tap;
}

bool
rad_wavelet_bank(const char *name, WaveletBank *bank)
{
	const Wavelet *wavelet = find_wavelet(name);
	const Wavelet *dual;

	if (wavelet == NULL)
		return false;
	dual = find_wavelet(wavelet->dual);
	bank->length = wavelet->length;
	for (int tap = 0; tap < wavelet->length; tap++)
	{
		double		reversed = dual->low[wavelet->length - 1 - tap];

		bank->low[tap] = wavelet->low[tap];
		bank->high[tap] = tap % 2 == 0 ? -reversed : reversed;
		bank->low_single[tap] = single_tap(wavelet, bank->low[tap]);
		bank->high_single[tap] = single_tap(wavelet, bank->high[tap]);
	}
	return true;
}

const char *
rad_wavelet_name(int n)
{
	return n < WAVELET_COUNT ? wavelets[n].name : NULL;
}

bool
rad_wavelet_is_continuous(const char *name)
{
	for (size_t n = 0; n < sizeof(continuous) / sizeof(continuous[0]); n++)
		if (strcmp(continuous[n], name) == 0)
			return true;
	return false;
}
