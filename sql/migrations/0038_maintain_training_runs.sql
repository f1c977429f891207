-- Maintenance also removes the training runs of which there is no version.
SET LOCAL ROLE clv_owner;

COMMENT ON COLUMN clv.maintenance_rows.what IS
'lake files, lake periods joined, scratch folders, rows of replaced loads, model versions, or training runs';
COMMENT ON COLUMN clv.maintenance.what IS
'lake files, lake periods joined, scratch folders, rows of replaced loads, model versions, or training runs';
