-- Register a run of a month. The run_id of a standard run outranks every earlier one of the month: only the newest may
-- publish. A special run outranks none.
INSERT INTO clv.run (
    as_of, dag_run_id, trigger, source, input_fingerprint, code_version, note, horizon_months, segment, value_basis
)
VALUES (
    :as_of,
    :dag_run_id,
    :trigger,
    :source,
    :input_fingerprint,
    :code_version,
    :note,
    :horizon_months,
    :segment,
    :value_basis
)
RETURNING run_id;
