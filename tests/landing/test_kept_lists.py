"""Lists that the shop overwrites: each state that a plan has seen is kept."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs.core.month import Month
from jobs.lake import tables
from jobs.lake.lake import Lake
from jobs.landing.cache import Kept, scratch_copy
from jobs.landing.deliveries import dated, deliveries, keep_lists
from jobs.landing.file_checks import LandingError
from jobs.landing.kept_lists import KeptLists
from jobs.sources.mapping import CustomerColumns
from tests.corner_shop import CUSTOMERS, LINES, PRODUCTS, SHOP, deliver_month
from tests.ingesting import deliveries_of, ingest_all, stored

SEPTEMBER, OCTOBER, NOVEMBER = Month(2011, 9), Month(2011, 10), Month(2011, 11)


@pytest.fixture
def lake(landing: Path, tmp_path: Path) -> Lake:
    """An empty lake beside a landing with the lines of September and October, the accounts and the articles."""
    for month in (SEPTEMBER, OCTOBER):
        deliver_month(landing, "transactions", month, LINES)
    (landing / "customers.csv").write_text(CUSTOMERS)
    (landing / "products.csv").write_text(PRODUCTS)
    return Lake(str(tmp_path / "lake"))


def kept(landing: Path, lake: Lake, table: str) -> dict[str, str]:
    """Month → the text of the list that is kept for it, after a plan has seen what is delivered."""
    keep_lists(dated(deliveries_of(SHOP, landing, lake)))
    delivery = deliveries_of(SHOP, landing, lake)[table]
    return {str(month): delivery.files_of([month])[0].read_text() for month in delivery.months}


def test_an_overwritten_list_is_kept_as_it_was_when_its_month_was_first_read(landing: Path, lake: Lake) -> None:
    assert kept(landing, lake, "customers") == {"2011-10": CUSTOMERS}
    (landing / "customers.csv").write_text(CUSTOMERS.replace("Annual", "none"))
    assert kept(landing, lake, "customers") == {"2011-10": CUSTOMERS}
    deliver_month(landing, "transactions", NOVEMBER, LINES)
    assert kept(landing, lake, "customers") == {"2011-10": CUSTOMERS, "2011-11": CUSTOMERS.replace("Annual", "none")}


def test_a_list_that_has_not_changed_is_kept_for_its_month_too(landing: Path, lake: Lake) -> None:
    """Otherwise a plan between two months would file next month's list under a month that is published."""
    kept(landing, lake, "customers")
    deliver_month(landing, "transactions", NOVEMBER, LINES)
    assert kept(landing, lake, "customers") == {"2011-10": CUSTOMERS, "2011-11": CUSTOMERS}
    (landing / "customers.csv").write_text(CUSTOMERS.replace("Annual", "none"))
    assert kept(landing, lake, "customers") == {"2011-10": CUSTOMERS, "2011-11": CUSTOMERS}


def test_the_first_list_of_articles_belongs_to_the_first_month_too(landing: Path, lake: Lake) -> None:
    both = {"2011-09": PRODUCTS, "2011-10": PRODUCTS}
    assert kept(landing, lake, "products") == both
    (landing / "products.csv").write_text(f"{PRODUCTS}C,Cups\n")
    assert kept(landing, lake, "products") == both
    deliver_month(landing, "transactions", NOVEMBER, LINES)
    assert kept(landing, lake, "products") == both | {"2011-11": f"{PRODUCTS}C,Cups\n"}


def test_a_list_that_cannot_be_read_is_not_kept(landing: Path, lake: Lake) -> None:
    (landing / "customers.csv").write_text(CUSTOMERS.replace("plan", "tariff"))
    with pytest.raises(LandingError, match=r"customers.csv has no column 'plan'"):
        kept(landing, lake, "customers")
    assert lake.periods(tables.delivered("customers")) == []
    (landing / "customers.csv").write_text(CUSTOMERS)
    assert kept(landing, lake, "customers") == {"2011-10": CUSTOMERS}


def test_nothing_is_kept_of_a_delivery_that_is_only_dated(landing: Path, lake: Lake) -> None:
    with scratch_copy(Kept.in_folder(lake.root)) as scratch:
        assert dated(deliveries(SHOP, landing, scratch))["customers"].months == [OCTOBER]
    assert not Path(lake.root).exists()


def test_an_older_list_may_lack_an_attribute_that_the_shop_has_added_since(
    spark: SparkSession, landing: Path, lake: Lake
) -> None:
    (landing / "customers.csv").write_text("id,since,plan,town\nc1,2011-01-05,annual,Bonn\n")
    before = replace(SHOP, customers=CustomerColumns(customer_id="id", signup_on="since", membership="plan"))
    keep_lists(dated(deliveries_of(before, landing, lake)))
    deliver_month(landing, "transactions", NOVEMBER, LINES)
    (landing / "customers.csv").write_text(CUSTOMERS)
    ingest_all(spark, SHOP, landing, lake, NOVEMBER.as_of)
    assert [row[:4] for row in stored(spark, lake, tables.CUSTOMERS) if row[-1] == "2011-10"] == [
        ("c1", "2011-01-05", "annual", "Bonn")
    ]


def test_a_copy_in_the_cache_that_was_changed_is_made_again(landing: Path, lake: Lake) -> None:
    kept(landing, lake, "customers")
    [file] = deliveries(SHOP, landing, Kept.in_folder(lake.root))["customers"].files_of([OCTOBER])
    file.write_text("garbled")
    assert kept(landing, lake, "customers") == {"2011-10": CUSTOMERS}


def test_a_dry_run_unpacks_no_list_into_the_cache(landing: Path, lake: Lake) -> None:
    kept(landing, lake, "customers")
    cache = Kept.in_folder(lake.root).cache
    shutil.rmtree(cache / "lists")
    with scratch_copy(Kept.in_folder(lake.root)) as scratch:
        assert deliveries(SHOP, landing, scratch)["customers"].months == [OCTOBER]
    assert not (cache / "lists").exists()


def test_of_two_plans_that_keep_a_list_at_the_same_time_the_first_wins(
    landing: Path, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(landing, lake, "customers")
    deliver_month(landing, "transactions", NOVEMBER, LINES)
    late = dated(deliveries(SHOP, landing, Kept.in_folder(lake.root)))
    commit = Lake.commit

    def after_the_other(self: Lake, *arguments: object, **named: object) -> None:
        monkeypatch.setattr(Lake, "commit", commit)
        (landing / "customers.csv").write_text(CUSTOMERS.replace("Annual", "none"))
        assert kept(landing, lake, "customers")["2011-11"] == CUSTOMERS.replace("Annual", "none")
        commit(self, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Lake, "commit", after_the_other)
    keep_lists(late)
    assert kept(landing, lake, "customers")["2011-11"] == CUSTOMERS.replace("Annual", "none")


def test_a_list_that_another_plan_has_kept_just_before_is_not_overwritten(
    landing: Path, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(landing, lake, "customers")
    deliver_month(landing, "transactions", NOVEMBER, LINES)
    write, changed = KeptLists._write, CUSTOMERS.replace("Annual", "none")

    def after_another(self: KeptLists, month: Month, files: Sequence[Path], *, upon: int) -> None:
        if self.name != "customers":
            return write(self, month, files, upon=upon)
        monkeypatch.undo()
        (landing / "customers.csv").write_text(changed)
        assert kept(landing, lake, "customers")["2011-11"] == changed
        (landing / "customers.csv").write_text(CUSTOMERS)
        return write(self, month, files, upon=upon)

    monkeypatch.setattr(KeptLists, "_write", after_another)
    assert kept(landing, lake, "customers") == {"2011-10": CUSTOMERS, "2011-11": changed}
