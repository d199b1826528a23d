-- Everything that is no vector: SQLSTATE, message, detail.

SELECT input, error_of(format('SELECT %L::ruvector', input)) AS error
FROM unnest(ARRAY[
    '', ' ', '1,2,3', '{1,2}', '(1)', '[', '[ ', '[1', '[1 ', '[1,', '[1,]', '[,1]', '[1,,2]',
    '[1 2]', '[1;2]', '[1]]', '[1] 2', '[[1]]', '[1],', '[a]', '[1,a]', '[1,2a]', '[0x10]', '[+]',
    '[-]', '[+-1]', '[--1]', '[1e]', '[.]', '[1.2.3]', '[e5]', '[1,"2"]', '[null]', '[1,NULL]',
    '[é]', '[1,２]'
]) input;

SELECT input, error_of(format('SELECT %L::ruvector', input)) AS error
FROM unnest(ARRAY[
    '[]', '[ ]', '[NaN]', '[1,nan]', '[1,2,-nan]', '[inf]', '[-Infinity,1]', '[1,infinity]',
    '[1e39]', '[1,-3.5e38]', '[1e400]', '[1e-400]', '[1,1e99999999999999999999]'
]) input;

-- A long input is not repeated whole, nor cut inside a character.
SELECT error_of(format('SELECT %L::ruvector', '[1,' || repeat('é', 200)));

-- Dimensions: both numbers.
SELECT statement, error_of(statement) AS error
FROM unnest(ARRAY[
    $$SELECT '[1,2]'::ruvector(3)$$,
    $$SELECT '[1,2,3,4]'::ruvector::ruvector(3)$$,
    $$SELECT ARRAY[1,2]::real[]::ruvector(3)$$,
    $$SELECT '[1,2]'::ruvector <-> '[1,2,3]'$$,
    $$SELECT '[1,2]'::ruvector <=> '[1,2,3]'$$,
    $$SELECT '[1,2,3]'::ruvector <#> '[1,2]'$$,
    $$SELECT '[1,2,3]'::ruvector + '[1,2]'$$,
    $$SELECT '[1,2,3]'::ruvector - '[1]'$$,
    $$SELECT sum(v) FROM (VALUES ('[1]'::ruvector), ('[1,2]')) t(v)$$,
    $$CREATE TABLE t (v ruvector(0))$$,
    $$CREATE TABLE t (v ruvector(-1))$$,
    $$CREATE TABLE t (v ruvector(16001))$$,
    $$CREATE TABLE t (v ruvector(3,4))$$,
    $$CREATE TABLE t (v ruvector(a))$$,
    $$SELECT '[3e38]'::ruvector + '[3e38]'$$,
    $$SELECT '[-3e38,0]'::ruvector - '[3e38,0]'$$,
    $$SELECT sum(v) FROM (VALUES ('[3e38]'::ruvector), ('[3e38]')) t(v)$$
]) statement;

-- As psql shows them.
SELECT '[1,2,x]'::ruvector;
\set VERBOSITY sqlstate
SELECT '[1,2,x]'::ruvector;
SELECT '[NaN]'::ruvector;
SELECT '[1e39]'::ruvector;
SELECT '[1]'::ruvector(2);
\set VERBOSITY default

-- From PostgreSQL 16 on the same errors are soft where the caller asks for that: nothing is
-- raised, and pg_input_error_info() tells them.
CREATE FUNCTION soft_error_of(input text, type text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    IF current_setting('server_version_num')::integer < 160000 THEN
        RETURN error_of(format('SELECT %L::%s', input, type));
    END IF;
    EXECUTE 'SELECT concat_ws('' | '', sql_error_code, message, detail)
             FROM pg_input_error_info($1, $2)' INTO result USING input, type;
    RETURN coalesce(nullif(result, ''), 'no error');
END
$$;
SELECT input, type, soft_error_of(input, type)
FROM (VALUES ('[1,2]', 'ruvector(2)'), ('[1', 'ruvector'), ('[]', 'ruvector'),
    ('[1,nan]', 'ruvector'), ('[1e39]', 'ruvector'), ('[1,2]', 'ruvector(3)'),
    ('[' || repeat(',', 16000), 'ruvector')) bad(input, type)
WHERE soft_error_of(input, type) <> error_of(format('SELECT %L::%s', input, type))
    OR length(input) < 10;
