"""Functions of Spark SQL that a predicate may call. Each is NULL if an argument is NULL, and none fails for any row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from sqlglot import exp

from jobs.cleaning.row_sql.expressions import Expression, Kind, NotUnderstoodError, number, required, strict

_DIGITS_OF_INT = 10


class Function(NamedTuple):
    """A function: the kinds of its arguments, of which the last may be left out if so said, and of its result."""

    takes: tuple[Kind, ...]
    gives: Kind
    of: Callable[..., Any]
    least: int | None = None


def _substring(text: str, position: int, length: int | None = None) -> str:
    start = position - 1 if position > 0 else len(text) + position if position < 0 else 0
    end = len(text) if length is None else start + length
    return text[max(start, 0) : max(end, 0)] if end > start else ""


FUNCTIONS: dict[type[exp.Expr], Function] = {
    exp.Upper: Function(("text",), "text", str.upper),
    exp.Lower: Function(("text",), "text", str.lower),
    exp.Length: Function(("text",), "number", len),
    exp.StartsWith: Function(("text", "text"), "truth", str.startswith),
    exp.EndsWith: Function(("text", "text"), "truth", str.endswith),
    exp.Contains: Function(("text", "text"), "truth", str.__contains__),
    exp.Substring: Function(("text", "number", "number"), "text", _substring, least=2),
    exp.Left: Function(("text", "number"), "text", lambda text, count: text[: max(count, 0)]),
    exp.Right: Function(("text", "number"), "text", lambda text, count: text[-count:] if count > 0 else ""),
    exp.Year: Function(("date",), "number", lambda day: day.year),
    exp.Month: Function(("date",), "number", lambda day: day.month),
    exp.Day: Function(("date",), "number", lambda day: day.day),
    exp.DayOfMonth: Function(("date",), "number", lambda day: day.day),
    exp.DayOfWeek: Function(("date",), "number", lambda day: day.isoweekday() % 7 + 1),
    exp.Hour: Function(("time",), "number", lambda time: time.hour),
}


def call(function: Function, arguments: list[Expression]) -> Expression:
    """The result of a function."""
    least = len(function.takes) if function.least is None else function.least
    if not least <= len(arguments) <= len(function.takes):
        raise NotUnderstoodError(f"it needs {len(function.takes)} arguments")
    for kind, argument in zip(function.takes, arguments, strict=False):
        required(kind, argument)
        if kind == "number" and (argument.is_decimal or argument.whole > _DIGITS_OF_INT):
            raise NotUnderstoodError("positions and lengths are whole numbers")
    of = strict(function.of, *arguments)
    if function.gives == "number":
        return number(_DIGITS_OF_INT, 0, of, is_decimal=False)
    return Expression(kind=function.gives, of=of)


def to_date(part: Expression) -> Expression:
    """The day of a time."""
    if part.kind == "date":
        return part
    return Expression(kind="date", of=strict(datetime.date, required("time", part)))
