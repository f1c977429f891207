from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from jobs.core.month import Month
from jobs.lake import tables
from jobs.lake.frames import read_periods
from jobs.lake.lake import Lake
from jobs.simulate import main
from jobs.simulation.deliveries import Shop
from jobs.simulation.population import CHUNK_CUSTOMERS
from jobs.simulation.shop import simulate
from jobs.sources import load
from tests.ingesting import ingest_all

SHOP = Shop(customers=400, months=14, seed=1, end=Month(2011, 11))


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("simulated") / "shop"
    simulate(SHOP, out)
    return out


def test_a_shop_delivers_every_table_and_the_truth_of_the_months_that_exist(shop: Path) -> None:
    months = [str(month) for month in Month(2010, 10).through(Month(2011, 11))]

    actual = files_of(shop)

    assert sorted(actual) == sorted(
        [
            "products.csv",
            *(f"customers/month={month}/{file}" for month in months for file in ("_SUCCESS", "part-00000.csv.gz")),
            *(f"truth/as_of={month}-01.parquet" for month in ("2010-12", "2011-06", "2011-09", "2011-11", "2011-12")),
            *(f"transactions/month={month}/{file}" for month in months for file in ("_SUCCESS", "part-00000.csv.gz")),
            *(f"sessions/month={month}/{file}" for month in months for file in ("_SUCCESS", "part-00000.csv.gz")),
        ]
    )


def test_the_same_arguments_write_the_same_bytes_and_another_seed_does_not(shop: Path, tmp_path: Path) -> None:
    arguments = ["--customers", "400", "--months", "14", "--end", "2011-11", "--out"]

    main([*arguments, str(tmp_path / "again"), "--seed", "1"])
    main([*arguments, str(tmp_path / "other"), "--seed", "8"])

    assert files_of(tmp_path / "again") == files_of(shop)
    newest = "customers/month=2011-11/part-00000.csv.gz"
    assert files_of(tmp_path / "other")[newest] != files_of(shop)[newest]


def test_the_number_of_processes_changes_no_byte(tmp_path: Path) -> None:
    two_chunks = Shop(customers=CHUNK_CUSTOMERS + 10, months=2, seed=1, end=Month(2011, 11))

    simulate(two_chunks, tmp_path / "one")
    simulate(two_chunks, tmp_path / "two", processes=2)

    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")
    assert len(list(tmp_path.glob("one/transactions/*/*.gz"))) == 4


def test_what_is_there_is_not_overwritten(shop: Path) -> None:
    with pytest.raises(FileExistsError, match="is not empty: remove it"):
        simulate(SHOP, shop)


def list_of(shop: Path, month: str) -> pd.DataFrame:
    """The accounts as they stood at the end of a month; the copies that dirt adds are among them."""
    return pd.read_csv(shop / f"customers/month={month}/part-00000.csv.gz", dtype=str).dropna(subset=["customer_id"])


def test_memberships_and_cities_change_and_each_month_lists_who_has_signed_up(shop: Path) -> None:
    before, now = (list_of(shop, month).drop_duplicates("customer_id") for month in ("2011-05", "2011-11"))
    assert before.signup_date.str.fullmatch(r"\d{4}-\d{2}-\d{2}").all()
    assert before.signup_date.max() < "2011-06-01" <= now.signup_date.max()
    both = before.merge(now, on="customer_id", suffixes=("_before", "_now"))
    assert len(both) == len(before)
    for attribute in ("membership", "city", "country"):
        changed = both[f"{attribute}_before"] != both[f"{attribute}_now"]
        assert 0.02 < changed.mean() < 0.5, attribute


def test_truth_is_written_of_everybody_who_had_signed_up_and_of_nobody_else(shop: Path) -> None:
    accounts = list_of(shop, "2011-11")
    signed_up = pd.to_datetime(accounts.signup_date, format="%Y-%m-%d", errors="coerce")

    for as_of in ("2010-12-01", "2011-12-01"):
        truth = pd.read_parquet(shop / f"truth/as_of={as_of}.parquet")
        assert set(truth.customer_id) == set(accounts.customer_id[signed_up < as_of])
        assert truth.customer_id.is_unique


def test_the_ingest_keeps_every_true_line_and_refuses_every_kind_of_dirt(
    spark: SparkSession, shop: Path, tmp_path: Path
) -> None:
    lake = Lake(str(tmp_path))

    results = ingest_all(spark, load("simulated_shop"), shop, lake, date(2011, 12, 1))

    true_lines = _lines_without_dirt(shop)
    lines = read_periods(spark, lake, tables.TRANSACTIONS, SHOP.first.through(SHOP.end)).toPandas()
    assert len(lines) == len(true_lines)
    assert float(lines.net_value.sum()) == pytest.approx(true_lines.value.sum(), abs=0.005)
    assert set(lines.department) == set(load("simulated_shop").departments)
    assert results["transactions"].reasons.keys() == {
        "malformed_row", "unreadable_time", "outside_delivery_month", "missing_customer", "unusable_id",
        "unreadable_units", "unreadable_price", "zero_value", "duplicate",
    }  # fmt: skip
    newest = read_periods(spark, lake, tables.CUSTOMERS, [SHOP.end])
    assert newest.count() == newest.select("customer_id").distinct().count() == SHOP.customers
    # The first list of products is that of the first month and of the last closed one.
    assert results["products"].reasons == {"repeated_product": 2}
    assert {"duplicate", "missing_customer", "unreadable_time"} <= results["sessions"].reasons.keys()


def _lines_without_dirt(shop: Path) -> pd.DataFrame:
    """What the shop really sold: the rows before the first spoilt one of each part.

    A part begins with its true lines, sorted by time; dirty lines follow, the first of them a copy of a line above.
    """
    parts = []
    for path in sorted(shop.glob("transactions/*/*.gz")):
        rows = pd.read_csv(path, dtype=str, on_bad_lines="skip")
        rows = rows[~rows.duplicated()]
        parts.append(rows.assign(month=path.parent.name.removeprefix("month=")))
    rows = pd.concat(parts, ignore_index=True)
    value = pd.to_numeric(rows.quantity, errors="coerce") * pd.to_numeric(rows.unit_price, errors="coerce")
    is_true = (
        rows.customer_id.str.fullmatch(r"C\d{7}")
        & rows.ordered_at.str.startswith(tuple(rows.month.unique()))
        & value.between(-1e9, 1e9)
        & (value != 0)
    )
    return rows.assign(value=value)[is_true.fillna(False)]
