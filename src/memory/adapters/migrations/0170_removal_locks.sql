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

ALTER FUNCTION pgmind.memory_claim_idempotency_key(text, text, bytea)
    RENAME TO memory_take_idempotency_key;

CREATE FUNCTION pgmind.memory_claim_idempotency_key(
    p_namespace text, p_idempotency_key text, p_request_hash bytea) RETURNS jsonb
    LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(pgmind.namespace_lock_key(p_namespace));
    RETURN pgmind.memory_take_idempotency_key(p_namespace, p_idempotency_key, p_request_hash);
END
$$;
COMMENT ON FUNCTION pgmind.memory_claim_idempotency_key(text, text, bytea) IS
    'memory_take_idempotency_key() under the lock that writers to the namespace share';
