"""The DAG that withdraws a month: its form and the command line it runs."""

from __future__ import annotations

import shlex
from types import SimpleNamespace
from typing import Any

import pytest

from tests.dags.conftest import renderer

HOSTILE = "-5 % is a 'quoted' \"reason\"; reboot $(x) `y`"


@pytest.fixture(scope="module")
def withdrawal(dag_bag: Any) -> Any:
    return dag_bag.dags["clv_withdraw"]


def test_the_month_is_withdrawn_in_the_name_of_who_triggered_it(withdrawal: Any) -> None:
    task = renderer(withdrawal, {})("withdraw", month="2011-11", because=HOSTILE)
    arguments = ["--month", "2011-11", "--value-basis", "net_revenue", "--by=O'Hara", f"--because={HOSTILE}"]
    assert shlex.split(task.bash_command)[2:] == ["-m", "jobs.withdraw", *arguments]


def test_the_run_that_readers_should_see_is_handed_on(withdrawal: Any) -> None:
    task = renderer(withdrawal, {})("withdraw", month="2011-11", because="why", run=17)
    arguments = ["--month", "2011-11", "--value-basis", "net_revenue", "--run-id=17", "--by=O'Hara", "--because=why"]
    assert shlex.split(task.bash_command)[2:] == ["-m", "jobs.withdraw", *arguments]


@pytest.mark.parametrize(
    "form",
    [
        {"month": "2011-11"},
        {"month": "2011-13", "because": "why"},
        {"because": "why"},
        {"month": "2011-11", "because": "why", "run": "17; reboot"},
    ],
)
def test_a_form_without_a_month_or_a_reason_is_refused(withdrawal: Any, form: dict[str, Any]) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError):
        renderer(withdrawal, {})("withdraw", **form)


def test_an_unknown_key_ends_the_run(withdrawal: Any) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    hook = withdrawal.get_task("withdraw")._pre_execute_hook
    hook({"dag_run": SimpleNamespace(conf={"month": "2011-11", "because": "why"})})
    with pytest.raises(AirflowFailException, match=r"unknown keys moth: .* some of because, month, run, value_basis"):
        hook({"dag_run": SimpleNamespace(conf={"moth": "2011-11"})})


def test_it_runs_when_asked_and_is_not_retried(withdrawal: Any) -> None:
    assert withdrawal.schedule is None
    assert withdrawal.is_paused_upon_creation is False
    assert {task.retries for task in withdrawal.tasks} == {0}
