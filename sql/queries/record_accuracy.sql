-- Record the accuracy of a load over a horizon, of a segment and candidate.
INSERT INTO clv.accuracy_rows (
    load_id,
    horizon_months,
    segment_by,
    segment,
    candidate,
    customers,
    actual_total,
    forecast_total,
    absolute_error_total,
    squared_error_total,
    norm_gini,
    decile_mape,
    meets_decile_bar,
    covered_customers
)
VALUES (
    :load_id,
    :horizon_months,
    :segment_by,
    :segment,
    :candidate,
    :customers,
    :actual_total,
    :forecast_total,
    :absolute_error_total,
    :squared_error_total,
    :norm_gini,
    :decile_mape,
    :meets_decile_bar,
    :covered_customers
);
