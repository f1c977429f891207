"""Whether a challenger may become champion: a pure decision with its reasons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from jobs.core.month import HORIZON_MONTHS
from jobs.forecasting.bootstrap import LEVEL, MEASURES, MONEY, RANKING, RESAMPLES, BacktestOrigin, measure, resampled
from jobs.forecasting.champion_challenger import CHALLENGER, OPPONENT
from jobs.forecasting.encoder import Floats
from jobs.forecasting.metrics import BAR, spearman, value_metrics


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
"""On most shops the best forecasts of twelve months reach 0.5 to 0.63; where customers pay a fixed fee, 0.93."""

IMPLAUSIBLE_LEAD = 0.2
"""A correlation above the limit means a leak only if it leads the simple forecasts of the same months by as much."""


@dataclass(frozen=True)
class Decision:
    """What the gate decides, and every comparison behind it as a sentence.

    Attributes:
        promoted: whether the challenger forecasts.
        is_replaced: whether the opponent forecasts in its place; not if it is no better.
        reasons: one sentence for each comparison.
    """

    promoted: bool
    is_replaced: bool
    reasons: tuple[str, ...]


def decide(origins: Sequence[BacktestOrigin], *, has_opponent: bool, seed: int) -> Decision:
    """Promote a challenger that is no worse than the baselines and its opponent, with a plausible accuracy.

    An opponent takes the place of a challenger that is worse than it. It takes the place of one that only fails against
    the others if it passes where that one fails.

    Args:
        origins: the comparison; empty if the history is too short. Every other candidate is a baseline; without the
            opponent's forecasts, the challenger is compared with the baselines alone.
        has_opponent: whether another version could forecast in its place.
        seed: seed of the bootstrap.
    """
    if not origins:
        return Decision(not has_opponent, has_opponent, ("no month has matured to compare on",))
    measures, samples = measure(origins), resampled(origins, seed)
    baselines = [name for name in origins[0].forecasts if name not in (CHALLENGER, OPPONENT)]

    def compared(candidate: str, *rivals: str) -> tuple[bool, list[str]]:
        checks = [compare(rule, rival, measures, samples, candidate) for rival in rivals for rule in RULES]
        return all(ok for ok, _ in checks), [reason for _, reason in checks]

    suspicion = _too_good(origins, CHALLENGER)
    beats_baselines, reasons = compared(CHALLENGER, *baselines)
    beats_opponent, is_replaced = True, False
    if OPPONENT in measures:
        beats_opponent, more = compared(CHALLENGER, OPPONENT)
        reasons += more
    else:
        reasons.append("the opponent cannot be compared" if has_opponent else "there is no opponent")
    promoted = beats_baselines and beats_opponent and not suspicion
    if OPPONENT in measures and not promoted:
        is_worse = not suspicion and not beats_opponent
        is_replaced = not _too_good(origins, OPPONENT) and (is_worse or compared(OPPONENT, *baselines)[0])
        if not is_replaced:
            reasons.append("the opponent fails, too: it does not take its place")
    months = " and ".join(str(origin.months) for origin in origins)
    compared_on = f"compared on the newest {months} months, each from its own origin"
    return Decision(promoted, is_replaced, (*suspicion, compared_on, *_bars(origins[0]), *reasons))


def figures_of(origins: Sequence[BacktestOrigin]) -> dict[str, float]:
    """What the gate compares, by `gate/<candidate>/<measure>`: means over the origins, on all customers."""
    measures = measure(origins) if origins else {}
    return {
        f"gate/{candidate}/{name}": float(value)
        for candidate, values in measures.items()
        for name, value in zip(MEASURES, values, strict=True)
    }


def _bars(origin: BacktestOrigin) -> Iterator[str]:
    """Whether the challenger's total and deciles are within the bar; nothing where nothing was sold."""
    metrics = value_metrics(origin.actual, origin.forecasts[CHALLENGER])
    for name, metric in (("total", "portfolio_mape"), ("deciles", "decile_mape")):
        if metric in metrics:
            verdict = "met" if metrics[metric] <= BAR else "missed"
            off = f"off by {metrics[metric]:.1%}, the bar of {BAR:.0%} is {verdict} (recorded only)"
            yield f"the challenger's {name} over {origin.months} months: {off}"


def _too_good(origins: Sequence[BacktestOrigin], candidate: str) -> tuple[str, ...]:
    """Why a candidate's accuracy is implausible; empty if it is not."""
    suspicion = []
    for origin in origins:
        forecast = origin.forecasts[candidate]
        if origin.months < HORIZON_MONTHS or not np.ptp(origin.actual) or not np.ptp(forecast):
            continue
        correlation, simple = spearman(origin.actual, forecast), _best_simple(origin)
        if correlation > max(IMPLAUSIBLE_SPEARMAN, simple + IMPLAUSIBLE_LEAD):
            suspicion.append(
                f"spearman {correlation:.4g} over {origin.months} months is above {IMPLAUSIBLE_SPEARMAN}, and that of "
                f"a simple forecast is {simple:.4g}: look for features that know the future"
            )
    return tuple(suspicion)


def _best_simple(origin: BacktestOrigin) -> float:
    """The highest rank correlation of the baselines; zero if none varies."""
    baselines = [one for name, one in origin.forecasts.items() if name not in (CHALLENGER, OPPONENT) and np.ptp(one)]
    return max((spearman(origin.actual, one) for one in baselines), default=0.0)


def compare(
    rule: GateRule,
    rival: str,
    measures: dict[str, Floats],
    samples: dict[str, Floats],
    candidate: str = CHALLENGER,
) -> tuple[bool, str]:
    """Whether a candidate passes a rule against another one, and the comparison as a sentence.

    Args:
        rule: the rule.
        rival: the other candidate.
        measures: what `bootstrap.measure` returns.
        samples: what `bootstrap.resampled` returns.
        candidate: the one that must not be worse.
    """
    column = MEASURES.index(rule.measure)
    ours, theirs = measures[candidate][column], measures[rival][column]
    if np.isnan(ours - theirs):
        return True, f"{rule.measure} against {rival}: cannot be measured, nothing was sold"
    losses = rule.sign * (samples[candidate][:, column] - samples[rival][:, column])
    worse = int((losses > rule.tolerance).sum())
    ok = worse <= DOUBT * RESAMPLES
    return ok, (
        f"{rule.measure} {ours:.4g} against {rival} {theirs:.4g}: {'passes' if ok else 'fails'} ({rule.words} worse "
        f"by more than {rule.tolerance} in {worse} of {RESAMPLES} resamples)"
    )
