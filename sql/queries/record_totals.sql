-- Add up an open load whose rows have just been copied, by segments.
SELECT clv.record_totals(:load_id);
