-- Scans, settings, MIRP's values and ours.
\set ON_ERROR_STOP on
CREATE EXTENSION radiomics;
CREATE SCHEMA mirp;
CREATE TABLE mirp.scan (
    scan     text PRIMARY KEY,
    modality text,
    image    bytea NOT NULL,
    mask     bytea NOT NULL
);
CREATE TABLE mirp.setting (name text PRIMARY KEY, settings jsonb, parameters jsonb);
CREATE TABLE mirp.reference (
    scan text, setting text, label integer, feature text, aggregation text, value float8
);
CREATE TABLE mirp.result (
    scan text, setting text, label integer, family text, feature text, aggregation text,
    value float8
);
CREATE VIEW mirp.compared AS
SELECT scan, setting, label, r.family, feature, r.aggregation, r.value AS result,
       m.value AS reference,
       coalesce(abs(r.value - m.value) <= 1e-5 * greatest(abs(m.value), 1), false) AS met
FROM   mirp.result AS r
JOIN   mirp.reference AS m USING (scan, setting, label, feature)
WHERE  r.aggregation IS NOT DISTINCT FROM m.aggregation;

-- Causes of a difference that the definitions leave open; see live.
CREATE VIEW mirp.verdict AS
SELECT c.*,
       CASE WHEN met THEN NULL
            WHEN family = 'morphology' AND abs(mesh.result / mesh.reference - 1) BETWEEN 1e-5 AND 0.01
                 AND (abs(c.result / c.reference - 1) < 0.03) THEN 'mesh'
            WHEN feature IN ('cm_corr', 'cm_info_corr1', 'cm_inv_var')
                 AND c.aggregation IN ('2D_avg', '2D_mrg', '2.5D_avg', '3D_avg') THEN 'one level'
            WHEN feature = 'stat_qcod' AND c.result IS NULL THEN 'quartiles'
       END AS cause
FROM   mirp.compared AS c
JOIN   (SELECT scan, setting, label, result, reference FROM mirp.compared WHERE feature = 'morph_volume') AS mesh
       USING (scan, setting, label);
CREATE VIEW mirp.unknown AS
SELECT * FROM mirp.reference AS m
WHERE  NOT EXISTS (SELECT FROM mirp.result AS r
                   WHERE (r.scan, r.setting, r.label, r.feature) = (m.scan, m.setting, m.label, m.feature)
                     AND r.aggregation IS NOT DISTINCT FROM m.aggregation);
