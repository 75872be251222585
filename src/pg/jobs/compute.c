/*
 * One key of a job: read the scan, hash it, compute its features, write rows.
 *
 * Four statements instead of one INSERT ... SELECT, so that each stage has its
 * time, and the hashes are known before anything is computed.
 */
#include "compat.h"

#include "access/detoast.h"
#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "portability/instr_time.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "jobs/compute.h"
#include "jobs/content_hash.h"
#include "jobs/queue.h"
#include "module.h"

/* What was read of a key. */
typedef struct StoredScan
{
	HeapTuple	row;
	TupleDesc	descriptor;
	char	   *image_hash;
	char	   *mask_hash;
} StoredScan;

/* Columns of the statement `read`, before the keys. */
enum
{
	READ_IMAGE = 1,
	READ_MASK,
	READ_LABEL,
	READ_KEYS
};

/* Of the stage that runs: this process computes one key at a time. */
static instr_time stage_begin;

static SPIPlanPtr prepare(const char *statement, int count, const Oid *types);
static char *read_statement(const RunningJob *job);
static char *compute_statement(const RunningJob *job, LabelSource labels);
static char *insert_statement(const RunningJob *job, Oid *types, int *count);
static bool read_scan(RunningJob *job, Datum key, StoredScan *scan);
static bool is_current(RunningJob *job, Datum key, const StoredScan *scan);
static SPITupleTable *compute_features(RunningJob *job, const StoredScan *scan, uint64 *count);
static void write_rows(RunningJob *job, Datum key, const StoredScan *scan, SPITupleTable *table,
					   uint64 count);
static void write_row(RunningJob *job, const StoredScan *scan, HeapTuple row, TupleDesc descriptor);
static void begin_stage(ProgressSlot *slot, JobPhase phase);
static void end_stage(ProgressSlot *slot);

static SPIPlanPtr
prepare(const char *statement, int count, const Oid *types)
{
	/* Generic: planned once, and features() is not folded while planning. */
	SPIPlanPtr	plan = SPI_prepare_cursor(statement, count, (Oid *) types,
										  CURSOR_OPT_GENERIC_PLAN);

	if (plan == NULL)
		elog(ERROR, "could not prepare \"%s\": %s", statement,
			 SPI_result_code_string(SPI_result));
	SPI_keepplan(plan);
	return plan;
}

void
radpg_prepare_job(RunningJob *job)
{
	const Oid	key[] = {JSONBOID};
	const Oid	key_and_labels[] = {JSONBOID, INT4ARRAYOID};
	Oid			inputs[4];
	char	   *insert;
	Oid		   *types;
	int			count;

	job->target_name = radpg_table_name(job->target);
	job->cohort = radpg_describe_cohort(job->query, radpg_find_profile(job->profile));
	job->features = radpg_feature_columns(job->cohort->profile, &job->feature_count);
	job->read = prepare(read_statement(job), 1, key);
	job->stored = prepare(psprintf("SELECT t.image_hash, t.mask_hash FROM %s AS t WHERE %s AND "
								   "t.settings_hash OPERATOR(pg_catalog.=) %s AND "
								   "t.extension_version OPERATOR(pg_catalog.=) %s LIMIT 1",
								   job->target_name,
								   radpg_keys_equal_json(job->cohort, "t", "$1"),
								   quote_literal_cstr(job->settings_hash),
								   quote_literal_cstr(RADIOMICS_VERSION)), 1, key);
	inputs[0] = inputs[1] = job->cohort->image_type;
	inputs[2] = job->cohort->labels == LABELS_COLUMN ? INT4ARRAYOID : INT4OID;
	inputs[3] = JSONBOID;
	job->compute = prepare(compute_statement(job, job->cohort->labels), 4, inputs);
	if (job->cohort->labels == LABELS_COLUMN && job->cohort->profile->by_label != NULL)
		job->compute_all = prepare(psprintf("SELECT f.* FROM radiomics.%s($1, $2, $4) AS f "
											"WHERE $3 IS NULL",
											job->cohort->profile->by_label), 4, inputs);
	types = palloc(sizeof(Oid) * (job->cohort->key_count + 1 + job->feature_count + PROVENANCE_COUNT));
	insert = insert_statement(job, types, &count);
	job->insert = prepare(insert, count, types);
	job->remove_labels = prepare(psprintf("DELETE FROM %s AS t WHERE %s AND "
										  "t.settings_hash OPERATOR(pg_catalog.=) %s AND "
										  "t.label OPERATOR(pg_catalog.<>) ALL ($2)",
										  job->target_name,
										  radpg_keys_equal_json(job->cohort, "t", "$1"),
										  quote_literal_cstr(job->settings_hash)),
								 2, key_and_labels);
	job->remove_key = prepare(psprintf("DELETE FROM %s AS t WHERE %s", job->target_name,
									   radpg_keys_equal_json(job->cohort, "t", "$1")), 1, key);
}

static char *
read_statement(const RunningJob *job)
{
	const Cohort *cohort = job->cohort;
	const char *labels[] = {
		[LABEL_DEFAULT] = cohort->profile->label, [LABEL_COLUMN] = "q.label", [LABELS_COLUMN] = "q.labels"
	};
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text, "SELECT q.image, q.mask, %s", labels[cohort->labels]);
	for (int n = 0; n < cohort->key_count; n++)
		appendStringInfo(&text, ", q.%s", quote_identifier(cohort->keys[n].name));
	appendStringInfo(&text, " FROM (%s\n) AS q WHERE %s", cohort->query,
					 radpg_keys_equal_json(cohort, "q", "$1"));
	return text.data;
}

static char *
compute_statement(const RunningJob *job, LabelSource labels)
{
	const char *function = job->cohort->profile->function;

	if (labels == LABELS_COLUMN)
		return psprintf("SELECT (s.f).* FROM (SELECT radiomics.%s($1, $2, l.label, $4) AS f "
						"FROM pg_catalog.unnest($3) AS l (label) OFFSET 0) AS s", function);
	return psprintf("SELECT (s.f).* FROM (SELECT radiomics.%s($1, $2, $3, $4) AS f OFFSET 0) AS s",
					function);
}

/* Insert a row, or replace the one of another version or content. */
static char *
insert_statement(const RunningJob *job, Oid *types, int *count)
{
	const Cohort *cohort = job->cohort;
	StringInfoData columns;
	StringInfoData values;
	StringInfoData updates;
	int			n = 0;

	initStringInfo(&columns);
	initStringInfo(&values);
	initStringInfo(&updates);
	for (int key = 0; key < cohort->key_count; key++)
	{
		appendStringInfo(&columns, "%s, ", quote_identifier(cohort->keys[key].name));
		appendStringInfo(&values, "$%d, ", n + 1);
		types[n++] = cohort->keys[key].type;
	}
	appendStringInfoString(&columns, "label");
	appendStringInfo(&values, "$%d", n + 1);
	types[n++] = INT4OID;
	for (int m = 0; m < PROVENANCE_COUNT; m++)
	{
		appendStringInfo(&columns, ", %s", radpg_provenance[m].name);
		appendStringInfo(&values, ", $%d", n + 1);
		types[n++] = radpg_provenance[m].type;
		if (m != PROVENANCE_SETTINGS)
			appendStringInfo(&updates, "%s%s = excluded.%s", updates.len > 0 ? ", " : "",
							 radpg_provenance[m].name, radpg_provenance[m].name);
	}
	for (int m = 0; m < job->feature_count; m++)
	{
		const char *name = quote_identifier(job->features[m].name);

		appendStringInfo(&columns, ", %s", name);
		appendStringInfo(&values, ", $%d", n + 1);
		types[n++] = job->features[m].type;
		appendStringInfo(&updates, ", %s = excluded.%s", name, name);
	}
	*count = n;
	return psprintf("INSERT INTO %s (%s) VALUES (%s) ON CONFLICT (%s) DO UPDATE SET %s",
					job->target_name, columns.data, values.data, radpg_unique_columns(cohort),
					updates.data);
}

void
radpg_compute_key(RunningJob *job, ProgressSlot *slot, Datum key, const char *mode)
{
	StoredScan	scan = {0};
	SPITupleTable *features;
	uint64		count;
	int64		bytes = 0;

	begin_stage(slot, PHASE_READ);
	if (job->managed)
		radpg_lock_key(job->target, key);
	if (strcmp(mode, "missing") == 0 && is_current(job, key, NULL))
	{
		end_stage(slot);
		return;
	}
	if (!read_scan(job, key, &scan))
	{
		if (!job->managed)
			ereport(ERROR,
					(errcode(ERRCODE_NO_DATA_FOUND),
					 errmsg("the query does not yield this key any more")));
		SPI_execute_plan(job->remove_key, &key, NULL, false, 0);
		end_stage(slot);
		return;
	}
	end_stage(slot);

	begin_stage(slot, PHASE_HASH);
	for (int column = READ_IMAGE; column <= READ_MASK; column++)
	{
		bool		is_null;
		Datum		value = SPI_getbinval(scan.row, scan.descriptor, column, &is_null);
		char	  **hash = column == READ_IMAGE ? &scan.image_hash : &scan.mask_hash;

		if (is_null)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("the %s is null", column == READ_IMAGE ? "image" : "mask")));
		*hash = radpg_content_hash(job->cohort->source, value, &bytes);
	}
	SpinLockAcquire(&slot->lock);
	slot->task.bytes += bytes;
	SpinLockRelease(&slot->lock);
	end_stage(slot);
	if (strcmp(mode, "verify") == 0 && is_current(job, key, &scan))
		return;

	begin_stage(slot, PHASE_COMPUTE);
	features = compute_features(job, &scan, &count);
	strlcpy(job->device, radpg_counted_by(), sizeof(job->device));
	SpinLockAcquire(&slot->lock);
	memcpy(slot->task.device, job->device, sizeof(job->device));
	SpinLockRelease(&slot->lock);
	end_stage(slot);

	begin_stage(slot, PHASE_WRITE);
	write_rows(job, key, &scan, features, count);
	end_stage(slot);
}

/* The query's row of a key; false when there is none. */
static bool
read_scan(RunningJob *job, Datum key, StoredScan *scan)
{
	if (SPI_execute_plan(job->read, &key, NULL, false, 2) != SPI_OK_SELECT)
		elog(ERROR, "could not read a scan");
	if (SPI_processed > 1)
		ereport(ERROR,
				(errcode(ERRCODE_CARDINALITY_VIOLATION),
				 errmsg("the query yields this key more than once")));
	if (SPI_processed == 0)
		return false;
	scan->row = SPI_tuptable->vals[0];
	scan->descriptor = SPI_tuptable->tupdesc;
	return true;
}

/* Does the table have the key with these settings and this version (and content)? */
static bool
is_current(RunningJob *job, Datum key, const StoredScan *scan)
{
	if (SPI_execute_plan(job->stored, &key, NULL, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not look for a stored row");
	if (SPI_processed == 0)
		return false;
	return scan == NULL ||
		(strcmp(SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1), scan->image_hash) == 0 &&
		 strcmp(SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2), scan->mask_hash) == 0);
}

static SPITupleTable *
compute_features(RunningJob *job, const StoredScan *scan, uint64 *count)
{
	Datum		values[4];
	char		nulls[4] = {' ', ' ', ' ', ' '};
	SPIPlanPtr	plan = job->compute;
	bool		is_null;

	values[0] = SPI_getbinval(scan->row, scan->descriptor, READ_IMAGE, &is_null);
	values[1] = SPI_getbinval(scan->row, scan->descriptor, READ_MASK, &is_null);
	values[2] = SPI_getbinval(scan->row, scan->descriptor, READ_LABEL, &is_null);
	values[3] = job->settings;
	if (is_null)
	{
		nulls[2] = 'n';
		if (job->compute_all != NULL)
			plan = job->compute_all;
		else if (job->cohort->labels != LABEL_DEFAULT)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("the label is null"),
					 errhint("With the profile \"%s\" a query that yields labels must name them.",
							 job->cohort->profile->name)));
	}
	if (SPI_execute_plan(plan, values, nulls, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not compute features");
	*count = SPI_processed;
	return SPI_tuptable;
}

/* Rows of labels that the key has no more go, unless the label is its part. */
static void
write_rows(RunningJob *job, Datum key, const StoredScan *scan, SPITupleTable *table, uint64 count)
{
	int			label = SPI_fnumber(table->tupdesc, "label");
	Datum	   *labels = palloc(sizeof(Datum) * Max(count, 1));
	bool		is_null;

	for (uint64 n = 0; n < count; n++)
	{
		labels[n] = SPI_getbinval(table->vals[n], table->tupdesc, label, &is_null);
		write_row(job, scan, table->vals[n], table->tupdesc);
	}
	if (job->cohort->labels != LABEL_COLUMN)
	{
		Datum		values[] = {
			key,
			PointerGetDatum(construct_array(labels, (int) count, INT4OID, 4, true, TYPALIGN_INT))
		};

		SPI_execute_plan(job->remove_labels, values, NULL, false, 0);
	}
}

static void
write_row(RunningJob *job, const StoredScan *scan, HeapTuple row, TupleDesc descriptor)
{
	int			key_count = job->cohort->key_count;
	int			capacity = key_count + 1 + PROVENANCE_COUNT + job->feature_count;
	Datum	   *values = palloc(sizeof(Datum) * capacity);
	char	   *nulls = palloc(capacity);
	bool		is_null;
	int			n = 0;

	memset(nulls, ' ', capacity);
	for (int key = 0; key < key_count; key++)
		values[n++] = SPI_getbinval(scan->row, scan->descriptor, READ_KEYS + key, &is_null);
	values[n++] = SPI_getbinval(row, descriptor, SPI_fnumber(descriptor, "label"), &is_null);
	values[n + PROVENANCE_SETTINGS] = CStringGetTextDatum(job->settings_hash);
	values[n + PROVENANCE_IMAGE] = CStringGetTextDatum(scan->image_hash);
	values[n + PROVENANCE_MASK] = CStringGetTextDatum(scan->mask_hash);
	values[n + PROVENANCE_VERSION] = CStringGetTextDatum(RADIOMICS_VERSION);
	values[n + PROVENANCE_DEVICE] = CStringGetTextDatum(job->device);
	values[n + PROVENANCE_TIME] = TimestampTzGetDatum(GetCurrentTimestamp());
	n += PROVENANCE_COUNT;
	for (int m = 0; m < job->feature_count; m++)
	{
		values[n] = SPI_getbinval(row, descriptor, SPI_fnumber(descriptor, job->features[m].name),
								  &is_null);
		nulls[n++] = is_null ? 'n' : ' ';
	}
	if (SPI_execute_plan(job->insert, values, nulls, false, 0) < 0)
		elog(ERROR, "could not write features");
}

static void
begin_stage(ProgressSlot *slot, JobPhase phase)
{
	CHECK_FOR_INTERRUPTS();
	INSTR_TIME_SET_CURRENT(stage_begin);
	SpinLockAcquire(&slot->lock);
	slot->task.phase = phase;
	SpinLockRelease(&slot->lock);
}

static void
end_stage(ProgressSlot *slot)
{
	instr_time	now;
	int64		microseconds;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, stage_begin);
	microseconds = (int64) INSTR_TIME_GET_MICROSEC(now);
	SpinLockAcquire(&slot->lock);
	slot->task.microseconds[slot->task.phase] += microseconds;
	SpinLockRelease(&slot->lock);
}
