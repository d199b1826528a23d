-- Keys that namespaces are encrypted under, wrapped by a key-encryption key that is never in the
-- database. Read whole by every gateway into memory.
CREATE SEQUENCE pgmind.data_key_ids AS bigint MINVALUE 1 MAXVALUE 4294967295;

CREATE TABLE pgmind.data_keys (
    key_id       bigint PRIMARY KEY CHECK (key_id BETWEEN 1 AND 4294967295),
    database     text NOT NULL CHECK (database IN ('project', 'shared')),
    namespace    text COLLATE "C" NOT NULL CHECK (octet_length(namespace) BETWEEN 1 AND 255),
    -- Which key-encryption key wraps it.
    kek_id       bigint NOT NULL CHECK (kek_id BETWEEN 1 AND 4294967295),
    wrapped      bytea,
    created_at   timestamptz NOT NULL DEFAULT now(),
    destroyed_at timestamptz,
    CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);
COMMENT ON TABLE pgmind.data_keys IS
    'Data keys of encrypted namespaces; one without bytes was destroyed, and with it the data';
CREATE INDEX data_keys_namespace ON pgmind.data_keys (database, namespace);

-- Which state of the table this is; as pgmind.security_version.
CREATE TABLE pgmind.data_keys_version (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    number   bigint NOT NULL,
    token    uuid NOT NULL
);
INSERT INTO pgmind.data_keys_version (number, token) VALUES (1, gen_random_uuid());

CREATE FUNCTION pgmind.data_keys_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE pgmind.data_keys_version SET number = number + 1, token = gen_random_uuid();
    PERFORM pg_notify('pgmind_data_keys', '');
    RETURN NULL;
END
$$;
CREATE TRIGGER data_keys_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgmind.data_keys
    FOR EACH STATEMENT EXECUTE FUNCTION pgmind.data_keys_changed();

ALTER SEQUENCE pgmind.data_key_ids OWNER TO pgmind_owner;
ALTER TABLE pgmind.data_keys OWNER TO pgmind_owner;
ALTER TABLE pgmind.data_keys_version OWNER TO pgmind_owner;
ALTER FUNCTION pgmind.data_keys_changed() OWNER TO pgmind_owner;

REVOKE ALL ON FUNCTION pgmind.data_keys_changed() FROM PUBLIC;
REVOKE ALL ON pgmind.data_keys, pgmind.data_keys_version FROM pgmind_gateway;
REVOKE ALL ON SEQUENCE pgmind.data_key_ids FROM pgmind_gateway;
GRANT USAGE ON SEQUENCE pgmind.data_key_ids TO pgmind_gateway;
GRANT SELECT, INSERT, DELETE ON pgmind.data_keys TO pgmind_gateway;
-- Bytes may change (another key-encryption key) or go (shredding); owners never.
GRANT UPDATE (kek_id, wrapped, destroyed_at) ON pgmind.data_keys TO pgmind_gateway;
GRANT SELECT ON pgmind.data_keys_version TO pgmind_gateway;
