"""Ingest the delivered tables, without losing a row, and validate the data month's rows.

    spark-submit jobs/ingest.py --months '{"transactions": "2011-10,2011-11"}' --as-of 2011-12-01 --run-id 17

Each row goes to `clean/<table>` or `rejected/<table>`. A table of which the lake holds this delivery is left out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from jobs.cleaning.run_ingestion import RunIngestion
from jobs.core.arguments import add_force, run_parser
from jobs.core.postgres import engine
from jobs.core.settings import Settings
from jobs.core.task import recorded, run_as_program
from jobs.lake.lake import Lake
from jobs.quality.validation import session_to_validate, validate
from jobs.sources import load


def main(argv: Sequence[str] | None = None) -> None:
    """Ingest and validate the tables of a run; see `--help`."""
    parser = run_parser(__doc__)
    parser.add_argument("--months", type=json.loads, required=True, help='{table: "YYYY-MM,YYYY-MM"}: what to write')
    add_force(parser)
    arguments = parser.parse_args(argv)
    as_of, run_id = arguments.as_of, arguments.run_id
    settings = Settings().on(arguments.value_basis)
    database = engine(settings.database_url)
    with recorded("ingest", run_id=run_id, engine=database) as outcome:
        spark = session_to_validate(f"ingest {as_of}")
        ingestion = RunIngestion(
            spark=spark,
            source=load(settings.source, arguments.value_basis),
            settings=settings,
            lake=Lake.of_run(settings.lake, as_of, run_id),
            database=database,
            run_id=run_id,
            months=arguments.months,
            is_forced=arguments.force,
        )
        outcome.rows = ingestion.ingest()
        validate("inputs", spark, settings, as_of=as_of, run_id=run_id, database=database)


if __name__ == "__main__":
    run_as_program(main)
