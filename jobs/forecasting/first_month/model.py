"""The model of the twelve months after the first one: base forecasts, boosters that correct them, and their level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from jobs.core.month import HORIZON_MONTHS
from jobs.forecasting.corrections import Corrections
from jobs.forecasting.encoder import Floats
from jobs.forecasting.first_month.base import FirstMonthBase, FirstMonths
from jobs.forecasting.first_month.encoder import FirstMonthEncoder
from jobs.forecasting.frailty import p_active
from jobs.forecasting.intervals import Outlook
from jobs.forecasting.params import ModelParams
from jobs.forecasting.two_part import TwoPartModel


@dataclass(frozen=True)
class FirstMonthExpectation:
    """What is expected of each customer, one row a customer, one column a month.

    Attributes:
        p: P(active).
        value: expected net value.
        frailty: see `frailty.py`.
    """

    p: Floats
    value: Floats
    frailty: float

    def corrected(self, corrections: Corrections) -> FirstMonthExpectation:
        """With the factors on the odds of being active, and on the net value."""
        odds = self.p / (1.0 - self.p) * corrections.activity_odds
        return FirstMonthExpectation(odds / (1.0 + odds), self.value * corrections.value, self.frailty)

    def outlook(self, months: int) -> Outlook:
        """The first `months` months taken together."""
        return Outlook(
            value=self.value[:, :months].sum(axis=1),
            p_active=p_active(self.p[:, :months], self.frailty)[:, -1],
            active_months=self.p[:, :months].sum(axis=1),
        )


@dataclass(frozen=True)
class FirstMonthModel:
    """The fitted model.

    Attributes:
        params: its settings.
        encoder: which columns it reads.
        base: where the boosters start from.
        two_part: the boosters.
        corrections: factors on their forecasts; `activity_odds` and `value` alone are used.
        frailty: how much a customer's months depend on each other.
    """

    params: ModelParams
    encoder: FirstMonthEncoder
    base: FirstMonthBase
    two_part: TwoPartModel
    corrections: Corrections
    frailty: float

    def expect(self, features: pd.DataFrame) -> FirstMonthExpectation:
        """What is expected of customers; a customer's row does not depend on the others."""
        p, value = np.zeros((2, len(features), HORIZON_MONTHS))
        if len(features):
            customers = FirstMonths(self.encoder.encode(features), features, self.base)
            for column, month in enumerate(customers.months()):
                inputs = np.concatenate([customers.encoded, month.inputs], axis=1)
                boosted = self.two_part.boosted(inputs, month.logs, month.season, month.p)
                p[:, column], value[:, column] = boosted.p, boosted.value
        return FirstMonthExpectation(p, value, self.frailty).corrected(self.corrections)
