"""A bridge between two published months, as if their model had stayed the same."""

from __future__ import annotations

from datetime import date

from jobs.bridge import build
from jobs.bridge.steps import steps
from jobs.core.postgres import fetch
from tests.conftest import Database


def record_bridge(database: Database, as_of: date) -> None:
    """Record the bridge to a month from the one before."""
    [loads] = fetch(database.writer, "bridge_loads", as_of=as_of)
    before, now = (build._customers(database.writer, loads[name]) for name in ("before_load_id", "load_id"))
    build._record(database.writer, loads, steps(before, before, before, now))
