/*
 * Writing a volume as a file.  What is written reads back with the same voxel
 * type, the same voxels and the same doubles of geometry.
 */
#ifndef RAD_FORMATS_WRITER_H
#define RAD_FORMATS_WRITER_H

#include "formats/byte_sink.h"
#include "formats/reader.h"

/*
 * Stream the whole volume of a reader into a sink, with the voxels compressed
 * (gzip; zlib in MetaImage) or plain.
 *
 * NIfTI: NIfTI-1, or NIfTI-2 when an axis has more than 32,767 voxels; sform
 * and qform.  NRRD: version 5, space left-posterior-superior.  MetaImage: a
 * local .mha.
 */
extern bool rad_write_nifti(RadContext *context, VolumeReader *reader, bool compress,
							const ByteSink *sink);
extern bool rad_write_nrrd(RadContext *context, VolumeReader *reader, bool compress,
						   const ByteSink *sink);
extern bool rad_write_metaimage(RadContext *context, VolumeReader *reader, bool compress,
								const ByteSink *sink);

/* All voxels of a reader, x fastest, in the machine's byte order. */
extern bool rad_write_voxels(RadContext *context, VolumeReader *reader, const ByteSink *sink);

#endif							/* RAD_FORMATS_WRITER_H */
