-- The access method: one graph over all rows. Exact search (enable_indexscan = off) is the reference.

CREATE FUNCTION nearest(tab regclass, op text, query ruvector, n integer, use_index boolean,
    condition text DEFAULT 'true') RETURNS integer[] LANGUAGE plpgsql AS $$
DECLARE
    ids integer[];
BEGIN
    PERFORM set_config('enable_indexscan', use_index::text, true),
        set_config('enable_seqscan', (NOT use_index)::text, true),
        set_config('enable_bitmapscan', (NOT use_index)::text, true);
    EXECUTE format('SELECT array_agg(id) FROM (SELECT id FROM %s WHERE %s ORDER BY v %s $1 LIMIT %s) s',
        tab, condition, op, n) INTO ids USING query;
    RETURN ids;
END
$$;
-- The part of the true nearest that the index finds.
CREATE FUNCTION recall(tab regclass, op text, n integer, dims integer,
    condition text DEFAULT 'true') RETURNS numeric LANGUAGE sql AS $$
    SELECT round(avg(cardinality(ARRAY(
        SELECT unnest(nearest(tab, op, q, n, true, condition))
        INTERSECT SELECT unnest(nearest(tab, op, q, n, false, condition))))) / n, 2)
    FROM (SELECT sample_vector(dims, 100000 + i * 37) q FROM generate_series(1, 20) i) queries
$$;

CREATE TABLE points (id integer PRIMARY KEY, v ruvector(24)) WITH (autovacuum_enabled = off);
INSERT INTO points SELECT i, sample_vector(24, i) FROM generate_series(1, 100) i;
CREATE INDEX points_l2 ON points USING ruhnsw (v);
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT id FROM points ORDER BY v <-> sample_vector(24, 7) LIMIT 3;
SELECT id, v <-> sample_vector(24, 7) AS distance FROM points ORDER BY v <-> sample_vector(24, 7) LIMIT 1;
-- Few rows are a list, which is exact; more become a graph.
SELECT graphs, nodes, tuples FROM ruhnsw_index_stats('points_l2');
SELECT recall('points', '<->', 10, 24);
INSERT INTO points SELECT i, sample_vector(24, i) FROM generate_series(101, 2000) i;
SELECT tenants, graphs, nodes, dead, tuples, levels > 1 AS has_levels, m, ef_construction
FROM ruhnsw_index_stats('points_l2');
SELECT recall('points', '<->', 10, 24) >= 0.95;
SELECT * FROM ruhnsw_check('points_l2');

-- More rows than ruvector.ef_search: in order, without repetition.
SET ruvector.ef_search = 10;
SELECT count(*), count(DISTINCT id), bool_and(distance > before - 1e-5) AS in_order FROM (
    SELECT id, distance, lag(distance, 1, 0::float8) OVER (ORDER BY place) AS before FROM (
        SELECT id, v <-> sample_vector(24, 5) AS distance, row_number() OVER () AS place
        FROM (SELECT id, v FROM points ORDER BY v <-> sample_vector(24, 5) LIMIT 500) a) b) c;
-- To the end: what the search has not come to is read and sorted.
SET ruvector.ef_search = 40;
SELECT count(*) > 1990 AS nearly_all, count(DISTINCT id) = count(*) AS once,
       bool_and(distance > before - 1e-4) AS in_order FROM (
    SELECT id, distance, lag(distance, 1, 0::float8) OVER (ORDER BY place) AS before FROM (
        SELECT id, v <-> sample_vector(24, 5) AS distance, row_number() OVER () AS place
        FROM (SELECT id, v FROM points ORDER BY v <-> sample_vector(24, 5)) a) b) c;
SET work_mem = '64kB';
SELECT count(*) > 1990 AS nearly_all
FROM (SELECT id FROM points ORDER BY v <-> sample_vector(24, 5)) a;
RESET work_mem;
SET ruvector.ef_search = 10;
SET ruvector.iterative_scan = off;
SELECT count(*) FROM (SELECT id FROM points ORDER BY v <-> sample_vector(24, 5) LIMIT 500) a;
SET ruvector.iterative_scan = relaxed_order;
SELECT count(*) > 1990 AS nearly_all, count(DISTINCT id) = count(*) AS once
FROM (SELECT id FROM points ORDER BY v <-> sample_vector(24, 5)) a;
SET ruvector.max_scan_tuples = 100;
SELECT count(*) BETWEEN 90 AND 110 AS bounded
FROM (SELECT id FROM points ORDER BY v <-> sample_vector(24, 5)) a;
RESET ruvector.max_scan_tuples;
RESET ruvector.iterative_scan;
-- Few rows meet the condition, and are found.
SELECT count(*) FROM (SELECT id FROM points WHERE id % 100 = 3 ORDER BY v <-> sample_vector(24, 5)
                      LIMIT 5) a;
RESET ruvector.ef_search;

-- The other distances.
CREATE INDEX points_cosine ON points USING ruhnsw (v ruvector_cosine_ops);
CREATE INDEX points_ip ON points USING ruhnsw (v ruvector_ip_ops) WITH (m = 8, ef_construction = 64);
EXPLAIN (COSTS OFF) SELECT id FROM points ORDER BY v <=> sample_vector(24, 7) LIMIT 3;
EXPLAIN (COSTS OFF) SELECT id FROM points ORDER BY v <#> sample_vector(24, 7) LIMIT 3;
SELECT recall('points', '<=>', 10, 24) >= 0.95 AS cosine, recall('points', '<#>', 10, 24) >= 0.9 AS ip;
SELECT m, ef_construction FROM ruhnsw_index_stats('points_ip');

-- Equal vectors share nodes, ten rows each.
CREATE TABLE same (id integer, v ruvector(3)) WITH (autovacuum_enabled = off);
CREATE INDEX same_v ON same USING ruhnsw (v);
INSERT INTO same SELECT i, '[1,2,3]' FROM generate_series(1, 1000) i;
INSERT INTO same VALUES (1001, '[1,2,4]');
SELECT nodes, tuples FROM ruhnsw_index_stats('same_v');
SELECT count(DISTINCT id) FROM (SELECT id FROM same ORDER BY v <-> '[1,2,3]' LIMIT 1000) a;
SELECT id FROM same ORDER BY v <-> '[1,2,5]' LIMIT 1;

-- NULL and zero vectors: not indexed where they have no distance.
CREATE TABLE gaps (id integer, v ruvector(3));
CREATE INDEX gaps_cosine ON gaps USING ruhnsw (v ruvector_cosine_ops);
INSERT INTO gaps VALUES (1, '[1,0,0]'), (2, NULL), (3, '[0,0,0]'), (4, '[0,1,0]');
SELECT id FROM gaps ORDER BY v <=> '[1,1,0.5]';
SELECT count(*) FROM (SELECT id FROM gaps ORDER BY v <=> NULL) a;
SELECT count(*) FROM (SELECT id FROM gaps ORDER BY v <=> '[0,0,0]') a;
SELECT tuples FROM ruhnsw_index_stats('gaps_cosine');

-- Updates, and a cursor that goes on while rows come and go.
UPDATE points SET v = sample_vector(24, 42) + sample_vector(24, 43) WHERE id = 42;
SELECT id FROM points ORDER BY v <-> (sample_vector(24, 42) + sample_vector(24, 43)) LIMIT 1;
SELECT id = 42 FROM points ORDER BY v <-> sample_vector(24, 42) LIMIT 1;
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM points ORDER BY v <-> sample_vector(24, 9);
FETCH 1 FROM c;
DELETE FROM points WHERE id > 1000;
MOVE 900 FROM c;
ROLLBACK;
-- A join searches once for each row of the other side.
SELECT q, (SELECT id FROM points ORDER BY v <-> sample_vector(24, q) LIMIT 1) AS nearest
FROM generate_series(11, 13) q;

-- Errors.
SELECT error_of($$SELECT id FROM points ORDER BY v <-> '[1,2]' LIMIT 1$$);
SELECT error_of($$INSERT INTO points VALUES (0, '[1,2]')$$);
CREATE TABLE loose (v ruvector);
CREATE INDEX loose_v ON loose USING ruhnsw (v);
INSERT INTO loose VALUES ('[1,2,3]');
SELECT error_of($$INSERT INTO loose VALUES ('[1,2]')$$);
SELECT error_of($$SELECT * FROM loose ORDER BY v <-> '[1,2]'$$);
SELECT error_of($$CREATE INDEX ON points USING ruhnsw (v) WITH (m = 1)$$);
SELECT error_of($$CREATE INDEX ON points USING ruhnsw (v) WITH (ef_construction = 2000)$$);
SELECT error_of($$CREATE INDEX ON points USING ruhnsw (id)$$);
SELECT error_of($$CREATE INDEX ON points USING ruhnsw (v, id)$$);
SELECT error_of($$CREATE INDEX ON points USING ruhnsw (id, id, v)$$);
SELECT error_of($$CREATE UNIQUE INDEX ON points USING ruhnsw (v)$$);
SELECT error_of($$SET ruvector.ef_search = 1001$$);
SELECT error_of($$SELECT * FROM ruhnsw_index_stats('points_pkey')$$);
SELECT error_of($$SELECT * FROM ruhnsw_check('points')$$);

-- Operator classes fit the access method.
SELECT opcname, amvalidate(c.oid) FROM pg_opclass c JOIN pg_am a ON a.oid = opcmethod
WHERE amname = 'ruhnsw' ORDER BY 1;

RESET enable_seqscan;
DROP TABLE same, gaps, loose;
DROP TABLE points;

-- Equal vectors: many share a node, and none of them gets out of reach, not even with few links.
CREATE TABLE equal_rows (id integer, v ruvector(3));
CREATE INDEX equal_index ON equal_rows USING ruhnsw (v) WITH (m = 2, ef_construction = 20);
INSERT INTO equal_rows SELECT i, '[1,2,3]' FROM generate_series(1, 3000) i;
SELECT * FROM ruhnsw_check('equal_index');
SET enable_seqscan = off;
SET enable_sort = off;
SET ruvector.iterative_scan = relaxed_order;
SELECT count(DISTINCT id) FROM (SELECT id FROM equal_rows ORDER BY v <-> '[1,2,4]') a;
DELETE FROM equal_rows WHERE id % 10 <> 0;
VACUUM equal_rows;
SELECT * FROM ruhnsw_check('equal_index');
SELECT count(DISTINCT id) FROM (SELECT id FROM equal_rows ORDER BY v <-> '[1,2,4]') a;
DROP TABLE equal_rows;

-- A cursor goes on as it began, whatever is set meanwhile: no row comes twice.
CREATE TABLE cursor_rows (id integer, v ruvector(2));
INSERT INTO cursor_rows SELECT i, ARRAY[i % 50, i / 50]::real[]::ruvector
FROM generate_series(1, 2000) i;
CREATE INDEX cursor_index ON cursor_rows USING ruhnsw (v);
BEGIN;
DECLARE nearest CURSOR FOR SELECT id FROM cursor_rows ORDER BY v <-> '[20,20]';
CREATE TEMPORARY TABLE fetched (id integer) ON COMMIT DROP;
DO $$
DECLARE
    nearest refcursor := 'nearest';
    row record;
BEGIN
    FOR number IN 1..3000 LOOP
        IF number = 300 THEN
            PERFORM set_config('ruvector.iterative_scan', 'strict_order', true);
        END IF;
        FETCH nearest INTO row;
        EXIT WHEN NOT FOUND;
        INSERT INTO fetched VALUES (row.id);
    END LOOP;
END
$$;
SELECT count(*) > 1900 AS has_most, count(*) - count(DISTINCT id) AS twice FROM fetched;
COMMIT;
RESET ruvector.iterative_scan;

-- Without a vector to compare with any row will do, and one page is read for one row.
BEGIN;
DECLARE any_row CURSOR FOR
    SELECT id FROM cursor_rows ORDER BY v <-> (SELECT v FROM cursor_rows WHERE id = -1);
FETCH 1 FROM any_row \gset
SELECT sum(total_bytes) < 40000 AS is_little FROM pg_backend_memory_contexts
WHERE name = 'ruhnsw scan';
MOVE ALL FROM any_row;
COMMIT;
SELECT count(DISTINCT id) FROM
    (SELECT id FROM cursor_rows ORDER BY v <-> (SELECT v FROM cursor_rows WHERE id = -1)) a;
DROP TABLE cursor_rows;

-- Arrays of very many keys.
CREATE TABLE keyed_rows (k integer, v ruvector(2));
INSERT INTO keyed_rows VALUES (7, '[1,2]'), (8, '[3,4]');
CREATE INDEX keyed_index ON keyed_rows USING ruhnsw (k, v);
SET statement_timeout = '20s';
SELECT k FROM keyed_rows WHERE k = ANY (ARRAY(SELECT i % 300000 FROM generate_series(1, 600000) i))
ORDER BY v <-> '[1,1]' LIMIT 3;
RESET statement_timeout;
RESET enable_sort;
RESET enable_seqscan;
DROP TABLE keyed_rows;
