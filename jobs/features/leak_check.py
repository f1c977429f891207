"""Leak check for features: a snapshot must not change with data from on or after its `as_of`.

What a past snapshot is derived from is summed twice for a few customers with later activity: from what came before it,
and from that and a later month that is altered: its days multiplied by seven, its customer list with other attributes,
its logins. Both results must be equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DateType, NumericType

from jobs.core.month import Month
from jobs.core.refusal import RefusedError
from jobs.features.assemble import sums_of
from jobs.features.histories import FrameInputs, Histories, history_rows
from jobs.features.profile import PROFILE
from jobs.features.rfm import buyers_at

SAMPLE = 100
"""Customers that are compared."""
_FACTOR, _DAYS = 7, 400


class FeatureLeakError(RefusedError):
    """A snapshot depends on data from on or after its `as_of`."""


@dataclass(frozen=True, kw_only=True)
class LaterMonth:
    """A month after a snapshot, as the lake holds it.

    Attributes:
        month: the month.
        daily: its daily rows.
        customers: the customer list known by then; without a row if there is none.
        sessions: its logins; without a row if there are none.
    """

    month: Month
    daily: DataFrame
    customers: DataFrame
    sessions: DataFrame


def check(inputs: FrameInputs, since: LaterMonth, *, as_of: date, departments: Sequence[str]) -> None:
    """Raise FeatureLeakError if the snapshot as of `as_of` changes with a later month.

    Args:
        inputs: the frames from which the snapshot is built.
        since: the later month, which starts on `as_of`.
        as_of: the snapshot.
        departments: the departments of the features table.
    """
    active = since.daily.select("customer_id").distinct().orderBy("customer_id").limit(SAMPLE).collect()
    chosen = F.col("customer_id").isin([row["customer_id"] for row in active])
    sample = replace(inputs, **{name: getattr(inputs, name).where(chosen) for name in _BY_CUSTOMER})
    before, after = (_summed(frames, as_of, departments) for frames in (sample, _later(sample, since, chosen)))
    changed = [name for name, values in before.items() if not values.equals(after[name])]
    if changed:
        raise FeatureLeakError(
            f"the snapshot as of {as_of} changes with later data, in {', '.join(changed)}: a "
            "feature uses data from after as_of. Look for a window without an upper bound, and do not train on "
            "this snapshot"
        )


_BY_CUSTOMER = ("daily", "previous", "customers", "sessions")


def _later(sample: FrameInputs, since: LaterMonth, chosen: Column) -> FrameInputs:
    """The frames as they would be a month later, with that month altered."""
    a_list = since.customers.where(chosen).withColumn("month", F.lit(str(since.month)))
    return replace(
        sample,
        daily=sample.daily.unionByName(_altered(since.daily.where(chosen))),
        customers=sample.customers.unionByName(_altered(a_list)),
        sessions=sample.sessions.unionByName(since.sessions.where(chosen)),
        lists=[*sample.lists, since.month],
    )


def _altered(frame: DataFrame) -> DataFrame:
    """The frame with other numbers and other attributes of the customers."""
    others = {}
    for field in frame.schema:
        if isinstance(field.dataType, NumericType):
            others[field.name] = (F.col(field.name) * _FACTOR).cast(field.dataType)
        elif field.name in PROFILE:
            is_date = isinstance(field.dataType, DateType)
            others[field.name] = F.date_sub(field.name, _DAYS) if is_date else F.concat(field.name, F.lit("?"))
    return frame.withColumns(others)


def _summed(inputs: FrameInputs, as_of: date, departments: Sequence[str]) -> dict[str, pa.Array]:
    """The sums of the snapshot, and the measures that its quintiles are cut from, by customer id."""
    rows = history_rows(inputs, departments).toArrow().to_batches()
    [sums] = sums_of(inputs, first=as_of, last=as_of, departments=departments)(rows)
    buyers = buyers_at(Histories(rows, ()), as_of)
    columns = [*zip(sums.schema.names, sums.columns, strict=True)]
    return dict(columns) | {f"{name} of the quintiles": buyers[name] for name in buyers.schema.names}
