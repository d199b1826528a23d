-- sum and avg, alone and in parallel.

SELECT sum(v), avg(v) FROM (VALUES ('[1,2]'::ruvector), ('[3,5]'), (NULL), ('[5,5]')) t(v);
SELECT sum(v), avg(v) FROM (VALUES (NULL::ruvector), (NULL)) t(v);
SELECT sum(v), avg(v) FROM (SELECT '[1]'::ruvector WHERE false) t(v);
SELECT k, sum(v), avg(v) FROM (VALUES (1, '[1]'::ruvector), (2, '[3,5]'), (1, '[4]')) t(k, v)
GROUP BY k ORDER BY k;
-- Doubles inside: a thousand small numbers beside a large one are not lost.
SELECT sum(v), avg(v) FROM (SELECT '[16777216]'::ruvector AS v
    UNION ALL SELECT '[1]'::ruvector FROM generate_series(1, 1000)) t;
-- The average of what cannot be summed in float.
SELECT avg(v) FROM (VALUES ('[3e38]'::ruvector), ('[3e38]')) t(v);
SELECT error_of($$SELECT sum(v) FROM (VALUES ('[3e38]'::ruvector), ('[3e38]')) t(v)$$);
SELECT error_of($$SELECT avg(v) FROM (VALUES ('[1,2]'::ruvector), ('[1,2,3]')) t(v)$$);
-- As a window function.
SELECT v, sum(v) OVER (ORDER BY id) FROM (VALUES (1, '[1]'::ruvector), (2, '[2]'), (3, '[3]'))
    t(id, v);

CREATE TABLE many (k integer, v ruvector(64));
INSERT INTO many SELECT i % 3, sample_vector(64, i) FROM generate_series(1, 20000) i;
INSERT INTO many SELECT 1, NULL FROM generate_series(1, 100);
ANALYZE many;
SET max_parallel_workers_per_gather = 0;
CREATE TABLE serial_results AS SELECT k, sum(v) s, avg(v) a FROM many GROUP BY k;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS off) SELECT sum(v), avg(v) FROM many;
CREATE TABLE parallel_results AS SELECT k, sum(v) s, avg(v) a FROM many GROUP BY k;
SELECT k, ruvector_dims(p.s), p.s <-> q.s < 1e-3 AS same_sum, p.a <-> q.a < 1e-6 AS same_average
FROM serial_results p JOIN parallel_results q USING (k) ORDER BY k;
SELECT (sum(v) <-> (SELECT sum(s) FROM serial_results)) < 1e-3 AS same FROM many;
-- Distances in workers, under the setting of the leader.
SET ruvector.simd = 'scalar';
EXPLAIN (COSTS off) SELECT count(*) FROM many WHERE ruvector_norm(v) < 4.9;
SELECT count(*) FROM many WHERE v <-> sample_vector(64) < 4.9;
RESET ruvector.simd;
SET max_parallel_workers_per_gather = 0;
SELECT count(*) FROM many WHERE v <-> sample_vector(64) < 4.9;
RESET ALL;
DROP TABLE many, serial_results, parallel_results;
