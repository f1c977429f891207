"""Whether a challenger may become champion: a pure decision with its reasons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from jobs.core.month import HORIZON_MONTHS
from jobs.forecasting.bootstrap import LEVEL, MEASURES, MONEY, RANKING, RESAMPLES, BacktestOrigin, measure, resampled
from jobs.forecasting.champion_challenger import BTYD, CHALLENGER, CHAMPION, TRAILING
from jobs.forecasting.encoder import Floats
from jobs.forecasting.metrics import spearman


@dataclass(frozen=True)
class Rule:
    """How much worse than its opponent a challenger may be on a measure.

    Attributes:
        measure: name in `bootstrap.py`.
        sign: 1 where lower figures are better, -1 where higher ones are.
        tolerance: allowed loss, absolute.
        words: the rule in words.
    """

    measure: str
    sign: int
    tolerance: float
    words: str


RULES = (
    Rule(MONEY, 1, 0.02, "error in money, to all money"),
    Rule(RANKING, -1, 0.02, "ranking"),
    Rule(LEVEL, 1, 0.10, "logarithm of the total's error"),
)

DOUBT = 0.2
"""A challenger is blocked where it is worse than allowed in more than this share of the resamples."""

IMPLAUSIBLE_SPEARMAN = 0.9
"""The best published forecasts of twelve months of retail reach 0.5 to 0.63: this is knowledge of the future."""


@dataclass(frozen=True)
class Decision:
    """Whether the challenger is promoted, and every comparison behind it in words."""

    promoted: bool
    reasons: tuple[str, ...]


def decide(rounds: Sequence[BacktestOrigin], *, has_champion: bool, seed: int) -> Decision:
    """Promote a challenger that is no worse than trailing value, BTYD and the champion, nor too good to be true.

    Args:
        rounds: the contest; empty where the history is too short for one. Where the champion does not take part, the
            challenger is held against the others alone.
        has_champion: whether there is one at present.
        seed: of the bootstrap.
    """
    if not rounds:
        if has_champion:
            return Decision(False, ("no month has matured to compare on: the champion stays",))
        return Decision(True, ("no month has matured to compare on, and there is no champion yet",))
    suspicion = list(_too_good(rounds))
    if suspicion:
        return Decision(False, tuple(suspicion))
    found, drawn = measure(rounds), resampled(rounds, seed)
    passed, reasons = [], []
    for opponent in (TRAILING, BTYD, CHAMPION):
        if opponent not in found:
            reasons.append("the champion takes no part" if has_champion else "no champion to compare with")
            continue
        for rule in RULES:
            ok, reason = compare(rule, opponent, found, drawn)
            passed.append(ok)
            reasons.append(reason)
    months = " and ".join(str(one.months) for one in rounds)
    return Decision(all(passed), (f"compared on the newest {months} months, each from its own origin", *reasons))


def _too_good(rounds: Sequence[BacktestOrigin]) -> Iterator[str]:
    for one in rounds:
        forecast = one.forecasts[CHALLENGER]
        if one.months < HORIZON_MONTHS or not np.ptp(one.actual) or not np.ptp(forecast):
            continue
        found = spearman(one.actual, forecast)
        if found > IMPLAUSIBLE_SPEARMAN:
            yield (
                f"spearman {found:.4g} over {one.months} months is above {IMPLAUSIBLE_SPEARMAN}: look for features "
                "that know the future before you believe it"
            )


def compare(rule: Rule, opponent: str, found: dict[str, Floats], drawn: dict[str, Floats]) -> tuple[bool, str]:
    """Whether the challenger passes a rule against an opponent, and the comparison in words.

    Args:
        rule: the rule.
        opponent: who else forecast.
        found: what `bootstrap.measure` found.
        drawn: what `bootstrap.resampled` found.
    """
    column = MEASURES.index(rule.measure)
    ours, theirs = found[CHALLENGER][column], found[opponent][column]
    if np.isnan(ours - theirs):
        return True, f"{rule.measure} against {opponent}: cannot be measured, nothing was sold"
    losses = rule.sign * (drawn[CHALLENGER][:, column] - drawn[opponent][:, column])
    worse = int((losses > rule.tolerance).sum())
    ok = worse <= DOUBT * RESAMPLES
    return ok, (
        f"{rule.measure} {ours:.4g} against {opponent} {theirs:.4g}: {'passes' if ok else 'fails'} ({rule.words} worse "
        f"by more than {rule.tolerance} in {worse} of {RESAMPLES} resamples)"
    )
