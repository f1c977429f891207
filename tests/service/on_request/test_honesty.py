"""What a caller is told where rows, days or customers are not as they should be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import httpx
import pytest

from jobs.service.on_request.body import MOST_CUSTOMERS, MOST_ROWS
from jobs.service.on_request.live_model import LiveModel
from tests.conftest import Database
from tests.golden_month.golden import AS_OF
from tests.service.on_request.champions import Fixed
from tests.service.on_request.test_equality import ask
from tests.service.running import Service, problem_of, serving

LINE = {
    "customer_id": "c",
    "ordered_at": "2011-10-05T12:30:00",
    "quantity": "2",
    "unit_price": "12.50",
    "order_id": "o1",
    "product_id": "P00001",
    "unit_cost": "5.00",
}
PROFILE = {"customer_id": "c", "signup_date": "2011-09-01", "membership": "Annual", "city": "Lyon", "country": "FR"}


def customer(*lines: dict, **more: object) -> dict:
    return {"customer_id": "c", "transactions": list(lines), **more}


def one(service: Service, key: str, sent: dict) -> dict:
    return ask(service, key, sent)["customers"][0]


def post(service: Service, key: str, body: object) -> httpx.Response:
    return service.request("POST", "/v1/forecasts", key, json=body)


def refused(service: Service, key: str, body: object) -> list[dict]:
    return problem_of(post(service, key, body), 422, "invalid-request")["errors"]


def test_rejected_rows_come_back_with_their_index_and_the_batch_s_reasons(service: Service, caller: str) -> None:
    lines = [
        LINE,
        {**LINE, "unit_price": "cheap"},
        {**LINE, "ordered_at": "yesterday", "quantity": None},
        LINE,
        {**LINE, "order_id": "o2", "quantity": "0"},
        {**LINE, "ordered_at": "1901-01-01", "order_id": "o3"},
        {**LINE, "customer_id": "another"},
        {**LINE, "ordered_at": "2011-12-01T00:00:00"},
        {**LINE, "customer_id": None},
    ]
    answer = one(service, caller, customer(*lines))
    assert answer["rows"]["rejected"] == [
        {"index": 1, "reasons": ["unreadable_price"]},
        {"index": 2, "reasons": ["unreadable_time", "unreadable_units"]},
        {"index": 3, "reasons": ["duplicate"]},
        {"index": 4, "reasons": ["zero_value"]},
        {"index": 5, "reasons": ["implausible_time"]},
        {"index": 6, "reasons": ["other_customer"]},
        {"index": 8, "reasons": ["missing_customer"]},
    ]
    assert (answer["rows"]["used"], answer["rows"]["on_or_after_as_of"]) == (1, 1)
    assert answer["forecast"] == one(service, caller, customer(LINE))["forecast"]


def test_rows_need_not_name_their_customer_and_numbers_may_be_numbers(service: Service, caller: str) -> None:
    bare = {name: value for name, value in LINE.items() if name != "customer_id"} | {"quantity": 2, "unit_price": 12.5}
    assert one(service, caller, customer(bare)) == one(service, caller, customer(LINE))


def test_nobody_without_a_history_gets_a_forecast_but_a_reason(service: Service, caller: str) -> None:
    later = customer({**LINE, "ordered_at": "2012-01-05"}, profile={**PROFILE, "signup_date": "2012-01-01"})
    nothing, rejected = customer(), customer({**LINE, "quantity": "none"})
    answers = [one(service, caller, sent) for sent in (later, nothing, rejected)]
    assert [answer["forecast"] for answer in answers] == [None] * 3
    assert [answer["no_forecast"] for answer in answers] == [
        "Nothing is known from before 2011-12-01: ask with a later as_of.",
        "There is no order line, and no profile with a sign-up, from before 2011-12-01.",
        "Every row was rejected: `rows` says why.",
    ]


def test_an_account_alone_is_a_customer_who_never_bought(service: Service, caller: str) -> None:
    forecast = one(service, caller, customer(profile=PROFILE))["forecast"]
    assert (forecast["status"], forecast["method"]) == ("never_bought", "cohort_prior")


def test_a_profile_and_logins_that_do_not_count_say_why(service: Service, caller: str) -> None:
    login = {"customer_id": "c", "logged_in_at": "2011-11-20T10:00:00"}
    logins = [login, {**login, "logged_in_at": "never"}, login, {**login, "customer_id": "d"}]
    answer = one(service, caller, customer(LINE, profile={**PROFILE, "membership": "gold"}, logins=logins))
    assert answer["rows"]["profile_rejected_for"] == ["unknown_membership"]
    assert answer["rows"]["rejected_logins"] == [
        {"index": 1, "reasons": ["unreadable_time"]},
        {"index": 2, "reasons": ["duplicate"]},
        {"index": 3, "reasons": ["other_customer"]},
    ]
    other = one(service, caller, customer(LINE, profile={**PROFILE, "customer_id": "d"}))
    assert other["rows"]["profile_rejected_for"] == ["other_customer"]


@pytest.mark.parametrize("as_of", ["2011-12-02", "2011-11-01", "2012-01-01"])
def test_a_day_that_the_model_cannot_forecast_as_of_is_refused_with_those_that_it_can(
    service: Service, caller: str, as_of: str
) -> None:
    [error] = refused(service, caller, {"as_of": as_of, "customers": [customer(LINE)]})
    assert error == {"field": "body.as_of", "message": "the first of a month, from 2011-12-01 to 2011-12-01"}


def test_a_later_day_is_forecast_by_a_champion_that_was_kept(
    module_database: Database, live: LiveModel, service: Service, caller: str
) -> None:
    cuts = {**live.cuts, date(2012, 1, 1): live.cuts[AS_OF]}
    with serving(module_database, live_champion=Fixed(replace(live, cuts=cuts))) as running:
        newest = ask(running, caller, customer(LINE), as_of=None)
        earlier = ask(running, caller, customer(LINE))
    assert (newest["as_of"], newest["customers"][0]["forecast"]["months"][0]["month"]) == ("2012-01-01", "2012-01")
    assert earlier == ask(service, caller, customer(LINE))


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        ({}, "body.customers", "Field required"),
        ({"customers": []}, "body.customers", "at least 1 item"),
        ({"customers": [{"transactions": []}]}, "body.customers.0.customer_id", "Field required"),
        ({"customers": [customer(), customer()]}, "body", "each customer_id once"),
        ({"customers": [customer(LINE)], "horizon": 3}, "body.horizon", "not permitted"),
        ({"customers": [customer({**LINE, "quantity": [1]})]}, "body.customers.0.transactions", "quantity is a list"),
        ({"customers": [customer({**LINE, "note": {}})]}, "body.customers.0.transactions", "note is an object"),
        (
            {"customers": [customer({**LINE, "customer_id": []})]},
            "body.customers.0.transactions",
            "customer_id is a list",
        ),
        ({"customers": [customer(profile={**PROFILE, "city": []})]}, "body.customers.0.profile", "city is a list"),
        ({"customers": [customer({"ordered_at": "2011-11-01"})]}, "body.customers.0.transactions", "lacks quantity"),
        ({"customers": [customer(profile={"city": "Lyon"})]}, "body.customers.0.profile", "lacks signup_date"),
        ({"customers": [customer(logins=[{}])]}, "body.customers.0.logins", "lacks logged_in_at"),
        ({"as_of": "soon", "customers": [customer()]}, "body.as_of", "valid date"),
        ([], "body", "object"),
    ],
)
def test_a_wrong_body_is_refused_by_its_field(
    service: Service, caller: str, body: object, field: str, said: str
) -> None:
    error = refused(service, caller, body)[0]
    assert error["field"] == field
    assert said in error["message"]


def test_requests_are_bounded(service: Service, caller: str) -> None:
    many = [{"customer_id": str(number)} for number in range(MOST_CUSTOMERS + 1)]
    assert "at most 1000" in refused(service, caller, {"customers": many})[0]["message"]
    rows = [{"a": 1}] * (MOST_ROWS + 1)
    assert "at most 20000 items" in refused(service, caller, {"customers": [customer(*rows)]})[0]["message"]
    wide = {str(number): None for number in range(201)}
    assert "at most 200 items" in refused(service, caller, {"customers": [customer(wide)]})[0]["message"]
    long = json.dumps({"customers": [customer({**LINE, "note": "x" * 4 * 1024 * 1024})]})
    too_long = service.request("POST", "/v1/forecasts", caller, content=long)
    problem_of(too_long, 413, "too-large")


def test_malformed_json_is_refused(service: Service, caller: str) -> None:
    answer = service.request("POST", "/v1/forecasts", caller, content=b'{"customers": [')
    [error] = problem_of(answer, 422, "invalid-request")["errors"]
    assert error["field"] == "body"


def test_another_scope_may_not_forecast(service: Service) -> None:
    key = service.key("looks-only", "read", "operate")
    problem_of(post(service, key, {"customers": [customer(LINE)]}), 403, "scope-missing")


@pytest.fixture
def without_model(module_database: Database) -> Iterator[Service]:
    with serving(module_database) as running:
        yield running


def test_without_a_model_the_service_says_what_to_do(without_model: Service, service: Service, caller: str) -> None:
    answer = post(without_model, caller, {"customers": [customer(LINE)]})
    problem = problem_of(answer, 503, "no-model")
    assert "Set CLV_SOURCE, CLV_LAKE and MLFLOW_TRACKING_URI" in problem["detail"]
    assert answer.headers["retry-after"] == "5"
    reader = service.key("reader", "read")
    problem_of(without_model.get("/v1/customers/12347/forecast", reader), 404, "not-published")
