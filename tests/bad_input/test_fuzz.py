"""Random rows and random bytes: nothing is lost, nothing is guessed, and only our own errors are raised."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs.cleaning.filing import month_of
from jobs.cleaning.parsing import time
from jobs.core.month import Month
from jobs.lake import tables
from jobs.lake.lake import Lake
from jobs.landing.file_checks import LandingError
from jobs.landing.files import batches, check_columns, schema
from jobs.landing.times import months_of
from tests.bad_input.csv_files import HEADER, line
from tests.bad_input.files import month
from tests.bad_input.kinds import SHOP
from tests.ingesting import ingest_all, rejected, stored

NOVEMBER = Month(2011, 11)
COLUMNS = HEADER.strip().split(",")
REASONS = {
    "malformed_row", "unreadable_time", "outside_delivery_month", "missing_customer", "unusable_id",
    "unreadable_units", "unreadable_price", "unreadable_amount", "zero_value", "duplicate",
}  # fmt: skip
any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
plain_ids = st.text("abcXYZ0189 '\"éß😀-_", min_size=1, max_size=8).filter(str.strip)
clean_amounts = st.decimals(Decimal("-99999.9999"), Decimal("99999.9999"), places=4).map(str)
days = st.dates(min_value=NOVEMBER.first_day, max_value=NOVEMBER.as_of).map(str)
near_times = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["2011-11-05", "2012-02-29", "2011-02-29", "1899-12-31", "2200-12-31", "0000-01-01", "9999-12-31"]),
    st.sampled_from(["", " ", "T", "  ", "\t", "\u00a0"]),
    st.sampled_from(["", "00:00", "10:00:00", "23:59:59.999999999", "24:00:00", "10:00:60", "7:00"]),
    st.sampled_from(["", "Z", "+01:00", "-18:00", "+18:01", "+23:59", "+99:00", "+01:99", " ", "\n", "z"]),
)
compact_times = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["1", "05", "31", "32", "0", " 5", "٥"]),
    st.sampled_from([".", "/"]),
    st.sampled_from(["11", "2", "13", "00"]),
    st.sampled_from([".2011", ".11", ".02011", ".+2011", "/2011"]),
    st.sampled_from(["", " 10:00", " 1:2", " 24:00", " 10:60", "\t", "x"]),
)
random_rows = st.tuples(
    plain_ids | any_text,
    plain_ids | any_text,
    days | near_times | any_text,
    plain_ids | any_text,
    clean_amounts | any_text,
    clean_amounts | any_text,
)
"""The columns of the shop, in their order."""

Value = TypeVar("Value")


def drawn(values: st.SearchStrategy[Value], count: int) -> list[Value]:
    """Random values, the same each time, as a list that Spark reads at once: one by one would take hours."""
    values_drawn: list[Value] = []

    @settings(max_examples=count, derandomize=True, database=None, phases=[Phase.generate], deadline=None)
    @given(value=values)
    def collect(value: Value) -> None:
        values_drawn.append(value)

    collect()
    return values_drawn


def test_every_random_row_is_found_once_and_clean_values_are_those_that_were_written(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = drawn(random_rows, 500)
    root = tmp_path_factory.mktemp("fuzz")
    lake = Lake(str(root / "lake"))
    with (month(root / "landing") / "rows.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(["row", *COLUMNS])
        writer.writerows([f"row {number}", *row] for number, row in enumerate(rows))

    result = ingest_all(spark, replace(SHOP, transactions=numbered()), root / "landing", lake, NOVEMBER.as_of)

    refused = rejected(spark, lake, tables.TRANSACTIONS)
    clean = stored(spark, lake, tables.TRANSACTIONS)
    written = Counter([raw["row"] for _, _, raw, _ in refused] + [str(row[1]) for row in clean])
    assert written == Counter(f"row {number}" for number in range(len(rows)))
    assert result["transactions"].clean + result["transactions"].rejected == result["transactions"].read == len(rows)
    assert all(why and set(why) <= REASONS for _, _, _, why in refused)
    for customer, number, at, product, _, units, value, is_return, _ in clean:
        _, sku, when, who, qty, price = rows[int(str(number).removeprefix("row "))]
        worth = to_four_decimals(to_four_decimals(Decimal(qty)) * to_four_decimals(Decimal(price)))
        assert (customer, product) == (who, sku if sku.strip(" \t\r\n\u00a0\u200b\u202f\u3000\ufeff") else None)
        assert when.strip(" ")[:10] == str(at)[:10] or when.strip(" ")[10:]  # an offset may change the day
        assert Decimal(str(value)) == worth
        assert abs(Decimal(str(units))) == abs(to_four_decimals(Decimal(qty)))
        assert (is_return == "true") == (Decimal(str(value)) < 0)


def to_four_decimals(number: Decimal) -> Decimal:
    return number.quantize(Decimal("0.0001"), ROUND_HALF_UP)


def numbered() -> object:
    """The shop's columns, with the number of the row for its order."""
    return replace(SHOP.transactions, order_id="row")


def test_months_of_random_times_are_read_without_spark_as_with_it(spark: SparkSession) -> None:
    texts = drawn(near_times | compact_times | any_text, 1500)
    declared = [(), ("%d.%m.%Y",), ("%d.%m.%Y %H:%M", "%d/%m/%Y")]
    sources = [replace(SHOP, time_formats=formats, timezone="Europe/Berlin") for formats in declared]
    rows = spark.createDataFrame(list(enumerate(texts)), "i int, text string").orderBy("i")

    read = rows.select([month_of(time(F.col("text"), source)).alias(str(source.time_formats)) for source in sources])

    for source, months in zip(sources, read.toPandas().to_numpy().T, strict=True):
        with_spark = [month if month and "1900-01" <= month <= "2200-12" else "NaT" for month in months]
        without = [str(month) for month in months_of(pa.array(texts, pa.string()), source)]
        assert {*zip(texts, without, strict=True)} == {*zip(texts, with_spark, strict=True)}


VALID = (HEADER + "".join(line(f"article {number}", str(number)) for number in range(30))).encode()
mutations = st.lists(
    st.tuples(
        st.integers(0, len(VALID)),
        st.integers(0, 40),
        st.binary(max_size=8) | st.sampled_from([b'"', b"\n", b"\r", b",", b"\0", b"\xff\xfe", b'","', b";"]),
    ),
    min_size=1,
    max_size=6,
)


# pyarrow decodes a line it cannot parse before it asks our handler, and warns where the line is not UTF-8.
@pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <function _csv_batches:pytest.PytestUnraisableExceptionWarning"
)
@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(mutations=mutations)
def test_random_bytes_are_refused_with_our_errors_or_read_to_the_end(
    mutations: list[tuple[int, int, bytes]], tmp_path: Path
) -> None:
    content = VALID
    for at, length, put in mutations:
        content = content[:at] + put + content[at + length :]
    file = tmp_path / "part.csv"
    file.write_bytes(content)

    read, refusal = 0, None
    try:
        check_columns(file, schema(file, SHOP), SHOP.transactions, SHOP)
        read = sum(batch.num_rows for batch in batches(file, SHOP))
    except LandingError as error:
        refusal = str(error)

    assert refusal is None or str(file) in refusal
    assert read <= content.count(b"\n") + content.count(b"\r")
