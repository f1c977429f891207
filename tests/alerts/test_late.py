from __future__ import annotations

import json
import sys
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from jobs.core.month import Month
from jobs.lake.lake import Lake
from jobs.late import lateness, main
from jobs.withdraw import withdraw
from tests.alerts.receivers import Webhook, serving
from tests.alerts.test_alert import connect
from tests.conftest import Database
from tests.forecasts import DECEMBER, NOVEMBER, publish_new_run

SECOND = date(2011, 12, 2)


def months(*texts: str) -> list[Month]:
    return [Month.parse(text) for text in texts]


@pytest.mark.parametrize(
    ("today", "published", "withdrawn", "missing", "reason"),
    [
        (SECOND, ["2011-11"], [], "2011-11", ""),
        (SECOND, [], [], "2011-11", ""),
        (date(2012, 1, 2), ["2011-12"], [], "2011-12", ""),
        (SECOND, ["2011-10", "2011-11", "2011-12"], [], "2011-11", ""),
        (
            *(SECOND, ["2011-10"], [], "2011-11"),
            "month 2011-11 is not published on 2011-12-02; the newest published month is 2011-10",
        ),
        (
            *(date(2012, 1, 2), ["2011-10"], [], "2011-12"),
            "months 2011-11 to 2011-12 are not published on 2012-01-02; the newest published month is 2011-10",
        ),
        (
            *(SECOND, ["2011-08", "2011-11"], ["2011-10"], "2011-10"),
            "months 2011-09 to 2011-10 are not published on 2011-12-02 (withdrawn: 2011-10); "
            "the newest published month is 2011-11",
        ),
        (
            *(SECOND, [], ["2011-11"], "2011-11"),
            "month 2011-11 is not published on 2011-12-02 (withdrawn: 2011-11); no month is published",
        ),
    ],
)
def test_a_month_is_late_if_it_is_over_and_missing_in_the_history(
    today: date, published: list[str], withdrawn: list[str], missing: str, reason: str
) -> None:
    assert lateness(today, months(*published), months(*withdrawn)) == (Month.parse(missing), reason)


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


@pytest.mark.usefixtures("environment")
def test_the_job_tells_a_withdrawn_month_and_one_that_was_never_run(
    database: Database, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    for as_of in (date(2011, 9, 1), NOVEMBER, DECEMBER):
        publish_new_run(database, lake, as_of)
    withdraw(database.writer, Month(2011, 10), by="Ada", because="delivered twice")
    main(["--now", "2011-12-02T12:00:00+00:00"])
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["reason"] == (
        "months 2011-09 to 2011-10 are not published on 2011-12-02 (withdrawn: 2011-10); "
        "the newest published month is 2011-11"
    )


def test_it_is_on_from_the_start_and_tries_again(dag_bag: Any) -> None:
    late = dag_bag.dags["clv_late"]
    assert late.is_paused_upon_creation is False
    for task in late.tasks:
        assert task.retries >= 3
        assert task.retry_delay >= timedelta(minutes=5)


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


@pytest.mark.parametrize("webhook", [{"status": 500}, None])
def test_an_alert_that_cannot_be_sent_fails_the_task(
    dag_bag: Any, monkeypatch: pytest.MonkeyPatch, webhook: dict[str, Any] | None
) -> None:
    from airflow.sdk.exceptions import AirflowException

    monkeypatch.setenv("CLV_PYTHON", sys.executable)
    tell = dag_bag.dags["clv_late"].get_task("tell").python_callable
    late = {"month": "2011-11", "reason": "month 2011-11 is not published on 2011-12-02"}
    arguments = {
        "ti": SimpleNamespace(xcom_pull=lambda _: late),
        "dag_run": SimpleNamespace(run_id="scheduled__2011-12-02T12:00:00+00:00", dag_id="clv_late"),
    }
    with serving(Webhook(**(webhook or {}))) as receiver:
        connect(monkeypatch, conn_type="generic", host=receiver.url if webhook else "http://127.0.0.1:9")
        with pytest.raises(AirflowException, match=r"No notice was sent: (HTTPError: HTTP Error 500|URLError)"):
            tell(**arguments)
    monkeypatch.delenv("AIRFLOW_CONN_CLV_ALERTS")
    tell(**arguments)
