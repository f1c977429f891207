"""What each simulated customer is truly expected to be worth, given the latent state: exact, not simulated."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from jobs.core.month import HORIZON_MONTHS, Month
from jobs.simulation import catalogue
from jobs.simulation.population import Floats, Population
from jobs.simulation.purchases import RETURNED_NEXT_MONTH, Lines

SCHEMA = pa.schema(
    [
        ("customer_id", pa.string()),
        *((f"expected_{h:02d}", pa.float64()) for h in range(1, HORIZON_MONTHS + 1)),
        ("p_active_12m", pa.float64()),
    ]
)


def truth(people: Population, age: int, first_forecast_month: Month, *, kept: Lines) -> pa.RecordBatch:
    """Expected net value of the twelve months that start with `first_forecast_month`, for all who had signed up.

    With purchase rate λ, season s, chance m of leaving, value v of an order and share r of returned lines, of which
    the part f comes a month late, an active customer's month h is worth
    (1-m)^(h-1) · λ · s_h · v_h · (1 - r(1-f)), less r·f of the month before. For month 1, that deduction follows from
    the lines that were really bought and not yet returned.

    Args:
        people: the customers.
        age: the first forecast month, counted from the shop's first.
        first_forecast_month: the same month of the calendar.
        kept: last month's lines that were not returned before its end.
    """
    known = people.signup_month < age
    calendar = [(first_forecast_month.number - 1 + h) % 12 for h in range(HORIZON_MONTHS)]
    gross = _order_rates(people, age, calendar) * _order_values(people, calendar)
    late = people.return_share * RETURNED_NEXT_MONTH
    at_once = people.return_share * (1 - RETURNED_NEXT_MONTH)
    expected = gross * (1 - at_once)[:, None]
    expected[:, 1:] -= gross[:, :-1] * late[:, None]
    bought = np.bincount(kept.customer, weights=kept.value, minlength=len(people))
    expected[:, 0] -= bought * late / (1 - at_once)
    columns = [pa.array(people.ids), *(pa.array(expected[:, h]) for h in range(HORIZON_MONTHS))]
    columns.append(pa.array(_active_probability(people, age, calendar)))
    return pa.record_batch(columns, schema=SCHEMA).filter(pa.array(known))


def _order_rates(people: Population, age: int, calendar: list[int]) -> Floats:
    """Expected orders by customer and forecast month."""
    active = (people.signup_month < age) & (age <= people.last_month)
    staying = (1 - people.churn)[:, None] ** np.arange(HORIZON_MONTHS)[None, :]
    rates = (active * people.rate)[:, None] * catalogue.ORDER_SEASON[calendar][None, :]
    return np.asarray(staying * rates)


def _order_values(people: Population, calendar: list[int]) -> Floats:
    """Expected value of an order by customer and forecast month."""
    price = catalogue.mean_unit_price()[people.taste, people.tier][:, calendar]
    return np.asarray(price * ((1 + people.extra_lines) * (1 + people.extra_units))[:, None])


def _active_probability(people: Population, age: int, calendar: list[int]) -> Floats:
    """Probability of an order in the twelve months: one less that of none up to the month of leaving."""
    active = (people.signup_month < age) & (age <= people.last_month)
    none = np.ones(len(people))
    silent = np.zeros(len(people))
    for h, month in enumerate(calendar):
        none = none * np.exp(-people.rate * catalogue.ORDER_SEASON[month])
        is_last = h == HORIZON_MONTHS - 1
        leaves = 1.0 if is_last else people.churn
        silent += (1 - people.churn) ** h * leaves * none
    return np.asarray(np.where(active, 1 - silent, 0.0))
