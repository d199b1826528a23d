-- Namespaces whose values are encrypted by the gateways. A sealed value is an object with the one
-- member "$sealed": base64url, whose first 12 characters name the key. The shard holds every writer
-- to the key that the namespace has now, so that no gateway that is behind writes plaintext, or
-- something under a key that is about to be removed.
ALTER TABLE pgmind.namespaces ADD COLUMN sealed_under text COLLATE "C"
    CHECK (octet_length(sealed_under) = 12);
COMMENT ON COLUMN pgmind.namespaces.sealed_under IS
    'Name of the key that new values are sealed under; null: the namespace is not encrypted';

CREATE FUNCTION pgmind.sealed_under(p_value jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN jsonb_typeof(p_value) = 'object' THEN left(p_value ->> '$sealed', 12) END;
COMMENT ON FUNCTION pgmind.sealed_under(jsonb) IS
    'Name of the key that a value is sealed under; null for one that is not sealed';

-- The caller reads the key's name from the end of the message.
CREATE FUNCTION pgmind.memory_refuse_sealing(p_namespace text, p_wanted text) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
    IF p_wanted IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'PM009', MESSAGE = format(
            'namespace "%s" is not encrypted: a value may not have the member "$sealed" there',
            p_namespace);
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'PM008', MESSAGE = format(
        'namespace "%s" is encrypted: only a gateway can write to it, under key %s',
        p_namespace, p_wanted);
END
$$;
COMMENT ON FUNCTION pgmind.memory_refuse_sealing(text, text) IS
    'Raises the error that says how values of the namespace have to come';

-- Encrypts an empty namespace from now on, or changes its key. False when there is no such one.
--   PM010 it has entries that are not encrypted
CREATE FUNCTION pgmind.memory_set_sealing(p_namespace text, p_key_name text) RETURNS boolean
    LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_sealed_under text;
BEGIN
    -- Alone: writers have either committed, or see the new key.
    PERFORM pg_advisory_xact_lock(pgmind.namespace_lock_key(p_namespace));
    SELECT n.sealed_under INTO v_sealed_under FROM pgmind.namespaces n
        WHERE n.namespace = p_namespace;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF v_sealed_under IS NULL
        AND EXISTS (SELECT FROM pgmind.memory_entries e WHERE e.namespace = p_namespace)
    THEN
        RAISE EXCEPTION USING ERRCODE = 'PM010', MESSAGE = format(
            'namespace "%s" has entries: encryption is chosen before the first one', p_namespace);
    END IF;
    UPDATE pgmind.namespaces n SET sealed_under = p_key_name WHERE n.namespace = p_namespace;
    RETURN true;
END
$$;
COMMENT ON FUNCTION pgmind.memory_set_sealing(text, text) IS
    'Names the key that values of a namespace are sealed under from now on';

-- Puts values in the place of the same ones under an older key; an entry that changed meanwhile is
-- left as it is. To readers nothing changes, so there is no event and no new version.
CREATE FUNCTION pgmind.memory_reseal(
    p_namespace text, p_key_name text, p_keys text[], p_versions bigint[], p_values text[])
    RETURNS bigint LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_entries bigint;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(pgmind.namespace_lock_key(p_namespace));
    -- In order of key, as everybody else who holds many rows takes them.
    PERFORM FROM pgmind.memory_entries e
        WHERE e.namespace = p_namespace AND e.key = ANY (p_keys) ORDER BY e.key FOR UPDATE;
    UPDATE pgmind.memory_entries e SET value = n.value::jsonb
        FROM unnest(p_keys, p_versions, p_values) AS n (key, version, value)
        WHERE e.namespace = p_namespace AND e.key = n.key AND e.version = n.version
            AND pgmind.sealed_under(e.value) <> p_key_name;
    GET DIAGNOSTICS v_entries = ROW_COUNT;
    RETURN v_entries;
END
$$;
COMMENT ON FUNCTION pgmind.memory_reseal(text, text, text[], bigint[], text[]) IS
    'Replaces sealed values by the same under another key; gives how many';

-- As before, and: the value comes as the namespace's encryption wants it. A sealed value differs each
-- time; with an idempotency key it carries a fingerprint of what is in it, which is not stored.
--
-- p_mode: 'upsert', 'create_only' or 'update_only'. Refusals are errors of class PM:
--   PM001 the entry is at another version        PM002 there is no such entry
--   PM003 the key is taken                       PM004 wrong number of dimensions
--   PM005 the idempotency key was used for another request
--   PM008 the namespace is encrypted, under the key at the end of the message
--   PM009 the value is sealed, the namespace not encrypted
CREATE OR REPLACE FUNCTION pgmind.memory_store(
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
    v_sealed_under text;
    v_given text := pgmind.sealed_under(p_value);
    v_value jsonb := p_value;
BEGIN
    replayed := false;
    namespace_created := false;
    IF v_given IS NOT NULL THEN
        v_value := p_value - '$fingerprint';
    END IF;
    IF p_idempotency_key IS NOT NULL THEN
        v_answer := pgmind.memory_claim_idempotency_key(
            p_namespace, p_idempotency_key,
            sha256(convert_to(jsonb_build_array(p_key, CASE WHEN v_given IS NULL
                                                    THEN p_value
                                                    ELSE p_value -> '$fingerprint' END, p_text, p_metadata,
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
    SELECT n.dimensions, n.text_language::regconfig, n.sealed_under
        INTO v_fixed_dimensions, v_language, v_sealed_under
        FROM pgmind.namespaces n WHERE n.namespace = p_namespace;
    IF NOT FOUND OR (v_dimensions IS NOT NULL AND v_dimensions IS DISTINCT FROM v_fixed_dimensions)
    THEN
        SELECT p.language, p.created INTO v_language, namespace_created
            FROM pgmind.memory_prepare_namespace(
                p_namespace, v_dimensions, p_request_id, p_principal) p;
    END IF;

    IF v_sealed_under IS DISTINCT FROM v_given THEN
        PERFORM pgmind.memory_refuse_sealing(p_namespace, v_sealed_under);
    END IF;

    IF p_mode = 'update_only' OR p_expected_version IS NOT NULL THEN
        UPDATE pgmind.memory_entries e
            SET value = v_value, text = p_text, metadata = p_metadata, embedding = p_embedding,
                tsv = pgmind.words_of(v_language, p_text, v_value),
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
                    v_now + make_interval(secs => p_ttl_seconds), v_value, p_text,
                    p_metadata, p_embedding, pgmind.words_of(v_language, p_text, v_value))
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
