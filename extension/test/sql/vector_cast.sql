-- Casts with pgvector's type, played here by a type of the same name, layout and text form.

CREATE SCHEMA other;
CREATE TYPE other.vector;
CREATE FUNCTION other.vector_in(cstring, oid, integer) RETURNS other.vector
    AS '$libdir/pgmind', 'ruvector_in' LANGUAGE C IMMUTABLE STRICT;
CREATE FUNCTION other.vector_out(other.vector) RETURNS cstring
    AS '$libdir/pgmind', 'ruvector_out' LANGUAGE C IMMUTABLE STRICT;
CREATE FUNCTION other.vector_typmod_in(cstring[]) RETURNS integer
    AS '$libdir/pgmind', 'ruvector_typmod_in' LANGUAGE C IMMUTABLE STRICT;
CREATE TYPE other.vector (INPUT = other.vector_in, OUTPUT = other.vector_out,
    TYPMOD_IN = other.vector_typmod_in, STORAGE = external);
SET client_min_messages = warning;

-- A type that is something else altogether leaves nothing behind.
SELECT error_of($$SELECT ruvector_create_vector_casts('text')$$);
SELECT error_of($$SELECT ruvector_create_vector_casts('bytea')$$);
SELECT '[1,2]'::other.vector::ruvector;
SELECT ruvector_create_vector_casts('other.vector');
SELECT ruvector_create_vector_casts('other.vector') AS again;
SELECT '[1,2.5]'::other.vector::ruvector, '[1,2.5]'::ruvector::other.vector,
    '[1,2]'::other.vector::ruvector(2);
SELECT error_of($$SELECT '[1,2]'::other.vector::ruvector(3)$$),
    error_of($$SELECT '[1,2]'::ruvector::other.vector(3)$$);
CREATE TABLE converted (id integer, v other.vector(300));
INSERT INTO converted SELECT i, sample_vector(300, i) FROM generate_series(1, 5) i;
INSERT INTO converted VALUES (6, NULL);
ALTER TABLE converted ALTER v TYPE ruvector(300);
SELECT id, v = sample_vector(300, id) AS same FROM converted ORDER BY id;

-- What there is now.
SELECT castsource::regtype, casttarget::regtype, castcontext FROM pg_cast
WHERE 'ruvector'::regtype IN (castsource, casttarget) ORDER BY 1::text, 2::text;

-- Only who may create C functions may create the casts.
CREATE ROLE pgmind_ordinary;
DROP CAST (other.vector AS ruvector);
DROP FUNCTION ruvector(other.vector, integer, boolean);
GRANT USAGE ON SCHEMA other TO pgmind_ordinary;
GRANT CREATE ON SCHEMA public TO pgmind_ordinary;
SET ROLE pgmind_ordinary;
SELECT error_of($$SELECT ruvector_create_vector_casts('other.vector')$$);
RESET ROLE;
DROP OWNED BY pgmind_ordinary;
DROP ROLE pgmind_ordinary;
DROP TABLE converted;
DROP SCHEMA other CASCADE;
