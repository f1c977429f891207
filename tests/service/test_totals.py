"""Totals with intervals over HTTP are those that readers see in SQL; listed customers are added up once each."""

from __future__ import annotations

from decimal import Decimal

import pytest

from jobs.core.month import HORIZONS
from jobs.core.postgres import execute
from jobs.lake.lake import Lake
from jobs.service.client import ClvClient
from jobs.service.totals import MOST_BYTES, MOST_IDS
from tests.conftest import Database
from tests.forecasts import DECEMBER, NOVEMBER, plan, publish, row, seen, write, write_customers
from tests.service.running import Service, problem_of

LEVELS = {"a": "1.00", "b": "2.00", "c": "4.00", "d/e é": "8.00"}
STATUSES = {"a": "active", "b": "new", "c": "active", "d/e é": "dormant"}


@pytest.fixture(scope="module")
def published(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Database:
    """Two months of four customers, whose model knows its level."""
    lake = Lake(str(tmp_path_factory.mktemp("lake")))
    for as_of in (NOVEMBER, DECEMBER):
        run_id = plan(module_database.writer, as_of)
        for months in HORIZONS:
            level = {"variance": 0.04, "quantile": 1.5}
            execute(module_database.writer, "set_run_level", run_id=run_id, horizon_months=months, **level)
        write(lake, as_of, [row(name, level=level, status=STATUSES[name]) for name, level in LEVELS.items()])
        write_customers(lake, as_of, {name: {"country": "Spain"} for name in LEVELS})
        publish(module_database.writer, lake, as_of=as_of, run_id=run_id)
    return module_database


def asked(service: Service, key: str, **query: object) -> dict:
    answer = service.get("/v1/totals", key, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def listed(service: Service, key: str, ids: list[str], **more: object) -> dict:
    answer = service.request("POST", "/v1/totals/customers", key, json={"customer_ids": ids} | more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def of_view(database: Database, segment_by: str, segment: str) -> list[tuple]:
    return [
        (total["horizon_months"], total["net_value"], total["p10"], total["p90"])
        for total in seen(database, "forecast_total")
        if (total["as_of"], total["segment_by"], total["segment"]) == (DECEMBER, segment_by, segment)
    ]


def of_answer(answer: dict) -> list[tuple]:
    return [
        (
            total["horizon_months"],
            Decimal(total["net_value"]),
            Decimal(total["interval"]["p10"]),
            Decimal(total["interval"]["p90"]),
        )
        for total in answer["totals"]
    ]


@pytest.mark.parametrize(
    ("query", "segment_by", "segment"),
    [
        ({}, "all", "all"),
        ({"status": "active"}, "status", "active"),
        ({"country": "Spain"}, "country", "Spain"),
        ({"tier": 6}, "tier", "6"),
    ],
)
def test_a_filter_s_totals_are_those_of_the_view(
    service: Service, reader: str, published: Database, query: dict, segment_by: str, segment: str
) -> None:
    expected = of_view(published, segment_by, segment)
    assert len(expected) == 4
    assert sorted(of_answer(asked(service, reader, **query))) == sorted(expected)


def test_the_whole_answer(service: Service, reader: str) -> None:
    answer = asked(service, reader, status="active", country="Spain")
    assert (answer["as_of"], answer["data_month"], answer["currency"]) == ("2011-12-01", "2011-11", "EUR")
    assert (answer["customers"], answer["publication"]["is_newest_month"]) == (2, True)
    assert answer["freshness"] == {"newest_closed_month": "2011-11", "age_days": 0}
    assert [(total["horizon_months"], total["net_value"]) for total in answer["totals"]] == [
        (1, "5.00"),
        (3, "30.00"),
        (6, "105.00"),
        (12, "390.00"),
    ]
    assert asked(service, reader, as_of="2011-11-01")["publication"]["is_newest_month"] is False


def test_nobody_passes_a_filter_that_contradicts_itself(service: Service, reader: str) -> None:
    answer = asked(service, reader, status="new", country="unknown")
    assert answer["customers"] == 0
    nothing = ("0", {"p10": "0.00", "p90": "0.00"})
    assert [(total["net_value"], total["interval"]) for total in answer["totals"]] == [nothing] * 4


def test_listed_customers_are_added_up_once_each(service: Service, reader: str) -> None:
    answer = listed(service, reader, ["c", "a", "a", "nobody"])
    assert (answer["customers"], answer["unknown_customer_ids"]) == (2, ["nobody"])
    assert of_answer(answer) == of_answer(asked(service, reader, status="active"))
    assert listed(service, reader, list(LEVELS), as_of="2011-11-01")["customers"] == len(LEVELS)


def test_the_client_adds_up_a_filter_s_customers_and_listed_ones(service: Service, reader: str) -> None:
    with ClvClient(service.address, reader) as clv:
        assert clv.totals(status="active", tier=6) == asked(service, reader, status="active", tier=6)
        assert clv.totals(as_of="2011-11-01") == asked(service, reader, as_of="2011-11-01")
        assert clv.totals_of(["c", "nobody"]) == listed(service, reader, ["c", "nobody"])
        month = {"as_of": "2011-11-01"}
        assert clv.totals_of(("c",), **month) == listed(service, reader, ["c"], **month)
        assert [found["customer_id"] for found in clv.customers(tier=6)] == ["a", "b"]


@pytest.mark.parametrize("name", ["'; DROP TABLE clv.run; --", "%s", "{a,b}", 'a"b\\', "NULL"])
def test_every_id_is_data(service: Service, reader: str, name: str) -> None:
    answer = listed(service, reader, [name])
    assert (answer["customers"], answer["unknown_customer_ids"]) == (0, [name])
    assert asked(service, reader, country=name)["customers"] == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body.customer_ids"),
        ({"customer_ids": []}, "body.customer_ids"),
        ({"customer_ids": ["a"] * (MOST_IDS + 1)}, "body.customer_ids"),
        ({"customer_ids": ["a\0"]}, "body.customer_ids.0"),
        ({"customer_ids": [7]}, "body.customer_ids.0"),
        ({"customer_ids": ["a"], "as_of": "2011-12-02"}, "body.as_of"),
        ({"customer_ids": ["a"], "status": "new"}, "body.status"),
    ],
)
def test_a_wrong_field_is_named(service: Service, reader: str, body: dict, field: str) -> None:
    problem = problem_of(service.request("POST", "/v1/totals/customers", reader, json=body), 422, "invalid-request")
    assert [error["field"] for error in problem["errors"]] == [field]


@pytest.mark.parametrize("query", ["tier=0", "tier=one", "status=asleep", "country=", "region=x", "as_of=2011-12-02"])
def test_a_wrong_parameter_is_named(service: Service, reader: str, query: str) -> None:
    problem = problem_of(service.get(f"/v1/totals?{query}", reader), 422, "invalid-request")
    assert [error["field"] for error in problem["errors"]] == [f"query.{query.partition('=')[0]}"]


def test_a_list_that_is_too_long_is_refused_before_it_is_read(service: Service, reader: str) -> None:
    body = {"customer_ids": ["x" * 1000] * (MOST_BYTES // 1000)}
    problem_of(service.request("POST", "/v1/totals/customers", reader, json=body), 413, "too-large")


def test_totals_need_a_published_month_and_a_key_that_may_read(service: Service, reader: str) -> None:
    problem_of(service.get("/v1/totals?as_of=2011-10-01", reader), 404, "not-published")
    problem_of(service.get("/v1/totals"), 401, "unauthorised")
    problem_of(service.get("/v1/totals", service.key("operator", "operate")), 403, "scope-missing")
