"""What is said, to the caller and in the log, when Airflow refuses a run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jobs.service.settings import AirflowAccess
from tests.conftest import Database
from tests.service.airflow_stub import AirflowStub, airflow_stub
from tests.service.running import Service, problem_of, serving


@pytest.fixture(scope="module")
def airflow() -> Iterator[AirflowStub]:
    """It answers every start with its `refusal`."""
    with airflow_stub() as stub:
        yield stub


@pytest.fixture(scope="module")
def service(published: Database, airflow: AirflowStub) -> Iterator[Service]:
    access = AirflowAccess(address=airflow.address, user="api", password="right")
    with serving(published, airflow=access) as running:
        yield running


@pytest.fixture(scope="module")
def operator(service: Service) -> str:
    return service.key("weekly", "operate")


LISTED = [
    {"type": "missing", "loc": ["body", "conf", "month"], "msg": "Field required", "input": {"month": "secret"}},
    {"type": "extra", "loc": ["body", "x"], "msg": "Not permitted"},
]


@pytest.mark.parametrize(
    ("status", "content", "said"),
    [
        (422, {"detail": LISTED}, "body.conf.month: Field required; body.x: Not permitted"),
        (400, {"detail": "no such month"}, "no such month"),
        (400, b"<html>Bad request</html>", "it gave no reason"),
        (400, [], "it gave no reason"),
        (422, {"detail": {"statement": "SELECT secret"}}, "it gave no reason"),
    ],
)
def test_what_airflow_says_of_a_run_that_it_refuses_is_told(
    service: Service, operator: str, airflow: AirflowStub, status: int, content: object, said: str
) -> None:
    airflow.refusal = (status, content)
    problem = problem_of(service.request("POST", "/v1/runs", operator, json={"month": "2011-11"}), 422, "invalid-run")
    assert problem["detail"] == f"Airflow refused the run: {said}"


@pytest.mark.parametrize(
    ("status", "content", "is_of_the_user"),
    [(401, {}, True), (403, {}, True), (404, {}, False), (500, {}, False), (200, b"<html>", False)],
)
def test_the_log_says_to_check_the_user_where_airflow_refuses_it(
    service: Service,
    operator: str,
    airflow: AirflowStub,
    caplog: pytest.LogCaptureFixture,
    status: int,
    content: object,
    is_of_the_user: bool,
) -> None:
    airflow.refusal = (status, content)
    problem_of(service.request("POST", "/v1/runs", operator, json={"month": "2011-11"}), 503, "unavailable")
    [logged] = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert f"Airflow answered {status} to POST /api/v2/dags/clv_monthly/dagRuns" in logged
    assert ("CLV_AIRFLOW_USER" in logged) == is_of_the_user
