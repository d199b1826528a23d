SELECT '[1,2,3]'::ruvector, '[1,2,3]'::ruvector(3), ' [ +1.5 , -2e3,.5 ] '::ruvector;
SELECT '[3,4]'::ruvector <-> '[0,0]', '[1,1]'::ruvector <=> '[2,2]', '[1,2]'::ruvector <#> '[3,4]';
SELECT '[3,4]'::ruvector <-> '[0,0,1]';
