-- Principals, what they may do, and their keys. Read whole by every gateway into memory; changed
-- only together with the audit record of the change.
CREATE TABLE pgmind.principals (
    principal_id uuid PRIMARY KEY,
    name         text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9._@-]{0,63}$'),
    kind         text NOT NULL CHECK (kind IN ('user', 'service', 'ai_agent')),
    disabled     boolean NOT NULL DEFAULT false,
    created_at   timestamptz NOT NULL
);

CREATE TABLE pgmind.grants (
    principal_id      uuid NOT NULL REFERENCES pgmind.principals,
    position          integer NOT NULL,
    role              text NOT NULL
                      CHECK (role IN ('admin', 'app_user', 'mcp_user', 'readonly', 'auditor')),
    namespace_pattern text NOT NULL CHECK (namespace_pattern <> ''),
    deny              boolean NOT NULL DEFAULT false,
    PRIMARY KEY (principal_id, position)
);

CREATE TABLE pgmind.api_keys (
    key_id       text PRIMARY KEY CHECK (key_id ~ '^[0-9a-f]{16}$'),
    principal_id uuid NOT NULL REFERENCES pgmind.principals,
    -- HMAC-SHA256 of the secret under a key that is never in the database.
    hmac         bytea NOT NULL CHECK (octet_length(hmac) = 32),
    label        text NOT NULL DEFAULT '',
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    revoked_at   timestamptz
);

-- Which state of the three tables this is; triggers move it on, whoever changes them. The token
-- tells apart two states that got the same number, as after a restored backup.
CREATE TABLE pgmind.security_version (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    number   bigint NOT NULL,
    token    uuid NOT NULL
);
INSERT INTO pgmind.security_version (number, token) VALUES (1, gen_random_uuid());

-- Run as the owner, so that the gateway's role can neither set the version back nor skip it.
CREATE FUNCTION pgmind.security_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE pgmind.security_version SET number = number + 1, token = gen_random_uuid();
    PERFORM pg_notify('pgmind_security', '');
    RETURN NULL;
END
$$;
CREATE TRIGGER security_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgmind.principals
    FOR EACH STATEMENT EXECUTE FUNCTION pgmind.security_changed();
CREATE TRIGGER security_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgmind.grants
    FOR EACH STATEMENT EXECUTE FUNCTION pgmind.security_changed();
CREATE TRIGGER security_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgmind.api_keys
    FOR EACH STATEMENT EXECUTE FUNCTION pgmind.security_changed();

-- Makes changes wait for each other until the transaction ends; false when another came first, so
-- that what was decided against the older state is decided again.
CREATE FUNCTION pgmind.lock_security_version(expected_number bigint, expected_token uuid)
RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT number = expected_number AND token = expected_token
    FROM pgmind.security_version FOR UPDATE
$$;

ALTER TABLE pgmind.principals OWNER TO pgmind_owner;
ALTER TABLE pgmind.grants OWNER TO pgmind_owner;
ALTER TABLE pgmind.api_keys OWNER TO pgmind_owner;
ALTER TABLE pgmind.security_version OWNER TO pgmind_owner;
ALTER FUNCTION pgmind.security_changed() OWNER TO pgmind_owner;
ALTER FUNCTION pgmind.lock_security_version(bigint, uuid) OWNER TO pgmind_owner;

-- Only what administration does: principals and keys are never deleted, digests never replaced.
REVOKE ALL ON FUNCTION pgmind.security_changed() FROM PUBLIC;
REVOKE ALL ON FUNCTION pgmind.lock_security_version(bigint, uuid) FROM PUBLIC;
REVOKE ALL ON pgmind.principals, pgmind.grants, pgmind.api_keys, pgmind.security_version
    FROM pgmind_gateway;
GRANT EXECUTE ON FUNCTION pgmind.lock_security_version(bigint, uuid) TO pgmind_gateway;
GRANT SELECT ON pgmind.security_version TO pgmind_gateway;
GRANT SELECT, INSERT ON pgmind.principals TO pgmind_gateway;
GRANT UPDATE (disabled) ON pgmind.principals TO pgmind_gateway;
GRANT SELECT, INSERT, DELETE ON pgmind.grants TO pgmind_gateway;
GRANT SELECT, INSERT ON pgmind.api_keys TO pgmind_gateway;
GRANT UPDATE (revoked_at) ON pgmind.api_keys TO pgmind_gateway;
