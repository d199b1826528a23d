-- Takes the place of the step of the same number where vectors are pgvector's. An index there is of
-- one number of dimensions, so a gateway makes each when there are vectors enough to need it.
CREATE TABLE pgmind.vector_indexes (
    index_name text PRIMARY KEY,
    announced_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE pgmind.vector_indexes IS
    'Vector indexes whose making was announced (event VectorIndexCreated), so that it is once';
