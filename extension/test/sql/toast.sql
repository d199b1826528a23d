-- Vectors in line, in line with a short header, and out of line.

CREATE TABLE toasted (id integer PRIMARY KEY, v ruvector);
INSERT INTO toasted SELECT n, sample_vector(n) FROM unnest(ARRAY[1, 2, 29, 30, 31, 32, 100, 400,
    499, 500, 501, 1000, 1536, 2048, 4096, 16000]) n;
SELECT id, ruvector_dims(v) = id AS same_dimensions, v = sample_vector(id) AS same_values,
    v <-> sample_vector(id) AS distance, pg_column_size(v) AS bytes
FROM toasted ORDER BY id;

-- Nothing is ever compressed, not even what would shrink.
INSERT INTO toasted SELECT 3000, array_fill(0::real, ARRAY[3000])::ruvector;
SELECT pg_column_compression(v) AS compression, pg_column_size(v) FROM toasted WHERE id = 3000;

-- Both operands out of line; sorts and hashes on them.
SELECT a.id, b.id FROM toasted a JOIN toasted b ON a.v = b.v WHERE a.id >= 1000 ORDER BY 1, 2;
SET enable_hashjoin = off;
SET enable_nestloop = off;
SELECT count(*) FROM toasted a JOIN toasted b ON a.v = b.v;
RESET enable_hashjoin;
RESET enable_nestloop;
SELECT count(DISTINCT v) FROM toasted;
UPDATE toasted SET v = v + v WHERE id >= 1000;
SELECT id, v = sample_vector(id) + sample_vector(id) AS doubled FROM toasted
WHERE id >= 1000 AND id <> 3000 ORDER BY id;
DROP TABLE toasted;
