-- DICOM in SQL: series, tags, validation, structure sets, segmentations, PET,
-- manifest.  The files of test/data/dicom were written by DCMTK, pydicom and
-- highdicom; make_fixtures.py there has their formulas.
CREATE TEMPORARY TABLE object (name text PRIMARY KEY, bytes bytea);
\set commands `for file in "$PG_ABS_SRCDIR"/data/dicom/*.dcm; do echo "INSERT INTO object VALUES ('$(basename "$file" .dcm)', decode('$(base64 -w0 "$file")', 'base64'));"; done`
\set ECHO none
:commands
\set ECHO all
CREATE TEMPORARY VIEW slice AS SELECT right(name, 1)::int AS k, bytes FROM object WHERE name LIKE 'series%';
SELECT count(*) AS objects, (SELECT count(*) FROM slice) AS slices FROM object;

-- The same image whatever the transfer syntax.
SELECT name, i.size, i.spacing, i.origin, i.voxel_type, i.units, i.modality, i.minimum, i.maximum,
       i.content_hash = first_value(i.content_hash) OVER (ORDER BY name) AS same
FROM   object, LATERAL radiomics.volume_info(radiomics.volume_from_bytes(bytes)) AS i
WHERE  name LIKE 'u12%' AND name NOT LIKE '%near' ORDER BY name;

-- A multi-frame object is a series in itself, and a file like any other.
SELECT i.size, i.spacing, i.origin, i.voxel_type, i.minimum, i.maximum,
       (SELECT bool_and(radiomics.volume_from_bytes(o.bytes)::text = v.image::text)
        FROM   object AS o WHERE name LIKE 'enhanced%') AS same
FROM   (SELECT radiomics.volume_from_dicom(bytes) AS image FROM object WHERE name = 'enhanced') AS v,
       LATERAL radiomics.volume_info(v.image) AS i;

-- A series, in any order, by any number of workers; NULLs do not count.
CREATE TEMPORARY TABLE series AS SELECT radiomics.volume_from_dicom(bytes) AS image FROM slice;
SELECT i.size, i.spacing, i.origin, i.direction, i.voxel_type, i.units, i.modality, i.minimum, i.maximum
FROM   series, LATERAL radiomics.volume_info(image) AS i;
SELECT radiomics.volume_from_dicom(bytes ORDER BY hashint4(k))::text = (SELECT image::text FROM series) AS any_order FROM slice;
SELECT radiomics.volume_from_dicom(bytes ORDER BY k)::text = (SELECT image::text FROM series) AS with_nulls
FROM   (SELECT k, bytes FROM slice UNION ALL SELECT 9, NULL) AS s;
SELECT radiomics.volume_from_dicom(bytes) IS NULL AS no_instance FROM slice WHERE false;
SELECT radiomics.volume_from_dicom(NULL) IS NULL AS only_nulls;
CREATE TABLE radiomics_test.slice AS SELECT * FROM slice;
ALTER TABLE radiomics_test.slice SET (parallel_workers = 2);
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
EXPLAIN (COSTS OFF) SELECT radiomics.volume_from_dicom(bytes) FROM radiomics_test.slice;
SELECT radiomics.volume_from_dicom(bytes)::text = (SELECT image::text FROM series) AS by_workers FROM radiomics_test.slice;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;

-- What does not make a grid is refused, with the instances.
SELECT * FROM radiomics_test.failure('SELECT radiomics.volume_from_dicom(bytes) FROM slice WHERE k <> 2');
SELECT * FROM radiomics_test.failure('SELECT radiomics.volume_from_dicom(bytes) FROM (SELECT bytes FROM slice UNION ALL SELECT bytes FROM slice WHERE k = 3) AS s');
SELECT * FROM radiomics_test.failure('SELECT radiomics.volume_from_dicom(bytes) FROM (SELECT bytes FROM slice UNION ALL SELECT bytes FROM object WHERE name = ''enhanced'') AS s');
SELECT * FROM radiomics_test.failure('SELECT radiomics.volume_from_dicom(''\x00'')');
SELECT * FROM radiomics_test.failure('SELECT radiomics.volume_from_dicom(substr(bytes, 1, 900)) FROM slice');
SELECT * FROM radiomics_test.failure('SELECT radiomics.volume_from_dicom(bytes) FROM object WHERE name = ''rtstruct''');
SELECT * FROM radiomics_test.failure('SELECT radiomics.volume_from_bytes(bytes) FROM object WHERE name = ''rtstruct''');
SELECT * FROM radiomics_test.failure('SELECT radiomics.volume_from_bytes(bytes) FROM object WHERE name = ''seg_binary''');
SELECT * FROM radiomics_test.failure('SELECT radiomics.volume_from_bytes(bytes, frame => 1) FROM object WHERE name = ''enhanced''');

-- Tags.
SELECT t->'Rows' AS rows, t->'PixelSpacing' AS spacing, t->>'PatientName' AS patient, t->'ImageType' AS type,
       t->'PixelData' AS pixels, t->'PatientBirthDate' AS birth_date
FROM   slice, LATERAL radiomics.dicom_tags(bytes) AS t WHERE k = 0;
SELECT t #> '{StructureSetROISequence,1}' AS roi, jsonb_array_length(t #> '{ROIContourSequence,0,ContourSequence}') AS contours
FROM   object, LATERAL radiomics.dicom_tags(bytes) AS t WHERE name = 'rtstruct';
SELECT * FROM radiomics_test.failure('SELECT radiomics.dicom_tags(''\x4449434d'')');

-- Validation: nothing to say about what others wrote, but of what lacks an image.
SELECT name, f.* FROM object, LATERAL radiomics.dicom_validate(bytes) AS f ORDER BY name, code;
SELECT f.* FROM slice, LATERAL radiomics.dicom_validate(substr(bytes, 1, length(bytes) - 100)) AS f WHERE k = 0;
SELECT f.* FROM radiomics.dicom_validate('hello') AS f;

-- Structure sets: a square ring and a single voxel; a triangle.
SELECT r.* FROM object, LATERAL radiomics.rtstruct_rois(bytes) AS r WHERE name = 'rtstruct';
CREATE TEMPORARY TABLE mask AS
SELECT 'ring' AS name, radiomics.mask_from_rtstruct(bytes, image, 'ring') AS mask FROM object, series WHERE name = 'rtstruct'
UNION ALL
SELECT 'triangle', radiomics.mask_from_rtstruct(bytes, image, 'Größe') FROM object, series WHERE name = 'rtstruct'
UNION ALL
SELECT 'segment 1', radiomics.mask_from_seg(bytes, 1, image) FROM object, series WHERE name = 'seg_binary'
UNION ALL
SELECT 'segment 2', radiomics.mask_from_seg(bytes, 2, image) FROM object, series WHERE name = 'seg_binary'
UNION ALL
SELECT 'fraction', radiomics.mask_from_seg(bytes, 1, image, 0.25) FROM object, series WHERE name = 'seg_fractional';
SELECT name, l.*, i.voxel_type, i.origin = (SELECT origin FROM series, LATERAL radiomics.volume_info(image)) AS same_grid
FROM   mask, LATERAL radiomics.labels(mask) AS l, LATERAL radiomics.volume_info(mask) AS i ORDER BY name;
SELECT * FROM radiomics_test.failure('SELECT radiomics.mask_from_rtstruct(bytes, image, ''heart'') FROM object, series WHERE name = ''rtstruct''');
SELECT * FROM radiomics_test.failure('SELECT radiomics.mask_from_rtstruct(bytes, image, ''heart'') FROM object, series WHERE name = ''u12''');
SELECT * FROM radiomics_test.failure('SELECT radiomics.mask_from_rtstruct(bytes, radiomics.volume_from_bytes(bytes), ''ring'') FROM object WHERE name = ''rtstruct''');

-- Segmentations.
SELECT name, s.* FROM object, LATERAL radiomics.seg_segments(bytes) AS s WHERE name LIKE 'seg%' ORDER BY name, number;
SELECT * FROM radiomics_test.failure('SELECT radiomics.mask_from_seg(bytes, 5, image) FROM object, series WHERE name = ''seg_binary''');
SELECT * FROM radiomics_test.failure('SELECT radiomics.mask_from_seg(bytes, 1, image, 1.5) FROM object, series WHERE name = ''seg_fractional''');
SELECT state, message, hint FROM radiomics_test.failure('SELECT radiomics.mask_from_seg(bytes, 1, (SELECT radiomics.volume_from_bytes(bytes) FROM object WHERE name = ''enhanced'')) FROM object WHERE name = ''seg_binary''');
SELECT * FROM radiomics_test.failure('SELECT radiomics.seg_segments(bytes) FROM object WHERE name = ''u12''');

-- From DICOM to features: the mean of the ring, from its formula.
SELECT f.voxel_count, abs(f.stat_mean - (SELECT avg((x * 37 + y * 101 + 400 * z) % 4096 - 1000)
           FROM  generate_series(0, 39) AS x, generate_series(0, 35) AS y, (VALUES (2), (4)) AS slices (z)
           WHERE CASE z WHEN 4 THEN x = 1 AND y = 1
                        ELSE x BETWEEN 4 AND 15 AND y BETWEEN 4 AND 15
                             AND NOT (x BETWEEN 7 AND 10 AND y BETWEEN 7 AND 10) END)) < 1e-9 AS mean
FROM   series, mask, LATERAL radiomics.features(image, mask) AS f WHERE name = 'ring';

-- What these functions make goes to the next one as it is: it is neither
-- compressed nor decoded on the way.
CREATE TABLE radiomics_test.object AS SELECT * FROM object;
SELECT call, w.result, w.decoded_bricks, w.stored_volumes
FROM   (VALUES ('(radiomics.features(i.image, radiomics.mask_from_rtstruct(bytes, i.image, ''ring''))).voxel_count'),
               ('(radiomics.features(i.image, radiomics.mask_from_seg(bytes, 1, i.image))).voxel_count'),
               ('array_dims(radiomics.volume_to_array(i.image))'),
               ('i.image::text IS NOT NULL'),
               ('(radiomics.volume_info(i.image)).size')) AS c (call),
       LATERAL radiomics_test.work(format('SELECT %s FROM (SELECT radiomics.volume_from_dicom(bytes) AS image FROM radiomics_test.slice OFFSET 0) AS i,
                                           radiomics_test.object WHERE name = %L', call,
                                          CASE WHEN call ~ 'mask_from_seg' THEN 'seg_binary' ELSE 'rtstruct' END)) AS w;
-- A group scanned again is the same again.
SET enable_sort = off;
SET enable_material = off;
EXPLAIN (COSTS OFF) SELECT count(*), min(s.image::text)
FROM   generate_series(1, 3) AS n, LATERAL (SELECT k / 100 AS series, radiomics.volume_from_dicom(bytes) AS image
                                            FROM radiomics_test.slice GROUP BY 1 HAVING count(*) > n OFFSET 0) AS s;
SELECT count(*), min(s.image::text) = (SELECT image::text FROM series) AS first,
       max(s.image::text) = (SELECT image::text FROM series) AS last
FROM   generate_series(1, 3) AS n, LATERAL (SELECT k / 100 AS series, radiomics.volume_from_dicom(bytes) AS image
                                            FROM radiomics_test.slice GROUP BY 1 HAVING count(*) > n OFFSET 0) AS s;
RESET enable_sort;
RESET enable_material;
-- Features of what is in memory and of what is stored are the same bits.
SELECT radiomics.features(s.image, m.mask)::text = radiomics.features(i.image, radiomics.mask_from_rtstruct(bytes, i.image, 'ring'))::text AS same
FROM   series AS s, mask AS m, object AS o, (SELECT radiomics.volume_from_dicom(bytes) AS image FROM slice OFFSET 0) AS i
WHERE  m.name = 'ring' AND o.name = 'rtstruct';
DROP TABLE radiomics_test.object;

-- PET: 74 kg, 370 MBq, one half-life before the scan: 4e-4 (closed form).
CREATE FUNCTION pg_temp.element(tag text, vr text, value text) RETURNS bytea LANGUAGE sql AS $$
    SELECT decode(tag, 'hex') || convert_to(vr, 'LATIN1')
           || set_byte('\x0000'::bytea, 0, length(value) + length(value) % 2)
           || convert_to(value || repeat(' ', length(value) % 2), 'LATIN1')
$$;
CREATE TEMPORARY TABLE pet AS
SELECT units, decode(repeat('00', 128), 'hex') || 'DICM'
       || pg_temp.element('02001000', 'UI', '1.2.840.10008.1.2.1')
       || pg_temp.element('08003100', 'TM', '120000') || pg_temp.element('08006000', 'CS', 'PT')
       || pg_temp.element('10003010', 'DS', '74') || pg_temp.element('28005100', 'CS', 'DECY\ATTN')
       || decode('54001600', 'hex') || 'SQ' || decode('0000ffffffff', 'hex')
       || decode('feff00e0ffffffff', 'hex')
       || pg_temp.element('18007210', 'TM', '101013.8') || pg_temp.element('18007410', 'DS', '370000000')
       || pg_temp.element('18007510', 'DS', '6586.2')
       || decode('feff0de000000000feffdde000000000', 'hex')
       || pg_temp.element('54000110', 'CS', units) || pg_temp.element('54000211', 'CS', 'START') AS bytes
FROM   unnest(ARRAY['BQML', 'GML', 'CNTS']) AS units;
SELECT units, abs(radiomics.suv_factor(bytes) - 4e-4) < 1e-15 AS half_life FROM pet WHERE units = 'BQML';
SELECT units, radiomics.suv_factor(bytes) FROM pet WHERE units = 'GML';
SELECT * FROM radiomics_test.failure('SELECT radiomics.suv_factor(bytes) FROM pet WHERE units = ''CNTS''');
CREATE TEMPORARY TABLE uptake AS
SELECT units, radiomics.suv(radiomics_test.constant(5000, '{3, 2, 1}')::radiomics.volume, bytes) AS image
FROM   pet WHERE units <> 'CNTS';
CREATE TABLE radiomics_test.pet AS SELECT * FROM pet WHERE units = 'BQML';
SELECT w.decoded_bricks, w.stored_volumes
FROM   radiomics_test.work('SELECT radiomics.volume_to_array(radiomics.suv(radiomics.volume_from_array(array_fill(5000, ARRAY[6 + 0 * length(bytes)]), ''{3, 2, 1}'', units => ''BQML'', modality => ''PT''), bytes)) FROM radiomics_test.pet') AS w;
DROP TABLE radiomics_test.pet;
SELECT uptake.units, i.voxel_type, i.minimum::float4 AS minimum, i.maximum::float4 AS maximum, i.units, i.modality
FROM   uptake, LATERAL radiomics.volume_info(image) AS i ORDER BY uptake.units;
SELECT * FROM radiomics_test.failure('SELECT radiomics.suv(image, bytes) FROM uptake, pet WHERE uptake.units = ''BQML'' AND pet.units = ''BQML''');
SELECT * FROM radiomics_test.failure('SELECT radiomics.suv(image, bytes) FROM series, pet WHERE units = ''BQML''');

-- Manifest: of values, and of folders that are allowed.  The server makes the
-- folder itself, in its data directory.
SELECT name, m.modality, m.path, m.rows, m.columns, m.channels, m.frames, m.bytes = length(o.bytes) AS bytes
FROM   object AS o, LATERAL radiomics.manifest(o.bytes) AS m
WHERE  name IN ('u12_jpeg_2000', 'enhanced', 'rtstruct', 'seg_binary', 'u12_deflated') ORDER BY name;
\o /dev/null
COPY (SELECT) TO PROGRAM 'cat > /dev/null; mkdir -p radiomics_manifest/inside && echo text > radiomics_manifest/notes.txt && ln -sfn / radiomics_manifest/link';
SELECT lo_from_bytea(777000, bytes) FROM object WHERE name = 'u12';
SELECT lo_from_bytea(777001, bytes) FROM object WHERE name = 'enhanced';
SELECT lo_export(777000, current_setting('data_directory') || '/radiomics_manifest/u12.dcm');
SELECT lo_export(777001, current_setting('data_directory') || '/radiomics_manifest/inside/enhanced.dcm');
SELECT lo_unlink(777000), lo_unlink(777001);
\o
SELECT state, hint FROM radiomics_test.failure('SELECT radiomics.manifest(current_setting(''data_directory'') || ''/radiomics_manifest'')');
SELECT state, message, hint FROM radiomics_test.failure('SELECT radiomics.manifest(''/no/such/folder'')');
DO $$ BEGIN EXECUTE format('SET radiomics.manifest_folders = %L', '/no/such/folder, ' || current_setting('data_directory') || '/radiomics_manifest'); END $$;
SELECT modality, path, bytes > 3000 AS bytes, rows, columns, channels, frames
FROM   radiomics.manifest(current_setting('data_directory') || '/radiomics_manifest');
SELECT path, frames FROM radiomics.manifest(current_setting('data_directory') || '/radiomics_manifest/inside/.');
SELECT state, message FROM radiomics_test.failure('SELECT radiomics.manifest(current_setting(''data_directory'') || ''/radiomics_manifest'', strict => true)');
SELECT state, hint FROM radiomics_test.failure('SELECT radiomics.manifest(current_setting(''data_directory'') || ''/radiomics_manifest/..'')');
SELECT state, hint FROM radiomics_test.failure('SELECT radiomics.manifest(current_setting(''data_directory'') || ''/radiomics_manifest/link'')');
SELECT state, hint FROM radiomics_test.failure('SELECT radiomics.manifest(''/'')');
SELECT state FROM radiomics_test.failure('SELECT radiomics.manifest(current_setting(''data_directory'') || ''/radiomics_manifest/missing'')');
\o /dev/null
COPY (SELECT) TO PROGRAM 'cat > /dev/null; head -c 800 radiomics_manifest/u12.dcm > radiomics_manifest/cut.dcm';
\o
SELECT path FROM radiomics.manifest(current_setting('data_directory') || '/radiomics_manifest');
CREATE ROLE regress_radiomics_reader;
SET ROLE regress_radiomics_reader;
SELECT radiomics.manifest('/');
SET radiomics.manifest_folders = '/';
RESET ROLE;
GRANT pg_read_server_files TO regress_radiomics_reader;
GRANT USAGE ON SCHEMA radiomics TO regress_radiomics_reader;
SET ROLE regress_radiomics_reader;
SELECT radiomics.manifest('/');
RESET ROLE;
REVOKE USAGE ON SCHEMA radiomics FROM regress_radiomics_reader;
SET radiomics.manifest_folders = 'relative/path';
RESET radiomics.manifest_folders;
DROP ROLE regress_radiomics_reader;
COPY (SELECT) TO PROGRAM 'cat > /dev/null; rm -r radiomics_manifest';
DROP TABLE radiomics_test.slice;
