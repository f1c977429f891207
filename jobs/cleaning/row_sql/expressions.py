"""Parts of a predicate: what kind of value each gives, and how kinds go together, as in Spark's ANSI mode.

What Spark would convert silently between text and numbers is refused: in the batch, one text that is no number would
stop the task.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any, Literal

Kind = Literal["text", "number", "truth", "time", "date", "nothing"]
Values = Mapping[str, Any]
"""The columns of a row by name, and, as `delivered`, the texts of the row as delivered."""

_MOST_DIGITS = 38
"""Of Spark's decimals. Beyond them it rounds or stops, so nothing here may need more."""
_TIME = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d:\d\d(\.\d{1,6})?)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class NotUnderstoodError(Exception):
    """A predicate, or `part` of it, cannot be evaluated without Spark; the message says why, or what to write."""

    def __init__(self, why: str, part: str | None = None) -> None:
        super().__init__(why)
        self.part = part


@dataclass(frozen=True, kw_only=True)
class Expression:
    """A part of a predicate.

    Attributes:
        kind: of its values; `nothing` for NULL.
        of: its value for a row; None for NULL.
        whole: of numbers: the most digits before the point.
        scale: of numbers: the digits behind it.
        is_decimal: of numbers: whether Spark has it as a decimal rather than an integer.
        constant: the value of a literal.
    """

    kind: Kind
    of: Callable[[Values], Any]
    whole: int = 0
    scale: int = 0
    is_decimal: bool = False
    constant: Any = None


def constant(kind: Kind, value: Any) -> Expression:
    """A literal."""
    return Expression(kind=kind, of=lambda _: value, constant=value)


def number(whole: int, scale: int, of: Callable[[Values], Any], *, is_decimal: bool = True) -> Expression:
    """A number of at most so many digits."""
    if whole + scale > _MOST_DIGITS:
        raise NotUnderstoodError(f"it can need {whole + scale} digits, and Spark has {_MOST_DIGITS}")
    return Expression(kind="number", of=of, whole=whole, scale=scale, is_decimal=is_decimal)


def strict(function: Callable[..., Any], *arguments: Expression) -> Callable[[Values], Any]:
    """The function of a row that is NULL where an argument is."""
    if len(arguments) == 1:
        one = arguments[0].of
        return lambda row: None if (value := one(row)) is None else function(value)
    many = [argument.of for argument in arguments]

    def of(row: Values) -> Any:
        values = [each(row) for each in many]
        return None if None in values else function(*values)

    return of


def required(kind: Kind, part: Expression) -> Expression:
    """The part, which must be of a kind or NULL."""
    if part.kind not in (kind, "nothing"):
        raise NotUnderstoodError(f"it needs a {kind} and gets a {part.kind}{_advice({kind, part.kind})}")
    return part


def comparable(parts: Sequence[Expression]) -> list[Expression]:
    """The parts as values that can be compared: dates and literal texts become times where they meet times."""
    kinds = {part.kind for part in parts}
    if "time" in kinds:
        return alike([_as_time(part) for part in parts])
    if "date" in kinds:
        return alike([_as_date(part) for part in parts])
    return alike(parts)


def alike(parts: Sequence[Expression]) -> list[Expression]:
    """The parts, all of one kind; numbers with the digits of all of them."""
    kinds = {part.kind for part in parts} - {"nothing"}
    if len(kinds) > 1:
        raise NotUnderstoodError(f"it mixes {' and '.join(sorted(kinds))}{_advice(kinds)}")
    if kinds != {"number"}:
        return [replace(part, kind=next(iter(kinds), "nothing")) for part in parts]
    numbers = [part for part in parts if part.kind == "number"]
    whole, scale = max(part.whole for part in numbers), max(part.scale for part in numbers)
    is_decimal = any(part.is_decimal for part in numbers)
    return [number(whole, scale, part.of, is_decimal=is_decimal) for part in parts]


def _as_time(part: Expression) -> Expression:
    if part.kind == "date":
        return Expression(kind="time", of=lambda row: _midnight(part.of(row)))
    return time_literal(part.constant) if part.kind == "text" and part.constant is not None else part


def _as_date(part: Expression) -> Expression:
    return date_literal(part.constant) if part.kind == "text" and part.constant is not None else part


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time())


def time_literal(text: str) -> Expression:
    """A time, as the shop's wall clock."""
    try:
        return constant("time", datetime.fromisoformat(_matching(_TIME, text)))
    except ValueError:
        raise NotUnderstoodError(f"{text!r} is not a time like '2010-12-01 08:30:00'") from None


def date_literal(text: str) -> Expression:
    """A date."""
    try:
        return constant("date", date.fromisoformat(_matching(_DATE, text)))
    except ValueError:
        raise NotUnderstoodError(f"{text!r} is not a date like '2010-12-01'") from None


def _matching(pattern: re.Pattern[str], text: str) -> str:
    if pattern.fullmatch(text) is None:
        raise ValueError(text)
    return text


def _advice(kinds: set[Kind]) -> str:
    if kinds == {"text", "number"}:
        return ": convert the text by try_cast(… AS decimal(18, 4)), or put the literal in (or out of) quotes"
    return ""
