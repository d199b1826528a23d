-- Which plan is chosen, without a setting that forces it.

CREATE TABLE planned (id serial PRIMARY KEY, namespace text, v ruvector(64));
INSERT INTO planned (namespace, v)
SELECT CASE WHEN i <= 6000 THEN 'large' ELSE 'small ' || i % 500 END, sample_vector(64, i)
FROM generate_series(1, 10000) i;
CREATE INDEX planned_key_v ON planned USING ruhnsw (namespace, v) WITH (m = 8, ef_construction = 32);
CREATE INDEX planned_namespace ON planned (namespace);
VACUUM ANALYZE planned;
CREATE TABLE query AS SELECT sample_vector(64, 1) AS v;

-- A large tenant: its graph. A few rows of a condition that leaves many: the same.
EXPLAIN (COSTS OFF) SELECT id FROM planned WHERE namespace = 'large'
ORDER BY v <-> (SELECT v FROM query) LIMIT 10;
EXPLAIN (COSTS OFF) SELECT id FROM planned WHERE namespace = 'large' AND id > 100
ORDER BY v <-> (SELECT v FROM query) LIMIT 10;
-- A condition that leaves few: those, sorted.
EXPLAIN (COSTS OFF) SELECT id FROM planned WHERE namespace = 'large' AND id BETWEEN 100 AND 120
ORDER BY v <-> (SELECT v FROM query) LIMIT 10;
-- All rows: sorted.
EXPLAIN (COSTS OFF) SELECT id FROM planned WHERE namespace = 'large'
ORDER BY v <-> (SELECT v FROM query);
-- No key: the graphs of all tenants are no way.
EXPLAIN (COSTS OFF) SELECT id FROM planned ORDER BY v <-> (SELECT v FROM query) LIMIT 10;
-- Not by distance: the index knows no rows without vector.
EXPLAIN (COSTS OFF) SELECT count(*) FROM planned WHERE namespace = 'large';
-- A key known later.
PREPARE search(text) AS SELECT id FROM planned WHERE namespace = $1
ORDER BY v <-> (SELECT v FROM query) LIMIT 10;
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE search('large');
RESET plan_cache_mode;
DROP TABLE planned, query;

-- A distance that only the order names is not computed; one that is read is, and ties compare it.
CREATE TABLE unread (id integer, v ruvector(2));
INSERT INTO unread SELECT i, ARRAY[i, 0]::ruvector FROM generate_series(1, 2000) i;
CREATE INDEX ON unread USING ruhnsw (v);
ANALYZE unread;
SET enable_seqscan = off;
EXPLAIN (VERBOSE, COSTS OFF) SELECT id FROM unread ORDER BY v <-> '[5,0]' LIMIT 3;
SELECT id FROM unread ORDER BY v <-> '[5.2,0]' LIMIT 3;
SELECT id, v <-> '[5,0]' AS distance FROM unread ORDER BY v <-> '[5,0]' LIMIT 1;
SELECT id, distance FROM (SELECT id, v <-> '[5.2,0]' AS distance FROM unread
    ORDER BY v <-> '[5.2,0]' LIMIT 3) a ORDER BY distance DESC LIMIT 1;
SELECT count(*) FROM (SELECT id FROM unread ORDER BY v <-> '[5,0]'
    FETCH FIRST 2 ROWS WITH TIES) a;
SELECT id FROM unread ORDER BY v <-> '[5.5,0]' FETCH FIRST 1 ROWS WITH TIES;
SELECT id FROM unread ORDER BY v <-> '[7.2,0]', id LIMIT 2;
RESET enable_seqscan;
DROP TABLE unread;
