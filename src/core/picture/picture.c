/*
 * Pictures of a volume with the outline of a mask; see picture.h.
 */
#include "picture/picture.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Most pixels of a picture. */
#define MAX_PIXELS ((int64_t) 64 << 20)

/* Larger parts of a volume are read slice by slice. */
#define MAX_READ ((int64_t) 256 << 20)

/* What zoom leaves around the mask: this part of it, and this many mm. */
#define ZOOM_PART 0.25
#define ZOOM_MARGIN 15.0

/* Pixels between panels. */
#define GAP 2

#define HISTOGRAM_BINS 65536

/* Shown without a window: these parts of the voxels are black and white. */
#define DARK_PART 0.01
#define LIGHT_PART 0.005

/* The window of soft tissue, for CT in HU. */
#define CT_CENTRE 40.0
#define CT_WIDTH 400.0

const char *const rad_picture_plane_names[PICTURE_PLANE_COUNT] = {
	[PLANE_AXIAL] = "axial",
	[PLANE_CORONAL] = "coronal",
	[PLANE_SAGITTAL] = "sagittal",
};

/* World axes (LPS): across the plane, to the right, downwards with a sign. */
static const struct
{
	int			normal;
	int			across;
	int			down;
	int			down_sign;		/* +1: towards growing coordinates */
	bool		descending;		/* shown from the largest coordinate on */
}			planes[PICTURE_PLANE_COUNT] = {
	[PLANE_AXIAL] = {2, 0, 1, 1, true},
	[PLANE_CORONAL] = {1, 0, 2, -1, false},
	[PLANE_SAGITTAL] = {0, 1, 2, -1, false},
};

/* Told apart by everybody (Okabe and Ito 2008), without the dark ones. */
static const Colour outline_colours[] = {
	{240, 228, 66}, {86, 180, 233}, {230, 159, 0}, {0, 200, 140}, {255, 110, 60}, {230, 140, 190},
};

#define COLOUR_COUNT (sizeof(outline_colours) / sizeof(outline_colours[0]))

static const Colour text_colour = {235, 235, 235};
static const Colour gap_colour = {70, 70, 70};

/* One of the volume's axes as it runs on the picture. */
typedef struct ViewAxis
{
	int			axis;
	int			sign;			/* +1: to the right or down with the index */
	int			lo;				/* voxels shown */
	int			hi;
} ViewAxis;

typedef struct View
{
	PicturePlane plane;
	int			slice_axis;
	int			normal_sign;	/* of the world coordinate along the slices */
	ViewAxis	across;
	ViewAxis	down;
	double		pixel;			/* mm */
	int			width;			/* pixels of a panel */
	int			height;
} View;

/* Panels in the order of their slices in memory. */
typedef struct Picture
{
	RadContext *context;
	VolumeReader *image;
	const Grid *grid;
	const MaskRuns *mask;
	const PictureOptions *options;
	View		view;
	int			count;			/* panels */
	int		   *slices;			/* ascending */
	float	  **voxels;			/* of each panel: down.lo..hi rows of across.lo..hi */
	int32_t    *labels;			/* of one panel, the same */
	int32_t    *shown;			/* labels of a panel's pixels */
	double		low;			/* black */
	double		high;			/* white */
	Canvas	   *canvas;
	int			columns;
} Picture;

PictureOptions
rad_picture_defaults(void)
{
	return (PictureOptions) {
		.plane = PLANE_AXIAL, .slice = RAD_PICTURE_NO_SLICE, .panels = 1, .panel_size = 512,
		.window_centre = NAN, .window_width = NAN, .annotate = true
	};
}

static bool
check_options(RadContext *context, const PictureOptions *options)
{
	if (options->panels < 1 || options->panels > RAD_MAX_PANELS)
		return rad_fail(context, RAD_INVALID_PARAMETER,
						"a picture cannot have %d panels, but 1 to %d", options->panels,
						RAD_MAX_PANELS);
	if (options->panel_size < 16 || options->panel_size > RAD_MAX_PANEL)
		return rad_fail(context, RAD_INVALID_PARAMETER,
						"a panel cannot have %d pixels, but 16 to %d", options->panel_size,
						RAD_MAX_PANEL);
	if (isnan(options->window_centre) != isnan(options->window_width))
		return rad_fail(context, RAD_INVALID_PARAMETER,
						"a window needs both its centre and its width");
	if (!isnan(options->window_width) &&
		(!(options->window_width > 0.0) || isinf(options->window_width) ||
		 isinf(options->window_centre)))
		return rad_fail(context, RAD_INVALID_PARAMETER,
						"a window cannot have centre %g and width %g", options->window_centre,
						options->window_width);
	return true;
}

/* --- what is shown --------------------------------------------------------- */

/* Part of a box along one axis that zoom shows, around the labels' boxes. */
static void
zoom_axis(const Picture *picture, ViewAxis *axis)
{
	int			lo = axis->hi;
	int			hi = axis->lo;
	double		margin;

	for (int n = 0; n < picture->mask->label_count; n++)
	{
		const LabelSummary *label = &picture->mask->labels[n];

		if (picture->options->label != 0 && picture->options->label != label->label)
			continue;
		lo = label->box.lo[axis->axis] < lo ? label->box.lo[axis->axis] : lo;
		hi = label->box.hi[axis->axis] > hi ? label->box.hi[axis->axis] : hi;
	}
	if (hi <= lo)
		return;
	margin = ZOOM_MARGIN / picture->grid->spacing[axis->axis];
	if ((hi - lo) * ZOOM_PART > margin)
		margin = (hi - lo) * ZOOM_PART;
	axis->lo = lo - margin > axis->lo ? (int) (lo - margin) : axis->lo;
	axis->hi = hi + margin < axis->hi ? (int) (hi + margin) : axis->hi;
}

static void
find_view(Picture *picture)
{
	const Grid *grid = picture->grid;
	View	   *view = &picture->view;
	double		extent[2];
	double		longest;
	int			first;
	int			second;

	view->plane = picture->options->plane;
	for (int axis = 1; axis < 3; axis++)
	{
		int			normal = planes[view->plane].normal;

		if (fabs(grid->direction[normal][axis]) >
			fabs(grid->direction[normal][view->slice_axis]))
			view->slice_axis = axis;
	}
	/* A two-dimensional image is shown as it is stored. */
	if (grid->dimension == 2)
		view->slice_axis = 2;
	view->normal_sign =
		grid->direction[planes[view->plane].normal][view->slice_axis] < 0.0 ? -1 : 1;
	first = view->slice_axis == 0 ? 1 : 0;
	second = view->slice_axis == 2 ? 1 : 2;
	if (grid->dimension != 2 &&
		fabs(grid->direction[planes[view->plane].across][second]) >
		fabs(grid->direction[planes[view->plane].across][first]))
	{
		int			other = first;

		first = second;
		second = other;
	}
	view->across = (ViewAxis) {.axis = first, .sign = 1, .hi = grid->size[first]};
	view->down = (ViewAxis) {.axis = second, .sign = 1, .hi = grid->size[second]};
	if (grid->dimension != 2)
	{
		if (grid->direction[planes[view->plane].across][first] < 0.0)
			view->across.sign = -1;
		if (grid->direction[planes[view->plane].down][second] * planes[view->plane].down_sign < 0.0)
			view->down.sign = -1;
	}
	if (picture->options->zoom && picture->mask != NULL)
	{
		zoom_axis(picture, &view->across);
		zoom_axis(picture, &view->down);
	}
	extent[0] = (view->across.hi - view->across.lo) * grid->spacing[first];
	extent[1] = (view->down.hi - view->down.lo) * grid->spacing[second];
	longest = extent[0] > extent[1] ? extent[0] : extent[1];
	view->pixel = longest / picture->options->panel_size;
	view->width = (int) lround(extent[0] / view->pixel);
	view->height = (int) lround(extent[1] / view->pixel);
	if (view->width < 1)
		view->width = 1;
	if (view->height < 1)
		view->height = 1;
}

/* Voxels of the outlined labels in every slice. */
static bool
count_mask(Picture *picture, int64_t *counts)
{
	int			axis = picture->view.slice_axis;

	for (int64_t n = 0; n < picture->mask->run_count; n++)
	{
		const LabelRun *run = &picture->mask->runs[n];

		if (n % 100000 == 0 && !rad_continue(picture->context))
			return false;
		if (picture->options->label != 0 && run->label != picture->options->label)
			continue;
		if (axis == 0)
		{
			for (int x = run->x_begin; x < run->x_end; x++)
				counts[x]++;
		}
		else
			counts[axis == 1 ? run->y : run->z] += run->x_end - run->x_begin;
	}
	return true;
}

static bool
choose_slices(Picture *picture)
{
	RadContext *context = picture->context;
	int			size = picture->grid->size[picture->view.slice_axis];
	int64_t    *counts = rad_new_zeroed(context, int64_t, size);
	int			lo = 0;
	int			hi = size;
	int			most = 0;

	if (counts == NULL || (picture->mask != NULL && !count_mask(picture, counts)))
		return false;
	for (int n = 0; n < size; n++)
	{
		if (counts[n] > counts[most])
			most = n;
	}
	if (counts[most] > 0)
	{
		while (counts[lo] == 0)
			lo++;
		while (counts[hi - 1] == 0)
			hi--;
	}
	picture->count = picture->options->panels < hi - lo ? picture->options->panels : hi - lo;
	if (picture->options->slice != RAD_PICTURE_NO_SLICE)
		picture->count = 1;
	picture->slices = rad_new(context, int, picture->count);
	picture->voxels = rad_new_zeroed(context, float *, picture->count);
	if (picture->slices == NULL || picture->voxels == NULL)
		return false;
	for (int n = 0; n < picture->count; n++)
		picture->slices[n] = lo + (int) (((int64_t) 2 * n + 1) * (hi - lo) / (2 * picture->count));
	if (picture->count == 1 && counts[most] > 0)
		picture->slices[0] = most;
	if (picture->options->slice != RAD_PICTURE_NO_SLICE)
	{
		picture->slices[0] = picture->options->slice;
		if (picture->options->slice < 0 || picture->options->slice >= size)
		{
			rad_fail(context, RAD_INVALID_PARAMETER, "there is no %s slice %d: the volume has %d",
					 rad_picture_plane_names[picture->view.plane], picture->options->slice, size);
			return rad_hint(context, "Slices count from 0, along the volume's own axis.");
		}
	}
	rad_release(context, counts);
	return true;
}

/* --- voxels ---------------------------------------------------------------- */

/* One slice out of a box that holds it, as floats. */
static bool
cut_slice(Picture *picture, const Volume *volume, int slice, float **out)
{
	const View *view = &picture->view;
	int			width = view->across.hi - view->across.lo;
	int			height = view->down.hi - view->down.lo;
	int64_t		strides[3] = {1, 0, 0};
	float	   *values = rad_allocate(picture->context, (size_t) width * (size_t) height,
									  sizeof(float));

	*out = values;
	if (values == NULL)
		return false;
	for (int axis = 1; axis < 3; axis++)
		strides[axis] = strides[axis - 1] * (volume->box.hi[axis - 1] - volume->box.lo[axis - 1]);
	for (int row = 0; row < height; row++)
	{
		int64_t		first = (slice - volume->box.lo[view->slice_axis]) * strides[view->slice_axis] +
			row * strides[view->down.axis];

		for (int column = 0; column < width; column++)
		{
			double		value;

			rad_voxels_to_double(volume->type, volume->voxels,
								 first + column * strides[view->across.axis], 1, &value);
			values[(int64_t) row * width + column] = (float) value;
		}
	}
	return rad_continue(picture->context);
}

/* All slices; the file is gone through once, from front to back. */
static bool
read_slices(Picture *picture)
{
	const View *view = &picture->view;
	Box			box = rad_grid_box(picture->grid);
	Volume		volume;
	bool		at_once;

	box.lo[view->across.axis] = view->across.lo;
	box.hi[view->across.axis] = view->across.hi;
	box.lo[view->down.axis] = view->down.lo;
	box.hi[view->down.axis] = view->down.hi;
	box.lo[view->slice_axis] = picture->slices[0];
	box.hi[view->slice_axis] = picture->slices[picture->count - 1] + 1;
	at_once = view->slice_axis != 2 && rad_box_voxel_count(&box) *
		(int64_t) rad_voxel_size(rad_reader_voxel_type(picture->image)) <= MAX_READ;
	if (at_once && !rad_volume_read_box(picture->context, picture->image, &box, &volume))
		return false;
	for (int n = 0; n < picture->count; n++)
	{
		if (!at_once)
		{
			box.lo[view->slice_axis] = picture->slices[n];
			box.hi[view->slice_axis] = picture->slices[n] + 1;
			if (!rad_volume_read_box(picture->context, picture->image, &box, &volume))
				return false;
		}
		if (!cut_slice(picture, &volume, picture->slices[n], &picture->voxels[n]))
			return false;
		if (!at_once)
			rad_release(picture->context, volume.voxels);
	}
	if (at_once)
		rad_release(picture->context, volume.voxels);
	return true;
}

/*
 * The window: as asked for; soft tissue where intensities reach down to air in
 * HU; else between percentiles of what is shown and not background.
 */
static bool
find_window(Picture *picture)
{
	int64_t		count = (int64_t) (picture->view.across.hi - picture->view.across.lo) *
		(picture->view.down.hi - picture->view.down.lo);
	double		lowest = INFINITY;
	double		highest = -INFINITY;
	int64_t    *bins;
	int64_t		total = 0;
	int64_t		sum = 0;

	if (!isnan(picture->options->window_width))
	{
		/* DICOM PS3.3 C.11.2.1.2, function LINEAR; exact for narrow ones. */
		double		half = (picture->options->window_width > 1.0 ?
							picture->options->window_width - 1.0 :
							picture->options->window_width) / 2.0;
		double		shift = picture->options->window_width > 1.0 ? 0.5 : 0.0;

		picture->low = picture->options->window_centre - shift - half;
		picture->high = picture->options->window_centre - shift + half;
		return true;
	}
	for (int n = 0; n < picture->count; n++)
		for (int64_t at = 0; at < count; at++)
		{
			float		value = picture->voxels[n][at];

			if (!isfinite(value))
				continue;
			lowest = value < lowest ? value : lowest;
			highest = value > highest ? value : highest;
		}
	/* Neither MR nor PET reaches so far below 0. */
	if (lowest <= -900.0 && highest >= 100.0)
	{
		picture->low = CT_CENTRE - CT_WIDTH / 2.0;
		picture->high = CT_CENTRE + CT_WIDTH / 2.0;
		return true;
	}
	picture->low = lowest < highest ? lowest : 0.0;
	picture->high = lowest < highest ? highest : 1.0;
	if (!(lowest < highest))
		return true;
	bins = rad_new_zeroed(picture->context, int64_t, HISTOGRAM_BINS);
	if (bins == NULL)
		return false;
	for (int n = 0; n < picture->count; n++)
		for (int64_t at = 0; at < count; at++)
		{
			float		value = picture->voxels[n][at];

			if (!isfinite(value) || value == (float) lowest)
				continue;
			total++;
			bins[(int) ((value - lowest) / (highest - lowest) * (HISTOGRAM_BINS - 1))]++;
		}
	for (int bin = 0; bin < HISTOGRAM_BINS; bin++)
	{
		double		edge = lowest + (highest - lowest) * bin / (HISTOGRAM_BINS - 1);

		if ((double) sum < DARK_PART * (double) total)
			picture->low = edge;
		if ((double) sum < (1.0 - LIGHT_PART) * (double) total)
			picture->high = edge + (highest - lowest) / (HISTOGRAM_BINS - 1);
		sum += bins[bin];
	}
	rad_release(picture->context, bins);
	return true;
}

/* --- drawing --------------------------------------------------------------- */

/* Continuous index, from the first voxel shown, of a pixel's centre. */
static double
pixel_index(const Picture *picture, const ViewAxis *axis, int pixel)
{
	double		along = (pixel + 0.5) * picture->view.pixel / picture->grid->spacing[axis->axis];

	if (axis->sign < 0)
		along = (axis->hi - axis->lo) - along;
	return along - 0.5;
}

/* The voxel below a continuous index, and the way to the next one. */
static int
split_index(double index, int count, double *part)
{
	double		whole = floor(index);

	if (whole < 0.0)
	{
		*part = 0.0;
		return 0;
	}
	if (whole >= count - 1)
	{
		*part = 0.0;
		return count - 1;
	}
	*part = index - whole;
	return (int) whole;
}

static int
nearest(double index, int count)
{
	int			rounded = (int) floor(index + 0.5);

	return rounded < 0 ? 0 : rounded >= count ? count - 1 : rounded;
}

/* Grey of an intensity. */
static Colour
shade(const Picture *picture, double value)
{
	double		part = (value - picture->low) / (picture->high - picture->low);
	uint8_t		grey;

	if (isnan(part))
		return (Colour) {0, 0, 0};
	part = part < 0.0 ? 0.0 : part > 1.0 ? 1.0 : part;
	if (picture->options->invert)
		part = 1.0 - part;
	grey = (uint8_t) (part * 255.0 + 0.5);
	return (Colour) {grey, grey, grey};
}

static void
draw_voxels(const Picture *picture, const float *voxels, int left, int top)
{
	const View *view = &picture->view;
	int			width = view->across.hi - view->across.lo;
	int			height = view->down.hi - view->down.lo;

	for (int py = 0; py < view->height; py++)
	{
		double		below;
		int			row = split_index(pixel_index(picture, &view->down, py), height, &below);
		const float *upper = voxels + (int64_t) row * width;
		const float *lower = row + 1 < height ? upper + width : upper;

		for (int px = 0; px < view->width; px++)
		{
			double		beside;
			int			column = split_index(pixel_index(picture, &view->across, px), width, &beside);
			int			next = column + 1 < width ? column + 1 : column;
			double		value = (1.0 - below) * ((1.0 - beside) * upper[column] + beside * upper[next]) +
				below * ((1.0 - beside) * lower[column] + beside * lower[next]);

			rad_canvas_pixel(picture->canvas, left + px, top + py, shade(picture, value));
		}
	}
}

/* Labels of a slice from the runs of the mask. */
static bool
raster_labels(Picture *picture, int slice)
{
	const View *view = &picture->view;
	int			width = view->across.hi - view->across.lo;
	int			height = view->down.hi - view->down.lo;

	memset(picture->labels, 0, (size_t) width * (size_t) height * sizeof(int32_t));
	for (int64_t n = 0; n < picture->mask->run_count; n++)
	{
		const LabelRun *run = &picture->mask->runs[n];
		int			at[3] = {0, run->y, run->z};
		int			begin = run->x_begin;
		int			end = run->x_end;

		if (n % 100000 == 0 && !rad_continue(picture->context))
			return false;
		if (picture->options->label != 0 && run->label != picture->options->label)
			continue;
		if (view->slice_axis == 0)
		{
			begin = slice;
			end = slice < run->x_end && slice >= run->x_begin ? slice + 1 : slice;
		}
		else if (at[view->slice_axis] != slice)
			continue;
		for (at[0] = begin; at[0] < end; at[0]++)
		{
			int			across = at[view->across.axis] - view->across.lo;
			int			down = at[view->down.axis] - view->down.lo;

			if (across >= 0 && across < width && down >= 0 && down < height)
				picture->labels[across + (int64_t) down * width] = run->label;
		}
	}
	return true;
}

static Colour
label_colour(int32_t label)
{
	return outline_colours[(uint32_t) (label - 1) % COLOUR_COUNT];
}

/* Pixels of a label next to other pixels. */
static void
draw_outline(Picture *picture, int left, int top)
{
	const View *view = &picture->view;
	int			width = view->across.hi - view->across.lo;
	int			height = view->down.hi - view->down.lo;
	int			thick = picture->options->panel_size / 400 + 1;

	for (int py = 0; py < view->height; py++)
	{
		const int32_t *row = picture->labels +
			(int64_t) nearest(pixel_index(picture, &view->down, py), height) * width;

		for (int px = 0; px < view->width; px++)
			picture->shown[(int64_t) py * view->width + px] =
				row[nearest(pixel_index(picture, &view->across, px), width)];
	}
	for (int py = 0; py < view->height; py++)
		for (int px = 0; px < view->width; px++)
		{
			int32_t		label = picture->shown[(int64_t) py * view->width + px];
			bool		edge = false;

			if (label == 0)
				continue;
			for (int step = 1; step <= thick && !edge; step++)
			{
				const int	steps[4][2] = {{step, 0}, {-step, 0}, {0, step}, {0, -step}};

				for (int k = 0; k < 4; k++)
				{
					int			x = px + steps[k][0];
					int			y = py + steps[k][1];

					if (x >= 0 && y >= 0 && x < view->width && y < view->height &&
						picture->shown[(int64_t) y * view->width + x] != label)
						edge = true;
				}
			}
			if (edge)
				rad_canvas_pixel(picture->canvas, left + px, top + py, label_colour(label));
		}
}

/* --- annotations ------------------------------------------------------------ */

/*
 * Where one gets to along an axis in steps of sign: L, R, P, A, S, I, and a
 * second letter for what is oblique.
 */
static void
direction_letters(const Grid *grid, const ViewAxis *axis, int sign, char letters[3])
{
	int			used = 0;
	double		largest = 0.0;

	for (int round = 0; round < 2; round++)
	{
		int			world = -1;
		double		best = round == 0 ? 0.0 : 0.5 * largest;

		for (int r = 0; r < 3; r++)
		{
			double		size = fabs(grid->direction[r][axis->axis]);

			if (size > best && (round == 0 || size < largest))
			{
				world = r;
				best = size;
			}
		}
		if (world < 0)
			break;
		largest = best;
		letters[used++] = (grid->direction[world][axis->axis] * sign * axis->sign > 0.0 ?
						   "LPS" : "RAI")[world];
	}
	letters[used] = '\0';
}

static void
draw_letters(const Picture *picture, int left, int top, int scale)
{
	const View *view = &picture->view;
	int			height = rad_text_height(scale);
	char		letters[3];

	direction_letters(picture->grid, &view->across, -1, letters);
	rad_canvas_text(picture->canvas, left + 2 * scale, top + (view->height - height) / 2, scale,
					letters, text_colour);
	direction_letters(picture->grid, &view->across, 1, letters);
	rad_canvas_text(picture->canvas, left + view->width - 2 * scale - rad_text_width(letters, scale),
					top + (view->height - height) / 2, scale, letters, text_colour);
	direction_letters(picture->grid, &view->down, -1, letters);
	rad_canvas_text(picture->canvas, left + (view->width - rad_text_width(letters, scale)) / 2,
					top + 2 * scale, scale, letters, text_colour);
	direction_letters(picture->grid, &view->down, 1, letters);
	rad_canvas_text(picture->canvas, left + (view->width - rad_text_width(letters, scale)) / 2,
					top + view->height - 2 * scale - height, scale, letters, text_colour);
}

/* A bar of a round length, about a quarter of the panel. */
static void
draw_scale_bar(const Picture *picture, int left, int top, int scale)
{
	static const int lengths[] = {500, 200, 100, 50, 20, 10, 5, 2, 1};
	const View *view = &picture->view;
	int			height = rad_text_height(scale);
	double		room = 0.3 * view->width * view->pixel;
	int			length = 0;
	int			pixels;
	int			x;
	int			y = top + view->height - 4 * scale;
	char		text[16];

	for (size_t n = 0; n < sizeof(lengths) / sizeof(lengths[0]) && length == 0; n++)
	{
		if (lengths[n] <= room)
			length = lengths[n];
	}
	if (length == 0)
		return;
	pixels = (int) lround(length / view->pixel);
	x = left + view->width - 3 * scale - pixels;
	if (length >= 10)
		snprintf(text, sizeof(text), "%d cm", length / 10);
	else
		snprintf(text, sizeof(text), "%d mm", length);
	rad_canvas_rectangle(picture->canvas, x - 1, y - 1, pixels + 2, scale + 2, (Colour) {0, 0, 0});
	rad_canvas_rectangle(picture->canvas, x, y, pixels, scale, text_colour);
	for (int end = 0; end < 2; end++)
		rad_canvas_rectangle(picture->canvas, end == 0 ? x : x + pixels - scale, y - 2 * scale, scale,
							 3 * scale, text_colour);
	rad_canvas_text(picture->canvas, x + (pixels - rad_text_width(text, scale)) / 2,
					y - 3 * scale - height, scale, text, text_colour);
}

/* Slice, position and window at the left, labels at the right. */
static void
draw_texts(const Picture *picture, int slice, int left, int top, int scale, bool first)
{
	const View *view = &picture->view;
	int			line = rad_text_height(scale) + 2 * scale;
	int			y = top + 2 * scale;
	double		centre[3];
	double		world[3];
	char		text[64];
	int			shown = 0;

	for (int axis = 0; axis < 3; axis++)
		centre[axis] = axis == view->slice_axis ? slice : (picture->grid->size[axis] - 1) / 2.0;
	rad_grid_to_world(picture->grid, centre, world);
	snprintf(text, sizeof(text), "SLICE %d", slice);
	rad_canvas_text(picture->canvas, left + 2 * scale, y, scale, text, text_colour);
	if (picture->grid->dimension != 2)
	{
		snprintf(text, sizeof(text), "%c = %.1f mm", "xyz"[planes[view->plane].normal],
				 world[planes[view->plane].normal]);
		rad_canvas_text(picture->canvas, left + 2 * scale, y += line, scale, text, text_colour);
	}
	if (!first)
		return;
	if (isnan(picture->options->window_width))
		snprintf(text, sizeof(text), "W %.4g L %.4g", picture->high - picture->low,
				 (picture->high + picture->low) / 2.0);
	else
		snprintf(text, sizeof(text), "W %.4g L %.4g", picture->options->window_width,
				 picture->options->window_centre);
	rad_canvas_text(picture->canvas, left + 2 * scale, y + line, scale, text, text_colour);
	y = top + 2 * scale;
	for (int n = 0; picture->mask != NULL && n < picture->mask->label_count; n++)
	{
		int32_t		label = picture->mask->labels[n].label;

		if (picture->options->label != 0 && label != picture->options->label)
			continue;
		if (shown++ == (int) COLOUR_COUNT)
			break;
		snprintf(text, sizeof(text), "LABEL %d", label);
		rad_canvas_text(picture->canvas,
						left + view->width - 2 * scale - rad_text_width(text, scale), y, scale,
						text, label_colour(label));
		y += line;
	}
}

static bool
draw_panel(Picture *picture, int panel)
{
	const View *view = &picture->view;
	bool		backwards = planes[view->plane].descending == (view->normal_sign > 0);
	int			place = backwards ? picture->count - 1 - panel : panel;
	int			left = place % picture->columns * (view->width + GAP);
	int			top = place / picture->columns * (view->height + GAP);
	int			shorter = view->width < view->height ? view->width : view->height;
	int			scale = shorter / 300 + 1;

	draw_voxels(picture, picture->voxels[panel], left, top);
	if (picture->mask != NULL)
	{
		if (!raster_labels(picture, picture->slices[panel]))
			return false;
		draw_outline(picture, left, top);
	}
	/* Letters of 5 x 7 dots need some room. */
	if (picture->options->annotate && shorter >= 100)
	{
		if (picture->grid->dimension != 2)
			draw_letters(picture, left, top, scale);
		draw_scale_bar(picture, left, top, scale);
		draw_texts(picture, picture->slices[panel], left, top, scale, place == 0);
	}
	return rad_continue(picture->context);
}

bool
rad_picture_draw(RadContext *context, VolumeReader *image, const MaskRuns *mask,
				 const PictureOptions *options, Canvas *canvas, double *pixels_per_metre)
{
	Picture		picture = {
		.context = context, .image = image, .grid = rad_reader_grid(image), .mask = mask,
		.options = options, .canvas = canvas
	};
	int64_t		width;
	int64_t		height;
	int			rows;

	if (!check_options(context, options))
		return false;
	if (options->label != 0 && mask != NULL && rad_mask_find_label(mask, options->label) == NULL)
		return rad_fail(context, RAD_DATA_EXCEPTION, "the mask has no voxel of label %d",
						options->label);
	find_view(&picture);
	if (!choose_slices(&picture))
		return false;
	/* As many columns as make the picture about square. */
	picture.columns = (int) lround(sqrt((double) picture.count * picture.view.height /
										picture.view.width));
	if (picture.columns < 1)
		picture.columns = 1;
	if (picture.columns > picture.count)
		picture.columns = picture.count;
	rows = (picture.count + picture.columns - 1) / picture.columns;
	width = (int64_t) picture.columns * (picture.view.width + GAP) - GAP;
	height = (int64_t) rows * (picture.view.height + GAP) - GAP;
	if (width * height > MAX_PIXELS)
	{
		rad_fail(context, RAD_LIMIT_EXCEEDED, "the picture would have %lld x %lld pixels",
				 (long long) width, (long long) height);
		return rad_hint(context, "The limit is %lld pixels; ask for fewer or smaller panels.",
						(long long) MAX_PIXELS);
	}
	picture.labels = rad_allocate(context, (size_t) (picture.view.across.hi - picture.view.across.lo) *
								  (size_t) (picture.view.down.hi - picture.view.down.lo),
								  sizeof(int32_t));
	picture.shown = rad_allocate(context, (size_t) picture.view.width * (size_t) picture.view.height,
								 sizeof(int32_t));
	if (picture.labels == NULL || picture.shown == NULL ||
		!rad_canvas_create(context, (int) width, (int) height, canvas) || !read_slices(&picture) ||
		!find_window(&picture))
		return false;
	if (picture.count > 1)
		rad_canvas_rectangle(canvas, 0, 0, canvas->width, canvas->height, gap_colour);
	for (int panel = 0; panel < picture.count; panel++)
	{
		if (!draw_panel(&picture, panel))
			return false;
		rad_release(context, picture.voxels[panel]);
	}
	*pixels_per_metre = 1000.0 / picture.view.pixel;
	return true;
}
