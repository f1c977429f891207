"""A forced run computes everything again, and the same inputs give the same forecasts."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from jobs import build_features, ingest, promote, publish, score, simulate, train
from jobs.core.month import Month
from jobs.core.postgres import fetch
from jobs.lake.lake import Lake
from jobs.models.registry import Registry
from tests.conftest import Database
from tests.models.test_registry import ORIGIN
from tests.planning.shop import planned
from tests.snapshots import QUICK

MONTH = Month(2025, 6)


def run_month(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    """Run the tasks of a month that compute something; its plan and its version."""
    plan = planned(capsys, month=str(MONTH), options=options)
    run = ["--as-of", plan["as_of"], "--run-id", str(plan["run_id"])]
    forced = ["--force", json.dumps(plan["force"])]
    for table in plan["tables"]:
        ingest.main([*run, *forced, "--table", table, "--months", plan["months"]])
    build_features.main([*run, *forced])
    train.main([*run, *forced])
    trained = str(json.loads(capsys.readouterr().out.splitlines()[-1])["model_version"])
    promote.main([*run, "--model-version", trained])
    version = json.loads(capsys.readouterr().out.splitlines()[-1])["model_version"]
    score.main([*run, *forced, "--model-version", str(version)])
    publish.main(run)
    return plan | {"trained": int(trained)}


def files(lake: Lake) -> set[Path]:
    return {path for path in lake.root.rglob("*.parquet") if "landing_cache" not in path.parts}


@pytest.mark.slow
@pytest.mark.usefixtures("spark", "environment")
def test_a_forced_run_computes_everything_again_with_the_same_forecasts(
    lake: Lake, database: Database, registry: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = ["--customers", "120", "--months", "6", "--end", str(MONTH)]
    simulate.main([*shop, "--out", str(lake.root.with_name("landing"))])
    registry.keep_tuning({"settings": asdict(QUICK)}, ORIGIN)
    run_month(capsys)
    before = files(lake)

    forced = run_month(capsys, "--force")

    assert forced["months"].split(",") == [str(month) for month in Month(2025, 1).through(MONTH)]
    assert files(lake).isdisjoint(before)
    assert len(files(lake)) == len(before)
    assert forced["trained"] == 2
    assert registry.fetch(2) == registry.fetch(1)
    older, newer = fetch(database.writer, "loaded_runs", as_of=MONTH.as_of)[::-1]
    assert newer["run_id"] == forced["run_id"]
    hashes = [fetch(database.writer, "run", run_id=run["run_id"])[0]["content_hash"] for run in (older, newer)]
    assert hashes[0] == hashes[1]
