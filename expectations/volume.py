"""Expected volume of a month, derived from earlier months: thresholds allow for seasons and for young shops.

The expected volume is that of the same month a year earlier times the growth since then; in a shop's first year, it is
the median of the three previous months; in between, while the growth is uncertain, both are accepted. In Online Retail
II and Superstore (67 months), the rows of a complete month are 0.73 to 2.5 times the expected number once there is a
year of history; before that, seasonality alone gives 0.21 (January after December) to 2.5. A half-delivered month is
near 0.5.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from expectations.rules import Rule, Severity, figure, limits_as_text, total
from jobs.core.month import HORIZON_MONTHS, Month

RECENT_MONTHS = 3
STEADY_GROWTH = 3
"""If sales grew by more than this factor in a year, the shop had just opened and that month says little."""
COUNT_STANDARD_ERRORS = 3
"""Random deviation allowed for small counts: three standard errors (Poisson, the square root of the count)."""

History = Mapping[Month, Mapping[str, float]]
"""Earlier month → its totals by name."""


@dataclass(frozen=True)
class Limits:
    """Multiples of the expected value: below `low` or above `high` the rule fails."""

    low: float
    high: float


SEASONED = {
    "count": {"critical": Limits(0.6, 5), "warning": Limits(0.75, 2)},
    "money": {"critical": Limits(0.2, 5), "warning": Limits(0.6, 2)},
}
"""Limits if the same month of the previous year is known."""
YOUNG = {
    "count": {"critical": Limits(0.2, 8), "warning": Limits(0.6, 3)},
    "money": {"critical": Limits(0.1, 8), "warning": Limits(0.5, 3)},
}
"""Limits in the first year. With fewer than three earlier months, only the warnings apply."""

OPEN_DAYS = 10
SHARE_OF_ORDER_DAYS: dict[Severity, float] = {"critical": 0.6, "warning": 0.75}
"""Online Retail II, closed for Christmas, has 20 days with orders in December and 26 in earlier months."""


def reference_months(month: Month) -> list[Month]:
    """The earlier months with which a month is compared, oldest first."""
    a_year_ago = month.plus(-HORIZON_MONTHS)
    return [
        *a_year_ago.plus(-RECENT_MONTHS).through(a_year_ago),
        *month.plus(-RECENT_MONTHS).through(month.plus(-1)),
    ]


def references(earlier: Mapping[Month, float], month: Month) -> list[float]:
    """The values expected from earlier months: none in the first month, two if the growth is uncertain."""
    recent = [earlier[past] for past in month.plus(-RECENT_MONTHS).through(month.plus(-1)) if past in earlier]
    a_year_ago = earlier.get(month.plus(-HORIZON_MONTHS))
    typical = [median(recent)] if recent else []
    if a_year_ago is None:
        return typical
    pairs = [
        (earlier[past], earlier[past.plus(-HORIZON_MONTHS)])
        for past in month.plus(-RECENT_MONTHS).through(month.plus(-1))
        if past in earlier and past.plus(-HORIZON_MONTHS) in earlier
    ]
    now, then = (sum(figures) for figures in zip(*pairs, strict=True)) if pairs else (0.0, 0.0)
    if then <= 0:
        return [a_year_ago, *typical]
    grown = a_year_ago * now / then
    is_steady = len(pairs) == RECENT_MONTHS and now <= STEADY_GROWTH * then
    return [grown] if is_steady else [grown, *typical]


def volume_rules(history: History, month: Month, *, counts: Sequence[str], money: Sequence[str] = ()) -> list[Rule]:
    """A warning and (from three earlier months on) a critical rule for each total."""
    rules = []
    for name in (*counts, *money):
        earlier = {past: figures[name] for past, figures in history.items()}
        kind = "money" if name in money else "count"
        tiers = SEASONED if month.plus(-HORIZON_MONTHS) in earlier else YOUNG
        expected = references(earlier, month)
        if not expected or min(expected) <= 0:
            continue
        severities: list[Severity] = ["warning"]
        if sum(past in earlier for past in month.plus(-RECENT_MONTHS).through(month.plus(-1))) == RECENT_MONTHS:
            severities = ["critical", "warning"]
        rules += [_volume_rule(name, kind, expected, tiers[kind][severity], severity) for severity in severities]
    return rules


def order_days_rules(history: History, month: Month) -> list[Rule]:
    """Rules for the number of days with an order, in shops that are open on most days."""
    recent = [
        history[past]["order_days"] for past in month.plus(-RECENT_MONTHS).through(month.plus(-1)) if past in history
    ]
    usual = median(recent) if recent else 0
    if usual < OPEN_DAYS:
        return []
    return [
        total(
            f"{'far_' if severity == 'critical' else ''}too_few_order_days",
            "order_days",
            low=math.floor(share * usual),
            says=f"days with an order: at least {share:.0%} of those of earlier months, if at least {OPEN_DAYS}",
            because="Days missing from the middle of a month were not delivered",
            severity=severity,
        )
        for severity, share in SHARE_OF_ORDER_DAYS.items()
    ]


def _volume_rule(name: str, kind: str, expected: Sequence[float], limits: Limits, severity: Severity) -> Rule:
    lowest, highest = min(expected), max(expected)
    errors = COUNT_STANDARD_ERRORS if kind == "count" else 0
    low = math.floor(max(0.0, limits.low * lowest - errors * math.sqrt(lowest)))
    high = math.ceil(limits.high * highest + errors * math.sqrt(highest))
    around = figure(round(lowest)) if lowest == highest else f"{figure(round(lowest))} to {figure(round(highest))}"
    return total(
        f"{name}_{'far_' if severity == 'critical' else ''}off_earlier_months",
        name,
        low=low,
        high=high,
        says=f"{name}: {limits.low:g} to {limits.high:g} times the value expected from earlier months",
        because="The model would learn a partly or doubly delivered month as customer behaviour",
        severity=severity,
        allowed=f"{limits_as_text(low, high)} (expected from earlier months: {around})",
    )
