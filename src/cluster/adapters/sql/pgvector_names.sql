-- The names by which the schema knows the type of vectors, for a database whose type is pgvector's:
-- every migration is then the same for both extensions.
CREATE DOMAIN public.ruvector AS public.vector;
COMMENT ON DOMAIN public.ruvector IS 'What the schema of pgmind calls the type vector of pgvector';

CREATE FUNCTION public.ruvector_dims(public.ruvector) RETURNS integer
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN public.vector_dims($1);
COMMENT ON FUNCTION public.ruvector_dims(public.ruvector) IS 'Number of dimensions';
