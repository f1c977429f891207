-- Register a run of a month. Its run_id outranks every earlier run of the same month: only the newest may publish.
INSERT INTO clv.run (as_of, dag_run_id, trigger, source, input_fingerprint, code_version, note)
VALUES (:as_of, :dag_run_id, :trigger, :source, :input_fingerprint, :code_version, :note)
RETURNING run_id;
