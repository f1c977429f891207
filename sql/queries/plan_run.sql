-- Register a run of a month. Its run_id outranks every earlier one of the month and value basis: only the newest may
-- publish. A dry run outranks none.
INSERT INTO clv.run (
    as_of,
    dag_run_id,
    trigger,
    source,
    currency,
    input_fingerprint,
    code_version,
    note,
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
    :value_basis,
    :is_dry_run,
    :model_choice,
    :restate,
    cast(:plan AS jsonb)
)
RETURNING run_id;
