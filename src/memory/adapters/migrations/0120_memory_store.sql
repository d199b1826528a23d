CREATE FUNCTION pgmind.memory_refuse_update(
    p_namespace text, p_key text, p_mode text, p_expected_version bigint) RETURNS void
    LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_version bigint;
BEGIN
    SELECT e.version INTO v_version FROM pgmind.live_entries e
        WHERE e.namespace = p_namespace AND e.key = p_key;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'PM001', MESSAGE = format(
            'entry "%s" of namespace "%s" is at version %s, not %s',
            p_key, p_namespace, v_version, p_expected_version);
    ELSIF p_mode = 'upsert' THEN
        RAISE EXCEPTION USING ERRCODE = 'PM001', MESSAGE = format(
            'there is no entry "%s" in namespace "%s", so none at version %s',
            p_key, p_namespace, p_expected_version);
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'PM002', MESSAGE = format(
        'there is no entry "%s" in namespace "%s"', p_key, p_namespace);
END
$$;
COMMENT ON FUNCTION pgmind.memory_refuse_update(text, text, text, bigint) IS
    'Raises the error that says why memory_store() found nothing to update';

-- One entry, one round trip, one transaction: namespace, dimensions, entry, event, idempotency.
--
-- p_mode: 'upsert', 'create_only' or 'update_only'. Refusals are errors of class PM:
--   PM001 the entry is at another version        PM002 there is no such entry
--   PM003 the key is taken                       PM004 wrong number of dimensions
--   PM005 the idempotency key was used for another request
CREATE FUNCTION pgmind.memory_store(
    p_namespace text,
    p_key text,
    p_value jsonb,
    p_text text DEFAULT NULL,
    p_metadata jsonb DEFAULT '{}',
    p_embedding ruvector DEFAULT NULL,
    p_ttl_seconds bigint DEFAULT NULL,
    p_mode text DEFAULT 'upsert',
    p_expected_version bigint DEFAULT NULL,
    p_idempotency_key text DEFAULT NULL,
    p_entry_id uuid DEFAULT gen_random_uuid(),
    p_request_id text DEFAULT '',
    p_principal text DEFAULT '',
    OUT entry_id uuid,
    OUT version bigint,
    OUT created_at timestamptz,
    OUT updated_at timestamptz,
    OUT expires_at timestamptz,
    OUT created boolean,
    OUT replayed boolean,
    OUT namespace_created boolean)
    LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_dimensions integer := pgmind.dimensions_of(p_embedding);
    v_fixed_dimensions integer;
    v_language regconfig;
    v_answer jsonb;
    v_lock text;
BEGIN
    replayed := false;
    namespace_created := false;
    IF p_idempotency_key IS NOT NULL THEN
        v_answer := pgmind.memory_claim_idempotency_key(
            p_namespace, p_idempotency_key,
            sha256(convert_to(jsonb_build_array(p_key, p_value, p_text, p_metadata,
                                                p_embedding::text, p_ttl_seconds, p_mode,
                                                p_expected_version)::text, 'UTF8')));
        IF v_answer IS NOT NULL THEN
            SELECT a.entry_id, a.version, a.created_at, a.updated_at, a.expires_at, a.created
                INTO entry_id, version, created_at, updated_at, expires_at, created
                FROM jsonb_to_record(v_answer) AS a (
                    entry_id uuid, version bigint, created_at timestamptz,
                    updated_at timestamptz, expires_at timestamptz, created boolean);
            replayed := true;
            RETURN;
        END IF;
    END IF;

    -- An assignment, since PL/pgSQL evaluates one without starting an executor.
    v_lock := pg_advisory_xact_lock_shared(pgmind.namespace_lock_key(p_namespace));
    SELECT n.dimensions, n.text_language::regconfig INTO v_fixed_dimensions, v_language
        FROM pgmind.namespaces n WHERE n.namespace = p_namespace;
    IF NOT FOUND OR (v_dimensions IS NOT NULL AND v_dimensions IS DISTINCT FROM v_fixed_dimensions)
    THEN
        SELECT p.language, p.created INTO v_language, namespace_created
            FROM pgmind.memory_prepare_namespace(
                p_namespace, v_dimensions, p_request_id, p_principal) p;
    END IF;

    IF p_mode = 'update_only' OR p_expected_version IS NOT NULL THEN
        UPDATE pgmind.memory_entries e
            SET value = p_value, text = p_text, metadata = p_metadata, embedding = p_embedding,
                tsv = pgmind.words_of(v_language, p_text, p_value),
                updated_at = greatest(v_now, e.updated_at),
                expires_at = v_now + make_interval(secs => p_ttl_seconds),
                version = e.version + 1
            WHERE e.namespace = p_namespace AND e.key = p_key
                AND (e.expires_at IS NULL OR e.expires_at > v_now)
                AND (p_expected_version IS NULL OR e.version = p_expected_version)
            RETURNING e.entry_id, e.version, e.created_at, e.updated_at, e.expires_at
            INTO entry_id, version, created_at, updated_at, expires_at;
        IF NOT FOUND THEN
            PERFORM pgmind.memory_refuse_update(p_namespace, p_key, p_mode, p_expected_version);
        END IF;
        created := false;
    ELSE
        INSERT INTO pgmind.memory_entries AS e
                (namespace, key, entry_id, created_at, updated_at, expires_at, value, text,
                 metadata, embedding, tsv)
            VALUES (p_namespace, p_key, p_entry_id, v_now, v_now,
                    v_now + make_interval(secs => p_ttl_seconds), p_value, p_text,
                    p_metadata, p_embedding, pgmind.words_of(v_language, p_text, p_value))
            ON CONFLICT ON CONSTRAINT memory_entries_pkey DO UPDATE
            SET value = excluded.value, text = excluded.text, metadata = excluded.metadata,
                embedding = excluded.embedding, tsv = excluded.tsv,
                updated_at = greatest(v_now, e.updated_at), expires_at = excluded.expires_at,
                -- Over an expired entry a new one begins.
                entry_id = CASE WHEN e.expires_at <= v_now THEN excluded.entry_id
                                ELSE e.entry_id END,
                created_at = CASE WHEN e.expires_at <= v_now THEN v_now ELSE e.created_at END,
                version = CASE WHEN e.expires_at <= v_now THEN 1 ELSE e.version + 1 END
            WHERE p_mode = 'upsert' OR e.expires_at <= v_now
            RETURNING e.entry_id, e.version, e.created_at, e.updated_at, e.expires_at
            INTO entry_id, version, created_at, updated_at, expires_at;
        IF NOT FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'PM003', MESSAGE = format(
                'there is an entry with key "%s" in namespace "%s" already', p_key, p_namespace);
        END IF;
        created := version = 1;
    END IF;

    INSERT INTO pgmind.event_outbox (name, payload, request_id, principal)
        VALUES ('MemoryEntryStored',
                jsonb_build_object('namespace', p_namespace, 'key', p_key, 'version', version,
                                   'created', created),
                p_request_id, p_principal);
    IF p_idempotency_key IS NOT NULL THEN
        UPDATE pgmind.idempotency_keys i
            SET answer = jsonb_build_object(
                'entry_id', entry_id, 'version', version, 'created_at', created_at,
                'updated_at', updated_at, 'expires_at', memory_store.expires_at,
                'created', created)
            WHERE i.namespace = p_namespace AND i.idempotency_key = p_idempotency_key;
    END IF;
END
$$;
COMMENT ON FUNCTION pgmind.memory_store(
    text, text, jsonb, text, jsonb, ruvector, bigint, text, bigint, text, uuid, text, text) IS
    'Stores one entry; memory_store(''notes'', ''first'', ''{"any": "json"}'') suffices';
