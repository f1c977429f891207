"""What a direct model may read of a customer: every number of the snapshot, and what our forecaster makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobs.core.month import Month
from jobs.features.table import feature_columns
from jobs.forecasting.base_margin import BaseModels
from jobs.forecasting.encoder import Customers, Floats, InputEncoder
from jobs.forecasting.outcomes import Outcomes, Snapshots, first_month
from jobs.forecasting.params import ModelParams
from jobs.forecasting.training_rows import Panel

SNAPSHOTS = 6
"""How many matured snapshots the direct models learn from, the newest ones."""

_KEYS = {column.name for column in feature_columns(()) if column.role in ("key", "attribute", "state", "category")}


class NothingMaturedError(ValueError):
    """No snapshot is so old that its outcome is known."""


@dataclass(frozen=True)
class Matured:
    """Customers whose outcome is known: inputs, net value and whether they ordered, one row a customer and snapshot."""

    inputs: NDArray[np.float32]
    value: Floats
    active: NDArray[np.bool_]


@dataclass(frozen=True)
class Inputs:
    """Makes the inputs of an origin's customers, and of those before whose outcome is known.

    They are every number of the features table (monthly lags and all windows, overall and by department), its texts as
    codes, the inputs that our forecaster derives from the last twelve months, and its base forecasts of the months to
    forecast: BTYD, the customer's own year and quarter, and P(active).
    """

    history: Snapshots
    numbers: tuple[str, ...]
    encoder: InputEncoder
    base_models: BaseModels
    outcomes: Outcomes
    burn_in: int

    @classmethod
    def of(cls, history: Snapshots, origin: date) -> Inputs:
        """Fitted to what is known at an origin."""
        encoder = InputEncoder.of(history[origin], first_month(history))
        panel = Panel.of(history, encoder, ModelParams())
        numbers = history[origin].select_dtypes("number").columns
        return cls(
            history=history,
            numbers=tuple(name for name in numbers if name not in _KEYS),
            encoder=encoder,
            base_models=panel.base_models(),
            outcomes=panel.outcomes,
            burn_in=panel.burn_in,
        )

    def customers(self, frame: pd.DataFrame, day: date, months: int) -> NDArray[np.float32]:
        """The inputs of a snapshot's customers, for a forecast of so many months."""
        coded = self.encoder.encode(frame, day)
        numbers = frame[list(self.numbers)].to_numpy(dtype=np.float32, na_value=np.nan)
        return np.concatenate([numbers, *_derived(self.base_models, coded, months)], axis=1, dtype=np.float32)

    def matured(self, months: int) -> Matured:
        """The newest snapshots whose next months are over; raises NothingMaturedError if there is none."""
        days = sorted(self.history)
        old = [day for day in days if Month.of(day).plus(months).first_day <= days[-1]]
        if not old:
            raise NothingMaturedError(
                f"no snapshot is {months} months older than {days[-1]}, so no outcome of {months} months is known"
            )
        parts = [self._part(day, months) for day in (old[self.burn_in :] or old)[-SNAPSHOTS:]]
        return Matured(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def _part(self, day: date, months: int) -> tuple[NDArray[np.float32], Floats, NDArray[np.bool_]]:
        frame = self.history[day]
        ids = frame["customer_id"].to_numpy(dtype=object)
        value, orders = self.outcomes.after(ids, day, range(1, months + 1))
        return self.customers(frame, day, months), value.sum(axis=1), orders.sum(axis=1) > 0.0


def _derived(base_models: BaseModels, customers: Customers, months: int) -> list[NDArray[np.float32]]:
    history = base_models.history(customers)
    base = history.first(months)
    return [history.inputs(), np.exp(base.logs).astype(np.float32), base.p[:, None].astype(np.float32)]
