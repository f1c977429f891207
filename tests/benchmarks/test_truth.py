from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.forecast import Forecast
from benchmarks.shop import Problem
from benchmarks.truth import calibration, truth_file
from jobs.core.month import Month
from jobs.simulation.deliveries import Shop
from jobs.simulation.shop import simulate

ORIGIN = date(2024, 7, 1)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of truth that the simulator writes."""
    landing = tmp_path_factory.mktemp("simulated") / "landing"
    simulate(Shop(customers=200, months=24, seed=3, end=Month(2025, 6)), landing)
    path = truth_file(landing, ORIGIN)
    assert path is not None
    assert truth_file(landing, date(2024, 8, 1)) is None
    return path


@pytest.fixture(scope="module")
def problem(simulated: Path) -> Problem:
    """Every customer whose truth is known, and a stranger; tenures from none to three years."""
    ids = [*pd.read_parquet(simulated)["customer_id"], "stranger"]
    tenure = np.resize([np.nan, 30.0, 90.0, 91.0, 400.0, 1000.0], len(ids))
    snapshot = pd.DataFrame({"customer_id": ids, "tenure_days": tenure})
    return Problem(origin=ORIGIN, months=6, snapshot=snapshot, history={}, days=pd.DataFrame())


@pytest.fixture(scope="module")
def truth(simulated: Path, problem: Problem) -> np.ndarray:
    months = pd.read_parquet(simulated).set_index("customer_id").filter(like="expected_").reindex(problem.ids)
    return months.to_numpy(dtype=float)


def test_the_truth_itself_is_calibrated_overall_and_in_every_tenure_band(
    simulated: Path, problem: Problem, truth: np.ndarray
) -> None:
    perfect = np.nan_to_num(truth[:, :6].sum(axis=1))
    actual = calibration(simulated, problem, {"ours": Forecast(perfect)}, np.nan_to_num(truth))
    bands = actual["models"]["ours"]
    assert list(bands) == ["all", "never bought", "up to 3 months", "3 to 12 months", "1 to 2 years", "over 2 years"]
    assert bands["all"]["customers"] == len(problem.ids) - 1 == sum(b["customers"] for b in bands.values()) / 2
    for figures in bands.values():
        assert (figures["slope"], figures["total_ratio"]) == (pytest.approx(1.0), pytest.approx(1.0))
    assert actual["months"] == pytest.approx([1.0] * 12)


def test_a_forecast_of_twice_the_truth_has_half_the_slope(simulated: Path, problem: Problem, truth: np.ndarray) -> None:
    doubled = np.nan_to_num(truth[:, :6].sum(axis=1)) * 2.0
    actual = calibration(simulated, problem, {"ours": Forecast(doubled)}, np.nan_to_num(truth) * 2.0)
    assert actual["models"]["ours"]["all"]["slope"] == pytest.approx(0.5)
    assert actual["models"]["ours"]["all"]["total_ratio"] == pytest.approx(2.0)
    assert actual["months"] == pytest.approx([2.0] * 12)


def test_a_constant_forecast_has_no_slope(simulated: Path, problem: Problem, truth: np.ndarray) -> None:
    constant = Forecast(np.ones(len(problem.ids)))
    assert calibration(simulated, problem, {"ours": constant}, truth)["models"]["ours"]["all"]["slope"] is None
