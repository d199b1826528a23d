-- Principals that may log in to PostgreSQL, with what PostgreSQL keeps of their password (a SCRAM
-- verifier): every server is given the same, also one that is made later.
CREATE TABLE pgmind.sql_logins (
    principal_id uuid PRIMARY KEY REFERENCES pgmind.principals,
    verifier     text NOT NULL CHECK (verifier LIKE 'SCRAM-SHA-256$%' AND length(verifier) < 256),
    enabled_at   timestamptz NOT NULL
);
CREATE TRIGGER security_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgmind.sql_logins
    FOR EACH STATEMENT EXECUTE FUNCTION pgmind.security_changed();

ALTER TABLE pgmind.sql_logins OWNER TO pgmind_owner;
REVOKE ALL ON pgmind.sql_logins FROM pgmind_gateway;
GRANT SELECT, INSERT, UPDATE, DELETE ON pgmind.sql_logins TO pgmind_gateway;
