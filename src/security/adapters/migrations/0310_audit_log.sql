-- Who did what, on what, with which decision. Append-only: the gateway's role may insert and read,
-- and a trigger refuses the rest to the owner too (who cannot log in).
CREATE TABLE pgmind.audit_log (
    sequence        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    occurred_at     timestamptz NOT NULL,
    recorded_at     timestamptz NOT NULL DEFAULT now(),
    -- Which gateway process wrote it, and its own count of records: a record sent twice is kept
    -- once, and a gap in the count shows a loss. NULL for changes of principals, whose record is
    -- in the transaction of the change.
    writer          uuid,
    writer_sequence bigint,
    request_id      text NOT NULL,
    principal_id    text NOT NULL,
    principal_name  text NOT NULL,
    action          text NOT NULL,
    resource_type   text NOT NULL,
    resource        text NOT NULL,
    decision        text NOT NULL CHECK (decision IN ('allow', 'deny')),
    reason          text NOT NULL,
    protocol        text NOT NULL,
    remote_address  text NOT NULL,
    UNIQUE (writer, writer_sequence)
);
CREATE INDEX audit_log_request ON pgmind.audit_log (request_id);
CREATE INDEX audit_log_principal ON pgmind.audit_log (principal_name, sequence);

CREATE FUNCTION pgmind.audit_log_is_append_only() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only: % is refused', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_log_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON pgmind.audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION pgmind.audit_log_is_append_only();
-- Also while session_replication_role is replica.
ALTER TABLE pgmind.audit_log ENABLE ALWAYS TRIGGER audit_log_is_append_only;

ALTER TABLE pgmind.audit_log OWNER TO pgmind_owner;
ALTER FUNCTION pgmind.audit_log_is_append_only() OWNER TO pgmind_owner;
REVOKE ALL ON pgmind.audit_log FROM pgmind_gateway;
GRANT SELECT, INSERT ON pgmind.audit_log TO pgmind_gateway;
