"""Customers go out of every period and version of a table; everything else of it stays."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.core.month import Month
from jobs.erasure.lake import drop_earlier_versions, erase, trace
from jobs.erasure.marks import Marks
from jobs.lake.arrow import read_rows
from jobs.lake.lake import Lake
from jobs.lake.schemas import arrow_schema
from jobs.lake.tables import TRANSACTIONS, Table, rejected, validation
from jobs.lake.versions import DamagedError, Record
from tests.corner_shop import SHOP
from tests.periods import put

OCTOBER, NOVEMBER = Month(2011, 10), Month(2011, 11)
ID = SHOP.transactions.customer_id
MARKS = Marks(["c1"], SHOP)


def lines(**values: str) -> pa.Table:
    """An order line for each customer, worth an amount."""
    rows = [
        {"customer_id": customer, "net_value": Decimal(value), "ordered_at": datetime(2011, 11, 3, 9, 30, 1, 5, UTC)}
        for customer, value in values.items()
    ]
    return pa.Table.from_pylist(rows, schema=arrow_schema(TRANSACTIONS))


def forget(lake: Lake, table: Table, inputs: Mapping[str, Mapping[str, str]] | None = None) -> int:
    left = trace(table, ["c1"], MARKS, ID)
    assert left is not None
    gone = erase(lake, table, left, inputs or {})
    drop_earlier_versions(lake, table)
    return gone


def record(rows: int, total: str, **inputs: str) -> Record:
    return Record(rows=rows, fingerprint=f"{rows} rows", inputs=inputs, sums={"net_value": total})


@pytest.fixture
def lake(lake: Lake) -> Lake:
    put(lake, TRANSACTIONS, OCTOBER, record(1, "7.0000"), lines(c2="7"))
    put(lake, TRANSACTIONS, NOVEMBER, record(1, "1.0000"), lines(c1="1"))
    put(lake, TRANSACTIONS, NOVEMBER, record(3, "6.5000", landing="a"), lines(c1="1.5", c2="2"), lines(c3="3"))
    return lake


def bytes_of(lake: Lake) -> dict[str, bytes]:
    return {file.path: (Path(lake.root) / file.path).read_bytes() for file in lake.files_of(TRANSACTIONS, [OCTOBER])}


def test_the_rows_go_and_the_record_says_what_is_left(lake: Lake) -> None:
    october = bytes_of(lake)
    assert forget(lake, TRANSACTIONS) == 1
    assert read_rows(lake, TRANSACTIONS, [NOVEMBER]).equals(pa.concat_tables([lines(c2="2"), lines(c3="3")]))
    assert lake.record(TRANSACTIONS, NOVEMBER) == replace(
        record(3, "6.5000", landing="a"), rows=2, sums={"net_value": "5.0000"}
    )
    assert bytes_of(lake) == october
    assert lake.is_current(TRANSACTIONS, NOVEMBER, {"landing": "a"})


def test_no_earlier_version_is_left(lake: Lake) -> None:
    forget(lake, TRANSACTIONS)
    with pytest.raises(DamagedError, match="is missing"):
        read_rows(Lake(lake.root, versions={TRANSACTIONS.name: 2}), TRANSACTIONS, [NOVEMBER])
    files = (Path(lake.root) / TRANSACTIONS.name).rglob("part*.parquet")
    assert {id_ for path in files for id_ in pq.read_table(path)["customer_id"].to_pylist()} == {"c2", "c3"}


def test_a_second_time_changes_nothing(lake: Lake) -> None:
    forget(lake, TRANSACTIONS)
    files = lake.files_of(TRANSACTIONS, [OCTOBER, NOVEMBER])
    assert forget(lake, TRANSACTIONS) == 0
    assert lake.files_of(TRANSACTIONS, [OCTOBER, NOVEMBER]) == files


def test_a_period_without_them_follows_an_input_that_has_changed(lake: Lake) -> None:
    put(lake, TRANSACTIONS, OCTOBER, record(1, "7.0000", landing="old", code="1"), lines(c2="7"))
    assert forget(lake, TRANSACTIONS, {"2011-10": {"landing": "new"}}) == 1
    assert lake.record(TRANSACTIONS, OCTOBER) == record(1, "7.0000", landing="new", code="1")


def test_a_period_of_them_alone_has_no_rows_then(lake: Lake) -> None:
    put(lake, TRANSACTIONS, NOVEMBER, record(1, "1.5000"), lines(c1="1.5"))
    assert forget(lake, TRANSACTIONS) == 1
    assert lake.is_intact(TRANSACTIONS, NOVEMBER)
    assert read_rows(lake, TRANSACTIONS, [NOVEMBER]).num_rows == 0


def test_rejected_rows_stay_without_what_was_delivered(lake: Lake) -> None:
    table = rejected(TRANSACTIONS)
    raws = [
        {ID: "c1", "Price": "x"},
        {ID: "c2", "Price": "c1"},
        {"malformed_line": "A,c1,3"},
        {"malformed_line": "A,c11,3"},
        {ID: None},
        {"erased": True},
        {"an earlier name": "c1"},
    ]
    rows = [{"source_file": "f", "raw": json.dumps(raw), "rejected_for": ["why"]} for raw in raws]
    put(lake, table, NOVEMBER, Record(rows=7, fingerprint="f"), pa.Table.from_pylist(rows, arrow_schema(table)))
    assert forget(lake, table) == 3
    nothing = {"erased": True}
    kept = read_rows(lake, table, [NOVEMBER])
    assert list(map(json.loads, kept["raw"].to_pylist())) == [nothing, raws[1], nothing, *raws[3:6], nothing]
    assert kept["rejected_for"].to_pylist() == [["why"]] * 7
    assert lake.record(table, NOVEMBER) == Record(rows=7, fingerprint="f")


def test_files_of_an_earlier_release_keep_their_columns(lake: Lake) -> None:
    """Nothing rewrites what an earlier release has written with fewer columns."""
    fewer = lines(c1="1.5", c2="2").drop_columns(["units"])
    put(lake, TRANSACTIONS, NOVEMBER, replace(record(2, "3.5000"), sums={"net_value": "3.5000", "units": "0"}), fewer)
    assert forget(lake, TRANSACTIONS) == 1
    [file] = lake.files_of(TRANSACTIONS, [NOVEMBER])
    assert pq.read_table(Path(lake.root) / file.path, partitioning=None).equals(fewer.slice(1))
    assert lake.record(TRANSACTIONS, NOVEMBER).sums == {"net_value": "2.0000", "units": "0"}


def test_a_rule_no_longer_names_them(lake: Lake) -> None:
    table, as_of = validation("inputs"), date(2011, 12, 1)
    examples = [["customer_id=c1, month=3", "customer_id=c2"], ["customer_id=c11"], None]
    rows = [{"rule": str(number), "examples": named} for number, named in enumerate(examples)]
    put(lake, table, as_of, Record(rows=3, fingerprint="f"), pa.Table.from_pylist(rows, arrow_schema(table)))
    assert forget(lake, table) == 1
    assert read_rows(lake, table, [as_of])["examples"].to_pylist() == [[], ["customer_id=c11"], None]
