"""Ingest in the tests' own process: what `spark-submit jobs/ingest.py` does, without its command line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs.cleaning.ingestion import ingest
from jobs.cleaning.reconciliation import Reconciliation
from jobs.core.month import Month
from jobs.lake import tables
from jobs.lake.frames import read_periods
from jobs.lake.lake import Lake
from jobs.lake.tables import Table
from jobs.landing.cache import Kept
from jobs.landing.deliveries import TABLES, dated, deliveries, keep_lists
from jobs.landing.layouts import Delivery
from jobs.sources.mapping import Source


def deliveries_of(source: Source, landing: Path, lake: Lake) -> dict[str, Delivery]:
    """What lies in a landing place, and the lists that a lake in a folder keeps."""
    return deliveries(source, landing, Kept.in_folder(lake.root))


def ingest_all(
    spark: SparkSession, source: Source, landing: Path, lake: Lake, as_of: date, months: Sequence[Month] | None = None
) -> dict[str, Reconciliation]:
    """Ingest the months of every delivered table, all up to `as_of` by default; what became of the rows, by table."""
    delivered = keep_lists(dated(deliveries_of(source, landing, lake)))
    last = Month.before(as_of)
    months = months or delivered["transactions"].first.through(last)
    lists = {table: [month for month in delivered[table].months if month <= last] for table in delivered}
    return {
        table: ingest(
            spark,
            source,
            delivered[table],
            lake,
            months=months if delivered[table].has_times else lists[table],
            cache=Kept.in_folder(lake.root).cache,
        )
        for table in TABLES
        if table in delivered
    }


def stored(spark: SparkSession, lake: Lake, table: Table) -> list[tuple[str | None, ...]]:
    """All rows of a table in the lake with their period, every value as text, sorted."""
    rows = read_periods(spark, lake, table, lake.periods(table))
    texts = rows.select(*(F.col(name).cast("string") for name in rows.columns)).collect()
    return sorted((tuple(row) for row in texts), key=str)


def rejected(spark: SparkSession, lake: Lake, clean: Table) -> list[tuple[str, str, dict[str, str], list[str]]]:
    """Month, file, delivered row and reasons of everything that was refused entry to a clean table, sorted."""
    rows = read_periods(spark, lake, tables.rejected(clean), lake.periods(tables.rejected(clean))).collect()
    return sorted(((row.month, row.source_file, json.loads(row.raw), row.rejected_for) for row in rows), key=str)
