-- One dimension, 16,000 dimensions, and one more.

SELECT ruvector_dims(sample_vector(16000)), length(ruvector_send(sample_vector(16000)));
SELECT sample_vector(16000)::text::ruvector = sample_vector(16000) AS text_round_trip;
SELECT sample_vector(16000)::real[]::ruvector = sample_vector(16000) AS array_round_trip;
SELECT round((sample_vector(16000) <-> sample_vector(16000, 2))::numeric, 3) AS l2,
    sample_vector(16000) <=> sample_vector(16000) AS cosine_to_itself,
    round((sample_vector(16000) <#> sample_vector(16000, 2))::numeric, 1) AS inner_product;

SELECT error_of($$SELECT sample_vector(16001)$$);
SELECT error_of($$SELECT ('[' || repeat('1,', 16000) || '1]')::ruvector$$);
SELECT error_of($$SELECT ('[' || repeat(',', 20000))::ruvector$$);
SELECT error_of($$SELECT array_fill(1.5::double precision, ARRAY[16001])::ruvector$$);
SELECT error_of($$CREATE TABLE t (v ruvector(16001))$$);

CREATE TABLE widest (v ruvector(16000));
INSERT INTO widest SELECT sample_vector(16000, i) FROM generate_series(1, 3) i;
INSERT INTO widest VALUES (sample_vector(15999));
SELECT ruvector_dims(v), v = sample_vector(16000, 1) AS is_first FROM widest ORDER BY v;
SELECT sum(v) <-> (sample_vector(16000, 1) + sample_vector(16000, 2) + sample_vector(16000, 3))
    < 1e-4 AS nearly_the_same, ruvector_dims(sum(v)) FROM widest;
DROP TABLE widest;
