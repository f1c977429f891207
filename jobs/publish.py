"""Publish the forecast of a run: readers of its month switch to it in one step.

    python -m jobs.publish --as-of 2011-12-01 --run-id 17

The last line on stdout is a JSON object that says what changed for readers: `jobs/publishing/change.py`.
See `docs/decisions/0007-publish-by-pointer.md`.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

from jobs.core.arguments import run_parser
from jobs.core.postgres import engine, fetch
from jobs.core.settings import Settings
from jobs.core.task import recorded, run_as_program
from jobs.lake.lake import Lake
from jobs.publishing.change import change_as_json
from jobs.publishing.standard import publish
from jobs.sources import load

log = logging.getLogger(__name__)

TASK = "publish.publish"


def main(argv: Sequence[str] | None = None) -> None:
    """Publish the forecast of one month."""
    arguments = run_parser(__doc__).parse_args(argv)
    settings = Settings().on(arguments.value_basis)
    database = engine(settings.database_url)
    # An attempt that was killed after its commit left no record newer than that: its change has not been announced.
    was_recorded = bool(fetch(database, "recorded_since_publication", run_id=arguments.run_id, task=TASK))
    with recorded(TASK, run_id=arguments.run_id, engine=database) as outcome:
        lake = Lake.of_run(settings.lake, arguments.as_of, arguments.run_id)
        source = load(settings.source, settings.value_basis)
        publication = publish(database, lake, source, as_of=arguments.as_of, run_id=arguments.run_id)
        outcome.rows = publication.rows
        log.info("Run %s as of %s: %s", arguments.run_id, arguments.as_of, publication)
    is_repeated = was_recorded and not publication.loaded
    sys.stdout.write(change_as_json(database, arguments.as_of, arguments.run_id, is_repeated=is_repeated))


if __name__ == "__main__":
    run_as_program(main)
