"""The options of a run. A standard run forecasts twelve months' net revenue of all customers; others are special.

A special run is published separately, in `clv.special_forecast`, and never changes a published month:
`docs/decisions/0010-special-runs.md`.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from sqlalchemy import RowMapping

from jobs.core.arguments import add_force, add_value_basis
from jobs.core.month import HORIZON_MONTHS, HORIZONS, Month
from jobs.core.refusal import RefusedError
from jobs.core.value_basis import NET_REVENUE
from jobs.lake.tables import Table
from jobs.planning.segment import ALL, Segment, parse


@dataclass(frozen=True)
class RunParameters:
    """The forecast that a run makes.

    Attributes:
        horizon_months: the number of months, one of `HORIZONS`.
        segment: the customers; None for all.
        value_basis: the measure of value, one of `value_basis.VALUE_BASES`.
    """

    horizon_months: int = HORIZON_MONTHS
    segment: Segment | None = None
    value_basis: str = NET_REVENUE

    @property
    def is_special(self) -> bool:
        """Whether any parameter differs from a standard run."""
        return self != RunParameters()

    @property
    def segment_text(self) -> str:
        """The segment as text, as `jobs.planning.segment.parse` reads it."""
        return ALL if self.segment is None else str(self.segment)

    def __str__(self) -> str:
        """The parameters as text."""
        months = f"{self.horizon_months} month{'s' * (self.horizon_months > 1)}"
        return f"horizon {months}, segment {self.segment_text}, value basis {self.value_basis}"


AS_OF, CHAMPION = "as_of", "champion"
MODEL_CHOICES = (AS_OF, CHAMPION)
"""The model that a run scores with: one trained on data from before `as_of`, or today's champion."""


class ChoiceRefusedError(RefusedError):
    """The choices of a run contradict each other."""


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add `--model`; the default is `as_of`."""
    parser.add_argument("--model", choices=MODEL_CHOICES, default=AS_OF, help="the model that the run scores with")


REFUSE, ACCEPT = "refuse", "accept"
RESTATE_CHOICES = (REFUSE, ACCEPT)
"""What a run does about restated months: fail, or ingest them again and rebuild what was made from them."""


@dataclass(frozen=True)
class RunChoices:
    """How a run makes its forecast; none of these choices makes a run special.

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
    parser.add_argument(
        "--horizon", type=int, choices=HORIZONS, default=HORIZON_MONTHS, help="number of months to forecast"
    )
    parser.add_argument("--segment", default=ALL, help=f"'{ALL}', or column=value,value")
    parser.add_argument("--restate", choices=RESTATE_CHOICES, default=REFUSE, help="what to do about restated months")
    parser.add_argument("--dry-run", action="store_true", help="stop after the plan")
    add_force(parser)
    add_value_basis(parser)
    add_model(parser)


def options_of(arguments: argparse.Namespace, snapshots: Table) -> tuple[RunParameters, RunChoices]:
    """The parsed options of a run.

    Raises:
        SegmentError: the segment cannot be parsed.
        ChoiceRefusedError: a special run with `--model champion`.
    """
    parameters = RunParameters(arguments.horizon, parse(arguments.segment, snapshots), arguments.value_basis)
    choices = RunChoices(arguments.model, arguments.restate, arguments.dry_run, arguments.force)
    if parameters.is_special and choices.model != AS_OF:
        raise ChoiceRefusedError("a special run scores with its month's model: leave `model` at as_of")
    return parameters, choices


def refuse_later_model(parameters: RunParameters, month: Month, published: RowMapping | None) -> None:
    """Raise ChoiceRefusedError if a special run would score with a version that was trained after its month."""
    if not parameters.is_special or parameters.value_basis != NET_REVENUE or published is None:
        return
    if published["model_as_of"] is not None and published["model_as_of"] > month.as_of:
        raise ChoiceRefusedError(
            f"the published forecast of {month} was made by model version {published['model_version']}, which was "
            f"trained as of {published['model_as_of']}, after the month: run the month with model=as_of first"
        )
