-- DICOM series, structure sets and segmentations become volumes and masks; PET
-- becomes SUV.
\set ON_ERROR_STOP on
CREATE TEMPORARY TABLE series AS
SELECT a.scan, i.modality,
       CASE i.modality WHEN 'PT' THEN radiomics.suv(a.image, a.instance) ELSE a.image END AS image
FROM  (SELECT scan, radiomics.volume_from_dicom(bytes) AS image, (array_agg(bytes))[1] AS instance
       FROM   demo.instances
       WHERE  kind = 'image'
       GROUP  BY scan) AS a,
      LATERAL radiomics.volume_info(a.image) AS i;

-- NULL instead of the bytes of other objects: no row.
INSERT INTO demo.dicom_scans (scan, roi, modality, image, mask)
SELECT s.scan, r.name, s.modality, s.image, radiomics.mask_from_rtstruct(o.bytes, s.image, r.name)
FROM   series AS s
JOIN   demo.instances AS o ON o.scan = s.scan AND o.kind = 'mask',
       LATERAL radiomics.rtstruct_rois(CASE o.modality WHEN 'RTSTRUCT' THEN o.bytes END) AS r
WHERE  r.contour_count > 0
UNION ALL
SELECT s.scan, g.label, s.modality, s.image, radiomics.mask_from_seg(o.bytes, g.number, s.image)
FROM   series AS s
JOIN   demo.instances AS o ON o.scan = s.scan AND o.kind = 'mask',
       LATERAL radiomics.seg_segments(CASE o.modality WHEN 'SEG' THEN o.bytes END) AS g;

-- Every feature of every region.
CREATE TABLE demo.dicom_features AS
SELECT s.scan, s.roi, s.modality, (s.f).*
FROM  (SELECT scan, roi, modality,
              radiomics.features_by_label(image, mask, '{"on_error": "null"}') AS f
       FROM   demo.dicom_scans
       OFFSET 0) AS s;

\pset footer off
\pset null -
\echo
SELECT scan, roi, modality, voxel_count AS voxels,
       round((morph_volume / 1000)::numeric, 2) AS volume_ml,
       round(morph_sphericity::numeric, 3) AS sphericity,
       round(stat_mean::numeric, 2) AS mean,
       round(stat_p90::numeric, 2) AS p90,
       round(ih_entropy::numeric, 3) AS entropy,
       status
FROM   demo.dicom_features
ORDER  BY scan, roi;

SELECT count(*) AS regions, count(DISTINCT scan) AS scans,
       count(*) FILTER (WHERE status IS NOT NULL AND status <> 'ok') AS failed
FROM   demo.dicom_features \gset
\echo :regions regions of :scans DICOM series (:failed failed)
