"""The record over HTTP is that of clv.accuracy."""

from __future__ import annotations

import pytest

from jobs.accuracy.actuals import load_actuals
from jobs.accuracy.record import measure_published
from jobs.core.month import Month
from jobs.lake.lake import Lake
from jobs.service.client import ClvClient
from tests.accuracy.days import write_days
from tests.conftest import Database
from tests.forecasts import DECEMBER, NOVEMBER, OCTOBER, publish_new_run
from tests.service.running import Service, problem_of


@pytest.fixture(scope="module")
def published(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Database:
    """Three months; the forecasts of the first two have a month that is over."""
    lake = Lake(str(tmp_path_factory.mktemp("lake")))
    for as_of in (OCTOBER, NOVEMBER, DECEMBER):
        publish_new_run(module_database, lake, as_of)
        write_days(lake, Month.before(as_of), {"12346": "40.00"})
        load_actuals(module_database.writer, lake, Month.before(as_of), "EUR")
    measure_published(module_database.writer)
    return module_database


def asked(service: Service, key: str, **query: object) -> dict:
    answer = service.get("/v1/accuracy", key, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_newest_forecasts_come_first_with_the_trailing_year_beside_them(service: Service, reader: str) -> None:
    record = asked(service, reader, horizon=1)
    assert (record["horizon_months"], record["segment_by"]) == (1, "all")
    assert [entry["as_of"] for entry in record["forecasts"]] == ["2011-11-01", "2011-10-01"]
    newest = record["forecasts"][0]
    told = ("data_month", "segment", "customers", "forecast_total", "actual_total", "total_ratio", "wape", "currency")
    assert [newest[name] for name in told] == ["2011-10", "all", 3, "30.00", "40.00", 0.75, 1.25, "EUR"]
    assert (newest["interval"], newest["total_is_covered"]) == (None, None)
    assert newest["trailing_year_wape"] == pytest.approx(0)


def test_one_forecast_or_the_newest_ones_by_what_customers_have_in_common(service: Service, reader: str) -> None:
    assert [entry["as_of"] for entry in asked(service, reader, horizon=1, as_of="2011-10-01")["forecasts"]] == [
        "2011-10-01"
    ]
    assert [
        entry["segment"] for entry in asked(service, reader, horizon=1, segment_by="status", limit=1)["forecasts"]
    ] == ["active"]


def test_the_client_reads_the_record(service: Service, reader: str) -> None:
    with ClvClient(service.address, reader) as clv:
        assert clv.accuracy() == asked(service, reader)
        chosen = {"horizon": 1, "segment_by": "status", "as_of": "2011-10-01", "limit": 1}
        assert clv.accuracy(**chosen) == asked(service, reader, **chosen)


def test_nothing_has_matured_over_a_year(service: Service, reader: str) -> None:
    assert asked(service, reader) == {"horizon_months": 12, "segment_by": "all", "forecasts": []}


@pytest.mark.parametrize(
    "query", ["horizon=2", "segment_by=country", "limit=0", "limit=121", "as_of=2011-12-02", "x=1"]
)
def test_a_wrong_parameter_is_named(service: Service, reader: str, query: str) -> None:
    problem = problem_of(service.get(f"/v1/accuracy?{query}", reader), 422, "invalid-request")
    assert [error["field"] for error in problem["errors"]] == [f"query.{query.partition('=')[0]}"]


def test_a_month_that_is_not_published_has_no_record(service: Service, reader: str) -> None:
    problem_of(service.get("/v1/accuracy?as_of=2011-09-01", reader), 404, "not-published")


def test_the_record_needs_a_key_that_may_read(service: Service) -> None:
    problem_of(service.get("/v1/accuracy"), 401, "unauthorised")
    problem_of(service.get("/v1/accuracy", service.key("operator", "operate")), 403, "scope-missing")
