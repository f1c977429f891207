"""The options of a run: how it makes its forecast."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from jobs.core.arguments import add_force, add_value_basis

AS_OF, CHAMPION = "as_of", "champion"
MODEL_CHOICES = (AS_OF, CHAMPION)
"""The model that a run scores with: one trained on data from before `as_of`, or today's champion."""


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add `--model`; the default is `as_of`."""
    parser.add_argument("--model", choices=MODEL_CHOICES, default=AS_OF, help="the model that the run scores with")


REFUSE, ACCEPT = "refuse", "accept"
RESTATE_CHOICES = (REFUSE, ACCEPT)
"""What a run does about restated months: fail, or ingest them again and rebuild what was made from them."""


@dataclass(frozen=True)
class RunChoices:
    """How a run makes its forecast.

    Attributes:
        model: one of `MODEL_CHOICES`.
        restate: one of `RESTATE_CHOICES`.
        is_dry_run: whether it stops after its plan.
        is_forced: whether it computes again what is current.
    """

    model: str = AS_OF
    restate: str = REFUSE
    is_dry_run: bool = False
    is_forced: bool = False


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add all options of a run."""
    parser.add_argument("--restate", choices=RESTATE_CHOICES, default=REFUSE, help="what to do about restated months")
    parser.add_argument("--dry-run", action="store_true", help="stop after the plan")
    add_force(parser)
    add_value_basis(parser)
    add_model(parser)


def options_of(arguments: argparse.Namespace) -> RunChoices:
    """The parsed options of a run."""
    return RunChoices(arguments.model, arguments.restate, arguments.dry_run, arguments.force)
