"""The forecasts of a special run: customers of its segment, their value over its horizon."""

from __future__ import annotations

from great_expectations import ExpectationSuite

from expectations.forecasts import METHODS
from expectations.rules import holds, named_suite, one_of, total, unique
from jobs.forecasting.status import STATUSES

KEYS = ("customer_id",)


def suite() -> ExpectationSuite:
    """Rules for the forecast of each customer."""
    rules = [
        unique("customer_id", because="Two rows of a customer would be added up"),
        holds(
            "customer_known",
            "customer_id in (SELECT customer_id FROM {features})",
            says="the customer stands in the features snapshot",
            because="A forecast for somebody unknown at as_of cannot have been made from the snapshot",
        ),
        holds(
            "interval_holds_the_forecast",
            "clv_p10 <= clv and clv <= clv_p90",
            says="clv lies within its interval",
            because="An interval beside its forecast is one of another horizon",
        ),
        holds(
            "p_active_is_a_probability",
            "p_active >= 0 and p_active <= 1",
            says="p_active lies within 0 and 1",
            because="It is a probability",
        ),
        one_of("status", STATUSES, because="Reports group by it"),
        one_of("method", METHODS, because="Reports group by it"),
    ]
    return named_suite("special_forecasts", "forecasts of a special run", rules)


def totals_suite() -> ExpectationSuite:
    """Rules for the forecasts together."""
    rules = [
        total(
            "somebody_is_forecast",
            "rows",
            low=1,
            says="there is at least one forecast",
            because="A segment without customers is a mistake in its name",
            severity="critical",
        ),
        total(
            "one_model_version",
            "model_versions",
            low=1,
            high=1,
            says="all forecasts come from one model version",
            because="A mixture of two models is a forecast that nobody judged",
            severity="critical",
        ),
    ]
    return named_suite("special_forecasts_totals", "a special run's forecasts together", rules)
