"""From the first month's columns to the boosters' inputs: which columns, and how texts are coded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobs.forecasting.first_month.features import CATEGORIES, NUMBERS

_SHARE = "share_"
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
    def of(cls, features: pd.DataFrame) -> FirstMonthEncoder:
        """Choose the inputs by the customers who train the model: every column that tells them apart."""
        shares = [name for name in features.columns if name.startswith(_SHARE)]
        bought_in = {name: int((features[name] > 0.0).sum()) for name in shares}
        often = sorted((-count, name) for name, count in bought_in.items() if count >= _LEAST_CUSTOMERS)
        numbers = [*NUMBERS, *(name for _, name in often[:_MOST_DEPARTMENTS])]
        texts = {name: _frequent(features[name]) for name in CATEGORIES}
        return cls(
            numbers=tuple(name for name in numbers if features[name].nunique(dropna=False) > 1),
            categories={name: known for name, known in texts.items() if len(known) > 1},
        )

    def encode(self, features: pd.DataFrame) -> NDArray[np.float32]:
        """One row a customer, one column an input; an unknown text is NaN."""
        inputs = np.empty((len(features), len(self.names)), dtype=np.float32)
        for position, name in enumerate(self.numbers):
            known = name in features or not name.startswith(_SHARE)
            inputs[:, position] = features[name].to_numpy(dtype=np.float32) if known else 0.0
        for position, (name, texts) in enumerate(self.categories.items(), start=len(self.numbers)):
            codes = {text: float(code) for code, text in enumerate(texts)}
            inputs[:, position] = features[name].map(codes).to_numpy(dtype=np.float32)
        return inputs


def _frequent(column: pd.Series) -> tuple[str, ...]:
    counts = column.dropna().astype(str).value_counts()
    often = sorted((-int(count), str(text)) for text, count in counts.items() if count >= _LEAST_CUSTOMERS)
    return tuple(text for _, text in often[:_MOST_TEXTS])
