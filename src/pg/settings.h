/*
 * Settings as the caller's jsonb.
 */
#ifndef RADPG_SETTINGS_H
#define RADPG_SETTINGS_H

#include "compat.h"

#include "utils/jsonb.h"

#include "settings/settings.h"

/* The last parsed argument of one call site. */
typedef struct SettingsCache
{
	Jsonb	   *json;			/* NULL: nothing parsed yet */
	Settings	settings;
} SettingsCache;

/*
 * The settings that a jsonb value means; ereports when it means none.  Parsed
 * once as long as the same bytes come again; the cache's memory is `memory`.
 * The result is valid until the next call with this cache.
 */
extern const Settings *radpg_settings(SettingsCache *cache, MemoryContext memory, Jsonb *json);

#endif							/* RADPG_SETTINGS_H */
