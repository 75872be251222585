-- The extension's objects and their declarations, a line each that does not
-- depend on the others.
\pset format unaligned
\pset footer off
SELECT extversion = radiomics.version() AS versions_agree, extrelocatable, nspname AS schema
FROM   pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
WHERE  extname = 'radiomics';

CREATE TEMPORARY VIEW member AS
SELECT classid, objid, pg_describe_object(classid, objid, 0) AS object
FROM   pg_depend
WHERE  refclassid = 'pg_extension'::regclass AND deptype = 'e'
AND    refobjid = (SELECT oid FROM pg_extension WHERE extname = 'radiomics')
-- From PostgreSQL 17 on, array types and row types of views are members too.
AND    NOT (classid = 'pg_type'::regclass AND EXISTS (
           SELECT FROM pg_type LEFT JOIN pg_class ON pg_class.oid = typrelid
           WHERE  pg_type.oid = objid AND (typcategory = 'A' OR relkind <> 'c')));

SELECT object FROM member ORDER BY object COLLATE "C";

-- Every object has a comment, and so has every column.
SELECT object
FROM   member
WHERE  obj_description(objid, classid::regclass::name) IS NULL
ORDER  BY object COLLATE "C";

SELECT object, attname
FROM   member
JOIN   pg_type ON classid = 'pg_type'::regclass AND pg_type.oid = objid
JOIN   pg_attribute ON attrelid = typrelid AND attnum > 0
WHERE  col_description(attrelid, attnum) IS NULL
UNION ALL
SELECT object, attname
FROM   member
JOIN   pg_class ON classid = 'pg_class'::regclass AND pg_class.oid = objid AND relkind <> 'S'
JOIN   pg_attribute ON attrelid = objid AND attnum > 0
WHERE  col_description(attrelid, attnum) IS NULL;

-- What reads only its arguments is immutable and parallel safe; what reads
-- large objects is neither.
SELECT proname, provolatile, proparallel, proisstrict, count(*),
       bool_and(CASE WHEN prokind = 'a' THEN procost = 1
                     WHEN proargtypes::oid[] && ARRAY['bytea', 'oid', 'radiomics.volume']::regtype[]::oid[]
                     OR prorettype = 'radiomics.volume'::regtype
                THEN procost >= 20000 ELSE procost < 1000 END) AS cost_is_real
FROM   member JOIN pg_proc ON classid = 'pg_proc'::regclass AND pg_proc.oid = objid
GROUP  BY proname, provolatile, proparallel, proisstrict
ORDER  BY proname, provolatile;

-- One list of features: the type's columns are the catalogue's names in order.
SELECT count(*) AS features, count(DISTINCT ibsi_code) AS codes, count(DISTINCT family) AS families
FROM   radiomics.feature_catalogue;

SELECT array_agg(attname::text ORDER BY attnum) =
       ARRAY['label', 'voxel_count', 'status'] || (SELECT array_agg(name) FROM radiomics.feature_catalogue)
       AS columns_are_the_catalogue
FROM   pg_attribute
WHERE  attrelid = 'radiomics.ibsi_features'::regclass AND attnum > 0;

-- Everybody may use it.
CREATE ROLE regress_radiomics_user;
SET ROLE regress_radiomics_user;
SELECT length(radiomics.settings_hash('{}')) AS hash_length;
SELECT count(*) FROM radiomics.feature_catalogue;
RESET ROLE;
DROP ROLE regress_radiomics_user;

-- The server variable says where, never what; others of its prefix are refused.
SHOW radiomics.cpu_level;
SET radiomics.cpu_level = 'v2';
SET radiomics.cpu_level = 'v1';
RESET radiomics.cpu_level;

-- It can be dropped and created again.
CREATE SCHEMA radiomics_elsewhere;
CREATE EXTENSION radiomics SCHEMA radiomics_elsewhere;
DROP EXTENSION radiomics;
CREATE EXTENSION radiomics SCHEMA radiomics_elsewhere;
CREATE EXTENSION radiomics;
DROP SCHEMA radiomics_elsewhere;
