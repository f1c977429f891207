"""Requests of every kind to every call, made from the OpenAPI document: each answer is one that the document names."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis

from docs.generate.openapi import PAGE
from jobs.service.settings import AirflowAccess
from tests.conftest import Database
from tests.service.airflow_stub import airflow_stub
from tests.service.running import Service, serving

CONFIG = {
    "generation": {"max-examples": 50, "deterministic": True, "database": "none"},
    # The document cannot say that `as_of` is the first of a month, or which `after` is that of a page.
    "checks": {
        "positive_data_acceptance": {"enabled": False},
        "negative_data_rejection": {"expected-statuses": [400, 401, 403, 404, 405, 413, 422, 431]},
    },
}
CALLS = schemathesis.openapi.from_path(PAGE, config=schemathesis.Config.from_dict(CONFIG))


@pytest.fixture(scope="module")
def service(published: Database) -> Iterator[Service]:
    with airflow_stub() as airflow:
        access = AirflowAccess(address=airflow.address, user="api", password="right")
        with serving(published, airflow=access, requests_per_second=10_000, burst=10_000) as running:
            yield running


@pytest.fixture(scope="module")
def key(service: Service) -> str:
    return service.key("fuzzer", "read", "forecast", "operate")


@CALLS.parametrize()
def test_every_answer_is_as_documented(case: schemathesis.Case, service: Service, key: str) -> None:
    case.call_and_validate(base_url=service.address, headers={"Authorization": f"Bearer {key}"})
