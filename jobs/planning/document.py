"""A plan in full, as `clv.run` keeps it: JSON; money as text, so that no digit is lost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jobs.landing.restatements import Restatement, Total
    from jobs.planning.run_plan import Plan


def document(plan: Plan, landing: Path) -> dict[str, Any]:
    """The plan as a JSON object; files are named as they lie below the landing place."""
    published, champion = plan.history.published, plan.history.champion
    replaces = None
    if published is not None and not plan.asked.is_special:
        replaces = {name: published[name] for name in ("run_id", "model_version", "forecast_rows")}
        replaces["clv_12m_total"] = str(published["clv_12m_total"])
    return {
        "month": str(plan.month),
        "tables": list(plan.tables),
        "months": [str(month) for month in plan.months],
        "files": {table: [_name(path, landing) for path in files] for table, files in plan.files.items()},
        "inputs": {
            table: {str(month): text for month, text in months.items()} for table, months in plan.inputs.items()
        },
        "snapshots": [str(as_of) for as_of in plan.snapshots],
        "model": plan.choices.model,
        "champion": None
        if champion is None
        else {"model_version": champion["model_version"], "as_of": str(champion["as_of"])},
        "replaces": replaces,
        "differs": list(plan.differs),
        "restate": plan.choices.restate,
        "restated": [_restated(one) for one in plan.restated],
        "unpublished": [str(month) for month in plan.history.unpublished],
    }


def _name(path: Path, landing: Path) -> str:
    return path.relative_to(landing).as_posix() if path != landing else path.name


def _restated(one: Restatement) -> dict[str, Any]:
    return {"table": one.table, "month": str(one.month), "before": _total(one.before), "now": _total(one.now)}


def _total(total: Total) -> dict[str, Any]:
    return {"rows": total.rows, "money": None if total.money is None else str(total.money)}
