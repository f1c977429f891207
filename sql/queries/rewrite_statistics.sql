-- The statistics of a table that was written anew, and so read anew, replace the earlier ones, whose bytes stay till now.
VACUUM (FULL) pg_catalog.pg_statistic;
