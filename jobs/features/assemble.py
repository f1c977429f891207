"""The features table: one row per known customer and snapshot, for one or more snapshots in one pass."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.core.month import Month
from jobs.features import calendar, diversity, lifetime, logins, profile, returns, rfm, windows
from jobs.features.table import features

_KEY = ["customer_id", "as_of"]


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
    """

    daily: DataFrame
    previous: DataFrame
    customers: DataFrame
    sessions: DataFrame
    lists: Collection[Month]
    snapshots_with_sessions: Collection[date]


def build_snapshots(inputs: FrameInputs, *, first: date, last: date, departments: Sequence[str]) -> DataFrame:
    """The features (with `as_of` as text) of every snapshot from `first` to `last`, a month apart."""
    span = {"first": first, "last": last}
    daily = inputs.daily.repartition("customer_id")
    days = daily.transform(lifetime.add_gaps_in_month).transform(windows.days_by_snapshot, **span)
    buyers = profile.buyers_by_snapshot(daily, inputs.previous, **span)
    sums = _sums(departments)
    bought = (
        days.unionByName(buyers, allowMissingColumns=True)
        .groupBy(*_KEY)
        .agg(*(column.alias(name) for name, column in sums.items()))
    )
    profiles = profile.profiles_by_snapshot(inputs.customers, inputs.lists, **span)
    return (
        bought.join(profiles, _KEY, how="full")
        .fillna(0, subset=list(sums))
        .transform(lifetime.roll_forward, inputs.previous)
        .join(logins.logins_by_snapshot(inputs.sessions, **span), _KEY, how="left")
        .join(F.broadcast(rfm.quintile_cuts(days)), "as_of", how="left")
        .select(*_declared(inputs, departments), F.col("as_of").cast("string"))
    )


def _sums(departments: Sequence[str]) -> Mapping[str, Column]:
    return {
        **windows.sums(departments),
        **calendar.sums(),
        **returns.sums(),
        **diversity.sums(),
        **lifetime.sums(),
    }


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
