-- The vector index of this database: one graph for each namespace, so that a namespace's recall,
-- speed and number of dimensions do not depend on the others.
--
-- Here for tables that are small, where it takes no time. A gateway makes it for others, while
-- entries are read and written (CREATE INDEX CONCURRENTLY, which no migration can do).
DO $$
BEGIN
    IF pg_table_size('pgmind.memory_entries') < 32 * 1024 * 1024 THEN
        CREATE INDEX memory_entries_vectors ON pgmind.memory_entries
            USING ruhnsw (namespace, embedding ruvector_cosine_ops);
    END IF;
END
$$;

CREATE TABLE pgmind.vector_indexes (
    index_name text PRIMARY KEY,
    announced_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE pgmind.vector_indexes IS
    'Vector indexes whose making was announced (event VectorIndexCreated), so that it is once';
