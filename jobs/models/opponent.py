"""Whom the gate compares a version with, and the forecasts that it compares.

The opponent is the version of the month before. It depends on the data alone, so that a month is judged in the same way
whenever it is run. For the newest month, a champion of other code or libraries takes its place, and so does one that a
person chose: no version of the month before stands for these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from jobs.core.month import Month
from jobs.core.refusal import RefusedError
from jobs.forecasting.encoder import InputError
from jobs.forecasting.outcomes import Snapshots
from jobs.models.model_version import UnreadableError, Version, unpack
from jobs.models.registry import Registry, UncheckedError

if TYPE_CHECKING:
    from jobs.forecasting.bootstrap import BacktestOrigin

ReadHoldout = Callable[[Sequence[date], date], Snapshots]
"""(origins, as_of) → the snapshots at the origins, and the outcomes of every later month up to `as_of`."""

Files = Mapping[str, bytes]
"""The files of a holdout model, name → content."""

Compare = Callable[[Files, Files | None, Version], list["BacktestOrigin"]]
"""(challenger's, opponent's, challenger) → the candidates' forecasts of the challenger's holdout."""

Train = Callable[[date], int]
"""as_of → the version of that day, which is trained if there is none.

Raises InputError if the history is too short, and LeakError if it knows the future.
"""


@dataclass(frozen=True)
class Trial:
    """How the versions of a model are compared.

    Attributes:
        compare: makes the forecasts of the holdout.
        train: trains the version of the month before.
        shares_holdout: as_of of the month before → whether its version holds back the same months, and so has learned
            for the comparison from what the challenger has.
    """

    compare: Compare
    train: Train
    shares_holdout: Callable[[date], bool]


class NoHoldoutModelError(RefusedError):
    """The opponent has no model that was trained without the months of the challenger's holdout."""


@dataclass(frozen=True)
class Opponent:
    """Whom a version is compared with.

    Attributes:
        version: the opponent; None if there is none.
        is_champion: whether it is the champion rather than the version of the month before.
        reasons: who it is, or why there is none.
    """

    version: Version | None
    is_champion: bool
    reasons: tuple[str, ...]


def opponent_of(challenger: Version, champion: Version | None, registry: Registry, trial: Trial) -> Opponent:
    """The opponent of a version.

    Args:
        challenger: the version to be judged.
        champion: the champion that no version of the month before stands for; None if there is none.
        registry: the models.
        trial: trains the version of the month before.
    """
    if champion is not None:
        return Opponent(champion, True, (f"the opponent is the champion, {_described(champion)}",))
    if challenger.holdout_origin is None:
        return Opponent(None, False, ())

    from jobs.forecasting.leak_check import LeakError

    before = Month.before(challenger.as_of).first_day
    if trial.shares_holdout(before):
        shared = f"the holdout of the version as of {before} starts on the same day, so the baselines decide"
        return Opponent(None, False, (shared,))
    try:
        previous = registry.version(trial.train(before))
    except (InputError, LeakError) as error:
        return Opponent(None, False, (f"the month before has no version to compare with: {error}",))
    return Opponent(previous, False, (f"the opponent is that of the month before, {_described(previous)}",))


def _described(version: Version) -> str:
    return f"version {version.number}, trained as of {version.as_of}"


def holdout_forecasts(
    registry: Registry, challenger: Version, opponent: Version | None, compare: Compare
) -> tuple[list[BacktestOrigin], tuple[str, ...]]:
    """The candidates' forecasts of the challenger's holdout; a note if the opponent had to be left out."""
    first = challenger.holdout_origin
    if first is None:
        return [], ()
    own = registry.fetch(challenger.number, "backtest")
    if opponent is None:
        return compare(own, None, challenger), ()
    try:
        return compare(own, _holdout_model(registry, opponent, first), challenger), ()
    except (NoHoldoutModelError, UncheckedError, UnreadableError, InputError) as error:
        notes = (f"version {opponent.number} cannot be compared: {error}",)
        return compare(own, None, challenger), notes


def compare_snapshots(
    read_holdout: ReadHoldout, own: Files, opponents: Files | None, challenger: Version
) -> list[BacktestOrigin]:
    """The comparison of the standard model, on the snapshots of the holdout."""
    from jobs.forecasting.champion_challenger import compare_candidates, origins

    first, as_of = challenger.holdout_origin, challenger.as_of
    assert first is not None
    snapshots = read_holdout(origins(first, as_of), as_of)
    opponent = None if opponents is None else unpack(opponents)
    return compare_candidates(unpack(own), opponent, snapshots, as_of=as_of)


def _holdout_model(registry: Registry, opponent: Version, first: date) -> Files:
    """The opponent's holdout model; raises NoHoldoutModelError unless it was trained on months before `first` only."""
    if opponent.holdout_origin is None:
        raise NoHoldoutModelError("its history was too short for a holdout")
    if opponent.holdout_origin > first:
        raise NoHoldoutModelError(f"its holdout model was trained on months after {first}, where the holdout starts")
    return registry.fetch(opponent.number, "backtest")
