-- How many entries have no vector, as the statistics know it: a function, so that it can go on
-- answering where statistics are hidden from the owner.
CREATE FUNCTION pgmind.entries_null_fraction(p_column name) RETURNS real
    LANGUAGE sql STABLE
    RETURN (SELECT p.null_frac FROM pg_catalog.pg_stats p WHERE p.schemaname = 'pgmind'
            AND p.tablename = 'memory_entries' AND p.attname = p_column);
COMMENT ON FUNCTION pgmind.entries_null_fraction(name) IS
    'Part of the entries in which that column is null; null before the first ANALYZE';
