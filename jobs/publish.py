"""Publish the forecast of a run: readers of its month switch to it in one step.

    python -m jobs.publish --as-of 2011-12-01 --run-id 17

See `docs/decisions/0007-publish-by-pointer.md`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from jobs.core.arguments import run_parser
from jobs.core.postgres import engine
from jobs.core.settings import Settings
from jobs.core.task import recorded, run_as_program
from jobs.lake.lake import Lake
from jobs.publishing.standard import publish

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> None:
    """Publish the forecast of one month."""
    arguments = run_parser(__doc__).parse_args(argv)
    settings = Settings()
    database = engine(settings.database_url)
    with recorded("publish.publish", run_id=arguments.run_id, engine=database) as outcome:
        publication = publish(database, Lake(settings.lake), as_of=arguments.as_of, run_id=arguments.run_id)
        outcome.rows = publication.rows
        log.info("Run %s as of %s: %s", arguments.run_id, arguments.as_of, publication)


if __name__ == "__main__":
    run_as_program(main)
