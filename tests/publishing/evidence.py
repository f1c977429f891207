"""What a page of the month tells besides forecasts: a bridge, drift, delivered rows and a validation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from jobs.core.month import Month
from jobs.core.postgres import execute, fetch
from jobs.drift import measure
from jobs.drift.measure import REFERENCE_MONTHS, Compared
from jobs.drift.stability import Comparison
from tests.conftest import Database

_CENT = Decimal("0.01")
_SHARES = {
    "restatement": "-0.004",
    "model": "0.012",
    "months_rolling_off": "-0.083",
    "new_customers": "0.031",
    "first_orders": "0.009",
    "reactivated": "0.018",
    "lapsed": "-0.027",
}
"""A step → the part of last month's total that it changes."""
_DELIVERED = {"transactions": 48_210, "sessions": 131_004, "customers": 5_012}
_REJECTED = {
    "transactions": {"duplicate": 311, "unreadable_time": 96, "missing_customer": 41},
    "customers": {"unknown_membership": 12},
}
_PSI = {"tenure_days": 0.9, "recency_days": 0.75, "net_value_30d": 0.62, "membership": 0.55, "orders_90d": 0.51}


def record_bridge(database: Database, as_of: date) -> None:
    """Record a bridge to a month, with every step, that adds up to the cent."""
    [loads] = fetch(database.writer, "bridge_loads", as_of=as_of, value_basis="net_revenue")
    start, end = loads["before_clv_12m_total"], loads["clv_12m_total"]
    changes = {step: (start * Decimal(part)).quantize(_CENT) for step, part in _SHARES.items()}
    changes["behaviour"] = (end * Decimal("0.02")).quantize(_CENT)
    steps = {"start": start, **changes, "months_rolling_on": end - start - sum(changes.values()), "end": end}
    keys = {"load_id": loads["load_id"], "before_load_id": loads["before_load_id"]}
    for order, (step, net_value) in enumerate(steps.items(), start=1):
        values = {"step_order": order, "step": step, "net_value": net_value, "customers": 1_000 + order}
        execute(database.writer, "record_bridge", **keys, **values)


def record_drift(
    database: Database,
    as_of: date,
    *,
    drifted: bool = True,
    reference_months: int = REFERENCE_MONTHS,
    mix_months: int = REFERENCE_MONTHS,
) -> None:
    """Record distributions of a month, of which some have drifted or none, and those of the mix over fewer months."""
    [published] = fetch(database.writer, "published_run", as_of=as_of, value_basis="net_revenue")
    months = [Month.of(as_of).plus(-number).first_day for number in range(reference_months, 0, -1)]
    shown = [Compared("input", name, _shifted(share if drifted else 0.5), months) for name, share in _PSI.items()]
    shown += [
        Compared("forecast", "clv_12m", _shifted(0.52), months),
        Compared("mix", "status", _shifted(0.5), months[-mix_months:]),
    ]
    measure._record(database.writer, published["load_id"], shown)


def record_rows(database: Database, run_id: int, months: Sequence[Month]) -> None:
    """Record the rows that a run read for each month, and why some were rejected."""
    for month in months:
        for table, delivered in _DELIVERED.items():
            of_month = {"run_id": run_id, "table_name": table, "month": month.first_day}
            reasons = _REJECTED.get(table, {})
            rejected = sum(reasons.values())
            rows = {"clean_rows": delivered - rejected, "rejected_rows": rejected}
            execute(database.writer, "record_ingested", **of_month, **rows)
            for reason, number in reasons.items():
                execute(database.writer, "record_rejected", **of_month, reason=reason, rows=number)


def record_validation(database: Database, run_id: int, *broken: str) -> None:
    """Record that the rules of every stage held, but for the named ones of the transactions, which warn."""
    held = {"run_id": run_id, "column_name": None, "severity": "critical", "success": True, "unexpected_rows": 0}
    held |= {"says": "it holds", "observed": "0 of 100 rows", "allowed": "no row"}
    for stage in ("inputs", "features", "forecasts"):
        for number in range(20):
            rule = {"stage": stage, "suite": stage, "rule": f"rule_{number}"}
            execute(database.writer, "record_validation", **held | rule)
    for name in broken:
        rule = {"stage": "inputs", "suite": "transactions_totals", "rule": name, "says": f"{name} is usual"}
        rule |= {"severity": "warning", "success": False, "unexpected_rows": None}
        rule |= {"observed": "1,204,311.20", "allowed": "640,000.00 to 1,150,000.00"}
        execute(database.writer, "record_validation", **held | rule)


def _shifted(share: float) -> Comparison:
    return Comparison(["a", "b"], [0.5, 0.5], [share, 1 - share])
