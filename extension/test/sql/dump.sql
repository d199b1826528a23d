-- A table and its indexes survive pg_dump, in text, in binary copy and in archive form.

CREATE TABLE dumped (id integer PRIMARY KEY, v ruvector(3) NOT NULL DEFAULT '[0,0,0]', w ruvector,
    CHECK (ruvector_norm(v) < 1000));
INSERT INTO dumped SELECT i, sample_vector(3, i), sample_vector(i, i) FROM generate_series(1, 50) i;
INSERT INTO dumped VALUES (51, '[-0,1e-45,1.1754944e-38]', NULL);
INSERT INTO dumped (id) VALUES (52);
CREATE INDEX dumped_v ON dumped (v);
CREATE INDEX dumped_norm ON dumped (ruvector_norm(w));
CREATE VIEW dumped_view AS SELECT id, v <=> '[1,2,3]' AS distance FROM dumped;
CREATE DATABASE pgmind_restored;
\! pg_dump -Fc -t dumped -t dumped_view -e pgmind pgmind_regress | pg_restore -d pgmind_restored
CREATE TABLE digest AS SELECT md5(string_agg(concat(id, ruvector_send(v), ruvector_send(w)), ';'
    ORDER BY id)) AS md5, count(*) FROM dumped;
SELECT count FROM digest;
\c pgmind_restored
CREATE TABLE digest AS SELECT md5(string_agg(concat(id, ruvector_send(v), ruvector_send(w)), ';'
    ORDER BY id)) AS md5, count(*) FROM dumped;
SELECT extname FROM pg_extension WHERE extname = 'pgmind';
\d dumped
SELECT count(*) FROM dumped_view;
\! psql -Atqd pgmind_restored -c 'TABLE digest' >"$PG_ABS_BUILDDIR/results/restored.md5"
\! psql -Atqd pgmind_regress -c 'TABLE digest' | cmp - "$PG_ABS_BUILDDIR/results/restored.md5" && echo same
\c pgmind_regress
DROP DATABASE pgmind_restored;
DROP TABLE dumped CASCADE;
DROP TABLE digest;
