"""Which of the newest months are held back, to calibrate a model and to judge it."""

from __future__ import annotations

from jobs.core.month import HORIZON_MONTHS


def calibration_months(snapshots: int) -> int:
    """How many of the newest months are held back: a third of the history, a year at most."""
    return min(snapshots // 3, HORIZON_MONTHS)


def snapshots_before_holdout(snapshots: int) -> int:
    """How many of the oldest snapshots the holdout model is fitted to."""
    return snapshots - calibration_months(snapshots)
