-- Events that must not be lost: written by the statement that changes the data, so that both happen
-- or neither. The gateway's outbox relay delivers them in order of id, at least once, and deletes
-- what was delivered. `id` is taken after the row lock of the entry, so the events of one key are
-- in the order of its versions.
CREATE TABLE pgmind.event_outbox (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL,
    payload     jsonb NOT NULL DEFAULT '{}',
    request_id  text NOT NULL DEFAULT '',
    principal   text NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL DEFAULT now(),
    -- Kept by the relay: failed deliveries, and when to try again (NULL: at once).
    attempts    integer NOT NULL DEFAULT 0,
    retry_at    timestamptz
) WITH (
    -- A queue: nearly every row dies young, whatever the size of the table.
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 10000
);

-- What no subscriber would take after many attempts; kept for a person to look at.
CREATE TABLE pgmind.event_dead_letters (
    id          bigint PRIMARY KEY,
    name        text NOT NULL,
    payload     jsonb NOT NULL,
    request_id  text NOT NULL,
    principal   text NOT NULL,
    created_at  timestamptz NOT NULL,
    attempts    integer NOT NULL,
    failed_at   timestamptz NOT NULL DEFAULT now(),
    error       text NOT NULL
);

ALTER TABLE pgmind.event_outbox OWNER TO pgmind_owner;
ALTER TABLE pgmind.event_dead_letters OWNER TO pgmind_owner;
GRANT SELECT, INSERT, DELETE ON pgmind.event_outbox TO pgmind_gateway;
GRANT UPDATE (attempts, retry_at) ON pgmind.event_outbox TO pgmind_gateway;
GRANT SELECT, INSERT ON pgmind.event_dead_letters TO pgmind_gateway;
