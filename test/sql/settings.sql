-- Settings: presets, validation, canonical form and hash.
SELECT name, radiomics.settings_validate(radiomics.settings(name)) AS valid
FROM   unnest(ARRAY['ibsi_digital_phantom', 'ibsi_config_a', 'ibsi_config_b', 'ibsi_config_c',
                    'ibsi_config_d', 'ibsi_config_e', 'ibsi_phase3_ct', 'ibsi_phase3_pet',
                    'ibsi_phase3_mr']) AS name;

-- The canonical form is complete and its own canonical form.
SELECT jsonb_pretty(radiomics.settings_canonical('{}')) AS defaults;
SELECT name,
       radiomics.settings_canonical(radiomics.settings_canonical(radiomics.settings(name)))
       = radiomics.settings_canonical(radiomics.settings(name)) AS idempotent
FROM   unnest(ARRAY['ibsi_config_a', 'ibsi_config_e', 'ibsi_phase3_pet']) AS name;

-- Equal meaning, equal hash; the hash is that of the canonical text.
SELECT radiomics.settings_hash('{}') = radiomics.settings_hash('{"bin_number": 32}') AS same_default,
       radiomics.settings_hash('{"bin_number": 32.0}') = radiomics.settings_hash('{}') AS same_number,
       radiomics.settings_hash('{"resample_spacing": 2}')
       = radiomics.settings_hash('{"resample_spacing": [2, 2, 2.0]}') AS same_list,
       radiomics.settings_hash('{"bin_number": 33}') = radiomics.settings_hash('{}') AS different,
       radiomics.settings_hash('{}')
       = encode(sha256(convert_to(radiomics.settings_canonical('{}')::text, 'UTF8')), 'hex') AS defined;

-- A preset is a value like any other.
SELECT radiomics.settings_canonical(radiomics.settings('ibsi_config_a') || '{"bin_size": 10}') -> 'bin_size'
       AS bin_size;

-- Strict.
SELECT radiomics.settings(NULL) IS NULL AS preset, radiomics.settings_validate(NULL) IS NULL AS validate,
       radiomics.settings_canonical(NULL) IS NULL AS canonical,
       radiomics.settings_hash(NULL) IS NULL AS hash;

-- What is wrong is said with the value, and what is right with it.
\pset format unaligned
\x on
SELECT statement, (radiomics_test.failure('SELECT ' || statement)).*
FROM   unnest(ARRAY[
    $$radiomics.settings('ibsi_config_z')$$,
    $$radiomics.settings_validate('[]')$$,
    $$radiomics.settings_validate('7')$$,
    $$radiomics.settings_validate('null')$$,
    $$radiomics.settings_validate('{"bin_numbr": 32}')$$,
    $$radiomics.settings_validate('{"Bin_Number": 32}')$$,
    $$radiomics.settings_validate('{"bin_number": "32"}')$$,
    $$radiomics.settings_validate('{"bin_number": 0}')$$,
    $$radiomics.settings_validate('{"bin_number": 2.5}')$$,
    $$radiomics.settings_validate('{"bin_number": 1e400}')$$,
    $$radiomics.settings_validate('{"bin_number": {"is": 32}}')$$,
    $$radiomics.settings_validate('{"resample_spacing": [1, 2]}')$$,
    $$radiomics.settings_validate('{"resample_spacing": [[1], [1], [1]]}')$$,
    $$radiomics.settings_validate('{"resegmentation_range": [400, -500]}')$$,
    $$radiomics.settings_validate('{"families": ["glcm", "glcn"]}')$$,
    $$radiomics.settings_validate('{"on_error": null}')$$
]) AS statement;
\x off
\pset format aligned

-- In a CHECK constraint.
CREATE TEMPORARY TABLE protocol (name text, settings jsonb CHECK (radiomics.settings_validate(settings)));
INSERT INTO protocol VALUES ('ct', '{"bin_size": 25, "discretisation": "fixed_bin_size"}');
\set VERBOSITY terse
INSERT INTO protocol VALUES ('ct', '{"bin_sise": 25}');
\set VERBOSITY default
