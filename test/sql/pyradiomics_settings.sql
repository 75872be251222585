-- Settings of the profile pyradiomics: parameter files, validation, canonical
-- form and hash.
SELECT radiomics.settings('pyradiomics_default') AS preset,
       radiomics.settings_validate(radiomics.settings('pyradiomics_default')) AS valid;
SELECT jsonb_pretty(radiomics.settings_canonical(radiomics.settings('pyradiomics_default'))) AS defaults;

-- A parameter file; order and the difference between 3 and 3.0 stay.
SELECT jsonb_pretty(radiomics.settings_from_pyradiomics($$
# LoG before the original image
imageType:
  LoG:
    sigma: [3, 1.0]
  Original: {}
featureClass:
  firstorder:           # all of them
  glcm:
    - SumAverage
    - Contrast
setting:
  binWidth: 12.5
  resampledPixelSpacing: [1, 1, 0]
  weightingNorm: ~
voxelSetting: {initValue: .nan, kernelRadius: 2}
$$)) AS settings;
SELECT radiomics.settings_from_pyradiomics('{"setting": {"binWidth": 25}, "imageType": {"Original": {}}}')
       AS from_json;
SELECT radiomics.settings_from_pyradiomics('{}') AS from_nothing;

-- What comes of a file is valid, and its canonical form its own.
SELECT radiomics.settings_validate(file) AS valid,
       radiomics.settings_canonical(radiomics.settings_canonical(file))
       = radiomics.settings_canonical(file) AS idempotent
FROM   radiomics.settings_from_pyradiomics('setting: {binWidth: 5, normalize: true, label: 2}
imageType: {Wavelet: {wavelet: bior2.2}, Square: {binCount: 8}}') AS file;

-- Equal meaning, equal hash; single keys win over "setting".
SELECT radiomics.settings_hash('{"profile": "pyradiomics", "setting": {"binWidth": 10}}')
       = radiomics.settings_hash(radiomics.settings('pyradiomics_default') || '{"binWidth": 10.0}') AS same,
       radiomics.settings_hash('{"profile": "pyradiomics", "setting": {"binWidth": 10}, "binWidth": 5}')
       = radiomics.settings_hash('{"profile": "pyradiomics", "binWidth": 5}') AS keyword_wins,
       radiomics.settings_hash('{"profile": "pyradiomics"}') = radiomics.settings_hash('{}') AS other_profile,
       radiomics.settings_hash('{"profile": "ibsi"}') = radiomics.settings_hash('{}') AS no_profile_is_ibsi;

-- Keys of every profile.
SELECT c -> 'frame' AS frame, c -> 'diagnostics' AS diagnostics, c -> 'on_error' AS on_error
FROM   radiomics.settings_canonical('{"profile": "pyradiomics", "frame": 1, "diagnostics": true,
                                      "on_error": "null"}') AS c;

-- Strict.
SELECT radiomics.settings_from_pyradiomics(NULL) IS NULL AS strict;

-- What is wrong is said with the value, and what is right with it.
\pset format unaligned
\x on
SELECT statement, (radiomics_test.failure('SELECT ' || statement)).*
FROM   unnest(ARRAY[
    $$radiomics.settings_from_pyradiomics('setting: {binWidth: 0}')$$,
    $$radiomics.settings_from_pyradiomics('setting: {binCount: 16.0}')$$,
    $$radiomics.settings_from_pyradiomics('setting: {normalize: yes}')$$,
    $$radiomics.settings_from_pyradiomics('setting: {bin_width: 5}')$$,
    $$radiomics.settings_from_pyradiomics('binWidth: 5')$$,
    $$radiomics.settings_from_pyradiomics('imageType: {LoG: }')$$,
    $$radiomics.settings_from_pyradiomics('imageType: {Log: {}}')$$,
    $$radiomics.settings_from_pyradiomics('featureClass: {glcm: [Contrst]}')$$,
    $$radiomics.settings_from_pyradiomics('setting: {label: 1, label: 2}')$$,
    $$radiomics.settings_from_pyradiomics(E'setting:\n  - [')$$,
    $$radiomics.settings_from_pyradiomics('')$$,
    $$radiomics.settings_validate('{"profile": "pyradiomics", "setting": {"binWidth": null}}')$$,
    $$radiomics.settings_validate('{"profile": "pyradiomics", "distances": [1.5]}')$$,
    $$radiomics.settings_validate('{"profile": "pyradiomics", "wavelet": "coif"}')$$,
    $$radiomics.settings_validate('{"profile": "pyradiomics", "bin_number": 32}')$$,
    $$radiomics.settings_validate('{"binWidth": 25}')$$,
    $$radiomics.settings_validate('{"profile": "mirp"}')$$
]) AS statement;
\x off
\pset format aligned

-- Functions of IBSI's profile say that they are.
DO $$
BEGIN
    PERFORM radiomics.features('\x'::bytea, '\x'::bytea, 1, '{"profile": "pyradiomics"}');
EXCEPTION WHEN invalid_parameter_value THEN
    RAISE NOTICE '%', SQLERRM;
END
$$;
