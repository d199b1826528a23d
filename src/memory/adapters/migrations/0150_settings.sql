-- What new namespaces take when nobody says otherwise: one row, written by each gateway at its
-- start from its configuration, so that namespaces made by SQL clients take it too.
CREATE TABLE pgmind.memory_settings (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    text_language text NOT NULL
);
COMMENT ON TABLE pgmind.memory_settings IS 'What new namespaces take; a single row';
INSERT INTO pgmind.memory_settings (text_language) VALUES ('english');

GRANT SELECT ON pgmind.memory_settings TO pgmind_gateway;
GRANT UPDATE (text_language) ON pgmind.memory_settings TO pgmind_gateway;

CREATE FUNCTION pgmind.default_text_language() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (SELECT s.text_language FROM pgmind.memory_settings s);
COMMENT ON FUNCTION pgmind.default_text_language() IS
    'Text search configuration of new namespaces';

ALTER TABLE pgmind.namespaces ALTER COLUMN text_language
    SET DEFAULT pgmind.default_text_language();

-- Namespaces that exist keep theirs.
--   PM007 no such language
CREATE FUNCTION pgmind.memory_set_text_language(p_text_language text) RETURNS void
    LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_language text;
BEGIN
    SELECT c.oid::regconfig::text INTO v_language FROM pg_catalog.pg_ts_config c
        WHERE c.cfgname = p_text_language AND pg_ts_config_is_visible(c.oid);
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'PM007', MESSAGE = format(
            'there is no text search configuration "%s"; psql lists them with \dF',
            p_text_language);
    END IF;
    UPDATE pgmind.memory_settings s SET text_language = v_language
        WHERE s.text_language <> v_language;
END
$$;
COMMENT ON FUNCTION pgmind.memory_set_text_language(text) IS
    'Sets the text search configuration of namespaces made from now on';
