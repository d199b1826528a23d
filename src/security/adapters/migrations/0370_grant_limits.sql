-- What narrows a grant: NULL stands for all actions, all types, for ever, without limit.
ALTER TABLE pgmind.grants
    ADD COLUMN actions text[]
        CHECK (actions <@ ARRAY['read', 'write', 'delete', 'execute', 'admin'] AND actions <> '{}'),
    ADD COLUMN types text[]
        CHECK (types <@ ARRAY['memory', 'namespaces', 'cluster', 'principals', 'audit', 'metrics',
                              'traces'] AND types <> '{}'),
    ADD COLUMN expires_at timestamptz,
    ADD COLUMN requests_per_second integer CHECK (requests_per_second BETWEEN 1 AND 1000000),
    ADD COLUMN concurrency_max integer CHECK (concurrency_max BETWEEN 1 AND 100000);
