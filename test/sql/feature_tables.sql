-- Feature tables: made from a query, following the tables that it reads.
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS radiomics_follow CASCADE;
DROP ROLE IF EXISTS regress_radiomics_owner, regress_radiomics_other;
RESET client_min_messages;
CREATE SCHEMA radiomics_follow;
CREATE TABLE radiomics_follow.scans (patient text, visit date, image bytea, mask bytea, note text, PRIMARY KEY (patient, visit));
ALTER TABLE radiomics_follow.scans ALTER image SET STORAGE EXTERNAL;
CREATE FUNCTION radiomics_follow.image(n int) RETURNS bytea LANGUAGE sql IMMUTABLE AS
    $$ SELECT radiomics_test.nifti(ARRAY(SELECT (i * (n + 3)) % 17 FROM generate_series(1, 2000) AS i), '{20, 10, 10}') $$;
INSERT INTO radiomics_follow.scans
SELECT 'p' || n, date '2024-02-03' + n, radiomics_follow.image(n), radiomics_test.constant(1, '{20, 10, 10}')
FROM   generate_series(1, 3) AS n;

SELECT radiomics.feature_table('radiomics_follow.features', 'SELECT patient, visit, image, mask FROM radiomics_follow.scans') AS job \gset
SELECT radiomics.wait_job(:job, '5 min');
SELECT feature_table, owner = current_user AS mine, keys, follows, profile, job_id = :job AS job, job_state FROM radiomics.feature_tables;
SELECT tgname, tgenabled, tgfoid::regproc FROM pg_trigger WHERE tgrelid = 'radiomics_follow.scans'::regclass;

-- What the table says, and what it would say if it were computed now.
CREATE VIEW radiomics_follow.difference AS
SELECT coalesce(t.patient, s.patient) AS patient, t.patient IS NULL AS missing, s.patient IS NULL AS too_many,
       t.stat_mean IS DISTINCT FROM s.stat_mean OR t.cm_contrast IS DISTINCT FROM s.cm_contrast AS different
FROM   radiomics_follow.features AS t
FULL   JOIN (SELECT patient, visit, f.* FROM radiomics_follow.scans, LATERAL radiomics.features(image, mask) AS f) AS s
       USING (patient, visit)
WHERE  t.patient IS NULL OR s.patient IS NULL OR t.stat_mean IS DISTINCT FROM s.stat_mean OR t.cm_contrast IS DISTINCT FROM s.cm_contrast;
TABLE radiomics_follow.difference;

-- Added, changed, removed, with another key: all in one transaction.
BEGIN;
INSERT INTO radiomics_follow.scans
SELECT 'p' || n, date '2024-02-03' + n, radiomics_follow.image(n), radiomics_test.constant(1, '{20, 10, 10}') FROM generate_series(4, 6) AS n;
UPDATE radiomics_follow.scans SET image = radiomics_follow.image(10) WHERE patient = 'p1';
DELETE FROM radiomics_follow.scans WHERE patient = 'p2';
UPDATE radiomics_follow.scans SET visit = '2030-01-01' WHERE patient = 'p3';
SELECT count(*) FROM radiomics_follow.difference;
COMMIT;
SELECT radiomics.wait_job(:job, '5 min');
TABLE radiomics_follow.difference;
SELECT patient, visit FROM radiomics_follow.features ORDER BY 1;

-- An update that leaves the scan alone reads and computes nothing.
CREATE TABLE radiomics_follow.before AS SELECT patient, computed_at FROM radiomics_follow.features;
UPDATE radiomics_follow.scans SET note = note WHERE patient = 'p4';
SELECT count(*) AS reported FROM radiomics.changed_key;
-- One that touches the row is looked at, and computed only if the content is another.
UPDATE radiomics_follow.scans SET note = 'looked at' WHERE patient = 'p4';
SELECT radiomics.wait_job(:job, '5 min');
SELECT total, done FROM radiomics.jobs WHERE id = :job;
SELECT count(*) AS computed FROM radiomics_follow.features JOIN radiomics_follow.before USING (patient)
WHERE features.computed_at <> before.computed_at;
-- What is rolled back is not reported.
BEGIN;
DELETE FROM radiomics_follow.scans;
ROLLBACK;
SELECT count(*) AS reported FROM radiomics.changed_key;

-- A bad scan is an error of the job until it is mended.
UPDATE radiomics_follow.scans SET image = substr(image, 1, 500) WHERE patient = 'p5';
SELECT radiomics.wait_job(:job, '5 min');
SELECT key, sqlstate, message FROM radiomics.job_errors WHERE job_id = :job;
SELECT done, failed, waiting FROM radiomics.jobs WHERE id = :job;
UPDATE radiomics_follow.scans SET image = radiomics_follow.image(5) WHERE patient = 'p5';
SELECT radiomics.wait_job(:job, '5 min');
SELECT count(*) FROM radiomics.job_errors WHERE job_id = :job;
SELECT done, failed, waiting FROM radiomics.jobs WHERE id = :job;
TABLE radiomics_follow.difference;

-- Refresh: what the trigger did not see.
ALTER TABLE radiomics_follow.scans DISABLE TRIGGER radiomics_follow;
INSERT INTO radiomics_follow.scans VALUES ('p8', '2024-02-11', radiomics_follow.image(8), radiomics_test.constant(1, '{20, 10, 10}'));
DELETE FROM radiomics_follow.scans WHERE patient = 'p6';
UPDATE radiomics_follow.scans SET image = radiomics_follow.image(20) WHERE patient = 'p4';
SELECT radiomics.refresh_features('radiomics_follow.features') = :job AS same_job;
SELECT radiomics.wait_job(:job, '5 min');
TABLE radiomics_follow.difference;
SELECT radiomics.refresh_features('radiomics_follow.features', verify => true) = :job AS same_job;
SELECT radiomics.wait_job(:job, '5 min');
TABLE radiomics_follow.difference;
SELECT count(*) AS computed FROM radiomics_follow.features JOIN radiomics_follow.before USING (patient)
WHERE features.computed_at <> before.computed_at AND patient NOT IN ('p4', 'p5');
SELECT radiomics.refresh_features('radiomics_follow.features') = :job AS nothing_to_do;
SELECT radiomics.wait_job(:job, '5 min');
ALTER TABLE radiomics_follow.scans ENABLE TRIGGER radiomics_follow;

-- A partitioned source, through a view, by label, with volumes; a table of the
-- query without the keys is not followed.
CREATE TABLE radiomics_follow.parts (scan int, label int, image radiomics.volume, mask radiomics.volume, PRIMARY KEY (scan, label))
    PARTITION BY RANGE (scan);
CREATE TABLE radiomics_follow.part1 PARTITION OF radiomics_follow.parts FOR VALUES FROM (0) TO (10);
CREATE TABLE radiomics_follow.part2 PARTITION OF radiomics_follow.parts FOR VALUES FROM (10) TO (20);
CREATE TABLE radiomics_follow.wanted (number int);
INSERT INTO radiomics_follow.wanted VALUES (5), (15), (16);
CREATE VIEW radiomics_follow.part_view AS SELECT scan, label, image, mask FROM radiomics_follow.parts JOIN radiomics_follow.wanted ON number = scan;
SELECT radiomics.feature_table('radiomics_follow.of_parts', 'TABLE radiomics_follow.part_view', '{"bin_number": 8}') AS job \gset
INSERT INTO radiomics_follow.parts SELECT scan, 1, radiomics_follow.image(scan)::radiomics.volume, radiomics_test.constant(1, '{20, 10, 10}')::radiomics.volume
FROM generate_series(5, 17) AS scan;
SELECT radiomics.wait_job(:job, '5 min');
SELECT scan, t.label, t.voxel_count, t.image_hash = radiomics.content_hash(p.image) AS image,
       t.mask_hash = encode((radiomics.volume_info(p.mask)).content_hash, 'hex') AS mask
FROM   radiomics_follow.of_parts AS t JOIN radiomics_follow.parts AS p USING (scan) ORDER BY scan;
DELETE FROM radiomics_follow.wanted WHERE number = 15;
SELECT radiomics.refresh_features('radiomics_follow.of_parts') = :job AS same_job;
SELECT radiomics.wait_job(:job, '5 min');
SELECT scan FROM radiomics_follow.of_parts ORDER BY scan;
SELECT radiomics.drop_feature_table('radiomics_follow.of_parts');
SELECT to_regclass('radiomics_follow.of_parts'), count(*) FROM pg_trigger WHERE tgname = 'radiomics_follow' AND tgrelid = 'radiomics_follow.parts'::regclass;

-- Two tables on one source; the trigger stays as long as one needs it.
SELECT radiomics.feature_table('radiomics_follow.second', 'SELECT patient, visit, image, mask FROM radiomics_follow.scans', '{"bin_number": 8}') AS second \gset
UPDATE radiomics_follow.scans SET image = radiomics_follow.image(30) WHERE patient = 'p1';
SELECT radiomics.wait_job(:second, '5 min');
SELECT radiomics.wait_job(job_id, '5 min') FROM radiomics.feature_tables WHERE feature_table = 'radiomics_follow.features'::regclass;
TABLE radiomics_follow.difference;
SELECT count(*) FROM radiomics_follow.second;
DROP TABLE radiomics_follow.second;
UPDATE radiomics_follow.scans SET note = 'again' WHERE patient = 'p1';
SELECT radiomics.wait_job(job_id, '5 min') FROM radiomics.feature_tables;

-- What is refused.
SELECT radiomics.feature_table('radiomics_follow.features', 'SELECT patient, visit, image, mask FROM radiomics_follow.scans');
SELECT radiomics.feature_table('radiomics_follow.no', 'SELECT patient || visit AS both, image, mask FROM radiomics_follow.scans');
SELECT radiomics.refresh_features('radiomics_follow.scans');
SELECT radiomics.drop_feature_table('radiomics_follow.scans');
SELECT radiomics.refresh_features('radiomics_follow.nothing');
SELECT radiomics.feature_source_changed();
ALTER TABLE radiomics_follow.scans RENAME visit TO day;
\set VERBOSITY terse
UPDATE radiomics_follow.scans SET image = NULL;
\set VERBOSITY default
ALTER TABLE radiomics_follow.scans RENAME day TO visit;

-- Owners: who may change scans need not know of the feature table, and others
-- than its owner can do nothing to it; a refresh has the rights of its owner.
CREATE ROLE regress_radiomics_owner LOGIN;
CREATE ROLE regress_radiomics_other LOGIN;
GRANT USAGE, CREATE ON SCHEMA radiomics_follow TO regress_radiomics_owner, regress_radiomics_other;
GRANT SELECT, TRIGGER ON radiomics_follow.scans TO regress_radiomics_owner;
GRANT SELECT, UPDATE ON radiomics_follow.scans TO regress_radiomics_other;
CREATE FUNCTION radiomics_follow.whoami() RETURNS text LANGUAGE sql VOLATILE AS 'SELECT current_user::text';
SET ROLE regress_radiomics_owner;
SELECT radiomics.feature_table('radiomics_follow.owned', $$ SELECT patient, visit, image, mask FROM radiomics_follow.scans
    WHERE radiomics_follow.whoami() = 'regress_radiomics_owner' $$) AS job \gset
SELECT radiomics.wait_job(:job, '5 min');
SELECT count(*) FROM radiomics_follow.owned;
SET ROLE regress_radiomics_other;
UPDATE radiomics_follow.scans SET image = (SELECT image FROM radiomics_follow.scans WHERE patient = 'p4') WHERE patient = 'p1';
SELECT count(*) FROM radiomics.feature_tables;
SELECT radiomics.refresh_features('radiomics_follow.owned');
SELECT radiomics.drop_feature_table('radiomics_follow.owned');
RESET ROLE;
SELECT radiomics.refresh_features('radiomics_follow.owned', verify => true) = :job AS refreshed_as_owner;
SELECT radiomics.wait_job(:job, '5 min');
SELECT count(*) FROM radiomics_follow.owned;
SELECT count(*) AS same FROM radiomics_follow.owned AS o JOIN radiomics_follow.features AS f USING (patient, visit)
WHERE o.stat_mean = f.stat_mean AND o.image_hash = f.image_hash;

SET client_min_messages = warning;
DROP SCHEMA radiomics_follow CASCADE;
DROP ROLE regress_radiomics_owner, regress_radiomics_other;
