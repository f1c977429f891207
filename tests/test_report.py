from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from jobs.accuracy.actuals import load_actuals
from jobs.accuracy.record import measure_published
from jobs.core.month import Month
from jobs.core.postgres import execute
from jobs.lake.lake import Lake
from jobs.publishing.month_page.content import UnknownRunError
from jobs.publishing.report import report, top_customers
from jobs.report import main
from tests.accuracy.days import write_days
from tests.conftest import Database
from tests.forecasts import DECEMBER, NOVEMBER, plan, publish, publish_new_run, row, write

COSTS = [("plan.plan", 0.84, 120, None), ("score", 61.26, 2310, 1234567)]


def run_with_tasks(database: Database, run_id: int) -> int:
    for task, seconds, memory, rows in COSTS:
        execute(
            database.writer,
            "record_task",
            run_id=run_id,
            task=task,
            seconds=seconds,
            peak_memory_mb=memory,
            rows=rows,
        )
    return run_id


def test_a_report_tells_what_each_task_cost_what_was_published_and_where_to_look(
    database: Database, lake: Lake
) -> None:
    run_id = run_with_tasks(database, publish_new_run(database, lake, DECEMBER, level="1234.56"))
    text = report(database.writer, run_id, {"Models": "http://127.0.0.1:5000"})
    content_hash = text.split("content ")[1].split(")")[0]
    assert text == (
        "Run 1 (manual) of month 2011-11, forecast from 2011-12-01 on: published\n"
        "\n"
        "task                               seconds   peak MB          rows\n"
        "plan.plan                              0.8       120\n"
        "score                                 61.3     2,310     1,234,567\n"
        "all tasks                             62.1     2,310\n"
        "\n"
        f"3 customers, worth 288,887.04 EUR over twelve months, by model version 3 (content {content_hash})\n"
        "\n"
        "Drift was not measured: the log of the task publish.measure_drift says why.\n"
        "\n"
        "Forecast  view clv.forecast, as_of 2011-12-01\n"
        "Models    http://127.0.0.1:5000\n"
    )


def test_a_report_tells_how_right_earlier_forecasts_were(database: Database, lake: Lake) -> None:
    publish_new_run(database, lake, NOVEMBER)
    run_id = publish_new_run(database, lake, DECEMBER)
    for month in (Month(2011, 10), Month(2011, 11)):
        write_days(lake, month, {"12346": "40.00"})
    load_actuals(database.writer, lake, Month(2011, 11), "EUR")
    measure_published(database.writer)
    assert (
        "How right earlier forecasts were (clv.accuracy):\n"
        "  2011-11 to 2011-11: total 0.750 of the actual one, WAPE 1.250 (the trailing year: 0.000)\n"
    ) in report(database.writer, run_id, {})


def test_a_run_that_has_not_published_says_so(database: Database) -> None:
    text = report(database.writer, plan(database.writer, DECEMBER), {})
    assert "forecast from 2011-12-01 on: running\n" in text
    assert "Nothing was published." in text


def test_a_run_that_was_replaced_says_so(database: Database, lake: Lake) -> None:
    older = publish_new_run(database, lake, DECEMBER)
    publish_new_run(database, lake, DECEMBER)
    assert "on: replaced\n" in report(database.writer, older, {})


def test_an_unknown_run_is_refused(database: Database) -> None:
    with pytest.raises(UnknownRunError, match="there is no run 4711"):
        report(database.writer, 4711, {})


def test_the_ten_most_valuable_customers_come_in_order_with_ties_by_id(database: Database, lake: Lake) -> None:
    run_id = plan(database.writer, DECEMBER)
    write(lake, DECEMBER, [row(f"C{number:02d}", level=str(number // 2)) for number in range(24)])
    publish(database.writer, lake, as_of=DECEMBER, run_id=run_id)
    assert [(actual["customer_id"], actual["clv_12m"]) for actual in top_customers(database.reader, DECEMBER)] == [
        (f"C{number}", Decimal(78 * (number // 2))) for number in (22, 23, 20, 21, 18, 19, 16, 17, 14, 15)
    ]


def test_the_command_prints_the_report_and_writes_the_page(
    database: Database,
    lake: Lake,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run_id = publish_new_run(database, lake, DECEMBER)
    for name in ("CLV_SOURCE", "CLV_LANDING", "CLV_LAKE"):
        monkeypatch.setenv(name, "unused")
    monkeypatch.setenv("CLV_REPORTS", str(tmp_path))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow:5000")
    monkeypatch.setenv("CLV_DATABASE_URL", database.writer_url)
    main(["--run-id", str(run_id)])
    printed = capsys.readouterr().out
    assert "http://mlflow:5000" in printed
    assert f"Page to forward   {tmp_path}/months/2011-11/run-{run_id}.html\n" in printed
    assert (tmp_path / "months" / "2011-11" / f"run-{run_id}.html").is_file()
