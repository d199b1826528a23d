-- Text form, dimensions and typmod.

SELECT '[1,2,3]'::ruvector, '[1]'::ruvector, '[-1.5,+2.5,.5,5.,1e3,1E-3]'::ruvector;
SELECT E' \t\n\r\x0b\f[ 1 ,\t2\n, 3 ] '::ruvector AS white_space;
-- As many digits as tell the float from its neighbours.
SELECT '[0.1,16777216,16777217,1e20,1e-20,3.4028235e38,-3.4028235e38,1.1754944e-38,1e-45]'::ruvector;
SELECT '[0.1,0.30000001192092896,1.17549435e-38]'::ruvector::text::ruvector
    = '[0.1,0.30000001192092896,1.17549435e-38]'::ruvector AS round_trip;
-- Too small for a float, not for a double, which clients print: rounded to zero.
SELECT '[1e-46,-1e-46,1e-300]'::ruvector;
SELECT '[-0]'::ruvector;

SELECT ruvector_dims('[1,2,3]'), ruvector_norm('[3,4]'), ruvector_norm('[0,0]');
SELECT '[1,2,3]'::ruvector(3), '[1,2,3]'::ruvector::ruvector(3);

CREATE TABLE typed (id serial, v ruvector(3));
SELECT format_type(atttypid, atttypmod), attstorage FROM pg_attribute
WHERE attrelid = 'typed'::regclass AND attname = 'v';
INSERT INTO typed (v) VALUES ('[1,2,3]'), (NULL), ('[4,5,6]');
INSERT INTO typed (v) VALUES ('[1,2]');
INSERT INTO typed (v) SELECT '[1,2,3,4]'::ruvector;
UPDATE typed SET v = '[7,8,9]' WHERE id = 1;
SELECT * FROM typed ORDER BY id;
ALTER TABLE typed ALTER v TYPE ruvector(2);
ALTER TABLE typed ALTER v TYPE ruvector;
INSERT INTO typed (v) VALUES ('[1,2]');
SELECT ruvector_dims(v), v FROM typed ORDER BY id;
DROP TABLE typed;

-- NULL in, NULL out.
SELECT NULL::ruvector, ruvector_dims(NULL), ruvector_norm(NULL), '[1]'::ruvector <-> NULL,
    NULL::ruvector <=> '[1]', NULL::ruvector <#> NULL, NULL::ruvector + '[1]';
-- In arrays, rows and functions.
SELECT ARRAY['[1,2]', '[3]']::ruvector[], ROW('[1,2]'::ruvector, 1);
SELECT u FROM unnest('{"[1,2]","[3]"}'::ruvector[]) u;
