"""Ingest one table: delivered files → `clean/<table>` and `rejected/<table>`, month by month, nothing lost."""

from __future__ import annotations

import argparse
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pyspark.sql import DataFrame, Observation, Row, SparkSession
from pyspark.sql import functions as F

from jobs.cleaning.flagging import flagged_rows, typed_rows
from jobs.cleaning.margin import valued
from jobs.cleaning.quarantine import REJECTED_FOR, split
from jobs.cleaning.transactions import add_department
from jobs.core.month import Month, parse_as_of
from jobs.core.postgres import engine
from jobs.core.settings import Settings
from jobs.core.spark import read_periods, session, write_periods
from jobs.core.task import recorded, run_as_program
from jobs.core.value_basis import add_value_basis
from jobs.lake import tables
from jobs.lake.lake import Lake, Period
from jobs.landing.deliveries import CACHE, TABLES, Delivery, delivery, ingest_inputs
from jobs.landing.files import LandingError
from jobs.landing.spark_reader import delivered_rows, rows_being_read
from jobs.sources import load
from jobs.sources.mapping import Source, TransactionColumns

log = logging.getLogger(__name__)

_UNREADABLE = "unreadable_"


class IngestError(RuntimeError):
    """Rows were lost between the files and the lake."""


@dataclass(frozen=True, kw_only=True)
class Reconciliation:
    """Where the delivered rows went.

    Attributes:
        in_files: rows in the files that were read.
        read: rows of the months asked for; the others are ingested with their own month.
        clean: rows in the clean table.
        rejected: rows in the rejected table.
        reasons: reason → rejected rows; a row counts under each of its reasons.
        clean_value: net value of the clean rows, of tables that have one.
        rejected_value: net value of the rejected rows, as far as it can be read.
    """

    in_files: int
    read: int
    clean: int
    rejected: int
    reasons: Mapping[str, int]
    clean_value: Decimal
    rejected_value: Decimal


def ingest(
    spark: SparkSession, source: Source, delivered: Delivery, lake: Lake, *, months: Sequence[Month], as_of: date
) -> Reconciliation:
    """Write whole months of one table, clean and rejected, from everything that was delivered for them.

    Args:
        spark: the session.
        source: the mapping.
        delivered: what was delivered of the table.
        lake: where to. The departments of order lines come from its articles of the data month.
        months: the months to write; a table without times is filed, as it stands, under the data month alone.
        as_of: the first day after the data month.

    Raises:
        LandingError: a file is damaged, lacks a column that the mapping names, or holds not one row that can be read.
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
            tally = _tally(flagged)
        # Spark leaves the count out of a plan that turns out to be empty, and then cannot return it.
        counted = observation.get if tally else {"in_files": 0, "read": 0}
        result = _reconciliation(tally, **counted)
        _refuse_unreadable(flagged, delivered, result)
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
    """The rows of a table's months, clean and rejected, where the lake holds them as `ingest` would write them now."""
    table, written = TABLES[delivered.table], _written(delivered, months, as_of)
    halves = [(half, month) for half in (table, tables.rejected(table)) for month in written]
    if not all(lake.is_complete(half, month) for half, month in halves):
        return None
    inputs = _inputs(source, delivered, lake, written, as_of)
    if not all(lake.is_current(half, month, inputs[month]) for half, month in halves):
        return None
    return sum(lake.record(half, month).rows for half, month in halves)


def _written(delivered: Delivery, months: Sequence[Month], as_of: date) -> list[Month]:
    """The months to write: those asked for, or the data month alone where the table has no times."""
    return sorted(months) if delivered.has_times else [Month.before(as_of)]


def _inputs(
    source: Source, delivered: Delivery, lake: Lake, written: Sequence[Month], as_of: date
) -> dict[Period, dict[str, str]]:
    """What each month is made from; order lines get their departments from the data month's articles."""
    articles, month = {}, Month.before(as_of)
    if isinstance(source.tables[delivered.table], TransactionColumns) and _has_products(source, lake, month):
        articles = {"products": lake.record(tables.PRODUCTS, month).fingerprint}
    return {one: ingest_inputs(source, delivered, one) | articles for one in written}


def _has_products(source: Source, lake: Lake, month: Month) -> bool:
    return source.products is not None and lake.is_complete(tables.PRODUCTS, month)


def _reconciliation(tally: Sequence[Row], *, in_files: int, read: int) -> Reconciliation:
    rows, values = Counter[bool](), Counter[bool]()
    reasons = Counter[str]()
    for combination in tally:
        is_clean = not combination[REJECTED_FOR]
        rows[is_clean] += combination["rows"]
        values[is_clean] += combination["value"] or 0
        reasons.update(dict.fromkeys(combination[REJECTED_FOR], combination["rows"]))
    return Reconciliation(
        in_files=in_files,
        read=read,
        clean=rows[True],
        rejected=rows[False],
        reasons=reasons,
        clean_value=Decimal(values[True]),
        rejected_value=Decimal(values[False]),
    )


def _flagged(
    spark: SparkSession,
    source: Source,
    delivered: Delivery,
    lake: Lake,
    months: Sequence[Month],
    as_of: date,
    observation: Observation,
) -> DataFrame:
    """The delivered rows of the months, flagged; all rows of the files are counted on the way."""
    columns = source.tables[delivered.table]
    rows = delivered_rows(
        spark,
        delivered.files_of(months),
        source,
        columns,
        by_month=delivered.has_times and delivered.folders is not None,
        cache=lake.root / CACHE,
    )
    first, last = (delivered.calendar.first, delivered.calendar.last) if delivered.calendar else (months[0], months[-1])
    is_asked = F.col("month").isin([str(month) for month in months])
    asked = (
        typed_rows(rows, source, columns, first=first, last=last)
        .observe(observation, F.count(F.lit(1)).alias("in_files"), F.count_if(is_asked).alias("read"))
        .filter(is_asked)
    )
    if isinstance(columns, TransactionColumns):
        with_department = add_department(asked, _products(spark, source, lake, Month.before(as_of)))
        flagged = valued(flagged_rows(with_department, source, columns), source)
    else:
        flagged = flagged_rows(asked, source, columns)
    return flagged.select(*TABLES[delivered.table].names, "month", "source_file", "raw", REJECTED_FOR)


def _products(spark: SparkSession, source: Source, lake: Lake, month: Month) -> DataFrame:
    """The articles ingested with the data month; empty where the shop delivers none."""
    return read_periods(spark, lake, tables.PRODUCTS, [month] if _has_products(source, lake, month) else [])


def _tally(flagged: DataFrame) -> list[Row]:
    """Rows and net value of each combination of reasons."""
    value = F.col("net_value") if "net_value" in flagged.columns else F.lit(0)
    return flagged.groupBy(REJECTED_FOR).agg(F.count(F.lit(1)).alias("rows"), F.sum(value).alias("value")).collect()


def _refuse_unreadable(flagged: DataFrame, delivered: Delivery, reconciliation: Reconciliation) -> None:
    """Raise LandingError where every row fails for the same column: the mapping is wrong, not the rows."""
    for reason, rows in reconciliation.reasons.items():
        if reason.startswith(_UNREADABLE) and rows == reconciliation.read:
            file, raw = flagged.agg(F.min(F.struct("source_file", "raw"))).collect()[0][0]
            raise LandingError(
                f"{delivered.table}: all {rows} rows are rejected for {reason}, so the mapping does not fit the files; "
                f"for example, in {file}: {raw}"
            )


def _log(table: str, months: Sequence[Month], result: Reconciliation) -> None:
    log.info(
        "%s of %s: %d rows in the files, %d of other months, %d read = %d clean (value %s) + %d rejected (value %s)",
        table,
        ",".join(map(str, months)),
        result.in_files,
        result.in_files - result.read,
        result.read,
        result.clean,
        result.clean_value,
        result.rejected,
        result.rejected_value,
    )
    for reason, rows in sorted(result.reasons.items(), key=lambda item: (-item[1], item[0])):
        log.info("%s rejected for %s: %d rows", table, reason, rows)


def main(argv: Sequence[str] | None = None) -> None:
    """Ingest one table for a run; see `--help`."""
    parser = argparse.ArgumentParser(prog="jobs/ingest.py", description=__doc__)
    parser.add_argument("--table", required=True, choices=sorted(TABLES))
    parser.add_argument("--months", required=True, help="months to write: YYYY-MM,YYYY-MM")
    parser.add_argument("--as-of", required=True, type=parse_as_of, help="first day after the data month: YYYY-MM-01")
    parser.add_argument("--run-id", required=True, type=int)
    add_value_basis(parser)
    args = parser.parse_args(argv)
    settings = Settings.from_env().on(args.value_basis)
    lake, source = Lake(settings.lake), load(settings.source, args.value_basis)
    months = [Month.parse(text) for text in args.months.split(",") if text]
    with recorded(f"ingest.{args.table}", run_id=args.run_id, engine=engine(settings.database_url)) as outcome:
        delivered = delivery(source, args.table, settings.landing, lake.root)
        if delivered is None:
            raise LandingError(f"{settings.landing} holds no {args.table}: nothing to ingest")
        outcome.rows = ingested(source, delivered, lake, months=months, as_of=args.as_of)
        if outcome.rows is not None:
            log.info("%s of %s: the lake holds just this delivery, %d rows", args.table, args.months, outcome.rows)
            return
        spark = session(f"ingest {args.table} {args.as_of}")
        result = ingest(spark, source, delivered, lake, months=months, as_of=args.as_of)
        outcome.rows = result.read
        _log(args.table, months, result)


if __name__ == "__main__":
    run_as_program(main)
