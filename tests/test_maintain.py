"""Maintenance removes what nothing needs, and says so; what a published month needs stays."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from jobs.core.month import Month
from jobs.core.postgres import fetch
from jobs.lake.lake import Lake
from jobs.maintain import main
from jobs.publishing.rollback import RollbackError, roll_back
from jobs.withdraw import withdraw
from tests.conftest import Database
from tests.forecasts import CUSTOMERS, DECEMBER, publish_new_run, seen

MONTH = Month(2011, 11)

pytestmark = pytest.mark.usefixtures("environment", "registry")

TODAY = datetime.fromtimestamp(time.time(), UTC).date()


@pytest.fixture
def runs(database: Database, lake: Lake) -> list[int]:
    """Three runs of a month, published one after the other."""
    return [publish_new_run(database, lake, DECEMBER, level=level) for level in ("1.00", "10.00", "100.00")]


def age(database: Database) -> None:
    """Let all that has happened lie three years back."""
    with database.owner.begin() as connection:
        connection.execute(text("UPDATE clv.forecast_load SET loaded_at = loaded_at - interval '3 years'"))
        connection.execute(text("UPDATE clv.published_history SET published_at = published_at - interval '3 years'"))


def maintain() -> None:
    main(["--today", str(TODAY)])


def rows_by_run(database: Database) -> dict[int, int]:
    query = "SELECT run_id, count(*) FROM clv.forecast_rows JOIN clv.forecast_load USING (load_id) GROUP BY run_id"
    with database.owner.connect() as connection:
        return dict(connection.execute(text(query)).all())  # type: ignore[arg-type]


def test_rows_of_replaced_runs_go_after_the_time_to_keep_and_their_totals_stay(
    database: Database, runs: list[int]
) -> None:
    maintain()
    assert rows_by_run(database) == dict.fromkeys(runs, len(CUSTOMERS))
    age(database)
    before = seen(database, "runs")
    maintain()
    assert rows_by_run(database) == {runs[-1]: len(CUSTOMERS)}
    assert seen(database, "runs") == before
    assert {entry["run_id"] for entry in seen(database, "forecast")} == {runs[-1]}
    with pytest.raises(RollbackError, match="has no whole forecast"):
        roll_back(database.writer, MONTH, runs[0], by="Ada", because="an older one")


def test_rows_that_readers_saw_until_lately_stay_however_old_they_are(database: Database, lake: Lake) -> None:
    first = publish_new_run(database, lake, DECEMBER, level="1.00")
    age(database)
    second = publish_new_run(database, lake, DECEMBER, level="2.00")
    maintain()
    assert set(rows_by_run(database)) == {first, second}


def test_what_was_withdrawn_last_and_the_newest_run_stay(database: Database, runs: list[int]) -> None:
    roll_back(database.writer, MONTH, runs[0], by="Ada", because="the later ones are wrong")
    withdraw(database.writer, MONTH, by="Ada", because="wrong prices")
    age(database)
    maintain()
    assert set(rows_by_run(database)) == {runs[0], runs[-1]}


def test_a_rollback_that_comes_first_keeps_its_rows(database: Database, runs: list[int]) -> None:
    age(database)
    with ThreadPoolExecutor(1) as pool, database.owner.begin() as connection:
        connection.execute(text("SELECT clv.lock_month(:as_of, 'net_revenue')"), {"as_of": DECEMBER})
        waiting = pool.submit(maintain)
        query = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        while not waiting.done() and not connection.execute(query).scalar_one():
            time.sleep(0.01)
        assert not waiting.done()
        back = {"p_as_of": DECEMBER, "new": runs[0], "old": runs[-1]}
        connection.execute(text("SELECT clv.roll_back(:p_as_of, :old, :new, 'Ada', 'better')"), back)
    waiting.result()
    assert {entry["run_id"] for entry in seen(database, "forecast")} == {runs[0]}
    assert len(seen(database, "forecast")) == len(CUSTOMERS)


def test_nobody_removes_what_readers_saw_within_four_weeks(database: Database, runs: list[int]) -> None:
    with pytest.raises(DBAPIError, match="within the last four weeks stay: nothing was changed"):
        fetch(database.writer, "remove_replaced_rows", before=TODAY)
    assert len(rows_by_run(database)) == len(runs)


def test_what_was_removed_is_on_record(database: Database, lake: Lake, runs: list[int]) -> None:
    age(database)
    left = Path(lake.root) / "landing_cache" / ".scratch-1"
    left.mkdir(parents=True)
    os.utime(left, (0, 0))
    maintain()
    done = {entry["what"]: (entry["removed"], entry["detail"]) for entry in seen(database, "maintenance")}
    assert done["rows of replaced loads"] == (2, f"run {runs[0]} as of 2011-12-01, run {runs[1]} as of 2011-12-01")
    assert done["scratch folders"] == (1, ".scratch-1")
    assert set(done) == {
        *("rows of replaced loads", "lake files", "lake periods joined", "model versions", "training runs"),
        "scratch folders",
    }
    since = Month.of(TODAY).plus(-24).first_day
    assert {entry["kept_since"] for entry in seen(database, "maintenance")} == {since}


def test_a_maintenance_that_fails_on_the_way_records_what_it_has_done(
    database: Database, runs: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("the disk is gone")

    age(database)
    monkeypatch.setattr("jobs.maintain.vacuum", fail)
    with pytest.raises(OSError, match="the disk is gone"):
        maintain()
    assert [entry["what"] for entry in seen(database, "maintenance")] == ["rows of replaced loads"]
