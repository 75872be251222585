/*
 * Settings as the caller's jsonb.
 */
#ifndef RADPG_SETTINGS_H
#define RADPG_SETTINGS_H

#include "compat.h"

#include "utils/jsonb.h"

#include "pyradiomics/profile.h"

/* The last parsed argument of one call site. */
typedef struct SettingsCache
{
	Jsonb	   *json;			/* NULL: nothing parsed yet */
	ProfileSettings settings;
} SettingsCache;

/*
 * The settings that a jsonb value means; ereports when it means none.  Parsed
 * once as long as the same bytes come again; the cache's memory is `memory`.
 * `otherwise` is the profile without a key "profile", the same in every call
 * with this cache.  The result is valid until the next call with it.
 */
extern const ProfileSettings *radpg_profile_settings(SettingsCache *cache, MemoryContext memory,
													 Jsonb *json, Profile otherwise);

/* The same for a function that knows IBSI's profile alone. */
extern const Settings *radpg_settings(SettingsCache *cache, MemoryContext memory, Jsonb *json);

#endif							/* RADPG_SETTINGS_H */
