"""Validate the output of a stage of a run, before any other task reads it.

A critical rule that fails stops the run; a warning is reported. The log ends with the rules that failed and the queries
that find the rows. All results are in the Data Docs below CLV_REPORTS and in the lake's table `validation/<stage>`,
with the keys of up to three rows a rule.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import date
from importlib import import_module

import pandas as pd
from pyspark.sql import SparkSession
from sqlalchemy import Engine

from jobs.core.settings import Settings
from jobs.core.spark import session
from jobs.core.value_basis import NET_REVENUE
from jobs.lake.arrow import write_period
from jobs.lake.lake import Lake
from jobs.lake.tables import validation
from jobs.quality.findings import DATA_DOCS, listing, raise_if_critical, record_results
from jobs.sources import load

log = logging.getLogger(__name__)


def session_to_validate(app_name: str) -> SparkSession:
    """The session of a job that validates. Great Expectations is imported while Spark starts: each takes seconds."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        imported = pool.submit(import_module, "jobs.quality.stages")
        spark = session(app_name)
    imported.result()
    return spark


def validate(
    stage: str,
    spark: SparkSession,
    settings: Settings,
    *,
    as_of: date,
    run_id: int,
    database: Engine | None = None,
) -> int:
    """Validate a stage's tables with their suites, and record the results in the lake and, where given, a database.

    Args:
        stage: `inputs`, `features` or `forecasts`.
        spark: the session.
        settings: the places of the lake and the reports, the source and the value basis.
        as_of: first day after the data month.
        run_id: the run.
        database: where the results are recorded.

    Returns:
        The number of rules.

    Raises:
        IncompleteError: a table that the stage needs is missing.
        ValidationFailedError: a critical rule failed or could not be evaluated.
    """
    from jobs.quality.runner import run_checks
    from jobs.quality.stage import Stage
    from jobs.quality.stages import STAGES

    source, lake = load(settings.source), Lake.of_run(settings.lake, as_of, run_id)
    checked = Stage(
        spark=spark,
        lake=lake,
        as_of=as_of,
        run_id=run_id,
        departments=source.departments,
        is_margin=settings.value_basis != NET_REVENUE,
        customers_where=source.customers_where,
    )
    checks = STAGES[stage](checked)
    results = run_checks(checks, as_of=as_of, run_id=run_id, reports=settings.reports)
    write_period(pd.DataFrame(map(asdict, results)), lake, validation(stage), as_of, {"run": str(run_id)})
    log.info("all results in the Data Docs: %s", settings.reports.resolve() / DATA_DOCS / "index.html")
    log.info("validation of %s as of %s: %s", stage, as_of, listing(results))
    if database is not None:
        record_results(database, results, stage=stage, run_id=run_id)
    raise_if_critical(results, stage=stage, as_of=as_of)
    return len(results)
