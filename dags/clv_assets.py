"""The forecast as assets: an event each time that what readers see of a month changes."""

from typing import Any

from airflow.sdk import Asset

FORECASTS = Asset(name="clv_forecast", uri="postgres://clv/forecast")
"""For DAGs that are scheduled on the asset."""
MONTHS = Asset(name="clv_forecast_month", uri="postgres://clv/forecast_month")
"""For DAGs that run once for each month: its events have the month as partition key. Airflow does not start a DAG with
`schedule=[asset]` by such an event, so there are two assets."""
FORECAST = [FORECASTS, MONTHS]


def announce(context: Any, change: dict[str, Any]) -> None:
    """A post-execute hook: describe the change that the job printed.

    Nothing is announced if readers see the same, or if the margin changed: the assets are the forecast of net revenue.
    """
    if not change["changed"] or context["params"].get("value_basis", "net_revenue") != "net_revenue":
        # Airflow adds an event for each outlet of a task that succeeds.
        context["task"].outlets = []
        return
    events = context["outlet_events"]
    for asset in FORECAST:
        events[asset].extra = {name: change[name] for name in ("month", "run_id", "content_hash")}
    events[MONTHS].add_partitions(change["month"])
