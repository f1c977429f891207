"""From the first month's columns to a booster's inputs: which columns, and how texts are coded.

New customers are few, so each booster reads what its forecast can depend on, and no more: a hundred inputs of which ten
tell something cost more accuracy than they bring.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobs.forecasting.first_month.features import CATEGORIES

SHARE = "share_"
"""A name that starts with it stands for the share of a department; by itself, in a list of inputs, for all of them."""

ORDERS_INPUTS = (
    "orders_first_month",
    "order_days_first_month",
    "last_order_day",
    "second_order_day",
    "net_value_first_month",
    "return_value_share_first_month",
    "signup_days",
    "membership",
    "country",
)
VALUE_INPUTS = (
    "net_value_first_month",
    "orders_first_month",
    "sales_value_first_day",
    "order_value_mean_first_month",
    "unit_value_mean_first_month",
    "units_first_month",
    "units_first_day",
    "products_first_day",
    "products_per_order_first_month",
    "departments_first_month",
    "return_value_first_month",
    "return_value_share_first_month",
    SHARE,
    "membership",
    "country",
)

_MOST_DEPARTMENTS = 12
_MOST_TEXTS = 30
_LEAST_CUSTOMERS = 30
"""A text or a department that fewer customers have is no input: it could only be learned by heart."""


@dataclass(frozen=True)
class FirstMonthEncoder:
    """Which columns are inputs.

    Attributes:
        numbers: the numeric columns; a department that a customer's shop no longer has counts as not bought in.
        categories: text column → its known texts, most frequent first; the code is the position.
    """

    numbers: tuple[str, ...]
    categories: Mapping[str, tuple[str, ...]]

    @property
    def names(self) -> tuple[str, ...]:
        """The inputs, in the order of the encoded columns."""
        return (*self.numbers, *self.categories)

    @classmethod
    def of(cls, features: pd.DataFrame, inputs: Sequence[str]) -> FirstMonthEncoder:
        """Those of the inputs that tell the customers who train the model apart."""
        numbers = [name for name in inputs if name not in (*CATEGORIES, SHARE)]
        if SHARE in inputs:
            numbers += _departments(features)
        texts = {name: _frequent(features[name]) for name in CATEGORIES if name in inputs}
        return cls(
            numbers=tuple(name for name in numbers if features[name].nunique(dropna=False) > 1),
            categories={name: known for name, known in texts.items() if len(known) > 1},
        )

    def encode(self, features: pd.DataFrame) -> NDArray[np.float32]:
        """One row a customer, one column an input; an unknown text is NaN."""
        inputs = np.empty((len(features), len(self.names)), dtype=np.float32)
        for position, name in enumerate(self.numbers):
            known = name in features or not name.startswith(SHARE)
            inputs[:, position] = features[name].to_numpy(dtype=np.float32) if known else 0.0
        for position, (name, texts) in enumerate(self.categories.items(), start=len(self.numbers)):
            codes = {text: float(code) for code, text in enumerate(texts)}
            inputs[:, position] = features[name].map(codes).to_numpy(dtype=np.float32)
        return inputs


def _departments(features: pd.DataFrame) -> list[str]:
    shares = [name for name in features.columns if name.startswith(SHARE)]
    bought_in = {name: int((features[name] > 0.0).sum()) for name in shares}
    often = sorted((-count, name) for name, count in bought_in.items() if count >= _LEAST_CUSTOMERS)
    return [name for _, name in often[:_MOST_DEPARTMENTS]]


def _frequent(column: pd.Series) -> tuple[str, ...]:
    counts = column.dropna().astype(str).value_counts()
    often = sorted((-int(count), str(text)) for text, count in counts.items() if count >= _LEAST_CUSTOMERS)
    return tuple(text for _, text in often[:_MOST_TEXTS])
