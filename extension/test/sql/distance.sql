-- Distances, norm, + and -.

SELECT '[3,4]'::ruvector <-> '[0,0]' AS l2, '[1,2]'::ruvector <#> '[3,4]' AS negative_product,
    '[1,1]'::ruvector <=> '[2,2]' AS same_direction, '[1,0]'::ruvector <=> '[0,1]' AS right_angle,
    '[1,0]'::ruvector <=> '[-2,0]' AS opposite;
SELECT ruvector_l2_distance('[3,4]', '[0,0]'), ruvector_cosine_distance('[1,0]', '[0,1]'),
    ruvector_inner_product('[1,2]', '[3,4]'), ruvector_negative_inner_product('[1,2]', '[3,4]');
SELECT '[1,2,3]'::ruvector <-> '[1,2,3]' AS l2, '[1,2,3]'::ruvector <=> '[1,2,3]' AS cosine,
    '[1,0]'::ruvector <#> '[0,1]' AS zero_without_sign;
-- The zero vector has no direction: NaN, behind every distance.
SELECT '[0,0]'::ruvector <=> '[1,1]' AS cosine, '[0,0]'::ruvector <=> '[0,0]' AS cosine,
    '[0,0]'::ruvector <-> '[0,0]' AS l2;
SELECT v FROM (VALUES ('[0,0]'::ruvector), ('[1,0]'), ('[0,1]'), ('[1,1]')) t(v)
ORDER BY v <=> '[1,0.1]';

-- Values whose squares no float can hold.
SELECT '[1e30]'::ruvector <-> '[-1e30]' AS l2, '[1e30,1e30]'::ruvector <=> '[1e30,1e30]' AS cosine,
    '[1e30]'::ruvector <#> '[1e30]' AS product, ruvector_norm('[3e30,4e30]') AS norm;
SELECT '[1e-30]'::ruvector <-> '[-1e-30]' AS l2, '[1e-30,0]'::ruvector <=> '[0,1e-30]' AS cosine,
    '[1e-30]'::ruvector <#> '[1e-30]' AS product, ruvector_norm('[3e-30,4e-30]') AS norm;
SELECT '[1e-45]'::ruvector <-> '[0]' AS l2, '[1e-45]'::ruvector <=> '[3e38]' AS cosine,
    '[3.4028235e38]'::ruvector <-> '[-3.4028235e38]' AS l2;

SELECT '[1,2,3]'::ruvector + '[10,20,30]', '[1,2,3]'::ruvector - '[1,1,1]',
    '[1]'::ruvector - '[1]';

-- Symmetry, the triangle inequality and the nearest, on larger vectors.
CREATE TABLE points AS
SELECT i AS id, sample_vector(100, i) AS v FROM generate_series(1, 50) i;
SELECT count(*) FROM points a, points b WHERE (a.v <-> b.v) <> (b.v <-> a.v)
    OR (a.v <=> b.v) <> (b.v <=> a.v) OR (a.v <#> b.v) <> (b.v <#> a.v);
SELECT count(*) FROM points a, points b, points c
WHERE (a.v <-> c.v) > (a.v <-> b.v) + (b.v <-> c.v) + 1e-5;
SELECT id, v <-> sample_vector(100, 7) AS distance FROM points
ORDER BY v <-> sample_vector(100, 7) LIMIT 1;
-- Against arithmetic in double precision.
SELECT count(*) AS too_far_off FROM points a, points b,
    LATERAL (SELECT sqrt(sum((x::float8 - y) ^ 2)) AS l2, sum(x::float8 * y) AS product,
                 sum(x::float8 * y) / sqrt(sum(x::float8 ^ 2) * sum(y::float8 ^ 2)) AS cosine
             FROM unnest(a.v::real[], b.v::real[]) u(x, y)) exact
WHERE abs((a.v <-> b.v) - l2) > 1e-6 * l2 + 1e-12
    OR abs((a.v <#> b.v) + product) > 1e-5
    OR abs(1 - (a.v <=> b.v) - cosine) > 1e-6;
DROP TABLE points;
