"""Make a version the champion by hand, over the gate's head; who did it, and why, is kept.

    python -m jobs.choose_champion --model-version 3 --by "Ada Lovelace" --because "version 4 overrates new customers"

Months that were judged stay judged: run again, they forecast with the version they had. The next month's challenger is
held against the champion chosen here.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from sqlalchemy import Engine

from jobs.core.arguments import parser
from jobs.core.postgres import engine, execute
from jobs.core.settings import Settings
from jobs.core.task import log_to_stderr, run_as_program
from jobs.models.registry import Registry

log = logging.getLogger(__name__)


class ChoiceError(ValueError):
    """The choice cannot be recorded."""


def choose_champion(registry: Registry, database: Engine, number: int, *, by: str, because: str) -> int | None:
    """Point the alias `champion` at a version, tag the version, and record the choice; the champion before.

    The record comes first: a champion that nobody can account for is worse than an account of one that was not set.

    Raises:
        ChoiceError: nobody, or no reason, is named.
        LookupError: there is no such version.
    """
    if not by.strip() or not because.strip():
        raise ChoiceError("say who chooses (--by) and why (--because)")
    chosen, before = registry.version(number), registry.aliased("champion")
    execute(
        database,
        "record_decision",
        run_id=None,
        as_of=chosen.as_of,
        model_version=number,
        decision="chosen",
        forecast_by=None,
        champion_before=before,
        champion_after=number,
        reasons=[because],
        decided_by=by,
    )
    registry.tag(number, {"chosen_by": by, "chosen_because": because})
    registry.alias("champion", number)
    return before


def main(argv: Sequence[str] | None = None) -> None:
    """Choose a champion; see `--help`."""
    asked = parser(__doc__)
    asked.add_argument("--model-version", type=int, required=True, help="the version that is to be champion")
    asked.add_argument("--by", required=True, help="who chooses")
    asked.add_argument("--because", required=True, help="why, for those who will ask")
    arguments = asked.parse_args(argv)
    log_to_stderr()
    settings = Settings()
    registry, database = Registry(settings.tracking_uri), engine(settings.database_url)
    before = choose_champion(registry, database, arguments.model_version, by=arguments.by, because=arguments.because)
    log.info("The champion is version %s now; it was %s", arguments.model_version, before or "none")


if __name__ == "__main__":
    run_as_program(main)
