-- Runs before every other test: what they share.

-- SQLSTATE, message and detail that a statement raises.
CREATE FUNCTION error_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    message text;
    detail text;
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
    RETURN concat_ws(' | ', SQLSTATE, message, nullif(detail, ''));
END
$$;

-- A vector of n dimensions, every element of which depends on the seed.
CREATE FUNCTION sample_vector(n integer, seed integer DEFAULT 1) RETURNS ruvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_agg((((i::bigint * 7919 + seed::bigint * 104729) % 2001) - 1000)::real / 1000
                     ORDER BY i)::ruvector
    FROM generate_series(1, n) i
$$;
SELECT sample_vector(4), sample_vector(4, 2);
