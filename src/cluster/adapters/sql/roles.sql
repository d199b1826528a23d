-- The roles of one server, made by its superuser before the first migration. Running it again
-- changes nothing. Logins get their passwords from the program.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['pgmind_owner', 'pgmind_migrator', 'pgmind_gateway',
                                  'pgmind_monitor']
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        END IF;
    END LOOP;
    -- Owns every object; nobody logs in as it. The migrator acts as it from its first statement.
    IF NOT pg_has_role('pgmind_migrator', 'pgmind_owner', 'MEMBER') THEN
        GRANT pgmind_owner TO pgmind_migrator;
        ALTER ROLE pgmind_migrator SET role = 'pgmind_owner';
    END IF;
    IF NOT pg_has_role('pgmind_monitor', 'pg_monitor', 'MEMBER') THEN
        GRANT pg_monitor TO pgmind_monitor;
    END IF;
END
$$;
