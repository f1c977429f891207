"""Ingest every delivered table of a run."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import SparkSession
from sqlalchemy import Engine

from jobs.cleaning.erasures import erased_customers
from jobs.cleaning.ingestion import ingest, ingested
from jobs.cleaning.row_counts import record_row_counts
from jobs.core.month import Month
from jobs.core.settings import Settings
from jobs.lake.lake import Lake
from jobs.landing.cache import Kept
from jobs.landing.deliveries import TABLES, delivery
from jobs.landing.file_checks import LandingError
from jobs.sources.mapping import Source

log = logging.getLogger(__name__)

_ORDER = ("products", "customers", "sessions", "transactions")
"""Order lines take their department from the products."""


@dataclass(frozen=True, kw_only=True)
class RunIngestion:
    """The ingestion of a run.

    Attributes:
        spark: the session.
        source: the mapping.
        settings: where the delivery is.
        lake: the lake to write to.
        database: where the rows are counted.
        run_id: the run.
        months: table → the months to write: "YYYY-MM,YYYY-MM".
        is_forced: whether to write what is current, too.
    """

    spark: SparkSession
    source: Source
    settings: Settings
    lake: Lake
    database: Engine
    run_id: int
    months: Mapping[str, str]
    is_forced: bool

    def ingest(self) -> int:
        """Ingest the tables and count their rows in the database; the rows read.

        Raises:
            LandingError: a table is not delivered, or `ingest` refuses a file of it.
            IngestError: a row was lost.
        """
        return sum(self._table(table) for table in _ORDER)

    def _table(self, table: str) -> int:
        if table not in self.months:
            log.info("%s: nothing is delivered up to this month", table)
            return 0
        months = [Month.parse(text) for text in self.months[table].split(",") if text]
        rows = self._rows(table, months)
        record_row_counts(self.database, self.lake, TABLES[table], months, run_id=self.run_id, name=table)
        return rows

    def _rows(self, table: str, months: Sequence[Month]) -> int:
        delivered = delivery(self.source, table, self.settings.landing, Kept.of(self.settings))
        if delivered is None:
            raise LandingError(f"{self.settings.landing} holds no {table}: nothing to ingest")
        name = f"{table} of {self.months[table]}"
        present = None if self.is_forced else ingested(self.source, delivered, self.lake, months=months)
        if present is not None:
            log.info("%s: the lake holds this delivery already, %d rows", name, present)
            return present
        erased, cache = erased_customers(self.database), self.settings.cache
        result = ingest(self.spark, self.source, delivered, self.lake, months=months, cache=cache, erased=erased)
        for line in result.lines(name):
            log.info("%s", line)
        return result.read
