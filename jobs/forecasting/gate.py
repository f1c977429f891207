"""Whether a challenger may become champion: a pure decision with its reasons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from jobs.core.month import HORIZON_MONTHS
from jobs.forecasting.bootstrap import LEVEL, MEASURES, MONEY, RANKING, RESAMPLES, BacktestOrigin, measure, resampled
from jobs.forecasting.champion_challenger import BTYD, CHALLENGER, OPPONENT, TRAILING
from jobs.forecasting.encoder import Floats
from jobs.forecasting.metrics import spearman


@dataclass(frozen=True)
class GateRule:
    """How much worse than its opponent a challenger may be on a measure.

    Attributes:
        measure: name in `bootstrap.py`.
        sign: 1 where lower figures are better, -1 where higher ones are.
        tolerance: allowed loss, absolute.
        words: what the measure is.
    """

    measure: str
    sign: int
    tolerance: float
    words: str


RULES = (
    GateRule(MONEY, 1, 0.02, "WAPE"),
    GateRule(RANKING, -1, 0.02, "ranking"),
    GateRule(LEVEL, 1, 0.10, "log error of the total"),
)

DOUBT = 0.2
"""A challenger is blocked if it is worse than allowed in more than this share of the resamples."""

IMPLAUSIBLE_SPEARMAN = 0.9
"""The best published forecasts of twelve months of retail reach 0.5 to 0.63: more than this means a leak."""


@dataclass(frozen=True)
class Decision:
    """Whether the challenger is promoted, and every comparison behind it as a sentence."""

    promoted: bool
    reasons: tuple[str, ...]


def decide(origins: Sequence[BacktestOrigin], *, has_opponent: bool, seed: int) -> Decision:
    """Promote a challenger that is no worse than trailing value, BTYD and its opponent, with a plausible accuracy.

    Args:
        origins: the comparison; empty if the history is too short. Without the opponent's forecasts, the challenger is
            compared with the baselines alone.
        has_opponent: whether another version could forecast in its place.
        seed: seed of the bootstrap.
    """
    if not origins:
        return Decision(not has_opponent, ("no month has matured to compare on",))
    suspicion = list(_too_good(origins))
    if suspicion:
        return Decision(False, tuple(suspicion))
    measures, samples = measure(origins), resampled(origins, seed)
    passed, reasons = [], []
    for opponent in (TRAILING, BTYD, OPPONENT):
        if opponent not in measures:
            reasons.append("the opponent cannot be compared" if has_opponent else "no opponent to compare with")
            continue
        for rule in RULES:
            ok, reason = compare(rule, opponent, measures, samples)
            passed.append(ok)
            reasons.append(reason)
    months = " and ".join(str(origin.months) for origin in origins)
    return Decision(all(passed), (f"compared on the newest {months} months, each from its own origin", *reasons))


def _too_good(origins: Sequence[BacktestOrigin]) -> Iterator[str]:
    for origin in origins:
        forecast = origin.forecasts[CHALLENGER]
        if origin.months < HORIZON_MONTHS or not np.ptp(origin.actual) or not np.ptp(forecast):
            continue
        correlation = spearman(origin.actual, forecast)
        if correlation > IMPLAUSIBLE_SPEARMAN:
            yield (
                f"spearman {correlation:.4g} over {origin.months} months is above {IMPLAUSIBLE_SPEARMAN}: look for "
                "features that know the future"
            )


def compare(rule: GateRule, opponent: str, measures: dict[str, Floats], samples: dict[str, Floats]) -> tuple[bool, str]:
    """Whether the challenger passes a rule against an opponent, and the comparison as a sentence.

    Args:
        rule: the rule.
        opponent: the other candidate.
        measures: what `bootstrap.measure` returns.
        samples: what `bootstrap.resampled` returns.
    """
    column = MEASURES.index(rule.measure)
    ours, theirs = measures[CHALLENGER][column], measures[opponent][column]
    if np.isnan(ours - theirs):
        return True, f"{rule.measure} against {opponent}: cannot be measured, nothing was sold"
    losses = rule.sign * (samples[CHALLENGER][:, column] - samples[opponent][:, column])
    worse = int((losses > rule.tolerance).sum())
    ok = worse <= DOUBT * RESAMPLES
    return ok, (
        f"{rule.measure} {ours:.4g} against {opponent} {theirs:.4g}: {'passes' if ok else 'fails'} ({rule.words} worse "
        f"by more than {rule.tolerance} in {worse} of {RESAMPLES} resamples)"
    )
