-- Record how far a distribution of a load is from the reference.
INSERT INTO clv.drift_rows (
    load_id, kind, name, statistic, value, threshold, first_as_of, last_as_of, bins, reference_shares, month_shares
)
VALUES (
    :load_id,
    :kind,
    :name,
    :statistic,
    :value,
    :threshold,
    :first_as_of,
    :last_as_of,
    :bins,
    :reference_shares,
    :month_shares
);
