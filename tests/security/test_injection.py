"""What people type, and what a shop delivers, is data: no shell, no template and no SQL reads it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from jobs.core.postgres import fetch
from jobs.lake.lake import Lake
from tests.conftest import Database
from tests.dags.conftest import PLAN, Render, dag, dag_bag, render, results
from tests.forecasts import DECEMBER, count, plan, publish, row, seen, write

__all__ = ["dag", "dag_bag", "render", "results"]

HOSTILE = [
    "'; touch canary; '",
    '"; touch canary; "',
    "$(touch canary)",
    "`touch canary`",
    "| touch canary",
    "a\ntouch canary\n",
    "{{ 7 * 7 }}",
    "*",
    "--help",
    "\\",
    "${HOME}",
    "é\u202e☃",
]

IDS = [
    *HOSTILE,
    "'; DROP TABLE clv.run; --",
    "x') ON CONFLICT DO NOTHING; DELETE FROM clv.run; --",
    ":run_id",
    "%(run_id)s",
    "%s",
    "\\.",
    "\\N",
    "NULL",
    'a,"b',
    "a\tb\r\nc",
    " ",
    "1" * 40,
]


def bash_tasks(dag: Any) -> list[Any]:
    return [task for task in dag.tasks if hasattr(task, "bash_command")]


def test_every_template_that_a_shell_reads_is_quoted(dag: Any) -> None:
    templates = {
        task.task_id: re.findall(r"\{\{.*?\}\}|\{%.*?%\}", task.bash_command, flags=re.DOTALL)
        for task in bash_tasks(dag)
    }
    assert len(templates) >= 6
    bare = {
        (task_id, template)
        for task_id, actual in templates.items()
        for template in actual
        if not re.fullmatch(r"\{\{ \(.*\) \| quoted \}\}", template)
    }
    assert bare == set()


@pytest.mark.parametrize("value", HOSTILE)
def test_a_shell_hands_every_value_on_as_it_is_and_runs_none(
    dag: Any, render: Render, results: dict[str, Any], tmp_path: Path, value: str
) -> None:
    results["plan.plan"] = dict.fromkeys(PLAN, value)
    results["retrain.train"] = results["retrain.promote"] = {"model_version": value}
    results["retrain.train_first_month"] = {"model_version": value}
    written = tmp_path / "arguments"
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\nfor word; do printf '%s\\0' \"$word\"; done > {written}\n")
    program.chmod(0o700)
    for known in bash_tasks(dag):
        if known.task_id == "plan.plan":
            continue  # the form takes none of these values
        task = render(known.task_id)
        subprocess.run(["bash", "-c", task.bash_command], env={"CLV_PYTHON": str(program)}, cwd=tmp_path, check=True)
        words = written.read_text(encoding="utf-8").split("\0")
        assert words[:2] == ["-m", f"jobs.{known.task_id.rpartition('.')[2]}"]
        assert value in words
    assert sorted(path.name for path in tmp_path.iterdir()) == ["arguments", "python"]


def test_customer_ids_are_published_as_they_are(database: Database, lake: Lake) -> None:
    run_id = plan(database.writer, DECEMBER)
    write(lake, DECEMBER, [row(customer_id) for customer_id in IDS])
    publish(database.writer, lake, as_of=DECEMBER, run_id=run_id)
    assert {entry["customer_id"] for entry in seen(database)} == set(IDS)
    assert count(database, "run") == 1


@pytest.mark.parametrize("value", IDS)
def test_a_run_s_id_is_text_wherever_it_is_asked_for(database: Database, value: str) -> None:
    plan(database.writer, DECEMBER)
    assert fetch(database.writer, "first_plan_of_dag_run", dag_run_id=value) == []
    assert fetch(database.writer, "failure", dag_run_id=value, task=value, attempt=1) == []
    assert count(database, "run") == 1
