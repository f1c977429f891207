"""Runs are started and followed through Airflow's REST API, with the name of the key on record."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from jobs.core.postgres import execute, fetch
from jobs.service.client import ClvClient, ClvError
from jobs.service.runs import RunRequest
from jobs.service.settings import AirflowAccess
from tests.conftest import Database
from tests.dags.conftest import dag_bag
from tests.service.airflow_stub import AirflowStub, airflow_stub
from tests.service.running import Service, problem_of, serving

__all__ = ["dag_bag"]


@pytest.fixture(scope="module")
def airflow() -> Iterator[AirflowStub]:
    with airflow_stub() as stub:
        yield stub


@pytest.fixture(scope="module")
def service(published: Database, airflow: AirflowStub) -> Iterator[Service]:
    access = AirflowAccess(address=airflow.address, user="api", password="right")
    with serving(published, airflow=access, requests_per_second=1000, burst=1000) as running:
        yield running


@pytest.fixture(scope="module")
def operator(service: Service) -> str:
    return service.key("nightly", "operate")


def start(service: Service, key: str, body: object, **headers: str) -> httpx.Response:
    return service.request("POST", "/v1/runs", key, json=body, headers=headers)


def test_a_run_names_the_key(service: Service, operator: str, airflow: AirflowStub) -> None:
    answer = start(service, operator, {"month": "2011-11", "dry_run": True})
    assert answer.status_code == 201, answer.text
    started = answer.json()
    assert re.fullmatch(r"api__nightly__[0-9a-f]{32}", started["dag_run_id"])
    assert answer.headers["location"] == f"/v1/runs/{started['dag_run_id']}"
    assert (started["state"], started["conf"]) == ("queued", {"month": "2011-11", "dry_run": True})
    assert airflow.runs[started["dag_run_id"]]["note"] == "Started through the API with the key nightly"


def test_a_run_is_followed(service: Service, operator: str, airflow: AirflowStub) -> None:
    dag_run_id = start(service, operator, {"month": "2011-11"}).json()["dag_run_id"]
    waiting = service.get(f"/v1/runs/{dag_run_id}", operator).json()
    assert (waiting["planned"], waiting["failures"]) == (None, [])
    [run] = fetch(service.database.owner, "published_run", as_of="2011-12-01", value_basis="net_revenue")
    airflow.plans[dag_run_id] = {"run_id": run["run_id"]}
    failure = {"dag_run_id": dag_run_id, "task": "score", "attempt": 1, "reason": "no space"}
    execute(service.database.writer, "record_failure", **failure, as_of=None, was_refused=False)
    followed = service.get(f"/v1/runs/{dag_run_id}", operator).json()
    assert followed["tasks"] == {"plan.plan": "success", "ingest": None}
    assert followed["dag_is_paused"] is True
    assert followed["note"] == "Started through the API with the key nightly"
    assert followed["planned"] | {"published_at": ""} == {
        "run_id": run["run_id"],
        "status": "published",
        "data_month": "2011-11",
        "model_version": 3,
        "forecast_rows": 3,
        "published_at": "",
    }
    [failed] = followed["failures"]
    assert failed.pop("failed_at")
    assert failed == {"task": "score", "attempt": 1, "reason": "no space", "was_refused": False}


def test_an_idempotency_key_with_the_same_body_gets_the_first_answer_again(
    service: Service, operator: str, airflow: AirflowStub
) -> None:
    before = len(airflow.runs)
    first = start(service, operator, {"month": "2011-11", "force": True}, **{"Idempotency-Key": "once"})
    airflow.runs[first.json()["dag_run_id"]]["state"] = "success"
    again = start(service, operator, {"force": True, "month": "2011-11"}, **{"Idempotency-Key": '"once"'})
    assert (again.status_code, again.json()) == (first.status_code, first.json()) == (201, first.json())
    assert again.headers["location"] == first.headers["location"]
    assert len(airflow.runs) == before + 1


@pytest.mark.parametrize("body", [{"month": "2011-10"}, {"month": "2011-11", "force": True}])
def test_an_idempotency_key_with_another_body_is_refused(
    service: Service, operator: str, airflow: AirflowStub, body: dict
) -> None:
    start(service, operator, {"month": "2011-11"}, **{"Idempotency-Key": "twice"})
    before = len(airflow.runs)
    problem = problem_of(start(service, operator, body, **{"Idempotency-Key": "twice"}), 422, "idempotency-key-reused")
    assert problem["errors"][0]["field"] == "header.idempotency-key"
    assert len(airflow.runs) == before


def test_an_idempotency_key_belongs_to_the_caller(service: Service, operator: str, airflow: AirflowStub) -> None:
    other = service.key("weekly", "operate")
    started = [start(service, key, {"month": "2011-11"}, **{"Idempotency-Key": "mine"}) for key in (operator, other)]
    assert len({answer.json()["dag_run_id"] for answer in started}) == 2


def test_an_odd_idempotency_key_is_refused(service: Service, operator: str) -> None:
    wrong = start(service, operator, {"month": "2011-11"}, **{"Idempotency-Key": "../../x"})
    assert problem_of(wrong, 422, "invalid-request")["errors"][0]["field"] == "header.idempotency-key"


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"month": "2011-11", "mont": "2011-12", "by": "me"}, ["body.mont", "body.by"]),
        ({}, ["body.month"]),
        ({"month": "2011-13"}, ["body.month"]),
        ({"month": "2011-11'; DROP TABLE clv.run; --"}, ["body.month"]),
        ({"month": "2011-11", "horizon_months": 12}, ["body.horizon_months"]),
        ({"month": "2011-11", "segment": "city"}, ["body.segment"]),
        ({"month": "2011-11", "segment": "city=\0"}, ["body.segment"]),
        ({"month": "2011-11", "dry_run": "yes"}, ["body.dry_run"]),
        ([], ["body"]),
    ],
)
def test_a_wrong_parameter_starts_nothing(
    service: Service, operator: str, airflow: AirflowStub, body: object, fields: list[str]
) -> None:
    before = len(airflow.runs)
    problem = problem_of(start(service, operator, body), 422, "invalid-request")
    assert [error["field"] for error in problem["errors"]] == fields
    assert len(airflow.runs) == before


def test_malformed_json_is_named(service: Service, operator: str) -> None:
    headers = {"Content-Type": "application/json"}
    answer = service.request("POST", "/v1/runs", operator, content=b"{month", headers=headers)
    assert problem_of(answer, 422, "invalid-request")["errors"][0]["field"] == "body"


@pytest.mark.parametrize(
    ("body", "fields"),
    [({"\ud800": 1}, ["body"]), ({"é" * 300: 1}, [f"body.{'é' * 95}"]), ({"x": "\ud800"}, ["body.x"])],
)
def test_text_that_cannot_be_sent_back_is_a_problem(
    service: Service, operator: str, body: dict, fields: list[str]
) -> None:
    headers = {"Content-Type": "application/json"}
    content = json.dumps({"month": "2011-11"} | body).encode()
    answer = service.request("POST", "/v1/runs", operator, content=content, headers=headers)
    assert [error["field"] for error in problem_of(answer, 422, "invalid-request")["errors"]] == fields


def test_a_problem_names_twenty_fields_at_most(service: Service, operator: str) -> None:
    answer = start(service, operator, {f"x{number}": 1 for number in range(300)})
    assert len(problem_of(answer, 422, "invalid-request")["errors"]) == 20


def test_what_airflow_refuses_is_a_problem(service: Service, operator: str) -> None:
    problem = problem_of(start(service, operator, {"month": "1899-01"}), 422, "invalid-run")
    assert "Invalid input for param month" in problem["detail"]


@pytest.mark.parametrize("dag_run_id", ["nothing", "api__nightly__0"])
def test_an_unknown_run_is_a_problem(service: Service, operator: str, dag_run_id: str) -> None:
    problem_of(service.get(f"/v1/runs/{dag_run_id}", operator), 404, "unknown-run")


@pytest.mark.parametrize("dag_run_id", ["%2e", "%2e%2e", "...", "a%2f..", "a" * 251])
def test_what_is_no_run_id_does_not_reach_airflow(
    service: Service, operator: str, airflow: AirflowStub, dag_run_id: str
) -> None:
    before = list(airflow.asked)
    assert service.get(f"/v1/runs/{dag_run_id}", operator).status_code in (404, 422)
    assert airflow.asked == before


def test_a_token_that_has_expired_is_replaced(service: Service, operator: str, airflow: AirflowStub) -> None:
    assert start(service, operator, {"month": "2011-11"}).status_code == 201
    airflow.tokens += 1
    assert start(service, operator, {"month": "2011-11"}).status_code == 201


def test_without_airflow_lookups_work_and_runs_are_a_problem(published: Database) -> None:
    with serving(published) as service:
        key = service.key("alone", "read", "operate")
        problem = problem_of(start(service, key, {"month": "2011-11"}), 503, "unavailable")
        assert "CLV_AIRFLOW_URL" in problem["remedy"]
        assert service.get("/v1/models/champion", key).status_code == 200


@pytest.mark.parametrize(("address", "password"), [("http://127.0.0.1:9", "right"), (None, "wrong")])
def test_an_airflow_that_does_not_answer_is_a_problem(
    published: Database, airflow: AirflowStub, address: str | None, password: str
) -> None:
    access = AirflowAccess(address=address or airflow.address, user="api", password=password)
    with serving(published, airflow=access) as service:
        key = service.key(f"blind-{password}", "operate")
        answer = start(service, key, {"month": "2011-11"})
        problem_of(answer, 503, "unavailable")
        assert password not in answer.text


def test_the_parameters_are_those_of_the_dag(dag_bag: Any) -> None:
    params = dag_bag.dags["clv_monthly"].params
    fields = RunRequest.model_fields
    assert set(fields) == set(params)
    assert {name: field.default for name, field in fields.items() if name != "month"} == {
        name: params[name] for name in params if name != "month"
    }


def test_the_client_starts_and_follows(service: Service, operator: str) -> None:
    with ClvClient(service.address, operator) as clv:
        started = clv.start_run("2011-11", dry_run=True, idempotency_key="client")
        assert clv.run(started["dag_run_id"])["state"] == "queued"
        with pytest.raises(ClvError, match="Airflow has no such run") as caught:
            clv.run("nothing")
    assert (caught.value.status, caught.value.kind) == (404, "unknown-run")
