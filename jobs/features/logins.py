"""Login features: number of logins and days since the last one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

import numpy as np
import pyarrow as pa
from pyspark.sql import Column
from pyspark.sql import functions as F

from jobs.features.days import Days, Ints, day_number
from jobs.features.table import LOGIN_RECENCY_DAYS, LOGIN_WINDOW_DAYS


def logins(days: Days, as_of: date, known: Ints) -> dict[str, pa.Array]:
    """Logins of some customers before a snapshot, and the age of the last of `LOGIN_RECENCY_DAYS` days (null: none)."""
    counts = {f"logins_{length}d": pa.array(days.last(length, as_of).rows[known]) for length in LOGIN_WINDOW_DAYS}
    recent = days.last(LOGIN_RECENCY_DAYS, as_of)
    ages = day_number(as_of) - recent.last_day(without=0)[known]
    return counts | {"days_since_last_login": pa.array(ages.astype(np.int64), mask=recent.rows[known] == 0)}


def columns(delivered: Collection[date]) -> Mapping[str, Column]:
    """The number of logins: 0 without one, null in snapshots whose data month has no delivery of sessions.

    Args:
        delivered: the snapshots for whose data month sessions were delivered.
    """
    is_delivered = F.col("as_of").isin(list(delivered))
    return {f"logins_{days}d": F.when(is_delivered, F.col(f"logins_{days}d")) for days in LOGIN_WINDOW_DAYS}
