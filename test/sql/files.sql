-- Volumes as files, the tags of TIFF files, and pictures.
CREATE TEMPORARY TABLE volume AS
SELECT name, file::radiomics.volume AS image
FROM   (VALUES ('int16', radiomics_test.noise('{13, 9, 5}', '{0.9, 0.7, 2.5}')),
               ('float64', radiomics_test.noise('{13, 9, 5}', '{0.1, 0.3, 3}', 1, 64)),
               ('int32', radiomics_test.noise('{40, 30, 7}', '{1, 1, 1}', 2, 8)),
               ('uint8', radiomics_test.box_mask('{20, 20, 6}', '{3, 5, 1}', '{15, 16, 5}')),
               ('oblique', radiomics_test.nifti('{1, 2, 3, 4, 5, 6, 7, 8}', '{2, 2, 2}', '{0.7, 0.8, 0.9}',
                                                '{-10.1, 20.2, 0.3}', 16,
                                                '{{0.8, -0.6, 0}, {0.6, 0.8, 0}, {0, 0, -1}}')))
       AS f (name, file);

-- The same voxels, type and geometry come back: the hash is of all of them.
CREATE TEMPORARY VIEW written AS
SELECT name, image, format, file
FROM   volume, LATERAL (VALUES
           ('nifti gzip', radiomics.to_nifti(image)),
           ('nifti none', radiomics.to_nifti(image, 'none')),
           ('nrrd gzip', radiomics.to_nrrd(image)),
           ('nrrd none', radiomics.to_nrrd(image, 'none')),
           ('metaimage zlib', radiomics.to_metaimage(image)),
           ('metaimage none', radiomics.to_metaimage(image, 'none')),
           ('tiff deflate', radiomics.to_tiff(image)),
           ('tiff lzw', radiomics.to_tiff(image, 'lzw')),
           ('tiff packbits', radiomics.to_tiff(image, 'packbits')),
           ('tiff none tiled', radiomics.to_tiff(image, 'none', 16))) AS f (format, file);
SELECT format, count(*) AS volumes,
       bool_and((SELECT content_hash FROM radiomics.volume_info(radiomics.volume_from_bytes(file, split_part(format, ' ', 1))))
                = (SELECT content_hash FROM radiomics.volume_info(image))) AS same
FROM   written GROUP BY format ORDER BY format;
SELECT encode(substr(radiomics.to_nifti(image), 1, 2), 'hex') AS nifti,
       encode(substr(radiomics.to_nrrd(image), 1, 8), 'escape') AS nrrd,
       encode(substr(radiomics.to_metaimage(image), 1, 18), 'escape') AS metaimage,
       encode(substr(radiomics.to_tiff(image), 1, 4), 'hex') AS tiff
FROM   volume WHERE name = 'int16';
-- Other programs see the geometry, too.
SELECT substring(encode(radiomics.to_nrrd(image, 'none'), 'escape') FROM 'space directions: [^\n]*') AS nrrd
FROM   volume WHERE name = 'int16';

-- What somebody did before, in the tags of dicom-preprocessing.
CREATE TEMPORARY TABLE transform AS
SELECT '{"flip": {"width": 100, "height": 80, "horizontal": true, "vertical": false},
         "crop": {"left": 70, "top": 20, "width": 20, "height": 20},
         "scale": {"x": 2, "y": 2},
         "padding": {"left": 5, "top": 7, "right": 0, "bottom": 0}}'::jsonb AS transform;
SELECT radiomics.tiff_tags(radiomics.to_tiff(image, 'lzw', transform => transform)) - 'description' AS tags,
       radiomics.tiff_tags(radiomics.to_tiff(image, 'lzw', transform => transform)) -> 'transform' = transform AS same
FROM   volume, transform WHERE name = 'int16';
SELECT radiomics.tiff_tags(radiomics.to_tiff(image, 'none', 32)) AS tags FROM volume WHERE name = 'int32';
SELECT radiomics.tiff_map_point(transform, '{10, 30}') AS mapped,
       radiomics.tiff_unmap_point(transform, '{43, 27}') AS unmapped,
       radiomics.tiff_map_point('{}', '{3, 4}') AS unchanged
FROM   transform;

-- Pictures: 8-bit colours in the size asked for, the same from every kind of source.
CREATE TEMPORARY TABLE pair AS
SELECT radiomics_test.noise('{40, 30, 20}', '{1, 1, 2}') AS image,
       radiomics_test.box_mask('{40, 30, 20}', '{10, 8, 5}', '{30, 20, 15}', '{1, 1, 2}') AS mask;
CREATE FUNCTION pg_temp.png_size(png bytea) RETURNS text LANGUAGE sql AS $$
    SELECT encode(substr(png, 2, 3), 'escape') || ' '
           || ('x' || encode(substr(png, 17, 4), 'hex'))::bit(32)::int || ' x '
           || ('x' || encode(substr(png, 21, 4), 'hex'))::bit(32)::int || ' '
           || get_byte(png, 24) || ' ' || get_byte(png, 25)
$$;
SELECT pg_temp.png_size(radiomics.to_png(image)) AS slice,
       pg_temp.png_size(radiomics.to_png(image, mask, 'coronal', panel_size => 200)) AS coronal,
       pg_temp.png_size(radiomics.to_png(image, mask, 'sagittal', 3, 0, 400, panel_size => 120)) AS sagittal,
       pg_temp.png_size(radiomics.to_png(image, mask, panels => 6, panel_size => 120, zoom => true)) AS montage
FROM   pair;
SELECT radiomics.to_png(image, mask, label => 1, invert => true)
       = radiomics.to_png(image::radiomics.volume, mask::radiomics.volume, label => 1, invert => true) AS same_picture,
       radiomics.to_png(image, mask) <> radiomics.to_png(image) AS outline_is_drawn,
       radiomics.to_png(image, mask) <> radiomics.to_png(image, mask, annotate => false) AS annotated,
       radiomics.to_png(NULL::bytea) IS NULL AS null_image
FROM   pair;

-- Errors.
SELECT * FROM radiomics_test.failure('SELECT radiomics.to_nifti(image, ''lzw'') FROM volume');
SELECT * FROM radiomics_test.failure('SELECT radiomics.to_tiff(image, ''gzip'') FROM volume');
SELECT * FROM radiomics_test.failure('SELECT radiomics.to_tiff(image, tile => 17) FROM volume');
SELECT * FROM radiomics_test.failure('SELECT radiomics.to_tiff(image, transform => ''{"crop": {"left": 1}}'') FROM volume');
SELECT * FROM radiomics_test.failure('SELECT radiomics.to_tiff(image, transform => ''{"rotate": 1}'') FROM volume');
SELECT * FROM radiomics_test.failure('SELECT radiomics.tiff_map_point(''{"scale": {"x": 0, "y": 1}}'', ''{1, 2}'')');
SELECT * FROM radiomics_test.failure('SELECT radiomics.tiff_map_point(''{"scale": {"x": "2", "y": 1}}'', ''{1, 2}'')');
SELECT * FROM radiomics_test.failure('SELECT radiomics.tiff_map_point(''{}'', ''{1, 2, 3}'')');
SELECT * FROM radiomics_test.failure('SELECT radiomics.tiff_map_point(''{}'', ''{-1, 2}'')');
SELECT state, message FROM radiomics_test.failure('SELECT radiomics.tiff_tags(''\x1234'')');
SELECT * FROM radiomics_test.failure('SELECT radiomics.to_png(image, mask, ''oblique'') FROM pair');
SELECT * FROM radiomics_test.failure('SELECT radiomics.to_png(image, mask, slice => 20) FROM pair');
SELECT * FROM radiomics_test.failure('SELECT radiomics.to_png(image, mask, label => 4) FROM pair');
SELECT * FROM radiomics_test.failure('SELECT radiomics.to_png(image, mask, window_width => 4) FROM pair');
SELECT * FROM radiomics_test.failure('SELECT radiomics.to_png(image, mask, panels => 0) FROM pair');
SELECT * FROM radiomics_test.failure('SELECT radiomics.to_png(image, mask, panel_size => 100000) FROM pair');
