-- Queries of text search. Each word becomes a tsquery of its own, so that search can weigh it by
-- how rare it is; what a client typed is never read as query syntax.

CREATE FUNCTION pgmind.quoted_lexeme(p_lexeme text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN '''' || replace(replace(p_lexeme, '\', '\\'), '''', '''''') || '''';
COMMENT ON FUNCTION pgmind.quoted_lexeme(text) IS 'A lexeme as the input of tsquery quotes it';

-- At most 64: the first ones of the query.
CREATE FUNCTION pgmind.text_terms(p_language regconfig, p_query text, p_match text)
    RETURNS SETOF tsquery LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $$
DECLARE
    v_parts text[];
    v_words text := p_query;
    v_prefix tsquery;
BEGIN
    IF p_match = 'prefix' THEN
        v_parts := regexp_match(p_query, '^(.*?)(\S+)\s*$');
        v_words := v_parts[1];
        v_prefix := to_tsquery(p_language, pgmind.quoted_lexeme(v_parts[2]) || ':*');
        IF numnode(v_prefix) > 0 THEN
            RETURN NEXT v_prefix;
        END IF;
    END IF;
    RETURN QUERY SELECT pgmind.quoted_lexeme(word.lexeme)::tsquery
        FROM unnest(to_tsvector(p_language, v_words)) AS word (lexeme, positions, weights)
        ORDER BY word.positions[1], word.lexeme LIMIT 64;
END
$$;
COMMENT ON FUNCTION pgmind.text_terms(regconfig, text, text) IS
    'The words of a query, without stop words; with match ''prefix'' the last may be unfinished';
