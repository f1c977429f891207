"""Ingest whole months of one table: delivered files → `clean/<table>` and `rejected/<table>`, without losing a row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from jobs.cleaning.erased import NOBODY, Erased
from jobs.cleaning.flagging import flagged_rows, typed_rows
from jobs.cleaning.margin import valued
from jobs.cleaning.quarantine import REJECTED_FOR, split
from jobs.cleaning.reconciliation import Reconciliation, refuse_unreadable, tally
from jobs.cleaning.transactions import add_department
from jobs.core.month import Month
from jobs.lake import tables
from jobs.lake.frames import read_periods, write_periods
from jobs.lake.lake import Lake
from jobs.lake.versions import Period
from jobs.landing.deliveries import TABLES, ingest_inputs
from jobs.landing.layouts import DatedFiles, Delivery
from jobs.landing.spark_reader import delivered_rows, rows_being_read
from jobs.sources.mapping import Source, TransactionColumns


class IngestError(RuntimeError):
    """Rows were lost between the files and the lake."""


def ingest(
    spark: SparkSession,
    source: Source,
    delivered: Delivery,
    lake: Lake,
    *,
    months: Sequence[Month],
    cache: Path,
    erased: Erased = NOBODY,
) -> Reconciliation:
    """Write whole months of one table, clean and rejected, from all files delivered for them.

    Args:
        spark: the session.
        source: the mapping.
        delivered: what was delivered of the table.
        lake: the lake to write to; it also holds the products that give order lines their departments.
        months: the months to write.
        cache: the folder of copies of delivered files.
        erased: the customers whose rows are refused and not kept.

    Raises:
        LandingError: a file is damaged, lacks a mapped column, or has no readable row.
        IngestError: a row was lost.
    """
    table = TABLES[delivered.table]
    inputs = _inputs(source, delivered, lake, months)
    observation = Observation()
    flagged = erased.refused(_flagged(spark, source, delivered, lake, sorted(months), cache, observation), source)
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


def ingested(source: Source, delivered: Delivery, lake: Lake, *, months: Sequence[Month]) -> int | None:
    """The number of clean and rejected rows, if the lake is up to date with this delivery; None if it is not."""
    table = TABLES[delivered.table]
    halves = [(half, month) for half in (table, tables.rejected(table)) for month in months]
    if not all(lake.is_complete(half, month) for half, month in halves):
        return None
    inputs = _inputs(source, delivered, lake, months)
    if not all(lake.is_current(half, month, inputs[month]) for half, month in halves):
        return None
    return sum(lake.record(half, month).rows for half, month in halves)


def _inputs(source: Source, delivered: Delivery, lake: Lake, months: Sequence[Month]) -> dict[Period, dict[str, str]]:
    """The fingerprints of each month's inputs; order lines also depend on the month's products."""
    inputs: dict[Period, dict[str, str]] = {month: ingest_inputs(source, delivered, month) for month in months}
    if isinstance(source.tables[delivered.table], TransactionColumns):
        for month, listed in _products_of(source, lake, months).items():
            inputs[month]["products"] = lake.record(tables.PRODUCTS, listed).fingerprint
    return inputs


def _products_of(source: Source, lake: Lake, months: Sequence[Month]) -> dict[Month, Month]:
    """Month → the month of its list of products, the newest that is not later; only of months that have one."""
    if source.products is None:
        return {}
    newest = {month: lake.newest(tables.PRODUCTS, month) for month in months}
    return {month: listed for month, listed in newest.items() if listed is not None}


def _flagged(
    spark: SparkSession,
    source: Source,
    delivered: Delivery,
    lake: Lake,
    months: Sequence[Month],
    cache: Path,
    observation: Observation,
) -> DataFrame:
    """The flagged rows of the months; `observation` counts all rows of the files in the same pass."""
    columns = source.tables[delivered.table]
    rows = delivered_rows(
        spark,
        delivered.files_of(months),
        source,
        columns,
        by_month=not isinstance(delivered, DatedFiles),
        cache=cache,
        older_lists=delivered.older_lists,
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
        products = _products_of(source, lake, months)
        lists = read_periods(spark, lake, tables.PRODUCTS, sorted(set(products.values())))
        with_department = add_department(requested, lists, products)
        flagged = valued(flagged_rows(with_department, source, columns), source)
    else:
        flagged = flagged_rows(requested, source, columns)
    return flagged.select(*TABLES[delivered.table].names, "month", "source_file", "raw", REJECTED_FOR)
