"""The histories of customers: as rows, which Spark distributes by customer, and as arrays, which the features read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.core.month import Month
from jobs.features.calendar import add_weekdays
from jobs.features.days import Days, Ints
from jobs.features.lifetime import State, add_order_days, state_numbers
from jobs.features.profile import PROFILE, Accounts
from jobs.features.windows import in_units
from jobs.lake.tables import ALL_DEPARTMENTS, DAILY, MONEY

MEASURES = tuple(column.name for column in DAILY.columns if column.type in (MONEY, "bigint"))
"""The measures of the daily table."""

_MONEY = frozenset(column.name for column in DAILY.columns if column.type == MONEY)

_KINDS = {
    "day": {"ordered_on": pa.date32(), "department": pa.string()} | dict.fromkeys(MEASURES, pa.int64()),
    "account": {"month": pa.string(), "signup_on": pa.date32()} | dict.fromkeys(PROFILE[1:], pa.string()),
    "login": {"day": pa.date32()},
    "state": {"numbers": pa.list_(pa.int64())},
}
"""The kinds of rows: the column that holds them → its fields."""


@dataclass(frozen=True, kw_only=True)
class FrameInputs:
    """The frames from which the snapshots from `first` to `last` are built.

    Attributes:
        daily: the daily table of the twelve months before `first` and of all months up to `last`.
        previous: the features a month before `first`; empty if `first` is the shop's first snapshot.
        customers: the customers table (with its `month`) of the months in `lists`.
        sessions: the sessions table of the months that the login windows need.
        lists: the months of the customer lists.
        snapshots_with_sessions: the snapshots for whose data month sessions were delivered.
        partitions: into how many parts the customers are divided; a worker holds the days of one part in memory.
    """

    daily: DataFrame
    previous: DataFrame
    customers: DataFrame
    sessions: DataFrame
    lists: Collection[Month]
    snapshots_with_sessions: Collection[date]
    partitions: int = 2


def history_rows(inputs: FrameInputs, departments: Sequence[str]) -> DataFrame:
    """One row for each day, previous state, account and login of a customer, in the column of its kind.

    All rows of a customer are in one partition.
    """
    # Arrow refuses a field that is never null inside a struct that is: the condition is always true.
    numbers = F.when(F.col("customer_id").isNotNull(), F.array(*state_numbers()))
    state = F.struct(numbers.alias("numbers"))
    kinds = [
        inputs.previous.select("customer_id", state.alias("state")),
        inputs.customers.select("customer_id", F.struct("month", *PROFILE).alias("account")),
        inputs.sessions.select("customer_id", F.struct(F.to_date("logged_in_at").alias("day")).alias("login")),
    ]
    rows = day_rows(inputs.daily, departments, MEASURES)
    for kind in kinds:
        rows = rows.unionByName(kind, allowMissingColumns=True)
    return rows.repartition(inputs.partitions, "customer_id")


def day_rows(daily: DataFrame, departments: Sequence[str], measures: Sequence[str]) -> DataFrame:
    """The days over all departments and in the declared ones, with some measures: `customer_id`, `day`."""
    numbers = [in_units(F.col(name)).alias(name) if name in _MONEY else F.col(name) for name in measures]
    declared = F.col("department").isin(ALL_DEPARTMENTS, *departments)
    return daily.where(declared).select("customer_id", F.struct("ordered_on", "department", *numbers).alias("day"))


class Histories:
    """The histories of the customers in one partition; customers are numbered in the order of their ids.

    Attributes:
        ids: of each customer.
        overall: the days over all departments.
        order_days: those of them with an order.
        departments: department → the days in it.
        state: what is known of each customer's life; before the first snapshot at first.
        accounts: the customer lists.
        logins: one row a login.
    """

    def __init__(self, rows: Iterable[pa.RecordBatch], departments: Sequence[str]) -> None:
        """Gather the rows of `history_rows` or `day_rows`."""
        kinds = _by_kind(rows)
        everybody = pa.concat_tables([table.select(["customer_id"]) for table in kinds.values()])
        self.ids = everybody["customer_id"].unique().sort()
        count = len(self.ids)
        number = {name: _numbers(table["customer_id"], self.ids) for name, table in kinds.items()}

        def days_in(department: str) -> Days:
            is_in = pc.equal(kinds["day"]["department"], department).to_numpy(zero_copy_only=False)
            values = {name: column[is_in] for name, column in measures.items()}
            return Days(count, number["day"][is_in], ordered_on[is_in], values)

        ordered_on = _day_numbers(kinds["day"]["ordered_on"])
        measures = {name: kinds["day"][name].to_numpy() for name in MEASURES if name in kinds["day"].column_names}
        self.overall = days_in(ALL_DEPARTMENTS)
        self.departments = {name: days_in(name) for name in departments}
        self.order_days = add_order_days(self.overall)
        add_weekdays(self.overall)
        self.state = State(count)
        self.state.load(number["state"], kinds["state"]["numbers"].combine_chunks().flatten())
        self.accounts = Accounts(count, number["account"], kinds["account"])
        self.logins = Days(count, number["login"], _day_numbers(kinds["login"]["day"]), {})


def _by_kind(rows: Iterable[pa.RecordBatch]) -> dict[str, pa.Table]:
    """The rows of each kind: `customer_id` and the fields of the kind."""
    parts: dict[str, list[pa.Table]] = {
        name: [pa.schema({"customer_id": pa.string()} | fields).empty_table()] for name, fields in _KINDS.items()
    }
    for batch in rows:
        for name in set(_KINDS).intersection(batch.schema.names):
            of_kind = batch.filter(batch[name].is_valid())
            if of_kind.num_rows:
                columns = dict(zip(of_kind[name].type.names, of_kind[name].flatten(), strict=True))
                parts[name].append(pa.table({"customer_id": of_kind["customer_id"], **columns}))
    return {name: _joined(tables) for name, tables in parts.items()}


def _joined(tables: Sequence[pa.Table]) -> pa.Table:
    return pa.concat_tables(tables[1:] or tables).combine_chunks()


def _numbers(customer_ids: pa.ChunkedArray, ids: pa.Array) -> Ints:
    numbers: Ints = pc.index_in(customer_ids, value_set=ids).to_numpy().astype(np.int64)
    return numbers


def _day_numbers(days: pa.ChunkedArray) -> Ints:
    numbers: Ints = days.cast(pa.int32()).to_numpy().astype(np.int64)
    return numbers
