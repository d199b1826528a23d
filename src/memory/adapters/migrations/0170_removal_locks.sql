-- Whoever deletes many rows of a namespace has its lock alone, and everybody else has it shared
-- before touching a row of it: nobody holds rows that somebody else deletes in another order.

CREATE FUNCTION pgmind.memory_remove_entries(p_namespace text, p_limit bigint) RETURNS bigint
    LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_entries bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(pgmind.namespace_lock_key(p_namespace));
    DELETE FROM pgmind.memory_entries e WHERE e.namespace = p_namespace AND e.key IN (
        SELECT f.key FROM pgmind.memory_entries f WHERE f.namespace = p_namespace
        ORDER BY f.key LIMIT p_limit);
    GET DIAGNOSTICS v_entries = ROW_COUNT;
    RETURN v_entries;
END
$$;
COMMENT ON FUNCTION pgmind.memory_remove_entries(text, bigint) IS
    'Deletes up to so many entries of a namespace and gives their number; keeps writers to it waiting';

CREATE OR REPLACE FUNCTION pgmind.memory_claim_idempotency_key(
    p_namespace text, p_idempotency_key text, p_request_hash bytea) RETURNS jsonb
    LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_request_hash bytea;
    v_answer jsonb;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(pgmind.namespace_lock_key(p_namespace));
    LOOP
        INSERT INTO pgmind.idempotency_keys AS i
                (namespace, idempotency_key, request_hash, expires_at)
            VALUES (p_namespace, p_idempotency_key, p_request_hash, now() + interval '24 hours')
            ON CONFLICT (namespace, idempotency_key) DO UPDATE
            SET request_hash = excluded.request_hash, answer = NULL,
                expires_at = excluded.expires_at
            WHERE i.expires_at <= now();
        IF FOUND THEN
            RETURN NULL;
        END IF;
        SELECT i.request_hash, i.answer INTO v_request_hash, v_answer
            FROM pgmind.idempotency_keys i
            WHERE i.namespace = p_namespace AND i.idempotency_key = p_idempotency_key;
        IF NOT FOUND THEN
            CONTINUE;  -- It expired and was swept in between.
        END IF;
        IF v_request_hash <> p_request_hash THEN
            RAISE EXCEPTION USING ERRCODE = 'PM005', MESSAGE = format(
                'idempotency key "%s" was used for another request', p_idempotency_key);
        END IF;
        RETURN v_answer;
    END LOOP;
END
$$;
