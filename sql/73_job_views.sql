-- Views on jobs.  They show the jobs of the roles that the current user belongs
-- to: said here, because a view reads its tables with the rights of its owner.

CREATE VIEW radiomics.jobs WITH (security_barrier) AS
SELECT j.id, pg_get_userbyid(j.owner) AS owner, j.state, j.target_name AS into_table, j.profile,
       j.settings, j.settings_hash, j.priority, j.total, t.done, e.failed,
       j.total - t.done - e.failed AS waiting,
       j.managed, j.sqlstate, j.message, j.created, j.started, j.finished, j.query
FROM   radiomics.job AS j,
       LATERAL (SELECT coalesce(sum(t.done), 0)::int8 AS done
                FROM   radiomics.task AS t WHERE t.job_id = j.id) AS t,
       LATERAL (SELECT count(*) AS failed
                FROM   radiomics.job_error AS e WHERE e.job_id = j.id) AS e
WHERE  pg_has_role(j.owner, 'MEMBER');
COMMENT ON VIEW radiomics.jobs IS
'Jobs that you submitted. A change of state is also notified on the channel radiomics_jobs.';

CREATE VIEW radiomics.job_tasks WITH (security_barrier) AS
SELECT t.id, t.job_id, t.state, t.mode, t.keys, t.attempts, t.crashes, t.not_before, t.pid, t.started,
       t.finished, t.done, t.bytes
FROM   radiomics.task AS t JOIN radiomics.job AS j ON j.id = t.job_id
WHERE  pg_has_role(j.owner, 'MEMBER');
COMMENT ON VIEW radiomics.job_tasks IS
'The parts of your jobs: the keys that one worker computes in one transaction.';

CREATE VIEW radiomics.job_errors WITH (security_barrier) AS
SELECT e.job_id, e.key, e.sqlstate, e.message, e.detail, e.hint, e.context, e.attempts, e.crashes,
       e.occurred, e.task_id
FROM   radiomics.job_error AS e JOIN radiomics.job AS j ON j.id = e.job_id
WHERE  pg_has_role(j.owner, 'MEMBER');
COMMENT ON VIEW radiomics.job_errors IS
'Scans of your jobs that failed, with the reason. radiomics.retry_job computes them again.';

CREATE VIEW radiomics.job_progress WITH (security_barrier) AS
SELECT p.job_id, p.state, p.phase, p.workers, p.done, p.failed, p.total, p.bytes,
       p.finished_by_now / nullif(p.seconds, 0) AS rate,
       CASE WHEN p.state = 'running' AND p.finished_by_now > 0
            THEN clock_timestamp()
                 + make_interval(secs => p.seconds * (p.total - p.finished_by_now) / p.finished_by_now)
            ELSE p.finished END AS estimated_end,
       p.milliseconds[1] AS read_ms, p.milliseconds[2] AS hash_ms,
       p.milliseconds[3] AS compute_ms, p.milliseconds[4] AS write_ms, p.device
FROM  (SELECT j.id AS job_id, j.state, j.total, j.finished,
              coalesce(r.phase, CASE WHEN j.finished IS NULL THEN 'waiting' ELSE 'ended' END) AS phase,
              coalesce(r.workers, 0) AS workers, r.device,
              d.done + coalesce(r.done, 0) AS done,
              e.failed + coalesce(r.failed, 0) AS failed,
              d.done + e.failed + coalesce(r.done, 0) + coalesce(r.failed, 0) AS finished_by_now,
              d.bytes + coalesce(r.bytes, 0) AS bytes,
              extract(epoch FROM coalesce(j.finished, clock_timestamp()) - j.started)::float8
              AS seconds,
              ARRAY[d.ms1 + coalesce(r.ms1, 0), d.ms2 + coalesce(r.ms2, 0),
                    d.ms3 + coalesce(r.ms3, 0), d.ms4 + coalesce(r.ms4, 0)] AS milliseconds
       FROM   radiomics.job AS j
       CROSS  JOIN LATERAL (
              SELECT coalesce(sum(t.done), 0)::int8 AS done, coalesce(sum(t.bytes), 0)::int8 AS bytes,
                     coalesce(sum(t.milliseconds[1]), 0) AS ms1, coalesce(sum(t.milliseconds[2]), 0) AS ms2,
                     coalesce(sum(t.milliseconds[3]), 0) AS ms3, coalesce(sum(t.milliseconds[4]), 0) AS ms4
              FROM   radiomics.task AS t WHERE t.job_id = j.id AND t.state <> 'running') AS d
       CROSS  JOIN LATERAL (
              SELECT count(*) AS failed FROM radiomics.job_error AS x WHERE x.job_id = j.id) AS e
       LEFT   JOIN (
              SELECT s.job_id, count(*) AS workers, mode() WITHIN GROUP (ORDER BY s.phase) AS phase,
                     sum(s.done)::int8 AS done, sum(s.failed)::int8 AS failed, sum(s.bytes)::int8 AS bytes,
                     sum(s.milliseconds[1]) AS ms1, sum(s.milliseconds[2]) AS ms2,
                     sum(s.milliseconds[3]) AS ms3, sum(s.milliseconds[4]) AS ms4,
                     string_agg(DISTINCT s.device, ', ' ORDER BY s.device) AS device
              FROM   radiomics.running_tasks() AS s
              JOIN   radiomics.task AS t ON t.id = s.task_id AND t.state = 'running'
              GROUP  BY s.job_id) AS r ON r.job_id = j.id
       WHERE  pg_has_role(j.owner, 'MEMBER')) AS p;
COMMENT ON VIEW radiomics.job_progress IS
'How far your jobs are at this moment: running tasks are read from shared memory.';

CREATE VIEW radiomics.feature_tables WITH (security_barrier) AS
SELECT m.target AS feature_table, pg_get_userbyid(m.owner) AS owner, m.keys, m.sources AS follows,
       m.profile, m.settings, m.settings_hash, j.id AS job_id, j.state AS job_state, m.query
FROM   radiomics.managed_table AS m
JOIN   pg_class AS c ON c.oid = m.target
LEFT   JOIN radiomics.job AS j ON j.target = m.target AND j.managed
WHERE  pg_has_role(m.owner, 'MEMBER');
COMMENT ON VIEW radiomics.feature_tables IS
'Your feature tables, made by feature_table, that follow their source.';

GRANT SELECT ON radiomics.jobs, radiomics.job_tasks, radiomics.job_errors, radiomics.job_progress,
    radiomics.feature_tables TO PUBLIC;

COMMENT ON COLUMN radiomics.jobs.id IS
'Number of the job.';
COMMENT ON COLUMN radiomics.jobs.owner IS
'Role that submitted it.';
COMMENT ON COLUMN radiomics.jobs.state IS
'State of the job: blocked (another job writes the same table), runnable, running, paused, cancelling, cancelled, done or failed.';
COMMENT ON COLUMN radiomics.jobs.into_table IS
'Table for the results.';
COMMENT ON COLUMN radiomics.jobs.profile IS
'Kind of features.';
COMMENT ON COLUMN radiomics.jobs.settings IS
'Settings of the computation.';
COMMENT ON COLUMN radiomics.jobs.settings_hash IS
'Their hash, as in the table.';
COMMENT ON COLUMN radiomics.jobs.priority IS
'Higher goes first.';
COMMENT ON COLUMN radiomics.jobs.total IS
'Number of keys.';
COMMENT ON COLUMN radiomics.jobs.done IS
'Keys that were computed.';
COMMENT ON COLUMN radiomics.jobs.failed IS
'Keys in job_errors.';
COMMENT ON COLUMN radiomics.jobs.waiting IS
'Keys that are left.';
COMMENT ON COLUMN radiomics.jobs.managed IS
'True for the job of a table that feature_table made.';
COMMENT ON COLUMN radiomics.jobs.sqlstate IS
'Error code of a failed job.';
COMMENT ON COLUMN radiomics.jobs.message IS
'Reason of a failed job.';
COMMENT ON COLUMN radiomics.jobs.created IS
'Time of submission.';
COMMENT ON COLUMN radiomics.jobs.started IS
'Time of the first task.';
COMMENT ON COLUMN radiomics.jobs.finished IS
'Time of the end.';
COMMENT ON COLUMN radiomics.jobs.query IS
'Query of the cohort.';

COMMENT ON COLUMN radiomics.job_tasks.id IS
'Number of the task.';
COMMENT ON COLUMN radiomics.job_tasks.job_id IS
'Job that it belongs to.';
COMMENT ON COLUMN radiomics.job_tasks.state IS
'State of the task: runnable, running, done or cancelled.';
COMMENT ON COLUMN radiomics.job_tasks.mode IS
'What is computed: missing keys, keys whose content has changed (verify), or all.';
COMMENT ON COLUMN radiomics.job_tasks.keys IS
'Keys that it computes.';
COMMENT ON COLUMN radiomics.job_tasks.attempts IS
'Failed attempts before this one.';
COMMENT ON COLUMN radiomics.job_tasks.crashes IS
'How often the keys have taken the server process down.';
COMMENT ON COLUMN radiomics.job_tasks.not_before IS
'Time before which it is not started.';
COMMENT ON COLUMN radiomics.job_tasks.pid IS
'Process of the worker, while it runs.';
COMMENT ON COLUMN radiomics.job_tasks.started IS
'Time of the start.';
COMMENT ON COLUMN radiomics.job_tasks.finished IS
'Time of the end.';
COMMENT ON COLUMN radiomics.job_tasks.done IS
'Keys that were computed.';
COMMENT ON COLUMN radiomics.job_tasks.bytes IS
'Bytes of images and masks that were read.';

COMMENT ON COLUMN radiomics.job_errors.job_id IS
'Job of the scan.';
COMMENT ON COLUMN radiomics.job_errors.key IS
'Key of the scan, as the query yields it.';
COMMENT ON COLUMN radiomics.job_errors.sqlstate IS
'Error code.';
COMMENT ON COLUMN radiomics.job_errors.message IS
'What went wrong.';
COMMENT ON COLUMN radiomics.job_errors.detail IS
'More about it.';
COMMENT ON COLUMN radiomics.job_errors.hint IS
'What can be done.';
COMMENT ON COLUMN radiomics.job_errors.context IS
'Where it went wrong.';
COMMENT ON COLUMN radiomics.job_errors.attempts IS
'Attempts that failed.';
COMMENT ON COLUMN radiomics.job_errors.crashes IS
'How often the scan took the server process down.';
COMMENT ON COLUMN radiomics.job_errors.occurred IS
'Time of the failure.';
COMMENT ON COLUMN radiomics.job_errors.task_id IS
'Task of the scan.';

COMMENT ON COLUMN radiomics.job_progress.job_id IS
'Number of the job.';
COMMENT ON COLUMN radiomics.job_progress.state IS
'State of the job, as in jobs.';
COMMENT ON COLUMN radiomics.job_progress.phase IS
'What most workers do: read, hash, compute or write; waiting or ended without workers.';
COMMENT ON COLUMN radiomics.job_progress.workers IS
'Workers that are computing.';
COMMENT ON COLUMN radiomics.job_progress.done IS
'Keys computed so far.';
COMMENT ON COLUMN radiomics.job_progress.failed IS
'Keys that have failed so far.';
COMMENT ON COLUMN radiomics.job_progress.total IS
'Number of keys.';
COMMENT ON COLUMN radiomics.job_progress.bytes IS
'Bytes of images and masks read so far.';
COMMENT ON COLUMN radiomics.job_progress.rate IS
'Keys per second since the start.';
COMMENT ON COLUMN radiomics.job_progress.estimated_end IS
'When the job ends at this rate; when it has ended, the time of that.';
COMMENT ON COLUMN radiomics.job_progress.read_ms IS
'Time spent on the query of the cohort.';
COMMENT ON COLUMN radiomics.job_progress.hash_ms IS
'Time spent hashing images and masks, which reads them.';
COMMENT ON COLUMN radiomics.job_progress.compute_ms IS
'Time spent on features, with reading and decoding.';
COMMENT ON COLUMN radiomics.job_progress.write_ms IS
'Time spent writing results.';
COMMENT ON COLUMN radiomics.job_progress.device IS
'What counted the last scan of each worker, such as cpu v3 or gpu and its name; null before the first scan and without workers.';

COMMENT ON COLUMN radiomics.feature_tables.feature_table IS
'The table.';
COMMENT ON COLUMN radiomics.feature_tables.owner IS
'Role that made it; computes as this role.';
COMMENT ON COLUMN radiomics.feature_tables.keys IS
'Names of the key columns.';
COMMENT ON COLUMN radiomics.feature_tables.follows IS
'Tables whose changes are followed.';
COMMENT ON COLUMN radiomics.feature_tables.profile IS
'Kind of features.';
COMMENT ON COLUMN radiomics.feature_tables.settings IS
'Settings of the computation.';
COMMENT ON COLUMN radiomics.feature_tables.settings_hash IS
'Their hash, as in the table.';
COMMENT ON COLUMN radiomics.feature_tables.job_id IS
'Job that computes it; NULL when nothing has been computed since it was restored.';
COMMENT ON COLUMN radiomics.feature_tables.job_state IS
'State of that job, as in jobs.';
COMMENT ON COLUMN radiomics.feature_tables.query IS
'Query of the cohort.';
