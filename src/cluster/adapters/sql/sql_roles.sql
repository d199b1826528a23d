-- The classes of SQL logins, on servers of one's own, by the superuser: no logins, no members of
-- each other, owners of nothing. Running it again changes nothing.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['pgmind_admin', 'pgmind_app_user', 'pgmind_mcp_user',
                                  'pgmind_readonly', 'pgmind_auditor']
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        END IF;
    END LOOP;
END
$$;

-- SQL logins have no business in these, where temporary tables and functions could be made.
REVOKE ALL ON DATABASE postgres FROM PUBLIC;
REVOKE ALL ON DATABASE template1 FROM PUBLIC;
