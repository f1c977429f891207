"""How the page says amounts, shares, changes and months."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

Number = Decimal | float | int

NONE = "–"
"""What stands where a figure is not known."""

_SCALES = ((Decimal("1e9"), "billion"), (Decimal("1e6"), "million"), (Decimal("1e3"), "thousand"))
_SMALL = 1_000
"""Amounts below are shown with cents."""
_NAMES = {"main_department": "Main department", "status": "Status", "tier": "Value tier"}

DECISIONS: Mapping[str, str] = {
    "first": "It passed the gate and becomes the first champion.",
    "promoted": "It passed the gate and replaces the champion.",
    "kept_champion": "The new version failed the gate: the champion made this forecast.",
    "kept_previous": "The new version failed the gate: the version of the month before made this forecast.",
    "not_promoted": "It failed the gate, but no other version is better: it made this forecast and is no champion.",
    "backfill": "It was trained on what was known at the time, and forecasts this month alone.",
    "todays_champion": "The run asked for today's champion. Nothing was judged.",
}
"""What the gate's decision means; the keys are those of clv.model_decisions."""


@dataclass(frozen=True)
class Money:
    """Amounts of a currency, by its ISO 4217 code; an empty code where it is not known."""

    currency: str

    def short(self, amount: Number) -> str:
        """Three digits and the currency, for sentences: `EUR 4.56 million`."""
        return f"{self.currency} {scaled(amount)}".strip()


def whole(amount: Number | None) -> str:
    """An amount in whole units, for tables; with cents where it is small."""
    if amount is None:
        return NONE
    digits = 2 if 0 < abs(float(amount)) < _SMALL else 0
    return _minus(f"{amount:,.{digits}f}")


def scaled(amount: Number, *, trimmed: bool = False) -> str:
    """Three digits: `4.50 million`, `83.1 thousand`, `912`; trimmed, for axes: `4.5 million`."""
    exact = Decimal(str(amount))
    scale, name = next(((scale, name) for scale, name in _SCALES if abs(exact) >= scale), (Decimal(1), ""))
    part = exact / scale
    number = f"{part:.{max(0, 3 - len(str(int(abs(part)))))}f}"
    if trimmed and "." in number:
        number = number.rstrip("0").rstrip(".")
    return _minus(f"{number} {name}".strip())


def share(part: Number | None, digits: int = 1) -> str:
    """A share as a percentage."""
    return NONE if part is None else _minus(f"{part * 100:.{digits}f} %")


def change(now: Number, before: Number | None) -> str:
    """By what share an amount has changed, with its sign."""
    if before is None or before <= 0:
        return NONE
    moved = round((float(now) / float(before) - 1) * 100, 1)
    return _minus(f"{moved or 0.0:+.1f} %")


def more_or_less(now: Number, before: Number) -> str:
    """The change in words: `3.2 % more than`."""
    moved = round((float(now) / float(before) - 1) * 100, 1)
    if moved == 0:
        return "as much as"
    return f"{abs(moved):.1f} % {'more' if moved > 0 else 'less'} than"


def off(ratio: Number | None) -> str:
    """A forecast's total as a share of the actual one, in words: `3.2 % too high`."""
    if ratio is None:
        return NONE
    moved = round((float(ratio) - 1) * 100, 1)
    return "exact" if moved == 0 else f"{abs(moved):.1f} % too {'high' if moved > 0 else 'low'}"


def month_name(day: date) -> str:
    """The month of a day: `December 2011`."""
    return f"{_MONTHS[day.month - 1]} {day.year}"


def short_month(day: date, *, with_year: bool = False) -> str:
    """The month of a day, for axes: `Dec`, and the year below it where one begins, or if asked for."""
    name = _MONTHS[day.month - 1][:3]
    return f"{name}\n{day.year}" if with_year or day.month == 1 else name


def grouped_by(segment_by: str) -> str:
    """What customers are grouped by, as a heading."""
    return _NAMES.get(segment_by, segment_by.replace("_", " ").capitalize())


def months(number: int) -> str:
    """`1 month`, `12 months`."""
    return f"{number} month" if number == 1 else f"{number} months"


_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def _minus(text: str) -> str:
    return text.replace("-", "−")
