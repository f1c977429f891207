"""The rows that the boosters learn from: one per customer, snapshot and number of months whose outcome is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date

import numpy as np
from numpy.typing import NDArray

from jobs.core.month import Month
from jobs.forecasting.base_margin import BaseModels, purchases
from jobs.forecasting.btyd import GammaGamma, ParetoNbd
from jobs.forecasting.cold_start import Seen
from jobs.forecasting.encoder import Customers, Floats, InputEncoder
from jobs.forecasting.outcomes import Outcomes, Snapshots, thinned
from jobs.forecasting.params import ModelParams
from jobs.forecasting.seasonality import Season
from jobs.forecasting.status import COHORT_PRIOR, MODEL, method, status

SPANS = (1, 3, 6, 12)
"""How many months the rows take together."""

_LEAST_VALUE = 0.01


@dataclass(frozen=True)
class Rows:
    """Training rows: what a customer did in the first months after a snapshot, taken together.

    Attributes:
        inputs: the boosters' inputs.
        log_base: logarithm of the base models' forecast of the net value, which the value boosters correct.
        p_base: their probability of an order, which the activity booster corrects.
        value: net value.
        active: whether there was an order.
        months: how many months they are.
    """

    inputs: NDArray[np.float32]
    log_base: Floats
    p_base: Floats
    value: Floats
    active: NDArray[np.bool_]
    months: Floats


@dataclass(frozen=True)
class Panel:
    """The encoded snapshots, oldest first, and their outcomes.

    Attributes:
        coded: as_of → encoded customers.
        methods: as_of → method that forecasts each customer.
        outcomes: the outcome of every customer in every month that is over.
        active_value: mean net value of a month with an order.
        params: the forecaster's settings.
    """

    coded: Mapping[date, Customers]
    methods: Mapping[date, NDArray[np.object_]]
    outcomes: Outcomes
    active_value: float
    params: ModelParams

    @classmethod
    def of(cls, known: Snapshots, encoder: InputEncoder, params: ModelParams) -> Panel:
        """Encode every snapshot."""
        coded = {day: encoder.encode(frame, day) for day, frame in known.items()}
        outcomes = Outcomes.read(known)
        bought = outcomes.values[(outcomes.orders > 0) & (outcomes.values > 0)]
        return cls(
            coded=coded,
            methods={day: method(status(customers, params)) for day, customers in coded.items()},
            outcomes=outcomes,
            active_value=max(float(bought.mean()), _LEAST_VALUE) if len(bought) else _LEAST_VALUE,
            params=params,
        )

    def base_models(self) -> BaseModels:
        """Fit what the boosters start from."""
        newest = self.coded[max(self.coded)]
        bought = newest.take(newest.has_bought)
        return BaseModels(
            purchases=ParetoNbd.fit(purchases(bought)),
            season=Season.fit(self.outcomes, self.params),
            spend=self._spend(bought),
            value_mean=max(float(self.outcomes.values.mean()), _LEAST_VALUE * self.active_value),
            prior_months=self.params.prior_months,
        )

    def _spend(self, bought: Customers) -> GammaGamma:
        mean = bought.net_value / np.maximum(bought.order_days, 1.0)
        paid = mean > 0
        return GammaGamma.fit(bought.order_days[paid], mean[paid])

    def rows(self, base_models: BaseModels) -> Rows:
        """A seeded sample of the matured rows."""
        cells = [
            (day, np.flatnonzero(self.methods[day] == MODEL), months)
            for day in list(self.coded)[self.burn_in :]
            for months in sorted(set(SPANS) & set(self.outcomes.matured(day)))
        ]
        share = self.params.max_rows / max(sum(len(modelled) for _, modelled, _ in cells), 1)
        parts = [self._part(base_models, day, modelled, months, share) for day, modelled, months in cells]
        names = [field.name for field in fields(Rows)]
        return Rows(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})

    def newcomers(self, base_models: BaseModels) -> Iterator[Seen]:
        """The outcomes of customers who had never bought, after each snapshot."""
        for day in list(self.coded)[self.burn_in :]:
            group = self.coded[day].take(self.methods[day] == COHORT_PRIOR)
            horizons = self.outcomes.matured(day)
            months = [Month.of(day).plus(h - 1) for h in horizons]
            value, orders = self.outcomes.after(group.ids, day, horizons)
            active = (orders > 0) / base_models.season.of_activity(months)
            value = value / base_models.season.of_value(months)
            for column, h in enumerate(horizons):
                yield Seen(group.signup_days, h, active[:, column], value[:, column])

    @property
    def burn_in(self) -> int:
        """Snapshots left out at the start, when the shop knew only its most recent buyers."""
        return min(self.params.burn_in_months, len(self.coded) // 4)

    def _part(self, base_models: BaseModels, day: date, modelled: NDArray[np.intp], months: int, share: float) -> Rows:
        seed = (self.params.seed, day.toordinal(), months)
        customers = self.coded[day].take(modelled[thinned(len(modelled), share, seed)])
        history = base_models.history(customers)
        base = history.first(months)
        value, orders = self.outcomes.after(customers.ids, day, range(1, months + 1))
        return Rows(
            inputs=np.concatenate([history.inputs(), base.inputs], axis=1),
            log_base=base.log_value,
            p_base=base.p,
            value=value.sum(axis=1),
            active=orders.max(axis=1) > 0,
            months=np.full(len(customers), float(months)),
        )
