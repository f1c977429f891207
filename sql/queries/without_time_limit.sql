-- Rewriting large tables takes longer than other statements may.
SET statement_timeout = 0;
