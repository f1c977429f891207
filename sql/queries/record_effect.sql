-- Record that a decision's champion is the champion now.
SELECT clv.record_effect(:decision_id);
