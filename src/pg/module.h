/*
 * The module: its server variables and what they choose.
 */
#ifndef RADPG_MODULE_H
#define RADPG_MODULE_H

#include "device/device.h"

/* The device that heavy operations run on; never changes a result. */
extern const Device *radpg_device(void);

/* The name of the one that counted last, for provenance: a GPU may have fallen back. */
extern const char *radpg_counted_by(void);

#endif							/* RADPG_MODULE_H */
