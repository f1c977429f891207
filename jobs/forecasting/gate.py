"""Whether a challenger may become champion: a pure decision with its reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from jobs.month import HORIZON_MONTHS


@dataclass(frozen=True)
class Rule:
    """How much worse than its opponent a challenger may be on a metric.

    Attributes:
        metric: name in `metrics.py`.
        better: whether lower or higher figures are better, or those nearest to one.
        tolerance: allowed loss; a share of the opponent's figure for `lower`, absolute otherwise.
    """

    metric: str
    better: Literal["lower", "higher", "nearest_one"]
    tolerance: float


RULES = (
    Rule("wape", "lower", 0.02),
    Rule("rmse", "lower", 0.05),
    Rule("norm_gini", "higher", 0.01),
    Rule("total_ratio", "nearest_one", 0.05),
)


IMPLAUSIBLE_SPEARMAN = 0.9
"""The best published forecasts of twelve months of retail reach 0.5 to 0.63: this is knowledge of the future."""


@dataclass(frozen=True)
class Decision:
    """Whether the challenger is promoted, and every comparison behind it in words."""

    promoted: bool
    reasons: tuple[str, ...]


def decide(
    challenger: Mapping[str, float], trailing: Mapping[str, float], champion: Mapping[str, float] | None
) -> Decision:
    """Promote a challenger that is no worse than trailing value and the present champion, nor too good to be true.

    Args:
        challenger: its out-of-time metrics; may be empty where the history is too short to measure.
        trailing: the trailing-value baseline's, on the same customers and months.
        champion: the present champion's, on the same customers and months; None while there is no champion.
    """
    if not challenger:
        if champion is None:
            return Decision(True, ("no month has matured to compare on, and there is no champion yet",))
        return Decision(False, ("no month has matured to compare on: the champion stays",))
    if challenger.get("months") == HORIZON_MONTHS and challenger.get("spearman", 0.0) > IMPLAUSIBLE_SPEARMAN:
        suspicion = (
            f"spearman {challenger['spearman']:.4g} over {HORIZON_MONTHS} months is above {IMPLAUSIBLE_SPEARMAN}"
        )
        return Decision(False, (f"{suspicion}: look for features that know the future before you believe it",))
    passed, reasons = [], []
    for opponent, figures in (("trailing value", trailing), ("champion", champion)):
        if figures is None:
            reasons.append("no champion to compare with")
            continue
        for rule in RULES:
            if rule.metric in challenger and rule.metric in figures:
                ok, reason = _compare(rule, challenger[rule.metric], figures[rule.metric], opponent)
                passed.append(ok)
                reasons.append(reason)
    if not passed:
        return Decision(champion is None, (*reasons, "no metric could be compared"))
    return Decision(all(passed), tuple(reasons))


def _compare(rule: Rule, ours: float, theirs: float, opponent: str) -> tuple[bool, str]:
    if rule.better == "lower":
        limit, ok = theirs * (1.0 + rule.tolerance), ours <= theirs * (1.0 + rule.tolerance)
        allowed = f"at most {limit:.4g}"
    elif rule.better == "higher":
        limit, ok = theirs - rule.tolerance, ours >= theirs - rule.tolerance
        allowed = f"at least {limit:.4g}"
    else:
        limit = abs(theirs - 1.0) + rule.tolerance
        ok = abs(ours - 1.0) <= limit
        allowed = f"within {limit:.3g} of 1"
    verdict = "passes" if ok else "fails"
    return ok, f"{rule.metric} {ours:.4g} against {opponent} {theirs:.4g}: {verdict} ({allowed})"
