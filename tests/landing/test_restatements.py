from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from jobs.core.month import Month
from jobs.lake.lake import Lake
from jobs.lake.tables import TRANSACTIONS, rejected
from jobs.landing.cache import Kept
from jobs.landing.restatements import Changes, Total, changes, restatement
from jobs.sources.mapping import RowRule, Source
from tests.corner_shop import LINES, ODD_AMOUNTS, SESSIONS, SHOP, THREE_COLUMNS, deliver_month
from tests.ingesting import deliveries_of, ingest_all

SEPTEMBER, OCTOBER, NOVEMBER = Month(2011, 9), Month(2011, 10), Month(2011, 11)
AS_OF = date(2011, 12, 1)


@dataclass(frozen=True)
class Shop:
    """A shop that was ingested up to November."""

    source: Source
    landing: Path
    lake: Lake

    def seen(self, table: str = "transactions", source: Source | None = None) -> Changes:
        delivered = deliveries_of(source or self.source, self.landing, self.lake)[table]
        fingerprints = {month: delivered.fingerprint(month) for month in delivered.months}
        return changes(source or self.source, delivered, self.lake, SEPTEMBER.through(NOVEMBER), fingerprints)

    def moved(self, month: Month, table: str = "transactions") -> tuple[Total, Total]:
        delivered = deliveries_of(self.source, self.landing, self.lake)[table]
        actual = restatement(self.source, delivered, self.lake, month, cache=Kept.in_folder(self.lake.root).cache)
        return actual.before, actual.now


@pytest.fixture(scope="module")
def by_folder(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    root = tmp_path_factory.mktemp("folders")
    shop = Shop(SHOP, root / "landing", Lake(str(root / "lake")))
    for month in (OCTOBER, NOVEMBER):
        deliver_month(shop.landing, "transactions", month, LINES)
        deliver_month(shop.landing, "sessions", month, SESSIONS)
    ingest_all(spark, SHOP, shop.landing, shop.lake, AS_OF)
    return shop


def till() -> pd.DataFrame:
    """September to December of a shop with three columns, with mistyped dates and amounts that are none."""
    days = [f"2011-{month:02d}-{day:02d}" for month in (9, 10, 11, 12) for day in range(1, 29)]
    rows = pd.DataFrame({"customer": "7", "day": days * 40, "paid": "0.3333"})
    strays = pd.DataFrame({"customer": "7", "day": ["2011-11-30"] * 2 + ["1901-01-01", "2099-01-01", "soon"]})
    odd = ["NaN", "Infinity", "1_000", "1e2", "-0", " 5 ", "1e20", "0.00005", "ten", "", "12345678901234", "+.5"]
    amounts = pd.DataFrame({"customer": "7", "day": "2011-10-05", "paid": odd})
    return pd.concat([rows, strays.assign(paid=ODD_AMOUNTS), amounts])


@pytest.fixture(scope="module")
def one_file(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    root = tmp_path_factory.mktemp("file")
    till().to_csv(root / "till.csv", index=False)
    shop = Shop(THREE_COLUMNS, root / "till.csv", Lake(str(root / "lake")))
    ingest_all(spark, THREE_COLUMNS, shop.landing, shop.lake, AS_OF)
    return shop


@pytest.fixture
def copy(tmp_path: Path) -> Callable[[Shop], Shop]:
    """A copy of a shop, to deliver to it anew."""

    def copied(shop: Shop) -> Shop:
        shutil.copytree(shop.landing.parent, tmp_path / "shop")
        return replace(shop, landing=tmp_path / "shop" / shop.landing.name, lake=Lake(str(tmp_path / "shop" / "lake")))

    return copied


def deliver_again(shop: Shop, table: str, month: Month, lines: str) -> None:
    shutil.rmtree(shop.landing / table / f"month={month}")
    deliver_month(shop.landing, table, month, lines)


def test_a_month_whose_rejected_rows_are_damaged_is_told_without_its_value(
    by_folder: Shop, copy: Callable[[Shop], Shop]
) -> None:
    """It can be restated, too: the plan must not end with the damage that it is to mend."""
    shop = copy(by_folder)
    rows = by_folder.moved(NOVEMBER)[0].rows
    [file, *_] = shop.lake.files_of(rejected(TRANSACTIONS), [NOVEMBER])
    (Path(shop.lake.root) / file.path).unlink()
    assert shop.moved(NOVEMBER)[0] == Total(rows=rows, money=None)


@pytest.mark.parametrize("month", [SEPTEMBER, OCTOBER, NOVEMBER])
def test_a_file_that_has_not_changed_has_moved_nothing_whatever_its_rows_are(one_file: Shop, month: Month) -> None:
    before, now = one_file.moved(month)
    assert before == now
    assert one_file.seen() == Changes(restated=[], undated=[], reread={})


def test_month_folders_that_have_not_changed_have_moved_nothing_whatever_their_rows_are(by_folder: Shop) -> None:
    before, now = by_folder.moved(NOVEMBER)
    assert before == now
    assert before.rows == LINES.count("\n") - 1
    before, now = by_folder.moved(NOVEMBER, "sessions")
    assert before == now == Total(rows=SESSIONS.count("\n") - 1, money=None)
    assert by_folder.seen() == by_folder.seen("sessions") == Changes(restated=[], undated=[], reread={})


def test_a_month_delivered_otherwise_is_seen_with_the_rows_and_the_money_that_moved(
    by_folder: Shop, copy: Callable[[Shop], Shop]
) -> None:
    shop = copy(by_folder)
    deliver_again(shop, "transactions", OCTOBER, f"{LINES}99,A,2011-10-09,c9,3,0.3333\n98,A,2011-10-09,c9,1,lots\n")
    assert shop.seen() == Changes(restated=[OCTOBER], undated=[], reread={})
    assert shop.seen("sessions") == Changes(restated=[], undated=[], reread={})
    before, now = shop.moved(OCTOBER)
    assert before.money is not None
    assert (now.rows - before.rows, now.money) == (2, before.money + Decimal("0.9999"))


def test_a_file_that_gains_and_loses_rows_is_seen_month_by_month(one_file: Shop, copy: Callable[[Shop], Shop]) -> None:
    shop = copy(one_file)
    rows = till()
    changed = pd.concat([rows[rows["day"] != "2011-10-07"], rows[rows["day"] == "2011-12-03"]])
    changed.to_csv(shop.landing, index=False)
    assert shop.seen() == Changes(restated=[OCTOBER], undated=[], reread={})
    before, now = shop.moved(OCTOBER)
    assert before.money is not None
    assert (now.rows - before.rows, now.money) == (-40, before.money - 40 * Decimal("0.3333"))


def test_a_month_that_vanished_from_a_file_is_restated_and_a_folder_that_was_taken_away_is_not(
    one_file: Shop, by_folder: Shop, copy: Callable[[Shop], Shop], tmp_path: Path
) -> None:
    shop = copy(one_file)
    rows = till()
    rows[~rows["day"].str.startswith("2011-10")].to_csv(shop.landing, index=False)
    assert shop.seen() == Changes(restated=[OCTOBER], undated=[], reread={})
    assert shop.moved(OCTOBER)[1] == Total(rows=0, money=Decimal(0))
    shutil.rmtree(tmp_path / "shop")
    shop = copy(by_folder)
    shutil.rmtree(shop.landing / "transactions" / f"month={OCTOBER}")
    assert shop.seen() == Changes(restated=[], undated=[], reread={})


def test_a_column_that_no_one_reads_restates_nothing(one_file: Shop, copy: Callable[[Shop], Shop]) -> None:
    shop = copy(one_file)
    till().assign(clerk=range(len(till()))).to_csv(shop.landing, index=False)
    assert shop.seen() == Changes(restated=[], undated=[], reread={})


def test_a_column_that_no_one_reads_in_a_month_folder_restates_nothing(spark: SparkSession, tmp_path: Path) -> None:
    source = replace(SHOP, rejects_duplicates=False)
    shop = Shop(source, tmp_path / "landing", Lake(str(tmp_path / "lake")))
    header, row = "order,sku,when,who,qty,price", "1,A,2011-10-02,c1,2,2.50"
    for month in (OCTOBER, NOVEMBER):
        deliver_month(shop.landing, "transactions", month, f"{header}\n{row.replace('2011-10', str(month))}\n")
    ingest_all(spark, source, shop.landing, shop.lake, AS_OF)
    deliver_again(shop, "transactions", OCTOBER, f"clerk,{header}\nAda,{row}\n")
    assert shop.seen() == Changes(restated=[], undated=[], reread={})
    deliver_again(shop, "transactions", OCTOBER, f"{header}\n{row}0\n")
    assert shop.seen() == Changes(restated=[OCTOBER], undated=[], reread={})


def test_a_column_that_a_predicate_reads_restates_the_months_in_which_it_changed(
    spark: SparkSession, tmp_path: Path
) -> None:
    source = replace(THREE_COLUMNS, rules=(RowRule(reason="by_mistake", when="delivered.clerk = 'mistake'"),))
    rows = till().assign(clerk="Ada", shelf="a")
    rows.to_csv(tmp_path / "till.csv", index=False)
    shop = Shop(source, tmp_path / "till.csv", Lake(str(tmp_path / "lake")))
    ingest_all(spark, source, shop.landing, shop.lake, AS_OF)
    in_october = rows["day"].str.startswith("2011-10")
    rows.assign(shelf="b").to_csv(shop.landing, index=False)
    assert shop.seen() == Changes(restated=[], undated=[], reread={})
    rows.assign(clerk=rows["clerk"].mask(in_october, "Grace")).to_csv(shop.landing, index=False)
    assert shop.seen() == Changes(restated=[OCTOBER], undated=[], reread={})


def test_rows_without_a_readable_time_restate_no_month(one_file: Shop, copy: Callable[[Shop], Shop]) -> None:
    shop = copy(one_file)
    late = pd.DataFrame({"customer": "8", "day": ["later", "1902-01-01"], "paid": "4"})
    pd.concat([till(), late]).to_csv(shop.landing, index=False)
    assert shop.seen() == Changes(restated=[], undated=[SEPTEMBER], reread={})
    both = pd.concat([till(), late, pd.DataFrame({"customer": ["8"], "day": ["2011-09-05"], "paid": ["4"]})])
    both.to_csv(shop.landing, index=False)
    assert shop.seen() == Changes(restated=[SEPTEMBER], undated=[], reread={})


def test_months_that_were_read_with_another_mapping_are_read_again_and_not_restated(by_folder: Shop) -> None:
    other = replace(SHOP, rejects_duplicates=False, rules=())
    again = {month: ["mapping"] for month in (OCTOBER, NOVEMBER)}
    assert by_folder.seen(source=other) == Changes(restated=[], undated=[], reread=again)


def test_what_takes_spark_to_value_is_told_in_rows_alone(by_folder: Shop) -> None:
    signed = replace(by_folder, source=replace(SHOP, returns="delivered.qty < 0"))
    assert {total.money for total in signed.moved(NOVEMBER)} == {None}
