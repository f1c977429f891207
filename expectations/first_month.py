"""The forecasts of new customers: everybody whose first month was completed in the data month, once."""

from __future__ import annotations

from datetime import date

from great_expectations import ExpectationSuite

from expectations.forecasts import customer_known
from expectations.rules import filled, holds, named_suite, one_of, total, unique
from jobs.core.month import Month
from jobs.forecasting.first_month.days import FIRST_DAYS
from jobs.forecasting.first_month.reasons import VOCABULARY as NEW_CUSTOMERS
from jobs.forecasting.reason_codes import VOCABULARY
from jobs.forecasting.status import BY_FIRST_MONTH, BY_STANDARD
from jobs.lake.tables import FORECAST_MONTHS, REASON_COLUMNS

KEYS = ("customer_id",)
_REASONS = tuple(dict.fromkeys((*NEW_CUSTOMERS, *VOCABULARY)))
"""Where the standard forecasts stand in, theirs."""


def suite(as_of: date) -> ExpectationSuite:
    """Rules for the forecast of each customer."""
    month = Month.before(as_of)
    rules = [
        unique("customer_id", because="A customer completes the first month once; duplicates count twice"),
        customer_known(),
        holds(
            "completed_in_the_data_month",
            f"completed_on = date_add(first_ordered_on, {FIRST_DAYS}) "
            f"and completed_on > DATE '{month.first_day}' and completed_on <= DATE '{as_of}'",
            says=f"completed_on is {FIRST_DAYS} days after the first order, and after {month.first_day}, by {as_of}",
            because="Another day means another month's customers, or a first month that is not over",
        ),
        holds(
            "clv_12m_is_the_sum_of_its_months",
            f"clv_12m = {' + '.join(FORECAST_MONTHS)}",
            says="clv_12m is the sum of its twelve months, to the cent",
            because="Reports by month and by customer must give the same total",
        ),
        holds(
            "interval_in_order",
            "clv_12m_p10 <= clv_12m_p90",
            says="the lower bound of the interval is not above the upper bound",
            because="An inverted interval covers no value",
        ),
        holds(
            "p_active_12m_is_a_probability",
            "p_active_12m >= 0 and p_active_12m <= 1",
            says="p_active_12m is between 0 and 1",
            because="It is a probability",
        ),
        one_of("method", (BY_FIRST_MONTH, BY_STANDARD), because="Reports group by it"),
        filled("model_version", because="Readers look up which version made a forecast"),
        filled("reason_1", because="Each forecast is published with at least one reason"),
        *(
            holds(
                f"{column}_known",
                f"{column} in {_REASONS}",
                says=f"{column} is one of the reasons in the data dictionary, or null",
                because="Reports group by it",
            )
            for column in REASON_COLUMNS
        ),
    ]
    return named_suite("first_month", "forecasts of the customers who completed the first month", rules)


def totals_suite(*, completed: int) -> ExpectationSuite:
    """Rules for the forecasts together.

    Args:
        completed: the customers of the snapshot whose day 30 lies in the data month.
    """
    rules = [
        total(
            "every_new_customer_has_a_forecast",
            "rows",
            low=completed,
            high=completed,
            says="there are as many forecasts as customers who completed the first month in the data month",
            because="As customers are unique and known, an equal number means that none is missing",
            severity="critical",
        )
    ]
    return named_suite("first_month_totals", "the forecasts of new customers together", rules)
