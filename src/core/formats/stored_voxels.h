/*
 * Voxels as most files hold them: one after another, x fastest, in one of the
 * usual number types and either byte order, with a slope and an intercept.
 */
#ifndef RAD_FORMATS_STORED_VOXELS_H
#define RAD_FORMATS_STORED_VOXELS_H

#include "formats/byte_stream.h"
#include "formats/codec.h"

typedef enum StoredType
{
	STORED_INT8,
	STORED_UINT8,
	STORED_INT16,
	STORED_UINT16,
	STORED_INT32,
	STORED_UINT32,
	STORED_INT64,
	STORED_UINT64,
	STORED_FLOAT32,
	STORED_FLOAT64,
	STORED_FLOAT128				/* IEEE 754 binary128 */
} StoredType;

typedef struct StoredVoxels
{
	ByteStream *stream;
	int64_t		offset;			/* of the first voxel in the stream */
	int64_t		end_offset;		/* where the stream must end */
	StoredType	type;
	bool		big_endian;
	double		slope;			/* value = slope * stored + intercept */
	double		intercept;

	/*
	 * Numbers of one voxel that lie next to each other (channels), and the one
	 * to deliver.  A count of 0 means 1.
	 */
	int			channel_count;
	int			channel;
} StoredVoxels;

/* Largest number of channels. */
#define RAD_MAX_CHANNELS 65535

extern size_t rad_stored_size(StoredType type);

/*
 * The type that voxels are delivered as.  Without scaling: the stored type;
 * float64 for int64, uint64 (a value that float64 cannot hold exactly is an
 * error when it is read) and float128 (rounded to nearest even).  With
 * scaling: an integer type when slope and intercept are integers and the
 * results of all stored values fit, otherwise float32 when the stored type
 * fits in float32, otherwise float64.
 */
extern VoxelType rad_stored_delivered_type(StoredType type, double slope, double intercept);

/*
 * Check that the stream can hold offset .. end_offset and, when it is plain,
 * that it ends there.
 */
extern bool rad_stored_check_length(RadContext *context, const StoredVoxels *stored);

/* Nearest double (ties to even) of a binary128 given as its two halves. */
extern double rad_double_from_binary128(uint64_t high, uint64_t low);

/*
 * Deliver the rows of a box (see RowsCallback).  When the box ends with the
 * last voxel before end_offset, the end of the stream is checked, too.
 */
extern bool rad_stored_read_rows(RadContext *context, const StoredVoxels *stored,
								 const VolumeReader *reader, const Box *box,
								 RowsCallback callback, void *argument);

#endif							/* RAD_FORMATS_STORED_VOXELS_H */
