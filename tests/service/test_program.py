"""The programs: what they need, what they print, and that they need no Spark."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from docs.generate.openapi import PAGE, page
from jobs.local_stack.airflow_config import secrets_of
from jobs.local_stack.home import Home
from jobs.local_stack.ports import Ports
from jobs.local_stack.service import service_environment
from jobs.local_stack.stack import Stack
from jobs.service.settings import AirflowAccess, ModelAccess, ServiceSettings, ServiceSettingsError
from tests.conftest import ROOT
from tests.service.running import Service

URL = {"CLV_API_DATABASE_URL": "postgresql+psycopg2://clv_api@/clv"}
AIRFLOW = {"CLV_AIRFLOW_URL": "http://airflow:8080/", "CLV_AIRFLOW_USER": "api", "CLV_AIRFLOW_PASSWORD": "secret"}
MODEL = {"CLV_SOURCE": "cdnow", "CLV_LAKE": "/lake", "MLFLOW_TRACKING_URI": "http://mlflow:5000"}


def test_the_program_serves_logs_json_and_ends_on_sigterm(service: Service, reader: str) -> None:
    environment = os.environ | {"CLV_API_DATABASE_URL": service.database.api_url, "CLV_API_PORT": "0"}
    command = [sys.executable, "-m", "jobs.serve"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        lines: list[dict] = []
        while not (lines and "Uvicorn running on" in lines[-1]["event"]):
            lines.append(json.loads(program.stdout.readline()))
        [address] = re.findall(r"http://127\.0\.0\.1:\d+", lines[-1]["event"])
        answer = httpx.get(
            f"{address}/v1/customers/12347/forecast", headers={"Authorization": f"Bearer {reader}"}, trust_env=False
        )
        assert (answer.status_code, answer.json()["total"]) == (200, "780.00")
        assert answer.json()["freshness"]["age_days"] > 5000
        program.send_signal(signal.SIGTERM)
        output, errors = program.communicate(timeout=60)
    rest = [json.loads(line) for line in output.splitlines()]
    assert [line["status"] for line in rest if line["event"] == "answered"] == [200]
    assert "12347" not in output
    assert errors == ""


def test_a_program_without_its_database_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CLV_")}
    command = [sys.executable, "-m", "jobs.serve"]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == os.EX_DATAERR
    assert "CLV_API_DATABASE_URL is not set" in ended.stdout


def test_the_service_imports_no_spark_and_no_mlflow() -> None:
    heavy = {"pyspark", "mlflow", "pandas", "xgboost", "airflow", "jobs.service.on_request.answering"}
    check = f"import sys, jobs.serve; print({heavy} & set(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "set()"


def test_settings_are_read_from_the_environment() -> None:
    assert ServiceSettings.from_environment(URL) == ServiceSettings(database_url=URL["CLV_API_DATABASE_URL"])
    given = {"CLV_API_PORT": "81", "CLV_API_BURST": "2", "CLV_API_MAX_AGE_DAYS": "31", "CLV_API_HOST": "::1"}
    settings = ServiceSettings.from_environment(URL | AIRFLOW | MODEL | given)
    assert settings.model == ModelAccess(source="cdnow", lake="/lake", tracking_uri="http://mlflow:5000")
    assert settings.airflow == AirflowAccess(address="http://airflow:8080", user="api", password="secret")
    assert (settings.port, settings.burst, settings.max_age_days, settings.host) == (81, 2, 31, "::1")


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, "CLV_API_DATABASE_URL is not set"),
        (URL | {"CLV_API_PORT": "http"}, "CLV_API_PORT=http is not a whole number"),
        (URL | {"CLV_API_BURST": "0"}, "CLV_API_BURST=0 is not a whole number from 1 on"),
        (URL | AIRFLOW | {"CLV_AIRFLOW_PASSWORD": ""}, "Set all three, or none"),
        (URL | MODEL | {"CLV_LAKE": ""}, "Set all three, or neither"),
        (URL | MODEL | {"MLFLOW_TRACKING_URI": ""}, "Set all three, or neither"),
        (URL | {"CLV_API_MODEL_SECONDS": "0"}, "is not a whole number from 1 on"),
    ],
)
def test_wrong_settings_are_named(environ: dict[str, str], said: str) -> None:
    with pytest.raises(ServiceSettingsError, match=said):
        ServiceSettings.from_environment(environ)


def test_on_the_local_stack_the_service_is_neither_owner_nor_administrator(tmp_path: Path) -> None:
    stack = Stack(Home(folder=tmp_path, source="x", landing=tmp_path), Ports(81, 82), on_schedule=False)
    serve = service_environment(stack, "jobs.serve", {"API_PORT": "8001"})
    assert serve["CLV_API_DATABASE_URL"].startswith("postgresql+psycopg2://clv_api@/clv?")
    assert (serve["CLV_API_PORT"], serve["CLV_AIRFLOW_URL"]) == ("8001", "http://127.0.0.1:81")
    assert (serve["CLV_SOURCE"], serve["MLFLOW_TRACKING_URI"]) == ("x", "http://127.0.0.1:82")
    assert serve["CLV_LAKE"] == str(tmp_path / "lake")
    assert "CLV_OWNER_DATABASE_URL" not in serve
    assert serve["CLV_AIRFLOW_USER"] == "clv-api"
    assert serve["CLV_AIRFLOW_PASSWORD"] == secrets_of(tmp_path)["api_password"] != stack.admin_password
    keys = service_environment(stack, "jobs.api_key", {})
    assert set(keys) == {"CLV_OWNER_DATABASE_URL"}


def test_the_committed_openapi_document_is_the_service_s(service: Service) -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: make docs"
    assert service.get("/openapi.json").json() == json.loads(page())
    assert service.get("/openapi.json").json() == json.loads(page()), "asked again"


def test_every_reference_of_the_openapi_document_leads_somewhere() -> None:
    document = json.loads(page())
    referred = set(re.findall(r'"#/components/schemas/(\w+)"', page()))
    assert referred == set(document["components"]["schemas"])


def test_the_reference_page_needs_no_internet(service: Service) -> None:
    page = service.get("/docs")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    loaded = re.findall(r'(?:src|href)="(?!data:)([^"]*)"', page.text)
    assert sorted(loaded) == ["docs/reference.js", "docs/swagger-ui-bundle.js", "docs/swagger-ui.css"]
    assert [service.get(f"/{path}").status_code for path in loaded] == [200, 200, 200]
    assert service.get("/docs/reference.html").status_code == 422
