/*
 * What the feature and the matrix functions share: one call's settings, its
 * image and mask, and the opened scan.
 */
#ifndef RADPG_SCAN_H
#define RADPG_SCAN_H

#include "context.h"
#include "settings.h"
#include "source.h"

#include "features/extract.h"

/* How image and mask come: arguments 0 and 1, both of the same type. */
typedef enum SourceKind
{
	SOURCE_BYTEA,
	SOURCE_LARGE_OBJECT,
	SOURCE_VOLUME
} SourceKind;

/*
 * The three functions of one name that SQL calls, for bytea, large object and
 * volume (sql/NN_topic.sql.in declares them): all are function(fcinfo, kind).
 */
#define RADPG_OVERLOADS(name, function) \
PG_FUNCTION_INFO_V1(radiomics_##name); \
PG_FUNCTION_INFO_V1(radiomics_##name##_large_object); \
PG_FUNCTION_INFO_V1(radiomics_##name##_volume); \
Datum \
radiomics_##name(PG_FUNCTION_ARGS) \
{ \
	return function(fcinfo, SOURCE_BYTEA); \
} \
Datum \
radiomics_##name##_large_object(PG_FUNCTION_ARGS) \
{ \
	return function(fcinfo, SOURCE_LARGE_OBJECT); \
} \
Datum \
radiomics_##name##_volume(PG_FUNCTION_ARGS) \
{ \
	return function(fcinfo, SOURCE_VOLUME); \
}

/* What one call site keeps between its calls (fn_extra). */
typedef struct CallCache
{
	SettingsCache settings;

	/* Of a composite result: its descriptor, and what each attribute shows. */
	TupleDesc	descriptor;
	int		   *columns;
} CallCache;

extern CallCache *radpg_call_cache(FunctionCallInfo fcinfo);

typedef struct OpenScan
{
	RadContext *context;
	const Settings *settings;
	ByteSource	image;			/* of bytea values and large objects */
	ByteSource	mask;
	ScanPair	pair;
} OpenScan;

/*
 * Take the settings from the given argument, open image and mask.  labels are
 * those that will be asked for, NULL for all of the mask.  Returns false, with
 * the failure in scan->context, when the scan cannot be used and the settings
 * ask for a status instead of an error.  Ereports otherwise.
 */
extern bool radpg_scan_open(OpenScan *scan, FunctionCallInfo fcinfo, SourceKind kind,
							int settings_argument, const int32 *labels, int label_count);

/*
 * Open one argument of the kind given; *source is closed with
 * radpg_source_close() when it is a large object's.  frame as in
 * rad_volume_open().  Returns false with the failure in the context; may
 * ereport, now and when it is read.
 */
extern bool radpg_argument_reader(RadContext *context, FunctionCallInfo fcinfo, SourceKind kind,
								  int argument, const char *name, int frame, ByteSource *source,
								  VolumeReader **reader);

/* Raise the context's failure unless the settings make a status of it. */
extern void radpg_scan_check_failure(const OpenScan *scan);

/* Close the sources and free what the core allocated. */
extern void radpg_scan_close(OpenScan *scan);

#endif							/* RADPG_SCAN_H */
