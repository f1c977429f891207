from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from jobs.core.month import Month
from jobs.features import leak_check, logins, profile
from jobs.features.build import build_daily, build_features, check_for_leaks
from jobs.features.days import Days, Ints, Span, day_number
from jobs.features.lifetime import State
from jobs.features.table import features
from jobs.lake.frames import write_periods
from jobs.lake.lake import Lake
from jobs.lake.tables import CUSTOMERS, DAILY, SESSIONS, TRANSACTIONS, Table
from tests.features.random_shop import EMPTY_MONTH, LISTED, random_shop, spark_frame
from tests.periods import take_out

MONTHS = EMPTY_MONTH.plus(-1).through(EMPTY_MONTH.plus(3))
AS_OFS = [month.as_of for month in MONTHS]
FAR_AHEAD = date(2200, 1, 1)
FEATURES = features(())


@dataclass(frozen=True)
class Shop:
    """A lake with five months of clean tables, and what builds on it."""

    spark: SparkSession
    lake: Lake

    def copied_to(self, folder: Path) -> Shop:
        shutil.copytree(self.lake.root, folder, dirs_exist_ok=True)
        return Shop(self.spark, Lake(str(folder)))

    def write(self, table: Table, rows: pd.DataFrame, months: list[Month]) -> None:
        chosen = rows[rows["month"].isin([str(month) for month in months])]
        write_periods(spark_frame(self.spark, chosen, table), self.lake, table, {month: {} for month in months})

    def run(self, as_of: date) -> tuple[list[str], list[str]]:
        """Build everything for a run; the months and the snapshots that were written."""
        days = build_daily(self.spark, self.lake, as_of=as_of)
        snapshots = build_features(self.spark, self.lake, (), as_of=as_of)
        return list(map(str, days)), list(map(str, snapshots))

    def fingerprints(self) -> dict[date, str]:
        return {as_of: self.lake.record(FEATURES, as_of).fingerprint for as_of in AS_OFS}


@pytest.fixture(scope="module")
def delivered(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop whose months are ingested; the second without a line, sessions from the fourth on, two customer lists."""
    shop, rows = Shop(spark, Lake(str(tmp_path_factory.mktemp("delivered")))), random_shop()
    shop.write(TRANSACTIONS, rows.lines, MONTHS)
    shop.write(SESSIONS, rows.sessions, MONTHS[3:])
    first, last = (rows.customers[rows.customers["month"] == str(month)] for month in (LISTED[1], MONTHS[4]))
    shop.write(CUSTOMERS, pd.concat([first.assign(month=str(MONTHS[2])), last]), [MONTHS[2], MONTHS[4]])
    return shop


@pytest.fixture(scope="module")
def caught_up(delivered: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The shop after a first run, for its last month."""
    shop = delivered.copied_to(tmp_path_factory.mktemp("caught_up"))
    shop.run(AS_OFS[-1])
    return shop


def test_months_run_one_after_the_other_and_months_caught_up_hold_the_same(
    delivered: Shop, caught_up: Shop, tmp_path: Path
) -> None:
    monthly = delivered.copied_to(tmp_path)
    monthly.run(AS_OFS[2])
    assert monthly.run(AS_OFS[3]) == ([str(MONTHS[3])], [str(AS_OFS[3])])
    assert monthly.run(AS_OFS[4]) == ([str(MONTHS[4])], [str(AS_OFS[4])])
    assert monthly.fingerprints() == caught_up.fingerprints()


def test_a_second_run_of_any_month_writes_nothing(caught_up: Shop) -> None:
    assert [caught_up.run(as_of) for as_of in AS_OFS] == [([], [])] * len(AS_OFS)


def test_a_restated_month_is_rebuilt_with_every_snapshot_after_it_up_to_the_run(
    caught_up: Shop, tmp_path: Path
) -> None:
    shop, lines = caught_up.copied_to(tmp_path), random_shop().lines
    restated = lines[lines["month"] == str(MONTHS[2])].iloc[1:]
    shop.write(TRANSACTIONS, restated, MONTHS[2:3])
    assert shop.run(AS_OFS[3]) == ([str(MONTHS[2])], [str(AS_OFS[2]), str(AS_OFS[3])])
    before, now = caught_up.fingerprints(), shop.fingerprints()
    assert [as_of for as_of in AS_OFS if now[as_of] == before[as_of]] == [*AS_OFS[:2], AS_OFS[4]]


def test_every_daily_month_adds_up_to_its_lines_twice_by_department_and_overall(caught_up: Shop) -> None:
    for month in MONTHS:
        days = caught_up.lake.record(DAILY, month).sums
        lines = caught_up.lake.record(TRANSACTIONS, month).sums
        for measure in lines:
            assert float(days[measure]) == 2 * float(lines[measure])


def test_a_month_without_lines_keeps_every_customer_known(caught_up: Shop) -> None:
    known = [caught_up.lake.record(FEATURES, as_of).rows for as_of in AS_OFS]
    assert caught_up.lake.record(DAILY, EMPTY_MONTH).rows == 0
    assert known == sorted(known)


def test_the_canary_lets_features_pass_that_do_not_know_the_future(caught_up: Shop) -> None:
    check_for_leaks(caught_up.spark, caught_up.lake, (), as_of=AS_OFS[-1])
    check_for_leaks(caught_up.spark, caught_up.lake, (), as_of=AS_OFS[0])


def test_the_canary_finds_a_window_without_an_upper_end(caught_up: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def leaking(self: Days, days: int, as_of: date) -> Span:
        return self.between(day_number(as_of) - days, FAR_AHEAD)

    monkeypatch.setattr(Days, "last", leaking)
    with pytest.raises(
        leak_check.FeatureLeakError, match=f"as of {AS_OFS[-2]} changes .* in .*net_value_30d, .* of the quintiles: a"
    ):
        check_for_leaks(caught_up.spark, caught_up.lake, (), as_of=AS_OFS[-1])


def test_the_canary_finds_a_lifetime_without_an_end(caught_up: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def leaking(self: State, days: Days, order_days: Days, month: Month) -> None:
        self.totals["net_value_lifetime"] = days.between(month.first_day, FAR_AHEAD).sum("net_value")

    monkeypatch.setattr(State, "advance", leaking)
    with pytest.raises(
        leak_check.FeatureLeakError, match=f"as of {AS_OFS[-2]} changes .* in net_value_lifetime: a feature"
    ):
        check_for_leaks(caught_up.spark, caught_up.lake, (), as_of=AS_OFS[-1])


def test_the_canary_finds_a_snapshot_that_knows_a_later_customer_list(
    caught_up: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profile, "list_of", lambda as_of, lists: max(lists, default=None))
    with pytest.raises(leak_check.FeatureLeakError, match=f"as of {AS_OFS[-2]} changes .* membership, city"):
        check_for_leaks(caught_up.spark, caught_up.lake, (), as_of=AS_OFS[-1])


def test_the_canary_finds_a_snapshot_that_counts_later_logins(caught_up: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = logins.logins

    def leaking(days: Days, as_of: date, known: Ints) -> dict[str, pa.Array]:
        ever = pa.array(days.between(date.min, FAR_AHEAD).rows[known])
        return counted(days, as_of, known) | {"logins_30d": ever}

    monkeypatch.setattr(logins, "logins", leaking)
    with pytest.raises(leak_check.FeatureLeakError, match=f"as of {AS_OFS[-2]} changes .* in logins_30d: a feature"):
        check_for_leaks(caught_up.spark, caught_up.lake, (), as_of=AS_OFS[-1])


def test_a_customer_list_changes_no_snapshot_from_before_it(delivered: Shop, caught_up: Shop, tmp_path: Path) -> None:
    """Running a month and then backfilling an earlier one leaves every snapshot current."""
    shop = delivered.copied_to(tmp_path)
    take_out(shop.lake, CUSTOMERS, MONTHS[4])
    shop.run(AS_OFS[3])
    shop.write(CUSTOMERS, random_shop().customers, MONTHS[4:])
    assert shop.run(AS_OFS[4])[1] == [str(AS_OFS[4])]
    assert shop.run(AS_OFS[1]) == ([], [])
    assert shop.fingerprints() == caught_up.fingerprints()
