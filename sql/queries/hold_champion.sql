-- Keep other jobs from reading or changing the champion of a model until this transaction ends.
SELECT clv.hold_champion(:model_name);
