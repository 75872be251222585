-- What changes the queue: every statement on its tables that the workers and
-- the scheduler use.  Called with the rights of the tables' owner; not for
-- anybody else.

-- The one place where a job changes its state.  False when there is no such
-- step from the state that the job is in.  A job that fails while tasks run is
-- "cancelling" with an error code until they have ended.
CREATE FUNCTION radiomics.set_job_state(job bigint, new_state text, error_code text DEFAULT NULL,
                                        error_message text DEFAULT NULL)
    RETURNS boolean
    LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 500
    SET search_path = pg_catalog, pg_temp
    AS $$
        WITH changed AS (
            UPDATE radiomics.job AS j
            SET    state = new_state,
                   started = CASE WHEN new_state = 'running' THEN coalesce(started, clock_timestamp())
                                  ELSE started END,
                   finished = CASE WHEN new_state IN ('done', 'failed', 'cancelled')
                                   THEN clock_timestamp() END,
                   sqlstate = error_code,
                   message = error_message
            WHERE  id = job
            AND    (j.state, new_state) IN (VALUES
                       ('blocked', 'runnable'), ('runnable', 'blocked'),
                       ('runnable', 'running'),
                       ('blocked', 'paused'), ('runnable', 'paused'), ('running', 'paused'),
                       ('paused', 'runnable'),
                       ('blocked', 'cancelling'), ('runnable', 'cancelling'),
                       ('running', 'cancelling'), ('paused', 'cancelling'),
                       ('cancelling', 'cancelled'), ('cancelling', 'failed'),
                       ('runnable', 'done'), ('running', 'done'), ('paused', 'done'),
                       ('done', 'runnable'), ('failed', 'runnable'), ('cancelled', 'runnable'))
            RETURNING j.id)
        SELECT count(pg_notify('radiomics_jobs',
                               json_build_object('job', id, 'state', new_state)::text)) > 0
        FROM   changed
    $$;

-- Cut keys into tasks of a job.
CREATE FUNCTION radiomics.add_tasks(job bigint, keys jsonb[], chunk integer, mode text) RETURNS bigint
    LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 500
    SET search_path = pg_catalog, pg_temp
    AS $$
        INSERT INTO radiomics.task (job_id, keys, mode)
        SELECT job, array_agg(k.key ORDER BY k.n), add_tasks.mode
        FROM   unnest(keys) WITH ORDINALITY AS k (key, n)
        GROUP  BY (k.n - 1) / chunk
        ORDER  BY (k.n - 1) / chunk;
        UPDATE radiomics.job AS j SET total = total + cardinality(keys) WHERE j.id = job;
        SELECT cardinality(keys)::bigint
    $$;

CREATE FUNCTION radiomics.create_job(query text, owner oid, search_path text, target oid,
                                     target_name text, profile text, settings jsonb,
                                     settings_hash text, priority integer,
                                     max_attempts integer, max_crashes integer, managed boolean)
    RETURNS bigint
    LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 500
    SET search_path = pg_catalog, pg_temp
    AS $$
        WITH created AS (
            INSERT INTO radiomics.job (owner, state, query, search_path, target, target_name, profile,
                                       settings, settings_hash, priority, max_attempts, max_crashes,
                                       managed, total)
            VALUES (owner, CASE WHEN EXISTS (SELECT FROM radiomics.job AS other
                                             WHERE  other.target = create_job.target
                                             AND    state IN ('blocked', 'runnable', 'running',
                                                              'paused', 'cancelling'))
                                THEN 'blocked' ELSE 'runnable' END,
                    query, search_path, target, target_name, profile, settings, settings_hash,
                    priority, max_attempts, max_crashes, managed, 0)
            RETURNING id, state)
        SELECT id
        FROM   created,
               LATERAL (SELECT pg_notify('radiomics_jobs',
                                         json_build_object('job', id, 'state', state)::text)
                        OFFSET 0) AS told
    $$;

-- Take a task of a job, to be committed before the work: a worker that finds
-- none gets NULL.  The job's row is locked against a change of its state.
CREATE FUNCTION radiomics.claim_task(job bigint, pid integer) RETURNS radiomics.task
    LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 500
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT radiomics.set_job_state(j.id, 'running')
        FROM   radiomics.job AS j WHERE j.id = job AND j.state = 'runnable';
        UPDATE radiomics.task AS t
        SET    state = 'running', pid = claim_task.pid, started = clock_timestamp()
        WHERE  t.id = (SELECT c.id
                       FROM   (SELECT r.id FROM radiomics.job AS r
                               WHERE r.id = job AND r.state = 'running' FOR SHARE) AS j
                       JOIN   radiomics.task AS c ON c.job_id = j.id
                       WHERE  c.state = 'runnable' AND c.not_before <= clock_timestamp()
                       ORDER  BY c.id
                       LIMIT  1
                       FOR UPDATE OF c SKIP LOCKED)
        RETURNING t.*
    $$;

-- The end of a task, in the transaction of its results.  Keys that were not
-- reached go into a task of their own, and so does every transient failure,
-- after a pause that doubles; what failed for good becomes an error.
CREATE FUNCTION radiomics.finish_task(task bigint, rest jsonb[], done integer, bytes bigint,
                                      milliseconds double precision[],
                                      keys jsonb[], codes text[], messages text[], details text[],
                                      hints text[], contexts text[], transient boolean[])
    RETURNS boolean
    LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 500
    SET search_path = pg_catalog, pg_temp
    AS $$
        WITH ended AS (
            UPDATE radiomics.task AS t
            SET    state = 'done', pid = NULL, finished = clock_timestamp(), done = finish_task.done,
                   bytes = finish_task.bytes, milliseconds = finish_task.milliseconds
            FROM   radiomics.job AS j
            WHERE  t.id = task AND t.state = 'running' AND j.id = t.job_id
            RETURNING t.id, t.job_id, t.mode, t.attempts, t.crashes, j.max_attempts),
        left_over AS (
            INSERT INTO radiomics.task (job_id, keys, mode, attempts, crashes)
            SELECT job_id, rest, mode, attempts, crashes FROM ended WHERE cardinality(rest) > 0),
        failure AS (
            SELECT ended.*, f.*, f.transient AND ended.attempts + 1 < ended.max_attempts AS again
            FROM   ended,
                   unnest(keys, codes, messages, details, hints, contexts, transient)
                   AS f (key, code, message, detail, hint, context, transient)),
        again AS (
            INSERT INTO radiomics.task (job_id, keys, mode, attempts, crashes, not_before)
            SELECT job_id, ARRAY[key], mode, attempts + 1, crashes,
                   clock_timestamp() + (0.5 + random() / 2) * least(300, 2 ^ attempts) * interval '1 s'
            FROM   failure WHERE failure.again),
        error AS (
            INSERT INTO radiomics.job_error (job_id, task_id, key, mode, sqlstate, message, detail,
                                             hint, context, attempts, crashes)
            SELECT job_id, id, key, mode, code, message, detail, hint, context, attempts + 1, crashes
            FROM   failure WHERE NOT failure.again)
        SELECT EXISTS (SELECT FROM ended)
    $$;

-- A task whose transaction failed as a whole: its keys go back, each on its own
-- so that the culprit is found; a single key is the culprit.
CREATE FUNCTION radiomics.fail_task(task bigint, code text, message text, detail text, hint text,
                                    context text, transient boolean)
    RETURNS void
    LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 500
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT radiomics.finish_task(t.id, '{}', 0, 0, '{0, 0, 0, 0}', t.keys, ARRAY[code],
                                     ARRAY[message], ARRAY[detail], ARRAY[hint], ARRAY[context],
                                     ARRAY[transient])
        FROM   radiomics.task AS t WHERE t.id = task AND cardinality(t.keys) = 1;
        WITH ended AS (
            UPDATE radiomics.task AS t SET state = 'done', pid = NULL, finished = clock_timestamp()
            WHERE  t.id = task AND t.state = 'running'
            RETURNING t.*)
        INSERT INTO radiomics.task (job_id, keys, mode, attempts, crashes)
        SELECT job_id, ARRAY[key], mode, attempts, crashes
        FROM   ended, unnest(keys) AS key
    $$;

-- A task whose worker is gone.  guilty: position of the key that it was
-- computing when it was killed, NULL when it was told to go.
CREATE FUNCTION radiomics.recover_task(task bigint, guilty integer) RETURNS void
    LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 500
    SET search_path = pg_catalog, pg_temp
    AS $$
        WITH lost AS (
            SELECT t.id, t.job_id, t.mode, t.attempts, t.crashes, t.keys[guilty] AS key,
                   t.crashes + 1 < j.max_crashes AS again,
                   j.state = 'cancelling' AND j.sqlstate IS NULL AS cancelling
            FROM   radiomics.task AS t JOIN radiomics.job AS j ON j.id = t.job_id
            WHERE  t.id = task AND t.state = 'running'
            FOR UPDATE OF t),
        back AS (
            UPDATE radiomics.task AS t
            SET    pid = NULL, started = NULL,
                   keys = CASE WHEN key IS NULL THEN t.keys
                               ELSE t.keys[:guilty - 1] || t.keys[guilty + 1:] END,
                   state = CASE WHEN cancelling THEN 'cancelled'
                                WHEN key IS NOT NULL AND cardinality(t.keys) = 1 THEN 'done'
                                ELSE 'runnable' END
            FROM   lost WHERE t.id = lost.id),
        again AS (
            INSERT INTO radiomics.task (job_id, keys, mode, attempts, crashes)
            SELECT job_id, ARRAY[key], mode, attempts, crashes + 1
            FROM   lost WHERE key IS NOT NULL AND again AND NOT cancelling)
        INSERT INTO radiomics.job_error (job_id, task_id, key, mode, sqlstate, message, hint,
                                         attempts, crashes)
        SELECT job_id, id, key, mode, '58000',
               format('the server process was killed %s times while it computed this scan', crashes + 1),
               'Look in the server log for the reason, such as a lack of memory. Then run radiomics.retry_job.',
               attempts, crashes + 1
        FROM   lost WHERE key IS NOT NULL AND NOT again AND NOT cancelling
    $$;

-- A task that a cancel interrupted.
CREATE FUNCTION radiomics.drop_task(task bigint) RETURNS boolean
    LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 500
    SET search_path = pg_catalog, pg_temp
    AS $$
        WITH dropped AS (
            UPDATE radiomics.task AS t
            SET    state = CASE WHEN j.sqlstate IS NULL THEN 'cancelled' ELSE 'runnable' END,
                   pid = NULL, finished = clock_timestamp()
            FROM   radiomics.job AS j
            WHERE  t.id = task AND t.state = 'running' AND j.id = t.job_id
            AND    j.state = 'cancelling'
            RETURNING t.id)
        SELECT EXISTS (SELECT FROM dropped)
    $$;

-- Why a job cannot run, or NULL.
CREATE FUNCTION radiomics.job_obstacle(owner regrole, target oid) RETURNS text
    LANGUAGE sql STABLE PARALLEL UNSAFE COST 200
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT CASE
               WHEN r.oid IS NULL THEN 'the role that owns the job does not exist any more'
               WHEN NOT r.rolcanlogin THEN format('role "%s" is not permitted to log in', r.rolname)
               WHEN NOT has_database_privilege(r.oid, current_database(), 'CONNECT')
               THEN format('role "%s" may not connect to database "%s"', r.rolname, current_database())
               WHEN c.oid IS NULL THEN 'the table for the results does not exist any more'
               END
        FROM   (VALUES (owner, target)) AS wanted (owner, target)
        LEFT   JOIN pg_roles AS r ON r.oid = wanted.owner
        LEFT   JOIN pg_class AS c ON c.oid = wanted.target
    $$;

-- Keys that triggers reported go to the job of their table, which starts again.
-- Returns the job of one table.
CREATE FUNCTION radiomics.enqueue_changes(target regclass DEFAULT NULL) RETURNS bigint
    LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 500
    SET search_path = pg_catalog, pg_temp
    AS $$
        -- Tables that have gone, and what was noted for them.
        DELETE FROM radiomics.managed_table AS m
        WHERE  NOT EXISTS (SELECT FROM pg_class AS c WHERE c.oid = m.target);
        DELETE FROM radiomics.changed_key AS k
        WHERE  NOT EXISTS (SELECT FROM radiomics.managed_table AS m WHERE m.target = k.target);
        -- The first changes of a table, or the first since it was restored.
        SELECT radiomics.create_job(m.query, m.owner, m.search_path, m.target, m.target::text, m.profile,
                                    m.settings, m.settings_hash, 0, 3, 2, true)
        FROM   radiomics.managed_table AS m
        WHERE  (m.target = enqueue_changes.target
                OR EXISTS (SELECT FROM radiomics.changed_key AS k WHERE k.target = m.target))
        AND    NOT EXISTS (SELECT FROM radiomics.job AS j WHERE j.target = m.target AND j.managed);
        -- A job that ended starts over: its past is forgotten.
        DELETE FROM radiomics.task AS t USING radiomics.job AS j
        WHERE  t.job_id = j.id AND j.managed AND j.state IN ('done', 'cancelled')
        AND    j.target IN (SELECT k.target FROM radiomics.changed_key AS k);
        UPDATE radiomics.job AS j SET total = (SELECT count(*) FROM radiomics.job_error AS e WHERE e.job_id = j.id),
               started = NULL
        WHERE  j.managed AND j.state IN ('done', 'cancelled')
        AND    j.target IN (SELECT k.target FROM radiomics.changed_key AS k);
        WITH gone AS (
            DELETE FROM radiomics.job_error AS e USING radiomics.job AS j, radiomics.changed_key AS k
            WHERE  j.id = e.job_id AND j.managed AND k.target = j.target AND k.key = e.key
            RETURNING e.job_id)
        UPDATE radiomics.job AS j SET total = total - n
        FROM   (SELECT job_id, count(*) AS n FROM gone GROUP BY job_id) AS g
        WHERE  g.job_id = j.id;
        WITH taken AS (
            DELETE FROM radiomics.changed_key AS k USING radiomics.job AS j
            WHERE  j.target = k.target AND j.managed AND j.state <> 'cancelling'
            RETURNING j.id AS job, k.key, k.mode, k.id),
        once AS (
            SELECT job, mode, key, min(id) AS id FROM taken GROUP BY job, mode, key)
        SELECT radiomics.add_tasks(job, array_agg(key ORDER BY id), 8, mode) FROM once GROUP BY job, mode;
        SELECT radiomics.set_job_state(j.id, 'runnable')
        FROM   radiomics.job AS j
        WHERE  j.managed AND j.state IN ('done', 'cancelled')
        AND    EXISTS (SELECT FROM radiomics.task AS t WHERE t.job_id = j.id AND t.state = 'runnable');
        SELECT j.id FROM radiomics.job AS j WHERE j.target = enqueue_changes.target AND j.managed
    $$;

-- One job at a time writes a table; jobs end when no task is left.  Returns
-- the number of unfinished jobs that are not waiting for a person.
CREATE FUNCTION radiomics.arrange_jobs() RETURNS bigint
    LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 500
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT radiomics.enqueue_changes() WHERE EXISTS (SELECT FROM radiomics.changed_key);
        SELECT radiomics.set_job_state(j.id, 'cancelling', '55000', radiomics.job_obstacle(j.owner, j.target))
        FROM   radiomics.job AS j
        WHERE  j.state IN ('blocked', 'runnable', 'running')
        AND    radiomics.job_obstacle(j.owner, j.target) IS NOT NULL;
        UPDATE radiomics.task AS t SET state = 'cancelled', finished = clock_timestamp()
        FROM   radiomics.job AS j
        WHERE  j.id = t.job_id AND j.state = 'cancelling' AND j.sqlstate IS NULL AND t.state = 'runnable';
        SELECT radiomics.set_job_state(j.id, CASE WHEN j.state <> 'cancelling' THEN 'done'
                                                  WHEN j.sqlstate IS NULL THEN 'cancelled'
                                                  ELSE 'failed' END, j.sqlstate, j.message)
        FROM   radiomics.job AS j
        WHERE  j.state IN ('runnable', 'running', 'paused', 'cancelling')
        AND    NOT EXISTS (SELECT FROM radiomics.task AS t
                           WHERE t.job_id = j.id
                           AND (t.state = 'running' OR t.state = 'runnable' AND j.state <> 'cancelling'));
        SELECT radiomics.set_job_state(j.id, 'blocked')
        FROM   radiomics.job AS j
        WHERE  j.state = 'runnable'
        AND    EXISTS (SELECT FROM radiomics.job AS o
                       WHERE o.target = j.target AND o.id <> j.id
                       AND (o.state IN ('running', 'paused', 'cancelling')
                            OR o.state = 'runnable' AND o.id < j.id));
        SELECT radiomics.set_job_state(j.id, 'runnable')
        FROM   radiomics.job AS j
        WHERE  j.state = 'blocked'
        AND    NOT EXISTS (SELECT FROM radiomics.job AS o
                           WHERE o.target = j.target AND o.id <> j.id
                           AND (o.state IN ('runnable', 'running', 'paused', 'cancelling')
                                OR o.state = 'blocked' AND o.id < j.id));
        SELECT count(*) FROM radiomics.job AS j
        WHERE  j.state IN ('runnable', 'running', 'cancelling')
    $$;

-- Jobs with tasks that could be started now, the most urgent first.
CREATE FUNCTION radiomics.ready_jobs() RETURNS TABLE (job bigint, owner oid, priority integer, tasks bigint)
    LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 500 ROWS 10
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT j.id, j.owner, j.priority, count(*)
        FROM   radiomics.job AS j JOIN radiomics.task AS t ON t.job_id = j.id
        WHERE  j.state IN ('runnable', 'running') AND t.state = 'runnable'
        AND    t.not_before <= clock_timestamp()
        GROUP  BY j.id
        ORDER  BY j.priority DESC, j.id
    $$;

-- State of a job for one who waits: a job whose table has changes is not done.
CREATE FUNCTION radiomics.awaited_state(job bigint) RETURNS text
    LANGUAGE sql STABLE PARALLEL UNSAFE COST 200
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT CASE WHEN j.state = 'done' AND j.managed
                         AND EXISTS (SELECT FROM radiomics.changed_key AS k WHERE k.target = j.target)
                    THEN 'runnable' ELSE j.state END
        FROM   radiomics.job AS j WHERE j.id = job
    $$;

CREATE FUNCTION radiomics.retry_errors(job bigint) RETURNS bigint
    LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 500
    SET search_path = pg_catalog, pg_temp
    AS $$
        WITH failed AS (
            DELETE FROM radiomics.job_error AS e WHERE e.job_id = job RETURNING e.key, e.mode),
        added AS (
            INSERT INTO radiomics.task (job_id, keys, mode)
            SELECT job, ARRAY[key], mode FROM failed
            RETURNING id)
        SELECT count(*) FROM added
    $$;

CREATE FUNCTION radiomics.purge_owned(age interval, owners oid[]) RETURNS bigint
    LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 500
    SET search_path = pg_catalog, pg_temp
    AS $$
        WITH purged AS (
            DELETE FROM radiomics.job AS j
            WHERE  j.state IN ('done', 'failed', 'cancelled') AND NOT j.managed
            AND    j.finished <= clock_timestamp() - age AND j.owner = ANY (owners)
            RETURNING j.id)
        SELECT count(*) FROM purged
    $$;

-- Not for anybody: the library calls them as the owner of the tables.
REVOKE ALL ON FUNCTION
    radiomics.set_job_state(bigint, text, text, text),
    radiomics.add_tasks(bigint, jsonb[], integer, text),
    radiomics.create_job(text, oid, text, oid, text, text, jsonb, text, integer, integer, integer,
                         boolean),
    radiomics.claim_task(bigint, integer),
    radiomics.finish_task(bigint, jsonb[], integer, bigint, double precision[], jsonb[], text[], text[],
                          text[], text[], text[], boolean[]),
    radiomics.fail_task(bigint, text, text, text, text, text, boolean),
    radiomics.recover_task(bigint, integer),
    radiomics.drop_task(bigint),
    radiomics.job_obstacle(regrole, oid),
    radiomics.enqueue_changes(regclass),
    radiomics.arrange_jobs(),
    radiomics.ready_jobs(),
    radiomics.awaited_state(bigint),
    radiomics.retry_errors(bigint),
    radiomics.purge_owned(interval, oid[])
    FROM PUBLIC;

COMMENT ON FUNCTION radiomics.set_job_state(bigint, text, text, text) IS
'Internal: change the state of a job and notify the channel radiomics_jobs.';
COMMENT ON FUNCTION radiomics.add_tasks(bigint, jsonb[], integer, text) IS
'Internal: add keys to a job, cut into tasks.';
COMMENT ON FUNCTION radiomics.create_job(text, oid, text, oid, text, text, jsonb, text, integer, integer, integer, boolean) IS
'Internal: enter a job without tasks.';
COMMENT ON FUNCTION radiomics.claim_task(bigint, integer) IS
'Internal: take the next task of a job.';
COMMENT ON FUNCTION radiomics.finish_task(bigint, jsonb[], integer, bigint, double precision[], jsonb[], text[], text[], text[], text[], text[], boolean[]) IS
'Internal: end a task, in the transaction of its results.';
COMMENT ON FUNCTION radiomics.fail_task(bigint, text, text, text, text, text, boolean) IS
'Internal: give back the keys of a task whose transaction failed.';
COMMENT ON FUNCTION radiomics.recover_task(bigint, integer) IS
'Internal: give back the keys of a task whose worker is gone.';
COMMENT ON FUNCTION radiomics.drop_task(bigint) IS
'Internal: end a task of a job that is being cancelled.';
COMMENT ON FUNCTION radiomics.job_obstacle(regrole, oid) IS
'Internal: why a job of this owner into this table cannot run, or NULL.';
COMMENT ON FUNCTION radiomics.enqueue_changes(regclass) IS
'Internal: hand the keys that triggers reported to the jobs of their tables.';
COMMENT ON FUNCTION radiomics.arrange_jobs() IS
'Internal: block, unblock and end jobs; returns how many need the scheduler.';
COMMENT ON FUNCTION radiomics.ready_jobs() IS
'Internal: jobs with tasks that can start, the most urgent first.';
COMMENT ON FUNCTION radiomics.awaited_state(bigint) IS
'Internal: state of a job for one who waits for it.';
COMMENT ON FUNCTION radiomics.retry_errors(bigint) IS
'Internal: make tasks of the errors of a job.';
COMMENT ON FUNCTION radiomics.purge_owned(interval, oid[]) IS
'Internal: remove finished jobs of some roles.';
