-- The audit log is in the schema pgmind_audit, which the superuser makes and the owner of this one
-- cannot change. Records of the old table were moved there before the migrations began.
DO $$
BEGIN
    -- Its owner cannot look into that schema.
    IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'pgmind_audit') THEN
        RAISE EXCEPTION 'the schema of the audit log is missing: it is made before migrations';
    END IF;
    IF to_regclass('pgmind.audit_log') IS NOT NULL THEN
        IF EXISTS (SELECT FROM pgmind.audit_log) THEN
            RAISE EXCEPTION 'pgmind.audit_log still has records';
        END IF;
        DROP TABLE pgmind.audit_log;
    END IF;
    DROP FUNCTION IF EXISTS pgmind.audit_log_is_append_only();
END
$$;
