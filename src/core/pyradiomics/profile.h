/*
 * Settings of either profile: IBSI's (settings/settings.h) or PyRadiomics',
 * which the key "profile" chooses.
 */
#ifndef RAD_PYRADIOMICS_PROFILE_H
#define RAD_PYRADIOMICS_PROFILE_H

#include "pyradiomics/settings.h"

typedef enum Profile
{
	PROFILE_IBSI,
	PROFILE_PYRADIOMICS
} Profile;

typedef struct ProfileSettings
{
	Profile		profile;
	Settings	ibsi;			/* of PROFILE_IBSI, else its defaults */
	PyradiomicsSettings pyradiomics;	/* of PROFILE_PYRADIOMICS, else its defaults */
} ProfileSettings;

/*
 * Settings from an object; `otherwise` is the profile without a key "profile".
 * RAD_INVALID_PARAMETER says what is wrong, and whether a key is one of the
 * other profile.
 */
extern bool rad_profile_parse(RadContext *context, const SettingValue *object,
							  Profile otherwise, ProfileSettings *settings);

/* Canonical form of the chosen profile; that of IBSI has no key "profile". */
extern char *rad_profile_canonical(RadContext *context, const ProfileSettings *settings);

#endif							/* RAD_PYRADIOMICS_PROFILE_H */
