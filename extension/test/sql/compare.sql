-- Order, equality, hash; btree and hash indexes.

SELECT a, b, a < b AS lt, a <= b AS le, a = b AS eq, a <> b AS ne, a >= b AS ge, a > b AS gt,
    ruvector_cmp(a, b) AS cmp
FROM (VALUES ('[1,2]'::ruvector, '[1,2]'::ruvector), ('[1,2]', '[1,3]'), ('[2]', '[1,3]'),
    ('[1]', '[1,0]'), ('[1,0]', '[1]'), ('[0]', '[-0]'), ('[-1]', '[0]')) t(a, b);
SELECT ruvector_hash('[0,1]') = ruvector_hash('[-0,1]') AS same_hash,
    ruvector_hash_extended('[0]', 7) = ruvector_hash_extended('[-0]', 7) AS same_seeded_hash,
    ruvector_hash('[0,1]') <> ruvector_hash('[1,0]') AS other_hash;

CREATE TABLE ordered (id serial, v ruvector);
INSERT INTO ordered (v) VALUES ('[2,1]'), ('[1]'), (NULL), ('[1,2]'), ('[1,1]'), ('[-0]'), ('[0]'),
    ('[1,2]'), ('[-5,3]');
SELECT v FROM ordered ORDER BY v, id;
SELECT v FROM ordered ORDER BY v DESC NULLS LAST, id LIMIT 3;
SELECT v, count(*) FROM ordered GROUP BY v ORDER BY v;
SELECT min(ids) FROM (SELECT array_agg(id ORDER BY id) ids FROM ordered GROUP BY v) t;
SELECT count(DISTINCT v) FROM ordered;
SELECT a.id, b.id FROM ordered a JOIN ordered b ON a.v = b.v AND a.id < b.id ORDER BY 1;

INSERT INTO ordered (v) SELECT sample_vector(3, i) FROM generate_series(1, 2000) i;
CREATE INDEX ordered_btree ON ordered USING btree (v);
ANALYZE ordered;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS off) SELECT id FROM ordered WHERE v = '[1,2]';
SELECT id FROM ordered WHERE v = '[1,2]' ORDER BY id;
SELECT count(*) FROM ordered WHERE v > '[0.9]' AND v <= '[1,1]';
EXPLAIN (COSTS off) SELECT v FROM ordered ORDER BY v LIMIT 1;
SELECT v FROM ordered ORDER BY v LIMIT 1;
DROP INDEX ordered_btree;
CREATE INDEX ordered_hash ON ordered USING hash (v);
EXPLAIN (COSTS off) SELECT id FROM ordered WHERE v = '[1,2]';
SELECT id FROM ordered WHERE v = '[1,2]' ORDER BY id;
SELECT id FROM ordered WHERE v = '[-0]' ORDER BY id;
RESET enable_seqscan;
RESET enable_bitmapscan;

CREATE TABLE unique_vectors (v ruvector PRIMARY KEY);
INSERT INTO unique_vectors VALUES ('[0,1]'), ('[1,0]');
SELECT error_of($$INSERT INTO unique_vectors VALUES ('[-0,1]')$$);
INSERT INTO unique_vectors VALUES ('[1,0]') ON CONFLICT DO NOTHING;
-- A btree tuple holds a third of a page.
SELECT left(error_of($$INSERT INTO unique_vectors VALUES (sample_vector(1000))$$), 29);

CREATE TABLE partitioned (v ruvector) PARTITION BY HASH (v);
CREATE TABLE partitioned_0 PARTITION OF partitioned FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE partitioned_1 PARTITION OF partitioned FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO partitioned SELECT sample_vector(3, i) FROM generate_series(1, 100) i;
SELECT count(*), count(DISTINCT tableoid) FROM partitioned;
DROP TABLE ordered, unique_vectors, partitioned;
