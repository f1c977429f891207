"""The stack as services: built, started, used by an operator, broken, restored and removed. In this order."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from decimal import Decimal

import httpx
import pytest

from jobs.local_stack.airflow_api import AirflowAnswerError
from jobs.service.client import ClvClient
from tests.compose.services import PROJECT, Services, docker, refuse_without_engine

pytestmark = pytest.mark.compose

MONTH = "2025-06"
SECONDS_INTO_TASK = 20
"""Until the executors of a task are at work."""
CONTENT = "SELECT as_of, run_id, content_hash, forecast_rows FROM clv.all_runs WHERE status = 'published' ORDER BY 1"


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    refuse_without_engine()
    services = Services.of_checkout(tmp_path_factory.mktemp("checkout"))
    try:
        services.compose("build")
        services.up()
        yield services
    finally:
        services.remove()


@pytest.fixture(scope="module")
def content(services: Services) -> str:
    """The content hash of a month of the simulated shop that the operator has run."""
    services.wait_for(services.start_month(MONTH))
    [(_, _, content, rows)] = services.read(CONTENT)
    assert services.read("SELECT count(*) FROM clv.forecast_current") == [(rows,)]
    return str(content)


def published(services: Services) -> set[str]:
    return {row[2] for row in services.read(CONTENT)}


def test_a_month_uses_both_workers(services: Services, content: str) -> None:
    for worker in services.containers("spark-worker"):
        assert "Asked to launch executor" in docker("logs", worker)


def test_the_viewer_only_looks(services: Services, content: str) -> None:
    viewer = services.airflow("viewer")
    assert viewer.get("/dags/clv_monthly")["dag_id"] == "clv_monthly"
    with pytest.raises(AirflowAnswerError, match="403"):
        viewer.post("/dags/clv_monthly/dagRuns", {"logical_date": None, "conf": {"month": MONTH}})


def test_a_changed_password_holds_from_the_next_start(services: Services, content: str) -> None:
    before = services.airflow("viewer")
    services.change("AIRFLOW_VIEWER_PASSWORD", "another-password")
    services.up()
    with pytest.raises(AirflowAnswerError, match="401"):
        before.get("/dags/clv_monthly")
    assert services.airflow("viewer").get("/dags/clv_monthly")["dag_id"] == "clv_monthly"


def test_who_does_not_know_the_secret_cannot_submit_a_job(services: Services) -> None:
    code = "from pyspark.sql import SparkSession as S; S.builder.master('spark://spark-master:7077').getOrCreate()"
    said = services.compose(
        "run", "--rm", "-e", "SPARK_SUBMIT_OPTS=", "--no-deps", "spark-master", "python", "-c", code, is_checked=False
    )
    assert "All masters are unresponsive" in said or "Application has been killed" in said


def test_mlflow_answers_its_accounts_alone(services: Services, content: str) -> None:
    address = f"http://127.0.0.1:{services.settings['MLFLOW_PORT']}/api/2.0/mlflow/registered-models/search"
    assert httpx.get(address).status_code == 401
    answer = httpx.get(address, auth=("viewer", services.settings["MLFLOW_VIEWER_PASSWORD"]))
    assert {"clv", "clv_first_month"} >= {model["name"] for model in answer.json()["registered_models"]} >= {"clv"}


def test_the_rest_service_answers_what_is_published_and_forecasts_on_request(services: Services, content: str) -> None:
    create = ["--name=test", "--scopes=read,forecast", "--by=Ada Lovelace"]
    said = services.compose("run", "--rm", "init", "python", "-m", "jobs.api_key", "create", *create)
    [key] = re.findall(r"\bclv_[0-9a-f]{16}_\S+", said)
    [(customer, value)] = services.read("SELECT customer_id, clv_12m FROM clv.forecast_current ORDER BY 2 DESC LIMIT 1")
    line = {"ordered_at": "2025-06-15", "order_id": "1", "product_id": "1", "quantity": "2", "unit_price": "12.50"}
    line["unit_cost"] = "5.00"
    with ClvClient(f"http://127.0.0.1:{services.settings['API_PORT']}", key) as clv:
        assert Decimal(clv.forecast(customer)["total"]) == value
        [made] = clv.forecasts([{"customer_id": "new", "transactions": [line]}])["customers"]
    assert made["rows"]["used"] == 1
    assert len(made["forecast"]["months"]) == 12


def test_maintenance_runs(services: Services, content: str) -> None:
    services.wait_for(services.start("clv_maintenance"))
    assert {"lake files", "model versions"} <= {what for (what,) in services.read("SELECT what FROM clv.maintenance")}


@pytest.mark.parametrize(
    "killed",
    [
        {"ingest": "spark-worker", "build_features": "spark-worker", "score": "spark-worker"},
        {"build_features": "airflow-scheduler", "score": "postgres"},
    ],
    ids=["a worker in each stage", "the scheduler, and Postgres"],
)
def test_a_month_survives_what_is_killed_in_the_middle(
    services: Services, content: str, killed: dict[str, str]
) -> None:
    run = services.start_month(MONTH, force=True)
    for task, service in killed.items():
        services.wait_for(run, task, states=("running",))
        time.sleep(SECONDS_INTO_TASK)
        services.kill(service)
    services.wait_for(run)
    assert published(services) == {content}


def test_a_backup_brings_everything_back(services: Services, content: str) -> None:
    before = services.read(CONTENT)
    services.compose("run", "--rm", "backup", "python", "-m", "jobs.back_up", "--to", "/srv/backups/1")
    services.remove()
    services.compose("run", "--rm", "backup", "python", "-m", "jobs.restore", "--from", "/srv/backups/1")
    services.up()
    assert services.read(CONTENT) == before
    services.wait_for(services.start_month(MONTH))
    assert published(services) == {content}


def test_an_erased_customer_is_gone(services: Services, content: str) -> None:
    [(erased,)] = services.read("SELECT customer_id FROM clv.forecast_current ORDER BY clv_12m DESC LIMIT 1")
    services.compose(
        "run", "--rm", "backup", "python", "-m", "jobs.forget", f"--customer={erased}", "--by=Ada", "--because=test"
    )
    assert services.read("SELECT count(*) FROM clv.forecast WHERE customer_id = %s", erased) == [(0,)]


def test_nothing_is_left(services: Services) -> None:
    services.remove()
    label = f"label=com.docker.compose.project={PROJECT}"
    assert docker("ps", "--all", "--quiet", "--filter", label) == ""
    assert docker("volume", "ls", "--quiet", "--filter", label) == ""
