/*
 * Tags of TIFF files and points through their preprocessing: tiff_tags(),
 * tiff_map_point(), tiff_unmap_point().
 */
#include "compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/numeric.h"

#include "files/tiff_transform.h"
#include "source.h"

#include "formats/tiff.h"

PG_FUNCTION_INFO_V1(radiomics_tiff_tags);
PG_FUNCTION_INFO_V1(radiomics_tiff_map_point);
PG_FUNCTION_INFO_V1(radiomics_tiff_unmap_point);

/* The parts of a transform, and their members in the order of their tag. */
static const struct
{
	const char *name;
	const char *members[4];
	bool		truth[4];		/* boolean, not a whole number */
	bool		single;			/* fractions in single precision */
}			parts[] = {
	{"flip", {"width", "height", "horizontal", "vertical"}, {false, false, true, true}, false},
	{"crop", {"left", "top", "width", "height"}, {false}, false},
	{"scale", {"x", "y"}, {false}, true},
	{"padding", {"left", "top", "right", "bottom"}, {false}, false},
};

enum
{
	PART_FLIP,
	PART_CROP,
	PART_SCALE,
	PART_PADDING,
	PART_COUNT
};

static bool part_values(Jsonb *json, int part, double values[4]);
static double member_value(const JsonbValue *value, int part, int member);
static void check_keys(JsonbContainer *container, int part);
static Datum map_point(FunctionCallInfo fcinfo, bool forward);
static void append_part(StringInfo text, int part, const double values[4]);
static void append_optional_text(StringInfo text, const char *name, const char *value);

void
radpg_tiff_transform(Jsonb *json, TiffTransform *transform)
{
	double		values[4];

	*transform = (TiffTransform) {0};
	if (!JB_ROOT_IS_OBJECT(json))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a transform must be a JSON object"),
				 errhint("Its members are \"flip\", \"crop\", \"scale\" and \"padding\".")));
	check_keys(&json->root, -1);
	if (part_values(json, PART_FLIP, values))
	{
		transform->has_flip = true;
		for (int axis = 0; axis < 2; axis++)
		{
			transform->flip_size[axis] = (uint32) values[axis];
			transform->flip[axis] = values[axis + 2] != 0.0;
		}
	}
	if (part_values(json, PART_CROP, values))
	{
		transform->has_crop = true;
		for (int axis = 0; axis < 2; axis++)
		{
			transform->crop_origin[axis] = (uint32) values[axis];
			transform->crop_size[axis] = (uint32) values[axis + 2];
		}
	}
	if (part_values(json, PART_SCALE, values))
	{
		transform->has_scale = true;
		transform->scale[0] = (float) values[0];
		transform->scale[1] = (float) values[1];
	}
	if (part_values(json, PART_PADDING, values))
	{
		transform->has_padding = true;
		for (int n = 0; n < 4; n++)
			transform->padding[n] = (uint32) values[n];
	}
}

/* Unknown members are errors; part -1 is the transform itself. */
static void
check_keys(JsonbContainer *container, int part)
{
	JsonbIterator *iterator = JsonbIteratorInit(container);
	JsonbIteratorToken token;
	JsonbValue	item;

	while ((token = JsonbIteratorNext(&iterator, &item, true)) != WJB_DONE)
	{
		bool		known = false;

		if (token != WJB_KEY)
			continue;
		for (int n = 0; n < 4; n++)
		{
			const char *name = part < 0 ? parts[n].name : parts[part].members[n];

			known = known || (name != NULL && (size_t) item.val.string.len == strlen(name) &&
							  memcmp(item.val.string.val, name, strlen(name)) == 0);
		}
		if (!known)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("unknown member \"%s\" of %s",
							pnstrdup(item.val.string.val, item.val.string.len),
							part < 0 ? "a transform" : parts[part].name),
					 part < 0 ?
					 errhint("Its members are \"flip\", \"crop\", \"scale\" and \"padding\".") :
					 parts[part].members[2] == NULL ?
					 errhint("Its members are \"%s\" and \"%s\".", parts[part].members[0],
							 parts[part].members[1]) :
					 errhint("Its members are \"%s\", \"%s\", \"%s\" and \"%s\".",
							 parts[part].members[0], parts[part].members[1],
							 parts[part].members[2], parts[part].members[3])));
	}
}

/* False when the part is absent. */
static bool
part_values(Jsonb *json, int part, double values[4])
{
	JsonbValue	found;

	if (getKeyJsonValueFromContainer(&json->root, parts[part].name, strlen(parts[part].name),
									 &found) == NULL)
		return false;
	if (found.type != jbvBinary || !JsonContainerIsObject(found.val.binary.data))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" of a transform must be a JSON object", parts[part].name)));
	check_keys(found.val.binary.data, part);
	for (int member = 0; member < 4 && parts[part].members[member] != NULL; member++)
	{
		JsonbValue	value;
		const char *name = parts[part].members[member];

		if (getKeyJsonValueFromContainer(found.val.binary.data, name, strlen(name), &value) == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("\"%s\" of a transform has no \"%s\"", parts[part].name, name)));
		values[member] = member_value(&value, part, member);
	}
	return true;
}

static double
member_value(const JsonbValue *value, int part, int member)
{
	double		number = -1.0;

	if (parts[part].truth[member])
	{
		if (value->type != jbvBool)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("\"%s\" of \"%s\" must be true or false", parts[part].members[member],
							parts[part].name)));
		return value->val.boolean ? 1.0 : 0.0;
	}
	if (value->type == jbvNumeric)
		number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
													NumericGetDatum(value->val.numeric)));
	if (value->type != jbvNumeric ||
		(!parts[part].single && (number < 0.0 || number > UINT32_MAX || number != floor(number))))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 parts[part].single ?
				 errmsg("\"%s\" of \"%s\" must be a number", parts[part].members[member],
						parts[part].name) :
				 errmsg("\"%s\" of \"%s\" must be a whole number from 0 to %u",
						parts[part].members[member], parts[part].name, UINT32_MAX)));
	return number;
}

static void
append_part(StringInfo text, int part, const double values[4])
{
	appendStringInfo(text, "%s\"%s\": {", text->data[text->len - 1] == '{' ? "" : ", ",
					 parts[part].name);
	for (int member = 0; member < 4 && parts[part].members[member] != NULL; member++)
	{
		appendStringInfo(text, "%s\"%s\": ", member > 0 ? ", " : "", parts[part].members[member]);
		if (parts[part].truth[member])
			appendStringInfoString(text, values[member] != 0.0 ? "true" : "false");
		else if (isfinite(values[member]))
			appendStringInfo(text, "%.9g", values[member]);
		else
			appendStringInfoString(text, "null");
	}
	appendStringInfoChar(text, '}');
}

void
radpg_tiff_transform_text(const TiffTransform *transform, StringInfo text)
{
	appendStringInfoChar(text, '{');
	if (transform->has_flip)
		append_part(text, PART_FLIP, (double[4]) {
			transform->flip_size[0], transform->flip_size[1], transform->flip[0], transform->flip[1]
		});
	if (transform->has_crop)
		append_part(text, PART_CROP, (double[4]) {
			transform->crop_origin[0], transform->crop_origin[1], transform->crop_size[0],
			transform->crop_size[1]
		});
	if (transform->has_scale)
		append_part(text, PART_SCALE, (double[4]) {
			(double) transform->scale[0], (double) transform->scale[1]
		});
	if (transform->has_padding)
		append_part(text, PART_PADDING, (double[4]) {
			transform->padding[0], transform->padding[1], transform->padding[2],
			transform->padding[3]
		});
	appendStringInfoChar(text, '}');
}

static void
append_optional_text(StringInfo text, const char *name, const char *value)
{
	if (value == NULL)
		return;
	appendStringInfo(text, ", \"%s\": ", name);
	escape_json(text, value);
}

/* tiff_tags(file bytea) -> jsonb */
Datum
radiomics_tiff_tags(PG_FUNCTION_ARGS)
{
	RadContext *context = radpg_context_create();
	StringInfoData text;
	ByteSource	source;
	TiffTags	tags;

	if (!radpg_bytea_source(context, PG_GETARG_DATUM(0), "file", &source) ||
		!rad_tiff_tags(context, &source, &tags))
		radpg_throw(context);
	initStringInfo(&text);
	appendStringInfo(&text, "{\"pages\": %lld, \"width\": %u, \"height\": %u, "
					 "\"samples_per_pixel\": %d, \"bits_per_sample\": %d, \"sample_format\": %d, "
					 "\"compression\": %d", (long long) tags.page_count, tags.width, tags.height,
					 tags.samples, tags.bits, tags.sample_format, tags.compression);
	if (tags.tile_width > 0)
		appendStringInfo(&text, ", \"tile\": [%d, %d]", tags.tile_width, tags.tile_height);
	if (tags.resolution[0] > 0.0 && tags.resolution[1] > 0.0 && isfinite(tags.resolution[0]) &&
		isfinite(tags.resolution[1]))
		appendStringInfo(&text, ", \"resolution\": [%.9g, %.9g], \"resolution_unit\": %d",
						 tags.resolution[0], tags.resolution[1], tags.resolution_unit);
	if (tags.page_number[1] > 0)
		appendStringInfo(&text, ", \"page_number\": [%d, %d]", tags.page_number[0],
						 tags.page_number[1]);
	/* Text of a file may be anything; jsonb wants the database's encoding. */
	if (tags.description != NULL && pg_verifymbstr(tags.description, strlen(tags.description), true))
		append_optional_text(&text, "description", tags.description);
	if (tags.software != NULL && pg_verifymbstr(tags.software, strlen(tags.software), true))
		append_optional_text(&text, "software", tags.software);
	appendStringInfoString(&text, ", \"transform\": ");
	radpg_tiff_transform_text(&tags.transform, &text);
	appendStringInfoChar(&text, '}');
	radpg_context_delete(context);
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(text.data));
}

/* tiff_map_point(transform jsonb, point integer[]) -> integer[] */
Datum
radiomics_tiff_map_point(PG_FUNCTION_ARGS)
{
	return map_point(fcinfo, true);
}

/* tiff_unmap_point(transform jsonb, point integer[]) -> integer[] */
Datum
radiomics_tiff_unmap_point(PG_FUNCTION_ARGS)
{
	return map_point(fcinfo, false);
}

static Datum
map_point(FunctionCallInfo fcinfo, bool forward)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(1);
	RadContext *context = radpg_context_create();
	TiffTransform transform;
	uint32		from[2];
	uint32		to[2];
	Datum		result[2];

	radpg_tiff_transform(PG_GETARG_JSONB_P(0), &transform);
	if (ARR_NDIM(array) != 1 || ARR_DIMS(array)[0] != 2 || array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a point must have two coordinates"),
				 errhint("Write it as ARRAY[x, y], in pixels from 0.")));
	for (int axis = 0; axis < 2; axis++)
	{
		int32		coordinate = ((int32 *) ARR_DATA_PTR(array))[axis];

		if (coordinate < 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a point cannot have the coordinate %d", coordinate)));
		from[axis] = (uint32) coordinate;
	}
	if (!(forward ? rad_tiff_map : rad_tiff_unmap) (context, &transform, from, to))
		radpg_throw(context);
	for (int axis = 0; axis < 2; axis++)
	{
		if (to[axis] > INT32_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("point (%u, %u) is mapped beyond 2^31", from[0], from[1])));
		result[axis] = Int32GetDatum((int32) to[axis]);
	}
	radpg_context_delete(context);
	PG_RETURN_ARRAYTYPE_P(construct_array(result, 2, INT4OID, sizeof(int32), true, TYPALIGN_INT));
}
