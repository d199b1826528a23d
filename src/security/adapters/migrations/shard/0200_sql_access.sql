-- SQL logins see and change their namespaces only. Which those are follows from session_user, which
-- a client cannot change, through a table that only the owner writes. A gateway keeps that table in
-- step with the grants; what it has not confirmed for 30 s counts for nothing.
CREATE TABLE pgmind.sql_access (
    login text NOT NULL CHECK (login ~ '^sql_'),
    action text NOT NULL CHECK (action IN ('read', 'write', 'delete')),
    allowed text[] NOT NULL,  -- patterns of LIKE
    denied text[] NOT NULL,
    PRIMARY KEY (login, action)
);
COMMENT ON TABLE pgmind.sql_access IS 'What each SQL login may do in which namespaces';

CREATE TABLE pgmind.sql_access_state (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    revision bigint NOT NULL,
    valid_until timestamptz NOT NULL
) WITH (fillfactor = 10);
INSERT INTO pgmind.sql_access_state (revision, valid_until) VALUES (0, '-infinity');
COMMENT ON TABLE pgmind.sql_access_state IS
    'State of the grants that sql_access was made from, and how long it counts';

-- False when a gateway that knows more has been here; what nobody confirms any more gives way.
CREATE FUNCTION pgmind.sql_access_replace(p_revision bigint, p_rules jsonb) RETURNS boolean
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE pgmind.sql_access_state
        SET revision = p_revision, valid_until = clock_timestamp() + interval '30 seconds'
        WHERE revision <= p_revision OR valid_until < clock_timestamp();
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM pgmind.sql_access;
    INSERT INTO pgmind.sql_access (login, action, allowed, denied)
    SELECT r ->> 'login', r ->> 'action',
           ARRAY(SELECT pgmind.like_of_pattern(p) FROM jsonb_array_elements_text(r -> 'allowed') p),
           ARRAY(SELECT pgmind.like_of_pattern(p) FROM jsonb_array_elements_text(r -> 'denied') p)
    FROM jsonb_array_elements(p_rules) r;
    RETURN true;
END
$$;

CREATE FUNCTION pgmind.sql_access_confirm(p_revision bigint) RETURNS boolean
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE pgmind.sql_access_state SET valid_until = clock_timestamp() + interval '30 seconds'
        WHERE revision = p_revision;
    RETURN FOUND;
END
$$;

-- `*` stands for any run of characters, everything else for itself.
CREATE FUNCTION pgmind.like_of_pattern(p_pattern text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN replace(replace(replace(replace(p_pattern, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%');

CREATE FUNCTION pgmind.sql_may(p_action text, p_namespace text) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (
        SELECT FROM pgmind.sql_access a, pgmind.sql_access_state s
        WHERE a.login = session_user AND a.action = p_action
          AND s.valid_until > statement_timestamp()
          AND p_namespace LIKE ANY (a.allowed) AND NOT p_namespace LIKE ANY (a.denied))
$$;
COMMENT ON FUNCTION pgmind.sql_may(text, text) IS
    'Whether the login of this session may do that in that namespace';

-- Called once by each statement: its result is what an index is asked for.
CREATE FUNCTION pgmind.sql_namespaces(p_action text) RETURNS text[]
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(array_agg(n.namespace::text), '{}')
    FROM pgmind.namespaces n, pgmind.sql_access a, pgmind.sql_access_state s
    WHERE a.login = session_user AND a.action = p_action
      AND s.valid_until > statement_timestamp()
      AND n.namespace LIKE ANY (a.allowed) AND NOT n.namespace LIKE ANY (a.denied)
$$;
COMMENT ON FUNCTION pgmind.sql_namespaces(text) IS
    'The namespaces in which the login of this session may do that';

-- The gateway decides by itself and sees everything. Nobody else does: the owner's functions, which
-- SQL logins call, go by session_user too, hence FORCE.
ALTER TABLE pgmind.memory_entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE pgmind.memory_entries FORCE ROW LEVEL SECURITY;
CREATE POLICY gateway ON pgmind.memory_entries TO pgmind_gateway USING (true) WITH CHECK (true);
CREATE POLICY owner ON pgmind.memory_entries TO pgmind_owner
    USING (NOT starts_with(session_user, 'sql_')
           OR namespace = ANY ((SELECT pgmind.sql_namespaces('write')
                                    || pgmind.sql_namespaces('delete'))::text[]))
    WITH CHECK (NOT starts_with(session_user, 'sql_') OR pgmind.sql_may('write', namespace));
CREATE POLICY sql_logins ON pgmind.memory_entries FOR SELECT
    TO pgmind_admin, pgmind_app_user, pgmind_mcp_user, pgmind_readonly
    USING (namespace = ANY ((SELECT pgmind.sql_namespaces('read'))::text[]));

ALTER TABLE pgmind.idempotency_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE pgmind.idempotency_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY gateway ON pgmind.idempotency_keys TO pgmind_gateway USING (true) WITH CHECK (true);
CREATE POLICY owner ON pgmind.idempotency_keys TO pgmind_owner
    USING (NOT starts_with(session_user, 'sql_'));

-- Without FORCE: sql_namespaces() matches the names as the owner.
ALTER TABLE pgmind.namespaces ENABLE ROW LEVEL SECURITY;
CREATE POLICY gateway ON pgmind.namespaces TO pgmind_gateway USING (true) WITH CHECK (true);
CREATE POLICY sql_logins ON pgmind.namespaces FOR SELECT
    TO pgmind_admin, pgmind_app_user, pgmind_mcp_user, pgmind_readonly
    USING (namespace = ANY ((SELECT pgmind.sql_namespaces('read'))::text[]));

ALTER VIEW pgmind.live_entries SET (security_invoker = true);

-- SQL logins write through these two alone. A right to write the tables would also be one to lock
-- them against everybody, and to forge events.
CREATE FUNCTION pgmind.sql_store(
    p_namespace text, p_key text, p_value jsonb, p_text text DEFAULT NULL,
    p_metadata jsonb DEFAULT '{}', p_embedding public.ruvector DEFAULT NULL,
    p_ttl_seconds bigint DEFAULT NULL, p_mode text DEFAULT 'upsert',
    p_expected_version bigint DEFAULT NULL,
    OUT entry_id uuid, OUT version bigint, OUT created boolean)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pgmind, public, pg_temp
AS $$
BEGIN
    IF pgmind.sql_may('write', p_namespace) IS NOT TRUE THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format(
            '%s may not write in namespace "%s"', session_user, p_namespace);
    END IF;
    SELECT s.entry_id, s.version, s.created INTO entry_id, version, created
        FROM pgmind.memory_store(
            p_namespace, p_key, p_value, p_text, p_metadata, p_embedding, p_ttl_seconds, p_mode,
            p_expected_version, NULL, gen_random_uuid(), '', session_user::text) s;
END
$$;
COMMENT ON FUNCTION pgmind.sql_store(
    text, text, jsonb, text, jsonb, public.ruvector, bigint, text, bigint) IS
    'Stores one entry, for SQL logins; sql_store(''notes'', ''first'', ''{"any": "json"}'') suffices';

CREATE FUNCTION pgmind.sql_delete(p_namespace text, p_key text) RETURNS boolean
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pgmind, public, pg_temp
AS $$
DECLARE
    v_version bigint;
BEGIN
    IF pgmind.sql_may('delete', p_namespace) IS NOT TRUE THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format(
            '%s may not delete in namespace "%s"', session_user, p_namespace);
    END IF;
    PERFORM pg_advisory_xact_lock_shared(pgmind.namespace_lock_key(p_namespace));
    DELETE FROM pgmind.memory_entries e WHERE e.namespace = p_namespace AND e.key = p_key
        RETURNING e.version INTO v_version;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO pgmind.event_outbox (name, payload, principal)
        VALUES ('MemoryEntryDeleted', jsonb_build_object(
                    'namespace', p_namespace, 'key', p_key, 'version', v_version),
                session_user);
    RETURN true;
END
$$;
COMMENT ON FUNCTION pgmind.sql_delete(text, text) IS
    'Deletes one entry, for SQL logins; false when there was none';

CREATE OR REPLACE FUNCTION pgmind.entries_null_fraction(p_column name) RETURNS real
    LANGUAGE sql STABLE
    RETURN pgmind_server.null_fraction('pgmind.memory_entries', p_column);

-- Functions are for whom they are meant; those made later too.
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA pgmind FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE pgmind_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE pgmind_owner GRANT EXECUTE ON FUNCTIONS TO pgmind_gateway;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA pgmind TO pgmind_gateway;
REVOKE EXECUTE ON FUNCTION pgmind.sql_access_replace(bigint, jsonb),
    pgmind.sql_access_confirm(bigint),
    pgmind.sql_store(text, text, jsonb, text, jsonb, public.ruvector, bigint, text, bigint),
    pgmind.sql_delete(text, text) FROM pgmind_gateway;

DO $$
BEGIN
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO pgmind_admin, pgmind_app_user, pgmind_mcp_user,'
                   ' pgmind_readonly', current_database());
END
$$;
GRANT USAGE ON SCHEMA pgmind TO pgmind_admin, pgmind_app_user, pgmind_mcp_user, pgmind_readonly;
GRANT SELECT ON pgmind.memory_entries, pgmind.live_entries, pgmind.namespaces
    TO pgmind_admin, pgmind_app_user, pgmind_mcp_user, pgmind_readonly;
GRANT EXECUTE ON FUNCTION pgmind.sql_may(text, text), pgmind.sql_namespaces(text),
    pgmind.text_terms(regconfig, text, text), pgmind.quoted_lexeme(text)
    TO pgmind_admin, pgmind_app_user, pgmind_mcp_user, pgmind_readonly;
GRANT EXECUTE ON FUNCTION
    pgmind.sql_store(text, text, jsonb, text, jsonb, public.ruvector, bigint, text, bigint),
    pgmind.sql_delete(text, text) TO pgmind_admin, pgmind_app_user, pgmind_mcp_user;
