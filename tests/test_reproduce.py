"""A published forecast is made again from the lake as it was, whatever has happened to the lake since."""

from __future__ import annotations

import logging
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest
from sqlalchemy import text

from jobs import simulate
from jobs.core.month import Month
from jobs.lake.lake import Lake
from jobs.lake.tables import TRANSACTIONS
from jobs.lake.versions import DamagedError
from jobs.models.registry import Registry
from jobs.reproduce import NotReproducedError, main
from tests.conftest import Database
from tests.forecasts import seen
from tests.models.test_registry import ORIGIN
from tests.months import Months
from tests.snapshots import QUICK

MONTH = Month(2025, 6)


@pytest.mark.slow
@pytest.mark.usefixtures("spark", "environment")
def test_a_published_forecast_is_made_again_from_the_lake_as_it_was(
    lake: Lake,
    database: Database,
    registry: Registry,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    landing = Path(lake.root).with_name("landing")
    shop = ["--customers", "120", "--months", "6", "--end", str(MONTH)]
    simulate.main([*shop, "--out", str(landing)])
    registry.keep_tuning({"settings": asdict(QUICK)}, ORIGIN)
    months = Months(database, capsys)
    before = months.run(MONTH)
    [first] = [run["run_id"] for run in seen(database, "runs")]

    shutil.rmtree(landing)  # the shop delivers its history once more, otherwise
    simulate.main([*shop, "--seed", "4", "--out", str(landing)])
    assert months.run(MONTH, "--restate", "accept") != before

    caplog.set_level(logging.INFO)
    main(["--run-id", str(first)])
    assert f"Run {first} as of 2025-07-01: the same rows again, content hash {before}" in caplog.text

    with database.owner.connect() as connection:
        query = text("SELECT lake_versions FROM clv.run WHERE run_id = :run_id")
        versions = connection.execute(query, {"run_id": first}).scalar_one()
    [file, *_] = Lake(lake.root, versions=versions).files_of(TRANSACTIONS, [MONTH])
    (Path(lake.root) / file.path).unlink()
    with pytest.raises(DamagedError, match="is missing"):
        main(["--run-id", str(first)])


@pytest.mark.usefixtures("environment")
def test_a_run_that_published_nothing_cannot_be_made_again() -> None:
    with pytest.raises(NotReproducedError, match="run 4711 has published nothing"):
        main(["--run-id", "4711"])
