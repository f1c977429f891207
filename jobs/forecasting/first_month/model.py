"""The model of the twelve months after the first one: orders x value of an order, each a base forecast, corrected."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from jobs.forecasting.encoder import Floats
from jobs.forecasting.first_month.base import FirstMonthBase
from jobs.forecasting.first_month.correction import Correction
from jobs.forecasting.frailty import p_active
from jobs.forecasting.intervals import Outlook
from jobs.forecasting.params import ModelParams

_LEAST_P = 1e-6


@dataclass(frozen=True)
class FirstMonthExpectation:
    """What is expected of each customer, one row a customer, one column a month.

    Attributes:
        orders: expected orders.
        value: expected net value.
        frailty: see `frailty.py`.
    """

    orders: Floats
    value: Floats
    frailty: float

    @property
    def p(self) -> Floats:
        """P(active) of each month."""
        return np.clip(-np.expm1(-self.orders), _LEAST_P, 1.0 - _LEAST_P)

    def outlook(self, months: int) -> Outlook:
        """The first `months` months taken together."""
        p = self.p[:, :months]
        return Outlook(
            value=self.value[:, :months].sum(axis=1),
            p_active=p_active(p, self.frailty)[:, -1],
            active_months=p.sum(axis=1),
        )


@dataclass(frozen=True)
class FirstMonthModel:
    """The fitted model.

    Attributes:
        params: its settings.
        base: what the boosters correct.
        orders: factor on the order days that are expected; its result is in orders.
        value: factor on the value of an order.
        level: factor on the net value (`bias_correction.py`).
        frailty: how much a customer's months depend on each other.
    """

    params: ModelParams
    base: FirstMonthBase
    orders: Correction
    value: Correction
    level: float = 1.0
    frailty: float = 1.0

    def expect(self, features: pd.DataFrame) -> FirstMonthExpectation:
        """What is expected of customers; a customer's row does not depend on the others."""
        orders = self.base.order_days(features) * self.orders.factor(features)[:, None]
        value = self.base.order_day_value(features) * self.value.factor(features) * self.level
        return FirstMonthExpectation(orders, orders * value[:, None], self.frailty)
