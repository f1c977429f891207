"""Ingest whole months of one table: delivered files → `clean/<table>` and `rejected/<table>`, without losing a row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from jobs.cleaning.flagging import flagged_rows, typed_rows
from jobs.cleaning.margin import valued
from jobs.cleaning.quarantine import REJECTED_FOR, split
from jobs.cleaning.reconciliation import Reconciliation, refuse_unreadable, tally
from jobs.cleaning.transactions import add_department
from jobs.core.month import Month
from jobs.lake import tables
from jobs.lake.frames import read_periods, write_periods
from jobs.lake.lake import Lake, Period
from jobs.landing.cache import CACHE
from jobs.landing.deliveries import TABLES, ingest_inputs
from jobs.landing.layouts import DatedFiles, Delivery, MonthFolders
from jobs.landing.spark_reader import delivered_rows, rows_being_read
from jobs.sources.mapping import Source, TransactionColumns


class IngestError(RuntimeError):
    """Rows were lost between the files and the lake."""


def ingest(
    spark: SparkSession, source: Source, delivered: Delivery, lake: Lake, *, months: Sequence[Month], as_of: date
) -> Reconciliation:
    """Write whole months of one table, clean and rejected, from all files delivered for them.

    Args:
        spark: the session.
        source: the mapping.
        delivered: what was delivered of the table.
        lake: the lake to write to; it also holds the products that give order lines their departments.
        months: the months to write; a table without times is written to the data month only.
        as_of: the first day after the data month.

    Raises:
        LandingError: a file is damaged, lacks a mapped column, or has no readable row.
        IngestError: a row was lost.
    """
    table = TABLES[delivered.table]
    written = _written(delivered, months, as_of)
    inputs = _inputs(source, delivered, lake, written, as_of)
    observation = Observation()
    flagged = _flagged(spark, source, delivered, lake, written, as_of, observation)
    flagged.persist()  # read by the tally and by both writers
    try:
        with rows_being_read():
            combinations = tally(flagged)
        # Spark drops the observation from an empty plan, and then cannot return it.
        counted = observation.get if combinations else {"in_files": 0, "read": 0}
        result = Reconciliation.of(combinations, **counted)
        refuse_unreadable(flagged, delivered.table, result)
        halves = split(flagged, table)
        rejected = write_periods(halves.rejected, lake, tables.rejected(table), inputs)
        clean = write_periods(halves.clean, lake, table, inputs)
    finally:
        flagged.unpersist()
    stored = tuple(sum(record.rows for record in half.values()) for half in (clean, rejected))
    if stored != (result.clean, result.rejected) or sum(stored) != result.read:
        raise IngestError(f"{table.name}: {result.read} rows were read, but {stored} are stored as clean and rejected")
    return result


def ingested(source: Source, delivered: Delivery, lake: Lake, *, months: Sequence[Month], as_of: date) -> int | None:
    """The number of clean and rejected rows, if the lake is up to date with this delivery; None if it is not."""
    table, written = TABLES[delivered.table], _written(delivered, months, as_of)
    halves = [(half, month) for half in (table, tables.rejected(table)) for month in written]
    if not all(lake.is_complete(half, month) for half, month in halves):
        return None
    inputs = _inputs(source, delivered, lake, written, as_of)
    if not all(lake.is_current(half, month, inputs[month]) for half, month in halves):
        return None
    return sum(lake.record(half, month).rows for half, month in halves)


def _written(delivered: Delivery, months: Sequence[Month], as_of: date) -> list[Month]:
    """The months to write: those requested, or only the data month if the table has no times."""
    return sorted(months) if delivered.has_times else [Month.before(as_of)]


def _inputs(
    source: Source, delivered: Delivery, lake: Lake, written: Sequence[Month], as_of: date
) -> dict[Period, dict[str, str]]:
    """The fingerprints of each month's inputs; order lines also depend on the data month's products."""
    products, data_month = {}, Month.before(as_of)
    if isinstance(source.tables[delivered.table], TransactionColumns) and _has_products(source, lake, data_month):
        products = {"products": lake.record(tables.PRODUCTS, data_month).fingerprint}
    return {month: ingest_inputs(source, delivered, month) | products for month in written}


def _has_products(source: Source, lake: Lake, month: Month) -> bool:
    return source.products is not None and lake.is_complete(tables.PRODUCTS, month)


def _flagged(
    spark: SparkSession,
    source: Source,
    delivered: Delivery,
    lake: Lake,
    months: Sequence[Month],
    as_of: date,
    observation: Observation,
) -> DataFrame:
    """The flagged rows of the months; `observation` counts all rows of the files in the same pass."""
    columns = source.tables[delivered.table]
    rows = delivered_rows(
        spark,
        delivered.files_of(months),
        source,
        columns,
        by_month=isinstance(delivered, MonthFolders),
        cache=lake.root / CACHE,
    )
    span = delivered.calendar if isinstance(delivered, DatedFiles) else None
    first, last = (span.first, span.last) if span else (months[0], months[-1])
    is_requested = F.col("month").isin([str(month) for month in months])
    requested = (
        typed_rows(rows, source, columns, first=first, last=last)
        .observe(observation, F.count(F.lit(1)).alias("in_files"), F.count_if(is_requested).alias("read"))
        .filter(is_requested)
    )
    if isinstance(columns, TransactionColumns):
        with_department = add_department(requested, _products(spark, source, lake, Month.before(as_of)))
        flagged = valued(flagged_rows(with_department, source, columns), source)
    else:
        flagged = flagged_rows(requested, source, columns)
    return flagged.select(*TABLES[delivered.table].names, "month", "source_file", "raw", REJECTED_FOR)


def _products(spark: SparkSession, source: Source, lake: Lake, month: Month) -> DataFrame:
    """The products ingested with the data month; empty if the shop delivers none."""
    return read_periods(spark, lake, tables.PRODUCTS, [month] if _has_products(source, lake, month) else [])
