-- A picture of every scan with the outline of its mask: name and PNG in base64.
\set ON_ERROR_STOP on
SELECT regexp_replace(scan, '[^[:alnum:]]+', '_', 'g'),
       translate(encode(radiomics.to_png(image, mask), 'base64'), E'\n', '')
FROM   demo.scans
UNION ALL
SELECT regexp_replace('dicom ' || scan || ' ' || roi, '[^[:alnum:]]+', '_', 'g'),
       translate(encode(radiomics.to_png(image, mask), 'base64'), E'\n', '')
FROM   demo.dicom_scans;
