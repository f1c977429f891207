"""What Airflow answers to a parameter that cannot be right: a sentence, on triggering a run and in the run itself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dags.conftest import renderer

MONTH = "'a month as YYYY-MM, for example 2011-11' was expected"
REASON = "'a reason, which is recorded with the change' was expected"


def answer(dag: Any, parameter: str, value: object) -> str | None:
    """What the form, the REST API and the command line answer; None if they accept the value."""
    from airflow.exceptions import ParamValidationError
    from airflow.serialization.serialized_objects import DagSerialization

    on_server = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    valid = {"month": "2011-11", "because": "why"}
    params = on_server.params.deep_merge(
        {name: valid[name] for name in dag.params if name in valid} | {parameter: value}
    )
    try:
        params.validate()
    except ParamValidationError as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    ("dag_id", "parameter", "value", "expected"),
    [
        *[
            (dag_id, "month", month, MONTH)
            for dag_id in ("clv_monthly", "clv_deliveries", "clv_rollback", "clv_withdraw")
            for month in ("2011-13", "2011-1", "november", "2011-11; reboot", "", 201111)
        ],
        ("clv_withdraw", "month", None, MONTH),
        *[(dag_id, "because", because, REASON) for dag_id in ("clv_rollback", "clv_withdraw") for because in ("", " ")],
        ("clv_monthly", "restate", "yes", "'yes' is not one of ['refuse', 'accept']"),
        ("clv_monthly", "dry_run", "yes", "'yes' is not of type 'boolean'"),
    ],
)
def test_a_malformed_parameter_is_refused_with_what_was_expected(
    dag_bag: Any, dag_id: str, parameter: str, value: object, expected: str
) -> None:
    said = answer(dag_bag.dags[dag_id], parameter, value)
    assert said is not None
    assert said.splitlines()[0] == f"Invalid input for param {parameter}: {expected}"
    assert repr(value) in said.splitlines()[-1]
    if expected.endswith("' was expected"):
        assert "does not match" not in said
        assert "\\d" not in said


@pytest.mark.parametrize(
    ("dag_id", "parameter", "value"),
    [
        ("clv_monthly", "month", None),
        ("clv_monthly", "month", "2011-11"),
        ("clv_deliveries", "month", None),
        ("clv_rollback", "month", None),
        ("clv_withdraw", "because", "delivered twice"),
    ],
)
def test_a_parameter_that_may_be_right_is_accepted(dag_bag: Any, dag_id: str, parameter: str, value: object) -> None:
    assert answer(dag_bag.dags[dag_id], parameter, value) is None


@pytest.mark.parametrize("month", ["2011-13", "november", 201111])
def test_a_worker_refuses_it_too(dag_bag: Any, month: object) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError, match="param month: 'a month as YYYY-MM"):
        renderer(dag_bag.dags["clv_monthly"], {})("plan.plan", month=month)
