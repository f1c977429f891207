"""The predicates of a mapping without Spark: `returns`, and the rules that reject lines.

They see the columns that they see in `jobs.cleaning.transactions`, and every delivered column, as text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

from jobs.cleaning.row_sql.compiler import compiled
from jobs.cleaning.row_sql.expressions import Expression, Kind, NotUnderstoodError, Values, number
from jobs.core.refusal import RefusedError
from jobs.sources.mapping import MappingError, RowRule, Source

Predicate = Callable[[Values], bool | None]

_TYPED: dict[str, Kind] = {
    "customer_id": "text",
    "own_order_id": "text",
    "ordered_at": "time",
    "product_id": "text",
    "department": "text",
    "unsigned_units": "number",
    "unit_price": "number",
    "amount": "number",
}
"""What `returns` sees."""
_VALUED: dict[str, Kind] = {
    **_TYPED,
    "order_id": "text",
    "month": "text",
    "units": "number",
    "net_value": "number",
    "is_return": "truth",
}
"""What rules see."""
_MONEY_DIGITS, _MONEY_SCALE = 14, 4


class Predicates(NamedTuple):
    """The predicates of a mapping; None where one is NULL for a row."""

    returns: Predicate | None
    rules: Mapping[str, Predicate]


def predicates(source: Source) -> Predicates:
    """The predicates of a mapping.

    Raises:
        MappingError: a predicate has something that could become anything else than in Spark.
    """
    return _predicates(source.name, source.returns, source.rules, source.transactions.optional)


@lru_cache(maxsize=8)
def _predicates(name: str, returns: str | None, rules: tuple[RowRule, ...], optional: tuple[str, ...]) -> Predicates:
    def predicate(what: str, text: str, kinds: Mapping[str, Kind]) -> Predicate:
        columns = {column: _column(column, kind) for column, kind in kinds.items()}
        try:
            return compiled(text, columns, lambda column: _delivered(column, optional, what))
        except NotUnderstoodError as error:
            raise MappingError(
                f"{name} cannot be cleaned without Spark, because of {error.part!r} in its {what}: {error}. "
                "Write it with what docs/your_own_data.md lists, which the batch understands, too"
            ) from error

    return Predicates(
        None if returns is None else predicate("returns", returns, _TYPED),
        {rule.reason: predicate(f"rule {rule.reason}", rule.when, _VALUED) for rule in rules},
    )


def _column(name: str, kind: Kind) -> Expression:
    if kind == "number":
        return number(_MONEY_DIGITS, _MONEY_SCALE, lambda row: row[name])
    return Expression(kind=kind, of=lambda row: row[name])


def _delivered(name: str, optional: tuple[str, ...], what: str) -> Expression:
    """A delivered column; as in Spark SQL, the case of its name does not count."""
    lowered = name.lower()
    may_lack = lowered in {column.lower() for column in optional}

    def of(row: Values) -> str | None:
        texts: Mapping[str, str | None] = row["delivered"]
        found = [text for column, text in texts.items() if column.lower() == lowered]
        if len(found) > 1 or not (found or may_lack):
            problem = "has more than one" if found else "lacks"
            raise RefusedError(f"a row {problem} {name}, which {what} of the mapping reads: give it once")
        return found[0] if found else None

    return Expression(kind="text", of=of)
