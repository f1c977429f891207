"""Good, bad and unreadable versions of a small shop, and what became of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from sqlalchemy import text

from jobs.forecasting.encoder import InputError
from jobs.forecasting.forecaster import Forecaster
from jobs.models.registry import Registry
from jobs.models.verdict import Verdict
from tests.conftest import Database
from tests.snapshots import model_frames, simulated_snapshots

SNAPSHOTS = simulated_snapshots(months=10)
FRAMES = model_frames(SNAPSHOTS)
OLDER, EARLIER, AS_OF = sorted(SNAPSHOTS)[-3:]
HOLDOUT_OF = dict(zip((OLDER, EARLIER, AS_OF), sorted(SNAPSHOTS)[3:6], strict=True))
SO_WRONG = 1e6
"""A level that no rule lets pass."""


Train = Callable[..., int]
Gate = Callable[..., Verdict]
Judge = Callable[..., tuple[int, Verdict]]
Published = Callable[[Registry, int, date, Verdict], str]


def registered(registry: Registry, as_of: date) -> int:
    """The newest version of a day; raises InputError, as if it could not be trained, if there is none."""
    if (number := registry.newest(as_of)) is None:
        raise InputError("too few snapshots")
    return number


def wrong(forecaster: Forecaster, factor: float = SO_WRONG) -> Forecaster:
    """The forecaster at another level."""
    return replace(forecaster, monthly=replace(forecaster.monthly, level=factor))


def decisions(database: Database) -> list[dict[str, object]]:
    """What readers see of every decision, but for its number and times, oldest first."""
    query = text("SELECT * FROM clv.model_decisions ORDER BY decision_id")
    with database.reader.connect() as connection:
        rows = [dict(row) for row in connection.execute(query).mappings()]
    times = ("decision_id", "decided_at", "took_effect_at", "data_month")
    return [{key: value for key, value in row.items() if key not in times} for row in rows]


def aliases(registry: Registry) -> tuple[int | None, int | None]:
    return registry.aliased("challenger"), registry.aliased("champion")
