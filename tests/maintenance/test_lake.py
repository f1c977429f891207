"""The lake is kept small: nothing that a kept version holds goes."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from jobs.core.month import Month
from jobs.lake.arrow import read_rows
from jobs.lake.lake import Lake
from jobs.lake.schemas import arrow_schema
from jobs.lake.tables import TRANSACTIONS
from jobs.lake.versions import DamagedError, Record
from jobs.maintenance.lake import MANY_FILES, compact, remove_scratch, vacuum
from tests.forecasts import DECEMBER
from tests.periods import planned, put

OCTOBER, NOVEMBER = Month(2011, 10), Month(2011, 11)
LATER = datetime(2100, 1, 1, tzinfo=UTC)
NOW = datetime.fromtimestamp(time.time(), UTC)


def lines(first: int, count: int) -> pa.Table:
    rows = [{"customer_id": f"c{number}"} for number in range(first, first + count)]
    return pa.Table.from_pylist(rows, schema=arrow_schema(TRANSACTIONS))


def customers(lake: Lake, *months: Month) -> list[str]:
    return sorted(read_rows(lake, TRANSACTIONS, months, ["customer_id"])["customer_id"].to_pylist())


def data_files(lake: Lake) -> set[str]:
    folder = Path(lake.root) / TRANSACTIONS.name
    return {str(path) for path in folder.rglob("*.parquet") if "_delta_log" not in path.parts}


@pytest.fixture
def lake(lake: Lake) -> Lake:
    """October, and three versions of November: 2, 3 and 4."""
    put(lake, TRANSACTIONS, OCTOBER, Record(rows=1, fingerprint="october"), lines(100, 1))
    for number in range(3):
        put(lake, TRANSACTIONS, NOVEMBER, Record(rows=1, fingerprint=str(number)), lines(number, 1))
    return lake


def test_files_that_no_kept_version_holds_are_removed(lake: Lake) -> None:
    removed = vacuum(lake, TRANSACTIONS, pinned=[3], since=LATER, hours=0)
    assert len(removed) == 1
    assert customers(lake, OCTOBER, NOVEMBER) == ["c100", "c2"]
    assert customers(Lake(lake.root, versions={TRANSACTIONS.name: 3}), NOVEMBER) == ["c1"]
    with pytest.raises(DamagedError, match="is missing"):
        customers(Lake(lake.root, versions={TRANSACTIONS.name: 2}), NOVEMBER)
    assert vacuum(lake, TRANSACTIONS, pinned=[3], since=LATER, hours=0) == []


def test_every_version_since_a_time_is_kept_and_the_one_that_was_the_newest_then(lake: Lake) -> None:
    version = lake.version(TRANSACTIONS)
    assert version is not None
    stamps = {commit["version"]: commit["timestamp"] / 1000 for commit in version.delta.history()}
    since = datetime.fromtimestamp(stamps[4], UTC)
    assert len(vacuum(lake, TRANSACTIONS, pinned=[], since=since, hours=0)) == 1
    assert customers(Lake(lake.root, versions={TRANSACTIONS.name: 3}), NOVEMBER) == ["c1"]


def test_what_a_killed_task_wrote_is_removed_once_no_task_can_be_that_old(lake: Lake) -> None:
    orphan = Path(lake.root) / TRANSACTIONS.name / "write-1" / "month=2011-11" / "part-0.parquet"
    orphan.parent.mkdir(parents=True)
    orphan.write_bytes(b"half")
    pinned = range(5)
    assert vacuum(lake, TRANSACTIONS, pinned=pinned, since=LATER) == []
    last_week = (NOW - timedelta(days=8)).timestamp()
    os.utime(orphan, (last_week, last_week))
    assert vacuum(lake, TRANSACTIONS, pinned=pinned, since=LATER) == ["write-1/month=2011-11/part-0.parquet"]
    assert not orphan.exists()
    assert customers(lake, OCTOBER, NOVEMBER) == ["c100", "c2"]


def test_the_view_of_a_run_that_is_under_way_is_kept(lake: Lake) -> None:
    run = planned(lake, DECEMBER, 1)
    put(lake, TRANSACTIONS, NOVEMBER, Record(rows=1, fingerprint="newer"), lines(7, 1))
    since = NOW - timedelta(days=700)
    assert vacuum(lake, TRANSACTIONS, pinned=[], since=since, hours=0) == []
    assert customers(run, NOVEMBER) == ["c2"]


def test_many_small_files_of_a_period_are_joined_without_a_change(lake: Lake) -> None:
    parts = [lines(number, 1) for number in range(MANY_FILES + 1)]
    put(lake, TRANSACTIONS, NOVEMBER, Record(rows=len(parts), fingerprint="many", inputs={"a": "1"}), *parts)
    before = read_rows(lake, TRANSACTIONS, [NOVEMBER])
    record = lake.record(TRANSACTIONS, NOVEMBER)
    assert compact(lake, TRANSACTIONS) == [str(NOVEMBER)]
    assert len(lake.files_of(TRANSACTIONS, [NOVEMBER])) == 1
    assert read_rows(lake, TRANSACTIONS, [NOVEMBER]).equals(before)
    assert lake.record(TRANSACTIONS, NOVEMBER) == record
    assert compact(lake, TRANSACTIONS) == []


def test_a_period_that_is_replaced_while_it_is_joined_keeps_the_newer_rows(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = [lines(number, 1) for number in range(MANY_FILES + 1)]
    put(lake, TRANSACTIONS, NOVEMBER, Record(rows=len(parts), fingerprint="many"), *parts)
    commit = Lake.commit

    def late(self: Lake, *arguments: object, **named: object) -> None:
        monkeypatch.setattr(Lake, "commit", commit)
        put(lake, TRANSACTIONS, NOVEMBER, Record(rows=1, fingerprint="newer"), lines(7, 1))
        commit(self, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Lake, "commit", late)
    before = len(data_files(lake))
    assert compact(lake, TRANSACTIONS) == []
    assert customers(lake, NOVEMBER) == ["c7"]
    assert len(data_files(lake)) == before + 1


def test_what_killed_tasks_left_in_the_cache_is_removed_after_a_day(tmp_path: Path) -> None:
    for name in (".scratch-old", ".scratch-new"):
        (tmp_path / name / "daily").mkdir(parents=True)
    for name in (".copy", "known.json"):
        (tmp_path / name).touch()
    two_days_ago = (NOW - timedelta(days=2)).timestamp()
    for name in (".scratch-old", ".copy", "known.json"):
        os.utime(tmp_path / name, (two_days_ago, two_days_ago))
    assert remove_scratch(tmp_path, NOW - timedelta(days=1)) == [".copy", ".scratch-old"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [".scratch-new", "known.json"]


def test_a_damaged_period_is_left_alone(lake: Lake, caplog: pytest.LogCaptureFixture) -> None:
    parts = [lines(number, 1) for number in range(MANY_FILES + 1)]
    put(lake, TRANSACTIONS, NOVEMBER, Record(rows=len(parts), fingerprint="many"), *parts)
    (Path(lake.root) / lake.files_of(TRANSACTIONS, [NOVEMBER])[0].path).unlink()
    assert compact(lake, TRANSACTIONS) == []
    assert "Not joined: clean/transactions month=2011-11" in caplog.text


def test_files_of_before_a_column_was_added_are_joined(lake: Lake) -> None:
    parts = [lines(number, 1).drop_columns(["units"]) for number in range(MANY_FILES + 1)]
    put(lake, TRANSACTIONS, NOVEMBER, Record(rows=len(parts), fingerprint="many"), *parts)
    assert compact(lake, TRANSACTIONS) == [str(NOVEMBER)]
    assert len(customers(lake, NOVEMBER)) == len(parts)
