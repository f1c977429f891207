"""The DAG that rolls back: its form and the command lines it runs."""

from __future__ import annotations

import shlex
from types import SimpleNamespace
from typing import Any

import pytest

from tests.dags.conftest import Render

HOSTILE = "a 'quoted' \"reason\"; reboot $(x) `y`"


@pytest.fixture(scope="module")
def rollback(dag_bag: Any) -> Any:
    return dag_bag.dags["clv_rollback"]


def command(task: Any) -> list[str]:
    return shlex.split(task.bash_command)[2:]


def test_a_month_goes_back_to_the_previous_run_or_to_a_given_run(render_rollback: Render) -> None:
    why = ["--by=O'Hara", f"--because={HOSTILE}"]
    form = {"month": "2011-11", "because": HOSTILE}
    month = ["--month", "2011-11", "--value-basis", "net_revenue"]
    assert command(render_rollback("rollback", **form)) == ["-m", "jobs.rollback", *month, *why]
    named = command(render_rollback("rollback", **form, run=17))
    assert named == ["-m", "jobs.rollback", *month, "--run-id=17", *why]


def test_a_version_is_made_champion(render_rollback: Render) -> None:
    arguments = command(render_rollback("choose_champion", version=3, because="v4 overrates"))
    assert arguments == [
        *["-m", "jobs.choose_champion", "--model-version", "3", "--value-basis", "net_revenue"],
        *["--by=O'Hara", "--because=v4 overrates"],
    ]


@pytest.mark.parametrize(("task_id", "form"), [("rollback", {"month": "2011-11"}), ("choose_champion", {"version": 3})])
def test_a_reason_that_starts_with_a_dash_is_a_reason(
    render_rollback: Render, task_id: str, form: dict[str, Any]
) -> None:
    assert command(render_rollback(task_id, **form, because="-5 % looks wrong"))[-1] == "--because=-5 % looks wrong"


@pytest.mark.parametrize(
    "form",
    [
        {"month": "2011-11"},
        {"month": "2011-11", "because": " "},
        {"month": "2011-13", "because": "why"},
        {"month": "2011-11", "run": "17; reboot", "because": "why"},
        {"version": 0, "because": "why"},
    ],
)
def test_a_form_without_a_reason_or_with_nonsense_is_refused(render_rollback: Render, form: dict[str, Any]) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError):
        render_rollback("rollback", **form)


def context(**conf: object) -> dict[str, Any]:
    """What a hook is given in a run with a configuration."""
    return {"params": {"month": None, "version": None} | conf, "dag_run": SimpleNamespace(conf=conf)}


def test_tasks_without_their_parameter_are_skipped_and_an_empty_form_fails(rollback: Any) -> None:
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

    month, champion = (rollback.get_task(name)._pre_execute_hook for name in ("rollback", "choose_champion"))
    month(context(month="2011-11"))
    champion(context(version=3))
    with pytest.raises(AirflowSkipException):
        champion(context(month="2011-11"))
    for hook in (month, champion):
        with pytest.raises(AirflowFailException, match="nothing was changed"):
            hook(context())
        with pytest.raises(
            AirflowFailException, match=r"unknown keys moth: .* some of because, month, run, value_basis, version"
        ):
            hook(context(month="2011-11", moth="2011-10"))


def test_nothing_is_retried_because_a_second_attempt_would_go_back_further(rollback: Any) -> None:
    assert {task.retries for task in rollback.tasks} == {0}
    assert rollback.schedule is None
    assert rollback.is_paused_upon_creation is False
