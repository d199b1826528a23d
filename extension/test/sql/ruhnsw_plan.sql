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
