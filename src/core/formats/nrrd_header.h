/*
 * The header of an NRRD file as fields, read but not yet put to use.
 */
#ifndef RAD_FORMATS_NRRD_HEADER_H
#define RAD_FORMATS_NRRD_HEADER_H

#include "formats/codec.h"
#include "formats/stored_voxels.h"

/* NRRD itself allows 16 axes and 8 dimensions of space. */
#define RAD_NRRD_AXES 16
#define RAD_NRRD_SPACE 4

/* The key of the geometry with all its digits (exact_geometry.h). */
#define RAD_NRRD_EXACT_KEY "radiomics geometry"

/* Fields of the format; those that say nothing about voxels or place are 0. */
typedef enum FieldName
{
	FIELD_IGNORED,
	FIELD_TYPE,
	FIELD_DIMENSION,
	FIELD_SIZES,
	FIELD_ENCODING,
	FIELD_ENDIAN,
	FIELD_KINDS,
	FIELD_SPACE,
	FIELD_SPACE_DIMENSION,
	FIELD_SPACE_DIRECTIONS,
	FIELD_SPACE_ORIGIN,
	FIELD_SPACE_UNITS,
	FIELD_SPACINGS,
	FIELD_AXIS_MINS,
	FIELD_CENTERS,
	FIELD_LINE_SKIP,
	FIELD_BYTE_SKIP,
	FIELD_DATA_FILE,
	FIELD_COUNT
} FieldName;

typedef enum Encoding
{
	ENCODING_RAW,
	ENCODING_GZIP,
	ENCODING_ASCII,
	ENCODING_OTHER
} Encoding;

/* One axis of the file, fastest first. */
typedef struct Axis
{
	int64_t		size;
	bool		domain;			/* a place, rather than values at it */
	bool		has_direction;
	double		direction[RAD_NRRD_SPACE];
	double		spacing;		/* NAN when the file has none */
	double		min;			/* NAN when the file has none */
	bool		node_centered;
} Axis;

typedef struct NrrdHeader
{
	const char *name;			/* of the file, for messages */
	char	   *value[FIELD_COUNT]; /* NULL when absent */
	size_t		length;			/* of the header, with its empty line */
	const char *exact;			/* RAD_NRRD_EXACT_KEY's value, or NULL */

	StoredType	type;
	Encoding	encoding;
	bool		big_endian;
	int			axis_count;
	Axis		axes[RAD_NRRD_AXES];
	int			space_dimension;	/* 0: no space */
	int			sign[2];
	int64_t		line_skip;
	int64_t		byte_skip;

	/* How the axes are used. */
	int			place_count;	/* axes of the volume: 1, 2 or 3 */
	int			place[3];
	int64_t		channel_count;	/* in front of them */
	int64_t		frame_count;	/* behind them */
} NrrdHeader;

/*
 * Read the header into a zeroed struct with its name set.  Its values point
 * into memory of the context.
 */
extern bool rad_nrrd_read_header(RadContext *context, VolumeReader *reader, NrrdHeader *header);

/* Record that a field has a value that it cannot have. */
extern bool rad_nrrd_fail(RadContext *context, const NrrdHeader *header, const char *field,
						  const char *value);

/*
 * Parts of values: "(a,b,c)" with a number for every dimension, and a word,
 * lower case here and either there.  They move the cursor on success.
 */
extern bool rad_nrrd_vector(const char **cursor, int dimension, double *vector);
extern bool rad_nrrd_word(const char **cursor, const char *word);

/*
 * An axis' space direction (spacing times direction) and back into a grid, as
 * ITK does it; a vector has so many dimensions of space.
 */
extern void rad_nrrd_join_axis(const Grid *grid, int axis, double vector[3]);
extern void rad_nrrd_split_axis(const double *vector, int space, int axis, Grid *grid);

/*
 * Axes that a file of fewer than three does not have: z in a plane, else
 * perpendicular to the others.
 */
extern void rad_nrrd_complete_axes(Grid *grid, int place_count, int space);

#endif							/* RAD_FORMATS_NRRD_HEADER_H */
