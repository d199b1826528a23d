CREATE TABLE pgmind.idempotency_keys (
    namespace text COLLATE "C" NOT NULL,
    idempotency_key text COLLATE "C" NOT NULL
        CHECK (octet_length(idempotency_key) BETWEEN 1 AND 255),
    request_hash bytea NOT NULL,
    answer jsonb,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (namespace, idempotency_key)
);
COMMENT ON TABLE pgmind.idempotency_keys IS
    'Answers to writes that came with an idempotency key, for 24 hours; a repeated request gets '
    'the first answer again';
COMMENT ON COLUMN pgmind.idempotency_keys.request_hash IS
    'SHA-256 of the request: another request with the same key is an error';

CREATE INDEX idempotency_keys_expiry ON pgmind.idempotency_keys (expires_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON pgmind.idempotency_keys TO pgmind_gateway;

-- Claims the key for this request and gives null, or gives the answer of the request that came
-- first. A second request at the same time waits until the first has committed or failed.
CREATE FUNCTION pgmind.memory_claim_idempotency_key(
    p_namespace text, p_idempotency_key text, p_request_hash bytea) RETURNS jsonb
    LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_request_hash bytea;
    v_answer jsonb;
BEGIN
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
COMMENT ON FUNCTION pgmind.memory_claim_idempotency_key(text, text, bytea) IS
    'Null when the caller is to do the work, else the answer of the one who did it';
