\echo Use "ALTER EXTENSION pgmind UPDATE" to load this file. \quit

-- Access method ruhnsw ---------------------------------------------------------------------------

CREATE FUNCTION ruhnsw_handler(internal) RETURNS index_am_handler
    AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ruhnsw_handler(internal) IS 'handler of the access method ruhnsw';

CREATE ACCESS METHOD ruhnsw TYPE INDEX HANDLER ruhnsw_handler;
COMMENT ON ACCESS METHOD ruhnsw IS
    'nearest neighbours by a graph (HNSW), one graph for each value of a leading key column';

-- Support functions of the vector classes.
CREATE FUNCTION ruhnsw_l2_metric() RETURNS integer
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ruhnsw_l2_metric() IS 'the distance that ruvector_l2_ops orders by';
CREATE FUNCTION ruhnsw_cosine_metric() RETURNS integer
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ruhnsw_cosine_metric() IS 'the distance that ruvector_cosine_ops orders by';
CREATE FUNCTION ruhnsw_ip_metric() RETURNS integer
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ruhnsw_ip_metric() IS 'the distance that ruvector_ip_ops orders by';

CREATE OPERATOR FAMILY ruvector_l2_ops USING ruhnsw;
COMMENT ON OPERATOR FAMILY ruvector_l2_ops USING ruhnsw IS 'Euclidean distance';
CREATE OPERATOR CLASS ruvector_l2_ops DEFAULT FOR TYPE ruvector USING ruhnsw
    FAMILY ruvector_l2_ops AS
    OPERATOR 1 <-> (ruvector, ruvector) FOR ORDER BY float_ops,
    FUNCTION 1 (ruvector, ruvector) ruhnsw_l2_metric();
COMMENT ON OPERATOR CLASS ruvector_l2_ops USING ruhnsw IS 'Euclidean distance';

CREATE OPERATOR FAMILY ruvector_cosine_ops USING ruhnsw;
COMMENT ON OPERATOR FAMILY ruvector_cosine_ops USING ruhnsw IS 'cosine distance';
CREATE OPERATOR CLASS ruvector_cosine_ops FOR TYPE ruvector USING ruhnsw
    FAMILY ruvector_cosine_ops AS
    OPERATOR 1 <=> (ruvector, ruvector) FOR ORDER BY float_ops,
    FUNCTION 1 (ruvector, ruvector) ruhnsw_cosine_metric();
COMMENT ON OPERATOR CLASS ruvector_cosine_ops USING ruhnsw IS
    'cosine distance; zero vectors are not indexed';

CREATE OPERATOR FAMILY ruvector_ip_ops USING ruhnsw;
COMMENT ON OPERATOR FAMILY ruvector_ip_ops USING ruhnsw IS 'negative inner product';
CREATE OPERATOR CLASS ruvector_ip_ops FOR TYPE ruvector USING ruhnsw FAMILY ruvector_ip_ops AS
    OPERATOR 1 <#> (ruvector, ruvector) FOR ORDER BY float_ops,
    FUNCTION 1 (ruvector, ruvector) ruhnsw_ip_metric();
COMMENT ON OPERATOR CLASS ruvector_ip_ops USING ruhnsw IS 'negative inner product';

-- Classes of the key column: every distinct value has a graph of its own.
CREATE OPERATOR FAMILY text_ops USING ruhnsw;
COMMENT ON OPERATOR FAMILY text_ops USING ruhnsw IS 'key: one graph for each text';
CREATE OPERATOR CLASS text_ops DEFAULT FOR TYPE text USING ruhnsw FAMILY text_ops AS
    OPERATOR 2 = (text, text),
    FUNCTION 2 (text, text) hashtextextended(text, bigint);
COMMENT ON OPERATOR CLASS text_ops USING ruhnsw IS 'key: one graph for each text';

CREATE OPERATOR FAMILY int4_ops USING ruhnsw;
COMMENT ON OPERATOR FAMILY int4_ops USING ruhnsw IS 'key: one graph for each integer';
CREATE OPERATOR CLASS int4_ops DEFAULT FOR TYPE integer USING ruhnsw FAMILY int4_ops AS
    OPERATOR 2 = (integer, integer),
    FUNCTION 2 (integer, integer) hashint4extended(integer, bigint);
COMMENT ON OPERATOR CLASS int4_ops USING ruhnsw IS 'key: one graph for each integer';

CREATE OPERATOR FAMILY int8_ops USING ruhnsw;
COMMENT ON OPERATOR FAMILY int8_ops USING ruhnsw IS 'key: one graph for each integer';
CREATE OPERATOR CLASS int8_ops DEFAULT FOR TYPE bigint USING ruhnsw FAMILY int8_ops AS
    OPERATOR 2 = (bigint, bigint),
    FUNCTION 2 (bigint, bigint) hashint8extended(bigint, bigint);
COMMENT ON OPERATOR CLASS int8_ops USING ruhnsw IS 'key: one graph for each integer';

CREATE OPERATOR FAMILY uuid_ops USING ruhnsw;
COMMENT ON OPERATOR FAMILY uuid_ops USING ruhnsw IS 'key: one graph for each UUID';
CREATE OPERATOR CLASS uuid_ops DEFAULT FOR TYPE uuid USING ruhnsw FAMILY uuid_ops AS
    OPERATOR 2 = (uuid, uuid),
    FUNCTION 2 (uuid, uuid) uuid_hash_extended(uuid, bigint);
COMMENT ON OPERATOR CLASS uuid_ops USING ruhnsw IS 'key: one graph for each UUID';

-- Looking into an index --------------------------------------------------------------------------

CREATE FUNCTION ruhnsw_index_stats(
    index regclass, OUT tenants bigint, OUT graphs bigint, OUT nodes bigint, OUT dead bigint,
    OUT free_slots bigint, OUT tuples bigint, OUT levels integer, OUT links_per_node double precision,
    OUT bytes bigint, OUT m integer, OUT ef_construction integer, OUT format_version integer
) RETURNS record AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ruhnsw_index_stats(regclass) IS
    'what a ruhnsw index holds, counted by reading all of it';

CREATE FUNCTION ruhnsw_check(index regclass, OUT block bigint, OUT fault text) RETURNS SETOF record
    AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ruhnsw_check(regclass) IS
    'faults in the pages of a ruhnsw index, none if it is sound; changes going on meanwhile may show';
