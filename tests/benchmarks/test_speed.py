from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from benchmarks.reference_month import main
from docs.generate.speed import table
from jobs.core.month import Month
from jobs.simulation.deliveries import Shop
from jobs.simulation.shop import simulate

LAST = Month(2025, 6)


def test_the_reference_forecasts_every_account_of_its_month(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    simulate(Shop(customers=300, months=16, seed=1, end=LAST), tmp_path / "landing")
    for month, snapshots in ((LAST.plus(-1), 15), (LAST, 1)):
        main([str(tmp_path / "landing"), str(tmp_path / "lake"), str(month), str(snapshots)])
    seconds = json.loads(capsys.readouterr().out.splitlines()[-1])["seconds"]
    assert list(seconds) == ["ingest", "features", "train", "score", "publish"]
    with (tmp_path / "lake" / "forecast.csv").open() as forecast:
        rows = list(csv.DictReader(forecast))
    assert len({row["customer_id"] for row in rows}) == len(rows) == 300
    assert all(float(row["0"]) >= 0 for row in rows)


def test_the_table_compares_stages_totals_and_memory() -> None:
    ours = {
        "seconds": {"plan.plan": 1.0, "ingest": 6.0, "publish.publish": 3.0, "publish.report": 1.0},
        "published_after": 16.0,
        "copy": 2.0,
        "peak_mb": 2000,
        "rows": 1_000,
    }
    reference = {"seconds": {"ingest": 3.0, "features": 1.0}, "peak_mb": 500}
    lines = table({"ours": {"first": ours, "further": ours}, "reference": {"first": reference, "further": reference}})
    assert "| ingest | 6.0 | 3.0 | 2.0 | 6.0 | 3.0 | 2.0 |" in lines
    assert "| plan | 1.0 | – |  | 1.0 | – |  |" in lines
    assert "| all tasks | 11.0 | 4.0 | 2.8 | 11.0 | 4.0 | 2.8 |" in lines
    assert "| publish, beside COPY alone | 3.0 | 2.0 | 1.5 | 3.0 | 2.0 | 1.5 |" in lines
    assert "| start to published | 16.0 | 4.0 | 4.0 | 16.0 | 4.0 | 4.0 |" in lines
