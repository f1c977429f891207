"""From snapshots to the panel's rows, and to what customers who had never bought did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date

import numpy as np
from numpy.typing import NDArray

from jobs.core.month import Month
from jobs.forecasting.base_margin import Start, purchases
from jobs.forecasting.btyd import GammaGamma, ParetoNbd
from jobs.forecasting.cold_start import Seen
from jobs.forecasting.encoder import Customers, InputEncoder
from jobs.forecasting.outcomes import Outcomes, Snapshots, thinned
from jobs.forecasting.params import ModelParams
from jobs.forecasting.rows import Rows
from jobs.forecasting.seasonality import Season
from jobs.forecasting.status import COHORT_PRIOR, MODEL, method, status

_LEAST_VALUE = 0.01


@dataclass(frozen=True)
class Panel:
    """The coded snapshots, oldest first, and what came of them.

    Attributes:
        coded: as_of → customers.
        methods: as_of → method that forecasts each customer.
        outcomes: what every customer did in every month that is over.
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
        """Code every snapshot."""
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

    def start(self) -> Start:
        """Fit what the boosters start from."""
        newest = self.coded[max(self.coded)]
        bought = newest.take(~np.isnan(newest.recency_days))
        return Start(
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

    def rows(self, start: Start) -> Rows:
        """A seeded sample of the panel's matured rows."""
        cells = [
            (day, np.flatnonzero(self.methods[day] == MODEL), h)
            for day in list(self.coded)[self._burn_in :]
            for h in self.outcomes.matured(day)
        ]
        share = self.params.max_rows / max(sum(len(modelled) for _, modelled, _ in cells), 1)
        parts = [self._part(start, day, modelled, h, share) for day, modelled, h in cells]
        names = [field.name for field in fields(Rows)]
        return Rows(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})

    def newcomers(self, start: Start) -> Iterator[Seen]:
        """What customers who had never bought did after each snapshot."""
        for day in list(self.coded)[self._burn_in :]:
            group = self.coded[day].take(self.methods[day] == COHORT_PRIOR)
            horizons = self.outcomes.matured(day)
            months = [Month.of(day).plus(h - 1) for h in horizons]
            value, orders = self.outcomes.after(group.ids, day, horizons)
            active = (orders > 0) / start.season.of_activity(months)
            value = value / start.season.of_value(months)
            for column, h in enumerate(horizons):
                yield Seen(group.signup_days, h, active[:, column], value[:, column])

    @property
    def _burn_in(self) -> int:
        """Snapshots left out at the start, when the shop knew only whom it had just sold to."""
        return min(self.params.burn_in_months, len(self.coded) // 4)

    def _part(self, start: Start, day: date, modelled: NDArray[np.intp], horizon: int, share: float) -> Rows:
        seed = (self.params.seed, day.toordinal(), horizon)
        customers = self.coded[day].take(modelled[thinned(len(modelled), share, seed)])
        history = start.history(customers)
        month = history.month(horizon)
        value, orders = self.outcomes.after(customers.ids, day, [horizon])
        label = Month.of(day).plus(horizon - 1)
        return Rows(
            inputs=np.concatenate([history.inputs(), month.inputs], axis=1),
            logs=month.logs,
            season=np.full(len(customers), month.season),
            p_start=month.p,
            value=value[:, 0],
            active=orders[:, 0] > 0,
            month=np.full(len(customers), label.year * 12 + label.number),
        )
