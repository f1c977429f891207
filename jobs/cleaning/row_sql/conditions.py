"""AND, OR, NOT, IN, CASE and their like, in SQL's logic of three values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jobs.cleaning.row_sql.expressions import Expression, Values


def both(left: Expression, right: Expression) -> Expression:
    """`left AND right`."""
    return Expression(kind="truth", of=_connected(left, right, decides=False))


def either(left: Expression, right: Expression) -> Expression:
    """`left OR right`."""
    return Expression(kind="truth", of=_connected(left, right, decides=True))


def _connected(left: Expression, right: Expression, *, decides: bool) -> Callable[[Values], bool | None]:
    one, other = left.of, right.of

    def of(row: Values) -> bool | None:
        first: bool | None = one(row)
        if first is decides:
            return decides
        second: bool | None = other(row)
        if second is decides:
            return decides
        return None if first is None or second is None else not decides

    return of


def negation(part: Expression) -> Expression:
    """`NOT part`."""
    inner = part.of
    return Expression(kind="truth", of=lambda row: None if (value := inner(row)) is None else not value)


def same(left: Expression, right: Expression, *, negated: bool = False) -> Expression:
    """`left <=> right`, for which NULL is a value as any other; its opposite if `negated`."""
    one, other = left.of, right.of
    return Expression(kind="truth", of=lambda row: (one(row) == other(row)) is not negated)


def one_of(subject: Expression, *options: Expression) -> Expression:
    """`subject IN (options)`."""
    inner, each = subject.of, [option.of for option in options]

    def of(row: Values) -> bool | None:
        value = inner(row)
        if value is None:
            return None
        known = [option(row) for option in each]
        return True if value in known else None if None in known else False

    return Expression(kind="truth", of=of)


def first(parts: Sequence[Expression]) -> Expression:
    """`coalesce(parts)`: the first that is not NULL."""
    each = [part.of for part in parts]
    return _like(parts[0], lambda row: next((value for of in each if (value := of(row)) is not None), None))


def choice(tests: Sequence[Expression], results: Sequence[Expression]) -> Expression:
    """`CASE`: the result of the first test that is true, else the last result."""
    branches = [(test.of, result.of) for test, result in zip(tests, results, strict=False)]
    otherwise = results[-1].of
    return _like(results[0], lambda row: next((of(row) for test, of in branches if test(row) is True), otherwise(row)))


def _like(part: Expression, of: Any) -> Expression:
    return Expression(kind=part.kind, of=of, whole=part.whole, scale=part.scale, is_decimal=part.is_decimal)
