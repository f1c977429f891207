"""After any fault, a plain rerun of the task gives what would have come of the month without it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from jobs.features.table import features
from jobs.lake.first_month_tables import FIRST_MONTH, FIRST_MONTH_ACCURACY
from jobs.lake.tables import DAILY, FORECASTS, TRANSACTIONS, Table, rejected
from jobs.sources import load
from tests.faults.month import MONTH, SHOP, STAGES, MonthRun
from tests.faults.outcome import decisions, left_behind, outcome, published_run, served
from tests.faults.points import LAKE_COMMIT, POINTS, PUBLISH, SAMPLE, WRITE, Point, sql
from tests.faults.servers import Servers

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MonthRun]:
    """A month that has been published once, without a fault."""
    folder = tmp_path_factory.mktemp("month")
    run = MonthRun(folder, Servers(folder))
    try:
        run.deliver()
        run.must_run(*STAGES)
        assert run.registry.aliased("champion") == run.model_version
        yield run
    finally:
        run.stop()
        shutil.rmtree(run.servers.sockets, ignore_errors=True)


@pytest.fixture(scope="module")
def expected(month: MonthRun) -> dict[str, object]:
    return outcome(month)


def make_due(month: MonthRun, stage: str) -> None:
    """Make a task do its work again, which it would leave out where it is done."""
    if stage == "ingest":
        month.make_stale(TRANSACTIONS, rejected(TRANSACTIONS))
    elif stage == "build_features":
        month.make_stale(DAILY, features(load(SHOP).departments))
    elif stage == "train":
        month.forget_model()
    elif stage == "train_first_month":
        month.forget_first_month_model()
        month.make_stale(FIRST_MONTH_ACCURACY)
    elif stage in ("promote", "set_champion"):
        month.forget_decision()
    elif stage == "score":
        month.make_stale(FORECASTS, FIRST_MONTH)
    elif stage == "measure_accuracy":
        month.forget_actuals()
    if stage == "set_champion":
        month.must_run("promote", "publish")


@pytest.mark.parametrize(
    "point",
    [
        pytest.param(point, id=str(point), marks=[pytest.mark.faults_sample] if point in SAMPLE else [])
        for point in POINTS
    ],
)
def test_a_rerun_gives_what_would_have_come_without_the_fault(
    month: MonthRun, expected: dict[str, object], point: Point
) -> None:
    month.must_run("plan")
    make_due(month, point.stage)
    before = served(month)

    code, output = month.run(point.stage, point)

    assert month.struck(point), f"the point was not reached:\n{output[-3000:]}"
    assert code != 0, "the task has not noticed"
    month.servers.start()
    seen = served(month)
    assert seen is not None
    assert before is not None
    assert seen[1] == before[1]
    assert seen[0] == before[0] or (point.stage == "publish" and seen[0] == month.plan["run_id"])

    if point.at in (LAKE_COMMIT, WRITE):
        # A new plan would refuse the month that was made to look as if other code had read it.
        first = "plan" if point.stage == "plan" else "ingest"
        month.must_run(*STAGES[STAGES.index(first) : STAGES.index("publish")])
    else:
        code, output = month.run(point.stage)
        assert code == 0, output[-3000:]
    if point.stage == "train":
        month.must_run("promote")
    if point.stage == "promote":
        assert decisions(month) == 1
    month.must_run("publish", "set_champion", "measure_accuracy", "build_bridge", "measure_drift")
    if point.stage == "set_champion":
        assert month.registry.aliased("champion") == month.model_version
    assert published_run(month) == month.plan["run_id"]
    assert outcome(month) == expected
    month.must_run("plan")
    assert left_behind(month) == []


def test_a_publish_that_is_late_changes_nothing(month: MonthRun, expected: dict[str, object]) -> None:
    """A task was taken for dead, a new run was planned and tries to publish, and then the old one goes on."""
    month.must_run("plan")
    late = sql("publish", "publish_load", "stop_self")
    process = month.start("publish", late)
    orphan = psutil.Process(process.pid)
    while orphan.status() != psutil.STATUS_STOPPED:
        assert process.poll() is None
        os.sched_yield()
    month.must_run("plan")
    code, output = month.run("publish")
    assert code != 0
    assert f"another publish of {MONTH.as_of} has not ended yet: nothing was changed" in output
    os.kill(process.pid, signal.SIGCONT)
    _, complaint = process.communicate(timeout=120)
    assert process.returncode != 0
    assert f"is superseded by run {month.plan['run_id']}: nothing was changed" in complaint
    month.must_run("publish")
    assert published_run(month) == month.plan["run_id"]
    assert outcome(month) == expected
    assert left_behind(month) == []


@pytest.mark.parametrize("stage", ["build_features", "score"])
def test_a_task_that_wakes_up_after_a_newer_run_has_published_changes_nothing(
    month: MonthRun, expected: dict[str, object], stage: str
) -> None:
    month.must_run("plan")
    make_due(month, stage)
    process = month.start(stage, Point(stage, LAKE_COMMIT, "stop_self"))
    late = stopped(process)
    month.must_run(*STAGES)
    newer = month.plan["run_id"]
    late.send_signal(signal.SIGCONT)
    out, err = process.communicate(timeout=120)
    assert process.returncode != 0
    assert f"is superseded by run {newer}: nothing was written" in out + err
    assert published_run(month) == newer
    assert outcome(month) == expected
    month.must_run("plan")
    assert left_behind(month) == []


def stopped(process: subprocess.Popen[str]) -> psutil.Process:
    """The driver of a Spark job, once it has been stopped."""
    while process.poll() is None:
        for child in psutil.Process(process.pid).children(recursive=True):
            if child.status() == psutil.STATUS_STOPPED:
                return child
        time.sleep(0.1)
    raise AssertionError(f"the task ended: {process.communicate()}")


def test_files_of_the_lake_that_vanish_are_written_again(month: MonthRun, expected: dict[str, object]) -> None:
    """Of every table, one file of the month."""
    tables: list[Table] = [TRANSACTIONS, rejected(TRANSACTIONS), DAILY, features(load(SHOP).departments), FORECASTS]
    for table in tables:
        period = MONTH if table.period_key == "month" else MONTH.as_of
        [*_, file] = month.lake.files_of(table, [period])
        (Path(month.lake.root) / file.path).unlink()
    month.must_run(*STAGES)
    assert outcome(month) == expected


def test_two_runs_of_a_month_that_race_publish_the_newer_one(month: MonthRun, expected: dict[str, object]) -> None:
    month.must_run("plan")
    older = month.plan["run_id"]
    month.must_run("plan")
    both = [month.start("publish", run_id=older), month.start("publish")]
    outputs = [process.communicate(timeout=120)[1] for process in both]
    assert both[1].returncode == 0, outputs[1]
    assert published_run(month) == month.plan["run_id"] > older
    assert outcome(month) == expected
    assert left_behind(month) == []


@pytest.mark.parametrize("stage", ["ingest", "build_features", "score"])
def test_two_tasks_that_write_the_same_month_at_once_leave_it_whole(
    month: MonthRun, expected: dict[str, object], stage: str
) -> None:
    make_due(month, stage)
    both = [month.start(stage), month.start(stage)]
    outputs = [process.communicate(timeout=600)[1] for process in both]
    assert 0 in [process.returncode for process in both], outputs[0][-3000:] + outputs[1][-3000:]
    month.must_run(stage)
    assert outcome(month) == expected
    assert left_behind(month) == []


def test_there_are_points_in_every_stage_that_writes() -> None:
    assert len(POINTS) >= 30
    assert {point.stage for point in POINTS} == set(STAGES) - {"report"}
    assert len(set(map(str, POINTS))) == len(POINTS)
    assert len(SAMPLE) >= 10
    assert set(POINTS) >= SAMPLE
    assert {point.stage for point in SAMPLE} == {point.stage for point in POINTS}
    assert {point.strike for point in PUBLISH} == {"kill_self", "kill_postgres", "cut_connections"}
