-- The columns of every view that readers see, with their types and comments.
SELECT
    relation.relname AS view_name,
    obj_description(relation.oid, 'pg_class') AS view_comment,
    field.attname AS column_name,
    format_type(field.atttypid, field.atttypmod) AS column_type,
    col_description(relation.oid, field.attnum) AS column_comment
FROM pg_class AS relation
INNER JOIN pg_attribute AS field ON relation.oid = field.attrelid
WHERE
    relation.relnamespace = 'clv'::regnamespace
    AND relation.relkind = 'v'
    AND field.attnum > 0
    AND NOT field.attisdropped
    AND has_table_privilege('clv_reader', relation.oid, 'SELECT')
ORDER BY relation.relname, field.attnum;
