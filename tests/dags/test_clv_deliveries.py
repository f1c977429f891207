"""The DAG that waits for a month's data and starts the month: when it waits, when it starts, and when it gives up."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jobs.core.postgres import execute
from tests.conftest import Database
from tests.dags.conftest import renderer
from tests.forecasts import DECEMBER, plan

NOVEMBER = datetime(2011, 11, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def deliveries(dag_bag: Any) -> Any:
    return dag_bag.dags["clv_deliveries"]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shop whose folder for November exists but is not complete."""
    settings = {"CLV_SOURCE": "simulated_shop", "CLV_LANDING": tmp_path / "landing", "CLV_LAKE": tmp_path / "lake"}
    for name, value in (settings | {"CLV_PYTHON": sys.executable}).items():
        monkeypatch.setenv(name, str(value))
    for month in ("2011-10", "2011-11"):
        folder = tmp_path / "landing" / "transactions" / f"month={month}"
        folder.mkdir(parents=True)
        (folder / "part.csv").write_text("customer_id\n7\n", encoding="utf-8")
    (tmp_path / "landing" / "transactions" / "month=2011-10" / "_SUCCESS").touch()
    return tmp_path / "landing"


def deliver(shop: Path) -> None:
    (shop / "transactions" / "month=2011-11" / "_SUCCESS").touch()


def sensor(deliveries: Any, task_id: str = "await_delivery") -> Any:
    return renderer(deliveries, {})(task_id, "scheduled", NOVEMBER)


def context(*, paused: Sequence[str] = (), active: Sequence[str] = ()) -> Any:
    """What the sensor asks the API server: whether a DAG is paused, and how many of its runs have not ended."""

    def count(*, dag_id: str, states: list[str]) -> int:
        assert states == ["queued", "running"]
        return int(dag_id in active)

    ti = SimpleNamespace(get_dag=lambda dag_id: SimpleNamespace(is_paused=dag_id in paused), get_dr_count=count)
    return {"ti": ti, "dag_run": SimpleNamespace(conf={})}


def test_it_looks_an_hour_after_the_month_begins_for_the_month_before_and_holds_no_worker_slot(deliveries: Any) -> None:
    from airflow.sdk import CronDataIntervalTimetable

    assert isinstance(deliveries.timetable, CronDataIntervalTimetable)
    assert (deliveries.timetable.expression, str(deliveries.timetable.timezone)) == ("0 1 1 * *", "UTC")
    assert deliveries.catchup is False
    waiting = deliveries.get_task("await_delivery")
    assert (waiting.mode, waiting.poke_interval) == ("reschedule", timedelta(minutes=15).total_seconds())
    assert waiting.timeout == timedelta(days=5).total_seconds()


def test_the_switch_of_the_monthly_dag_is_the_only_one(dag_bag: Any) -> None:
    assert dag_bag.dags["clv_deliveries"].is_paused_upon_creation is False
    assert dag_bag.dags["clv_monthly"].is_paused_upon_creation is None


@pytest.mark.parametrize(
    ("run_type", "logical_date", "conf", "expected"),
    [
        ("scheduled", NOVEMBER, {}, ["scheduled", "--logical-date", "2011-11-01T01:00:00+00:00", "--month", ""]),
        ("manual", None, {"month": "2011-11"}, ["manual", "--logical-date", "", "--month", "2011-11"]),
    ],
)
def test_it_waits_for_the_month_of_the_calendar_or_of_the_form(
    deliveries: Any, run_type: str, logical_date: datetime | None, conf: dict[str, str], expected: list[str]
) -> None:
    waiting = renderer(deliveries, {})("await_delivery", run_type, logical_date, **conf)
    assert waiting.arguments == ["--run-type", *expected]


def test_it_waits_until_the_month_is_complete(deliveries: Any, shop: Path) -> None:
    waiting = sensor(deliveries)
    assert not waiting.poke(context())
    assert waiting.status == "2011-11: transactions are complete up to 2011-10; waiting for 2011-11"
    deliver(shop)
    found = waiting.poke(context())
    assert found
    assert found.xcom_value == "2011-11"


def test_it_waits_while_another_run_may_be_of_the_same_month(deliveries: Any, shop: Path) -> None:
    deliver(shop)
    for task_id, starts, other in (
        ("await_delivery", "clv_monthly", "clv_monthly_margin"),
        ("await_margin", "clv_monthly_margin", "clv_monthly"),
    ):
        waiting = sensor(deliveries, task_id)
        assert waiting.poke(context(active=[other], paused=[other]))
        assert not waiting.poke(context(active=[starts]))
        assert waiting.status == f"2011-11: delivered in full, but a run of {starts} has not ended"


def test_a_month_that_is_not_delivered_in_time_fails_with_what_is_missing_and_what_to_do(
    deliveries: Any, shop: Path
) -> None:
    from airflow.sdk.exceptions import AirflowSensorTimeout

    waiting = sensor(deliveries)
    waiting.mode, waiting.timeout = "poke", 0
    with pytest.raises(
        AirflowSensorTimeout, match=r"Not started within 0:00:00: 2011-11: .*waiting for 2011-11\. Clear"
    ):
        waiting.execute(context())


def test_nothing_is_started_or_called_late_while_the_monthly_dag_is_paused(deliveries: Any, shop: Path) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    deliver(shop)
    waiting = sensor(deliveries)
    assert not waiting.poke(context(paused=["clv_monthly"]))
    waiting.mode, waiting.timeout = "poke", 0
    with pytest.raises(AirflowSkipException, match=r"but clv_monthly is paused\. Unpause it"):
        waiting.execute(context(paused=["clv_monthly"]))


def test_a_poke_that_fails_fails_the_sensor(deliveries: Any, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.exceptions import AirflowException

    monkeypatch.setenv("CLV_SOURCE", "no_such_shop")
    waiting = sensor(deliveries)
    with pytest.raises(AirflowException, match="code 65") as failure:
        waiting.poke(context())
    assert waiting.retry_policy.evaluate(failure.value, 1, 2).action.value == "fail"


def test_the_month_is_started_once_under_a_run_id_that_shows_it(deliveries: Any) -> None:
    from airflow.sdk.exceptions import DagRunTriggerException

    start = renderer(deliveries, {"await_delivery": "2011-11"})("start", "scheduled", NOVEMBER)
    with pytest.raises(DagRunTriggerException) as triggered:
        start.execute({"ti": None})
    run = triggered.value
    assert (run.trigger_dag_id, run.dag_run_id, run.conf) == ("clv_monthly", "delivered__2011-11", {"month": "2011-11"})
    assert run.logical_date is None
    assert (run.skip_when_already_exists, run.reset_dag_run) == (True, False)


def test_the_margin_is_not_waited_for_while_its_dag_is_paused(deliveries: Any) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    check = deliveries.get_task("await_margin")._pre_execute_hook
    check(context())
    with pytest.raises(AirflowSkipException, match="clv_monthly_margin is paused"):
        check(context(paused=["clv_monthly_margin"]))


def started(deliveries: Any, task_id: str = "start") -> str | None:
    """Why the month is not started; None if it is."""
    from airflow.sdk.exceptions import AirflowSkipException

    try:
        deliveries.get_task(task_id)._pre_execute_hook({"ti": SimpleNamespace(xcom_pull=lambda _: "2011-11")})
    except AirflowSkipException as skipped:
        return str(skipped)
    return None


def test_a_month_that_a_run_was_planned_for_is_not_started_again(
    deliveries: Any, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLV_PYTHON", sys.executable)
    monkeypatch.setenv("CLV_DATABASE_URL", database.writer_url)
    plan(database.writer, DECEMBER, is_dry_run=True)
    plan(database.writer, datetime(2011, 11, 1, tzinfo=UTC).date())
    assert started(deliveries, "start_margin") is None
    margin = plan(database.writer, DECEMBER, trigger="margin/scheduled", value_basis="margin")
    assert started(deliveries, "start_margin") == (
        f"2011-11 is not started: run {margin} (margin/scheduled__2011-12-01) is of it"
    )
    assert started(deliveries) is None
    run_id = plan(database.writer, DECEMBER, trigger="scheduled")
    assert started(deliveries) == f"2011-11 is not started: run {run_id} (scheduled__2011-12-01) is of it"


def test_a_month_whose_scheduled_run_was_refused_in_its_plan_is_not_started_again(
    deliveries: Any, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLV_PYTHON", sys.executable)
    monkeypatch.setenv("CLV_DATABASE_URL", database.writer_url)

    def fail(dag_run_id: str, task: str, as_of: date) -> None:
        failure = {"dag_run_id": dag_run_id, "task": task, "attempt": 1, "as_of": as_of}
        execute(database.writer, "record_failure", **failure, reason="why", was_refused=True)

    fail("scheduled__2011-11-01", "plan.plan", date(2011, 11, 1))
    fail("scheduled__2011-12-01", "ingest", DECEMBER)
    fail("manual__of_a_segment", "plan.plan", DECEMBER)
    assert started(deliveries) is None
    fail("scheduled__2011-12-01", "plan.plan", DECEMBER)
    assert started(deliveries) == "2011-11 is not started: the plan of scheduled__2011-12-01 failed: clear that run"
    run_id = plan(database.writer, DECEMBER)
    assert started(deliveries) == f"2011-11 is not started: run {run_id} (manual__2011-12-01) is of it"


def test_a_month_is_not_started_while_nobody_knows_whether_it_was_planned(
    deliveries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk.exceptions import AirflowException

    monkeypatch.setenv("CLV_PYTHON", sys.executable)
    monkeypatch.setenv("CLV_DATABASE_URL", "postgresql+psycopg2://clv_writer@127.0.0.1:9/clv")
    with pytest.raises(AirflowException, match="exit code 1"):
        started(deliveries)


def test_a_failure_is_told_and_an_unknown_key_is_refused(deliveries: Any) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    for task in deliveries.tasks:
        assert task.retries == 2
        assert task.on_failure_callback
        assert task.on_retry_callback
    for task_id in ("await_delivery", "await_margin"):
        with pytest.raises(AirflowFailException, match="unknown keys moth"):
            deliveries.get_task(task_id)._pre_execute_hook({"dag_run": SimpleNamespace(conf={"moth": "2011-10"})})
