"""Leak check for features: a snapshot must not change with data from on or after its `as_of`.

A past snapshot is built twice for a few customers with later activity: from the days before it, and from those days and
the later ones, multiplied by seven. Both results must be equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import NumericType

from jobs.core.refusal import RefusedError
from jobs.features.assemble import FrameInputs, build_snapshots

CUSTOMERS = 100
_FACTOR = 7


class FeatureLeakError(RefusedError):
    """A snapshot depends on data from on or after its `as_of`."""


def check(inputs: FrameInputs, daily_since: DataFrame, *, as_of: date, departments: Sequence[str]) -> None:
    """Raise FeatureLeakError if the snapshot as of `as_of` changes with later days.

    Args:
        inputs: the frames from which the snapshot is built.
        daily_since: rows of the daily table on or after `as_of`.
        as_of: the snapshot.
        departments: the departments of the features table.
    """
    active = daily_since.select("customer_id").distinct().orderBy("customer_id").limit(CUSTOMERS).collect()
    chosen = F.col("customer_id").isin([row["customer_id"] for row in active])
    sample = replace(inputs, **{name: getattr(inputs, name).where(chosen) for name in _BY_CUSTOMER})
    since = daily_since.where(chosen).transform(_larger)
    before, after = (
        _built(frames, as_of, departments)
        for frames in (sample, replace(sample, daily=sample.daily.unionByName(since)))
    )
    changed = [name for name in before.columns if not before[name].equals(after[name])]
    if changed or len(before) != len(after):
        raise FeatureLeakError(
            f"the snapshot as of {as_of} changes with later days, in {', '.join(changed) or 'its customers'}: a "
            "feature uses data from after as_of. Look for a window without an upper bound, and do not train on "
            "this snapshot"
        )


_BY_CUSTOMER = ("daily", "previous", "customers", "sessions")


def _larger(daily: DataFrame) -> DataFrame:
    numbers = [field for field in daily.schema if isinstance(field.dataType, NumericType)]
    return daily.withColumns({field.name: (F.col(field.name) * _FACTOR).cast(field.dataType) for field in numbers})


def _built(inputs: FrameInputs, as_of: date, departments: Sequence[str]) -> pd.DataFrame:
    frame = build_snapshots(inputs, first=as_of, last=as_of, departments=departments).where(
        F.col("as_of") == str(as_of)
    )
    return frame.toPandas().sort_values("customer_id", ignore_index=True)
