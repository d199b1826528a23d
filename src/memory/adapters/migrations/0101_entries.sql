CREATE TABLE pgmind.memory_entries (
    namespace text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL CHECK (octet_length(key) BETWEEN 1 AND 1024),
    entry_id uuid NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    value jsonb NOT NULL,
    text text,
    metadata jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object'),
    embedding ruvector,
    tsv tsvector NOT NULL,
    PRIMARY KEY (namespace, key),
    UNIQUE (namespace, entry_id)
);
COMMENT ON TABLE pgmind.memory_entries IS
    'Entries, written through pgmind.memory_store() and read through the view live_entries';
COMMENT ON COLUMN pgmind.memory_entries.text IS
    'What text search reads; null: it reads the strings of the value';
COMMENT ON COLUMN pgmind.memory_entries.tsv IS
    'pgmind.words_of() in the language of the namespace (a generated column cannot know it)';
COMMENT ON COLUMN pgmind.memory_entries.version IS 'Grows by one with every update';

-- One index for words and metadata, within a namespace: the leading column keeps one tenant's
-- search from reading another's postings.
CREATE INDEX memory_entries_words ON pgmind.memory_entries
    USING gin (namespace, tsv, metadata jsonb_path_ops);
CREATE INDEX memory_entries_expiry ON pgmind.memory_entries (expires_at)
    WHERE expires_at IS NOT NULL;

CREATE VIEW pgmind.live_entries AS
    SELECT * FROM pgmind.memory_entries WHERE expires_at IS NULL OR expires_at > now();
COMMENT ON VIEW pgmind.live_entries IS 'Entries that have not expired: what every reader sees';

GRANT SELECT, INSERT, UPDATE, DELETE ON pgmind.memory_entries TO pgmind_gateway;
GRANT SELECT ON pgmind.live_entries TO pgmind_gateway;

-- The words of a long text may not fit a tsvector (1 MB): then those of its beginning must do.
CREATE FUNCTION pgmind.words_of_long(p_language regconfig, p_text text, p_value jsonb)
    RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
BEGIN
    IF p_text IS NOT NULL THEN
        RETURN to_tsvector(p_language, p_text);
    END IF;
    RETURN jsonb_to_tsvector(p_language, p_value, '["string"]');
EXCEPTION WHEN program_limit_exceeded THEN
    RETURN to_tsvector(p_language, left(coalesce(p_text, p_value::text), 65536));
END
$$;
COMMENT ON FUNCTION pgmind.words_of_long(regconfig, text, jsonb) IS
    'As words_of, for texts whose words may exceed what a tsvector holds';

-- STABLE, as pg_column_size() is: otherwise the planner could not inline it.
CREATE FUNCTION pgmind.words_of(p_language regconfig, p_text text, p_value jsonb)
    RETURNS tsvector LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE
        WHEN coalesce(octet_length(p_text), pg_column_size(p_value)) > 262144
            THEN pgmind.words_of_long(p_language, p_text, p_value)
        WHEN p_text IS NOT NULL THEN to_tsvector(p_language, p_text)
        ELSE jsonb_to_tsvector(p_language, p_value, '["string"]')
    END;
COMMENT ON FUNCTION pgmind.words_of(regconfig, text, jsonb) IS
    'What text search finds an entry by: the words of its text, else of the strings of its value';

CREATE FUNCTION pgmind.dimensions_of(p_embedding ruvector) RETURNS integer
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN ruvector_dims(p_embedding);
COMMENT ON FUNCTION pgmind.dimensions_of(ruvector) IS
    'Number of dimensions, wherever the extension is installed';
