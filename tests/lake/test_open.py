"""Other tools read a table of the lake: each version of it, with the comments of its columns."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import polars as pl
import pyarrow as pa
import pytest
from deltalake import DeltaTable
from pyarrow.fs import FileSelector

from jobs.core.month import Month
from jobs.features.table import features
from jobs.lake.lake import Lake
from jobs.lake.schemas import arrow_schema, delta_schema
from jobs.lake.tables import DAILY, REJECTED_COLUMNS, TRANSACTIONS, Table, rejected
from jobs.lake.versions import Record
from jobs.planning.lake_tables import tables_of_run
from tests.periods import put

OCTOBER, NOVEMBER = Month(2011, 10), Month(2011, 11)


def days(*values: str) -> pa.Table:
    rows = [{"customer_id": "c1", "department": "(all)", "net_value": Decimal(value)} for value in values]
    return pa.Table.from_pylist(rows, schema=arrow_schema(DAILY))


@pytest.fixture
def lake(lake: Lake) -> Lake:
    put(lake, DAILY, OCTOBER, Record(rows=2, fingerprint="1"), days("1.50", "2.25"))
    put(lake, DAILY, NOVEMBER, Record(rows=1, fingerprint="2"), days("4"))
    put(lake, DAILY, NOVEMBER, Record(rows=1, fingerprint="3"), days("5"))
    return lake


def test_polars_reads_a_table_and_any_version_of_it(lake: Lake) -> None:
    path = f"{lake.root}/{DAILY.name}"
    by_month = pl.scan_delta(path).group_by("month").agg(pl.col("net_value").sum()).sort("month").collect()
    assert by_month.rows() == [("2011-10", Decimal("3.7500")), ("2011-11", Decimal("5.0000"))]
    before = pl.scan_delta(path, version=2).select(pl.col("net_value").sum()).collect()
    assert before.item() == Decimal("7.7500")


def test_duckdb_reads_a_table(lake: Lake) -> None:
    daily = DeltaTable(f"{lake.root}/{DAILY.name}").to_pyarrow_dataset()
    assert daily is not None
    rows = duckdb.sql("SELECT month, sum(net_value) FROM daily GROUP BY month ORDER BY month").fetchall()
    assert rows == [("2011-10", Decimal("3.7500")), ("2011-11", Decimal("5.0000"))]


def test_every_column_has_its_comment_and_every_table_its_grain(lake: Lake) -> None:
    table = DeltaTable(f"{lake.root}/{DAILY.name}")
    comments = {field.name: field.metadata["comment"] for field in table.schema().fields}
    assert comments == {column.name: column.comment for column in DAILY.columns} | {
        "month": "The period that the row belongs to"
    }
    assert (table.metadata().name, table.metadata().description) == (DAILY.name, DAILY.grain)


@pytest.mark.parametrize("table", tables_of_run(features(("grocery",))), ids=lambda table: table.name)
def test_every_table_of_a_run_has_the_same_types_in_arrow_and_in_delta(table: Table) -> None:
    fields = [(field.name, field.type.to_json()) for field in delta_schema(table).fields]
    assert [name for name, _ in fields] == [*table.names, table.period_key]
    assert arrow_schema(table).names == table.names


def test_a_column_that_a_release_adds_is_null_in_older_periods(lake: Lake) -> None:
    older = Table("clean/things", "a thing", "month", REJECTED_COLUMNS[:2])
    newer = Table("clean/things", "a thing", "month", REJECTED_COLUMNS)
    put(lake, older, OCTOBER, Record(rows=2, fingerprint="1"))
    put(lake, newer, NOVEMBER, Record(rows=1, fingerprint="2"))
    read = pl.read_delta(f"{lake.root}/{newer.name}")
    assert read.columns == [*newer.names, "month"]
    assert read["rejected_for"].null_count() == 3
    assert lake.record(newer, OCTOBER).rows == 2


def test_records_are_there_when_the_log_has_been_shortened_to_checkpoints(lake: Lake) -> None:
    """A log is read from its newest checkpoint on: the versions before it stay."""
    for number in range(110):
        put(lake, DAILY, NOVEMBER, Record(rows=0, fingerprint=str(number)))
    version = lake.version(DAILY)
    assert version is not None
    assert any(
        info.path.endswith(".checkpoint.parquet")
        for info in lake.files.get_file_info(FileSelector(f"{DAILY.name}/_delta_log"))
    )
    assert lake.record(DAILY, OCTOBER).fingerprint == "1"
    assert lake.record(DAILY, NOVEMBER).fingerprint == "109"
    assert Lake(lake.root, versions={DAILY.name: 2}).record(DAILY, NOVEMBER).fingerprint == "2"
    assert lake.periods(rejected(TRANSACTIONS)) == []
