"""The data month of a run that is being planned."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from jobs.core.month import Month, MonthRefusedError, resolve_month
from jobs.core.postgres import fetch
from jobs.landing.layouts import Delivery


def data_month(
    database: Engine,
    transactions: Delivery,
    *,
    requested: str,
    run_type: str,
    logical_date: datetime | None,
    dag_run_id: str,
) -> Month:
    """The data month of an Airflow run. A manual run that is cleared keeps the month of its first plan.

    Args:
        database: the forecast database.
        transactions: the delivery of the order lines.
        requested: the run's `month` parameter, `YYYY-MM`; may be empty.
        run_type: Airflow's run type: `scheduled`, `backfill`, `manual` or `asset_triggered`.
        logical_date: Airflow's logical date.
        dag_run_id: Airflow's identifier of the run.

    Raises:
        MonthRefusedError: the month is not closed yet, or lies before the first month of data.
    """
    if not requested and run_type == "manual":
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
