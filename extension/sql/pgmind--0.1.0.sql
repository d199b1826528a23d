\echo Use "CREATE EXTENSION pgmind" to load this file. \quit

-- Type ruvector ------------------------------------------------------------------------------

CREATE TYPE ruvector;
COMMENT ON TYPE ruvector IS 'vector of up to 16,000 single-precision floats';

CREATE FUNCTION ruvector_in(cstring, oid, integer) RETURNS ruvector
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ruvector_in(cstring, oid, integer) IS 'I/O';

CREATE FUNCTION ruvector_out(ruvector) RETURNS cstring
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ruvector_out(ruvector) IS 'I/O';

CREATE FUNCTION ruvector_recv(internal, oid, integer) RETURNS ruvector
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ruvector_recv(internal, oid, integer) IS 'I/O, the binary format of pgvector';

CREATE FUNCTION ruvector_send(ruvector) RETURNS bytea
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ruvector_send(ruvector) IS 'I/O, the binary format of pgvector';

CREATE FUNCTION ruvector_typmod_in(cstring[]) RETURNS integer
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ruvector_typmod_in(cstring[]) IS 'I/O of the n in ruvector(n)';

-- EXTERNAL: out of line when the row is too long, but never compressed. Float mantissas do not
-- shrink, so compression would only cost time, and a slice (ruvector_dims) would need all of it.
CREATE TYPE ruvector (
    INPUT = ruvector_in,
    OUTPUT = ruvector_out,
    RECEIVE = ruvector_recv,
    SEND = ruvector_send,
    TYPMOD_IN = ruvector_typmod_in,
    STORAGE = external
);

CREATE FUNCTION ruvector(ruvector, integer, boolean) RETURNS ruvector
    AS 'MODULE_PATHNAME', 'ruvector_enforce_typmod' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ruvector(ruvector, integer, boolean) IS 'checks the n of ruvector(n)';
CREATE CAST (ruvector AS ruvector)
    WITH FUNCTION ruvector(ruvector, integer, boolean) AS IMPLICIT;
COMMENT ON CAST (ruvector AS ruvector) IS 'checks the n of ruvector(n)';

-- Facts --------------------------------------------------------------------------------------

CREATE FUNCTION ruvector_version() RETURNS text
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ruvector_version() IS 'version of the loaded library';

CREATE FUNCTION ruvector_simd() RETURNS text
    AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ruvector_simd() IS
    'instruction set of the distance functions, see the setting ruvector.simd';

CREATE FUNCTION ruvector_dims(ruvector) RETURNS integer
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ruvector_dims(ruvector) IS 'number of dimensions';

CREATE FUNCTION ruvector_norm(ruvector) RETURNS double precision
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION ruvector_norm(ruvector) IS 'Euclidean norm';

-- Distances ----------------------------------------------------------------------------------

CREATE FUNCTION ruvector_l2_distance(ruvector, ruvector) RETURNS double precision
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION ruvector_l2_distance(ruvector, ruvector) IS 'Euclidean distance';

CREATE FUNCTION ruvector_cosine_distance(ruvector, ruvector) RETURNS double precision
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION ruvector_cosine_distance(ruvector, ruvector) IS
    'cosine distance, 0 to 2; NaN where a vector is zero';

CREATE FUNCTION ruvector_inner_product(ruvector, ruvector) RETURNS double precision
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION ruvector_inner_product(ruvector, ruvector) IS 'inner product';

CREATE FUNCTION ruvector_negative_inner_product(ruvector, ruvector) RETURNS double precision
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION ruvector_negative_inner_product(ruvector, ruvector) IS
    'inner product times -1, so that the nearest sorts first';

CREATE OPERATOR <-> (
    LEFTARG = ruvector, RIGHTARG = ruvector, FUNCTION = ruvector_l2_distance, COMMUTATOR = '<->'
);
COMMENT ON OPERATOR <-> (ruvector, ruvector) IS 'Euclidean distance';

CREATE OPERATOR <=> (
    LEFTARG = ruvector, RIGHTARG = ruvector, FUNCTION = ruvector_cosine_distance,
    COMMUTATOR = '<=>'
);
COMMENT ON OPERATOR <=> (ruvector, ruvector) IS 'cosine distance';

CREATE OPERATOR <#> (
    LEFTARG = ruvector, RIGHTARG = ruvector, FUNCTION = ruvector_negative_inner_product,
    COMMUTATOR = '<#>'
);
COMMENT ON OPERATOR <#> (ruvector, ruvector) IS 'negative inner product';
