"""A leak canary for features: whether a snapshot moves when the days on and after it are changed.

A snapshot of the past is built for a few customers who have been busy since, twice: from what lay before it, and from
that and the days since, seven times as large. Both must be the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import NumericType

from jobs.features.assemble import Inputs, build_snapshots

CUSTOMERS = 100
_TIMES = 7


class LeakError(ValueError):
    """A snapshot depends on what came after it."""


def check(inputs: Inputs, daily_since: DataFrame, *, as_of: date, departments: Sequence[str]) -> None:
    """Raise LeakError where the snapshot as of `as_of` changes with the days since.

    Args:
        inputs: what the snapshot is made from.
        daily_since: rows of the daily table on or after `as_of`.
        as_of: the snapshot.
        departments: those of the features table.
    """
    busy = daily_since.select("customer_id").distinct().orderBy("customer_id").limit(CUSTOMERS).collect()
    chosen = F.col("customer_id").isin([row["customer_id"] for row in busy])
    few = replace(inputs, **{name: getattr(inputs, name).where(chosen) for name in _BY_CUSTOMER})
    since = daily_since.where(chosen).transform(_larger)
    before, after = (
        _built(some, as_of, departments) for some in (few, replace(few, daily=few.daily.unionByName(since)))
    )
    moved = [name for name in before.columns if not before[name].equals(after[name])]
    if moved or len(before) != len(after):
        raise LeakError(
            f"the snapshot as of {as_of} changes with the days since, in {', '.join(moved) or 'its customers'}: a "
            "feature knows the future. Look for a window without an upper end, and train nothing on it"
        )


_BY_CUSTOMER = ("daily", "previous", "customers", "sessions")


def _larger(daily: DataFrame) -> DataFrame:
    numbers = [field for field in daily.schema if isinstance(field.dataType, NumericType)]
    return daily.withColumns({field.name: (F.col(field.name) * _TIMES).cast(field.dataType) for field in numbers})


def _built(inputs: Inputs, as_of: date, departments: Sequence[str]) -> pd.DataFrame:
    frame = build_snapshots(inputs, first=as_of, last=as_of, departments=departments).where(
        F.col("as_of") == str(as_of)
    )
    return frame.toPandas().sort_values("customer_id", ignore_index=True)
