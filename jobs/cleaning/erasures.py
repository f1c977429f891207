"""Who was erased, as the database knows."""

from __future__ import annotations

from sqlalchemy import Engine

from jobs.cleaning.erased import Erased
from jobs.core.postgres import fetch
from jobs.landing.without import Left
from jobs.sources.mapping import Source


def erased_customers(database: Engine) -> Erased:
    """Everybody who was erased."""
    rows = fetch(database, "erased_customers")
    hashes = frozenset(row["customer_hash"] for row in rows if row["customer_hash"] is not None)
    return Erased(rows[0]["salt"], hashes)


def left_out_of_customers(database: Engine, source: Source) -> Left | None:
    """Whom to leave out of the list of customers; None if there is nobody."""
    return (
        None if source.customers is None else erased_customers(database).left_out(source, source.customers.customer_id)
    )
