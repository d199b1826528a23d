-- In each database of a shard, by the superuser: what people with an SQL login must not reach, and
-- the only way to make such logins. Running it again changes nothing.

-- PostgreSQL gives these to everybody. Large objects belong to nobody's namespace; a lock that
-- anybody may take stops the writers of any namespace; other sessions' statements are their own.
DO $$
DECLARE
    routine regprocedure;
BEGIN
    FOR routine IN
        SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace
          AND (p.proname ~ '^(lo_|loread$|lowrite$|pg_(try_)?advisory_)'
               OR p.proname IN ('pg_stat_get_activity', 'pg_stat_get_backend_activity'))
          AND coalesce(array_to_string(p.proacl, ' '), '=X') ~ '(^| )=X'
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', routine);
    END LOOP;
    FOR routine IN
        SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace
          AND p.proname ~ '^pg_(try_)?advisory_'
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO pgmind_owner, pgmind_gateway', routine);
    END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_stat_get_activity(integer) TO pg_monitor;
REVOKE SELECT ON pg_catalog.pg_stat_activity FROM PUBLIC;
GRANT SELECT ON pg_catalog.pg_stat_activity TO pg_monitor;

CREATE SCHEMA IF NOT EXISTS pgmind_server;
REVOKE ALL ON SCHEMA pgmind_server FROM PUBLIC;
GRANT USAGE ON SCHEMA pgmind_server TO pgmind_owner;

-- Makes the SQL logins of this server those that are wanted: [{"login", "role", "verifier"}]. Those
-- that are not wanted any more are cut off and dropped. It can make nothing but logins named sql_*
-- of the four classes, whoever calls it.
CREATE OR REPLACE FUNCTION pgmind_server.set_sql_logins(p_wanted jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wanted record;
    class text;
    gone name;
BEGIN
    PERFORM pg_advisory_xact_lock(7432, 6);
    FOR wanted IN SELECT * FROM jsonb_to_recordset(p_wanted) AS w (login text, role text,
                                                                   verifier text)
    LOOP
        IF wanted.login !~ '^sql_[a-z0-9][a-z0-9._@-]{0,58}$'
            OR wanted.role NOT IN ('pgmind_admin', 'pgmind_app_user', 'pgmind_mcp_user',
                                   'pgmind_readonly')
            OR wanted.verifier !~ '^SCRAM-SHA-256\$[0-9]+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+$'
            OR wanted.login IS NULL OR wanted.role IS NULL OR wanted.verifier IS NULL
        THEN
            RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
                MESSAGE = 'not an SQL login';
        END IF;
        IF NOT EXISTS (SELECT FROM pg_authid WHERE rolname = wanted.login) THEN
            EXECUTE format('CREATE ROLE %I LOGIN CONNECTION LIMIT 10 PASSWORD %L',
                           wanted.login, wanted.verifier);
            -- What people send is in the server's log; they cannot switch it off. The limits of
            -- time are defaults, which they can.
            EXECUTE format('ALTER ROLE %I SET log_statement = ''all''', wanted.login);
            EXECUTE format('ALTER ROLE %I SET statement_timeout = ''60s''', wanted.login);
            EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = ''60s''',
                           wanted.login);
        ELSIF EXISTS (SELECT FROM pg_authid WHERE rolname = wanted.login
                      AND (rolpassword IS DISTINCT FROM wanted.verifier OR NOT rolcanlogin)) THEN
            EXECUTE format('ALTER ROLE %I LOGIN PASSWORD %L', wanted.login, wanted.verifier);
        END IF;
        FOREACH class IN ARRAY ARRAY['pgmind_admin', 'pgmind_app_user', 'pgmind_mcp_user',
                                     'pgmind_readonly']
        LOOP
            IF class = wanted.role AND NOT pg_has_role(wanted.login, class, 'MEMBER') THEN
                EXECUTE format('GRANT %I TO %I', class, wanted.login);
            ELSIF class <> wanted.role AND pg_has_role(wanted.login, class, 'MEMBER') THEN
                EXECUTE format('REVOKE %I FROM %I', class, wanted.login);
            END IF;
        END LOOP;
    END LOOP;
    FOR gone IN
        SELECT r.rolname FROM pg_authid r WHERE r.rolname ~ '^sql_' AND NOT EXISTS (
            SELECT FROM jsonb_array_elements(p_wanted) w WHERE w ->> 'login' = r.rolname)
    LOOP
        EXECUTE format('ALTER ROLE %I NOLOGIN', gone);
        PERFORM pg_terminate_backend(a.pid) FROM pg_stat_activity a WHERE a.usename = gone;
        EXECUTE format('DROP ROLE %I', gone);
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION pgmind_server.set_sql_logins(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgmind_server.set_sql_logins(jsonb) TO pgmind_owner;

-- Statistics of a table under row-level security are hidden from its owner too; the one number that
-- the keeper of the vector index needs is not.
CREATE OR REPLACE FUNCTION pgmind_server.null_fraction(p_table regclass, p_column name)
RETURNS real
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT s.stanullfrac FROM pg_statistic s
    JOIN pg_attribute a ON a.attrelid = s.starelid AND a.attnum = s.staattnum
    WHERE s.starelid = p_table AND a.attname = p_column AND NOT s.stainherit
$$;
REVOKE ALL ON FUNCTION pgmind_server.null_fraction(regclass, name) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgmind_server.null_fraction(regclass, name) TO pgmind_owner;
