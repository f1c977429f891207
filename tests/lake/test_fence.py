"""Only the run that was planned last for a month writes, and what it reads does not change below it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from jobs.core.fence import SupersededError
from jobs.core.month import Month
from jobs.core.refusal import RefusedError
from jobs.core.task import recorded
from jobs.lake.lake import Lake
from jobs.lake.tables import DAILY, TRANSACTIONS
from jobs.lake.versions import Record
from tests.conftest import ROOT, Database
from tests.forecasts import DECEMBER, NOVEMBER, count, plan
from tests.periods import planned, put

OCTOBER = Month(2011, 10)

REPLACE = """
import sys
from jobs.core.month import Month
from jobs.lake.lake import Lake
from jobs.lake.tables import TRANSACTIONS
from jobs.lake.versions import Record
from tests.periods import put
root, name, month = sys.argv[1:]
sys.stdin.readline()
for number in range(30):
    put(Lake(root), TRANSACTIONS, Month.parse(month), Record(rows=1, fingerprint=name))
"""


def write_october(lake: Lake, fingerprint: str) -> None:
    put(lake, TRANSACTIONS, OCTOBER, Record(rows=1, fingerprint=fingerprint))


def test_a_run_that_is_superseded_while_it_writes_leaves_the_newer_run_s_rows(lake: Lake) -> None:
    late = planned(lake, DECEMBER, 1)
    write_october(late, "older")
    with late.writing(TRANSACTIONS) as folder:
        write_october(planned(lake, DECEMBER, 2), "newer")
        with pytest.raises(SupersededError) as refused:
            late.commit(TRANSACTIONS, folder, {OCTOBER: Record(rows=0, fingerprint="older")})
    assert str(refused.value) == (
        "run 1 of 2011-11 is superseded by run 2: nothing was written; let the newer run finish, or clear "
        "this one from its plan task on"
    )
    assert lake.record(TRANSACTIONS, OCTOBER).fingerprint == "newer"


def test_a_plan_alone_keeps_the_older_run_from_writing_and_from_reading(lake: Lake) -> None:
    write_october(planned(lake, DECEMBER, 1), "older")
    planned(lake, DECEMBER, 2)
    late = Lake.of_run(lake.root, DECEMBER, 1)
    with pytest.raises(SupersededError):
        write_october(late, "again")
    with pytest.raises(SupersededError):
        late.record(TRANSACTIONS, OCTOBER)
    assert lake.record(TRANSACTIONS, OCTOBER).fingerprint == "older"


def test_an_older_plan_that_comes_late_takes_nothing_over(lake: Lake) -> None:
    newer = planned(lake, DECEMBER, 2)
    with pytest.raises(SupersededError, match="run 1 of 2011-11 is superseded by run 2"):
        planned(lake, DECEMBER, 1)
    write_october(newer, "newer")


def test_a_run_of_a_database_that_is_gone_supersedes_none(lake: Lake) -> None:
    """The numbers of runs start again with a new database, or go back with one that was restored."""
    write_october(planned(lake, DECEMBER, 57), "by a run that nobody knows any more")
    run = planned(lake, DECEMBER, 1, are_known=False)
    write_october(run, "own")
    assert lake.record(TRANSACTIONS, OCTOBER).fingerprint == "own"
    with pytest.raises(RefusedError, match="run 57 of 2011-11 was not planned in this lake"):
        write_october(Lake.of_run(lake.root, DECEMBER, 57), "late")


def test_a_commit_that_was_prepared_before_a_newer_plan_is_refused(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check and the commit are one step: a plan in between is noticed."""
    late = planned(lake, DECEMBER, 1)
    from jobs.lake import commits

    def after_a_plan(*arguments: object) -> None:
        monkeypatch.setattr(commits, "_make", make)
        planned(lake, DECEMBER, 2)
        make(*arguments)  # type: ignore[arg-type]

    make = commits._make
    monkeypatch.setattr(commits, "_make", after_a_plan)
    with pytest.raises(SupersededError):
        write_october(late, "older")
    assert not lake.is_complete(TRANSACTIONS, OCTOBER)


def test_runs_of_two_months_both_write_a_month_they_share(lake: Lake) -> None:
    first, second = planned(lake, NOVEMBER, 1), planned(lake, DECEMBER, 2)
    write_october(second, "second")
    write_october(first, "first")
    assert lake.record(TRANSACTIONS, OCTOBER).fingerprint == "first"


def test_a_run_reads_what_was_there_when_it_was_planned_and_what_it_has_written_since(lake: Lake) -> None:
    write_october(lake, "before")
    run = planned(lake, DECEMBER, 1)
    write_october(planned(lake, NOVEMBER, 2), "by another month's run")
    for seen in (run, Lake.of_run(lake.root, DECEMBER, 1)):
        assert seen.record(TRANSACTIONS, OCTOBER).fingerprint == "before"
    write_october(run, "own")
    for seen in (run, Lake.of_run(lake.root, DECEMBER, 1)):
        assert seen.record(TRANSACTIONS, OCTOBER).fingerprint == "own"


def test_a_run_that_was_never_planned_writes_nothing(lake: Lake) -> None:
    with pytest.raises(RefusedError, match="run 4711 of 2011-11 was not planned in this lake: nothing was written"):
        write_october(Lake.of_run(lake.root, DECEMBER, 4711), "written")
    assert not lake.is_complete(TRANSACTIONS, OCTOBER)


def test_a_commit_tells_its_run_and_what_it_has_read(lake: Lake) -> None:
    run = planned(lake, DECEMBER, 7)
    write_october(run, "days come from these lines")
    put(run, DAILY, OCTOBER, Record(rows=0, fingerprint="days"))
    version = lake.version(DAILY)
    assert version is not None
    commit = version.commit(version.number)
    assert (commit["run_id"], commit["month"]) == (7, "2011-11")
    assert commit["read"][TRANSACTIONS.name] == run.read[TRANSACTIONS.name]
    assert commit["periods"]["2011-10"]["fingerprint"] == "days"


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


@pytest.mark.parametrize("months", [("2011-10", "2011-10"), ("2011-10", "2011-11")])
def test_two_processes_that_write_one_table_at_once_both_succeed(lake: Lake, months: tuple[str, str]) -> None:
    command = [sys.executable, "-c", REPLACE, lake.root]
    both = [
        subprocess.Popen([*command, name, month], cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for name, month in zip(("one", "other"), months, strict=True)
    ]
    for process in both:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    errors = [process.communicate()[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], errors
    version = lake.version(TRANSACTIONS)
    assert version is not None
    assert sum(commit["operation"] == "WRITE" for commit in version.delta.history()) == 60
    written = {month: lake.record(TRANSACTIONS, Month.parse(month)).fingerprint for month in months}
    assert set(written.values()) <= {"one", "other"}
    assert len(written) < 2 or written == {"2011-10": "one", "2011-11": "other"}
    assert len(lake.files_of(TRANSACTIONS, [Month.parse(month) for month in set(months)])) == len(set(months))
