"""Forecasts of the customers of a request, with one version: cleaned, features, forecast. No clock, no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from jobs.core.month import HORIZON_MONTHS, Month
from jobs.core.settings import MODEL
from jobs.features.single.customer import customer_features
from jobs.lake.tables import FORECAST_MONTHS, REASON_COLUMNS
from jobs.service.forecast_parts import Interval, ModelVersion, MonthForecast
from jobs.service.freshness import freshness
from jobs.service.on_request.answer import CustomerAnswer, ForecastNow, Forecasts
from jobs.service.on_request.body import ForecastRequest
from jobs.service.on_request.history import Cleaned, cleaned
from jobs.service.on_request.live_model import LiveModel
from jobs.service.problems import Problem


def forecasts(request: ForecastRequest, live: LiveModel, today: date) -> Forecasts:
    """The answer to a request. A customer's part does not depend on who else is in it.

    Raises:
        Problem: the version may not forecast as of that day, or rows cannot be read.
    """
    as_of = _checked(request.as_of or live.newest, live, today)
    delivered = live.delivered(as_of)
    people = [
        cleaned(customer, index, as_of=as_of, source=live.source, delivered=delivered)
        for index, customer in enumerate(request.customers)
    ]
    made = _forecast(people, live, as_of)
    return Forecasts(
        as_of=as_of,
        data_month=str(Month.before(as_of)),
        model=ModelVersion(name=MODEL, version=live.version),
        freshness=freshness(as_of, today),
        customers=[
            CustomerAnswer(
                customer_id=customer.customer_id,
                forecast=None if forecast is None else _shown(forecast, as_of),
                no_forecast=None if forecast is not None else _why_none(person, as_of),
                rows=person.rows,
            )
            for customer, person, forecast in zip(request.customers, people, made, strict=True)
        ],
    )


def _checked(as_of: date, live: LiveModel, today: date) -> date:
    newest = max(Month.of(today).first_day, live.newest)
    if as_of.day == 1 and live.earliest <= as_of <= newest:
        return as_of
    raise Problem(
        422,
        "invalid-request",
        f"The live model cannot forecast as of {as_of}.",
        remedy="Leave out as_of, or name the first of a month that `errors` allows. Months are what the model knows: "
        "it compares whole calendar months. What it was trained on, it cannot forecast.",
        errors=[("body.as_of", f"the first of a month, from {live.earliest} to {newest}")],
    )


def _forecast(people: Sequence[Cleaned], live: LiveModel, as_of: date) -> list[dict[str, Any] | None]:
    """The columns of the forecasts table of each customer; None of one who was not known before `as_of`."""
    cuts, departments = live.cuts_as_of(as_of), live.source.departments
    rows = [
        customer_features(
            person.history,
            as_of=as_of,
            departments=departments,
            cuts=cuts,
            has_logins=person.has_logins,
        )
        for person in people
    ]
    made = iter(live.forecaster.predict_rows([row for row in rows if row is not None], as_of=as_of))
    return [None if row is None else next(made) for row in rows]


def _shown(forecast: Mapping[str, Any], as_of: date) -> ForecastNow:
    first = Month.of(as_of)
    return ForecastNow(
        months=[
            MonthForecast(month=str(first.plus(number)), expected_net_value=forecast[name])
            for number, name in enumerate(FORECAST_MONTHS)
        ],
        total=forecast[f"clv_{HORIZON_MONTHS}m"],
        interval=Interval(p10=forecast["clv_12m_p10"], p90=forecast["clv_12m_p90"]),
        p_active_12m=forecast["p_active_12m"],
        status=forecast["status"],
        method=forecast["method"],
        reasons=[forecast[name] for name in REASON_COLUMNS if forecast[name] is not None],
    )


def _why_none(person: Cleaned, as_of: date) -> str:
    rows = person.rows
    if rows.on_or_after_as_of:
        return f"Nothing is known from before {as_of}: ask with a later as_of."
    if rows.rejected:
        return "Every row was rejected: `rows` says why."
    return f"There is no order line, and no profile with a sign-up, from before {as_of}."
