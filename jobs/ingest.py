"""Ingest the delivered tables, without losing a row, and validate the data month's rows.

    spark-submit jobs/ingest.py --months '{"transactions": "2011-10,2011-11"}' --as-of 2011-12-01 --run-id 17

Each row goes to `clean/<table>` or `rejected/<table>`. A table of which the lake holds this delivery is left out.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from functools import partial

from pyspark.sql import SparkSession
from sqlalchemy import Engine

from jobs.cleaning.ingestion import ingest, ingested
from jobs.cleaning.row_counts import record_row_counts
from jobs.core.arguments import add_force, run_parser
from jobs.core.fence import refuse_superseded
from jobs.core.month import Month
from jobs.core.postgres import engine
from jobs.core.settings import Settings
from jobs.core.spark import session
from jobs.core.task import recorded, run_as_program
from jobs.core.value_basis import NET_REVENUE
from jobs.lake.lake import Lake
from jobs.landing.deliveries import TABLES, delivery
from jobs.landing.file_checks import LandingError
from jobs.quality.validation import import_meanwhile, validate
from jobs.sources import load
from jobs.sources.mapping import Source

log = logging.getLogger(__name__)

ORDER = ("products", "customers", "sessions", "transactions")
"""Order lines take their department from the products."""


def _ingest(
    spark: SparkSession,
    source: Source,
    settings: Settings,
    lake: Lake,
    table: str,
    months: Sequence[Month],
    *,
    is_forced: bool,
) -> int:
    """Ingest one table; its clean and rejected rows."""
    delivered = delivery(source, table, settings.landing, settings.on(NET_REVENUE).lake)
    if delivered is None:
        raise LandingError(f"{settings.landing} holds no {table}: nothing to ingest")
    name = f"{table} of {', '.join(map(str, months))}"
    present = None if is_forced else ingested(source, delivered, lake, months=months)
    if present is not None:
        log.info("%s: the lake holds this delivery already, %d rows", name, present)
        return present
    result = ingest(spark, source, delivered, lake, months=months)
    for line in result.lines(name):
        log.info("%s", line)
    return result.read


def main(argv: Sequence[str] | None = None) -> None:
    """Ingest and validate the tables of a run; see `--help`."""
    parser = run_parser(__doc__)
    parser.add_argument("--months", type=json.loads, required=True, help='{table: "YYYY-MM,YYYY-MM"}: what to write')
    add_force(parser)
    arguments = parser.parse_args(argv)
    as_of, run_id = arguments.as_of, arguments.run_id
    settings = Settings().on(arguments.value_basis)
    source = load(settings.source, arguments.value_basis)
    database: Engine = engine(settings.database_url)
    lake = Lake(settings.lake, partial(refuse_superseded, database, run_id))
    with recorded("ingest", run_id=run_id, engine=database) as outcome:
        import_meanwhile()
        spark = session(f"ingest {as_of}")
        outcome.rows = 0
        for table in ORDER:
            if table not in arguments.months:
                log.info("%s: nothing is delivered up to this month", table)
                continue
            months = [Month.parse(text) for text in arguments.months[table].split(",") if text]
            outcome.rows += _ingest(spark, source, settings, lake, table, months, is_forced=arguments.force)
            record_row_counts(database, lake, TABLES[table], months, run_id=run_id, name=table)
        validate("inputs", spark, settings, as_of=as_of, run_id=run_id, database=database)


if __name__ == "__main__":
    run_as_program(main)
