"""A plan as a document: in full for `clv.run`, and the short XCom that the other tasks read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine

from jobs.core.code_version import code_version
from jobs.core.postgres import fetch
from jobs.core.settings import Settings
from jobs.planning.run_plan import input_fingerprint

if TYPE_CHECKING:
    from jobs.landing.restatements import Restatement, Total
    from jobs.planning.run_plan import Plan


def open_run(
    database: Engine, plan: Plan, settings: Settings, *, currency: str, dag_run_id: str, trigger: str, note: str
) -> int:
    """Insert the run into `clv.run` and return its number."""
    [run] = fetch(
        database,
        "plan_run",
        as_of=plan.month.as_of,
        dag_run_id=dag_run_id,
        trigger=trigger,
        source=settings.source,
        currency=currency,
        input_fingerprint=input_fingerprint(plan.inputs),
        code_version=code_version(),
        note=note,
        value_basis=plan.value_basis,
        is_dry_run=plan.choices.is_dry_run,
        model_choice=plan.choices.model,
        restate=plan.choices.restate,
        plan=json.dumps(document(plan, settings.landing)),
    )
    return int(run["run_id"])


def xcom(plan: Plan, run_id: int, note: str) -> dict[str, Any]:
    """The values of a plan that the run's other tasks need."""
    return {
        "run_id": run_id,
        "month": str(plan.month),
        "as_of": str(plan.month.as_of),
        "months": {table: ",".join(map(str, months)) for table, months in plan.months.items()},
        "note": note,
        "model": plan.choices.model,
        "ends": plan.choices.is_dry_run,
        "force": plan.choices.is_forced,
        "is_small": plan.is_small,
    }


def document(plan: Plan, landing: Path) -> dict[str, Any]:
    """The plan as a JSON object; file paths are relative to the landing, money is text to keep every digit.

    Files of a list that the lake keeps are relative to the lake.
    """
    published, champion = plan.history.published, plan.history.champion
    replaces = None
    if published is not None:
        replaces = {name: published[name] for name in ("run_id", "model_version", "forecast_rows")}
        replaces["clv_12m_total"] = str(published["clv_12m_total"])
    return {
        "month": str(plan.month),
        "months": {table: [str(month) for month in months] for table, months in plan.months.items()},
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
        "force": plan.choices.is_forced,
        "restate": plan.choices.restate,
        "restated": [_restated(restatement) for restatement in plan.restated],
        "reread": {str(month): sorted(changed) for month, changed in plan.reread.items()},
        "unpublished": [str(month) for month in plan.history.unpublished],
    }


def _name(path: Path, landing: Path) -> str:
    if path == landing:
        return path.name
    return path.relative_to(landing if path.is_relative_to(landing) else path.parents[3]).as_posix()


def _restated(restatement: Restatement) -> dict[str, Any]:
    return {
        "table": restatement.table,
        "month": str(restatement.month),
        "before": _total(restatement.before),
        "now": _total(restatement.now),
    }


def _total(total: Total) -> dict[str, Any]:
    return {"rows": total.rows, "money": None if total.money is None else str(total.money)}
