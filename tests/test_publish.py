from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import text

from jobs.core.month import Month
from jobs.core.postgres import fetch
from jobs.lake.lake import Lake
from jobs.publish import main
from jobs.publishing.rollback import roll_back
from jobs.withdraw import withdraw
from tests.conftest import Database
from tests.forecasts import (
    CUSTOMERS,
    DECEMBER,
    NOVEMBER,
    count,
    plan,
    publish,
    publish_new_run,
    row,
    scored,
    seen,
    write,
)
from tests.snapshots import SOURCE


def test_readers_see_every_column_of_the_forecast_as_it_lies_in_the_lake(database: Database, lake: Lake) -> None:
    run_id = plan(database.writer, DECEMBER)
    rows = [row("12346"), row("12347", level="-0.01"), row("12348", level="0.00", p_active_12m=0.1 + 0.2)]
    write(lake, DECEMBER, rows, files=2)
    publication = publish(database.writer, lake, as_of=DECEMBER, run_id=run_id)
    assert [dict(actual) for actual in seen(database)] == [
        {"as_of": DECEMBER, **expected, "run_id": run_id, "data_month": "2011-11"} for expected in rows
    ]
    assert (publication.rows, publication.clv_12m_total) == (3, Decimal("779.22"))


def test_the_monthly_view_has_a_row_for_each_customer_and_calendar_month(database: Database, lake: Lake) -> None:
    run_id = plan(database.writer, NOVEMBER)
    write(lake, NOVEMBER, [row("12346", level="1.50")])
    publish(database.writer, lake, as_of=NOVEMBER, run_id=run_id)
    calendar = [date(2011, 11, 1), date(2011, 12, 1), *(date(2012, month, 1) for month in range(1, 11))]
    assert [tuple(actual.values()) for actual in seen(database, "forecast_monthly")] == [
        (NOVEMBER, "12346", month, h, Decimal("1.50") * h, "2011-10") for h, month in enumerate(calendar, start=1)
    ]


def test_hostile_customer_ids_come_out_as_they_went_in(database: Database, lake: Lake) -> None:
    hostile = [
        "Robert'); DROP TABLE clv.run;--",
        'a "quoted", id',
        "two\nlines\r\nand a\ttab",
        "\\N",
        "\\.",
        "line\n\\.\nline",
        "ends in \\",
        "NULL",
        " ",
        "",
        "😀 Zoë Ω",
        "%s :name {x} $1",
        "9" * 40,
    ]
    run_id = plan(database.writer, DECEMBER)
    write(lake, DECEMBER, [row(customer_id) for customer_id in hostile])
    publish(database.writer, lake, as_of=DECEMBER, run_id=run_id)
    assert sorted(actual["customer_id"] for actual in seen(database)) == sorted(hostile)


def test_a_backfill_of_an_older_month_leaves_the_current_forecast_alone(database: Database, lake: Lake) -> None:
    publish_new_run(database, lake, DECEMBER)
    current = seen(database, "forecast_current")
    publish_new_run(database, lake, NOVEMBER, level="99.00")
    assert seen(database, "forecast_current") == current
    assert {actual["as_of"] for actual in seen(database)} == {NOVEMBER, DECEMBER}


def test_a_newer_run_replaces_the_month_and_keeps_the_rows_of_the_older(database: Database, lake: Lake) -> None:
    publish_new_run(database, lake, DECEMBER)
    newer = publish_new_run(database, lake, DECEMBER, level="20.00")
    assert [(actual["customer_id"], actual["run_id"], actual["clv_1m"]) for actual in seen(database)] == [
        (customer, newer, Decimal("20.00")) for customer in CUSTOMERS
    ]
    assert count(database, "forecast_rows") == 2 * len(CUSTOMERS)


def test_publishing_the_same_forecast_of_the_same_run_again_changes_nothing(database: Database, lake: Lake) -> None:
    run_id = publish_new_run(database, lake, DECEMBER)
    again = publish(database.writer, lake, as_of=DECEMBER, run_id=run_id)
    assert (again.loaded, again.rows, again.replaced_run_id) == (False, 3, run_id)
    assert (count(database, "forecast_load"), count(database, "published_history")) == (1, 1)


def test_a_run_that_was_scored_again_replaces_its_own_rows(database: Database, lake: Lake) -> None:
    run_id = publish_new_run(database, lake, DECEMBER)
    write(lake, DECEMBER, [row("12346", level="7.00")])
    assert publish(database.writer, lake, as_of=DECEMBER, run_id=run_id).replaced_run_id == run_id
    assert [(actual["customer_id"], actual["clv_1m"]) for actual in seen(database)] == [("12346", Decimal("7.00"))]
    assert count(database, "published_history") == 2


def test_equal_forecasts_have_equal_hashes_whatever_made_them_in_whatever_order(database: Database, lake: Lake) -> None:
    def hash_of(rows: list[dict[str, object]], files: int = 1) -> str:
        run_id = plan(database.writer, DECEMBER)
        write(lake, DECEMBER, rows, files=files)
        return publish(database.writer, lake, as_of=DECEMBER, run_id=run_id).content_hash

    rows = [row(customer) for customer in CUSTOMERS]
    other_version = [row(customer, model_version=4) for customer in CUSTOMERS]
    assert hash_of(rows) == hash_of(rows[::-1], files=3) == hash_of(other_version)
    assert hash_of(rows) != hash_of([*rows[:2], row(CUSTOMERS[2], p_active_12m=0.5)])
    assert hash_of(rows) != hash_of(rows[:2])


def test_each_move_of_the_pointer_is_kept_for_the_audit(database: Database, lake: Lake) -> None:
    older = publish_new_run(database, lake, DECEMBER)
    newer = publish_new_run(database, lake, DECEMBER)
    with database.owner.connect() as connection:
        moves = connection.execute(text("SELECT * FROM clv.published_history ORDER BY flip_id")).mappings().all()
    assert [(move["run_id"], move["replaced_run_id"], move["published_by"]) for move in moves] == [
        (older, None, "clv_writer"),
        (newer, older, "clv_writer"),
    ]


@pytest.fixture
def settings(database: Database, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CLV_SOURCE", "CLV_LANDING", "CLV_REPORTS", "MLFLOW_TRACKING_URI"):
        monkeypatch.setenv(name, SOURCE)
    monkeypatch.setenv("CLV_LAKE", lake.root)
    monkeypatch.setenv("CLV_DATABASE_URL", database.writer_url)


@pytest.mark.usefixtures("settings")
def test_the_command_publishes_the_month_and_records_what_it_cost(database: Database, lake: Lake) -> None:
    run_id = plan(database.writer, DECEMBER)
    write(lake, DECEMBER, [row(customer) for customer in CUSTOMERS])
    scored(database.writer, lake, DECEMBER, run_id)
    main(["--as-of", "2011-12-01", "--run-id", str(run_id)])
    assert len(seen(database)) == len(CUSTOMERS)
    assert [(task["task"], task["rows"]) for task in fetch(database.writer, "run_tasks", run_id=run_id)] == [
        ("publish.publish", len(CUSTOMERS))
    ]


def changed(capsys: pytest.CaptureFixture[str], run_id: int) -> tuple[str | None, bool]:
    """What the command tells the DAG of a publication: the hash, and whether readers see another forecast."""
    main(["--as-of", "2011-12-01", "--run-id", str(run_id)])
    change = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (change["month"], change["run_id"]) == ("2011-11", run_id)
    return change["content_hash"], change["changed"]


@pytest.mark.usefixtures("settings")
def test_each_change_of_what_readers_see_is_told_once(
    database: Database, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    def published(level: str) -> tuple[int, tuple[str | None, bool]]:
        run_id = plan(database.writer, DECEMBER)
        write(lake, DECEMBER, [row(customer, level=level) for customer in CUSTOMERS])
        scored(database.writer, lake, DECEMBER, run_id)
        return run_id, changed(capsys, run_id)

    first, (before, is_new) = published("10.00")
    assert is_new
    assert changed(capsys, first) == (before, False)
    assert published("10.00")[1] == (before, False)
    last, (after, is_new) = published("20.00")
    assert is_new
    assert after != before
    withdraw(database.writer, Month(2011, 11), by="Ada", because="delivered twice")
    again, told = published("20.00")
    assert told == (after, True)
    assert first < last < again


@pytest.mark.usefixtures("settings")
def test_a_publication_whose_task_was_killed_before_it_told_is_told_by_the_next_attempt(
    database: Database, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    run_id = publish_new_run(database, lake, DECEMBER)
    content_hash, is_new = changed(capsys, run_id)
    assert is_new
    assert changed(capsys, run_id) == (content_hash, False)


@pytest.mark.usefixtures("settings")
def test_a_publication_that_was_killed_after_the_run_had_been_scored_again_is_told_by_the_next_attempt(
    database: Database, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    run_id = publish_new_run(database, lake, DECEMBER)
    before, _ = changed(capsys, run_id)
    write(lake, DECEMBER, [row(customer, level="20.00") for customer in CUSTOMERS])
    publish(database.writer, lake, as_of=DECEMBER, run_id=run_id)
    after, is_new = changed(capsys, run_id)
    assert after != before
    assert is_new
    assert changed(capsys, run_id) == (after, False)


@pytest.mark.usefixtures("settings")
def test_a_rollback_to_a_run_is_not_told_again_by_its_publish_task(
    database: Database, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    older = publish_new_run(database, lake, DECEMBER)
    run_id = publish_new_run(database, lake, DECEMBER, level="20.00")
    content_hash, is_new = changed(capsys, run_id)
    assert is_new
    for target in (older, run_id):
        roll_back(database.writer, Month(2011, 11), target, by="Ada", because="a price list was wrong")
    assert changed(capsys, run_id) == (content_hash, False)
