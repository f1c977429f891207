"""The drift of a published month, of statuses alone."""

from __future__ import annotations

from datetime import date

from jobs.core.postgres import fetch
from jobs.drift import measure
from jobs.drift.measure import REFERENCE_MONTHS, Compared
from jobs.drift.stability import Comparison
from tests.conftest import Database


def record_drift(database: Database, as_of: date) -> None:
    """Record that half of the customers who were active are new."""
    [published] = fetch(database.writer, "published_run", as_of=as_of, value_basis="net_revenue")
    mix = Comparison(["active", "new"], [1.0, 0.0], [0.5, 0.5])
    measure._record(database.writer, published["load_id"], [Compared("mix", "status", mix, [as_of] * REFERENCE_MONTHS)])
