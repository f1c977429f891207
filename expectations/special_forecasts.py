"""The forecasts of a special run: the value of its segment's customers over its horizon."""

from __future__ import annotations

from great_expectations import ExpectationSuite

from expectations.forecasts import METHODS, customer_known
from expectations.rules import holds, named_suite, one_of, total, unique
from jobs.forecasting.status import STATUSES

KEYS = ("customer_id",)


def suite() -> ExpectationSuite:
    """Rules for the forecast of each customer."""
    rules = [
        unique("customer_id", because="Duplicates count twice"),
        customer_known(),
        holds(
            "interval_holds_the_forecast",
            "clv_p10 <= clv and clv <= clv_p90",
            says="clv is within its interval",
            because="A forecast outside its interval means that the two have different horizons",
        ),
        holds(
            "p_active_is_a_probability",
            "p_active >= 0 and p_active <= 1",
            says="p_active is between 0 and 1",
            because="It is a probability",
        ),
        one_of("status", STATUSES, because="Reports group by it"),
        one_of("method", METHODS, because="Reports group by it"),
    ]
    return named_suite("special_forecasts", "forecasts of a special run", rules)


def totals_suite() -> ExpectationSuite:
    """Rules for the totals of the forecasts."""
    rules = [
        total(
            "somebody_is_forecast",
            "rows",
            low=1,
            says="there is at least one forecast",
            because="A segment without customers is probably misspelled",
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
    return named_suite("special_forecasts_totals", "a special run's forecasts together", rules)
