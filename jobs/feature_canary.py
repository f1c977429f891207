"""A leak canary for features: whether a snapshot moves when the days on and after it are changed.

The snapshot before the newest one is built for a few customers who were busy since, twice: from the days before it, and
from those and the newest month's, seven times as large. Both must be the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DecimalType, NumericType

from jobs.lake import Lake
from jobs.month import Month
from jobs.snapshot_inputs import SnapshotInputs
from jobs.spark import read_periods
from jobs.tables import CUSTOMERS, DAILY, SESSIONS
from jobs.transforms.snapshots import Inputs, build_snapshots

BUSY = 100
"""Customers who are looked at."""

_TIMES = 7


class LeakError(RuntimeError):
    """A snapshot depends on what came after it."""
