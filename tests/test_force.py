"""A forced run: everything is computed again, with the same result."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from jobs import simulate
from jobs.core.month import Month
from jobs.features.table import features
from jobs.lake.lake import Lake
from jobs.models.registry import Registry
from jobs.planning.lake_tables import tables_of_run
from jobs.sources import load
from tests.conftest import Database
from tests.models.test_registry import ORIGIN
from tests.months import Months
from tests.snapshots import QUICK

MONTH = Month(2025, 6)


def files(lake: Lake) -> set[str]:
    """The files of the newest version of every table; those of earlier versions stay where they are."""
    tables = tables_of_run(features(load("simulated_shop").departments))
    return {file.path for table in tables for file in lake.files_of(table, lake.periods(table))}


@pytest.mark.long
@pytest.mark.usefixtures("spark", "environment")
def test_a_forced_run_computes_everything_again_with_the_same_forecasts(
    lake: Lake, database: Database, registry: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = ["--customers", "120", "--months", "6", "--end", str(MONTH)]
    simulate.main([*shop, "--out", str(Path(lake.root).with_name("landing"))])
    registry.keep_tuning({"settings": asdict(QUICK)}, ORIGIN)
    months = Months(database, capsys)
    usual, before = months.run(MONTH), files(lake)
    assert months.run(MONTH, "--force") == usual
    assert files(lake).isdisjoint(before)
    assert len(files(lake)) == len(before)
    assert registry.newest(MONTH.as_of) == 2
    assert registry.fetch(2) == registry.fetch(1)
