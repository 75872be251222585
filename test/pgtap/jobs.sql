-- The shape of background jobs: what callers in other languages rely on, and
-- who may touch what.
BEGIN;
SELECT plan(34);

SELECT function_returns('radiomics', name, arguments, result)
FROM   (VALUES ('submit', ARRAY['text', 'text', 'jsonb', 'text', 'integer', 'integer', 'integer', 'integer', 'boolean'], 'bigint'),
               ('wait_job', ARRAY['bigint', 'interval'], 'text'),
               ('cancel_job', ARRAY['bigint'], 'boolean'),
               ('pause_job', ARRAY['bigint'], 'boolean'),
               ('resume_job', ARRAY['bigint'], 'boolean'),
               ('retry_job', ARRAY['bigint'], 'bigint'),
               ('purge_jobs', ARRAY['interval'], 'bigint'),
               ('feature_table', ARRAY['text', 'text', 'jsonb', 'text'], 'bigint'),
               ('refresh_features', ARRAY['text', 'boolean'], 'bigint'),
               ('drop_feature_table', ARRAY['text'], 'void'),
               ('content_hash', ARRAY['bytea'], 'text')) AS f (name, arguments, result);
SELECT is(proargnames, ARRAY['query', 'into_table', 'settings', 'profile', 'priority', 'chunk',
                             'max_attempts', 'max_crashes', 'recompute'], 'arguments of submit')
FROM   pg_proc WHERE oid = 'radiomics.submit'::regproc;
SELECT is(pronargdefaults, 7::smallint, 'two of them are required')
FROM   pg_proc WHERE oid = 'radiomics.submit'::regproc;

SELECT columns_are('radiomics', 'jobs', ARRAY['id', 'owner', 'state', 'into_table', 'profile', 'settings', 'settings_hash',
    'priority', 'total', 'done', 'failed', 'waiting', 'managed', 'sqlstate', 'message', 'created', 'started', 'finished', 'query']);
SELECT columns_are('radiomics', 'job_tasks', ARRAY['id', 'job_id', 'state', 'mode', 'keys', 'attempts', 'crashes', 'not_before',
    'pid', 'started', 'finished', 'done', 'bytes']);
SELECT columns_are('radiomics', 'job_errors', ARRAY['job_id', 'key', 'sqlstate', 'message', 'detail', 'hint', 'context',
    'attempts', 'crashes', 'occurred', 'task_id']);
SELECT columns_are('radiomics', 'job_progress', ARRAY['job_id', 'state', 'phase', 'workers', 'done', 'failed', 'total', 'bytes',
    'rate', 'estimated_end', 'read_ms', 'hash_ms', 'compute_ms', 'write_ms', 'device']);
SELECT columns_are('radiomics', 'feature_tables', ARRAY['feature_table', 'owner', 'keys', 'follows', 'profile', 'settings',
    'settings_hash', 'job_id', 'job_state', 'query']);

-- Nobody writes the tables, and row-level security filters who reads them.
SELECT ok(relrowsecurity, relname || ' has row-level security')
FROM   pg_class WHERE relnamespace = 'radiomics'::regnamespace AND relname IN ('job', 'task', 'job_error', 'managed_table')
ORDER  BY relname;
CREATE ROLE pgtap_radiomics_anybody;
SELECT is(has_table_privilege('pgtap_radiomics_anybody', 'radiomics.' || name, 'INSERT, UPDATE, DELETE, TRUNCATE'), false,
          'anybody may not write ' || name)
FROM   unnest(ARRAY['job', 'task', 'job_error', 'managed_table', 'changed_key', 'scheduler']) AS name;
SELECT is(has_table_privilege('pgtap_radiomics_anybody', 'radiomics.' || name, 'SELECT'), false, 'nor read ' || name)
FROM   unnest(ARRAY['changed_key', 'scheduler']) AS name;
SELECT is(array_agg(proname::text ORDER BY proname), ARRAY['cancel_job', 'content_hash', 'content_hash', 'content_hash',
              'drop_feature_table', 'feature_source_changed', 'feature_table', 'pause_job', 'purge_jobs', 'refresh_features',
              'resume_job', 'retry_job', 'running_tasks', 'submit', 'wait_job'],
          'anybody may call these functions of jobs, and no others')
FROM   pg_proc
WHERE  pronamespace = 'radiomics'::regnamespace AND has_function_privilege('pgtap_radiomics_anybody', oid, 'EXECUTE')
AND    (proname ~ 'job|task|submit|content_hash|changes|errors|purge|refresh|feature_table|feature_source');
SELECT is(count(*), 0::bigint, 'no function has the rights of its owner')
FROM   pg_proc WHERE pronamespace = 'radiomics'::regnamespace AND prosecdef;
SELECT is(count(*), 0::bigint, 'every function in SQL has its search path')
FROM   pg_proc JOIN pg_language ON pg_language.oid = prolang
WHERE  pronamespace = 'radiomics'::regnamespace AND lanname IN ('sql', 'plpgsql')
AND    NOT coalesce(proconfig @> ARRAY['search_path=pg_catalog, pg_temp'], false);

-- The steps between states, in the one function that makes them.
CREATE FUNCTION pg_temp.steps() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    states text[] := ARRAY['blocked', 'runnable', 'running', 'paused', 'cancelling', 'cancelled', 'done', 'failed'];
    number bigint := radiomics.create_job('SELECT', 0, '', 0, '', 'ibsi', '{}', '', 0, 1, 1, false);
    before text;
    after text;
BEGIN
    FOREACH before IN ARRAY states LOOP
        FOREACH after IN ARRAY states LOOP
            UPDATE radiomics.job SET state = before WHERE id = number;
            IF radiomics.set_job_state(number, after) THEN
                RETURN NEXT before || '-' || after;
            END IF;
        END LOOP;
    END LOOP;
END $$;
SELECT is(string_agg(step, ' ' ORDER BY step COLLATE "C"),
          'blocked-cancelling blocked-paused blocked-runnable cancelled-runnable cancelling-cancelled cancelling-failed '
          'done-runnable failed-runnable paused-cancelling paused-done paused-runnable '
          'runnable-blocked runnable-cancelling runnable-done runnable-paused runnable-running '
          'running-cancelling running-done running-paused', 'steps between states')
FROM   pg_temp.steps() AS step;

SELECT * FROM finish();
ROLLBACK;
