"""The forecasts of a month: one row per customer known at as_of, and plausible totals."""

from __future__ import annotations

from itertools import pairwise

from great_expectations import ExpectationSuite

from expectations.rules import Rule, Severity, filled, holds, named_suite, one_of, total, unique
from jobs.core.month import HORIZONS
from jobs.forecasting.reason_codes import VOCABULARY
from jobs.forecasting.status import BTYD, COHORT_PRIOR, MODEL, STATUSES
from jobs.lake.tables import FORECAST_MONTHS, REASON_COLUMNS

METHODS = (MODEL, BTYD, COHORT_PRIOR)

TRAILING_RATIO: dict[Severity, tuple[float, float]] = {"critical": (0.05, 5.0), "warning": (0.3, 2.0)}
"""Forecast per month divided by the net value per month of the trailing year (or less, in a younger shop)."""
LAST_FORECAST_RATIO = (0.5, 2.0)

KEYS = ("customer_id",)

P_ACTIVE = tuple(f"p_active_{months}m" for months in HORIZONS)


def customer_known() -> Rule:
    """The rule that every forecast is of a customer of the snapshot."""
    return holds(
        "customer_known",
        "customer_id in (SELECT customer_id FROM {features})",
        says="the customer is in the features snapshot",
        because="A forecast for a customer unknown at as_of was not made from the snapshot",
    )


def suite() -> ExpectationSuite:
    """Rules for the forecast of each customer."""
    rules = [
        unique("customer_id", because="Every known customer has exactly one forecast; duplicates count twice"),
        customer_known(),
        *(
            holds(
                f"clv_{months}m_is_the_sum_of_its_months",
                f"clv_{months}m = {' + '.join(FORECAST_MONTHS[:months])}",
                says=f"clv_{months}m is the sum of the first {months} month(s), to the cent",
                because="Reports by month and by customer must give the same total",
            )
            for months in HORIZONS
        ),
        holds(
            "interval_in_order",
            "clv_12m_p10 <= clv_12m_p90",
            says="the lower bound of the interval is not above the upper bound",
            because="An inverted interval covers no value",
        ),
        holds(
            "p_active_is_a_probability_that_rises",
            " and ".join(f"{low} <= {high}" for low, high in pairwise(["0", *P_ACTIVE, "1"])),
            says=f"{', '.join(P_ACTIVE)} are between 0 and 1, none above the next",
            because="They are probabilities of an order up to a month, and later months add to them",
        ),
        *(
            holds(
                f"variance_{months}m_is_not_negative",
                f"variance_{months}m >= 0 and variance_{months}m < double('Infinity')",
                says=f"variance_{months}m is a number that is not negative",
                because="Intervals of totals are made from the sum of these variances",
            )
            for months in HORIZONS
        ),
        holds(
            "no_negative_month",
            f"least({', '.join(FORECAST_MONTHS)}) >= 0",
            says="no month's expected value is negative",
            because="Returns are deducted from purchases: no customer is expected to return more than it buys",
            severity="warning",
        ),
        one_of("status", STATUSES, because="Reports group by it"),
        one_of("method", METHODS, because="Reports group by it"),
        filled("reason_1", because="Each forecast is published with at least one reason"),
        *(
            holds(
                f"{column}_known",
                f"{column} in {VOCABULARY}",
                says=f"{column} is one of the reasons in the data dictionary, or null",
                because="Reports group by it",
            )
            for column in REASON_COLUMNS
        ),
    ]
    return named_suite("forecasts", "forecasts of the customers known at as_of", rules)


def totals_suite(*, known_customers: int, has_history: bool, has_earlier_forecast: bool) -> ExpectationSuite:
    """Rules for the totals of the forecasts.

    Args:
        known_customers: the rows of the features snapshot.
        has_history: whether the trailing year has net value to compare with.
        has_earlier_forecast: whether a forecast of the previous month exists to compare with.
    """
    rules = [
        total(
            "every_known_customer_has_a_forecast",
            "rows",
            low=known_customers,
            high=known_customers,
            says="there are as many forecasts as customers known at as_of",
            because="As customers are unique and known, an equal number means that none is missing",
            severity="critical",
        ),
        total(
            "one_model_version",
            "model_versions",
            low=1,
            high=1,
            says="all forecasts come from one model version",
            because="A mixture of two models was never evaluated",
            severity="critical",
        ),
    ]
    severities: tuple[Severity, ...] = ("critical", "warning") if has_history else ()
    for severity in severities:
        low, high = TRAILING_RATIO[severity]
        rules.append(
            total(
                f"total_{'far_' if severity == 'critical' else ''}off_trailing_year",
                "forecast_to_trailing_ratio",
                low=low,
                high=high,
                says=f"the total per month is {low} to {high} times the trailing year's",
                because="Existing customers buy about as much as before, minus churn; a total far from that means "
                "wrong units, a wrong month or a failed training",
                severity=severity,
            )
        )
    if has_earlier_forecast:
        low, high = LAST_FORECAST_RATIO
        rules.append(
            total(
                "total_off_last_forecast",
                "forecast_to_last_ratio",
                low=low,
                high=high,
                says=f"the total is {low} to {high} times that of the previous month",
                because="Eleven of the twelve months are the same, so a jump comes from a change of model or data, "
                "not of customers",
                severity="warning",
            )
        )
    return named_suite("forecasts_totals", "the month's forecasts together", rules)
