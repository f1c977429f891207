from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from jobs.cleaning.row_values import LONGEST_TEXT, text_of
from jobs.cleaning.rows import Delivered, clean_transactions
from jobs.core.month import Month
from jobs.core.refusal import RefusedError
from jobs.core.value_basis import MARGIN
from jobs.sources.mapping import Source, TransactionColumns
from tests.bad_input.kinds import GOOD, SHOP
from tests.bad_input.table import ROWS
from tests.cleaning.both_paths import batch, each, plain, spark_rows, whole_months
from tests.conftest import ROOT

Texts = Mapping[str, str | None]

NOVEMBER = Month(2011, 11)
FOLDER = Delivered(first=NOVEMBER, last=NOVEMBER, month=NOVEMBER, products={})
LINE = {**GOOD["transactions"].delivered}
KNOWN = ["", " ", None, *(row.get(name) for kind in ROWS for row in kind.rows for name in LINE if name in row)]
"""Every text that the bad input of other tests holds, for any column."""

AMOUNTS = Source(
    name="Amounts",
    currency="EUR",
    transactions=TransactionColumns(
        customer_id="who", ordered_at="when", amount="price", units="qty", product_id="sku", department="aisle",
        margin="kept",
    ),
    margin_rates={"toys": 0.333333, "books": -0.1},
    time_formats=(
        "%d/%m/%Y %H:%M", "%Y%m%d", "%b %d, %Y", "%d %B %Y %I:%M %p", "%Y%m%d%H%M%S", "%Y-%m-%d %H:%M:%S.%f %z",
    ),
    timezone="Europe/Berlin",
    ids_as_floats=True,
)  # fmt: skip
AMOUNT = {"who": "c1", "when": "2011-11-05", "price": "2.5", "qty": "1", "sku": "7.0", "aisle": "toys", "kept": "1.1"}
TIMES = [
    "05/11/2011 10:30", "5/11/2011 1:05", "31/11/2011 10:00", "05/11/2011 24:00", "005/11/2011 10:00", "05/11/11 10:00",
    "20111105", "20111131", "2011115", "Nov 5, 2011", "nov 05, 2011", "NOV 5, 2011", "Nov  5, 2011", "Feb 29, 2012",
    "Feb 29, 2011", "5 November 2011 10:30 PM", "5 November 2011 12:00 am", "5 november 2011 13:00 PM",
    "5 Nov 2011 10:30 PM", "5 November 2011 0:30 AM", "20111105103000", "20111105 103000",
    "2011-11-05 10:30:00.5 +0100",
    "2011-11-05 10:30:00.123456 -0530", "2011-11-30 23:30:00.0 -0100", "2011-11-05 10:30:00.5 +01:00",
    "2011-11-05 10:30:00.5 Z", "2011-11-05T10:00Z", "2011-11-05 10:00:00.123456789", "2011-11-05T10:00+14:30",

    "2011-03-27T01:30:00Z", "2011-10-30T00:30:00Z", "2011-10-30T01:30:00Z", "2011-11-05 10", "2011-11-05 ",
    " 2011-11-05",
    "2011-11-05\n", "2011-11-05T10:00:00.Z", "2011-11-05 10:00Z", "0000-01-01", "9999-12-31T23:59:59-05:00",
    "0001-01-01T00:00:00+05:00", "1899-12-31 10:00:00+00:00", "2000-02-29", "1900-02-29", "2011-11-05T10:00:00-00:00",
]  # fmt: skip
NUMBERS = [
    "1e37", "0e37", "0e38", "0e50", "1e-999", "1e999", ".5", "5.", "-.5e1", "99999999999999.99994",
    "99999999999999.99995",
    "0.00005", "-0.00005", "0.00004999", "-0", "+ 1", "1 ", "\t1\n", "1\u00a0", "1\u0085", "١", "1e+2",
    "1E02", "0" * 41,
    "0" * 40 + ".5", "1" + "0" * 39 + "e-38", "1e1000", "NaN", "-Infinity", "1_0", "0x1", "1d", "1f",
]  # fmt: skip
IDS = [
    "13085.0",
    "13085.00",
    "1.50",
    "13085.0\n",
    "x" * 200,
    "x" * 190,
    "😀" * 101,
    "a\u2029",
    "\u200b",
    "a\u200bb",
    "0.0",
]

text = st.one_of(
    st.sampled_from(TIMES + NUMBERS + IDS),
    st.sampled_from(KNOWN),
    st.text(st.characters(codec="utf-8"), max_size=8),
    st.from_regex(r"[+-]?[0-9]{0,16}(\.[0-9]{0,6})?([eE][+-]?[0-9]{1,2})?", fullmatch=True),
    st.datetimes().map(str),
)


@pytest.mark.parametrize("delivered", [FOLDER, whole_months("2011-10", "2011-12")], ids=["folders", "dated files"])
def test_every_kind_of_bad_input_becomes_what_the_batch_makes_of_it(spark: SparkSession, delivered: Delivered) -> None:
    rows: list[Texts] = [{**LINE, **{name: value for name, value in row.items() if name in LINE}} for kind in ROWS
            if kind.table == "transactions" for row in kind.rows]  # fmt: skip
    rows += [row for column in LINE for row in each(KNOWN + NUMBERS + IDS + TIMES, column, LINE)]
    assert plain(clean_transactions(rows, SHOP, delivered)) == batch(spark_rows(spark, rows, SHOP, delivered))


def test_formats_amounts_and_numeric_ids_are_read_as_in_the_batch(spark: SparkSession) -> None:
    delivered = whole_months("2011-01", "2011-12")
    rows = [row for column in AMOUNT for row in each(TIMES + NUMBERS + IDS + KNOWN, column, AMOUNT)]
    assert plain(clean_transactions(rows, AMOUNTS, delivered)) == batch(spark_rows(spark, rows, AMOUNTS, delivered))


def test_margins_are_those_of_the_batch(spark: SparkSession) -> None:
    delivered = whole_months("2011-01", "2011-12")
    numbers = [*NUMBERS, "-3.3333", "99999999", "0.0001", None]
    rows = [{**AMOUNT, "price": price, "kept": kept, "qty": "2", "aisle": aisle}
            for price in numbers for kept in ("-0.5", "12.34565", None, "x")
            for aisle in ("toys", "books", "?", None)]  # fmt: skip
    by_rate = replace(AMOUNTS, transactions=replace(AMOUNTS.transactions, margin=None))
    for mapping in (AMOUNTS, _with_cost(AMOUNTS), by_rate):
        source = mapping.on(MARGIN)
        assert plain(clean_transactions(rows, source, delivered)) == batch(spark_rows(spark, rows, source, delivered))


def _with_cost(source: Source) -> Source:
    return replace(source, transactions=replace(source.transactions, margin=None, unit_cost="kept"))


def test_departments_come_from_the_newest_list_that_is_not_later(spark: SparkSession) -> None:
    lists = {Month(2011, 2): {"a": "toys", "b": "books"}, Month(2011, 6): {"a": "games"}}
    delivered = whole_months("2011-01", "2011-12", lists)
    rows = [
        {**LINE, "sku": sku, "when": f"2011-{month:02d}-03"} for month in range(1, 13) for sku in ("a", "b", "c", "")
    ]
    assert plain(clean_transactions(rows, SHOP, delivered)) == batch(spark_rows(spark, rows, SHOP, delivered))


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(st.fixed_dictionaries(dict.fromkeys(LINE, text)), min_size=60, max_size=120))
def test_any_text_in_any_column_becomes_what_the_batch_makes_of_it(spark: SparkSession, rows: list[Texts]) -> None:
    delivered = whole_months("2011-10", "2011-12")
    sound = [{**LINE, column: row[column]} for row in rows for column in LINE]
    drawn = [*rows, *sound]
    assert plain(clean_transactions(drawn, SHOP, delivered)) == batch(spark_rows(spark, drawn, SHOP, delivered))


def test_numbers_of_json_are_read_as_the_text_of_a_file() -> None:
    values = [1, 1.0, 2.5, 1e-5, 12345678.9, -1e300, 2.0**53, True, None, "1.0", float("nan"), 10**20]
    assert [text_of(value, "who") for value in values] == [
        "1", "1", "2.5", "1.0E-5", "1.23456789E7", "-1.0E300", "9.007199254740992E15", "true", None, "1.0", "NaN",
        "100000000000000000000",
    ]  # fmt: skip
    typed = clean_transactions([{**LINE, "qty": 2, "price": 1.25, "who": 17.0}], SHOP, FOLDER).lines
    assert typed == clean_transactions([{**LINE, "qty": "2", "price": "1.25", "who": "17"}], SHOP, FOLDER).lines


def test_a_row_without_a_mapped_column_is_refused_by_its_name() -> None:
    with pytest.raises(RefusedError, match="price, order"):
        clean_transactions([{name: LINE[name] for name in LINE if name not in ("price", "order")}], SHOP, FOLDER)


def test_a_list_is_no_value() -> None:
    with pytest.raises(RefusedError, match="who is a list"):
        clean_transactions([{**LINE, "who": ["c1"]}], SHOP, FOLDER)


@pytest.mark.parametrize("value", ["x" * (LONGEST_TEXT + 1), 10**LONGEST_TEXT], ids=["text", "number"])
def test_a_text_of_more_than_a_thousand_characters_is_no_value(value: object) -> None:
    clean_transactions([{**LINE, "note": "x" * LONGEST_TEXT}], SHOP, FOLDER)
    with pytest.raises(RefusedError, match="note has 2,001 characters: deliver 2,000 at most"):
        clean_transactions([{**LINE, "note": value}], SHOP, FOLDER)


def test_spark_is_not_imported() -> None:
    program = "import sys, jobs.cleaning.rows; print({'pyspark', 'py4j'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "set()"
