"""A customer's forecast, whole, as the service answers it from a month that was really published."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import get_args

import pytest

from jobs.forecasting.status import BTYD, COHORT_PRIOR, MODEL, STATUSES
from jobs.service.forecast_parts import Method, Status
from jobs.service.forecasts import interval_of
from tests.forecasts import NOVEMBER, seen
from tests.service.running import Service, problem_of


def forecast(service: Service, key: str, query: str = "", customer: str = "12347") -> dict:
    answer = service.get(f"/v1/customers/{customer}/forecast{query}", key)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_whole_answer(service: Service, reader: str) -> None:
    [shown] = [move for move in seen(service.database, "publications") if str(move["as_of"]) == "2011-12-01"]
    answer = forecast(service, reader, "?horizon=3")
    assert datetime.fromisoformat(answer["publication"].pop("published_at")) == shown["published_at"]
    assert answer == {
        "customer_id": "12347",
        "as_of": "2011-12-01",
        "data_month": "2011-11",
        "horizon_months": 3,
        "months": [
            {"month": "2011-12", "expected_net_value": "10.00"},
            {"month": "2012-01", "expected_net_value": "20.00"},
            {"month": "2012-02", "expected_net_value": "30.00"},
        ],
        "total": "60.00",
        "interval": None,
        "p_active_12m": 1 / 3,
        "status": "active",
        "method": "model",
        "tier": 6,
        "tier_before": 6,
        "reasons": ["higher: ordered recently", "lower: small orders"],
        "model": {"name": "clv", "version": 3},
        "publication": {"publication_id": shown["flip_id"], "run_id": shown["run_id"], "is_newest_month": True},
        "freshness": {"newest_closed_month": "2011-11", "age_days": 0},
    }


def test_twelve_months_are_the_default_and_have_an_interval(service: Service, reader: str) -> None:
    answer = forecast(service, reader)
    assert (answer["horizon_months"], len(answer["months"]), answer["total"]) == (12, 12, "780.00")
    assert answer["interval"] == {"p10": "390.00", "p90": "1560.00"}
    assert answer["months"][-1] == {"month": "2012-11", "expected_net_value": "120.00"}


@pytest.mark.parametrize("horizon", range(1, 13))
def test_the_total_is_the_sum_of_the_months(service: Service, reader: str, horizon: int) -> None:
    answer = forecast(service, reader, f"?horizon={horizon}")
    assert len(answer["months"]) == horizon
    assert Decimal(answer["total"]) == sum(Decimal(month["expected_net_value"]) for month in answer["months"])


def test_an_earlier_month_is_older(service: Service, reader: str) -> None:
    answer = forecast(service, reader, f"?as_of={NOVEMBER}")
    assert (answer["as_of"], answer["total"], answer["model"]["version"]) == ("2011-11-01", "390.00", 2)
    assert answer["publication"]["is_newest_month"] is False
    assert answer["freshness"] == {"newest_closed_month": "2011-11", "age_days": 30}


def test_a_customer_of_no_month_is_unknown(service: Service, reader: str) -> None:
    problem = problem_of(service.get("/v1/customers/99999/forecast", reader), 404, "unknown-customer")
    assert problem["errors"] == [{"field": "path.customer_id", "message": "the id of a customer of that month"}]
    assert "99999" not in str(problem)


def test_a_month_that_is_not_published_is_named(service: Service, reader: str) -> None:
    answer = service.get("/v1/customers/12347/forecast?as_of=2011-10-01", reader)
    assert problem_of(answer, 404, "not-published")["errors"][0]["field"] == "query.as_of"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("horizon=0", "query.horizon"),
        ("horizon=13", "query.horizon"),
        ("horizon=three", "query.horizon"),
        ("as_of=2011-12-02", "query.as_of"),
        ("as_of=yesterday", "query.as_of"),
        ("months=3", "query.months"),
    ],
)
def test_a_wrong_parameter_is_named(service: Service, reader: str, query: str, field: str) -> None:
    answer = service.get(f"/v1/customers/12347/forecast?{query}", reader)
    problem = problem_of(answer, 422, "invalid-request")
    assert [error["field"] for error in problem["errors"]] == [field]


def test_an_interval_is_shown_for_every_horizon_that_has_one() -> None:
    view = {"clv_3m_p10": Decimal(1), "clv_3m_p90": Decimal(2), "clv_6m_p10": None, "clv_6m_p90": None}
    assert interval_of(view, 3) == {"p10": Decimal(1), "p90": Decimal(2)}
    assert [interval_of(view, horizon) for horizon in (1, 2, 6, 12)] == [None] * 4


def test_statuses_and_methods_are_those_of_the_forecaster() -> None:
    assert set(get_args(Status)) == set(STATUSES)
    assert set(get_args(Method)) == {MODEL, BTYD, COHORT_PRIOR}
