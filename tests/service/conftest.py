"""One service for the tests of a module, on a month that is published."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jobs.core.month import HORIZONS
from jobs.core.postgres import execute
from jobs.lake.lake import Lake
from tests.conftest import Database
from tests.forecasts import DECEMBER, NOVEMBER, publish_new_run
from tests.service.running import Service, make_champion, serving


@pytest.fixture(scope="module")
def published(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Database:
    """Two published months of three customers: in November each is worth less than in December."""
    lake = Lake(str(tmp_path_factory.mktemp("lake")))
    publish_new_run(module_database, lake, NOVEMBER, level="5.00", model_version=2)
    run_id = publish_new_run(module_database, lake, DECEMBER, level="10.00", model_version=3)
    for months in HORIZONS:
        level = {"variance": 0.01, "quantile": 1.4}
        execute(module_database.writer, "set_run_level", run_id=run_id, horizon_months=months, **level)
    make_champion(module_database, run_id, 3, before=2)
    return module_database


@pytest.fixture(scope="module")
def service(published: Database) -> Iterator[Service]:
    with serving(published, requests_per_second=10_000, burst=10_000) as running:
        yield running


@pytest.fixture(scope="module")
def reader(service: Service) -> str:
    """A key that may read."""
    return service.key("reader", "read")
