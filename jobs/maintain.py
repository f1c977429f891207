"""Remove what nothing needs any more, and say what was removed: in the log, and as rows of `clv.maintenance`.

    python -m jobs.maintain --today 2011-12-08

Everything of the last CLV_KEEP_MONTHS months stays (24 by default), and everything that a published month needs. What
goes: files of the lake that no kept version holds, the rows of forecasts that other runs replaced, versions of models
that forecast none of the kept rows, training runs without a version, and what killed tasks left. Small files of the
lake are joined.

The last line on stdout is a JSON object: `kept_since`, the day since which everything is kept.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Engine

from jobs.core.arguments import parser
from jobs.core.month import Month
from jobs.core.postgres import engine, execute, fetch
from jobs.core.settings import FIRST_MONTH_MODEL, Settings
from jobs.core.task import recorded, run_as_program
from jobs.core.value_basis import NET_REVENUE, VALUE_BASES
from jobs.features.table import features
from jobs.lake.lake import Lake
from jobs.lake.old_layout import refuse_old_layout
from jobs.lake.tables import delivered
from jobs.maintenance.lake import compact, remove_scratch, vacuum
from jobs.models.registry import Registry
from jobs.planning.lake_tables import tables_of_run
from jobs.sources import load

log = logging.getLogger(__name__)

_LONGEST_TASK = timedelta(days=1)


def main(argv: Sequence[str] | None = None) -> None:
    """Maintain the forecast database, the lakes and the registry."""
    options = parser(__doc__)
    options.add_argument("--today", type=date.fromisoformat, required=True, help="the day: YYYY-MM-DD")
    today = options.parse_args(argv).today
    settings = Settings()
    database = engine(settings.database_url)
    since = Month.of(today).plus(-settings.keep_months).first_day
    removed: dict[str, list[str]] = {}
    with recorded("maintain", engine=database) as outcome:
        try:
            gone = fetch(database, "remove_replaced_rows", before=since)
            removed["rows of replaced loads"] = [f"run {row['run_id']} as of {row['as_of']}" for row in gone]
            for basis in VALUE_BASES:
                _maintain(settings.on(basis), database, since, removed)
            yesterday = datetime.combine(today, time(), UTC) - _LONGEST_TASK
            removed["scratch folders"] = remove_scratch(settings.cache, yesterday)
        finally:
            _record(database, since, removed)
        outcome.rows = sum(map(len, removed.values()))
    sys.stdout.write(json.dumps({"kept_since": str(since)}) + "\n")


def _record(database: Engine, since: date, removed: dict[str, list[str]]) -> None:
    """What was removed, also by a maintenance that failed on the way."""
    for what, names in removed.items():
        log.info("%s: %d removed %s", what, len(names), ", ".join(names))
        detail = {"removed": len(names), "detail": ", ".join(names)}
        execute(database, "record_maintenance", kept_since=since, what=what, **detail)


def _maintain(settings: Settings, database: Engine, since: date, removed: dict[str, list[str]]) -> None:
    """Maintain the lake and the models of a value basis; what was removed is added to `removed`."""
    runs = fetch(database, "runs_in_use", value_basis=settings.value_basis, planned_since=since)
    lake, source, is_net = Lake(settings.lake), load(settings.source), settings.value_basis == NET_REVENUE
    refuse_old_layout(lake)
    kept_lists = [delivered(name) for name in source.tables] if is_net else []
    for table in [*tables_of_run(features(source.departments)), *kept_lists]:
        pinned = {run["lake_versions"][table.name] for run in runs if table.name in (run["lake_versions"] or {})}
        files = vacuum(lake, table, pinned, datetime.combine(since, time(), UTC))
        joined = compact(lake, table)
        removed.setdefault("lake files", []).extend(f"{table.name}/{file}" for file in files)
        removed.setdefault("lake periods joined", []).extend(f"{table.name} {period}" for period in joined)
    used = {settings.model: {run["model_version"] for run in runs}}
    if is_net:
        used[FIRST_MONTH_MODEL] = {run["first_month_version"] for run in runs}
    for model, versions in used.items():
        registry = Registry(settings.tracking_uri, database, model)
        numbers = registry.remove_before(since, keep=versions)
        removed.setdefault("model versions", []).extend(f"{model} {number}" for number in numbers)
        gone = registry.remove_runs_before(since)
        removed.setdefault("training runs", []).extend(f"{model} {run_id}" for run_id in gone)


if __name__ == "__main__":
    run_as_program(main)
