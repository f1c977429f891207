"""The data month of a run that is being planned, and whether it is delivered in full."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from jobs.core.month import DATED_RUN_TYPES, Month, MonthRefusedError, resolve_month
from jobs.core.postgres import fetch
from jobs.landing.cache import Kept
from jobs.landing.deliveries import deliveries
from jobs.landing.file_checks import LandingError
from jobs.landing.layouts import Delivery
from jobs.sources.mapping import Source


def data_month(
    database: Engine,
    transactions: Delivery,
    *,
    requested: str,
    run_type: str,
    logical_date: datetime | None,
    dag_run_id: str,
) -> Month:
    """The data month of an Airflow run. A run without a month of its own that is cleared keeps its first plan's month.

    Args:
        database: the forecast database.
        transactions: the delivery of the order lines.
        requested: the run's `month` parameter, `YYYY-MM`; may be empty.
        run_type: Airflow's run type; see `named_month`.
        logical_date: Airflow's logical date.
        dag_run_id: Airflow's identifier of the run.

    Raises:
        MonthRefusedError: the month is not closed yet, or lies before the first month of data.
    """
    if not requested and run_type not in DATED_RUN_TYPES:
        earlier = fetch(database, "first_plan_of_dag_run", dag_run_id=dag_run_id)
        requested = str(Month.before(earlier[0]["as_of"])) if earlier else ""
    first, last_closed = transactions.first, transactions.last_closed
    if last_closed is None or last_closed < first:
        raise MonthRefusedError(
            f"no month is closed yet: the data starts in {first} and does not go beyond that month by two days"
        )
    return resolve_month(
        requested=requested or None, run_type=run_type, logical_date=logical_date, first=first, last_closed=last_closed
    )


def why_not_delivered(source: Source, landing: Path, kept: Kept, month: Month) -> str | None:
    """What is missing of a month; None if it is delivered in full.

    A delivery that cannot be read may still be in transfer, so it counts as not delivered yet.
    """
    try:
        return why_incomplete(deliveries(source, landing, kept), month)
    except LandingError as error:
        return str(error)


def why_incomplete(delivered: Mapping[str, Delivery], month: Month) -> str | None:
    """What is missing of a month in deliveries that can be read; None if nothing is."""
    last_closed = delivered["transactions"].last_closed
    if last_closed is None or last_closed < month:
        return f"transactions are complete up to {last_closed}; waiting for {month}"
    incomplete = [table for table, delivery in delivered.items() if delivery.missing([month])]
    return f"{' and '.join(incomplete)} of {month}: not complete yet" if incomplete else None
