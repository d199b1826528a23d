-- The statements that give the roles of a server the rest of what they need, once they exist.
-- pgmind_owner owns every object; nobody logs in as it. The migrator acts as it from its first
-- statement.
SELECT statement
FROM (VALUES
    (NOT pg_has_role('pgmind_migrator', 'pgmind_owner', 'MEMBER'),
     'GRANT pgmind_owner TO pgmind_migrator'),
    (NOT EXISTS (
        SELECT FROM pg_db_role_setting
        WHERE setrole = 'pgmind_migrator'::regrole AND setdatabase = 0
            AND 'role=pgmind_owner' = ANY (setconfig)),
     'ALTER ROLE pgmind_migrator SET role = ''pgmind_owner'''),
    (NOT pg_has_role('pgmind_monitor', 'pg_monitor', 'MEMBER'),
     'GRANT pg_monitor TO pgmind_monitor')
) AS wanted (missing, statement)
WHERE missing
