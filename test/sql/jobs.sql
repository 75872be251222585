-- Background jobs: what people call, and what they are told.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS radiomics_jobs CASCADE;
DROP ROLE IF EXISTS regress_radiomics_owner, regress_radiomics_other, regress_radiomics_group;
RESET client_min_messages;
CREATE SCHEMA radiomics_jobs;
CREATE TABLE radiomics_jobs.scans (patient text, visit date, image bytea, mask bytea, PRIMARY KEY (patient, visit));
INSERT INTO radiomics_jobs.scans
SELECT 'p' || n, date '2024-02-03' + n,
       radiomics_test.nifti(ARRAY(SELECT (i * (n + 3)) % 17 FROM generate_series(1, 125) AS i), '{5, 5, 5}'),
       radiomics_test.nifti(ARRAY(SELECT CASE WHEN i > 80 THEN 2 ELSE 1 END FROM generate_series(1, 125) AS i), '{5, 5, 5}')
FROM   generate_series(1, 5) AS n;

-- One statement; the table is made.
SELECT radiomics.submit('SELECT patient, visit, image, mask FROM radiomics_jobs.scans',
                        'radiomics_jobs.features') AS job \gset
SELECT radiomics.wait_job(:job, '5 min');
SELECT state, profile, total, done, failed, waiting, message, started IS NOT NULL AS started, finished >= started AS finished,
       into_table FROM radiomics.jobs WHERE id = :job;
SELECT attname, format_type(atttypid, atttypmod), attnotnull
FROM   pg_attribute WHERE attrelid = 'radiomics_jobs.features'::regclass AND attnum > 0
AND    (attnum <= 6 OR attnum > 177) ORDER BY attnum;
SELECT pg_get_constraintdef(oid) FROM pg_constraint
WHERE  conrelid = 'radiomics_jobs.features'::regclass AND contype = 'p';

-- The results are those of the function, and say where they come from.
SELECT t.patient, t.label, t.voxel_count,
       t.morph_volume = f.morph_volume AND t.stat_mean = f.stat_mean AND t.cm_contrast = f.cm_contrast
       AND t.ngl_dcnu_norm = f.ngl_dcnu_norm AS same,
       t.settings_hash = radiomics.settings_hash('{}') AS settings,
       t.image_hash = radiomics.content_hash(s.image) AS image, t.mask_hash = encode(sha256(s.mask), 'hex') AS mask,
       t.extension_version = radiomics.version() AS version, t.device ~ '^[cg]pu ' AS device,
       t.computed_at > now() - interval '1 hour' AS recent
FROM   radiomics_jobs.features AS t JOIN radiomics_jobs.scans AS s USING (patient, visit),
       LATERAL radiomics.features(s.image, s.mask) AS f
ORDER  BY t.patient;
SELECT phase, workers, done, failed, total, bytes, rate > 0 AS rate, estimated_end IS NOT NULL AS "end", compute_ms > 0 AS ms, device
FROM   radiomics.job_progress WHERE job_id = :job;

-- Only what is missing is computed, unless asked for.
INSERT INTO radiomics_jobs.scans SELECT 'p9', visit, image, mask FROM radiomics_jobs.scans WHERE patient = 'p1';
SELECT radiomics.submit('SELECT patient, visit, image, mask FROM radiomics_jobs.scans; ',
                        'radiomics_jobs.features') AS job \gset
SELECT radiomics.wait_job(:job, '5 min');
SELECT total, done FROM radiomics.jobs WHERE id = :job;
SELECT keys FROM radiomics.job_tasks WHERE job_id = :job;
CREATE TABLE radiomics_jobs.before AS SELECT patient, computed_at FROM radiomics_jobs.features;
SELECT radiomics.submit('SELECT patient, visit, image, mask FROM radiomics_jobs.scans -- all',
                        'radiomics_jobs.features', recompute => true, chunk => 4) AS job \gset
SELECT radiomics.wait_job(:job, '5 min');
SELECT total, done FROM radiomics.jobs WHERE id = :job;
SELECT cardinality(keys) FROM radiomics.job_tasks WHERE job_id = :job ORDER BY id;
SELECT count(*), bool_and(f.computed_at > b.computed_at) FROM radiomics_jobs.features f JOIN radiomics_jobs.before b USING (patient);
-- Other settings stand beside the first ones; those of equal meaning are the same.
SELECT radiomics.submit('SELECT patient, visit, image, mask FROM radiomics_jobs.scans', 'radiomics_jobs.features',
                        '{"bin_number": 32, "on_error": "null"}') AS job \gset
SELECT radiomics.wait_job(:job, '5 min');
SELECT total, done FROM radiomics.jobs WHERE id = :job;
SELECT radiomics.submit('SELECT patient, visit, image, mask FROM radiomics_jobs.scans', 'radiomics_jobs.features',
                        '{"bin_number": 8}') AS job \gset
SELECT radiomics.wait_job(:job, '5 min');
SELECT settings_hash = radiomics.settings_hash('{"bin_number": 8}') AS eight, count(*)
FROM   radiomics_jobs.features GROUP BY 1 ORDER BY 1;

-- A label per row, lists of labels, all labels.
SELECT radiomics.submit('SELECT patient, image, mask, label FROM radiomics_jobs.scans, generate_series(1, 2) AS label
                         WHERE patient IN (''p1'', ''p2'')', 'radiomics_jobs.by_label') AS job \gset
SELECT radiomics.wait_job(:job, '5 min');
SELECT patient, label, voxel_count FROM radiomics_jobs.by_label ORDER BY patient, label;
SELECT radiomics.submit($$ SELECT patient AS "the ""patient""", image, mask,
                                  CASE patient WHEN 'p1' THEN '{2}' WHEN 'p2' THEN '{1, 2}' END::int[] AS labels
                           FROM radiomics_jobs.scans WHERE patient <= 'p3' $$, 'radiomics_jobs."by labels"') AS job \gset
SELECT radiomics.wait_job(:job, '5 min');
SELECT "the ""patient""", label, voxel_count FROM radiomics_jobs."by labels" ORDER BY 1, 2;
-- A label that the mask has no more loses its row.
UPDATE radiomics_jobs.scans SET mask = radiomics_test.constant(2, '{5, 5, 5}') WHERE patient = 'p3';
SELECT radiomics.submit($$ SELECT patient AS "the ""patient""", image, mask, NULL::int[] AS labels
                           FROM radiomics_jobs.scans WHERE patient = 'p3' $$, 'radiomics_jobs."by labels"',
                        recompute => true) AS job \gset
SELECT radiomics.wait_job(:job, '5 min');
SELECT "the ""patient""", label, voxel_count FROM radiomics_jobs."by labels" ORDER BY 1, 2;

-- Features of PyRadiomics, by a label of the settings, of the query, and lists.
SELECT radiomics.submit('SELECT patient, image, mask FROM radiomics_jobs.scans', 'radiomics_jobs.pyradiomics',
                        profile => 'pyradiomics') AS job \gset
SELECT radiomics.wait_job(:job, '5 min');
SELECT patient, t.label, t.original_firstorder_mean = p.original_firstorder_mean AS same,
       t.settings_hash = radiomics.settings_hash('{"profile": "pyradiomics"}') AS hash
FROM   radiomics_jobs.pyradiomics AS t JOIN radiomics_jobs.scans AS s USING (patient), LATERAL radiomics.pyradiomics(s.image, s.mask) AS p
ORDER  BY patient;
SELECT key, message FROM radiomics.job_errors WHERE job_id = :job;
SELECT radiomics.submit($$ SELECT patient, image, mask, CASE patient WHEN 'p1' THEN '{1, 2}' WHEN 'p2' THEN '{2}' END::int[] AS labels
                           FROM radiomics_jobs.scans WHERE patient <= 'p3' $$, 'radiomics_jobs.pyradiomics',
                        profile => 'pyradiomics', settings => '{"binWidth": 10}') AS job \gset
SELECT radiomics.wait_job(:job, '5 min');
SELECT patient, label FROM radiomics_jobs.pyradiomics WHERE settings_hash = radiomics.settings_hash('{"profile": "pyradiomics", "binWidth": 10}') ORDER BY 1, 2;
SELECT key, message, hint FROM radiomics.job_errors WHERE job_id = :job;
SELECT radiomics.submit('SELECT patient, image, mask FROM radiomics_jobs.scans', 'radiomics_jobs.pyradiomics', profile => 'ibsi');

-- Listing the keys computes no image, not even of a volatile function, nor
-- through a view; where a column decides which rows there are, it is computed.
CREATE FUNCTION radiomics_jobs.decode(image bytea) RETURNS bytea LANGUAGE plpgsql VOLATILE AS
    $$ BEGIN RAISE NOTICE 'decoded'; RETURN image; END $$;
CREATE VIEW radiomics_jobs.decoded AS SELECT patient, radiomics_jobs.decode(image) AS image, mask FROM radiomics_jobs.scans;
SELECT radiomics.submit('SELECT patient, radiomics_jobs.decode(image) AS image, mask FROM radiomics_jobs.scans', 'radiomics_jobs.lazy') AS job \gset
SELECT radiomics.wait_job(:job, '5 min');
SELECT radiomics.submit('SELECT patient, image, mask FROM radiomics_jobs.decoded', 'radiomics_jobs.lazy', '{"bin_number": 8}') AS job \gset
SELECT radiomics.wait_job(:job, '5 min');
SELECT radiomics.submit('SELECT patient, image, mask FROM radiomics_jobs.decoded WHERE image IS NOT NULL AND patient = ''p1''', 'radiomics_jobs.lazy', '{"bin_number": 9}') AS job \gset
SELECT radiomics.wait_job(:job, '5 min');
SELECT radiomics.submit('SELECT DISTINCT patient, image, mask FROM radiomics_jobs.decoded WHERE patient = ''p1''', 'radiomics_jobs.lazy', '{"bin_number": 10}') AS job \gset
SELECT radiomics.wait_job(:job, '5 min');
SELECT count(*), count(DISTINCT patient) FROM radiomics_jobs.lazy;

-- Large objects.
CREATE TABLE radiomics_jobs.objects AS
SELECT 1.5 AS "Key", lo_from_bytea(0, image) AS image, lo_from_bytea(0, mask) AS mask FROM radiomics_jobs.scans WHERE patient = 'p1';
SELECT radiomics.submit('TABLE radiomics_jobs.objects', 'radiomics_jobs.of_objects') AS job \gset
SELECT radiomics.wait_job(:job, '5 min');
SELECT "Key", o.stat_mean = f.stat_mean AS same, o.image_hash = f.image_hash AS same_hash
FROM   radiomics_jobs.of_objects AS o, radiomics_jobs.features AS f
WHERE  f.patient = 'p1' AND f.settings_hash = o.settings_hash;
SELECT radiomics.content_hash(image) = radiomics.content_hash(lo_get(image)) AS same FROM radiomics_jobs.objects;
SELECT lo_unlink(image), lo_unlink(mask) FROM radiomics_jobs.objects;

-- Bad scans cost nothing but themselves, and can be tried again.
CREATE TABLE radiomics_jobs.bad AS SELECT patient, image, mask FROM radiomics_jobs.scans;
UPDATE radiomics_jobs.bad SET image = substr(image, 1, 400) WHERE patient = 'p2';
UPDATE radiomics_jobs.bad SET mask = NULL WHERE patient = 'p4';
SELECT radiomics.submit('SELECT patient, image, mask FROM radiomics_jobs.bad', 'radiomics_jobs.result', chunk => 3) AS job \gset
SELECT radiomics.wait_job(:job, '5 min');
SELECT state, total, done, failed, waiting FROM radiomics.jobs WHERE id = :job;
SELECT key, sqlstate, message, detail, hint, attempts, crashes FROM radiomics.job_errors WHERE job_id = :job ORDER BY key;
SELECT patient FROM radiomics_jobs.result ORDER BY 1;
UPDATE radiomics_jobs.bad AS b SET image = s.image FROM radiomics_jobs.scans AS s WHERE s.patient = b.patient;
DELETE FROM radiomics_jobs.bad WHERE patient = 'p4';
SELECT radiomics.retry_job(:job);
SELECT radiomics.wait_job(:job, '5 min');
SELECT state, total, done, failed, waiting FROM radiomics.jobs WHERE id = :job;
SELECT key, sqlstate, message FROM radiomics.job_errors WHERE job_id = :job ORDER BY key;
SELECT count(*) FROM radiomics_jobs.result;

-- A job as a whole fails when its query or its table has gone.
BEGIN;
SELECT radiomics.submit('SELECT patient, image, mask FROM radiomics_jobs.bad', 'radiomics_jobs.result', recompute => true) AS job \gset
SELECT radiomics.pause_job(:job);
COMMIT;
ALTER TABLE radiomics_jobs.bad RENAME COLUMN image TO picture;
SELECT radiomics.resume_job(:job);
SELECT radiomics.wait_job(:job, '5 min');
SELECT state, sqlstate, message, done, failed, waiting FROM radiomics.jobs WHERE id = :job;
ALTER TABLE radiomics_jobs.bad RENAME COLUMN picture TO image;
SELECT radiomics.retry_job(:job);
SELECT radiomics.wait_job(:job, '5 min');
SELECT state, sqlstate, message, done, failed, waiting FROM radiomics.jobs WHERE id = :job;
BEGIN;
SELECT radiomics.submit('SELECT patient, image, mask FROM radiomics_jobs.bad', 'radiomics_jobs.gone') AS job \gset
SELECT radiomics.pause_job(:job);
COMMIT;
DROP TABLE radiomics_jobs.gone;
SELECT radiomics.resume_job(:job);
SELECT radiomics.wait_job(:job, '5 min');
SELECT state, sqlstate, message FROM radiomics.jobs WHERE id = :job;

-- Pause, resume, cancel; each is false where there is nothing to do.
BEGIN;
SELECT radiomics.submit('SELECT patient, image, mask FROM radiomics_jobs.bad', 'radiomics_jobs.result', recompute => true) AS job \gset
SELECT radiomics.pause_job(:job), radiomics.pause_job(:job);
SELECT radiomics.wait_job(:job);
ROLLBACK;
SELECT count(*) FROM radiomics.jobs WHERE id = :job;
BEGIN;
SELECT radiomics.submit('SELECT patient, image, mask FROM radiomics_jobs.bad', 'radiomics_jobs.result', recompute => true) AS job \gset
SELECT radiomics.pause_job(:job);
COMMIT;
SELECT radiomics.wait_job(:job, '0');
-- Another job into the same table waits for the first.
SELECT radiomics.submit('SELECT patient, image, mask FROM radiomics_jobs.bad', 'radiomics_jobs.result', '{"bin_number": 16}') AS second \gset
SELECT radiomics.wait_job(:second, '0');
SELECT radiomics.resume_job(:job);
SELECT radiomics.wait_job(:job, '5 min'), radiomics.wait_job(:second, '5 min');
SELECT radiomics.resume_job(:job), radiomics.pause_job(:job), radiomics.cancel_job(:job);
BEGIN;
SELECT radiomics.submit('SELECT patient, image, mask FROM radiomics_jobs.bad', 'radiomics_jobs.result', recompute => true) AS job \gset
SELECT radiomics.cancel_job(:job);
COMMIT;
SELECT radiomics.wait_job(:job, '5 min');
SELECT state, total, done FROM radiomics.jobs WHERE id = :job;
SELECT DISTINCT state FROM radiomics.job_tasks WHERE job_id = :job;
\set VERBOSITY terse
SELECT radiomics.retry_job(:job);
\set VERBOSITY default
-- A blocked one and the paused one that it waits for.
BEGIN;
SELECT radiomics.submit('SELECT patient, image, mask FROM radiomics_jobs.bad', 'radiomics_jobs.result', recompute => true) AS job \gset
SELECT radiomics.pause_job(:job);
COMMIT;
SELECT radiomics.submit('SELECT patient, image, mask FROM radiomics_jobs.bad', 'radiomics_jobs.result', recompute => true) AS second \gset
SELECT radiomics.wait_job(:second, '0'), radiomics.cancel_job(:second);
SELECT radiomics.wait_job(:second, '5 min');
SELECT radiomics.wait_job(:job, '0'), radiomics.cancel_job(:job);
SELECT radiomics.wait_job(:job, '5 min'), radiomics.cancel_job(:job);

-- Nothing to do is done.
SELECT radiomics.submit('SELECT patient, image, mask FROM radiomics_jobs.bad WHERE false', 'radiomics_jobs.result') AS job \gset
SELECT radiomics.wait_job(:job, '5 min');
SELECT phase, done, total, rate, estimated_end IS NOT NULL AS ended FROM radiomics.job_progress WHERE job_id = :job;

-- What submit refuses.
SELECT radiomics.submit('SELEC 1', 't');
SELECT radiomics.submit('DELETE FROM radiomics_jobs.bad RETURNING *', 't');
SELECT radiomics.submit('SELECT 1; SELECT 2', 't');
SELECT radiomics.submit('SELECT * INTO x FROM radiomics_jobs.bad', 't');
SELECT radiomics.submit('SELECT patient, image FROM radiomics_jobs.bad', 't');
SELECT radiomics.submit('SELECT image, mask FROM radiomics_jobs.bad', 't');
SELECT radiomics.submit('SELECT patient, image, 5::oid AS mask FROM radiomics_jobs.bad', 't');
SELECT radiomics.submit('SELECT patient, patient, image, mask FROM radiomics_jobs.bad', 't');
SELECT radiomics.submit('SELECT patient, image, mask, 1 AS stat_mean FROM radiomics_jobs.bad', 't');
SELECT radiomics.submit('SELECT patient, image, mask, ''1'' AS label FROM radiomics_jobs.bad', 't');
SELECT radiomics.submit('SELECT ''{}''::jsonb AS key, image, mask FROM radiomics_jobs.bad', 't');
SELECT radiomics.submit('SELECT 1 AS key, image, mask FROM radiomics_jobs.bad', 'radiomics_jobs.t');
SELECT radiomics.submit('SELECT nullif(patient, ''p5'') AS key, image, mask FROM radiomics_jobs.bad', 'radiomics_jobs.t');
SELECT radiomics.submit('SELECT patient AS key, patient AS image, patient AS mask FROM radiomics_jobs.bad', 'radiomics_jobs.t');
SELECT radiomics.submit('SELECT patient, image, mask FROM radiomics_jobs.bad', 'radiomics_jobs.scans');
SELECT radiomics.submit('SELECT patient, image, mask FROM radiomics_jobs.bad', 'radiomics.jobs');
SELECT radiomics.submit('SELECT patient::varchar(9) AS patient, image, mask FROM radiomics_jobs.bad', 'radiomics_jobs.result');
\set VERBOSITY sqlstate
SELECT radiomics.submit('SELECT patient, image, mask FROM radiomics_jobs.bad', 'pg_temp.t');
\set VERBOSITY default
SELECT radiomics.submit('SELECT patient, image, mask FROM radiomics_jobs.bad', 't', '{"bin_nmber": 3}');
SELECT radiomics.submit('SELECT patient, image, mask FROM radiomics_jobs.bad', 't', '[]');
SELECT radiomics.submit('SELECT patient, image, mask FROM radiomics_jobs.bad', 't', profile => 'mirp');
SELECT radiomics.submit('SELECT patient, image, mask FROM radiomics_jobs.bad', 't', chunk => 61);
SELECT radiomics.submit('SELECT patient, image, mask FROM radiomics_jobs.bad', 't', max_attempts => 0);
SELECT radiomics.submit('SELECT patient, image, mask FROM radiomics_jobs.bad', NULL);
ALTER TABLE radiomics_jobs.result DROP CONSTRAINT result_pkey;
SELECT radiomics.submit('SELECT patient, image, mask FROM radiomics_jobs.bad', 'radiomics_jobs.result');
ALTER TABLE radiomics_jobs.result ADD UNIQUE (settings_hash, label, patient);
SELECT radiomics.submit('SELECT patient, image, mask FROM radiomics_jobs.bad', 'radiomics_jobs.result') AS job \gset
SELECT radiomics.wait_job(:job, '5 min') AS unique_in_any_order;
SELECT to_regclass('t'), to_regclass('radiomics_jobs.t');
SELECT radiomics.cancel_job(0), radiomics.wait_job(NULL);

-- Owners: a job belongs to who submits it, and others neither see nor touch it.
CREATE ROLE regress_radiomics_owner LOGIN;
CREATE ROLE regress_radiomics_other LOGIN;
CREATE ROLE regress_radiomics_group;
GRANT USAGE, CREATE ON SCHEMA radiomics_jobs TO regress_radiomics_owner, regress_radiomics_other, regress_radiomics_group;
GRANT SELECT ON radiomics_jobs.bad TO regress_radiomics_owner;
SET ROLE regress_radiomics_group;
SELECT radiomics.submit('SELECT patient, image, mask FROM radiomics_jobs.bad', 'radiomics_jobs.t');
SET ROLE regress_radiomics_other;
SELECT radiomics.submit('SELECT patient, image, mask FROM radiomics_jobs.bad', 'radiomics_jobs.t');
SET ROLE regress_radiomics_owner;
SELECT radiomics.submit('SELECT patient, image, mask FROM radiomics_jobs.bad', 'radiomics_jobs.features');
SELECT radiomics.submit('SELECT patient, image, mask FROM radiomics_jobs.bad', 'radiomics_jobs.result');
SELECT radiomics.submit('SELECT patient, image, mask FROM radiomics_jobs.bad', 'radiomics_jobs.owned') AS job \gset
SELECT radiomics.wait_job(:job, '5 min');
SELECT owner, state, done FROM radiomics.jobs;
SELECT count(*) FROM radiomics_jobs.owned;
SELECT tableowner FROM pg_tables WHERE tablename = 'owned';
-- Rights are those of the owner, when the job runs.
SELECT radiomics.submit('SELECT patient, image, mask FROM radiomics_jobs.bad', 'radiomics_jobs.owned', '{"bin_number": 8}') AS job \gset
SELECT radiomics.wait_job(:job, '5 min');
SELECT count(*) AS errors FROM radiomics.job_errors;
-- No operator of a user is called with the rights of the queue's owner.
CREATE FUNCTION radiomics_jobs.spy(bigint, bigint) RETURNS boolean LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'called as %', current_user; END $$;
CREATE OPERATOR radiomics_jobs.= (leftarg = bigint, rightarg = bigint, function = radiomics_jobs.spy);
CREATE FUNCTION radiomics_jobs.spy(text, text) RETURNS boolean LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'called as %', current_user; END $$;
CREATE OPERATOR radiomics_jobs.= (leftarg = text, rightarg = text, function = radiomics_jobs.spy);
SET search_path = radiomics_jobs, pg_catalog;
SELECT 1::bigint = 1::bigint;
SELECT radiomics.submit('SELECT patient, image, mask FROM radiomics_jobs.bad', 'radiomics_jobs.owned', '{"bin_number": 9}') AS job \gset
SELECT radiomics.wait_job(:job, '5 min'), radiomics.cancel_job(:job), radiomics.pause_job(:job), radiomics.resume_job(:job);
SELECT done FROM radiomics.jobs WHERE id OPERATOR(pg_catalog.=) :job;
RESET search_path;
DROP OPERATOR radiomics_jobs.= (bigint, bigint);
DROP OPERATOR radiomics_jobs.= (text, text);
SET ROLE regress_radiomics_other;
SELECT count(*) FROM radiomics.jobs;
SELECT count(*) FROM radiomics.job;
SELECT count(*) FROM radiomics.job_tasks;
SELECT count(*) FROM radiomics.task;
SELECT count(*) FROM radiomics.job_errors;
SELECT count(*) FROM radiomics.job_error;
SELECT count(*) FROM radiomics.job_progress;
\set VERBOSITY sqlstate
SELECT radiomics.cancel_job(:job);
SELECT radiomics.pause_job(:job);
SELECT radiomics.resume_job(:job);
SELECT radiomics.retry_job(:job);
SELECT radiomics.wait_job(:job);
UPDATE radiomics.job SET priority = 9;
DELETE FROM radiomics.task;
SELECT radiomics.set_job_state(:job, 'failed');
SELECT radiomics.claim_task(:job, 1);
SELECT * FROM radiomics.scheduler;
\set VERBOSITY default
SELECT radiomics.purge_jobs();
RESET ROLE;
-- Members of a role see what it owns.
GRANT regress_radiomics_owner TO regress_radiomics_other;
SET ROLE regress_radiomics_other;
SELECT owner, count(*) FROM radiomics.jobs GROUP BY owner;
RESET ROLE;
REVOKE regress_radiomics_owner FROM regress_radiomics_other;
-- An owner that may not log in any more.
BEGIN;
SET LOCAL ROLE regress_radiomics_owner;
SELECT radiomics.submit('SELECT patient, image, mask FROM radiomics_jobs.bad', 'radiomics_jobs.owned', recompute => true) AS job \gset
SELECT radiomics.pause_job(:job);
COMMIT;
ALTER ROLE regress_radiomics_owner NOLOGIN;
SELECT radiomics.resume_job(:job);
SELECT radiomics.wait_job(:job, '5 min');
SELECT state, message FROM radiomics.jobs WHERE id = :job;

-- Finished jobs are forgotten on request, the results stay.
SELECT radiomics.purge_jobs('1 hour');
SELECT radiomics.purge_jobs() > 10 AS purged;
SELECT count(*) FROM radiomics.jobs;
SELECT count(*) FROM radiomics_jobs.features;

SET client_min_messages = warning;
DROP SCHEMA radiomics_jobs CASCADE;
DROP ROLE regress_radiomics_owner, regress_radiomics_other, regress_radiomics_group;
