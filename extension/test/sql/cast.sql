-- Casts from and to arrays.

SELECT ARRAY[1,2,3]::ruvector, '{1.5,-2}'::real[]::ruvector, '{1.1,2}'::float8[]::ruvector,
    ARRAY[0.1,0.25]::ruvector AS from_numeric;
SELECT '[1.5,-2,0.1]'::ruvector::real[], '[1]'::ruvector::real[];
SELECT ARRAY[1,2,3]::ruvector(3), '{2147483647,-2147483648}'::integer[]::ruvector;
SELECT '{1e-46,1e-300}'::float8[]::ruvector AS too_small, ARRAY[1e-46, 1e-300]::ruvector;
SELECT '[2:4]={1,2,3}'::integer[]::ruvector AS other_bounds;

-- Assignment casts apply on insert, and nowhere else.
CREATE TABLE assigned (v ruvector(2), a real[]);
INSERT INTO assigned VALUES (ARRAY[1,2], '[1,2]'::ruvector),
    (ARRAY[1.5,2.5], '[3]'::ruvector), ('{1,2}'::float8[], NULL);
SELECT * FROM assigned;
SELECT v || a FROM assigned;
DROP TABLE assigned;

SELECT statement, error_of(statement) AS error
FROM unnest(ARRAY[
    $$SELECT '{}'::real[]::ruvector$$,
    $$SELECT '{1,NULL}'::real[]::ruvector$$,
    $$SELECT ARRAY[NULL]::integer[]::ruvector$$,
    $$SELECT '{{1,2},{3,4}}'::real[]::ruvector$$,
    $$SELECT '{NaN}'::real[]::ruvector$$,
    $$SELECT '{1,Infinity}'::real[]::ruvector$$,
    $$SELECT '{1,-Infinity}'::float8[]::ruvector$$,
    $$SELECT '{NaN}'::numeric[]::ruvector$$,
    $$SELECT '{1,1e39}'::float8[]::ruvector$$,
    $$SELECT '{1e39}'::numeric[]::ruvector$$,
    $$SELECT ARRAY[1,2]::ruvector(3)$$
]) statement;
-- What not even a double can hold is refused by PostgreSQL's own conversion.
SELECT left(error_of($$SELECT '{1e400}'::numeric[]::ruvector$$), 20) AS too_large,
    left(error_of($$SELECT '{1e-400}'::numeric[]::ruvector$$), 20) AS too_small;
