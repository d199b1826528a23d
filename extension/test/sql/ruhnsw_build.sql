-- Ways to build and rebuild, limits of size, and VACUUM.

CREATE TABLE built (id serial, v ruvector(40)) WITH (autovacuum_enabled = off, parallel_workers = 2);
INSERT INTO built (v) SELECT sample_vector(40, i) FROM generate_series(1, 2500) i;
SET max_parallel_maintenance_workers = 2;
SET min_parallel_table_scan_size = 0;
CREATE INDEX built_v ON built USING ruhnsw (v) WITH (m = 8);
SET enable_seqscan = off;
SELECT tuples FROM ruhnsw_index_stats('built_v');
SELECT recall('built', '<->', 10, 40) >= 0.9;
SELECT * FROM ruhnsw_check('built_v');
REINDEX INDEX built_v;
REINDEX INDEX CONCURRENTLY built_v;
CREATE INDEX CONCURRENTLY built_again ON built USING ruhnsw (v) WITH (m = 4, ef_construction = 20);
SELECT tuples, m FROM ruhnsw_index_stats('built_again');
SELECT * FROM ruhnsw_check('built_again');
DROP INDEX built_again;
RESET max_parallel_maintenance_workers;
RESET min_parallel_table_scan_size;
-- m is of the next build, ef_construction of the next insert.
ALTER INDEX built_v SET (m = 12, ef_construction = 50);
INSERT INTO built (v) VALUES (sample_vector(40, 9000));
SELECT m FROM ruhnsw_index_stats('built_v');
REINDEX INDEX built_v;
SELECT m, ef_construction FROM ruhnsw_index_stats('built_v');
ANALYZE built;

-- VACUUM mends the graph and the freed places are used again.
SELECT pg_relation_size('built_v') AS size_before \gset
DELETE FROM built WHERE id % 4 = 0;
VACUUM built;
SELECT nodes, dead, tuples FROM ruhnsw_index_stats('built_v');
SELECT recall('built', '<->', 10, 40) >= 0.9;
SELECT * FROM ruhnsw_check('built_v');
INSERT INTO built (v) SELECT sample_vector(40, 20000 + i) FROM generate_series(1, 600) i;
SELECT pg_relation_size('built_v') = :size_before AS no_growth;
SELECT recall('built', '<->', 10, 40) >= 0.9;
-- Nearly all, then all rows.
DELETE FROM built WHERE id > 20;
VACUUM built;
SELECT nodes, dead, tuples FROM ruhnsw_index_stats('built_v');
SELECT count(*) FROM (SELECT id FROM built ORDER BY v <-> sample_vector(40, 1)) a;
DELETE FROM built;
VACUUM built;
SELECT tenants, nodes, dead, tuples FROM ruhnsw_index_stats('built_v');
INSERT INTO built (v) SELECT sample_vector(40, i) FROM generate_series(1, 300) i;
SELECT pg_relation_size('built_v') <= :size_before AS no_growth,
    recall('built', '<->', 10, 40) >= 0.9 AS found;
SELECT * FROM ruhnsw_check('built_v');
TRUNCATE built;
SELECT count(*) FROM (SELECT id FROM built ORDER BY v <-> sample_vector(40, 1)) a;
INSERT INTO built (v) VALUES (sample_vector(40, 1));
SELECT count(*) FROM (SELECT id FROM built ORDER BY v <-> sample_vector(40, 1)) a;
DROP TABLE built;

-- Unlogged and temporary tables, partitions, partial indexes and expressions.
CREATE UNLOGGED TABLE unlogged (id serial, v ruvector(8));
CREATE INDEX unlogged_v ON unlogged USING ruhnsw (v);
INSERT INTO unlogged (v) SELECT sample_vector(8, i) FROM generate_series(1, 300) i;
SELECT recall('unlogged', '<->', 10, 8) >= 0.9;
SELECT pg_relation_size('unlogged_v', 'init') AS init_bytes;
ALTER TABLE unlogged SET LOGGED;
SELECT recall('unlogged', '<->', 10, 8) >= 0.9;
CREATE TEMPORARY TABLE passing (id serial, v ruvector(8));
CREATE INDEX passing_v ON passing USING ruhnsw (v);
INSERT INTO passing (v) SELECT sample_vector(8, i) FROM generate_series(1, 300) i;
DELETE FROM passing WHERE id % 2 = 0;
VACUUM passing;
SELECT recall('passing', '<->', 10, 8) >= 0.9;
CREATE TABLE parts (id integer, v ruvector(8)) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (200);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (200) TO (400);
CREATE INDEX ON parts USING ruhnsw (v);
INSERT INTO parts SELECT i, sample_vector(8, i) FROM generate_series(1, 399) i;
SELECT recall('parts', '<->', 10, 8) >= 0.9;
CREATE TABLE arrays (id integer, a real[]);
INSERT INTO arrays SELECT i, sample_vector(8, i)::real[] FROM generate_series(1, 300) i;
CREATE INDEX arrays_v ON arrays USING ruhnsw ((a::ruvector(8))) WHERE id > 100;
EXPLAIN (COSTS OFF) SELECT id FROM arrays WHERE id > 100 ORDER BY a::ruvector(8) <-> sample_vector(8, 150) LIMIT 1;
SELECT id FROM arrays WHERE id > 100 ORDER BY a::ruvector(8) <-> sample_vector(8, 150) LIMIT 1;
DROP TABLE unlogged, passing, parts, arrays;

-- From one dimension to 16,000; beside the links while they fit, else on pages of their own.
CREATE FUNCTION build_and_search(dims integer, rows integer, m integer) RETURNS TABLE (
    dimensions integer, found boolean, kept boolean, faults bigint) LANGUAGE plpgsql AS $$
BEGIN
    CREATE TABLE sized (id integer, v ruvector);
    EXECUTE format('CREATE INDEX sized_v ON sized USING ruhnsw (v) WITH (m = %s)', m);
    INSERT INTO sized SELECT i, sample_vector(dims, i) FROM generate_series(1, rows) i;
    RETURN QUERY SELECT dims, recall('sized', '<->', 3, dims) >= 0.8,
        (SELECT count(*) = rows FROM (SELECT id FROM sized ORDER BY v <-> NULL) a),
        (SELECT count(*) FROM ruhnsw_check('sized_v'));
    DROP TABLE sized;
END
$$;
SELECT b.* FROM (VALUES (1, 200, 16), (2, 200, 2), (3, 300, 100), (1000, 200, 16), (1536, 150, 16),
    (4000, 150, 16), (16000, 40, 16)) AS s(dims, rows, m), build_and_search(dims, rows, s.m) b;
-- A flat tenant's and a graph's vectors outside are given back.
CREATE TABLE wide (id serial, v ruvector(3000));
CREATE INDEX wide_v ON wide USING ruhnsw (v);
INSERT INTO wide (v) SELECT sample_vector(3000, i) FROM generate_series(1, 100) i;
SELECT pg_relation_size('wide_v') AS wide_size \gset
DELETE FROM wide WHERE id <= 50;
VACUUM wide;
INSERT INTO wide (v) SELECT sample_vector(3000, 1000 + i) FROM generate_series(1, 50) i;
SELECT pg_relation_size('wide_v') = :wide_size AS no_growth;
SELECT * FROM ruhnsw_check('wide_v');
DROP TABLE wide;
RESET enable_seqscan;
