"""The shops that forecasts on day 30 are judged on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from benchmarks.shop import Origin
from jobs.core.month import HORIZON_MONTHS, Month
from jobs.forecasting.first_month.days import MONTH_ENDS


@dataclass(frozen=True, kw_only=True)
class Case:
    """A shop and what is asked of it.

    Attributes:
        file: its name in `real_data`; None if it is simulated.
        source: its mapping, a module of `jobs.sources`, or its columns as `accuracy --columns` takes them.
        newest: the newest origin.
        origins: how many origins, a month apart.
        months: months after the first one that are forecast.
    """

    file: str | None
    source: str
    newest: Month
    origins: int
    months: int = HORIZON_MONTHS

    @property
    def as_ofs(self) -> list[date]:
        """The origins, oldest first."""
        return [self.newest.plus(-back).first_day for back in reversed(range(self.origins))]

    @property
    def whole(self) -> list[Origin]:
        """The origins, and the calendar months that hold every day forecast: more than `months` around a February."""
        days = MONTH_ENDS[self.months - 1]
        months = [Month.of(as_of).months_until(Month.of(as_of + timedelta(days=days - 1))) + 1 for as_of in self.as_ofs]
        return [Origin(Month.of(as_of), count) for as_of, count in zip(self.as_ofs, months, strict=True)]

    @property
    def forecast_on(self) -> list[date]:
        """When the standard model forecasts: at the origins, and a month before the first of them."""
        return [Month.before(self.as_ofs[0]).first_day, *self.as_ofs]


_JOURNEY = "customer_id=household_id,ordered_at=transaction_timestamp,amount=sales_value,order_id=basket_id"

CASES = {
    "simulated_shop": Case(file=None, source="simulated_shop", newest=Month(2024, 7), origins=12),
    "online_retail_ii": Case(file="online_retail_ii", source="online_retail_ii", newest=Month(2010, 12), origins=6),
    "online_retail_ii_6m": Case(
        file="online_retail_ii", source="online_retail_ii", newest=Month(2011, 6), origins=6, months=6
    ),
    "cdnow": Case(file="cdnow_master", source="cdnow", newest=Month(1997, 5), origins=2),
    "steady_shop": Case(
        file="steady_shop",
        source="customer_id=customer_id,ordered_at=trans_date,amount=tran_amount",
        newest=Month(2014, 3),
        origins=12,
    ),
    "superstore": Case(file="superstore", source="superstore", newest=Month(2019, 1), origins=24),
    "complete_journey_6m": Case(
        file="completejourney_transactions", source=_JOURNEY, newest=Month(2017, 7), origins=3, months=6
    ),
}
"""The model was designed on simulated shops of other seeds; the others are to be forecast once, and never tuned on."""
