"""Make a version the champion, overriding the gate, and record who did it and why.

    python -m jobs.choose_champion --model-version 3 --by "Ada Lovelace" --because "version 4 overrates new customers"

Verdicts of earlier months do not change: when such a month is run again, it uses the same version. The next months'
challengers are compared with the champion chosen here until one replaces it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from jobs.core.arguments import add_value_basis, parser
from jobs.core.postgres import engine, fetch
from jobs.core.refusal import RefusedError
from jobs.core.settings import Settings
from jobs.core.task import log_to_stderr, run_as_program
from jobs.models.champion import held, make_champion
from jobs.models.registry import Registry

log = logging.getLogger(__name__)


class ChoiceError(RefusedError):
    """The choice cannot be recorded."""


def choose_champion(registry: Registry, number: int, *, by: str, because: str) -> int | None:
    """Record the choice, tag the version and point the alias `champion` to it; the champion before.

    The record is written first: a record of an alias that was not moved is better than an unexplained champion.

    Raises:
        ChoiceError: name or reason is empty.
        UncheckedError: there is no such version, or its files cannot be checked.
        TamperedError: its files differ from those that were registered.
    """
    if not by.strip() or not because.strip():
        raise ChoiceError("--by and --because must not be empty: give your name and the reason for the choice")
    registry.fetch(number)
    chosen = registry.version(number)
    with held(registry):
        before = registry.aliased("champion")
        [choice] = fetch(
            registry.database,
            "record_decision",
            run_id=None,
            as_of=chosen.as_of,
            model_name=registry.model,
            model_version=number,
            decision="chosen",
            forecast_by=None,
            champion_before=before,
            champion_after=number,
            reasons=[because],
            decided_by=by,
        )
        registry.tag(number, {"chosen_by": by, "chosen_because": because})
        make_champion(registry, number, choice["decision_id"])
    return before


def main(argv: Sequence[str] | None = None) -> None:
    """Choose a champion; see `--help`."""
    options = parser(__doc__)
    options.add_argument("--model-version", type=int, required=True, help="the new champion")
    options.add_argument("--by", required=True, help="who chooses")
    options.add_argument("--because", required=True, help="the reason, for the record")
    add_value_basis(options)
    arguments = options.parse_args(argv)
    log_to_stderr()
    settings = Settings().on(arguments.value_basis)
    registry = Registry(settings.tracking_uri, engine(settings.database_url), settings.model)
    before = choose_champion(registry, arguments.model_version, by=arguments.by, because=arguments.because)
    log.info("The champion is now version %s; before: %s", arguments.model_version, before or "none")


if __name__ == "__main__":
    run_as_program(main)
