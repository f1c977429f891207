"""The text report of a run: the cost of each task, what was published, and where to find it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import Engine, RowMapping

from jobs.core.month import Month
from jobs.core.postgres import fetch
from jobs.core.value_basis import NET_REVENUE, named
from jobs.publishing.month_page.content import read_run
from jobs.publishing.month_page.drift import Drift, distance, read_drift

_MOST_DRIFTED = 10
"""Distributions that a report names."""


def report(engine: Engine, run_id: int, places: Mapping[str, str]) -> str:
    """The report of a run: its costs, its totals and why they changed, how right earlier forecasts were, and places.

    Args:
        engine: the forecast database.
        run_id: the run.
        places: what can be looked at → its address.

    Raises:
        UnknownRunError: the run does not exist.
    """
    run = read_run(engine, run_id)
    tasks = fetch(engine, "run_tasks", run_id=run_id)
    views = "clv." if run["value_basis"] == NET_REVENUE else f"clv.{run['value_basis']}_"
    forecast = f"view {views}forecast, as_of {run['as_of']}"
    width = max(len(name) for name in ["Forecast", *places])
    addresses = [f"{name:<{width}}  {place}" for name, place in {"Forecast": forecast, **places}.items()]
    bridge = _bridge_lines(fetch(engine, "bridge", run_id=run_id), views)
    record = _record_lines(fetch(engine, "newest_accuracy", value_basis=run["value_basis"]), views)
    drift = _drift_lines(read_drift(engine, run_id), run["status"], views)
    about = [_totals(run), *drift, *bridge, *record]
    return "\n".join([_headline(run), "", *_task_lines(tasks), "", *about, "", *addresses]) + "\n"


def _headline(run: RowMapping) -> str:
    month = named(Month.before(run["as_of"]), run["value_basis"])
    return f"Run {run['run_id']} ({run['trigger']}) of {month}, forecast from {run['as_of']} on: {run['status']}"


def _task_lines(tasks: Sequence[RowMapping]) -> list[str]:
    lines = [_task_line("task", "seconds", "peak MB", "rows")]
    for task in tasks:
        rows = "" if task["rows"] is None else f"{task['rows']:,}"
        lines.append(_task_line(task["task"], f"{task['seconds']:.1f}", f"{task['peak_memory_mb']:,}", rows))
    seconds = sum(task["seconds"] for task in tasks)
    peak = max((task["peak_memory_mb"] for task in tasks), default=0)
    return [*lines, _task_line("all tasks", f"{seconds:.1f}", f"{peak:,}", "")]


def _task_line(task: str, seconds: str, peak: str, rows: str) -> str:
    return f"{task:<32}{seconds:>10}{peak:>10}{rows:>14}".rstrip()


def _totals(run: RowMapping) -> str:
    if run["content_hash"] is None:
        return "Nothing was published."
    return (
        f"{run['forecast_rows']:,} customers, worth {run['clv_12m_total']:,.2f} {run['currency']} over twelve months, "
        f"by model version {run['model_version']} (content {run['content_hash']})"
    )


def _drift_lines(drift: Drift, status: str, views: str) -> list[str]:
    """What has drifted, or that it was not measured; nothing of a run that readers do not see."""
    if status != "published":
        return []
    drifted = drift.drifted
    lines = [
        f"  {row['kind']} {row['name']}: {row['statistic']} {row['value']:.2f}, more than {row['threshold']}"
        for row in drifted[:_MOST_DRIFTED]
    ]
    more = [f"  and {len(drifted) - _MOST_DRIFTED} more"] if len(drifted) > _MOST_DRIFTED else []
    warning = f"Warning: the month differs from those that the model was trained on ({views}drift):"
    return ["", warning if drifted else distance(drift, status), *lines, *more]


def _bridge_lines(steps: Sequence[RowMapping], views: str) -> list[str]:
    """What the total changed by since the month before; nothing where that is not known."""
    if not steps:
        return []
    lines = [
        f"  {step['step'].replace('_', ' '):<24}{step['net_value']:>20,.2f}{step['customers']:>14,} customers"
        for step in steps
    ]
    return ["", f"Why the total changed since the month before ({views}bridge):", *lines]


def _record_lines(accuracy: Sequence[RowMapping], views: str) -> list[str]:
    """How right earlier forecasts were; nothing where none has matured."""
    if not accuracy:
        return []
    return ["", f"How right earlier forecasts were ({views}accuracy):", *map(_record_line, accuracy)]


def _record_line(row: RowMapping) -> str:
    last = Month.of(row["as_of"]).plus(row["horizon_months"] - 1)
    if row["wape"] is None:
        return f"  {Month.of(row['as_of'])} to {last}: nothing was sold"
    beside = "" if row["trailing_year_wape"] is None else f" (the trailing year: {row['trailing_year_wape']:.3f})"
    return (
        f"  {Month.of(row['as_of'])} to {last}: total {row['total_ratio']:.3f} of the actual one, "
        f"WAPE {row['wape']:.3f}{beside}"
    )


def top_customers(engine: Engine, as_of: date) -> list[RowMapping]:
    """The ten most valuable customers of a published month, the most valuable first."""
    return fetch(engine, "top_customers", as_of=as_of)
