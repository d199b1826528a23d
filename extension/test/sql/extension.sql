-- The extension as a whole: version, comments, schema, removal.

SELECT extversion, ruvector_version() = extversion AS library_matches FROM pg_extension
WHERE extname = 'pgmind';

-- Every object has a comment (operators of a class and rows of a family carry none).
SELECT pg_describe_object(classid, objid, 0)
FROM pg_depend
WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
    AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pgmind')
    AND obj_description(objid, classid::regclass::name) IS NULL
    -- The array type comes with its element type.
    AND NOT (classid = 'pg_type'::regclass
             AND (SELECT typcategory = 'A' FROM pg_type WHERE pg_type.oid = objid));

-- What a query calls runs in parallel workers, and NULL in gives NULL out.
SELECT proname, provolatile, proparallel, proisstrict
FROM pg_proc JOIN pg_depend ON objid = pg_proc.oid AND classid = 'pg_proc'::regclass
WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e' AND prokind = 'f'
    AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pgmind')
    AND NOT (provolatile = 'i' AND proparallel = 's' AND proisstrict)
ORDER BY proname;

-- Another schema, named when it is created or later.
BEGIN;
DROP EXTENSION pgmind CASCADE;
CREATE SCHEMA vectors;
CREATE EXTENSION pgmind SCHEMA vectors;
SELECT '[1,2]'::vectors.ruvector OPERATOR(vectors.<->) '[1,4]' AS distance,
    vectors.sum(v) FROM (VALUES ('[1,2]'::vectors.ruvector)) AS t(v) GROUP BY v;
ALTER EXTENSION pgmind SET SCHEMA public;
SELECT '[1,2]'::public.ruvector <-> '[1,4]' AS distance;
ROLLBACK;

-- Trusted: who may create objects in the database may create the extension.
BEGIN;
DROP EXTENSION pgmind CASCADE;
CREATE ROLE pgmind_tenant;
CREATE SCHEMA AUTHORIZATION pgmind_tenant;
GRANT CREATE ON DATABASE pgmind_regress TO pgmind_tenant;
SET LOCAL ROLE pgmind_tenant;
CREATE EXTENSION pgmind SCHEMA pgmind_tenant;
SELECT extowner::regrole, '[3,4]'::pgmind_tenant.ruvector OPERATOR(pgmind_tenant.<->) '[0,0]' AS l2
FROM pg_extension WHERE extname = 'pgmind';
ROLLBACK;

SELECT '[1,2]'::ruvector <-> '[1,4]' AS distance;

-- From the version before, with data: the new one brings what it adds.
BEGIN;
DROP EXTENSION pgmind CASCADE;
CREATE EXTENSION pgmind VERSION '0.1.0';
CREATE TABLE kept (v ruvector(2));
INSERT INTO kept VALUES ('[1,2]'), ('[3,4]');
ALTER EXTENSION pgmind UPDATE;
SELECT extversion FROM pg_extension WHERE extname = 'pgmind';
CREATE INDEX kept_v ON kept USING ruhnsw (v);
SET LOCAL enable_seqscan = off;
SELECT v FROM kept ORDER BY v <-> '[3,3]' LIMIT 1;
ROLLBACK;
