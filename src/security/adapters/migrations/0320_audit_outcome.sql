-- How the request ended, apart from what was decided about its access: an allowed one may still
-- fail for other reasons. Empty only in records that are older than the column.
ALTER TABLE pgmind.audit_log ADD COLUMN outcome text NOT NULL DEFAULT '';
