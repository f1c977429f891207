"""The features table: one row per known customer and snapshot, for one or more snapshots in one pass.

Spark brings the rows of a customer together. They are summed as arrays, all customers of a partition at once, and Spark
derives the features from the sums.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from jobs.core.month import Month
from jobs.features import calendar, diversity, lifetime, logins, profile, returns, rfm, windows
from jobs.features.days import Flags, Ints
from jobs.features.histories import FrameInputs, Histories, history_rows
from jobs.features.table import features


def build_snapshots(inputs: FrameInputs, *, first: date, last: date, departments: Sequence[str]) -> DataFrame:
    """The features (with `as_of` as text) of every snapshot from `first` to `last`, a month apart."""
    summed = sums_of(inputs, first=first, last=last, departments=departments)
    as_ofs = [month.as_of for month in summed.lists]
    return (
        history_rows(inputs, departments)
        .mapInArrow(summed, from_arrow_schema(next(summed([])).schema))
        .join(F.broadcast(rfm.quintile_cuts(inputs.daily, as_ofs)), "as_of", how="left")
        .select(*_declared(inputs, departments), F.col("as_of").cast("string"))
    )


def sums_of(inputs: FrameInputs, *, first: date, last: date, departments: Sequence[str]) -> Sums:
    """What sums the history rows of the inputs for every snapshot from `first` to `last`."""
    months = Month.before(first).through(Month.before(last))
    return Sums({month: profile.list_of(month.as_of, inputs.lists) for month in months}, departments)


@dataclass(frozen=True)
class Sums:
    """The sums of every snapshot that the features are derived from, with state, attributes and logins.

    Attributes:
        lists: the data months of consecutive snapshots, in order → the month of the customer list that each reads.
        departments: the departments of the features table.
    """

    lists: Mapping[Month, Month | None]
    departments: Sequence[str]

    def __call__(self, rows: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """One batch a snapshot, with a row for each known customer in the partition whose `history_rows` are given."""
        histories = Histories(rows, self.departments)
        before = min(self.lists).first_day
        has_bought = histories.state.has_transactions | (histories.overall.between(date.min, before).rows > 0)
        for month, listed in self.lists.items():
            has_bought = has_bought | (histories.overall.between(month.first_day, month.as_of).rows > 0)
            histories.state.advance(histories.overall, histories.order_days, month)
            yield _sums(histories, month.as_of, has_bought, histories.accounts.row_at(month.as_of, listed))


def _sums(histories: Histories, as_of: date, has_bought: Flags, account: Ints) -> pa.RecordBatch:
    """The known customers of a snapshot: those who bought, and those with an account (its position, or -1)."""
    known: Ints = np.flatnonzero(has_bought | (account >= 0))
    sums = {
        **windows.sums(histories.overall, histories.departments, as_of),
        **calendar.sums(histories.overall, as_of),
        **returns.sums(histories.overall, as_of),
        **diversity.sums(histories.overall, as_of),
    }
    return pa.RecordBatch.from_pydict(
        {
            "as_of": pa.repeat(pa.scalar(as_of), len(known)),
            "customer_id": histories.ids.take(pa.array(known)),
            **histories.accounts.columns(account[known]),
            **histories.state.columns(known),
            **logins.logins(histories.logins, as_of, known),
            **{name: pa.array(values[known]) for name, values in sums.items()},
        }
    )


def _declared(inputs: FrameInputs, departments: Sequence[str]) -> list[Column]:
    """Every declared column in its declared type: computed by its module, or already in the frame."""
    computed = {
        **windows.columns(departments),
        **calendar.columns(),
        **returns.columns(),
        **diversity.columns(departments),
        **lifetime.columns(),
        **rfm.columns(),
        **logins.columns(inputs.snapshots_with_sessions),
    }
    return [
        computed.get(column.name, F.col(column.name)).cast(column.type).alias(column.name)
        for column in features(departments).columns
    ]
