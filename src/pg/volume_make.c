/*
 * Volumes of files, large objects and arrays, and arrays of volumes.
 */
#include "compat.h"

#include <sys/stat.h>
#include <unistd.h>

#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "storage/fd.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "source.h"
#include "volume.h"

PG_FUNCTION_INFO_V1(radiomics_volume_from_bytes);
PG_FUNCTION_INFO_V1(radiomics_volume_cast_bytea);
PG_FUNCTION_INFO_V1(radiomics_volume_from_large_object);
PG_FUNCTION_INFO_V1(radiomics_volume_from_file);
PG_FUNCTION_INFO_V1(radiomics_volume_from_array);
PG_FUNCTION_INFO_V1(radiomics_volume_to_array);

/* A file of the server that is read piece by piece. */
typedef struct FileReader
{
	const char *path;
	int			descriptor;
} FileReader;

static bool read_file(RadContext *context, void *handle, int64_t offset, void *buffer,
					  size_t count);
static void size_argument(FunctionCallInfo fcinfo, int argument, Grid *grid);
static void number_array(FunctionCallInfo fcinfo, int argument, const char *name, int count,
						 double *values);
static VoxelType voxel_type(const char *name);
static bool store_numbers(RadContext *context, const double *values, int64 count,
						  VoxelType type, void *voxels);
static void hint_argument(FunctionCallInfo fcinfo, int argument, const char *name, char *hint);
static bool wanted_box(FunctionCallInfo fcinfo, const Grid *grid, Box *box);

/* volume_from_bytes(bytea, format, frame) -> volume */
Datum
radiomics_volume_from_bytes(PG_FUNCTION_ARGS)
{
	RadContext *context = radpg_context_create();
	ByteSource	source;
	Datum		value;

	if (!radpg_bytea_source(context, PG_GETARG_DATUM(0), "image", &source))
		radpg_throw(context);
	value = radpg_volume_of_source(context, &source, text_to_cstring(PG_GETARG_TEXT_PP(1)),
								   PG_GETARG_INT32(2));
	radpg_context_delete(context);
	PG_RETURN_DATUM(value);
}

/* volume(bytea) -> volume: the cast */
Datum
radiomics_volume_cast_bytea(PG_FUNCTION_ARGS)
{
	RadContext *context = radpg_context_create();
	ByteSource	source;
	Datum		value;

	if (!radpg_bytea_source(context, PG_GETARG_DATUM(0), "image", &source))
		radpg_throw(context);
	value = radpg_volume_of_source(context, &source, "auto", -1);
	radpg_context_delete(context);
	PG_RETURN_DATUM(value);
}

/* volume_from_large_object(oid, format, frame) -> volume */
Datum
radiomics_volume_from_large_object(PG_FUNCTION_ARGS)
{
	RadContext *context = radpg_context_create();
	ByteSource	source;
	Datum		value;

	if (!radpg_large_object_source(context, PG_GETARG_OID(0), "image", &source))
		radpg_throw(context);
	value = radpg_volume_of_source(context, &source, text_to_cstring(PG_GETARG_TEXT_PP(1)),
								   PG_GETARG_INT32(2));
	radpg_source_close(&source);
	radpg_context_delete(context);
	PG_RETURN_DATUM(value);
}

/*
 * volume_from_file(path, format, frame) -> volume
 *
 * For members of pg_read_server_files, as COPY FROM a file is.  The descriptor
 * is closed at the end of the transaction when something fails in between.
 */
Datum
radiomics_volume_from_file(PG_FUNCTION_ARGS)
{
	FileReader	reader = {.path = text_to_cstring(PG_GETARG_TEXT_PP(0))};
	ByteSource	source = {.name = "image", .read = read_file, .handle = &reader};
	RadContext *context;
	struct stat status;
	Datum		value;

	if (!has_privs_of_role(GetUserId(), ROLE_PG_READ_SERVER_FILES))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to read files of the server"),
				 errdetail("Only roles with privileges of the role \"%s\" may read them.",
						   "pg_read_server_files")));
	if (!is_absolute_path(reader.path))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("path \"%s\" is relative", reader.path),
				 errhint("Give the absolute path of a file on the server.")));
	reader.descriptor = OpenTransientFile(reader.path, O_RDONLY | PG_BINARY);
	if (reader.descriptor < 0 || fstat(reader.descriptor, &status) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not open file \"%s\" for reading: %m", reader.path)));
	if (!S_ISREG(status.st_mode))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a regular file", reader.path)));
	source.length = status.st_size;
	context = radpg_context_create();
	value = radpg_volume_of_source(context, &source, text_to_cstring(PG_GETARG_TEXT_PP(1)),
								   PG_GETARG_INT32(2));
	radpg_context_delete(context);
	CloseTransientFile(reader.descriptor);
	PG_RETURN_DATUM(value);
}

/* ByteSource.read */
static bool
read_file(RadContext *context, void *handle, int64_t offset, void *buffer, size_t count)
{
	const FileReader *reader = handle;
	char	   *next = buffer;

	while (count > 0)
	{
		ssize_t		got = pread(reader->descriptor, next, Min(count, (size_t) 1 << 20),
								(off_t) offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not read file \"%s\": %m", reader->path)));
		if (got == 0)
			return rad_fail(context, RAD_IO_ERROR, "file \"%s\" was cut off while it was read",
							reader->path);
		next += got;
		offset += got;
		count -= (size_t) got;
		CHECK_FOR_INTERRUPTS();
	}
	return true;
}

/*
 * volume_from_array(voxels, size, spacing, origin, direction, voxel_type,
 *					 units, modality) -> volume
 */
Datum
radiomics_volume_from_array(PG_FUNCTION_ARGS)
{
	ArrayType  *voxels = PG_GETARG_ARRAYTYPE_P(0);
	RadContext *context = radpg_context_create();
	VolumeAttributes attributes = {.units = ""};
	Volume		volume;
	int64		count;

	size_argument(fcinfo, 1, &volume.grid);
	number_array(fcinfo, 2, "spacing", 3, volume.grid.spacing);
	number_array(fcinfo, 3, "origin", 3, volume.grid.origin);
	number_array(fcinfo, 4, "direction", 9, &volume.grid.direction[0][0]);
	volume.type = voxel_type(text_to_cstring(PG_GETARG_TEXT_PP(5)));
	hint_argument(fcinfo, 6, "units", attributes.units);
	hint_argument(fcinfo, 7, "modality", attributes.modality);
	volume.box = rad_grid_box(&volume.grid);

	count = ArrayGetNItems(ARR_NDIM(voxels), ARR_DIMS(voxels));
	if (count != rad_grid_voxel_count(&volume.grid))
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("array has %lld elements, but a volume of %d x %d x %d has %lld voxels",
						(long long) count, volume.grid.size[0], volume.grid.size[1],
						volume.grid.size[2], (long long) rad_grid_voxel_count(&volume.grid))));
	if (array_contains_nulls(voxels))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("voxels must not contain nulls"),
				 errhint("A voxel without a value can be NaN in a floating-point volume.")));
	volume.voxels = rad_allocate(context, (size_t) count, rad_voxel_size(volume.type));
	if (volume.voxels == NULL ||
		!store_numbers(context, (double *) ARR_DATA_PTR(voxels), count, volume.type,
					   volume.voxels) ||
		!rad_container_check(context, &volume.grid, &attributes))
		radpg_throw(context);
	PG_RETURN_DATUM(radpg_volume_expanded(context, &volume, &attributes));
}

/* Voxels along each axis; two axes make a 2-D image. */
static void
size_argument(FunctionCallInfo fcinfo, int argument, Grid *grid)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(argument);
	int			axes = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));

	if (axes != 2 && axes != 3)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("size has %d elements", axes),
				 errhint("Give the number of voxels along x and y, and along z for a volume.")));
	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not contain nulls", "size")));
	grid->dimension = axes;
	for (int axis = 0; axis < 3; axis++)
	{
		int32		size = axis < axes ? ((int32 *) ARR_DATA_PTR(array))[axis] : 1;

		if (size < 1 || size > RAD_MAX_DIMENSION)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("size along %c is %d", "xyz"[axis], size),
					 errhint("It has to be from 1 to %d.", RAD_MAX_DIMENSION)));
		grid->size[axis] = size;
	}
}

/* Numbers of an array argument, as many as there have to be. */
static void
number_array(FunctionCallInfo fcinfo, int argument, const char *name, int count, double *values)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(argument);
	int			given = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));

	if (given != count)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has %d elements instead of %d", name, given, count)));
	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not contain nulls", name)));
	memcpy(values, ARR_DATA_PTR(array), sizeof(double) * (size_t) count);
}

static VoxelType
voxel_type(const char *name)
{
	for (int type = 0; type < VOXEL_TYPE_COUNT; type++)
	{
		if (strcmp(rad_voxel_type_name((VoxelType) type), name) == 0)
			return (VoxelType) type;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown voxel type \"%s\"", name),
			 errhint("Voxel types are int8, uint8, int16, uint16, int32, uint32, float32 and "
					 "float64.")));
}

/* Doubles as voxels of a type that holds each of them exactly. */
static bool
store_numbers(RadContext *context, const double *values, int64 count, VoxelType type,
			  void *voxels)
{
	int64		refused = rad_voxels_from_double(type, values, count, voxels);

	if (refused < 0)
		return true;
	rad_fail(context, RAD_OUT_OF_RANGE, "voxel %lld is %.17g, which %s does not hold exactly",
			 (long long) refused + 1, values[refused], rad_voxel_type_name(type));
	return rad_hint(context, "Choose another voxel type, or round the values.");
}

static void
hint_argument(FunctionCallInfo fcinfo, int argument, const char *name, char *hint)
{
	const char *given = text_to_cstring(PG_GETARG_TEXT_PP(argument));

	if (strlen(given) >= RAD_HINT_LENGTH)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s \"%s\" has more than %d characters", name, given,
						RAD_HINT_LENGTH - 1)));
	strcpy(hint, given);
}

/*
 * volume_to_array(volume, first_voxel, last_voxel) -> double precision[]
 *
 * Three dimensions, of which the last is x: array[z][y][x], from 1.
 */
Datum
radiomics_volume_to_array(PG_FUNCTION_ARGS)
{
	RadContext *context;
	VolumeReader *reader;
	Volume		volume;
	ArrayType  *array;
	Box			box;
	Size		bytes;
	int64		count;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	context = radpg_context_create();
	if (!radpg_volume_reader(context, PG_GETARG_DATUM(0), "volume", -1, &reader))
		radpg_throw(context);
	if (!wanted_box(fcinfo, rad_reader_grid(reader), &box))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("box is not inside the volume of %d x %d x %d voxels",
						rad_reader_grid(reader)->size[0], rad_reader_grid(reader)->size[1],
						rad_reader_grid(reader)->size[2]),
				 errhint("Give first_voxel and last_voxel as x, y and z, counted from 0.")));
	count = rad_box_voxel_count(&box);
	if (count > (int64) ((MaxAllocSize - ARR_OVERHEAD_NONULLS(3)) / sizeof(float8)))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("array of %lld voxels is too large", (long long) count),
				 errhint("Ask for a box with first_voxel and last_voxel.")));
	if (!rad_volume_read_box(context, reader, &box, &volume))
		radpg_throw(context);
	bytes = ARR_OVERHEAD_NONULLS(3) + sizeof(float8) * (Size) count;
	array = palloc0(bytes);
	SET_VARSIZE(array, bytes);
	array->ndim = 3;
	array->elemtype = FLOAT8OID;
	for (int axis = 0; axis < 3; axis++)
	{
		ARR_DIMS(array)[2 - axis] = box.hi[axis] - box.lo[axis];
		ARR_LBOUND(array)[axis] = 1;
	}
	rad_voxels_to_double(volume.type, volume.voxels, 0, count, (double *) ARR_DATA_PTR(array));
	radpg_context_delete(context);
	PG_RETURN_ARRAYTYPE_P(array);
}

/* The box of arguments 1 and 2, whole where they are NULL; false if outside. */
static bool
wanted_box(FunctionCallInfo fcinfo, const Grid *grid, Box *box)
{
	*box = rad_grid_box(grid);
	for (int argument = 1; argument <= 2; argument++)
	{
		ArrayType  *array;

		if (PG_ARGISNULL(argument))
			continue;
		array = PG_GETARG_ARRAYTYPE_P(argument);
		if (ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)) != 3 || array_contains_nulls(array))
			return false;
		for (int axis = 0; axis < 3; axis++)
		{
			int32		voxel = ((int32 *) ARR_DATA_PTR(array))[axis];

			if (voxel < 0 || voxel >= grid->size[axis])
				return false;
			if (argument == 1)
				box->lo[axis] = voxel;
			else
				box->hi[axis] = voxel + 1;
		}
	}
	for (int axis = 0; axis < 3; axis++)
	{
		if (box->lo[axis] >= box->hi[axis])
			return false;
	}
	return true;
}
