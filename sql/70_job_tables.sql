-- Jobs: the tables of the queue.  Only the functions of this extension write
-- them; row-level security shows people the jobs of the roles they belong to.

CREATE TABLE radiomics.job (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner oid NOT NULL,
    state text NOT NULL CHECK (state IN ('blocked', 'runnable', 'running', 'paused',
                                         'cancelling', 'cancelled', 'done', 'failed')),
    query text NOT NULL,
    search_path text NOT NULL,
    target oid NOT NULL,
    target_name text NOT NULL,
    profile text NOT NULL,
    settings jsonb NOT NULL,
    settings_hash text NOT NULL,
    priority integer NOT NULL,
    max_attempts integer NOT NULL CHECK (max_attempts >= 1),
    max_crashes integer NOT NULL CHECK (max_crashes >= 1),
    managed boolean NOT NULL,
    total bigint NOT NULL,
    sqlstate text,
    message text,
    created timestamptz NOT NULL DEFAULT clock_timestamp(),
    started timestamptz,
    finished timestamptz
);
CREATE INDEX job_unfinished ON radiomics.job (target, id)
    WHERE state IN ('blocked', 'runnable', 'running', 'paused', 'cancelling');

CREATE TABLE radiomics.task (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id bigint NOT NULL REFERENCES radiomics.job ON DELETE CASCADE,
    keys jsonb[] NOT NULL,
    mode text NOT NULL CHECK (mode IN ('missing', 'verify', 'all')),
    state text NOT NULL DEFAULT 'runnable'
        CHECK (state IN ('runnable', 'running', 'done', 'cancelled')),
    attempts integer NOT NULL DEFAULT 0,
    crashes integer NOT NULL DEFAULT 0,
    not_before timestamptz NOT NULL DEFAULT '-infinity',
    pid integer,
    started timestamptz,
    finished timestamptz,
    done integer NOT NULL DEFAULT 0,
    bytes bigint NOT NULL DEFAULT 0,
    milliseconds double precision[] NOT NULL DEFAULT '{0, 0, 0, 0}'
);
CREATE INDEX task_job ON radiomics.task (job_id);
CREATE INDEX task_runnable ON radiomics.task (job_id, id) WHERE state = 'runnable';
CREATE INDEX task_running ON radiomics.task (id) WHERE state = 'running';

CREATE TABLE radiomics.job_error (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id bigint NOT NULL REFERENCES radiomics.job ON DELETE CASCADE,
    task_id bigint NOT NULL,
    key jsonb NOT NULL,
    mode text NOT NULL,
    sqlstate text NOT NULL,
    message text NOT NULL,
    detail text,
    hint text,
    context text,
    attempts integer NOT NULL,
    crashes integer NOT NULL,
    occurred timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX job_error_job ON radiomics.job_error (job_id);

-- What feature_table() made, and which of its scans have changed.
CREATE TABLE radiomics.managed_table (
    target regclass PRIMARY KEY,
    owner regrole NOT NULL,
    query text NOT NULL,
    search_path text NOT NULL,
    profile text NOT NULL,
    settings jsonb NOT NULL,
    settings_hash text NOT NULL,
    keys text[] NOT NULL,
    sources regclass[] NOT NULL
);

CREATE TABLE radiomics.changed_key (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target oid NOT NULL,
    key jsonb NOT NULL,
    mode text NOT NULL
);

-- The scheduler of this database, while there is one.
CREATE TABLE radiomics.scheduler (
    pid integer NOT NULL,
    progress bigint NOT NULL
);

ALTER TABLE radiomics.job ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_jobs ON radiomics.job FOR SELECT
    USING (pg_has_role(owner, 'MEMBER'));
ALTER TABLE radiomics.task ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_jobs ON radiomics.task FOR SELECT
    USING (EXISTS (SELECT FROM radiomics.job AS j WHERE j.id = job_id));
ALTER TABLE radiomics.job_error ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_jobs ON radiomics.job_error FOR SELECT
    USING (EXISTS (SELECT FROM radiomics.job AS j WHERE j.id = job_id));
ALTER TABLE radiomics.managed_table ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tables ON radiomics.managed_table FOR SELECT
    USING (pg_has_role(owner, 'MEMBER'));
GRANT SELECT ON radiomics.job, radiomics.task, radiomics.job_error, radiomics.managed_table TO PUBLIC;

-- Managed tables are part of a dump, finished and unfinished jobs are not.
SELECT pg_catalog.pg_extension_config_dump('radiomics.managed_table', '');

COMMENT ON TABLE radiomics.job IS
'Background jobs. Read the view jobs.';
COMMENT ON COLUMN radiomics.job.id IS
'Number of the job.';
COMMENT ON COLUMN radiomics.job.owner IS
'Role that submitted it; its workers are logged in as this role.';
COMMENT ON COLUMN radiomics.job.state IS
'State of the job: blocked, runnable, running, paused, cancelling, cancelled, done or failed.';
COMMENT ON COLUMN radiomics.job.query IS
'Query of the cohort.';
COMMENT ON COLUMN radiomics.job.search_path IS
'Search path that the query was submitted under.';
COMMENT ON COLUMN radiomics.job.target IS
'Table for the results.';
COMMENT ON COLUMN radiomics.job.target_name IS
'Its name at the time of submission.';
COMMENT ON COLUMN radiomics.job.profile IS
'Kind of features.';
COMMENT ON COLUMN radiomics.job.settings IS
'Settings of the computation.';
COMMENT ON COLUMN radiomics.job.settings_hash IS
'Their hash.';
COMMENT ON COLUMN radiomics.job.priority IS
'Higher goes first.';
COMMENT ON COLUMN radiomics.job.max_attempts IS
'How often a scan is tried that fails for a passing reason.';
COMMENT ON COLUMN radiomics.job.max_crashes IS
'How often a scan may take the server process down.';
COMMENT ON COLUMN radiomics.job.managed IS
'True for the job of a table that feature_table made.';
COMMENT ON COLUMN radiomics.job.total IS
'Number of keys.';
COMMENT ON COLUMN radiomics.job.sqlstate IS
'Error code of a failed job.';
COMMENT ON COLUMN radiomics.job.message IS
'Reason of a failed job.';
COMMENT ON COLUMN radiomics.job.created IS
'Time of submission.';
COMMENT ON COLUMN radiomics.job.started IS
'Time of the first task.';
COMMENT ON COLUMN radiomics.job.finished IS
'Time of the end.';

COMMENT ON TABLE radiomics.task IS
'Parts of jobs. Read the view job_tasks.';
COMMENT ON COLUMN radiomics.task.id IS
'Number of the task.';
COMMENT ON COLUMN radiomics.task.job_id IS
'Job that it belongs to.';
COMMENT ON COLUMN radiomics.task.keys IS
'Keys that it computes.';
COMMENT ON COLUMN radiomics.task.mode IS
'What is computed: missing keys, keys whose content has changed (verify), or all.';
COMMENT ON COLUMN radiomics.task.state IS
'State of the task: runnable, running, done or cancelled.';
COMMENT ON COLUMN radiomics.task.attempts IS
'Failed attempts before this one.';
COMMENT ON COLUMN radiomics.task.crashes IS
'How often the keys have taken the server process down.';
COMMENT ON COLUMN radiomics.task.not_before IS
'Time before which it is not started.';
COMMENT ON COLUMN radiomics.task.pid IS
'Process of the worker, while it runs.';
COMMENT ON COLUMN radiomics.task.started IS
'Time of the start.';
COMMENT ON COLUMN radiomics.task.finished IS
'Time of the end.';
COMMENT ON COLUMN radiomics.task.done IS
'Keys that were computed.';
COMMENT ON COLUMN radiomics.task.bytes IS
'Bytes of images and masks that were read.';
COMMENT ON COLUMN radiomics.task.milliseconds IS
'Time spent reading, hashing, computing and writing.';

COMMENT ON TABLE radiomics.job_error IS
'Scans that failed. Read the view job_errors.';
COMMENT ON COLUMN radiomics.job_error.id IS
'Number of the error.';
COMMENT ON COLUMN radiomics.job_error.job_id IS
'Job of the scan.';
COMMENT ON COLUMN radiomics.job_error.task_id IS
'Task of the scan.';
COMMENT ON COLUMN radiomics.job_error.key IS
'Key of the scan.';
COMMENT ON COLUMN radiomics.job_error.mode IS
'As in task.';
COMMENT ON COLUMN radiomics.job_error.sqlstate IS
'Error code.';
COMMENT ON COLUMN radiomics.job_error.message IS
'What went wrong.';
COMMENT ON COLUMN radiomics.job_error.detail IS
'More about it.';
COMMENT ON COLUMN radiomics.job_error.hint IS
'What can be done.';
COMMENT ON COLUMN radiomics.job_error.context IS
'Where it went wrong.';
COMMENT ON COLUMN radiomics.job_error.attempts IS
'Attempts that failed.';
COMMENT ON COLUMN radiomics.job_error.crashes IS
'How often the scan took the server process down.';
COMMENT ON COLUMN radiomics.job_error.occurred IS
'Time of the failure.';

COMMENT ON TABLE radiomics.managed_table IS
'Tables that feature_table made. Read the view feature_tables.';
COMMENT ON COLUMN radiomics.managed_table.target IS
'The table.';
COMMENT ON COLUMN radiomics.managed_table.owner IS
'Role that made it; computes as this role.';
COMMENT ON COLUMN radiomics.managed_table.query IS
'Query of the cohort.';
COMMENT ON COLUMN radiomics.managed_table.search_path IS
'Search path of the query.';
COMMENT ON COLUMN radiomics.managed_table.profile IS
'Kind of features.';
COMMENT ON COLUMN radiomics.managed_table.settings IS
'Settings of the computation.';
COMMENT ON COLUMN radiomics.managed_table.settings_hash IS
'Their hash.';
COMMENT ON COLUMN radiomics.managed_table.keys IS
'Names of the key columns.';
COMMENT ON COLUMN radiomics.managed_table.sources IS
'Tables whose changes are followed.';

COMMENT ON TABLE radiomics.changed_key IS
'Internal: scans of managed tables that have changed since the scheduler last looked.';
COMMENT ON COLUMN radiomics.changed_key.id IS
'Order of the changes.';
COMMENT ON COLUMN radiomics.changed_key.target IS
'The managed table.';
COMMENT ON COLUMN radiomics.changed_key.key IS
'Key of the scan.';
COMMENT ON COLUMN radiomics.changed_key.mode IS
'As in task.';

COMMENT ON TABLE radiomics.scheduler IS
'Internal: the scheduler of this database.';
COMMENT ON COLUMN radiomics.scheduler.pid IS
'Its process.';
COMMENT ON COLUMN radiomics.scheduler.progress IS
'Handle of the shared memory of running tasks.';

COMMENT ON SEQUENCE radiomics.job_id_seq IS
'Internal: numbers of rows.';
COMMENT ON SEQUENCE radiomics.task_id_seq IS
'Internal: numbers of rows.';
COMMENT ON SEQUENCE radiomics.job_error_id_seq IS
'Internal: numbers of rows.';
COMMENT ON SEQUENCE radiomics.changed_key_id_seq IS
'Internal: numbers of rows.';
