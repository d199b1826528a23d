-- A leading key column: every value has a graph of its own.

CREATE TABLE entries (id serial, namespace text, v ruvector) WITH (autovacuum_enabled = off);
CREATE INDEX entries_v ON entries USING ruhnsw (namespace, v ruvector_cosine_ops);
-- Before and after, with other dimensions each.
INSERT INTO entries (namespace, v)
SELECT 'large', sample_vector(32, i) FROM generate_series(1, 1500) i;
INSERT INTO entries (namespace, v)
SELECT 'small ' || i % 40, sample_vector(16, i) FROM generate_series(1, 400) i;
INSERT INTO entries (namespace, v) VALUES ('one', '[1,2,3]'), (NULL, '[1,2,3]'), ('', '[3,2,1]');
ANALYZE entries;
SELECT tenants, graphs, tuples FROM ruhnsw_index_stats('entries_v');
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT id FROM entries WHERE namespace = 'large'
ORDER BY v <=> sample_vector(32, 5) LIMIT 3;
EXPLAIN (COSTS OFF) SELECT id FROM entries WHERE namespace = ANY ('{large,small 3}')
ORDER BY v <=> sample_vector(32, 5) LIMIT 3;

-- Of a small tenant every row, in order, and no other tenant's.
SELECT count(*), min(namespace) = max(namespace) AS own FROM (
    SELECT * FROM entries WHERE namespace = 'small 7' ORDER BY v <=> sample_vector(16, 5)) a;
SELECT recall('entries', '<=>', 10, 16, $$namespace = 'small 7'$$) AS exact;
SELECT recall('entries', '<=>', 10, 32, $$namespace = 'large'$$) >= 0.95 AS near;
SELECT namespace FROM entries WHERE namespace = 'one' ORDER BY v <=> '[1,2,3]';
SELECT namespace FROM entries WHERE namespace = '' ORDER BY v <=> '[1,2,3]';
SELECT count(*) FROM (SELECT 1 FROM entries WHERE namespace = 'none' ORDER BY v <=> '[1,2]') a;
SELECT count(*) FROM (SELECT 1 FROM entries WHERE namespace = NULL ORDER BY v <=> '[1,2]') a;

-- Several: merged in order, each key once.
SELECT recall('entries', '<=>', 10, 16,
    $$namespace = ANY ('{small 1,small 2,small 2,none,NULL}')$$) AS exact;
SELECT count(*) FROM (SELECT 1 FROM entries
    WHERE namespace IN ('small 1', 'small 2') ORDER BY v <=> sample_vector(16, 1)) a;
PREPARE several(text[]) AS SELECT count(*), count(DISTINCT namespace) FROM (
    SELECT namespace FROM entries WHERE namespace = ANY ($1) ORDER BY v <=> sample_vector(16, 1)) a;
SET plan_cache_mode = force_generic_plan;
EXECUTE several('{small 1,small 3,small 5}');
EXECUTE several('{}');
EXECUTE several(NULL);
RESET plan_cache_mode;
-- Conditions that exclude each other.
SELECT count(*) FROM (SELECT 1 FROM entries WHERE namespace = 'small 1'
    AND namespace = ANY ('{small 2,small 3}') ORDER BY v <=> sample_vector(16, 1)) a;

SELECT error_of($$SELECT id FROM entries WHERE namespace = 'large' ORDER BY v <=> '[1,2]'$$);
SELECT error_of($$SELECT id FROM entries WHERE namespace IN ('large', 'one')
    ORDER BY v <=> '[1,2,3]' LIMIT 1$$);
SELECT error_of($$INSERT INTO entries (namespace, v) VALUES ('one', '[1,2,3,4]')$$);
SELECT error_of($$INSERT INTO entries (namespace, v) VALUES (repeat('x', 2001), '[1]')$$);
INSERT INTO entries (namespace, v) VALUES (repeat('x', 2000), '[1,1]');
SELECT id FROM entries WHERE namespace = repeat('x', 2000) ORDER BY v <=> '[1,2]';
SELECT * FROM ruhnsw_check('entries_v');

-- A tenant whose rows went leaves no trace, and may come back with other dimensions.
DELETE FROM entries WHERE namespace IN ('large', 'one');
VACUUM entries;
SELECT tenants, graphs, tuples, dead FROM ruhnsw_index_stats('entries_v');
SELECT count(*) FROM (SELECT 1 FROM entries WHERE namespace = 'large' ORDER BY v <=> '[1,2]') a;
INSERT INTO entries (namespace, v) VALUES ('large', '[1,2]');
SELECT namespace, v FROM entries WHERE namespace = 'large' ORDER BY v <=> '[1,2]';
SELECT * FROM ruhnsw_check('entries_v');

-- A list gives dead rows' room to the next ones, and becomes a graph with all that is left.
CREATE TABLE lists (id serial, k text, v ruvector) WITH (autovacuum_enabled = off);
CREATE INDEX lists_v ON lists USING ruhnsw (k, v);
INSERT INTO lists (k, v) SELECT 'short', sample_vector(64, i) FROM generate_series(1, 100) i;
INSERT INTO lists (k, v) SELECT 'long', sample_vector(2000, i) FROM generate_series(1, 100) i;
SELECT pg_relation_size('lists_v') AS before \gset
DELETE FROM lists WHERE id % 2 = 0;
VACUUM lists;
SELECT tenants, graphs, nodes, dead FROM ruhnsw_index_stats('lists_v');
SELECT recall('lists', '<->', 10, 64, $$k = 'short'$$) AS short,
    recall('lists', '<->', 10, 2000, $$k = 'long'$$) AS long;
INSERT INTO lists (k, v) SELECT 'short', sample_vector(64, i) FROM generate_series(201, 250) i;
INSERT INTO lists (k, v) SELECT 'long', sample_vector(2000, i) FROM generate_series(201, 250) i;
SELECT pg_relation_size('lists_v') = :before AS reused, nodes, free_slots < 32 AS filled
FROM ruhnsw_index_stats('lists_v');
SELECT * FROM ruhnsw_check('lists_v');
INSERT INTO lists (k, v) SELECT 'short', sample_vector(64, i) FROM generate_series(301, 400) i;
INSERT INTO lists (k, v) SELECT 'long', sample_vector(2000, i) FROM generate_series(301, 400) i;
-- The same vector once more joins its node, in a list and in a graph.
INSERT INTO lists (k, v) SELECT 'twice', '[1,2]' FROM generate_series(1, 12);
INSERT INTO lists (k, v) VALUES ('short', sample_vector(64, 1));
SELECT tenants, graphs, nodes, tuples FROM ruhnsw_index_stats('lists_v');
SELECT recall('lists', '<->', 10, 64, $$k = 'short'$$) >= 0.95 AS short,
    recall('lists', '<->', 10, 2000, $$k = 'long'$$) >= 0.95 AS long;
SET enable_sort = off;
SELECT k, count(*) FROM (SELECT k FROM lists WHERE k = ANY ('{short,twice}')
    ORDER BY v <-> NULL) a GROUP BY k ORDER BY k;
RESET enable_sort;
SELECT * FROM ruhnsw_check('lists_v');
DELETE FROM lists;
VACUUM lists;
SELECT tenants, nodes FROM ruhnsw_index_stats('lists_v');
SELECT * FROM ruhnsw_check('lists_v');
DROP TABLE lists;

-- Every key type.
CREATE TABLE keyed (a integer, b bigint, c uuid, d varchar(20), v ruvector(2));
CREATE INDEX ON keyed USING ruhnsw (a, v);
CREATE INDEX ON keyed USING ruhnsw (b, v);
CREATE INDEX ON keyed USING ruhnsw (c, v);
CREATE INDEX ON keyed USING ruhnsw (d, v);
INSERT INTO keyed SELECT i % 3 - 1, (i % 3 - 1)::bigint << 40, lpad((i % 3)::text, 32, '0')::uuid,
    'key ' || i % 3, ARRAY[i, 1]::ruvector FROM generate_series(1, 90) i;
ANALYZE keyed;
SELECT v FROM keyed WHERE a = -1 ORDER BY v <-> '[31,1]' LIMIT 2;
SELECT v FROM keyed WHERE b = -1::bigint << 40 ORDER BY v <-> '[31,1]' LIMIT 2;
SELECT v FROM keyed WHERE c = lpad('1', 32, '0')::uuid ORDER BY v <-> '[31,1]' LIMIT 2;
SELECT v FROM keyed WHERE d = 'key 1' ORDER BY v <-> '[31,1]' LIMIT 2;
EXPLAIN (COSTS OFF) SELECT v FROM keyed WHERE d = 'key 1' ORDER BY v <-> '[31,1]' LIMIT 2;
EXPLAIN (COSTS OFF) SELECT v FROM keyed WHERE a = 1 ORDER BY v <-> '[31,1]' LIMIT 2;

RESET enable_seqscan;
DROP TABLE entries, keyed;

-- So many tenants at once that all rows are sorted instead of merged.
CREATE TABLE crowd (tenant integer, v ruvector(2));
INSERT INTO crowd SELECT g % 1100, ('[' || g || ',0]')::ruvector FROM generate_series(1, 2200) g;
CREATE INDEX crowd_index ON crowd USING ruhnsw (tenant, v);
SET enable_seqscan = off;
SET enable_sort = off;
SELECT tenant, v FROM crowd ORDER BY v <-> '[1,0]' LIMIT 3;
SELECT count(*), bool_and(x = place) AS in_order FROM (
    SELECT v <-> '[0,0]' AS x, row_number() OVER () AS place
    FROM (SELECT v FROM crowd ORDER BY v <-> '[0,0]') a) b;
RESET enable_seqscan;
RESET enable_sort;
DROP TABLE crowd;
