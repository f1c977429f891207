"""A task whose run was superseded writes nothing to the lake, and two tasks that replace one period do not collide."""

from __future__ import annotations

import subprocess
import sys
from functools import partial

import pytest

from jobs.core.fence import SupersededError, refuse_superseded
from jobs.core.month import Month
from jobs.core.refusal import RefusedError
from jobs.core.task import recorded
from jobs.lake.lake import STAGING, Lake, Record
from jobs.lake.tables import TRANSACTIONS
from tests.conftest import ROOT, Database
from tests.forecasts import DECEMBER, NOVEMBER, count, plan

OCTOBER = Month(2011, 10)

REPLACE = """
import sys
from pathlib import Path
from jobs.core.month import Month
from jobs.lake.lake import Lake, Record
from jobs.lake.tables import TRANSACTIONS
lake = Lake(Path(sys.argv[1]))
sys.stdin.readline()
for number in range(1000):
    with lake.staging(TRANSACTIONS) as staged:
        (staged / "month").mkdir()
        (staged / "month" / "part-0.parquet").write_text(sys.argv[2])
        lake.promote(staged / "month", TRANSACTIONS, Month(2011, 10), Record(rows=1, fingerprint=sys.argv[2]))
"""


def of_run(lake: Lake, database: Database, run_id: int) -> Lake:
    """The lake as a task of a run writes to it."""
    return Lake(lake.root, partial(refuse_superseded, database.writer, run_id))


def write_october(lake: Lake, fingerprint: str) -> None:
    with lake.staging(TRANSACTIONS) as staged:
        lake.promote(staged / "month", TRANSACTIONS, OCTOBER, Record(rows=0, fingerprint=fingerprint))


def test_a_run_that_is_superseded_while_it_writes_leaves_the_newer_run_s_rows(database: Database, lake: Lake) -> None:
    older = plan(database.writer, DECEMBER)
    late = of_run(lake, database, older)
    write_october(late, "older")
    with late.staging(TRANSACTIONS) as staged:
        newer = plan(database.writer, DECEMBER)
        write_october(of_run(lake, database, newer), "newer")
        with pytest.raises(SupersededError) as refused:
            late.promote(staged / "month", TRANSACTIONS, OCTOBER, Record(rows=0, fingerprint="older"))
    assert str(refused.value) == (
        f"run {older} of 2011-11 is superseded by run {newer}: nothing was written; let the newer run finish, or clear "
        "this one from its plan task on"
    )
    assert lake.record(TRANSACTIONS, OCTOBER).fingerprint == "newer"
    assert list((lake.root / STAGING).iterdir()) == []


def test_runs_of_two_months_both_write_a_month_they_share(database: Database, lake: Lake) -> None:
    first, second = plan(database.writer, NOVEMBER), plan(database.writer, DECEMBER)
    write_october(of_run(lake, database, second), "second")
    write_october(of_run(lake, database, first), "first")
    assert lake.record(TRANSACTIONS, OCTOBER).fingerprint == "first"


def test_dry_runs_and_runs_of_another_value_basis_supersede_no_run(database: Database, lake: Lake) -> None:
    run_id = plan(database.writer, DECEMBER)
    plan(database.writer, DECEMBER, value_basis="margin")
    plan(database.writer, DECEMBER, is_dry_run=True)
    write_october(of_run(lake, database, run_id), "written")
    assert lake.record(TRANSACTIONS, OCTOBER).fingerprint == "written"


def test_a_run_that_was_never_planned_writes_nothing(database: Database, lake: Lake) -> None:
    with pytest.raises(RefusedError, match="run 4711 is not in this database: nothing was written"):
        write_october(of_run(lake, database, 4711), "written")
    assert not lake.is_complete(TRANSACTIONS, OCTOBER)


def test_a_task_of_a_superseded_run_ends_before_it_begins_unless_it_only_reads(database: Database) -> None:
    older = plan(database.writer, DECEMBER)
    plan(database.writer, DECEMBER)
    done = []
    with pytest.raises(SupersededError), recorded("score", engine=database.writer, run_id=older):
        done.append("score")
    with recorded("publish.report", engine=database.writer, run_id=older, is_fenced=False):
        done.append("report")
    assert done == ["report"]
    assert count(database, "run_task") == 1


def test_two_processes_that_replace_one_period_both_succeed(lake: Lake) -> None:
    command = [sys.executable, "-c", REPLACE, str(lake.root)]
    both = [
        subprocess.Popen([*command, name], cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for name in ("one", "other")
    ]
    for process in both:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    errors = [process.communicate()[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], errors
    content = (lake.folder(TRANSACTIONS, OCTOBER) / "part-0.parquet").read_text()
    assert lake.record(TRANSACTIONS, OCTOBER).fingerprint == content
    assert list((lake.root / STAGING).iterdir()) == []
