"""Build the features: the daily months, then the snapshots, that are missing or stale; and validate the newest ones.

    spark-submit jobs/build_features.py --as-of 2011-12-01 --run-id 17

A monthly run builds one month and one snapshot. A run on a new lake builds all of them in one pass, with the same
result.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from jobs.core.arguments import add_force, run_parser
from jobs.core.postgres import engine
from jobs.core.settings import Settings
from jobs.core.task import recorded, run_as_program
from jobs.features.build import build_daily, build_features, check_for_leaks
from jobs.lake.lake import Lake
from jobs.lake.versions import Period, Record
from jobs.quality.validation import session_to_validate, validate
from jobs.sources import load

log = logging.getLogger(__name__)


def _log(what: str, records: dict[Period, Record], started: float) -> None:
    periods = f" ({min(map(str, records))} to {max(map(str, records))})" if records else ""
    rows = sum(record.rows for record in records.values())
    log.info("%s: wrote %d%s, %d rows, %.1f s", what, len(records), periods, rows, time.monotonic() - started)


def main(argv: Sequence[str] | None = None) -> None:
    """Build the features of a run; see `--help`."""
    parser = run_parser(__doc__)
    add_force(parser)
    args = parser.parse_args(argv)
    settings = Settings().on(args.value_basis)
    source, database = load(settings.source), engine(settings.database_url)
    month = {"as_of": args.as_of, "customers_where": source.customers_where}
    lake = Lake.of_run(settings.lake, args.as_of, args.run_id)
    with recorded("build_features", run_id=args.run_id, engine=database) as outcome:
        spark = session_to_validate(f"build_features {args.as_of}")
        started = time.monotonic()
        _log("daily", build_daily(spark, lake, **month, is_forced=args.force), started)
        started = time.monotonic()
        written = build_features(spark, lake, source.departments, **month, is_forced=args.force)
        if written:
            check_for_leaks(spark, lake, source.departments, **month)
        _log("features", written, started)
        outcome.rows = sum(record.rows for record in written.values())
        validate("features", spark, settings, as_of=args.as_of, run_id=args.run_id, database=database)


if __name__ == "__main__":
    run_as_program(main)
