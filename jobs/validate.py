"""Validate the output of a stage of a run, before any other task reads it.

    spark-submit jobs/validate.py --stage inputs --as-of 2011-12-01 --run-id 17

A critical rule that fails stops the run; a warning is reported. The log ends with the rules that failed and the queries
that find the rows. All results are in the Data Docs below CLV_REPORTS and in the lake below `validation/<stage>/`, with
the keys of up to three rows a rule.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from importlib import import_module

from sqlalchemy import Engine

from jobs.core.arguments import run_parser
from jobs.core.postgres import engine
from jobs.core.settings import Settings
from jobs.core.spark import session
from jobs.core.task import recorded, run_as_program
from jobs.core.value_basis import NET_REVENUE
from jobs.lake.lake import Lake
from jobs.quality.findings import DATA_DOCS, as_json, listing, raise_if_critical, record_results
from jobs.sources import load

log = logging.getLogger(__name__)

CHATTY = ("great_expectations", "py4j")

TASKS = {
    "inputs": "validate.inputs",
    "features": "features.validate_features",
    "forecasts": "score.validate_forecasts",
}


def validate(stage: str, settings: Settings, *, as_of: date, run_id: int, database: Engine | None = None) -> int:
    """Validate a stage's tables with their suites, and record the results in the lake and, where given, a database.

    Returns:
        The number of rules.

    Raises:
        IncompleteError: a table that the stage needs is missing.
        ValidationFailedError: a critical rule failed or could not be evaluated.
    """
    with ThreadPoolExecutor(1) as executor:  # Great Expectations is imported while Spark starts
        importing = executor.submit(import_module, "jobs.quality.stages")
        spark = session(f"validate {stage} {as_of}")
        importing.result()
    from jobs.quality.runner import run_checks
    from jobs.quality.stage import Stage
    from jobs.quality.stages import STAGES

    source = load(settings.source)
    checked = Stage(
        spark=spark,
        lake=Lake(settings.lake),
        as_of=as_of,
        run_id=run_id,
        departments=source.departments,
        is_margin=settings.value_basis != NET_REVENUE,
        customers_where=source.customers_where,
    )
    checks = STAGES[stage](checked)
    results = run_checks(checks, as_of=as_of, run_id=run_id, reports=settings.reports)
    folder = settings.lake / "validation" / stage / f"as_of={as_of}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"run_{run_id}.json").write_text(
        as_json(results, stage=stage, as_of=as_of, run_id=run_id), encoding="utf-8"
    )
    log.info("all results in the Data Docs: %s", settings.reports.resolve() / DATA_DOCS / "index.html")
    log.info("validation of %s as of %s: %s", stage, as_of, listing(results))
    if database is not None:
        record_results(database, results, stage=stage, run_id=run_id)
    raise_if_critical(results, stage=stage, as_of=as_of)
    return len(results)


def main(argv: Sequence[str] | None = None) -> None:
    """Validate a stage of a run; see `--help`."""
    parser = run_parser(__doc__)
    parser.add_argument("--stage", required=True, choices=sorted(TASKS))
    args = parser.parse_args(argv)
    settings = Settings().on(args.value_basis)
    for library in CHATTY:
        logging.getLogger(library).setLevel(logging.WARNING)
    database = engine(settings.database_url)
    with recorded(TASKS[args.stage], run_id=args.run_id, engine=database):
        validate(args.stage, settings, as_of=args.as_of, run_id=args.run_id, database=database)


if __name__ == "__main__":
    run_as_program(main)
