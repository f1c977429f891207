"""The DAG that rolls back: its form and the command lines it runs."""

from __future__ import annotations

import shlex
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
    why = ["--by", "O'Hara", "--because", HOSTILE]
    form = {"month": "2011-11", "because": HOSTILE}
    assert command(render_rollback("rollback", **form)) == ["-m", "jobs.rollback", "--month", "2011-11", *why]
    named = command(render_rollback("rollback", **form, run=17))
    assert named == ["-m", "jobs.rollback", "--month", "2011-11", "--run-id=17", *why]


def test_a_version_is_made_champion(render_rollback: Render) -> None:
    arguments = command(render_rollback("choose_champion", version=3, because="v4 overrates"))
    assert arguments == [
        "-m",
        "jobs.choose_champion",
        "--model-version",
        "3",
        "--by",
        "O'Hara",
        "--because",
        "v4 overrates",
    ]


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


def test_tasks_without_their_parameter_are_skipped_and_an_empty_form_fails(rollback: Any) -> None:
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

    month, champion = (rollback.get_task(name)._pre_execute_hook for name in ("rollback", "choose_champion"))
    month({"params": {"month": "2011-11", "version": None}})
    champion({"params": {"month": None, "version": 3}})
    with pytest.raises(AirflowSkipException):
        champion({"params": {"month": "2011-11", "version": None}})
    for hook in (month, champion):
        with pytest.raises(AirflowFailException, match="nothing was changed"):
            hook({"params": {"month": None, "version": None}})


def test_nothing_is_retried_because_a_second_attempt_would_go_back_further(rollback: Any) -> None:
    assert {task.retries for task in rollback.tasks} == {0}
    assert rollback.schedule is None
    assert rollback.is_paused_upon_creation is False
