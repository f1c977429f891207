-- The gate compares a version with that of the month before: a fifth verdict.
SET LOCAL ROLE clv_owner;

COMMENT ON COLUMN clv.model_decision.decision IS
'first, promoted, kept_champion, kept_previous, not_promoted, backfill, todays_champion: see docs/decisions/0006; '
'chosen: by hand';
COMMENT ON COLUMN clv.model_decisions.decision IS
'first: becomes the first champion once its month is published; promoted: replaces the champion then; kept_champion: '
'failed, the champion forecasts; kept_previous: failed, the version of the month before forecasts and becomes the '
'champion; not_promoted: failed, but forecasts because no other is better; backfill: forecasts its old month alone; '
'todays_champion: forecasts because the run asked for the champion, nothing was judged; chosen: made champion by hand';
