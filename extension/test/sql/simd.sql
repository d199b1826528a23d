-- The setting ruvector.simd: every instruction set gives the same distances.

SELECT ruvector_simd() IS NOT NULL AS loaded;
SHOW ruvector.simd;
SET ruvector.simd = 'scalar';
SELECT ruvector_simd();
SELECT error_of($$SET ruvector.simd = 'mmx'$$);
SELECT ruvector_simd();
RESET ruvector.simd;
-- A misspelt setting is an error and not silently kept.
SELECT error_of($$SET ruvector.smid = 'scalar'$$);

CREATE FUNCTION distances_with(instruction_set text) RETURNS TABLE (n integer, l2 float8,
    product float8, cosine float8) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('ruvector.simd', instruction_set, true);
    RETURN QUERY
        SELECT i, a <-> b, a <#> b, a <=> b
        FROM (SELECT i, sample_vector(i, 1) a, sample_vector(i, 2) b
              FROM generate_series(1, 70) i) t;
END
$$;
-- Counts the differences to the portable kernels; an instruction set that this processor lacks
-- is refused.
CREATE FUNCTION differences_of(instruction_set text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    refusal text := error_of(format('SET ruvector.simd = %L', instruction_set));
BEGIN
    IF refusal <> 'no error' THEN
        RETURN CASE WHEN refusal LIKE
            '0A000 | invalid value for parameter "ruvector.simd": % | %does not support%'
            THEN '0' ELSE refusal END;
    END IF;
    RETURN (SELECT count(*) FROM distances_with('scalar') s
                JOIN distances_with(instruction_set) o USING (n)
            WHERE abs(s.l2 - o.l2) > 1e-6 * s.l2 OR abs(s.product - o.product) > 1e-5
                OR abs(s.cosine - o.cosine) > 1e-6);
END
$$;
SELECT s AS instruction_set, differences_of(s) AS differences
FROM unnest(ARRAY['auto', 'scalar', 'sse2', 'avx2', 'avx512']) s;
RESET ruvector.simd;
SELECT ruvector_simd() IN ('avx512', 'avx2', 'sse2', 'scalar') AS chosen;
