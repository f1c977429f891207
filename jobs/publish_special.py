"""Load a special run's forecast into `clv.special_forecast`.

python -m jobs.publish_special --as-of 2011-12-01 --run-id 17
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from jobs.core.arguments import run_parser
from jobs.core.postgres import engine
from jobs.core.settings import Settings
from jobs.core.task import recorded, run_as_program
from jobs.lake.lake import Lake
from jobs.publishing.special import publish_special

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> None:
    """Load the forecast of one special run."""
    arguments = run_parser(__doc__).parse_args(argv)
    settings = Settings().on(arguments.value_basis)
    database = engine(settings.database_url)
    with recorded("special.publish_special", run_id=arguments.run_id, engine=database) as outcome:
        outcome.rows = publish_special(database, Lake(settings.lake), as_of=arguments.as_of, run_id=arguments.run_id)
        log.info("Loaded into clv.special_forecast and clv.special_total with run_id %s", arguments.run_id)


if __name__ == "__main__":
    run_as_program(main)
