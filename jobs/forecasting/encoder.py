"""From a snapshot's columns to arrays: which columns are inputs, how texts are coded, what is not known yet."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobs.core.month import Month
from jobs.core.refusal import RefusedError
from jobs.features.table import LAG_MONTHS, feature_columns, lag_name

Floats = NDArray[np.float64]
Columns = pd.DataFrame | Mapping[str, Sequence[Any]]
"""A snapshot, by column: of a whole shop, or of a few customers in plain values."""

VALUE_LAGS = [lag_name("net_value", lag) for lag in LAG_MONTHS]
ORDER_LAGS = [lag_name("orders", lag) for lag in LAG_MONTHS]
REQUIRED = (
    "customer_id",
    "first_ordered_on",
    "recency_days",
    "tenure_days",
    "order_days_lifetime",
    "net_value_lifetime",
    *VALUE_LAGS,
    *ORDER_LAGS,
)
OPTIONAL = ("signup_days",)
"""Read where a snapshot has them, whether or not they are inputs."""

_DECLARED = {column.name: column for column in feature_columns(())}
_TRUNCATED_DAYS = 92
_MAX_CATEGORIES = 30

_COVERED_BY_MONTHS = re.compile(r"(net_value|orders|order_value_mean)_(1|60|120|365)d")
"""Windows that the season-adjusted months say better."""

_DEPARTMENT_YEAR = re.compile(r"net_value_.+_365d")
"""The only window of a department that is an input: the others are mostly empty."""


class InputError(RefusedError):
    """A snapshot lacks columns that the forecaster needs, or cannot be learned from."""


@dataclass(frozen=True)
class Customers:
    """The customers of one snapshot, in the snapshot's order, as arrays.

    Attributes:
        as_of: the snapshot's.
        ids: customer ids.
        inputs: one row a customer, one column an input (`InputEncoder.names`).
        values: net value of the last twelve calendar months, newest first; NaN before the shop's first month.
        orders: orders, in the same shape.
        order_days: days with an order since the first.
        net_value: net value since the first order.
        signup_days: days since the account was opened; NaN if unknown.
        recency_days: days since the last order; NaN: never ordered.
        tenure_days: days since the first order; NaN: never ordered.
    """

    as_of: date
    ids: NDArray[np.object_]
    inputs: NDArray[np.float32]
    values: Floats
    orders: Floats
    order_days: Floats
    net_value: Floats
    signup_days: Floats
    recency_days: Floats
    tenure_days: Floats

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def has_bought(self) -> NDArray[np.bool_]:
        """Whether each customer has ordered before `as_of`."""
        return ~np.isnan(self.recency_days)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Customers:
        """The customers in some rows."""
        return Customers(
            as_of=self.as_of,
            ids=self.ids[rows],
            inputs=self.inputs[rows],
            values=self.values[rows],
            orders=self.orders[rows],
            order_days=self.order_days[rows],
            net_value=self.net_value[rows],
            signup_days=self.signup_days[rows],
            recency_days=self.recency_days[rows],
            tenure_days=self.tenure_days[rows],
        )


@dataclass(frozen=True)
class InputEncoder:
    """Which columns are inputs, how texts are coded, and since when the shop has data.

    Attributes:
        numbers: names of the numeric inputs.
        categories: text input → its known texts, most frequent first; the code is the position.
        first_month: first calendar month with an order, `YYYY-MM`; months before it are unknown, not empty.
    """

    numbers: tuple[str, ...]
    categories: Mapping[str, tuple[str, ...]]
    first_month: str

    @property
    def names(self) -> tuple[str, ...]:
        """The inputs, in the order of the columns of `Customers.inputs`."""
        return (*self.numbers, *self.categories)

    @property
    def columns(self) -> tuple[str, ...]:
        """All that is read of a snapshot."""
        return tuple(sorted({*REQUIRED, *OPTIONAL, *self.names}))

    @classmethod
    def of(cls, snapshot: pd.DataFrame, first_month: Month) -> InputEncoder:
        """Choose the inputs by the newest snapshot: every one that is not the same for all its customers."""
        _require(snapshot, REQUIRED)
        numbers, categories = [], {}
        for name in snapshot.columns:
            if not _is_input(name) or snapshot[name].nunique(dropna=False) < 2:
                continue
            column = _DECLARED.get(name)
            if column is not None and column.role == "category":
                categories[name] = _frequent_texts(snapshot[name])
            else:
                numbers.append(name)
        return cls(tuple(numbers), categories, str(first_month))

    def encode(self, snapshot: Columns, as_of: date) -> Customers:
        """The customers of a snapshot as arrays; raises InputError where columns are missing."""
        _require(snapshot, (*REQUIRED, *self.names))
        known_months = Month.parse(self.first_month).months_until(Month.of(as_of))
        ids = np.asarray(snapshot["customer_id"], dtype=object)
        inputs = np.empty((len(ids), len(self.names)), dtype=np.float32)
        for position, name in enumerate(self.numbers):
            inputs[:, position] = _numbers(snapshot[name])
        for position, (name, texts) in enumerate(self.categories.items(), start=len(self.numbers)):
            codes = {text: float(code) for code, text in enumerate(texts)}
            inputs[:, position] = [codes.get(text, np.nan) for text in snapshot[name]]
        if "tenure_days" in self.numbers:
            tenure = inputs[:, self.numbers.index("tenure_days")]
            shop_days = (as_of - Month.parse(self.first_month).first_day).days
            tenure[tenure > shop_days - _TRUNCATED_DAYS] = np.nan
        return Customers(
            as_of=as_of,
            ids=ids,
            inputs=inputs,
            values=_history(snapshot, VALUE_LAGS, known_months),
            orders=_history(snapshot, ORDER_LAGS, known_months),
            order_days=np.nan_to_num(_numbers(snapshot["order_days_lifetime"])),
            net_value=np.nan_to_num(_numbers(snapshot["net_value_lifetime"])),
            signup_days=_optional_numbers(snapshot, "signup_days"),
            recency_days=_numbers(snapshot["recency_days"]),
            tenure_days=_numbers(snapshot["tenure_days"]),
        )


def may_be_read(name: str) -> bool:
    """Whether a forecaster can read a column of a snapshot."""
    return name in REQUIRED or name in OPTIONAL or _is_input(name)


def _is_input(name: str) -> bool:
    column = _DECLARED.get(name)
    if column is None:
        return _DEPARTMENT_YEAR.fullmatch(name) is not None
    return (
        column.role in ("feature", "category")
        and column.theme != "calendar"
        and _COVERED_BY_MONTHS.fullmatch(name) is None
    )


def _require(snapshot: Columns, names: tuple[str, ...]) -> None:
    missing = sorted(set(names) - set(snapshot))
    if missing:
        raise InputError(f"the snapshot lacks the columns {', '.join(missing)}: build it with the same declaration")


def _numbers(column: pd.Series | Sequence[Any]) -> Floats:
    return np.asarray(column.astype("float64") if isinstance(column, pd.Series) else column, dtype=np.float64)


def _optional_numbers(snapshot: Columns, name: str) -> Floats:
    return _numbers(snapshot[name]) if name in snapshot else np.full(len(snapshot["customer_id"]), np.nan)


def _history(snapshot: Columns, names: list[str], known_months: int) -> Floats:
    history = np.stack([_numbers(snapshot[name]) for name in names], axis=1)
    history = np.nan_to_num(history, nan=0.0)
    history[:, max(known_months, 0) :] = np.nan
    return np.ascontiguousarray(history)


def _frequent_texts(column: pd.Series) -> tuple[str, ...]:
    counts = column.dropna().astype(str).value_counts().reset_index()
    counts.columns = pd.Index(["text", "rows"])
    counts = counts.sort_values(["rows", "text"], ascending=[False, True])
    return tuple(counts["text"].head(_MAX_CATEGORIES))
