-- Register a run of a month. The run_id of a standard run outranks every earlier one of the month: only the newest may
-- publish. A special or a dry run outranks none.
INSERT INTO clv.run (
    as_of,
    dag_run_id,
    trigger,
    source,
    currency,
    input_fingerprint,
    code_version,
    note,
    horizon_months,
    segment,
    value_basis,
    is_dry_run,
    model_choice,
    restate,
    plan
)
VALUES (
    :as_of,
    :dag_run_id,
    :trigger,
    :source,
    :currency,
    :input_fingerprint,
    :code_version,
    :note,
    :horizon_months,
    :segment,
    :value_basis,
    :is_dry_run,
    :model_choice,
    :restate,
    cast(:plan AS jsonb)
)
RETURNING run_id;
