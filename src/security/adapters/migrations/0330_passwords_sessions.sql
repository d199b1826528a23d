-- Passwords of principals of kind user, the counters of attempts, and sessions. None of it is part
-- of the directory in memory: it changes at each login.
CREATE TABLE pgmind.passwords (
    principal_id uuid PRIMARY KEY REFERENCES pgmind.principals,
    hash         text NOT NULL CHECK (hash LIKE '$argon2id$%' AND length(hash) < 128),
    set_at       timestamptz NOT NULL
);

-- A row for each value that 16 bits of an HMAC of the name can have, whether anybody has the name
-- or not: bounded, and no help to find out which names there are.
CREATE TABLE pgmind.login_throttle (
    slot            integer PRIMARY KEY CHECK (slot BETWEEN 0 AND 65535),
    failures        integer NOT NULL,
    last_attempt_at timestamptz NOT NULL
);

CREATE TABLE pgmind.sessions (
    session_id     text PRIMARY KEY CHECK (session_id ~ '^[0-9a-f]{32}$'),
    principal_id   uuid NOT NULL REFERENCES pgmind.principals,
    -- HMAC-SHA256 of the secret under a key that is never in the database.
    hmac           bytea NOT NULL CHECK (octet_length(hmac) = 32),
    created_at     timestamptz NOT NULL,
    last_used_at   timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,
    revoked_at     timestamptz,
    remote_address text NOT NULL
);
CREATE INDEX sessions_principal ON pgmind.sessions (principal_id, created_at);
CREATE INDEX sessions_expiry ON pgmind.sessions (expires_at);

ALTER TABLE pgmind.passwords OWNER TO pgmind_owner;
ALTER TABLE pgmind.login_throttle OWNER TO pgmind_owner;
ALTER TABLE pgmind.sessions OWNER TO pgmind_owner;

REVOKE ALL ON pgmind.passwords, pgmind.login_throttle, pgmind.sessions FROM pgmind_gateway;
GRANT SELECT, INSERT ON pgmind.passwords TO pgmind_gateway;
GRANT UPDATE (hash, set_at) ON pgmind.passwords TO pgmind_gateway;
GRANT SELECT, INSERT, UPDATE ON pgmind.login_throttle TO pgmind_gateway;
-- A digest is never replaced, and a session never moved to another principal or made longer.
GRANT SELECT, INSERT, DELETE ON pgmind.sessions TO pgmind_gateway;
GRANT UPDATE (last_used_at, revoked_at) ON pgmind.sessions TO pgmind_gateway;
