/*
 * A picture in memory and the little that is drawn on it.
 */
#ifndef RAD_PICTURE_CANVAS_H
#define RAD_PICTURE_CANVAS_H

#include "base/context.h"

typedef struct Colour
{
	uint8_t		red;
	uint8_t		green;
	uint8_t		blue;
} Colour;

/* Rows from the top; red, green and blue of each pixel. */
typedef struct Canvas
{
	int			width;
	int			height;
	uint8_t    *rgb;
} Canvas;

/* A black canvas. */
extern bool rad_canvas_create(RadContext *context, int width, int height, Canvas *canvas);

/* What lies outside the canvas is left out. */
extern void rad_canvas_pixel(Canvas *canvas, int x, int y, Colour colour);
extern void rad_canvas_rectangle(Canvas *canvas, int x, int y, int width, int height,
								 Colour colour);

/*
 * Text in capitals, digits and a few signs, scale pixels per dot, with a black
 * rim so that it is legible on any grey.  x, y is the upper left corner.
 */
extern void rad_canvas_text(Canvas *canvas, int x, int y, int scale, const char *text,
							Colour colour);
extern int	rad_text_width(const char *text, int scale);
extern int	rad_text_height(int scale);

#endif							/* RAD_PICTURE_CANVAS_H */
