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
