"""The lake as a run's validation sees it, and which month of each table the run uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pyspark.sql import SparkSession

from jobs.core.month import Month
from jobs.features import table as feature_table
from jobs.lake.frames import read_periods
from jobs.lake.lake import Lake, Period
from jobs.lake.tables import CUSTOMERS, PRODUCTS, Table
from jobs.quality.runner import Stored

LISTS = (CUSTOMERS, PRODUCTS)
"""Tables without times: a run uses the newest list up to its data month."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The lake as a run's validation sees it.

    Attributes:
        spark: the session.
        lake: the lake.
        as_of: the first day after the data month.
        run_id: the run.
        departments: the departments with their own features.
        is_margin: whether values are margins.
    """

    spark: SparkSession
    lake: Lake
    as_of: date
    run_id: int
    departments: Sequence[str]
    is_margin: bool

    @property
    def month(self) -> Month:
        """The data month."""
        return Month.before(self.as_of)

    @property
    def snapshots(self) -> Table:
        """The features table of the shop."""
        return feature_table.features(self.departments)

    def month_of(self, table: Table) -> Month | None:
        """The month of an input table that the run uses: the data month, or that of its list; None if there is none."""
        if table in LISTS:
            return self.lake.newest(table, self.month)
        return self.month if self.lake.is_complete(table, self.month) else None

    def month_before(self, table: Table) -> Month | None:
        """The month of an input table to compare with: the month before, or the list before; None if there is none."""
        month = self.month_of(table)
        if month is None:
            return None
        before = month.plus(-1)
        if table in LISTS:
            return self.lake.newest(table, before)
        return before if self.lake.is_complete(table, before) else None

    def stored(self, table: Table, period: Period) -> Stored:
        """A complete period of a table."""
        return Stored(read_periods(self.spark, self.lake, table, [period]), self.lake.folder(table, period))
