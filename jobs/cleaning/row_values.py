"""Delivered values → typed values without Spark, by the rules of `jobs.cleaning.parsing`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Context, Decimal

from jobs.core.refusal import RefusedError
from jobs.sources.mapping import Source

_BLANKS = " \t\r\n\u00a0\u200b\u202f\u3000\ufeff"
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffd\ud800-\udfff]")
_LONGEST_ID = 200
LONGEST_TEXT = 2000
"""Some patterns of rules take the square of a text's length."""
_WHOLE_FLOAT = re.compile(r"([0-9]+)\.0+")
_NUMBER = re.compile(r"\s*[+-]?([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})([eE][+-]?[0-9]{1,3})?\s*", re.ASCII)
_LARGEST_EXACT_INTEGER = 2.0**53

_MONEY_UNIT = Decimal("0.0001")
_ZERO = Decimal("0.0000")
_INTEGRAL_DIGITS = 14
EXACT = Context(prec=200, rounding=ROUND_HALF_UP)


def text_of(value: object, column: str) -> str | None:
    """A JSON value of a column as the text that a file would hold: whole floats without decimals.

    Raises:
        RefusedError: the value is a list or an object, or longer than `LONGEST_TEXT`.
    """
    match value:
        case None:
            return None
        case str():
            text = value
        case bool():
            text = "true" if value else "false"
        case float():
            text = _float_text(value)
        case int() | Decimal():
            text = str(value)
        case _:
            kind = "a list" if isinstance(value, list) else "an object"
            raise RefusedError(f"{column} is {kind}: deliver text, a number, true, false or null")
    if len(text) > LONGEST_TEXT:
        raise RefusedError(f"{column} has {len(text):,} characters: deliver {LONGEST_TEXT:,} at most")
    return text


def texts_of(row: Mapping[str, object], required: Iterable[str]) -> dict[str, str | None]:
    """The values of a row as texts.

    Raises:
        RefusedError: a required column is missing, or a value is a list, an object or too long.
    """
    missing = [name for name in required if name not in row]
    if missing:
        raise RefusedError(f"a row lacks {', '.join(missing)}: every mapped column must be there, null if it is empty")
    return {name: text_of(value, name) for name, value in row.items()}


def _float_text(value: float) -> str:
    if math.isnan(value) or math.isinf(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value.is_integer() and abs(value) < _LARGEST_EXACT_INTEGER:
        return str(int(value))
    if 1e-3 <= abs(value) < 1e7:
        return repr(value)
    digits, exponent = f"{Decimal(repr(value)).normalize():E}".split("E")  # as Java writes it: 1.0E-5
    return f"{digits if '.' in digits else digits + '.0'}E{int(exponent)}"


def text_in(texts: Mapping[str, str | None], column: str | None) -> str | None:
    """The text of a column; None if the mapping names none."""
    return None if column is None else texts[column]


def present(text: str | None) -> str | None:
    """The text exactly as delivered; None if blank, including no-break and zero-width spaces."""
    return text if text is not None and text.strip(_BLANKS) else None


def identifier(text: str | None, source: Source) -> str | None:
    """An id as text, exactly as delivered; None if blank. `13085.0` becomes `13085` with `ids_as_floats`."""
    exact = present(text)
    whole = _WHOLE_FLOAT.fullmatch(exact) if source.ids_as_floats and exact is not None else None
    return exact if whole is None else whole[1]


def is_unusable_id(*ids: str | None) -> bool:
    """Whether one of the ids holds control or undecodable characters, or is longer than 200 characters."""
    return any(text is not None and (len(text) > _LONGEST_ID or _UNPRINTABLE.search(text)) for text in ids)


def money(text: str | None) -> Decimal | None:
    """An amount or a count with four decimals; None for text, NaN, infinity and overflow."""
    if text is None or not _NUMBER.fullmatch(text):
        return None
    return as_money(Decimal(text.strip()))


def as_money(number: Decimal) -> Decimal | None:
    """A number rounded half up to four decimals; None if it does not fit into `tables.MONEY`."""
    if not number:
        return _ZERO
    if number.adjusted() >= _INTEGRAL_DIGITS:
        return None
    rounded = number.quantize(_MONEY_UNIT, context=EXACT)
    return (rounded or _ZERO) if rounded.adjusted() < _INTEGRAL_DIGITS else None


def product(factor: Decimal, other: Decimal) -> Decimal:
    """The exact product of two decimals of tables, whatever the precision in force."""
    return EXACT.multiply(factor, other)
