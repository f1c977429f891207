"""Rows that a real delivery also holds and that must not count. None of them changes a customer's true value."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

TORN_LINE = b"a torn line,without enough fields\n"

Spoil = Callable[[pa.Table, np.random.Generator], pa.Table]


def dirty_lines(lines: pa.Table, rng: np.random.Generator) -> pa.Table:
    """Order lines to add to a part: copies of its lines, each kind spoilt in its own way."""
    return _spoilt(lines, _LINE_KINDS, rng)


def dirty_logins(logins: pa.Table, rng: np.random.Generator) -> pa.Table:
    """Logins to add to a part."""
    return _spoilt(logins, _LOGIN_KINDS, rng)


def dirty_accounts(accounts: pa.Table, rng: np.random.Generator) -> pa.Table:
    """Accounts to add to the customer file."""
    return _spoilt(accounts, _ACCOUNT_KINDS, rng)


def _spoilt(rows: pa.Table, kinds: dict[Spoil, float], rng: np.random.Generator) -> pa.Table:
    parts = []
    for spoil, share in kinds.items():
        chosen = np.sort(rng.integers(max(len(rows), 1), size=rng.poisson(share * len(rows))))
        parts.append(spoil(rows.take(pa.array(chosen)), rng))
    return pa.concat_tables(parts)


def _with(column: str, *values: str | None) -> Spoil:
    """Put one of the values into a column."""

    def spoil(rows: pa.Table, rng: np.random.Generator) -> pa.Table:
        spoilt = pa.array(values, pa.string()).take(pa.array(rng.integers(len(values), size=len(rows))))
        return rows.set_column(rows.schema.get_field_index(column), column, spoilt)

    return spoil


def _as_they_are(rows: pa.Table, _: np.random.Generator) -> pa.Table:
    return rows


def _in_another_year(column: str) -> Spoil:
    """Move a time by ten years, as a mistyped digit does."""

    def spoil(rows: pa.Table, _: np.random.Generator) -> pa.Table:
        moved = pc.replace_substring(rows[column], pattern="20", replacement="21", max_replacements=1)
        return rows.set_column(rows.schema.get_field_index(column), column, moved)

    return spoil


_UNREADABLE_TIMES = ("31.02.2024", "yesterday", "2024-13-01 10:00:00", None)
_UNREADABLE_NUMBERS = ("n/a", "1,299.00 EUR", "NaN", "Infinity", "1e400", None)

_LINE_KINDS: dict[Spoil, float] = {
    _as_they_are: 0.003,
    _with("customer_id", None): 0.005,
    _with("unit_price", "0", "0.00"): 0.002,
    _with("ordered_at", *_UNREADABLE_TIMES): 0.001,
    _with("unit_price", *_UNREADABLE_NUMBERS): 0.001,
    _with("quantity", "two", *_UNREADABLE_NUMBERS): 0.0005,
    _in_another_year("ordered_at"): 0.0005,
    _with("customer_id", "C\ufffd0001", "C\t0002"): 0.0002,
}
"""Kind → rows to add, as a share of the lines."""

_LOGIN_KINDS: dict[Spoil, float] = {
    _as_they_are: 0.001,
    _with("customer_id", None): 0.002,
    _with("logged_in_at", *_UNREADABLE_TIMES): 0.001,
}
_ACCOUNT_KINDS: dict[Spoil, float] = {
    _as_they_are: 0.001,
    _with("customer_id", None): 0.001,
    _with("signup_date", *_UNREADABLE_TIMES): 0.001,
    _with("membership", "gold"): 0.001,
}
