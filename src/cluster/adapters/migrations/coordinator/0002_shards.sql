-- The shards of the cluster, and which of them has each of the 4,096 slots.
CREATE TABLE pgmind.shards (
    shard_id text PRIMARY KEY CHECK (shard_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    host text NOT NULL,
    port integer NOT NULL CHECK (port BETWEEN 1 AND 65535),
    state text NOT NULL DEFAULT 'active'
        CHECK (state IN ('joining', 'active', 'draining', 'gone')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    -- Judged at commit, since shards may exchange their addresses.
    UNIQUE (host, port) DEFERRABLE INITIALLY DEFERRED
);

-- A shard that has slots cannot be removed: the foreign key refuses it.
CREATE TABLE pgmind.shard_map (
    slot smallint PRIMARY KEY CHECK (slot BETWEEN 0 AND 4095),
    shard_id text NOT NULL REFERENCES pgmind.shards
);

CREATE TABLE pgmind.shard_map_version (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version bigint NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO pgmind.shard_map_version (version) VALUES (0);

-- The map changes as a whole under one version: the row lock on the version makes changes wait for
-- each other, and readers see the map and its version in one snapshot.
CREATE FUNCTION pgmind.shard_map_changed() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    now_at bigint;
BEGIN
    UPDATE pgmind.shard_map_version
        SET version = version + 1, changed_at = now()
        RETURNING version INTO now_at;
    PERFORM pg_notify('pgmind_shard_map', now_at::text);
    RETURN NULL;
END
$$;
CREATE TRIGGER shard_map_changed
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgmind.shard_map
    FOR EACH STATEMENT EXECUTE FUNCTION pgmind.shard_map_changed();

GRANT SELECT ON pgmind.shards, pgmind.shard_map, pgmind.shard_map_version
    TO pgmind_gateway, pgmind_monitor;
