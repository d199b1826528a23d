-- Namespaces and entries of one shard database. Names and keys compare bytewise (COLLATE "C"), so
-- that the order of a page is the same on every machine and in the gateway.

CREATE EXTENSION IF NOT EXISTS btree_gin WITH SCHEMA pgmind;

CREATE TABLE pgmind.namespaces (
    namespace text COLLATE "C" PRIMARY KEY CHECK (octet_length(namespace) BETWEEN 1 AND 255),
    dimensions integer CHECK (dimensions BETWEEN 1 AND 16000),
    -- A name, not a regconfig: pg_upgrade refuses columns of that type.
    text_language text NOT NULL DEFAULT 'english',
    metadata jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object'),
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE pgmind.namespaces IS 'One row for each namespace that lives in this database';
COMMENT ON COLUMN pgmind.namespaces.dimensions IS
    'Length of every embedding of the namespace: fixed by the first one, null before it';
COMMENT ON COLUMN pgmind.namespaces.text_language IS
    'Text search configuration; changes only while the namespace has no entries';

GRANT SELECT, INSERT, UPDATE, DELETE ON pgmind.namespaces TO pgmind_gateway;

-- Serialises the removal of a namespace with the writes to it, without a lock on its row, which
-- every writer would have to update. Writers share it until they commit; removal takes it alone.
CREATE FUNCTION pgmind.namespace_lock_key(p_namespace text) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN hashtextextended(p_namespace, 7432);
COMMENT ON FUNCTION pgmind.namespace_lock_key(text) IS
    'Key of the advisory lock that writers to a namespace share and its removal takes alone';

-- Makes the namespace if it is new and fixes its dimensions if this is its first vector. The row's
-- lock decides between two first writers: the second waits, then sees the dimensions of the first.
CREATE FUNCTION pgmind.memory_prepare_namespace(
    p_namespace text, p_dimensions integer, p_request_id text, p_principal text,
    OUT language regconfig, OUT created boolean)
    LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_dimensions integer;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(pgmind.namespace_lock_key(p_namespace));
    INSERT INTO pgmind.namespaces (namespace, dimensions) VALUES (p_namespace, p_dimensions)
        ON CONFLICT (namespace) DO NOTHING;
    created := FOUND;
    IF created THEN
        INSERT INTO pgmind.event_outbox (name, payload, request_id, principal)
            VALUES ('NamespaceCreated', jsonb_build_object('namespace', p_namespace),
                    p_request_id, p_principal);
    END IF;
    IF p_dimensions IS NOT NULL AND NOT created THEN
        UPDATE pgmind.namespaces n SET dimensions = p_dimensions
            WHERE n.namespace = p_namespace AND n.dimensions IS NULL;
    END IF;
    SELECT n.dimensions, n.text_language::regconfig INTO v_dimensions, language
        FROM pgmind.namespaces n WHERE n.namespace = p_namespace;
    IF p_dimensions <> v_dimensions THEN
        RAISE EXCEPTION USING ERRCODE = 'PM004', MESSAGE = format(
            'namespace "%s" holds vectors of %s dimensions, not of %s',
            p_namespace, v_dimensions, p_dimensions);
    END IF;
END
$$;
COMMENT ON FUNCTION pgmind.memory_prepare_namespace(text, integer, text, text) IS
    'Creates a namespace unless it exists and holds it to one number of dimensions';
