-- The shape of the interface: what callers in other languages rely on.
BEGIN;
-- No plan: it would be one number that every addition has to change.
SELECT * FROM no_plan();

SELECT has_schema('radiomics');
SELECT has_extension('radiomics');
SELECT has_composite('radiomics', 'ibsi_features', 'one column per feature');
SELECT has_composite('radiomics', 'pyradiomics_features', 'one column per default feature of PyRadiomics');
SELECT has_composite('radiomics', 'feature_row', 'long form');
SELECT has_composite('radiomics', 'matrix_cell', 'matrices');
SELECT has_view('radiomics', 'feature_catalogue', 'catalogue');

SELECT is(count(*), 177::bigint, 'ibsi_features has 174 features, label, voxel_count and status')
FROM   pg_attribute WHERE attrelid = 'radiomics.ibsi_features'::regclass AND attnum > 0;
SELECT is(count(*), 110::bigint, 'pyradiomics_features has 107 features, label, voxel_count and status')
FROM   pg_attribute WHERE attrelid = 'radiomics.pyradiomics_features'::regclass AND attnum > 0;
SELECT is(array_agg(attname || ' ' || format_type(atttypid, atttypmod) ORDER BY attnum),
          ARRAY['label integer', 'image_type text', 'family text', 'feature text', 'ibsi_code text',
                'aggregation text', 'unit text', 'value double precision'], 'columns of feature_row')
FROM   pg_attribute WHERE attrelid = 'radiomics.feature_row'::regclass AND attnum > 0;
SELECT is(array_agg(attname || ' ' || format_type(atttypid, atttypmod) ORDER BY attnum),
          ARRAY['aggregation text', 'slice integer', 'direction integer[]', 'i integer', 'j integer',
                'count bigint', 'difference double precision'], 'columns of matrix_cell')
FROM   pg_attribute WHERE attrelid = 'radiomics.matrix_cell'::regclass AND attnum > 0;
SELECT is(count(*), 174::bigint, 'feature_catalogue has 174 features') FROM radiomics.feature_catalogue;

-- Functions of images: arguments, result, volatility, strictness.
CREATE TEMPORARY TABLE image_function AS
SELECT name, arguments, result, name NOT IN ('feature_rows', 'pyradiomics', 'pyradiomics_diagnostics',
                                                    'feature_map') AS strict
FROM   (VALUES ('features', ARRAY['integer', 'jsonb'], 'radiomics.ibsi_features'),
               ('features_by_label', ARRAY['jsonb'], 'setof radiomics.ibsi_features'),
               ('feature_rows', ARRAY['integer[]', 'jsonb'], 'setof radiomics.feature_row'),
               ('pyradiomics', ARRAY['integer', 'jsonb'], 'radiomics.pyradiomics_features'),
               ('pyradiomics_diagnostics', ARRAY['integer', 'jsonb'], 'json'),
               ('feature_map', ARRAY['text[]', 'jsonb'], 'setof record'),
               ('glcm', ARRAY['integer', 'jsonb'], 'setof radiomics.matrix_cell'),
               ('glrlm', ARRAY['integer', 'jsonb'], 'setof radiomics.matrix_cell'),
               ('glszm', ARRAY['integer', 'jsonb'], 'setof radiomics.matrix_cell'),
               ('gldzm', ARRAY['integer', 'jsonb'], 'setof radiomics.matrix_cell'),
               ('ngtdm', ARRAY['integer', 'jsonb'], 'setof radiomics.matrix_cell'),
               ('ngldm', ARRAY['integer', 'jsonb'], 'setof radiomics.matrix_cell'))
       AS f (name, arguments, result);

SELECT function_returns('radiomics', name, ARRAY[type, type] || arguments, result)
FROM   image_function, unnest(ARRAY['bytea', 'oid', 'radiomics.volume']) AS type;
SELECT volatility_is('radiomics', name, ARRAY[type, type] || arguments,
                     CASE type WHEN 'oid' THEN 'volatile' ELSE 'immutable' END)
FROM   image_function, unnest(ARRAY['bytea', 'oid', 'radiomics.volume']) AS type;
SELECT CASE WHEN strict THEN is_strict('radiomics', name, ARRAY[type, type] || arguments)
            ELSE isnt_strict('radiomics', name, ARRAY[type, type] || arguments) END
FROM   image_function, unnest(ARRAY['bytea', 'oid', 'radiomics.volume']) AS type;
SELECT is(count(*), 12::bigint, 'functions of bytea are parallel safe')
FROM   pg_proc WHERE pronamespace = 'radiomics'::regnamespace
AND    proname = ANY (SELECT name FROM image_function)
AND    proargtypes[0] = 'bytea'::regtype AND proparallel = 's';
SELECT is(count(*), 12::bigint, 'functions of volumes are parallel safe')
FROM   pg_proc WHERE pronamespace = 'radiomics'::regnamespace
AND    proname = ANY (SELECT name FROM image_function)
AND    proargtypes[0] = 'radiomics.volume'::regtype AND proparallel = 's';
SELECT is(count(*), 12::bigint, 'functions of large objects run in the leader')
FROM   pg_proc WHERE pronamespace = 'radiomics'::regnamespace
AND    proname = ANY (SELECT name FROM image_function)
AND    proargtypes[0] = 'oid'::regtype AND proparallel = 'u';

-- Volumes.
SELECT has_type('radiomics', 'volume', 'type of images and masks');
SELECT has_composite('radiomics', 'volume_header', 'what a header says');
SELECT has_composite('radiomics', 'mask_label', 'a label of a mask');
SELECT function_returns('radiomics', 'volume_from_bytes', ARRAY['bytea', 'text', 'integer'], 'radiomics.volume');
SELECT function_returns('radiomics', 'volume_info', ARRAY['radiomics.volume'], 'radiomics.volume_header');
SELECT function_returns('radiomics', 'labels', ARRAY['radiomics.volume'], 'setof radiomics.mask_label');
SELECT function_returns('radiomics', 'volume_from_large_object', ARRAY['oid', 'text', 'integer'], 'radiomics.volume');
SELECT function_returns('radiomics', 'volume_from_file', ARRAY['text', 'text', 'integer'], 'radiomics.volume');
SELECT function_returns('radiomics', 'volume_to_array', ARRAY['radiomics.volume', 'integer[]', 'integer[]'], 'double precision[]');
SELECT function_returns('radiomics', 'same_grid', ARRAY['radiomics.volume', 'radiomics.volume', 'double precision'], 'boolean');
SELECT function_returns('radiomics', 'align_mask', ARRAY['radiomics.volume', 'radiomics.volume'], 'radiomics.volume');
SELECT cast_context_is('bytea', 'radiomics.volume', 'assignment');

-- DICOM.
SELECT function_returns('radiomics', 'volume_from_dicom', ARRAY['bytea'], 'radiomics.volume');
SELECT is_aggregate('radiomics', 'volume_from_dicom', ARRAY['bytea']);
SELECT function_returns('radiomics', 'dicom_tags', ARRAY['bytea'], 'jsonb');
SELECT function_returns('radiomics', 'dicom_validate', ARRAY['bytea'], 'setof radiomics.dicom_finding');
SELECT function_returns('radiomics', 'rtstruct_rois', ARRAY['bytea'], 'setof radiomics.rtstruct_roi');
SELECT function_returns('radiomics', 'mask_from_rtstruct', ARRAY['bytea', 'radiomics.volume', 'text'], 'radiomics.volume');
SELECT function_returns('radiomics', 'seg_segments', ARRAY['bytea'], 'setof radiomics.seg_segment');
SELECT function_returns('radiomics', 'mask_from_seg', ARRAY['bytea', 'integer', 'radiomics.volume', 'double precision'],
                        'radiomics.volume');
SELECT function_returns('radiomics', 'suv_factor', ARRAY['bytea'], 'double precision');
SELECT function_returns('radiomics', 'suv', ARRAY['radiomics.volume', 'bytea'], 'radiomics.volume');
SELECT function_returns('radiomics', 'manifest', ARRAY['text', 'boolean'], 'setof radiomics.manifest_entry');
SELECT function_returns('radiomics', 'manifest', ARRAY['bytea'], 'setof radiomics.manifest_entry');
SELECT volatility_is('radiomics', 'manifest', ARRAY['text', 'boolean'], 'volatile');
-- Files and pictures.
SELECT function_returns('radiomics', name, ARRAY['radiomics.volume', 'text'], 'bytea')
FROM   unnest(ARRAY['to_nifti', 'to_nrrd', 'to_metaimage']) AS name;
SELECT function_returns('radiomics', 'to_tiff', ARRAY['radiomics.volume', 'text', 'integer', 'jsonb'], 'bytea');
SELECT function_returns('radiomics', 'tiff_tags', ARRAY['bytea'], 'jsonb');
SELECT function_returns('radiomics', name, ARRAY['jsonb', 'integer[]'], 'integer[]')
FROM   unnest(ARRAY['tiff_map_point', 'tiff_unmap_point']) AS name;
SELECT is(array_agg(proargnames::text || provolatile::text ORDER BY proargtypes[0]::regtype::text COLLATE "C"),
          array_agg('{image,mask,plane,slice,window_centre,window_width,panels,panel_size,label,zoom,invert,annotate}'
                    || CASE proargtypes[0] WHEN 'oid'::regtype THEN 'v' ELSE 'i' END
                    ORDER BY proargtypes[0]::regtype::text COLLATE "C"), 'arguments of to_png')
FROM   pg_proc WHERE pronamespace = 'radiomics'::regnamespace AND proname = 'to_png';

-- Settings.
SELECT function_returns('radiomics', 'settings', ARRAY['text'], 'jsonb');
SELECT function_returns('radiomics', 'settings_validate', ARRAY['jsonb'], 'boolean');
SELECT function_returns('radiomics', 'settings_canonical', ARRAY['jsonb'], 'jsonb');
SELECT function_returns('radiomics', 'settings_hash', ARRAY['jsonb'], 'text');
SELECT function_returns('radiomics', 'settings_from_pyradiomics', ARRAY['text'], 'jsonb');
SELECT volatility_is('radiomics', name, arguments, 'immutable')
FROM   (VALUES ('settings', ARRAY['text']), ('settings_from_pyradiomics', ARRAY['text']), ('settings_validate', ARRAY['jsonb']),
               ('settings_canonical', ARRAY['jsonb']), ('settings_hash', ARRAY['jsonb'])) AS f (name, arguments);
SELECT function_returns('radiomics', 'version', '{}'::name[], 'text');

-- Arguments can be named and left out.
SELECT is(array_agg(DISTINCT proargnames[1:2]::text), ARRAY['{image,mask}'], 'image and mask come first')
FROM   pg_proc WHERE pronamespace = 'radiomics'::regnamespace AND proname = ANY (SELECT name FROM image_function);
SELECT is(count(*), (SELECT 3 * count(*) FROM image_function), 'settings come last and have a default')
FROM   pg_proc WHERE pronamespace = 'radiomics'::regnamespace
AND    proname = ANY (SELECT name FROM image_function)
AND    proargnames[pronargs] = 'settings' AND pronargdefaults >= 1;

SELECT * FROM finish();
ROLLBACK;
