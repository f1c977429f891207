"""The model of the twelve horizon months: P(active) up to each and net value of each, for every customer."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from jobs.core.month import HORIZON_MONTHS, Month
from jobs.forecasting import frailty, total_level
from jobs.forecasting.base_margin import BaseModels
from jobs.forecasting.boosting_weight import LEAST_WEIGHT
from jobs.forecasting.calibrated import Calibration
from jobs.forecasting.cold_start import Rates
from jobs.forecasting.encoder import Customers
from jobs.forecasting.params import ModelParams
from jobs.forecasting.prediction import Expectation
from jobs.forecasting.status import BTYD, COHORT_PRIOR, MODEL, method, status
from jobs.forecasting.two_part import TwoPartModel


@dataclass(frozen=True)
class MonthlyModel:
    """A fitted model of the twelve months.

    Attributes:
        params: its settings.
        base_models: where the boosters start from.
        two_part: the boosters.
        weight: of the boosted value; BTYD has the rest (`boosting_weight.py`).
        newcomers: rates of customers who never bought.
        frailty: how much the months of a customer who never bought depend on each other (`frailty.py`).
        calibration: what was learned from earlier forecasts.
        level: factor on the net value of customers who bought, so that their total is the combined one
            (`total_level.py`).
    """

    params: ModelParams
    base_models: BaseModels
    two_part: TwoPartModel
    weight: float
    newcomers: Rates
    frailty: float
    calibration: Calibration
    level: float = 1.0

    def expect(self, customers: Customers) -> Expectation:
        """What is expected of encoded customers; a customer's row does not depend on the others."""
        standing = status(customers, self.params)
        how = method(standing, BTYD if self.weight < LEAST_WEIGHT else MODEL)
        bought = how != COHORT_PRIOR
        p, active_months, value = np.zeros((3, len(customers), HORIZON_MONTHS))
        history = self.base_models.history(customers.take(bought))
        p[bought], boosted = self.two_part.predict(history, self.weight)
        active_months[bought] = p[bought] * history.active_months_if_any()
        factors = self.calibration.levels.of(boosted.sum(axis=1) / HORIZON_MONTHS)
        value[bought] = boosted * factors[:, None] * self.level
        months = [Month.of(customers.as_of).plus(h) for h in range(HORIZON_MONTHS)]
        chance, money = self.newcomers.of(customers.signup_days[~bought])
        chance = np.minimum(chance * self.base_models.season.of_activity(months), 1.0)
        p[~bought], active_months[~bought] = frailty.p_active(chance, self.frailty), np.cumsum(chance, axis=1)
        value[~bought] = money * self.base_models.season.of_value(months)
        return Expectation(p, active_months, value, standing, how)

    def at_combined_level(self, buyers: Customers) -> MonthlyModel:
        """The model whose total of these customers over the whole horizon is the combined one."""
        own = float(self.expect(buyers).value.sum())
        combined = total_level.combined(own, self.base_models.history(buyers), HORIZON_MONTHS)
        return replace(self, level=self.level * combined / own)

    def combined_total(self, buyers: Customers, months: int) -> float:
        """The combined total of the first months, of customers who bought."""
        own = float(self.expect(buyers).value[:, :months].sum())
        return total_level.combined(own, self.base_models.history(buyers), months)
