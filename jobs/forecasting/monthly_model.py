"""The model of a month: P(active) and net value of every customer in each of the twelve horizon months."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from jobs.core.month import HORIZON_MONTHS, Month
from jobs.forecasting import total_level
from jobs.forecasting.base_margin import BaseModels
from jobs.forecasting.calibrated import Calibration
from jobs.forecasting.cold_start import Rates
from jobs.forecasting.correction_shrinkage import LITTLE_CORRECTION, blend
from jobs.forecasting.corrections import Corrections
from jobs.forecasting.encoder import Customers, Floats
from jobs.forecasting.params import ModelParams
from jobs.forecasting.prediction import Expectation
from jobs.forecasting.status import BTYD, COHORT_PRIOR, MODEL, method, status
from jobs.forecasting.two_part import TwoPartModel

NO_FRAILTY_YET = {MODEL: 1.0, COHORT_PRIOR: 1.0}


@dataclass(frozen=True)
class MonthlyModel:
    """A fitted model of a month.

    Attributes:
        params: its settings.
        base_models: where the boosters start from.
        two_part: the boosters.
        newcomers: rates of customers who never bought.
        corrections: factors on the boosters' forecasts.
        frailty: how much a customer's months depend on each other, by method.
        calibration: what was learned from earlier forecasts.
    """

    params: ModelParams
    base_models: BaseModels
    two_part: TwoPartModel
    newcomers: Rates
    corrections: Corrections
    frailty: Mapping[str, float]
    calibration: Calibration

    @property
    def correction_weight(self) -> float:
        """How much of the value booster's correction is used, 0 to 1."""
        return self.calibration.correction_weight

    def expect(self, customers: Customers) -> Expectation:
        """What is expected of encoded customers; a customer's row does not depend on the others."""
        standing = status(customers, self.params)
        how = method(standing, BTYD if self.correction_weight < LITTLE_CORRECTION else MODEL)
        bought = how != COHORT_PRIOR
        p, value = np.zeros((2, len(customers), HORIZON_MONTHS))
        boosted = self.two_part.predict(self.base_models.history(customers.take(bought)))
        odds = boosted.p / (1.0 - boosted.p) * self.corrections.activity_odds
        p[bought] = 1.0 - (1.0 + odds) ** -self.corrections.activity_hazard
        blended = blend(boosted.base, boosted.value, self.correction_weight)
        value[bought] = blended * self.corrections.value * self.corrections.total_value
        months = [Month.of(customers.as_of).plus(h) for h in range(HORIZON_MONTHS)]
        chance, money = self.newcomers.of(customers.signup_days[~bought])
        p[~bought] = np.minimum(chance * self.base_models.season.of_activity(months), 1.0)
        value[~bought] = money * self.base_models.season.of_value(months)
        frailty = np.where(bought, self.frailty[MODEL], self.frailty[COHORT_PRIOR])
        return Expectation(p, value, frailty, standing, how)

    def candidate_totals(self, buyers: Customers, months: int) -> tuple[Floats, Floats]:
        """Every candidate's total of money and of active months; this model's own as it is before combination."""
        uncombined = replace(self.corrections, activity_hazard=1.0, total_value=1.0)
        own = replace(self, corrections=uncombined).expect(buyers)
        return total_level.candidates(own, self.base_models.history(buyers), months)
