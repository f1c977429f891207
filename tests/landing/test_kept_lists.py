"""Lists that the shop overwrites: each state that a plan has seen is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.core.month import Month
from jobs.landing.cache import KEPT, cache_root
from jobs.landing.deliveries import deliveries, keep_lists
from jobs.landing.file_checks import LandingError
from tests.corner_shop import CUSTOMERS, LINES, PRODUCTS, SHOP, deliver_month

SEPTEMBER, OCTOBER, NOVEMBER = Month(2011, 9), Month(2011, 10), Month(2011, 11)


@pytest.fixture
def lake(landing: Path, tmp_path: Path) -> Path:
    """An empty lake beside a landing with the lines of September and October, the accounts and the articles."""
    for month in (SEPTEMBER, OCTOBER):
        deliver_month(landing, "transactions", month, LINES)
    (landing / "customers.csv").write_text(CUSTOMERS)
    (landing / "products.csv").write_text(PRODUCTS)
    return tmp_path / "lake"


def kept(landing: Path, lake: Path, table: str) -> dict[str, str]:
    """Month → the text of the list that is kept for it, after a plan has seen what is delivered."""
    delivery = keep_lists(deliveries(SHOP, landing, lake))[table]
    assert delivery.months == deliveries(SHOP, landing, lake)[table].months
    return {str(month): delivery.files_of([month])[0].read_text() for month in delivery.months}


def test_an_overwritten_list_is_kept_as_it_was_when_its_month_was_first_read(landing: Path, lake: Path) -> None:
    assert kept(landing, lake, "customers") == {"2011-10": CUSTOMERS}
    (landing / "customers.csv").write_text(CUSTOMERS.replace("Annual", "none"))
    assert kept(landing, lake, "customers") == {"2011-10": CUSTOMERS}
    deliver_month(landing, "transactions", NOVEMBER, LINES)
    assert kept(landing, lake, "customers") == {"2011-10": CUSTOMERS, "2011-11": CUSTOMERS.replace("Annual", "none")}


def test_a_list_that_has_not_changed_is_not_kept_again(landing: Path, lake: Path) -> None:
    kept(landing, lake, "customers")
    deliver_month(landing, "transactions", NOVEMBER, LINES)
    assert kept(landing, lake, "customers") == {"2011-10": CUSTOMERS}


def test_the_first_list_of_articles_belongs_to_the_first_month(landing: Path, lake: Path) -> None:
    assert kept(landing, lake, "products") == {"2011-09": PRODUCTS}
    (landing / "products.csv").write_text(f"{PRODUCTS}C,Cups\n")
    assert kept(landing, lake, "products") == {"2011-09": PRODUCTS, "2011-10": f"{PRODUCTS}C,Cups\n"}


def test_a_list_that_cannot_be_read_is_not_kept(landing: Path, lake: Path) -> None:
    (landing / "customers.csv").write_text(CUSTOMERS.replace("plan", "tariff"))
    with pytest.raises(LandingError, match=r"customers.csv has no column 'plan'"):
        kept(landing, lake, "customers")
    assert not (lake / KEPT / "customers").exists()
    (landing / "customers.csv").write_text(CUSTOMERS)
    assert kept(landing, lake, "customers") == {"2011-10": CUSTOMERS}


def test_a_dry_run_knows_the_kept_lists_and_keeps_none(landing: Path, lake: Path) -> None:
    kept(landing, lake, "customers")
    deliver_month(landing, "transactions", NOVEMBER, LINES)
    (landing / "customers.csv").write_text(CUSTOMERS.replace("Annual", "none"))
    with cache_root(lake, is_dry_run=True) as scratch:
        assert list(kept(landing, scratch, "customers")) == ["2011-10", "2011-11"]
    assert [path.name for path in (lake / KEPT / "customers").glob("month=*")] == ["month=2011-10"]
