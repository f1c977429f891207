"""Tuning the boosters: a seeded random search (Bergstra and Bengio 2012), chosen on some months, confirmed on others.

The months held back are halved. Forecasters fitted before the first half are compared on it; the best of them and the
present settings are fitted again before the second half, and compared there, on the same customers. The best of many
looks better than it is on the months of the choice, but not on others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from jobs.forecasting.bootstrap import MEASURES, MONEY, measure, resampled
from jobs.forecasting.champion_challenger import CHALLENGER, OPPONENT, compare_candidates
from jobs.forecasting.encoder import InputError
from jobs.forecasting.fit import LEAST_SNAPSHOTS, fit
from jobs.forecasting.gate import RULES, compare
from jobs.forecasting.holdout import calibration_months
from jobs.forecasting.outcomes import Snapshots, known_by
from jobs.forecasting.params import ModelParams

Settings = Mapping[str, float]

SPACE: Mapping[str, tuple[float, ...]] = {
    "rounds": (40, 80, 120, 200, 320),
    "learning_rate": (0.02, 0.04, 0.06, 0.1),
    "max_depth": (2, 3, 4, 5, 6),
    "activity_leaf": (5.0, 20.0, 80.0),
    "value_leaf": (5.0, 20.0, 80.0),
    "split_gain": (0.0, 1.0, 4.0, 16.0),
}
"""Setting of `ModelParams` → the values that are tried."""

SURE = 0.95
"""Other settings are adopted if their WAPE is smaller in at least this share of the resamples."""

LEAST_GAIN = 0.01
"""And by at least this share of it: resampling customers says nothing about other months."""

_LEAST_MONTHS = 2


@dataclass(frozen=True)
class Trial:
    """Settings that were tried, and their WAPE on the months of the choice."""

    settings: Settings
    wape: float


@dataclass(frozen=True)
class Tuning:
    """The result of a search.

    Attributes:
        settings: those to use from now on: the best trial's, or the present ones.
        adopted: whether they differ from the present ones.
        gain: by how much the best trial's WAPE was smaller on the months of the confirmation, as a share of the
            present one's; negative if it was larger.
        sure: share of the resamples in which it was smaller.
        trials: everything tried, the present settings first.
        reasons: the comparisons behind the decision.
    """

    settings: Settings
    adopted: bool
    gain: float
    sure: float
    trials: tuple[Trial, ...]
    reasons: tuple[str, ...]


def candidates(present: ModelParams, trials: int) -> Iterator[ModelParams]:
    """Settings to try, drawn evenly from the space by the seed of the present ones."""
    rng = np.random.default_rng((present.seed, len(SPACE)))
    for _ in range(trials):
        yield with_settings(present, {name: values[rng.integers(len(values))] for name, values in SPACE.items()})


def tune(snapshots: Snapshots, *, as_of: date, present: ModelParams, tried: Iterable[ModelParams]) -> Tuning:
    """Look for settings whose forecasts are significantly better than those of the present ones.

    Args:
        snapshots: as for `jobs.forecasting.fit.fit`.
        as_of: the newest outcome looked at lies before it.
        present: the settings in use.
        tried: other settings within `SPACE`.

    Raises:
        InputError: the history is too short to choose on some months and to confirm on others.
    """
    known = known_by(snapshots, as_of)
    months, days = calibration_months(len(known)), list(known)
    if months < _LEAST_MONTHS or len(known) - months < LEAST_SNAPSHOTS:
        raise InputError(f"{len(known)} snapshot(s) up to {as_of}: too few to choose settings and to confirm them")
    first, middle = days[-1 - months], days[-1 - months // 2]
    trials = _trials(known, first, middle, present, tried)
    best = min(trials, key=lambda trial: trial.wape)
    if best is trials[0]:
        return Tuning(best.settings, False, 0.0, 0.0, trials, ("nothing tried was better than the present settings",))
    return _confirmed(known, middle, as_of, present, best, trials)


def _trials(
    known: Snapshots, first: date, middle: date, present: ModelParams, tried: Iterable[ModelParams]
) -> tuple[Trial, ...]:
    """Every setting's WAPE on the first half; the calibration is that of the present settings."""
    at_present = fit(known, as_of=first, params=present)
    seen = {day: frame for day, frame in known.items() if day <= middle}

    def trial(params: ModelParams) -> Trial:
        fitted = at_present
        if params is not present:
            fitted = fit(known, as_of=first, params=params, calibration=at_present.monthly.calibration)
        measures = measure(compare_candidates(fitted, None, seen, as_of=middle))
        return Trial(_settings(params), float(measures[CHALLENGER][MEASURES.index(MONEY)]))

    return (trial(present), *map(trial, tried))


def _confirmed(
    known: Snapshots, middle: date, as_of: date, present: ModelParams, best: Trial, trials: tuple[Trial, ...]
) -> Tuning:
    """The best trial against the present settings on the second half."""
    challenger, opponent = (
        fit(known, as_of=middle, params=params) for params in (with_settings(present, best.settings), present)
    )
    origins = compare_candidates(challenger, opponent, known, as_of=as_of)
    measures, samples = measure(origins), resampled(origins, present.seed)
    column = MEASURES.index(MONEY)
    gain = 1.0 - float(measures[CHALLENGER][column] / measures[OPPONENT][column])
    sure = float((samples[CHALLENGER][:, column] < samples[OPPONENT][:, column]).mean())
    passed, reasons = zip(*(compare(rule, OPPONENT, measures, samples) for rule in RULES), strict=True)
    adopted = worth_it(gain, sure) and all(passed)
    settings = best.settings if adopted else _settings(present)
    smaller = f"{MONEY} smaller than the present settings' by {gain:.1%}, and smaller in {sure:.0%} of the resamples"
    needed = f"{LEAST_GAIN:.0%} and {SURE:.0%} are needed"
    return Tuning(settings, adopted, gain, sure, trials, (f"{smaller}: {needed}", *reasons))


def worth_it(gain: float, sure: float) -> bool:
    """Whether a gain on the months of the confirmation is large and sure enough."""
    return gain >= LEAST_GAIN and sure >= SURE


def with_settings(present: ModelParams, settings: Settings) -> ModelParams:
    """The present settings with those of a search; raises TypeError for a setting that does not exist."""
    return replace(present, **{name: type(getattr(present, name))(value) for name, value in settings.items()})


def _settings(params: ModelParams) -> Settings:
    return {name: getattr(params, name) for name in SPACE}
