"""Ingest one table: delivered files → `clean/<table>` and `rejected/<table>`, month by month, without losing a row.

spark-submit jobs/ingest.py --table transactions --months 2011-10,2011-11 --as-of 2011-12-01 --run-id 17
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial

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
from jobs.sources import load

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> None:
    """Ingest one table for a run; see `--help`."""
    parser = run_parser(__doc__)
    parser.add_argument("--table", required=True, choices=sorted(TABLES))
    parser.add_argument("--months", required=True, help="months to write: YYYY-MM,YYYY-MM")
    add_force(parser)
    arguments = parser.parse_args(argv)
    table, as_of = arguments.table, arguments.as_of
    settings = Settings().on(arguments.value_basis)
    source = load(settings.source, arguments.value_basis)
    months = [Month.parse(text) for text in arguments.months.split(",") if text]
    database = engine(settings.database_url)
    lake = Lake(settings.lake, partial(refuse_superseded, database, arguments.run_id))
    with recorded(f"ingest.{table}", run_id=arguments.run_id, engine=database) as outcome:
        delivered = delivery(source, table, settings.landing, settings.on(NET_REVENUE).lake)
        if delivered is None:
            raise LandingError(f"{settings.landing} holds no {table}: nothing to ingest")
        if not arguments.force:
            outcome.rows = ingested(source, delivered, lake, months=months)
        if outcome.rows is not None:
            log.info("%s of %s: the lake holds this delivery already, %d rows", table, arguments.months, outcome.rows)
        else:
            spark = session(f"ingest {table} {as_of}")
            result = ingest(spark, source, delivered, lake, months=months)
            outcome.rows = result.read
            for line in result.lines(f"{table} of {arguments.months}"):
                log.info("%s", line)
        record_row_counts(database, lake, TABLES[table], months, run_id=arguments.run_id, name=table)


if __name__ == "__main__":
    run_as_program(main)
