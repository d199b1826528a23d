-- Creates a namespace, or changes those of its settings that are not null. Dimensions are fixed once
-- known; the language is fixed while there are entries, whose words were made by it.
--   PM004 other dimensions   PM006 language is fixed   PM007 no such language
CREATE FUNCTION pgmind.memory_create_namespace(
    p_namespace text,
    p_dimensions integer DEFAULT NULL,
    p_text_language text DEFAULT NULL,
    p_metadata jsonb DEFAULT NULL,
    p_request_id text DEFAULT '',
    p_principal text DEFAULT '',
    OUT dimensions integer,
    OUT text_language text,
    OUT metadata jsonb,
    OUT created_at timestamptz,
    OUT created boolean)
    LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_language text;
BEGIN
    -- Alone: the language must not change under a writer.
    PERFORM pg_advisory_xact_lock(pgmind.namespace_lock_key(p_namespace));
    IF p_text_language IS NOT NULL THEN
        SELECT c.oid::regconfig::text INTO v_language FROM pg_catalog.pg_ts_config c
            WHERE c.cfgname = p_text_language AND pg_ts_config_is_visible(c.oid);
        IF NOT FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'PM007', MESSAGE = format(
                'there is no text search configuration "%s"; psql lists them with \dF',
                p_text_language);
        END IF;
    END IF;
    SELECT p.created INTO created FROM pgmind.memory_prepare_namespace(
        p_namespace, p_dimensions, p_request_id, p_principal) p;
    IF EXISTS (SELECT FROM pgmind.namespaces n
               WHERE n.namespace = p_namespace AND n.text_language <> v_language)
        AND EXISTS (SELECT FROM pgmind.memory_entries e WHERE e.namespace = p_namespace)
    THEN
        RAISE EXCEPTION USING ERRCODE = 'PM006', MESSAGE = format(
            'the text language of namespace "%s" cannot change while it has entries', p_namespace);
    END IF;
    UPDATE pgmind.namespaces n
        SET text_language = coalesce(v_language, n.text_language),
            metadata = coalesce(p_metadata, n.metadata)
        WHERE n.namespace = p_namespace
        RETURNING n.dimensions, n.text_language, n.metadata, n.created_at
        INTO dimensions, text_language, metadata, created_at;
END
$$;
COMMENT ON FUNCTION pgmind.memory_create_namespace(text, integer, text, jsonb, text, text) IS
    'Creates a namespace or changes its settings';

-- The last step of a removal. Gives the number of entries that were left, null when there was no
-- such namespace.
CREATE FUNCTION pgmind.memory_remove_namespace(
    p_namespace text, p_request_id text DEFAULT '', p_principal text DEFAULT '') RETURNS bigint
    LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_entries bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(pgmind.namespace_lock_key(p_namespace));
    DELETE FROM pgmind.memory_entries e WHERE e.namespace = p_namespace;
    GET DIAGNOSTICS v_entries = ROW_COUNT;
    DELETE FROM pgmind.idempotency_keys i WHERE i.namespace = p_namespace;
    DELETE FROM pgmind.namespaces n WHERE n.namespace = p_namespace;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    INSERT INTO pgmind.event_outbox (name, payload, request_id, principal)
        VALUES ('NamespaceDeleted', jsonb_build_object('namespace', p_namespace),
                p_request_id, p_principal);
    RETURN v_entries;
END
$$;
COMMENT ON FUNCTION pgmind.memory_remove_namespace(text, text, text) IS
    'Deletes a namespace and what is in it, after the writers to it have committed';
