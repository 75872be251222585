/*
 * Pictures of a volume with the outline of a mask, for people who look before
 * they trust: one slice, or several side by side.
 *
 * Slices are shown as radiologists expect them: axial with the patient's right
 * on the left and the front on top; coronal with the right on the left and the
 * head on top; sagittal with the front on the left and the head on top.  A
 * plane is that of the volume's own axes which comes nearest.
 */
#ifndef RAD_PICTURE_PICTURE_H
#define RAD_PICTURE_PICTURE_H

#include "formats/mask_runs.h"
#include "picture/canvas.h"

typedef enum PicturePlane
{
	PLANE_AXIAL,
	PLANE_CORONAL,
	PLANE_SAGITTAL
} PicturePlane;

#define PICTURE_PLANE_COUNT 3

extern const char *const rad_picture_plane_names[PICTURE_PLANE_COUNT];

#define RAD_PICTURE_NO_SLICE (-1)
#define RAD_MAX_PANEL 4096
#define RAD_MAX_PANELS 100

typedef struct PictureOptions
{
	PicturePlane plane;
	int			slice;			/* index along the volume's axis, or RAD_PICTURE_NO_SLICE */
	int			panels;			/* slices shown, when no slice is named */
	int			panel_size;		/* pixels along the longer edge of a panel */
	double		window_centre;	/* NAN: by the intensities */
	double		window_width;
	int			label;			/* to outline; 0: every one */
	bool		zoom;			/* show the mask's surroundings only */
	bool		invert;			/* high intensities dark, as for PET */
	bool		annotate;		/* letters, scale bar, slice, window */
} PictureOptions;

/* Axial, the slice with most of the mask, 512 pixels, annotated. */
extern PictureOptions rad_picture_defaults(void);

/*
 * Draw a picture.  mask may be NULL; it must be on the image's grid.
 * *pixels_per_metre says how large a pixel is in the patient.
 */
extern bool rad_picture_draw(RadContext *context, VolumeReader *image, const MaskRuns *mask,
							 const PictureOptions *options, Canvas *canvas,
							 double *pixels_per_metre);

#endif							/* RAD_PICTURE_PICTURE_H */
