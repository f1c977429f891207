from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.core.month import Month
from jobs.lake.lake import Lake
from jobs.landing.cache import Kept
from jobs.landing.file_checks import LandingError
from jobs.landing.layouts import Delivery
from jobs.sources import load
from jobs.sources.mapping import CustomerColumns, Source, TransactionColumns
from tests.ingesting import deliveries_of

SHOP = Source(
    name="Corner shop",
    currency="EUR",
    transactions=TransactionColumns(customer_id="who", ordered_at="when", amount="paid"),
    customers=CustomerColumns(customer_id="who", signup_on="since"),
)
HEADER = "who,when,paid\n"
NOVEMBER = Month(2011, 11)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def deliver(landing: Path, lake: Lake, text: str, source: Source = SHOP) -> Delivery:
    """Deliver transactions as one CSV file."""
    (landing / "transactions.csv").write_text(HEADER + text, encoding="utf-8")
    return deliveries_of(source, landing, lake)["transactions"]


def month_folder(landing: Path, table: str, month: str, *, complete: bool = True) -> Path:
    """Deliver one row in a month's folder."""
    folder = landing / table / f"month={month}"
    folder.mkdir(parents=True)
    (folder / "part.csv").write_text(f"who,when,paid,since\na,{month}-05,1,2011-01-01\n")
    if complete:
        (folder / "_SUCCESS").touch()
    return folder


@pytest.mark.parametrize(
    ("days", "last_closed"),
    [
        (["2011-10-05", "2011-11-29", "2011-11-30 23:59:59"], "2011-10"),
        (["2011-10-05", "2011-12-01", "2011-12-02"], "2011-11"),
        (["2011-10-05", "2011-11-05", "2011-11-07", "2011-12-31", "2011-12-31 10:00"], "2011-10"),
        (["2011-10-05", "2011-11-05", "2011-12-31", "2012-01-02"], "2011-11"),
        (["2011-10-05", "2011-10-06", "2011-11-01"], "2011-09"),
    ],
)
def test_a_month_of_a_file_is_closed_by_rows_of_two_later_days(
    landing: Path, lake: Lake, days: list[str], last_closed: str
) -> None:
    delivered = deliver(landing, lake, "".join(f"a,{day},1\n" for day in days))
    assert (delivered.first, str(delivered.last_closed)) == (Month(2011, 10), last_closed)


def test_a_month_folder_counts_once_it_is_complete(landing: Path, lake: Lake) -> None:
    for month in ("2011-10", "2011-11"):
        month_folder(landing, "transactions", month)
    month_folder(landing, "transactions", "2011-12", complete=False)

    delivered = deliveries_of(SHOP, landing, lake)["transactions"]

    assert (delivered.first, delivered.last_closed) == (Month(2011, 10), NOVEMBER)
    assert delivered.files_of([NOVEMBER]) == [landing / "transactions/month=2011-11/part.csv"]
    with pytest.raises(
        LandingError, match=r"transactions of 2011-12 .* no _SUCCESS. Complete months: 2011-10 to 2011-11"
    ):
        delivered.files_of([Month(2011, 12)])


def test_lists_of_customers_belong_to_the_months_they_were_delivered_for(landing: Path, lake: Lake) -> None:
    month_folder(landing, "transactions", "2011-10")
    for month in ("2011-08", "2011-10"):
        month_folder(landing, "customers", month)

    customers = deliveries_of(SHOP, landing, lake)["customers"]

    assert customers.months == [Month(2011, 8), Month(2011, 10)]
    months = Month(2011, 7).through(NOVEMBER)
    assert [[path.parent.name for path in customers.files_of([month])] for month in months] == [
        [],
        ["month=2011-08"],
        [],
        ["month=2011-10"],
        [],
    ]


def test_a_landing_may_be_the_file_itself_or_a_folder_with_files_of_any_name(landing: Path, lake: Lake) -> None:
    file = landing / "export.csv"
    file.write_text(HEADER + "a,2011-11-05,1\n")

    assert list(deliveries_of(SHOP, file, lake)) == ["transactions"]
    assert deliveries_of(SHOP, landing, lake)["transactions"].files_of([NOVEMBER]) == [file]


def test_only_the_files_that_hold_a_month_are_read_for_it(landing: Path, lake: Lake) -> None:
    folder = landing / "transactions"
    folder.mkdir()
    (folder / "autumn.csv").write_text(HEADER + "a,2011-10-05,1\na,2011-11-05,1\n")
    (folder / "winter.csv").write_text(HEADER + "a,2011-12-05,1\nb,2011-11-06,1\nb,when?,1\n")
    (folder / "spring.csv").write_text(HEADER + "a,2012-03-05,1\n")

    delivered = deliveries_of(SHOP, landing, lake)["transactions"]

    months = (Month(2011, 10), NOVEMBER, Month(2011, 12), Month(2012, 1), Month(2012, 3))
    assert [[path.stem for path in delivered.files_of([month])] for month in months] == [
        ["autumn", "winter"],  # the row without a readable time is filed under the first month
        ["autumn", "winter"],
        ["winter"],
        [],
        ["spring"],
    ]


def test_a_growing_file_changes_no_earlier_month_and_neither_does_the_order_of_its_rows(
    landing: Path, lake: Lake
) -> None:
    rows = ["a,2011-10-05,1\n", "b,2011-10-06,2\n", "a,2011-11-05,3\n"]
    before = deliver(landing, lake, "".join(rows))
    grown = deliver(landing, lake, "".join([*reversed(rows), "c,2011-12-05,4\n"]))
    restated = deliver(landing, lake, "".join([*rows[:2], "a,2011-11-05,3.01\n", "c,2011-12-05,4\n"]))

    october, november = Month(2011, 10), NOVEMBER
    assert grown.fingerprint(october) == before.fingerprint(october) == restated.fingerprint(october)
    assert grown.fingerprint(november) == before.fingerprint(november) != restated.fingerprint(november)


def test_repeated_and_swapped_rows_change_the_fingerprint(landing: Path, lake: Lake) -> None:
    texts = ["a,2011-10-05,1\n", "a,2011-10-05,1\n" * 2, "a,2011-10-05,1\n" * 3, "b,2011-10-05,1\n", "1,2011-10-05,a\n"]

    assert len({deliver(landing, lake, text).fingerprint(Month(2011, 10)) for text in texts}) == len(texts)


def test_what_is_known_of_a_file_is_remembered_by_its_bytes_and_mapping(landing: Path, lake: Lake) -> None:
    text = "a,05.11.2011,1\na,06.12.2011,1\n"
    german = replace(SHOP, time_formats=("%d.%m.%Y",))
    american = replace(SHOP, time_formats=("%m.%d.%Y",))

    assert deliver(landing, lake, text, german).months == [NOVEMBER, Month(2011, 12)]
    assert deliver(landing, lake, text, german).months == [NOVEMBER, Month(2011, 12)]
    assert deliver(landing, lake, text, american).months == [Month(2011, 5), Month(2011, 6)]
    assert len(list(Kept.in_folder(lake.root).cache.glob("*.json"))) == 2


def test_slips_of_the_pen_are_not_history_but_a_long_pause_is(landing: Path, lake: Lake) -> None:
    year = [f"a,2011-{month:02d}-{day:02d},1\n" for month in range(1, 13) for day in (5, 6)] * 50

    slips = deliver(landing, lake, "".join([*year, "a,1901-01-01,1\n", "a,2099-01-01,1\n"]))
    pause = deliver(landing, lake, "".join([*year, "a,2005-01-01,1\n" * 2]))

    assert (slips.first, slips.last_closed) == (Month(2011, 1), NOVEMBER)
    assert pause.first == Month(2005, 1)


def test_online_retail_ii_is_closed_up_to_november(online_retail_ii: Path, lake: Lake) -> None:
    delivered = deliveries_of(load("online_retail_ii"), online_retail_ii, lake)

    assert list(delivered) == ["transactions"]
    transactions = delivered["transactions"]
    assert (transactions.first, transactions.last_closed) == (Month(2009, 12), NOVEMBER)
    assert transactions.months == Month(2009, 12).through(Month(2011, 12))


def test_workbooks_are_read_with_all_their_sheets_and_copied_once(landing: Path, lake: Lake) -> None:
    with pd.ExcelWriter(landing / "transactions.xlsx") as book:
        for sheet, day in (("one", "2011-10-05"), ("two", "2011-12-05")):
            frame = pd.DataFrame({"who": [13085, None, "C7"], "when": pd.to_datetime([day] * 3), "paid": [1, 2.5, 3]})
            frame.to_excel(book, sheet_name=sheet, index=False)

    delivered = deliveries_of(SHOP, landing, lake)["transactions"]
    copies = {path: path.stat().st_mtime_ns for path in Kept.in_folder(lake.root).cache.glob("*.parquet")}
    again = deliveries_of(SHOP, landing, lake)["transactions"]

    assert delivered == again
    assert delivered.months == [Month(2011, 10), Month(2011, 12)]
    assert {path: path.stat().st_mtime_ns for path in Kept.in_folder(lake.root).cache.glob("*.parquet")} == copies
    (copy,) = copies
    table = pq.read_table(copy)
    assert table["when"].type == pa.timestamp("us")
    assert table.drop_columns("when").slice(0, 3).to_pylist() == [
        {"who": "13085", "paid": "1", "sheet": "one"},
        {"who": None, "paid": "2.5", "sheet": "one"},
        {"who": "C7", "paid": "3", "sheet": "one"},
    ]
    assert table["sheet"].to_pylist() == ["one"] * 3 + ["two"] * 3
