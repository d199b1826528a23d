\echo Use "CREATE EXTENSION pgmind" to load this file. \quit

-- COST is in units of a comparison of two integers (7 to 10 ns), measured on vectors of 128
-- dimensions in line: a distance 210 ns, a sum of two vectors 350 ns, an array cast 1 us. Vectors
-- out of line cost more (768 dimensions: 3.6 us a distance), which COST cannot express.

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
    AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ruvector_version() IS 'version of the loaded library';

CREATE FUNCTION ruvector_simd() RETURNS text
    AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ruvector_simd() IS
    'instruction set of the distance functions, see the setting ruvector.simd';

CREATE FUNCTION ruvector_dims(ruvector) RETURNS integer
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ruvector_dims(ruvector) IS 'number of dimensions';

CREATE FUNCTION ruvector_norm(ruvector) RETURNS double precision
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 25;
COMMENT ON FUNCTION ruvector_norm(ruvector) IS 'Euclidean norm';

-- Distances ----------------------------------------------------------------------------------

CREATE FUNCTION ruvector_l2_distance(ruvector, ruvector) RETURNS double precision
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 25;
COMMENT ON FUNCTION ruvector_l2_distance(ruvector, ruvector) IS 'Euclidean distance';

CREATE FUNCTION ruvector_cosine_distance(ruvector, ruvector) RETURNS double precision
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 25;
COMMENT ON FUNCTION ruvector_cosine_distance(ruvector, ruvector) IS
    'cosine distance, 0 to 2; NaN where a vector is zero';

CREATE FUNCTION ruvector_inner_product(ruvector, ruvector) RETURNS double precision
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 25;
COMMENT ON FUNCTION ruvector_inner_product(ruvector, ruvector) IS 'inner product';

CREATE FUNCTION ruvector_negative_inner_product(ruvector, ruvector) RETURNS double precision
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 25;
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

-- Casts ------------------------------------------------------------------------------------------

CREATE FUNCTION ruvector(integer[], integer, boolean) RETURNS ruvector
    AS 'MODULE_PATHNAME', 'ruvector_from_int4_array' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    COST 100;
COMMENT ON FUNCTION ruvector(integer[], integer, boolean) IS 'conversion from an array';

CREATE FUNCTION ruvector(real[], integer, boolean) RETURNS ruvector
    AS 'MODULE_PATHNAME', 'ruvector_from_float4_array' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    COST 100;
COMMENT ON FUNCTION ruvector(real[], integer, boolean) IS 'conversion from an array';

CREATE FUNCTION ruvector(double precision[], integer, boolean) RETURNS ruvector
    AS 'MODULE_PATHNAME', 'ruvector_from_float8_array' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    COST 100;
COMMENT ON FUNCTION ruvector(double precision[], integer, boolean) IS
    'conversion from an array, rounded to single precision';

CREATE FUNCTION ruvector(numeric[], integer, boolean) RETURNS ruvector
    AS 'MODULE_PATHNAME', 'ruvector_from_numeric_array' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    COST 100;
COMMENT ON FUNCTION ruvector(numeric[], integer, boolean) IS
    'conversion from an array, rounded to single precision';

CREATE FUNCTION ruvector_to_float4_array(ruvector, integer, boolean) RETURNS real[]
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    COST 100;
COMMENT ON FUNCTION ruvector_to_float4_array(ruvector, integer, boolean) IS
    'conversion to an array';

-- Assignment, not implicit: an array never turns into a vector, nor a vector into an array,
-- inside an expression that does not say so.
CREATE CAST (integer[] AS ruvector)
    WITH FUNCTION ruvector(integer[], integer, boolean) AS ASSIGNMENT;
COMMENT ON CAST (integer[] AS ruvector) IS 'conversion from an array';
CREATE CAST (real[] AS ruvector)
    WITH FUNCTION ruvector(real[], integer, boolean) AS ASSIGNMENT;
COMMENT ON CAST (real[] AS ruvector) IS 'conversion from an array';
CREATE CAST (double precision[] AS ruvector)
    WITH FUNCTION ruvector(double precision[], integer, boolean) AS ASSIGNMENT;
COMMENT ON CAST (double precision[] AS ruvector) IS 'conversion from an array';
CREATE CAST (numeric[] AS ruvector)
    WITH FUNCTION ruvector(numeric[], integer, boolean) AS ASSIGNMENT;
COMMENT ON CAST (numeric[] AS ruvector) IS 'conversion from an array';
CREATE CAST (ruvector AS real[])
    WITH FUNCTION ruvector_to_float4_array(ruvector, integer, boolean) AS ASSIGNMENT;
COMMENT ON CAST (ruvector AS real[]) IS 'conversion to an array';

-- The extension cannot depend on pgvector's type, which may not be there. The casts belong to no
-- extension: DROP EXTENSION of either one takes them along with CASCADE, and nothing else.
CREATE FUNCTION ruvector_create_vector_casts(vector_type regtype) RETURNS void
    LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    ruvector_type regtype;
    schema_name name;
    library text;
    sample text;
BEGIN
    SELECT t.oid, n.nspname, p.probin INTO STRICT ruvector_type, schema_name, library
    FROM pg_extension e
        JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
            AND d.classid = 'pg_type'::regclass AND d.deptype = 'e'
        JOIN pg_type t ON t.oid = d.objid
        JOIN pg_namespace n ON n.oid = t.typnamespace
        JOIN pg_proc p ON p.oid = t.typinput
    WHERE e.extname = 'pgmind' AND t.typname = 'ruvector';

    IF EXISTS (SELECT FROM pg_cast
               WHERE castsource = vector_type AND casttarget = ruvector_type) THEN
        RETURN;
    END IF;

    EXECUTE format('CREATE FUNCTION %I.ruvector(%s, integer, boolean) RETURNS %s '
        'AS %L, %L LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE',
        schema_name, vector_type, ruvector_type, library, 'ruvector_from_vector');
    EXECUTE format('COMMENT ON FUNCTION %I.ruvector(%s, integer, boolean) IS %L',
        schema_name, vector_type, 'conversion from the type of pgvector');
    EXECUTE format('CREATE FUNCTION %I.ruvector_to_vector(%s, integer, boolean) RETURNS %s '
        'AS %L, %L LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE',
        schema_name, ruvector_type, vector_type, library, 'ruvector_to_vector');
    EXECUTE format('COMMENT ON FUNCTION %I.ruvector_to_vector(%s, integer, boolean) IS %L',
        schema_name, ruvector_type, 'conversion to the type of pgvector');
    EXECUTE format('CREATE CAST (%s AS %s) '
        'WITH FUNCTION %I.ruvector(%s, integer, boolean) AS ASSIGNMENT',
        vector_type, ruvector_type, schema_name, vector_type);
    EXECUTE format('CREATE CAST (%s AS %s) '
        'WITH FUNCTION %I.ruvector_to_vector(%s, integer, boolean) AS ASSIGNMENT',
        ruvector_type, vector_type, schema_name, ruvector_type);

    -- A pgvector of another layout is found here, and all of the above is undone.
    EXECUTE format('SELECT %1$L::%2$s::%3$s::%2$s::text',
        '[1,-2.5,3]', vector_type, ruvector_type) INTO sample;
    IF sample IS DISTINCT FROM '[1,-2.5,3]' THEN
        RAISE EXCEPTION 'type % does not convert: [1,-2.5,3] becomes %', vector_type, sample
            USING ERRCODE = 'feature_not_supported';
    END IF;
END
$body$;
COMMENT ON FUNCTION ruvector_create_vector_casts(regtype) IS
    'creates the casts between ruvector and the type of pgvector, once that is installed';

-- Arithmetic -------------------------------------------------------------------------------------

CREATE FUNCTION ruvector_add(ruvector, ruvector) RETURNS ruvector
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION ruvector_add(ruvector, ruvector) IS 'sum by element';

CREATE OPERATOR + (
    LEFTARG = ruvector, RIGHTARG = ruvector, FUNCTION = ruvector_add, COMMUTATOR = +
);
COMMENT ON OPERATOR + (ruvector, ruvector) IS 'sum by element';

CREATE FUNCTION ruvector_subtract(ruvector, ruvector) RETURNS ruvector
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION ruvector_subtract(ruvector, ruvector) IS 'difference by element';

CREATE OPERATOR - (
    LEFTARG = ruvector, RIGHTARG = ruvector, FUNCTION = ruvector_subtract
);
COMMENT ON OPERATOR - (ruvector, ruvector) IS 'difference by element';

-- Order, equality and hash -----------------------------------------------------------------------

CREATE FUNCTION ruvector_lt(ruvector, ruvector) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ruvector_lt(ruvector, ruvector) IS 'less than';

CREATE FUNCTION ruvector_le(ruvector, ruvector) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ruvector_le(ruvector, ruvector) IS 'less than or equal';

CREATE FUNCTION ruvector_eq(ruvector, ruvector) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ruvector_eq(ruvector, ruvector) IS 'equal';

CREATE FUNCTION ruvector_ne(ruvector, ruvector) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ruvector_ne(ruvector, ruvector) IS 'not equal';

CREATE FUNCTION ruvector_ge(ruvector, ruvector) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ruvector_ge(ruvector, ruvector) IS 'greater than or equal';

CREATE FUNCTION ruvector_gt(ruvector, ruvector) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ruvector_gt(ruvector, ruvector) IS 'greater than';

CREATE FUNCTION ruvector_cmp(ruvector, ruvector) RETURNS integer
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ruvector_cmp(ruvector, ruvector) IS '-1, 0 or 1: less, equal or greater';

CREATE FUNCTION ruvector_hash(ruvector) RETURNS integer
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 25;
COMMENT ON FUNCTION ruvector_hash(ruvector) IS 'hash';

CREATE FUNCTION ruvector_hash_extended(ruvector, bigint) RETURNS bigint
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 25;
COMMENT ON FUNCTION ruvector_hash_extended(ruvector, bigint) IS 'hash with a seed';

CREATE OPERATOR < (
    LEFTARG = ruvector, RIGHTARG = ruvector, FUNCTION = ruvector_lt,
    COMMUTATOR = >, NEGATOR = >=, RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR < (ruvector, ruvector) IS 'less than';
CREATE OPERATOR <= (
    LEFTARG = ruvector, RIGHTARG = ruvector, FUNCTION = ruvector_le,
    COMMUTATOR = >=, NEGATOR = >, RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR <= (ruvector, ruvector) IS 'less than or equal';
CREATE OPERATOR = (
    LEFTARG = ruvector, RIGHTARG = ruvector, FUNCTION = ruvector_eq,
    COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR = (ruvector, ruvector) IS 'equal';
CREATE OPERATOR <> (
    LEFTARG = ruvector, RIGHTARG = ruvector, FUNCTION = ruvector_ne,
    COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR <> (ruvector, ruvector) IS 'not equal';
CREATE OPERATOR >= (
    LEFTARG = ruvector, RIGHTARG = ruvector, FUNCTION = ruvector_ge,
    COMMUTATOR = <=, NEGATOR = <, RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR >= (ruvector, ruvector) IS 'greater than or equal';
CREATE OPERATOR > (
    LEFTARG = ruvector, RIGHTARG = ruvector, FUNCTION = ruvector_gt,
    COMMUTATOR = <, NEGATOR = <=, RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR > (ruvector, ruvector) IS 'greater than';

CREATE OPERATOR FAMILY ruvector_ops USING btree;
COMMENT ON OPERATOR FAMILY ruvector_ops USING btree IS 'order by element';
CREATE OPERATOR CLASS ruvector_ops DEFAULT FOR TYPE ruvector USING btree FAMILY ruvector_ops AS
    OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,
    FUNCTION 1 ruvector_cmp(ruvector, ruvector);
COMMENT ON OPERATOR CLASS ruvector_ops USING btree IS 'order by element';

CREATE OPERATOR FAMILY ruvector_ops USING hash;
COMMENT ON OPERATOR FAMILY ruvector_ops USING hash IS 'equality';
CREATE OPERATOR CLASS ruvector_ops DEFAULT FOR TYPE ruvector USING hash FAMILY ruvector_ops AS
    OPERATOR 1 =,
    FUNCTION 1 ruvector_hash(ruvector),
    FUNCTION 2 ruvector_hash_extended(ruvector, bigint);
COMMENT ON OPERATOR CLASS ruvector_ops USING hash IS 'equality';

-- Aggregates -------------------------------------------------------------------------------------

CREATE FUNCTION ruvector_accumulate(internal, ruvector) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 25;
COMMENT ON FUNCTION ruvector_accumulate(internal, ruvector) IS 'aggregate transition';

CREATE FUNCTION ruvector_combine(internal, internal) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 25;
COMMENT ON FUNCTION ruvector_combine(internal, internal) IS 'aggregate combination';

CREATE FUNCTION ruvector_serialize(internal) RETURNS bytea
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ruvector_serialize(internal) IS 'aggregate state to bytes';

CREATE FUNCTION ruvector_deserialize(bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ruvector_deserialize(bytea, internal) IS 'aggregate state from bytes';

CREATE FUNCTION ruvector_sum_final(internal) RETURNS ruvector
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ruvector_sum_final(internal) IS 'aggregate result';

CREATE FUNCTION ruvector_avg_final(internal) RETURNS ruvector
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ruvector_avg_final(internal) IS 'aggregate result';

CREATE AGGREGATE sum(ruvector) (
    SFUNC = ruvector_accumulate, STYPE = internal, SSPACE = 8192, FINALFUNC = ruvector_sum_final,
    COMBINEFUNC = ruvector_combine, SERIALFUNC = ruvector_serialize,
    DESERIALFUNC = ruvector_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE sum(ruvector) IS 'sum by element';
CREATE AGGREGATE avg(ruvector) (
    SFUNC = ruvector_accumulate, STYPE = internal, SSPACE = 8192, FINALFUNC = ruvector_avg_final,
    COMBINEFUNC = ruvector_combine, SERIALFUNC = ruvector_serialize,
    DESERIALFUNC = ruvector_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE avg(ruvector) IS 'average by element';
