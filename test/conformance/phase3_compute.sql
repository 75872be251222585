-- Features of every scan of the cohort under its modality's preset.
\set ON_ERROR_STOP on
INSERT INTO conformance.phase3_result
SELECT split_part(scan, '/', 1), modality, f.feature, f.aggregation, f.value
FROM   conformance.scans,
       LATERAL radiomics.feature_rows(image, mask,
           settings => radiomics.settings(CASE modality WHEN 'CT' THEN 'ibsi_phase3_ct'
                                                        WHEN 'PET' THEN 'ibsi_phase3_pet'
                                                        ELSE 'ibsi_phase3_mr' END)
                       || '{"diagnostics": true}') AS f
WHERE  modality IN ('CT', 'PET', 'MR_T1') AND scan LIKE 'STS_%';
