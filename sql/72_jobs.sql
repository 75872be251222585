-- Jobs: what people call.

CREATE FUNCTION radiomics.content_hash(content bytea) RETURNS text
    AS 'MODULE_PATHNAME', 'radiomics_content_hash'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 500000;
COMMENT ON FUNCTION radiomics.content_hash(bytea) IS
'SHA-256 of the bytes, in hexadecimal; a large value is read piece by piece. Stored with every row that a job computes.';

CREATE FUNCTION radiomics.content_hash(content oid) RETURNS text
    AS 'MODULE_PATHNAME', 'radiomics_content_hash_large_object'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 500000;
COMMENT ON FUNCTION radiomics.content_hash(oid) IS
'SHA-256 of a large object, in hexadecimal. Stored with every row that a job computes.';

CREATE FUNCTION radiomics.content_hash(content radiomics.volume) RETURNS text
    AS 'MODULE_PATHNAME', 'radiomics_content_hash_volume'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20000;
COMMENT ON FUNCTION radiomics.content_hash(radiomics.volume) IS
'Hash of geometry and voxels that a volume carries in its header, in hexadecimal. Stored with every row that a job computes.';

CREATE FUNCTION radiomics.submit(query text, into_table text, settings jsonb DEFAULT '{}',
                                 profile text DEFAULT 'ibsi', priority integer DEFAULT 0,
                                 chunk integer DEFAULT NULL, max_attempts integer DEFAULT 3,
                                 max_crashes integer DEFAULT 2, recompute boolean DEFAULT false)
    RETURNS bigint
    AS 'MODULE_PATHNAME', 'radiomics_submit'
    LANGUAGE C VOLATILE PARALLEL UNSAFE COST 500;
COMMENT ON FUNCTION radiomics.submit(text, text, jsonb, text, integer, integer, integer, integer, boolean) IS
'Computes features of a whole cohort in background workers, and returns the number of the job. The query yields key columns, image, mask and optionally label or labels; the table is created if it is missing. Keys that the table already has with these settings and this version are left out unless recompute is true.';

CREATE FUNCTION radiomics.wait_job(job bigint, timeout interval DEFAULT NULL) RETURNS text
    AS 'MODULE_PATHNAME', 'radiomics_wait_job'
    LANGUAGE C VOLATILE PARALLEL UNSAFE COST 500;
COMMENT ON FUNCTION radiomics.wait_job(bigint, interval) IS
'Waits until a job has ended or the time is over, and returns its state. The job must have been committed.';

CREATE FUNCTION radiomics.cancel_job(job bigint) RETURNS boolean
    AS 'MODULE_PATHNAME', 'radiomics_cancel_job'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 500;
COMMENT ON FUNCTION radiomics.cancel_job(bigint) IS
'Cancels a job; scans being computed are interrupted, results so far are kept. False if it has already ended.';

CREATE FUNCTION radiomics.pause_job(job bigint) RETURNS boolean
    AS 'MODULE_PATHNAME', 'radiomics_pause_job'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 500;
COMMENT ON FUNCTION radiomics.pause_job(bigint) IS
'Pauses a job; scans being computed are finished. False if it has already ended or is paused.';

CREATE FUNCTION radiomics.resume_job(job bigint) RETURNS boolean
    AS 'MODULE_PATHNAME', 'radiomics_resume_job'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 500;
COMMENT ON FUNCTION radiomics.resume_job(bigint) IS
'Continues a paused job. False if it is not paused.';

CREATE FUNCTION radiomics.retry_job(job bigint) RETURNS bigint
    AS 'MODULE_PATHNAME', 'radiomics_retry_job'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 500;
COMMENT ON FUNCTION radiomics.retry_job(bigint) IS
'Computes the failed keys of a job again, and of a failed job also what was left. Returns the number of failed keys.';

CREATE FUNCTION radiomics.purge_jobs(age interval DEFAULT '0') RETURNS bigint
    AS 'MODULE_PATHNAME', 'radiomics_purge_jobs'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 500;
COMMENT ON FUNCTION radiomics.purge_jobs(interval) IS
'Forgets your jobs that ended longer ago than the given age, with their errors; results stay. Returns how many.';

-- Only of the running tasks of roles that the caller belongs to.
CREATE FUNCTION radiomics.running_tasks(
    OUT job_id bigint, OUT task_id bigint, OUT pid integer, OUT phase text, OUT total integer,
    OUT done integer, OUT failed integer, OUT bytes bigint, OUT milliseconds double precision[],
    OUT device text)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'radiomics_running_tasks'
    LANGUAGE C VOLATILE PARALLEL UNSAFE COST 500 ROWS 4;
COMMENT ON FUNCTION radiomics.running_tasks() IS
'Progress of the tasks that run at this moment, from shared memory. The view job_progress sums it up.';

-- Feature tables that follow their source.

CREATE FUNCTION radiomics.feature_table(name text, query text, settings jsonb DEFAULT '{}',
                                        profile text DEFAULT 'ibsi')
    RETURNS bigint
    AS 'MODULE_PATHNAME', 'radiomics_feature_table'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 500;
COMMENT ON FUNCTION radiomics.feature_table(text, text, jsonb, text) IS
'Makes a table of features that stays up to date: scans that are added, changed or removed are computed by background workers within seconds. The query is as for submit. Returns the number of the table''s job.';

CREATE FUNCTION radiomics.refresh_features(name text, verify boolean DEFAULT false) RETURNS bigint
    AS 'MODULE_PATHNAME', 'radiomics_refresh_features'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 500;
COMMENT ON FUNCTION radiomics.refresh_features(text, boolean) IS
'Computes what a feature table lacks, and removes what its query does not yield any more; with verify, the content of every scan is compared too. Returns the number of the job.';

CREATE FUNCTION radiomics.drop_feature_table(name text) RETURNS void
    AS 'MODULE_PATHNAME', 'radiomics_drop_feature_table'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 500;
COMMENT ON FUNCTION radiomics.drop_feature_table(text) IS
'Drops a feature table, its job, and the triggers that it needed.';

CREATE FUNCTION radiomics.feature_source_changed() RETURNS trigger
    AS 'MODULE_PATHNAME', 'radiomics_feature_source_changed'
    LANGUAGE C VOLATILE PARALLEL UNSAFE COST 500;
COMMENT ON FUNCTION radiomics.feature_source_changed() IS
'Internal: trigger of the tables that feature tables follow.';
