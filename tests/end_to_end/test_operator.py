"""A day of an operator: what the UI offers is done in the UI, on a shop whose newest month the calendar runs, too."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from jobs.core.month import Month
from jobs.core.postgres import engine
from jobs.core.settings import FIRST_MONTH_MODEL, MODEL
from jobs.local_stack.airflow_config import secrets_of
from jobs.local_stack.stack import Stack
from jobs.local_stack.start import DAG
from tests.end_to_end.operator import ALL, MISSING, MISSING_AND_ERRORED, Operator, browser_path, signed_in
from tests.security.kept import files, tables
from tests.stacks import MONTHS, small_shop

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(browser_path() is None, reason="no Chromium on this machine: apt-get install chromium"),
]

LAST = Month.of(datetime.now(UTC).date()).plus(-1)  # noqa: TID251 - the calendar runs it
BACKFILLED = LAST.plus(-1).through(LAST)
MODELS = (MODEL, FIRST_MONTH_MODEL)
JUDGED = ("backfill", "kept_previous", "not_promoted")
"""What the gate may decide in a backfill."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with small_shop(tmp_path_factory.mktemp("state"), LAST, SCHEDULE="on") as stack:
        yield stack


@pytest.fixture(scope="module")
def operator(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    pictures = os.environ.get("CLV_PICTURES")
    with signed_in(stack, Path(pictures) if pictures else tmp_path_factory.mktemp("pictures")) as operator:
        yield operator


@pytest.fixture(scope="module")
def scheduled(stack: Stack, operator: Operator) -> str:
    """The run that the calendar starts as soon as it may, after it has published."""
    operator.unpause()
    runs: list[str] = []
    while not runs:
        runs = run_ids(stack, "scheduled")
    [run_id] = runs
    assert operator.wait_for_end(run_id) == "Success"
    return run_id


@pytest.fixture(scope="module")
def manual(operator: Operator, scheduled: str) -> str:
    run_id = operator.trigger(LAST)
    assert operator.wait_for_end(run_id) == "Success"
    return run_id


@pytest.fixture(scope="module")
def cleared(operator: Operator, scheduled: str, manual: str) -> str:
    """The scheduled run, which goes through its month once more."""
    operator.clear(scheduled)
    assert operator.wait_for_end(scheduled) == "Success"
    return scheduled


@pytest.fixture(scope="module")
def backfilled(stack: Stack, operator: Operator, cleared: str) -> list[str]:
    """A backfill of two months, of which one is published already."""
    assert operator.count_backfill(BACKFILLED[0], LAST, ALL) == "2 runs will be triggered."
    operator.start_backfill()
    runs: list[str] = []
    while len(runs) < len(BACKFILLED):
        runs = run_ids(stack, "backfill")
    assert [operator.wait_for_end(run_id) for run_id in runs] == ["Success"] * 2
    return runs


def run_ids(stack: Stack, run_type: str) -> list[str]:
    runs = stack.api().get(f"/dags/{DAG}/dagRuns", order_by="logical_date", run_type=run_type)["dag_runs"]
    return [run["dag_run_id"] for run in runs]


def test_the_docs_say_what_to_do_when_a_task_fails(operator: Operator) -> None:
    text = operator.docs()
    assert "Which month a run is for" in text
    assert "Every task may be cleared and run again" in text


def test_the_note_tells_the_month_and_what_the_run_does(operator: Operator, scheduled: str) -> None:
    text = operator.note(scheduled)
    assert f"Month {LAST}: forecast of the twelve months from {LAST.as_of} on" in text
    assert f"Ingests {MONTHS} months" in text


def test_the_graph_shows_how_each_task_of_a_run_ended(operator: Operator, manual: str) -> None:
    text = operator.graph(manual)
    for task in ("go_on", "ingest", "build_features", "promote", "score", "publish"):
        assert f"{task}\n" in text
    assert "failed" not in text


def test_a_month_has_the_same_forecasts_whatever_kind_of_run_publishes_it(
    stack: Stack, scheduled: str, manual: str, cleared: str, backfilled: list[str]
) -> None:
    query = "SELECT trigger, content_hash FROM clv.runs WHERE as_of = :as_of ORDER BY run_id"
    with engine(stack.database_url).connect() as connection:
        runs = connection.execute(text(query), {"as_of": LAST.as_of}).all()
    assert [trigger for trigger, _ in runs] == ["scheduled", "manual", "scheduled", "backfill"]
    assert len({content_hash for _, content_hash in runs}) == 1
    assert None not in {content_hash for _, content_hash in runs}


def test_a_backfill_changes_neither_the_champion_nor_what_readers_see_as_current(
    stack: Stack, backfilled: list[str]
) -> None:
    months = "SELECT DISTINCT as_of FROM clv.forecast ORDER BY as_of"
    current = "SELECT DISTINCT as_of FROM clv.forecast_current"
    moves = "SELECT champion_after FROM clv.model_decisions WHERE model_name = :name ORDER BY decision_id"
    with engine(stack.database_url).connect() as connection:
        assert list(connection.execute(text(months)).scalars()) == [month.as_of for month in BACKFILLED]
        assert list(connection.execute(text(current)).scalars()) == [LAST.as_of]
        champions = {name: list(connection.execute(text(moves), {"name": name}).scalars()) for name in MODELS}
    assert {name: len(decisions) for name, decisions in champions.items()} == dict.fromkeys(MODELS, 5)
    assert {name: len(set(decisions)) for name, decisions in champions.items()} == dict.fromkeys(MODELS, 1)


@pytest.mark.usefixtures("backfilled")
def test_a_backfill_runs_what_its_form_says(stack: Stack, operator: Operator) -> None:
    nothing = "No runs matching selected criteria."
    assert operator.count_backfill(BACKFILLED[0], LAST, MISSING) == nothing
    assert operator.count_backfill(BACKFILLED[0], LAST, MISSING_AND_ERRORED) == nothing
    assert operator.count_backfill(BACKFILLED[0].plus(-1), LAST, MISSING) == "1 run will be triggered."
    failed = run_ids(stack, "backfill")[0]
    stack.api().patch(f"/dags/{DAG}/dagRuns/{failed}", {"state": "failed"})
    assert operator.count_backfill(BACKFILLED[0], LAST, MISSING) == nothing
    assert operator.count_backfill(BACKFILLED[0], LAST, MISSING_AND_ERRORED) == "1 run will be triggered."


@pytest.mark.usefixtures("backfilled")
def test_a_champion_is_chosen_with_a_form_and_scores_an_older_month(stack: Stack, operator: Operator) -> None:
    first, newest = BACKFILLED[0], "SELECT max(model_version) FROM clv.runs WHERE as_of = :as_of"
    with engine(stack.database_url).connect() as connection:
        version = connection.execute(text(newest), {"as_of": LAST.as_of}).scalar_one()
    assert ended(stack, "clv_rollback", version=version, because="it forecasts the newest month") == "success"
    body = {"logical_date": None, "conf": {"month": str(first), "model": "champion"}}
    run_id = stack.api().post(f"/dags/{DAG}/dagRuns", body)["dag_run_id"]
    assert operator.wait_for_end(run_id) == "Success"
    query = """
        SELECT runs.status, runs.model_choice, decisions.decision, runs.model_version, decisions.champion_after
        FROM clv.runs AS runs JOIN clv.model_decisions AS decisions USING (run_id)
        WHERE runs.as_of = :as_of AND decisions.model_name = :name ORDER BY run_id
    """
    current = "SELECT DISTINCT as_of FROM clv.forecast_current"
    with engine(stack.database_url).connect() as connection:
        before, after = connection.execute(text(query), {"as_of": first.as_of, "name": MODEL}).all()
        assert before[:2] == ("replaced", "as_of")
        assert before.decision in JUDGED
        assert tuple(after) == ("published", "champion", "todays_champion", version, version)
        assert list(connection.execute(text(current)).scalars()) == [LAST.as_of]


@pytest.mark.usefixtures("backfilled")
def test_no_month_is_late_once_the_newest_is_published(stack: Stack) -> None:
    assert ended(stack, "clv_late") == "success"


def ended(stack: Stack, dag_id: str, **conf: Any) -> str:
    """Trigger a DAG and return the state that its run ends in."""
    api = stack.api()
    api.patch(f"/dags/{dag_id}", {"is_paused": False})
    run_id = api.post(f"/dags/{dag_id}/dagRuns", {"logical_date": None, "conf": conf})["dag_run_id"]
    state = "queued"
    while state in ("queued", "running"):
        state = api.get(f"/dags/{dag_id}/dagRuns/{run_id}")["state"]
        time.sleep(0.2)
    return state


@pytest.mark.usefixtures("backfilled")
def test_no_secret_is_kept_anywhere_but_in_the_files_made_for_it(stack: Stack) -> None:
    secrets = [value.encode() for value in secrets_of(stack.home.folder).values()]
    kept = files(stack) | tables(stack)
    assert any("xcom" in name and content for name, content in kept.items())
    assert any("mlflow" in name and b"input_fingerprint" in content for name, content in kept.items())
    assert any("data_docs" in name for name in kept)
    holding = {name for name, content in kept.items() if any(value in content for value in secrets)}
    assert {Path(name).name for name in holding} == {"secrets.json", "passwords.json", "airflow.cfg"}
