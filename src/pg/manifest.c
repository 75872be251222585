/*
 * manifest(): which DICOM objects lie in a folder of the server, or in a value.
 */
#include "compat.h"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catalog/pg_authid.h"
#include "nodes/pg_list.h"
#include "storage/fd.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/varlena.h"

#include "dicom.h"
#include "formats/dicom_manifest.h"

PG_FUNCTION_INFO_V1(radiomics_manifest_folder);
PG_FUNCTION_INFO_V1(radiomics_manifest_instance);

/* Attributes of manifest_entry. */
enum
{
	ENTRY_STUDY,
	ENTRY_SERIES,
	ENTRY_SOP_INSTANCE,
	ENTRY_MODALITY,
	ENTRY_PATH,
	ENTRY_BYTES,
	ENTRY_ROWS,
	ENTRY_COLUMNS_OF_IMAGE,
	ENTRY_CHANNELS,
	ENTRY_FRAMES,
	ENTRY_COUNT
};

/* What is read of a file at first: the header of nearly every image. */
#define HEAD_LENGTH (64 * 1024)

/* Folders inside folders, and bytes of a file that is read whole. */
#define MAX_DEPTH 64
#define MAX_FILE ((int64) 1 << 30)

static char *manifest_folders = NULL;

typedef struct Manifest
{
	ReturnSetInfo *rsinfo;
	bool		strict;
	size_t		root_length;	/* of the folder's path, with the slash */
	MemoryContext memory;		/* for one file */
} Manifest;

static void walk_folder(Manifest *manifest, const char *path, int depth);
static void describe_file(Manifest *manifest, const char *path, int64 length);

static bool
check_folders(char **value, void **extra, GucSource source)
{
	char	   *copy = pstrdup(*value);
	List	   *folders;
	ListCell   *cell;
	bool		ok = SplitDirectoriesString(copy, ',', &folders);

	if (!ok)
		GUC_check_errdetail("It is no list of folders, separated by commas.");
	else
	{
		foreach(cell, folders)
		{
			if (!is_absolute_path((char *) lfirst(cell)))
			{
				GUC_check_errdetail("\"%s\" is no absolute path.", (char *) lfirst(cell));
				ok = false;
			}
		}
		list_free_deep(folders);
	}
	pfree(copy);
	return ok;
}

void
radpg_manifest_init(void)
{
	DefineCustomStringVariable("radiomics.manifest_folders",
							   "Sets the folders of the server that manifest() may read.",
							   "A list of absolute paths, separated by commas. Folders below "
							   "them are included. Empty means none.",
							   &manifest_folders, "", PGC_SUSET, GUC_SUPERUSER_ONLY,
							   check_folders, NULL, NULL);
}

/* The real path of a folder that the caller may read; raises otherwise. */
static char *
allowed_folder(const char *folder)
{
	char		path[PATH_MAX];
	char	   *copy = pstrdup(manifest_folders);
	List	   *allowed = NIL;
	ListCell   *cell;

	if (!has_privs_of_role(GetUserId(), ROLE_PG_READ_SERVER_FILES))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to read folders of the server"),
				 errhint("Only members of the role pg_read_server_files may do so.")));
	if (!SplitDirectoriesString(copy, ',', &allowed))
		elog(ERROR, "radiomics.manifest_folders is no list of folders");
	if (realpath(folder, path) == NULL)
	{
		/* Nothing about what is outside of the list. */
		if (allowed == NIL)
			path[0] = '\0';
		else
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not find folder \"%s\": %m", folder)));
	}
	foreach(cell, allowed)
	{
		char		root[PATH_MAX];
		size_t		length;

		if (realpath((char *) lfirst(cell), root) == NULL)
			continue;
		length = strlen(root);
		if (strncmp(path, root, length) == 0 &&
			(path[length] == '\0' || path[length] == '/' || length == 1))
			return pstrdup(path);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("folder \"%s\" is not one of those that may be read", folder),
			 errhint("The superuser lists them in radiomics.manifest_folders.")));
}

static int
compare_names(const ListCell *a, const ListCell *b)
{
	return strcmp((const char *) lfirst(a), (const char *) lfirst(b));
}

/* Files and folders in the order of their names, without following links. */
static void
walk_folder(Manifest *manifest, const char *path, int depth)
{
	List	   *names = NIL;
	ListCell   *cell;
	DIR		   *directory = AllocateDir(path);
	struct dirent *entry;

	if (depth == MAX_DEPTH)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("folder \"%s\" is more than %d folders deep", path, MAX_DEPTH)));
	while ((entry = ReadDir(directory, path)) != NULL)
	{
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			names = lappend(names, pstrdup(entry->d_name));
	}
	FreeDir(directory);
	list_sort(names, compare_names);
	foreach(cell, names)
	{
		char	   *name = psprintf("%s/%s", path, (char *) lfirst(cell));
		struct stat status;

		CHECK_FOR_INTERRUPTS();
		if (lstat(name, &status) != 0)
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not look at file \"%s\": %m", name)));
		if (S_ISDIR(status.st_mode))
			walk_folder(manifest, name, depth + 1);
		else if (S_ISREG(status.st_mode))
			describe_file(manifest, name, status.st_size);
		pfree(name);
	}
	list_free_deep(names);
}

/*
 * The first bytes of a file, in CurrentMemoryContext.  NULL with a warning for
 * one that may not be read or is gone, unless the manifest is strict.
 */
static uint8_t *
read_head(const Manifest *manifest, const char *path, int64 *length)
{
	FILE	   *file = AllocateFile(path, PG_BINARY_R);
	uint8_t    *bytes;
	int64		got = 0;

	if (file == NULL)
	{
		bool		bearable = !manifest->strict && (errno == EACCES || errno == ENOENT);

		ereport(bearable ? WARNING : ERROR,
				(errcode_for_file_access(),
				 errmsg("could not open file \"%s\": %m", path)));
		return NULL;
	}
	bytes = MemoryContextAllocHuge(CurrentMemoryContext, *length + 1);
	while (got < *length)
	{
		size_t		piece = fread(bytes + got, 1, Min(*length - got, 8 * HEAD_LENGTH), file);

		if (ferror(file))
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not read file \"%s\": %m", path)));
		if (piece == 0)
			break;
		got += piece;
		CHECK_FOR_INTERRUPTS();
	}
	FreeFile(file);
	*length = got;
	return bytes;
}

static void
put_entry(Manifest *manifest, const DicomManifestEntry *entry, const char *path, int64 length)
{
	Datum		values[ENTRY_COUNT];
	bool		nulls[ENTRY_COUNT] = {false};

	values[ENTRY_STUDY] = radpg_utf8_datum(entry->study, &nulls[ENTRY_STUDY]);
	values[ENTRY_SERIES] = radpg_utf8_datum(entry->series, &nulls[ENTRY_SERIES]);
	values[ENTRY_SOP_INSTANCE] = radpg_utf8_datum(entry->sop_instance, &nulls[ENTRY_SOP_INSTANCE]);
	values[ENTRY_MODALITY] = radpg_utf8_datum(entry->modality, &nulls[ENTRY_MODALITY]);
	nulls[ENTRY_PATH] = path == NULL;
	values[ENTRY_PATH] = path != NULL ? CStringGetTextDatum(path) : (Datum) 0;
	values[ENTRY_BYTES] = Int64GetDatum(length);
	values[ENTRY_ROWS] = Int32GetDatum((int32) entry->rows);
	nulls[ENTRY_ROWS] = entry->rows == 0;
	values[ENTRY_COLUMNS_OF_IMAGE] = Int32GetDatum((int32) entry->columns);
	nulls[ENTRY_COLUMNS_OF_IMAGE] = entry->columns == 0;
	values[ENTRY_CHANNELS] = Int32GetDatum((int32) entry->channels);
	nulls[ENTRY_CHANNELS] = entry->channels == 0;
	values[ENTRY_FRAMES] = Int32GetDatum((int32) entry->frames);
	nulls[ENTRY_FRAMES] = entry->frames == 0;
	tuplestore_putvalues(manifest->rsinfo->setResult, manifest->rsinfo->setDesc, values, nulls);
}

/*
 * A row for a file that is a DICOM object.  Others are left out: silently when
 * they do not look like one, with a warning when they are damaged; in strict
 * mode both are errors.
 */
static void
describe_file(Manifest *manifest, const char *path, int64 length)
{
	MemoryContext previous = MemoryContextSwitchTo(manifest->memory);
	RadContext *context = radpg_context_create();
	DicomManifestEntry entry;
	const char *relative = path + manifest->root_length;
	int64		head_length = Min(length, HEAD_LENGTH);
	uint8_t    *head = read_head(manifest, path, &head_length);
	bool		is_dicom;
	bool		more;
	bool		ok;

	if (head == NULL)
	{
		MemoryContextSwitchTo(previous);
		MemoryContextReset(manifest->memory);
		return;
	}
	is_dicom = rad_dicom_recognise(head, head_length);
	ok = rad_dicom_describe(context, relative, head, head_length, length, &entry, &more);
	if (!ok && more && length <= MAX_FILE)
	{
		head_length = length;
		head = read_head(manifest, path, &head_length);
		ok = head != NULL && rad_dicom_describe(context, relative, head, head_length, head_length,
												&entry, &more);
	}
	if (!ok && more && head != NULL)
		rad_fail(context, RAD_LIMIT_EXCEEDED, "%s has a header of more than %lld bytes", relative,
				 (long long) MAX_FILE);
	MemoryContextSwitchTo(previous);
	if (ok)
		put_entry(manifest, &entry, relative, length);
	else if (manifest->strict && context->code != RAD_OK)
		radpg_throw(context);
	else if (is_dicom && context->code != RAD_OK)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("left out of the manifest: %s", context->message)));
	MemoryContextReset(manifest->memory);
}

static void
begin(Manifest *manifest, FunctionCallInfo fcinfo)
{
	TupleDesc	descriptor = radpg_begin_materialize(fcinfo);

	if (descriptor->natts != ENTRY_COUNT)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("type manifest_entry does not have %d attributes", ENTRY_COUNT),
				 errhint("Run ALTER EXTENSION radiomics UPDATE.")));
	*manifest = (Manifest) {.rsinfo = (ReturnSetInfo *) fcinfo->resultinfo};
	manifest->memory = AllocSetContextCreate(CurrentMemoryContext, "radiomics manifest",
											 ALLOCSET_DEFAULT_SIZES);
}

/* manifest(folder, strict) -> setof manifest_entry */
Datum
radiomics_manifest_folder(PG_FUNCTION_ARGS)
{
	Manifest	manifest;
	char	   *folder = allowed_folder(text_to_cstring(PG_GETARG_TEXT_PP(0)));

	begin(&manifest, fcinfo);
	manifest.strict = PG_GETARG_BOOL(1);
	manifest.root_length = strlen(folder) == 1 ? 1 : strlen(folder) + 1;
	walk_folder(&manifest, strlen(folder) == 1 ? "" : folder, 0);
	MemoryContextDelete(manifest.memory);
	return (Datum) 0;
}

/* manifest(instance) -> setof manifest_entry: one row, or an error */
Datum
radiomics_manifest_instance(PG_FUNCTION_ARGS)
{
	Manifest	manifest;
	RadContext *context = radpg_context_create();
	DicomManifestEntry entry;
	int64_t		length;
	const uint8_t *bytes = radpg_dicom_bytes(context, PG_GETARG_DATUM(0), &length);
	bool		more;

	begin(&manifest, fcinfo);
	if (!rad_dicom_describe(context, "instance", bytes, length, length, &entry, &more))
		radpg_throw(context);
	put_entry(&manifest, &entry, NULL, length);
	radpg_context_delete(context);
	return (Datum) 0;
}
