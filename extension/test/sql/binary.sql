-- The binary format, which is that of pgvector: int16 dimensions, int16 zero, float4 each.

SELECT encode(ruvector_send('[1]'), 'hex'), encode(ruvector_send('[1,-2,0.5]'), 'hex');
SELECT encode(ruvector_send('[-0,3.4028235e38,1e-45]'), 'hex');

CREATE TABLE sent (id integer, v ruvector(3), w ruvector);
INSERT INTO sent SELECT i, sample_vector(3, i), sample_vector(i * 97, i) FROM generate_series(1, 20) i;
INSERT INTO sent VALUES (21, NULL, NULL), (22, '[-0,1e-45,3.4028235e38]', '[1]');
SELECT current_setting('data_directory') || '/binary.copy' AS file \gset
COPY sent TO :'file' (FORMAT binary);
CREATE TABLE received (LIKE sent);
COPY received FROM :'file' (FORMAT binary);
SELECT count(*), count(v), count(w) FROM received;
SELECT count(*) AS same FROM sent JOIN received USING (id)
WHERE ruvector_send(sent.v) IS NOT DISTINCT FROM ruvector_send(received.v)
    AND ruvector_send(sent.w) IS NOT DISTINCT FROM ruvector_send(received.w);

-- Fields made by hand, as a faulty or hostile client would send them.
CREATE FUNCTION receive(field_hex text, column_type text DEFAULT 'ruvector') RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    file text := format('%s/hostile-%s.copy', current_setting('data_directory'), pg_backend_pid());
    header bytea := '\x5047434f50590aff0d0a000000000000000000';
    field bytea := decode(field_hex, 'hex');
    large_object oid;
    result text;
BEGIN
    large_object := lo_from_bytea(0, header || int2send(1::smallint) || int4send(length(field))
                                     || field || int2send((-1)::smallint));
    PERFORM lo_export(large_object, file);
    PERFORM lo_unlink(large_object);
    EXECUTE format('CREATE TEMPORARY TABLE received_field (v %s) ON COMMIT DROP', column_type);
    result := error_of(format('COPY received_field FROM %L (FORMAT binary)', file));
    IF result = 'no error' THEN
        SELECT v::text INTO result FROM received_field;
    END IF;
    DROP TABLE received_field;
    RETURN result;
END
$$;
SELECT receive('00010000' || '3f800000') AS one_dimension,
    receive('00020000' || '3f80000080000000') AS two_dimensions;
SELECT field, receive(field) AS error FROM unnest(ARRAY[
    '', '00', '0001', '000100', '00010000', '000100003f8000', '000100003f80000000',
    '000200003f800000', '000100003f8000003f800000', '000000003f800000', '00000000', 'ffff0000',
    '80000000', '000100013f800000', '0001ffff3f800000', '3e810000', '7fff0000',
    '000100007fc00000', '000200003f800000ff800001', '000100007f800000', '00010000ff800000'
]) field;
SELECT receive('00020000' || '3f80000080000000', 'ruvector(3)') AS error;
DROP TABLE sent, received;
