"""The lake as a run's validation sees it, and which month of each table the run uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from pyspark.sql import SparkSession

from jobs.core.month import Month
from jobs.features import table as feature_table
from jobs.features.build import lines_that_count
from jobs.features.population import accounts_of
from jobs.lake.frames import read_periods
from jobs.lake.lake import Lake
from jobs.lake.tables import CUSTOMERS, PRODUCTS, TRANSACTIONS, Table
from jobs.lake.versions import Period
from jobs.quality.counted import net_value_by_month, sums_of_lines
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
        customers_where: the predicate that restricts the population; None for everybody.
    """

    spark: SparkSession
    lake: Lake
    as_of: date
    run_id: int
    departments: Sequence[str]
    is_margin: bool
    customers_where: str | None = None

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

    def sums_of_lines(self) -> Mapping[str, Decimal]:
        """Net value and units of the data month's order lines that count."""
        return sums_of_lines(self.spark, self.lake, self.month, self.customers_where)

    def net_value_by_month(self) -> Mapping[Month, Decimal]:
        """The net value that counts of each month up to the data month."""
        return net_value_by_month(self.spark, self.lake, self.month, self.customers_where)

    def lines_that_count(self) -> Stored:
        """The order lines of the data month whose customers are in the population."""
        lines = lines_that_count(self.spark, self.lake, [self.month], self.customers_where)
        return Stored(lines, self.lake.folder(TRANSACTIONS, self.month))

    def accounts_that_count(self, month: Month) -> Stored:
        """The rows of a customer list that are in the population."""
        stored = self.stored(CUSTOMERS, month)
        return replace(stored, rows=accounts_of(stored.rows, self.customers_where))

    def stored(self, table: Table, period: Period) -> Stored:
        """A complete period of a table."""
        return Stored(read_periods(self.spark, self.lake, table, [period]), self.lake.folder(table, period))
