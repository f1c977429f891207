"""Numbers in predicates: literals, arithmetic on decimals, and texts that are numbers."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from sqlglot import exp

from jobs.cleaning.row_sql.expressions import Expression, NotUnderstoodError, number, required, strict
from jobs.cleaning.row_values import EXACT

_INTEGERS = {exp.DataType.Type.INT: 2**31, exp.DataType.Type.BIGINT: 2**63}
_LITERAL = re.compile(r"[0-9]+|[0-9]+\.[0-9]*|\.[0-9]+", re.ASCII)
_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?0*\d{1,9})?")
_TRIMMED = "".join(map(chr, range(0x21)))
_MOST_DIGITS = 38
_DIGITS_OF_DECIMAL = 10
"""Of `decimal` without a size."""


def literal(text: str) -> Expression:
    """A number as it is written in SQL, without sign."""
    if not _LITERAL.fullmatch(text):
        raise NotUnderstoodError("write numbers as 12 or 12.5")
    whole, point, fraction = text.partition(".")
    digits = len(whole.lstrip("0")) or (0 if fraction else 1)
    if point:
        value = Decimal(text)
        return number(digits, len(fraction), lambda _: value)
    integer = int(text)
    return number(digits, 0, lambda _: integer, is_decimal=integer >= 2**63)


def arithmetic(name: str, left: Expression, right: Expression) -> Expression:
    """The sum, difference (`sub`) or product (`mul`) of two numbers, exactly, with the digits that Spark gives it."""
    required("number", left), required("number", right)
    if "nothing" in (left.kind, right.kind) or not (left.is_decimal or right.is_decimal):
        raise NotUnderstoodError("one of the two must be a decimal, as 1.0: integers may overflow")
    if name == "mul":
        return number(left.whole + right.whole + 1, left.scale + right.scale, strict(EXACT.multiply, left, right))
    of = strict(EXACT.add if name == "add" else EXACT.subtract, left, right)
    return number(max(left.whole, right.whole) + 1, max(left.scale, right.scale), of)


def signed(name: str, part: Expression, *, is_literal: bool) -> Expression:
    """`-part` (`neg`), or its absolute value (`abs`)."""
    required("number", part)
    if part.kind == "nothing" or not (part.is_decimal or is_literal):
        raise NotUnderstoodError("it must be a decimal, as 1.0: integers may overflow")
    change = abs if name == "abs" else _negated
    of = strict(EXACT.abs if part.is_decimal and name == "abs" else change, part)
    return number(part.whole, part.scale, of, is_decimal=part.is_decimal)


def _negated(value: Any) -> Any:
    return EXACT.minus(value) if isinstance(value, Decimal) else -value


def try_cast(text: Expression, to: exp.DataType) -> Expression:
    """The number that a text is, NULL if it is none."""
    if to.this in _INTEGERS:
        limit = _INTEGERS[to.this]
        return number(len(str(limit)), 0, strict(lambda value: _integer(value, limit), text), is_decimal=False)
    if to.this != exp.DataType.Type.DECIMAL:
        raise NotUnderstoodError("a text becomes a number by try_cast(… AS decimal(18, 4)), AS int or AS bigint")
    sizes = [int(size.name) for size in to.expressions] or [_DIGITS_OF_DECIMAL]
    precision, scale = sizes[0], sizes[1] if len(sizes) > 1 else 0
    return number(precision - scale, scale, strict(lambda value: _decimal(value, precision, scale), text))


def _integer(text: str, limit: int) -> int | None:
    trimmed = text.strip(_TRIMMED + "\x7f")
    digits = trimmed.lstrip("+-0") or "0"
    if not _INTEGER.fullmatch(trimmed) or len(digits) > len(str(limit)):
        return None
    value = -int(digits) if trimmed.startswith("-") else int(digits)
    return value if -limit <= value < limit else None


def _decimal(text: str, precision: int, scale: int) -> Decimal | None:
    trimmed = text.strip(_TRIMMED)
    if not _DECIMAL.fullmatch(trimmed):
        return None
    value = Decimal(trimmed)
    if value and value.adjusted() >= _MOST_DIGITS:
        return None
    rounded = (value or Decimal(0)).quantize(Decimal(1).scaleb(-scale), context=EXACT)
    return rounded if not rounded or rounded.adjusted() < precision - scale else None
