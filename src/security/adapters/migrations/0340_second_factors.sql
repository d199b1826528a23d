-- Secrets of authenticator apps, encrypted under a key that is never in the database, and recovery
-- codes as HMACs.
CREATE TABLE pgmind.second_factors (
    principal_id uuid PRIMARY KEY REFERENCES pgmind.principals,
    envelope     bytea NOT NULL CHECK (octet_length(envelope) < 256),
    created_at   timestamptz NOT NULL,
    confirmed_at timestamptz,
    -- Of the newest code that was used: none of this step or an earlier one counts any more.
    last_step    bigint NOT NULL DEFAULT 0
);

CREATE TABLE pgmind.recovery_codes (
    principal_id uuid NOT NULL REFERENCES pgmind.second_factors ON DELETE CASCADE,
    hmac         bytea NOT NULL CHECK (octet_length(hmac) = 32),
    used_at      timestamptz,
    PRIMARY KEY (principal_id, hmac)
);

ALTER TABLE pgmind.sessions ADD COLUMN second_factor boolean NOT NULL DEFAULT false;

ALTER TABLE pgmind.second_factors OWNER TO pgmind_owner;
ALTER TABLE pgmind.recovery_codes OWNER TO pgmind_owner;

REVOKE ALL ON pgmind.second_factors, pgmind.recovery_codes FROM pgmind_gateway;
GRANT SELECT, INSERT, UPDATE, DELETE ON pgmind.second_factors TO pgmind_gateway;
GRANT SELECT, INSERT, DELETE ON pgmind.recovery_codes TO pgmind_gateway;
GRANT UPDATE (used_at) ON pgmind.recovery_codes TO pgmind_gateway;
