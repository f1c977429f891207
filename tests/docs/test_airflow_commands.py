"""The Airflow commands that the pages tell people to type: Airflow knows them, and the DAGs take what they say."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "dags").glob("*.md"))]


def commands(page: Path) -> list[list[str]]:
    """The words of every `airflow dags …` in the page's shell blocks."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [shlex.split(line[line.index("airflow dags") :], comments=True) for line in lines if "airflow dags" in line]


def all_commands() -> list[list[str]]:
    return [command for page in PAGES for command in commands(page)]


def test_the_pages_have_commands_to_check() -> None:
    assert {tuple(command[1:3]) for command in all_commands()} >= {("dags", "unpause"), ("dags", "trigger")}


@pytest.mark.parametrize("command", all_commands(), ids=" ".join)
def test_a_command_names_a_dag_and_gives_it_parameters_that_it_has(dag_bag: Any, command: list[str]) -> None:
    from airflow.cli.cli_parser import get_parser
    from airflow.serialization.serialized_objects import DagSerialization

    parsed = get_parser().parse_args(command[1:])
    assert parsed.dag_id in dag_bag.dags
    dag = dag_bag.dags[parsed.dag_id]
    conf = json.loads(getattr(parsed, "conf", None) or "{}")
    assert set(conf) <= set(dag.params)
    if parsed.subcommand == "trigger":
        on_server = DagSerialization.from_dict(DagSerialization.to_dict(dag))
        assert on_server.params.deep_merge(conf).validate()


def test_the_commands_of_the_deployment_publish_a_month_without_waiting_for_another(dag_bag: Any) -> None:
    unpause, trigger = commands(ROOT / "docs" / "deployment.md")
    assert unpause == ["airflow", "dags", "unpause", "clv_monthly"]
    assert trigger[:4] == ["airflow", "dags", "trigger", "clv_monthly"]
    # Unpausing starts the calendar's run, which ends at once without data; the other DAGs follow this switch. The one
    # for shops that deliver daily is unpaused by those, and that of the margin by shops that declare one.
    assert not any(task._is_sensor for task in dag_bag.dags["clv_monthly"].tasks)
    paused = {name for name, dag in dag_bag.dags.items() if dag.is_paused_upon_creation is not False}
    assert paused == {"clv_monthly", "clv_monthly_margin", "clv_first_month"}
