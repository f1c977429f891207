"""Spark SQL predicates → functions of a row, in Python. What could become anything else than in Spark is refused.

sqlglot parses the text; a part of its tree is understood only if it is listed here.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from jobs.cleaning.row_sql import conditions, numbers, patterns
from jobs.cleaning.row_sql.expressions import (
    Expression,
    NotUnderstoodError,
    Values,
    alike,
    comparable,
    constant,
    date_literal,
    required,
    strict,
    time_literal,
)
from jobs.cleaning.row_sql.functions import FUNCTIONS, call, to_date

_COMPARISONS: dict[type[exp.Expr], Callable[[Any, Any], bool]] = {
    exp.EQ: operator.eq,
    exp.NEQ: operator.ne,
    exp.LT: operator.lt,
    exp.LTE: operator.le,
    exp.GT: operator.gt,
    exp.GTE: operator.ge,
}
_PREDICATES = (
    *_COMPARISONS, exp.NullSafeEQ, exp.NullSafeNEQ, exp.In, exp.Is, exp.Like, exp.ILike, exp.RegexpLike, exp.Between,
    exp.Not, exp.And, exp.Or,
)  # fmt: skip
"""As operands of one another they need parentheses: sqlglot and Spark bind them differently."""
_ARGUMENTS = {
    "this", "expression", "expressions", "table", "low", "high", "ifs", "true", "false", "default", "to", "position",
    "start", "length", "negate", "safe", "coalesce", "is_nvl", "is_string",
}  # fmt: skip
"""Arguments of nodes that are read here, or say nothing."""
_TRIMS = {None: str.strip, "BOTH": str.strip, "LEADING": str.lstrip, "TRAILING": str.rstrip}
_TIME, _DATE = exp.DataType.Type.TIMESTAMPTZ, exp.DataType.Type.DATE


def compiled(
    text: str, columns: Mapping[str, Expression], delivered: Callable[[str], Expression]
) -> Callable[[Values], bool | None]:
    """The function that evaluates a predicate for a row: None where it is NULL.

    Args:
        text: the predicate.
        columns: the columns that it can use, by lower-case name.
        delivered: the expression of a delivered column.

    Raises:
        NotUnderstoodError: the predicate, or a part of it, is not understood.
    """
    try:
        tree = sqlglot.parse_one(text, dialect="spark")
    except SqlglotError as error:
        described = getattr(error, "errors", None) or [{"description": str(error)}]
        raise NotUnderstoodError(f"it cannot be parsed: {described[0]['description']}", part=text) from error
    found = _Compiler(columns, delivered).expression(tree)
    if found.kind != "truth":
        raise NotUnderstoodError(f"it is a {found.kind}, and a predicate is true or false", part=text)
    return found.of


@dataclass(frozen=True)
class _Compiler:
    columns: Mapping[str, Expression]
    delivered: Callable[[str], Expression]

    def expression(self, node: exp.Expr) -> Expression:
        try:
            unread = [name for name, value in node.args.items() if value and name not in _ARGUMENTS]
            if unread:
                raise NotUnderstoodError(f"{', '.join(unread)} is not evaluated without Spark")
            return self._of(node)
        except NotUnderstoodError as error:
            if error.part is None:
                error.part = node.sql(dialect="spark")
            raise

    def _all(self, nodes: list[exp.Expr]) -> list[Expression]:
        return [self.expression(node) for node in nodes]

    def _operand(self, node: exp.Expr) -> Expression:
        if isinstance(node, _PREDICATES):
            raise NotUnderstoodError(f"put {node.sql(dialect='spark')} in parentheses")
        return self.expression(node)

    def _of(self, node: exp.Expr) -> Expression:
        match node:
            case exp.Paren():
                return self.expression(node.this)
            case exp.Column():
                return self._column(node)
            case exp.Literal() | exp.RawString():
                is_text = isinstance(node, exp.RawString) or node.is_string
                return constant("text", node.this) if is_text else numbers.literal(node.this)
            case exp.Boolean() | exp.Null():
                return constant("nothing" if isinstance(node, exp.Null) else "truth", node.args.get("this"))
            case exp.And() | exp.Or() | exp.Not():
                return self._connective(node)
            case exp.Add() | exp.Sub() | exp.Mul():
                return numbers.arithmetic(node.key, self._operand(node.this), self._operand(node.expression))
            case exp.Neg() | exp.Abs():
                return numbers.signed(node.key, self._operand(node.this), is_literal=isinstance(node.this, exp.Literal))
            case exp.If() | exp.Case() | exp.Coalesce():
                return self._choice(node)
            case _ if isinstance(node, _PREDICATES):
                found = self._predicate(node)
                return conditions.negation(found) if node.args.get("negate") else found
        return self._function(node)

    def _column(self, node: exp.Column) -> Expression:
        if node.table.lower() == "delivered":
            return self.delivered(node.name)
        if node.table or node.name.lower() not in self.columns:
            raise NotUnderstoodError(f"there is no such column: use delivered.<column>, or {', '.join(self.columns)}")
        return self.columns[node.name.lower()]

    def _connective(self, node: exp.Expr) -> Expression:
        if isinstance(node, exp.Not):
            return conditions.negation(required("truth", self.expression(node.this)))
        left, right = (required("truth", self.expression(part)) for part in (node.this, node.expression))
        return conditions.both(left, right) if isinstance(node, exp.And) else conditions.either(left, right)

    def _predicate(self, node: exp.Expr) -> Expression:
        subject = self._operand(node.this)
        match node:
            case exp.In():
                options = [self._operand(option) for option in node.expressions]
                return conditions.one_of(*comparable([subject, *options]))
            case exp.Between():
                low, high = (self._operand(node.args[name]) for name in ("low", "high"))
                return conditions.both(self._compared(exp.GTE, subject, low), self._compared(exp.LTE, subject, high))
            case exp.Like() | exp.ILike() | exp.RegexpLike():
                return _matching(node, required("text", subject))
        other = self._operand(node.expression)
        if type(node) in _COMPARISONS:
            return self._compared(type(node), subject, other)
        if isinstance(node, exp.Is) and not isinstance(node.expression, exp.Null):
            subject = required("truth", subject)
        return conditions.same(*comparable([subject, other]), negated=isinstance(node, exp.NullSafeNEQ))

    def _compared(self, how: type[exp.Expr], left: Expression, right: Expression) -> Expression:
        return Expression(kind="truth", of=strict(_COMPARISONS[how], *comparable([left, right])))

    def _choice(self, node: exp.Expr) -> Expression:
        if isinstance(node, exp.Coalesce):
            return conditions.first(alike(self._all([node.this, *node.expressions])))
        branches = node.args["ifs"] if isinstance(node, exp.Case) else [node]
        otherwise = node.args.get("default") if isinstance(node, exp.Case) else node.args.get("false")
        tests = self._all([branch.this for branch in branches])
        if isinstance(node, exp.Case) and node.this is not None:
            subject = self._operand(node.this)
            tests = [self._compared(exp.EQ, subject, test) for test in tests]
        results = self._all([*(branch.args["true"] for branch in branches), otherwise or exp.Null()])
        return conditions.choice([required("truth", test) for test in tests], alike(results))

    def _function(self, node: exp.Expr) -> Expression:
        match node:
            case exp.Concat() | exp.DPipe():
                if not node.args.get("safe"):
                    raise NotUnderstoodError(r"texts stand side by side: write one, with \' for a quote")
                parts = node.expressions if isinstance(node, exp.Concat) else [node.this, node.expression]
                texts = [required("text", self.expression(part)) for part in parts]
                return Expression(kind="text", of=strict(lambda *each: "".join(each), *texts))
            case exp.Trim() if node.expression is None:
                text, trim = required("text", self.expression(node.this)), _TRIMS[node.args.get("position")]
                return Expression(kind="text", of=strict(lambda text: trim(text, " "), text))
            case exp.TsOrDsToDate():
                return to_date(self.expression(node.this))
            case exp.Cast():
                return _cast(node, self.expression(node.this))
            case _ if type(node) in FUNCTIONS:
                parts = [part for name in node.arg_types if isinstance(part := node.args.get(name), exp.Expr)]
                return call(FUNCTIONS[type(node)], self._all(parts))
        raise NotUnderstoodError("it is not evaluated without Spark")


def _matching(node: exp.Expr, text: Expression) -> Expression:
    if not isinstance(node.expression, exp.Literal | exp.RawString):
        raise NotUnderstoodError("the pattern must be a text in quotes")
    pattern = node.expression.this
    if isinstance(node, exp.RegexpLike):
        search = patterns.rlike(pattern).search
        return Expression(kind="truth", of=strict(lambda text: search(text) is not None, text))
    if isinstance(node, exp.ILike):
        match = patterns.like(pattern.lower()).fullmatch
        return Expression(kind="truth", of=strict(lambda text: match(text.lower()) is not None, text))
    match = patterns.like(pattern).fullmatch
    return Expression(kind="truth", of=strict(lambda text: match(text) is not None, text))


def _cast(node: exp.Cast, part: Expression) -> Expression:
    if node.to.this == _DATE:
        is_literal = part.kind == "text" and part.constant is not None
        return date_literal(part.constant) if is_literal else to_date(part)
    if node.to.this == _TIME and part.kind == "text" and part.constant is not None:
        return time_literal(part.constant)
    if not node.args.get("safe"):
        raise NotUnderstoodError("a cast or a suffix is not evaluated: use try_cast, and write 2 for 2L")
    return numbers.try_cast(required("text", part), node.to)
