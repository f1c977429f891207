from __future__ import annotations

from pathlib import Path

from benchmarks.scale import written
from docs.generate.scale import values
from jobs.core.month import Month
from jobs.features.table import features
from jobs.forecasting.fit import fit
from jobs.forecasting.params import ModelParams
from jobs.lake.lake import Lake
from jobs.models.training_data import read_history
from jobs.simulation.deliveries import Shop
from jobs.sources import load

TABLE = features(load("simulated_shop").departments)


def test_a_written_shop_is_read_and_trained_on_as_any_other(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    days = written(lake, TABLE, Shop(customers=300, months=6, seed=1, end=Month(2025, 6)))

    history = read_history(lake, TABLE, 200, days)
    forecaster = fit(history, as_of=days[-1], params=ModelParams(rounds=3, threads=1))

    assert lake.periods(TABLE) == [str(day) for day in days]
    assert len(history[days[-1]]) == 200
    assert {"gap_days_mean", "signup_days", "membership"} <= set(forecaster.encoder.names)


def test_the_section_shows_ratios_and_the_spread_of_seeds() -> None:
    sample = {"norm_gini": 0.8, "spearman": 0.5, "total_ratio": 1.0}
    actual = {
        "months": 14,
        "ahead": 3,
        "held_out": 40_000,
        "training": {
            "1000000": {"read_s": 60.0, "fit_s": 44.0, "peak_mb": 2048.0},
            "60000": {"read_s": 10.0, "fit_s": 40.0, "peak_mb": 1500.4},
        },
        "scoring": {"100000": 10.0, "1000000": 105.0},
        "samples": [
            {"customers": 10_000, "seed": 1, "wape": 0.70} | sample,
            {"customers": 10_000, "seed": 2, "wape": 0.72} | sample,
        ],
    }
    text = "\n".join(map(str, values(actual).values()))

    assert "| `60,000` | 1.00 | 1.00 | 1,500 |" in text
    assert "| `1,000,000` | 2.08 | 1.10 | 2,048 |" in text
    assert "among 1,000,000 takes 1.05 times as long as among 100,000" in text
    assert "| `10,000` | 2 | 0.7100 (0.7000 to 0.7200) | 0.8000 (0.8000 to 0.8000) |" in text
