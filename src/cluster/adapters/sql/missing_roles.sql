-- The statements that make the roles of a server which are not there yet.
SELECT format('CREATE ROLE %I NOLOGIN', wanted)
FROM unnest(ARRAY['pgmind_owner', 'pgmind_migrator', 'pgmind_gateway', 'pgmind_monitor'])
    WITH ORDINALITY AS roles (wanted, place)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted)
ORDER BY place
