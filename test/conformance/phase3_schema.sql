-- The consensus values of IBSI chapter 1, phase 3.
\set ON_ERROR_STOP on
CREATE TABLE conformance.phase3_file (
    patient text, modality text, family text, feature text, ibsi_code text, tag text,
    aggregation text, value float8, n_teams_match text, n_teams text,
    cluster_min float8, cluster_max float8, consensus text
);

-- Tags of texture features end in their aggregation there.
CREATE VIEW conformance.phase3_reference AS
SELECT patient, modality, family, aggregation, value, cluster_min, cluster_max,
       CASE WHEN aggregation IS NULL THEN tag
            ELSE regexp_replace(tag, '_3D(_comb)?$', '') END AS feature
FROM   conformance.phase3_file
WHERE  consensus = 'yes';

CREATE TABLE conformance.phase3_result (
    patient     text,
    modality    text,
    feature     text,
    aggregation text,
    value       float8
);

CREATE VIEW conformance.phase3_verdict AS
SELECT reference.patient, reference.modality, reference.family, reference.feature,
       result.value AS result, reference.value AS reference,
       reference.cluster_min, reference.cluster_max,
       coalesce(abs(result.value - reference.value) <= 0.01 * abs(reference.value), false) AS met
FROM   conformance.phase3_reference AS reference
LEFT   JOIN conformance.phase3_result AS result
ON     result.patient = reference.patient
AND    result.modality = reference.modality
AND    result.feature = reference.feature
AND    result.aggregation IS NOT DISTINCT FROM reference.aggregation;

CREATE VIEW conformance.phase3_summary AS
SELECT modality, count(*) FILTER (WHERE met) AS met, count(*) AS total,
       round(100.0 * count(*) FILTER (WHERE met) / count(*), 2) AS percent,
       count(*) FILTER (WHERE met) >= 0.99 * count(*) AS enough
FROM   conformance.phase3_verdict
GROUP  BY modality;
