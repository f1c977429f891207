"""The same month, the same bytes: in whatever order months are run, and whatever was delivered in between."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from jobs.core.migrations import migrate
from jobs.core.month import Month
from jobs.core.postgres import engine
from jobs.lake.lake import SUCCESS
from jobs.models.registry import Registry
from jobs.simulation.deliveries import Shop
from jobs.simulation.shop import simulate
from jobs.sources import load
from jobs.sources.mapping import RowRule
from tests.conftest import Database, Postgres, emptied_registry
from tests.months import Months
from tests.snapshots import QUICK

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("spark")]

SHOP = Shop(customers=150, months=11, seed=5, end=Month(2011, 11))
MONTHS = Month(2011, 6).through(SHOP.end)


@pytest.fixture
def start(
    postgres: Postgres,
    migrated_template: str,
    mlflow_server: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Months]:
    """Start with an empty lake, an empty database and no model: `start(name, source, landing)`."""
    monkeypatch.setattr("jobs.train.params_of", lambda *_, **__: QUICK)

    def started(name: str, source: str, landing: Path) -> Months:
        emptied_registry(mlflow_server)
        database = postgres.create_database(template=migrated_template)
        roles = ("postgres", "clv_writer", "clv_reader")
        urls = Database(*(postgres.url(role, database) for role in roles))
        settings = {
            "CLV_SOURCE": source,
            "CLV_LANDING": str(landing),
            "CLV_LAKE": str(tmp_path / name / "lake"),
            "CLV_REPORTS": str(tmp_path / name / "reports"),
            "CLV_DATABASE_URL": urls.writer_url,
            "MLFLOW_TRACKING_URI": mlflow_server,
        }
        for variable, value in settings.items():
            monkeypatch.setenv(variable, value)
        return Months(urls, capsys)

    return started


def test_online_retail_ii_in_random_order_is_what_it_is_in_straight_order(
    start: Callable[..., Months], online_retail_ii: Path, tmp_path: Path
) -> None:
    """Its last twelve months, for every tenth customer."""
    rows = pq.read_table(online_retail_ii)
    names = {name: name for name in rows.column_names}
    print(names)
    landing = tmp_path / "sample.parquet"
    ids = rows["customer_id" if "customer_id" in names else "Customer ID"].to_pandas()
    sample = rows.filter((ids.astype("float64") % 10 == 0).fillna(False).to_numpy())
    pq.write_table(sample, landing)
    months = Month(2010, 12).through(Month(2011, 11))
    straight = start("straight", "online_retail_ii", landing)
    expected = {month: straight.run(month) for month in months}
    shuffled = start("shuffled", "online_retail_ii", landing)
    for month in np.random.default_rng(3).permutation(np.array(months, dtype=object)):
        shuffled.run(month)
    assert shuffled.hashes() == expected
