/*
 * One pass of the undecimated wavelet transform in one precision; wavelet.c
 * includes it with REAL and WAVELET_KERNEL(name) defined.  No include guard, on
 * purpose.
 */

/*
 * Filter along x: the row is extended so that every tap has a contiguous row of
 * its own, shifted by one.  The last samples of the period are done again in
 * the order that they have.
 */
static void
WAVELET_KERNEL(filter_row)(const WaveletKernels *kernels, const Extent *in, const Extent *out, const REAL *taps, int length,
						   const REAL *row, REAL *extended, REAL *result)
{
	const REAL *rows[RAD_MOST_WAVELET_TAPS];
	int			first = out->start + length / 2 - (length - 1);

	if (!in->whole)
		memcpy(extended, row + (first - in->start),
			   (size_t) (out->count + length - 1) * sizeof(REAL));
	else
		for (int n = 0; n < out->count + length - 1; n++)
			extended[n] = row[place(in, first + n)];
	for (int j = 0; j < length; j++)
		rows[j] = extended + length - 1 - j;
	kernels->WAVELET_KERNEL(combine)(rows, taps, length, out->count, result);
	for (int x = 0; x < out->count; x++)
	{
		int			wrapped = wrapped_taps(out, out->start + x, length);
		REAL		sum = 0;

		if (wrapped == 0)
			continue;
		for (int n = 0; n < length; n++)
		{
			int			j = tap_in_order(wrapped, n);

			sum += taps[j] * rows[j][x];
		}
		result[x] = sum;
	}
}

/* Filter row (y, z) of the result along y or z. */
static void
WAVELET_KERNEL(filter_across)(const WaveletKernels *kernels, const Extent *in, const Extent *out, int position,
							  const REAL *taps, int length, const REAL *base, int64_t stride,
							  int count, REAL *result)
{
	const REAL *rows[RAD_MOST_WAVELET_TAPS];
	REAL		ordered[RAD_MOST_WAVELET_TAPS];
	int			wrapped = wrapped_taps(out, position, length);

	for (int n = 0; n < length; n++)
	{
		int			j = tap_in_order(wrapped, n);

		ordered[n] = taps[j];
		rows[n] = base + stride * place(in, position + length / 2 - j);
	}
	kernels->WAVELET_KERNEL(combine)(rows, ordered, length, count, result);
}

/* Filter a block along one axis; out has in's extents but along the axis. */
static bool
WAVELET_KERNEL(filter_block)(RadContext *context, const WaveletKernels *kernels, const Block *in, int axis, const REAL *taps,
							 int length, Block *out)
{
	int64_t		in_stride[3] = {1, in->extent[0].count,
		(int64_t) in->extent[0].count * in->extent[1].count};
	REAL	   *extended = rad_new(context, REAL, out->extent[0].count + length);
	REAL	   *result = out->voxels;

	if (extended == NULL)
		return false;
	for (int z = 0; z < out->extent[2].count; z++)
	{
		if (!rad_continue(context))
			return false;
		for (int y = 0; y < out->extent[1].count; y++, result += out->extent[0].count)
		{
			int			position[3] = {0, out->extent[1].start + y, out->extent[2].start + z};
			const REAL *base = in->voxels;

			for (int other = 1; other < 3; other++)
				if (other != axis)
					base += place(&in->extent[other], position[other]) * in_stride[other];
			if (axis == 0)
				WAVELET_KERNEL(filter_row)(kernels, &in->extent[0], &out->extent[0], taps, length,
										   base, extended, result);
			else
				WAVELET_KERNEL(filter_across)(kernels, &in->extent[axis], &out->extent[axis],
											  position[axis], taps, length,
											  base + place(&in->extent[0], out->extent[0].start),
											  in_stride[axis], out->extent[0].count, result);
		}
	}
	rad_release(context, extended);
	return true;
}
