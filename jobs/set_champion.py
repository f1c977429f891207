"""Make the version that the gate promoted in a run the champion, once the run's forecast is published.

    python -m jobs.set_champion --as-of 2011-12-01 --run-id 17

A run that readers do not see changes no champion, and neither does a run whose decision is older than a person's choice
or a later published month. A newer plan does not stop it: what counts is what readers see. Running it again changes
nothing. See `docs/decisions/0006-models-in-mlflow.md`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from jobs.core.arguments import run_parser
from jobs.core.postgres import engine
from jobs.core.settings import FIRST_MONTH_MODEL, Settings
from jobs.core.task import recorded, run_as_program
from jobs.core.value_basis import NET_REVENUE
from jobs.models.champion import set_champion
from jobs.models.registry import Registry

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> None:
    """Set the champion after one run."""
    arguments = run_parser(__doc__).parse_args(argv)
    settings = Settings().on(arguments.value_basis)
    database = engine(settings.database_url)
    models = [settings.model, FIRST_MONTH_MODEL] if settings.value_basis == NET_REVENUE else [settings.model]
    with recorded("publish.set_champion", run_id=arguments.run_id, engine=database, is_fenced=False):
        for model in models:
            registry = Registry(settings.tracking_uri, database, model)
            log.info("Model %s: %s", model, set_champion(registry, arguments.run_id))


if __name__ == "__main__":
    run_as_program(main)
