-- Who may do what in this database: the gateway uses the schema and gets rights table by table,
-- the monitor reads sizes and versions, everybody else stays outside.
DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO pgmind_gateway',
                   current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO pgmind_monitor', current_database());
    -- For people with psql; the program qualifies its names.
    EXECUTE format('ALTER DATABASE %I SET search_path = pgmind, public', current_database());
END
$$;

REVOKE ALL ON SCHEMA pgmind FROM PUBLIC;
GRANT USAGE ON SCHEMA pgmind TO pgmind_gateway, pgmind_monitor;
GRANT SELECT ON pgmind.schema_migrations TO pgmind_gateway, pgmind_monitor;

-- Which node of which cluster this is, so that data directories that were exchanged or copied are
-- found out before anything is written to the wrong one.
CREATE TABLE pgmind.node (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    cluster_id uuid NOT NULL,
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT ON pgmind.node TO pgmind_gateway, pgmind_monitor;
