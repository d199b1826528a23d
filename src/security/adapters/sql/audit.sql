-- The schema of the audit log. An administrator (a superuser, or one who may make roles) runs this
-- before the migrations, when the comment at its end is another one; running it again changes nothing. Everything in it belongs to a role that nobody can log in as or become:
-- not the gateway, and not the migrator, who owns all other objects.
BEGIN;
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'pgmind_audit_owner') THEN
        CREATE ROLE pgmind_audit_owner NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'pgmind_auditor') THEN
        CREATE ROLE pgmind_auditor NOLOGIN;
    END IF;
END
$$;
GRANT pgmind_audit_owner TO CURRENT_USER;  -- Until the end of this transaction.
CREATE SCHEMA IF NOT EXISTS pgmind_audit AUTHORIZATION pgmind_audit_owner;
SET LOCAL ROLE pgmind_audit_owner;

CREATE SEQUENCE IF NOT EXISTS pgmind_audit.arrival;

-- One log, which is one Merkle tree, for each run of a gateway. A leaf's hash covers its log, its
-- index and every column of the record; it is not stored, so that nothing can disagree with it.
CREATE TABLE IF NOT EXISTS pgmind_audit.leaves (
    sequence        bigint NOT NULL DEFAULT nextval('pgmind_audit.arrival'),
    log_id          uuid NOT NULL,
    leaf_index      bigint NOT NULL CHECK (leaf_index >= 0),
    occurred_at     timestamptz NOT NULL,
    recorded_at     timestamptz NOT NULL DEFAULT now(),
    request_id      text NOT NULL,
    principal_id    text NOT NULL,
    principal_name  text NOT NULL,
    action          text NOT NULL,
    resource_type   text NOT NULL,
    resource        text NOT NULL,
    decision        text NOT NULL CHECK (decision IN ('allow', 'deny')),
    outcome         text NOT NULL,
    reason          text NOT NULL,
    protocol        text NOT NULL,
    remote_address  text NOT NULL,
    change_id       text NOT NULL,
    PRIMARY KEY (log_id, leaf_index, occurred_at)
) PARTITION BY RANGE (occurred_at);
CREATE INDEX IF NOT EXISTS leaves_sequence ON pgmind_audit.leaves (sequence);
CREATE INDEX IF NOT EXISTS leaves_request ON pgmind_audit.leaves (request_id);
CREATE INDEX IF NOT EXISTS leaves_principal ON pgmind_audit.leaves (principal_name, sequence);
CREATE TABLE IF NOT EXISTS pgmind_audit.leaves_other PARTITION OF pgmind_audit.leaves DEFAULT;

-- What a gateway signed: the tree of `log_id` had this root when it had this many leaves.
CREATE TABLE IF NOT EXISTS pgmind_audit.checkpoints (
    log_id          uuid NOT NULL,
    size            bigint NOT NULL CHECK (size > 0),
    root            bytea NOT NULL CHECK (length(root) = 32),
    signed_at_us    bigint NOT NULL,
    key_id          text NOT NULL,
    signature       bytea NOT NULL CHECK (length(signature) = 64),
    PRIMARY KEY (log_id, size)
);

-- Trees whose first leaves were deleted by age: the right edge they leave behind.
CREATE TABLE IF NOT EXISTS pgmind_audit.retained (
    log_id          uuid PRIMARY KEY,
    size            bigint NOT NULL CHECK (size > 0),
    frontier        text[] NOT NULL,
    retained_at     timestamptz NOT NULL DEFAULT now()
);

-- Records written in the transaction of the change that they are about, until a gateway has made
-- leaves of them (in the statement that takes them out of here).
CREATE TABLE IF NOT EXISTS pgmind_audit.pending (
    change_id       uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    sequence        bigint NOT NULL DEFAULT nextval('pgmind_audit.arrival'),
    claimed_by      uuid,
    claimed_at      timestamptz,
    occurred_at     timestamptz NOT NULL,
    request_id      text NOT NULL,
    principal_id    text NOT NULL,
    principal_name  text NOT NULL,
    action          text NOT NULL,
    resource_type   text NOT NULL,
    resource        text NOT NULL,
    decision        text NOT NULL CHECK (decision IN ('allow', 'deny')),
    outcome         text NOT NULL,
    reason          text NOT NULL,
    protocol        text NOT NULL,
    remote_address  text NOT NULL
);

CREATE OR REPLACE FUNCTION pgmind_audit.is_append_only() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only: % is refused', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END
$$;
-- Rights refuse it already; this is for the owner, and for mistakes of a superuser.
CREATE OR REPLACE TRIGGER is_append_only BEFORE UPDATE OR DELETE ON pgmind_audit.leaves
    FOR EACH ROW EXECUTE FUNCTION pgmind_audit.is_append_only();
CREATE OR REPLACE TRIGGER is_not_emptied BEFORE TRUNCATE ON pgmind_audit.leaves
    FOR EACH STATEMENT EXECUTE FUNCTION pgmind_audit.is_append_only();
CREATE OR REPLACE TRIGGER is_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON pgmind_audit.checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION pgmind_audit.is_append_only();
ALTER TABLE pgmind_audit.leaves ENABLE ALWAYS TRIGGER is_append_only;
ALTER TABLE pgmind_audit.leaves ENABLE ALWAYS TRIGGER is_not_emptied;
ALTER TABLE pgmind_audit.checkpoints ENABLE ALWAYS TRIGGER is_append_only;

-- Partitions of the months from the last one to three ahead; gives how many are new. The gateways
-- call it daily; what belongs in no partition goes to leaves_other, so that no record is refused.
CREATE OR REPLACE FUNCTION pgmind_audit.make_partitions() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    month timestamptz;
    title text;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('pgmind_audit.make_partitions'));
    FOR step IN -1..3 LOOP
        month := date_trunc('month', now()) + step * interval '1 month';
        title := 'leaves_' || to_char(month, 'YYYY_MM');
        IF to_regclass('pgmind_audit.' || title) IS NULL AND NOT EXISTS (
            SELECT FROM pgmind_audit.leaves_other o WHERE o.occurred_at >= month
            AND o.occurred_at < month + interval '1 month') THEN
            EXECUTE format('CREATE TABLE pgmind_audit.%I PARTITION OF pgmind_audit.leaves'
                           ' FOR VALUES FROM (%L) TO (%L)', title, month,
                           month + interval '1 month');
            made := made + 1;
        END IF;
    END LOOP;
    RETURN made;
END
$$;
REVOKE ALL ON FUNCTION pgmind_audit.make_partitions() FROM PUBLIC;
SELECT pgmind_audit.make_partitions();

-- Drops a month's partition, for `pgmind audit retain`, which has kept what proofs need of it.
CREATE OR REPLACE FUNCTION pgmind_audit.drop_month(month text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('DROP TABLE pgmind_audit.%I', 'leaves_' || month);
END
$$;
REVOKE ALL ON FUNCTION pgmind_audit.drop_month(text) FROM PUBLIC;

-- Records as people ask for them: those of changes that no gateway has sealed yet have no writer.
CREATE OR REPLACE VIEW pgmind_audit.records AS
SELECT sequence, occurred_at, log_id AS writer, leaf_index + 1 AS writer_sequence, request_id,
       principal_id, principal_name, action, resource_type, resource, decision, outcome, reason,
       protocol, remote_address
FROM pgmind_audit.leaves
UNION ALL
SELECT sequence, occurred_at, NULL, NULL, request_id, principal_id, principal_name, action,
       resource_type, resource, decision, outcome, reason, protocol, remote_address
FROM pgmind_audit.pending;

GRANT USAGE ON SCHEMA pgmind_audit TO pgmind_gateway, pgmind_auditor;
GRANT USAGE ON SEQUENCE pgmind_audit.arrival TO pgmind_gateway;
GRANT SELECT, INSERT ON pgmind_audit.leaves, pgmind_audit.checkpoints TO pgmind_gateway;
GRANT SELECT, INSERT, DELETE, UPDATE (claimed_by, claimed_at) ON pgmind_audit.pending
    TO pgmind_gateway;
GRANT SELECT ON pgmind_audit.retained, pgmind_audit.records TO pgmind_gateway;
GRANT EXECUTE ON FUNCTION pgmind_audit.make_partitions() TO pgmind_gateway;
GRANT SELECT ON pgmind_audit.leaves, pgmind_audit.checkpoints, pgmind_audit.retained,
    pgmind_audit.records TO pgmind_auditor;
RESET ROLE;

-- The log of earlier versions, which its owner's members could change: its records are sealed from
-- now on, as they are found.
DO $$
BEGIN
    IF to_regclass('pgmind.audit_log') IS NOT NULL AND EXISTS (
        SELECT FROM pg_attribute WHERE attrelid = to_regclass('pgmind.audit_log')
        AND attname = 'outcome' AND NOT attisdropped) THEN
        INSERT INTO pgmind_audit.pending (occurred_at, request_id, principal_id, principal_name,
            action, resource_type, resource, decision, outcome, reason, protocol, remote_address)
        SELECT occurred_at, request_id, principal_id, principal_name, action, resource_type,
            resource, decision, outcome, reason, protocol, remote_address
        FROM pgmind.audit_log ORDER BY sequence;
        DROP TABLE pgmind.audit_log;
    END IF;
END
$$;
COMMENT ON SCHEMA pgmind_audit IS 'pgmind audit schema 1';
REVOKE pgmind_audit_owner FROM CURRENT_USER;
COMMIT;
