from __future__ import annotations

import json
import sys
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from jobs.core.month import Month
from jobs.lake.lake import Lake
from jobs.late import lateness, main
from tests.alerts.receivers import Webhook, serving
from tests.alerts.test_alert import connect
from tests.conftest import Database
from tests.forecasts import NOVEMBER, publish_new_run


@pytest.mark.parametrize(
    ("today", "newest", "is_late"),
    [
        (date(2011, 12, 2), date(2011, 12, 1), False),
        (date(2011, 12, 2), date(2011, 11, 1), True),
        (date(2012, 1, 2), date(2011, 12, 1), True),
        (date(2012, 1, 2), date(2012, 1, 1), False),
        (date(2012, 1, 2), None, False),
    ],
)
def test_a_month_is_late_while_it_is_over_and_not_published(today: date, newest: date | None, is_late: bool) -> None:
    month, reason = lateness(today, newest)
    assert month == Month.of(today).plus(-1)
    assert bool(reason) == is_late


@pytest.mark.usefixtures("environment")
def test_the_job_looks_at_what_readers_see(database: Database, lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    publish_new_run(database, lake, NOVEMBER)
    main(["--now", "2011-12-02T12:00:00+00:00"])
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {
        "month": "2011-11",
        "reason": "month 2011-11 is not published on 2011-12-02; the newest published month is 2011-10",
    }
    main(["--now", "2011-11-02T12:00:00+00:00"])
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["reason"] == ""


def test_people_are_told_of_a_late_month_and_of_no_other(dag_bag: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLV_PYTHON", sys.executable)
    tell = dag_bag.dags["clv_late"].get_task("tell").python_callable
    run = SimpleNamespace(run_id="scheduled__2011-12-02T12:00:00+00:00", dag_id="clv_late")
    with serving(Webhook()) as webhook:
        connect(monkeypatch, conn_type="generic", host=webhook.url)
        for reason in ("", "month 2011-11 is not published on 2011-12-02"):
            actual = {"month": "2011-11", "reason": reason}
            tell(ti=SimpleNamespace(xcom_pull=lambda _, actual=actual: actual), dag_run=run)
    [(_, body)] = webhook.received
    assert (body["event"], body["month"]) == ("late", "2011-11")
    assert body["reason"] == "month 2011-11 is not published on 2011-12-02"
    assert body["link"].endswith("/dags/clv_late/runs/scheduled__2011-12-02T12%3A00%3A00%2B00%3A00")
