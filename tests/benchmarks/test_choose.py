from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import choose
from benchmarks.choose import differences, judged
from benchmarks.forecast import CannotFitError, Forecast
from benchmarks.peers import Model
from benchmarks.shop import Outcome, Problem
from tests.snapshots import model_frames, simulated_snapshots

FRAMES = model_frames(simulated_snapshots(months=14))
DAY = sorted(FRAMES)[10]
KNOWN = {day: frame for day, frame in FRAMES.items() if day <= DAY}


def problem(months: int = 3) -> Problem:
    snapshot = KNOWN[DAY].sort_values("customer_id", ignore_index=True)
    return Problem(origin=DAY, months=months, snapshot=snapshot, history=KNOWN, days=pd.DataFrame())


def same(value: float) -> Model:
    return lambda known: Forecast(np.full(len(known.ids), value))


def test_a_model_is_judged_once_and_one_that_cannot_be_fitted_has_no_figures(tmp_path: Path) -> None:
    calls: list[str] = []

    def counted(known: Problem) -> Forecast:
        calls.append("fit")
        return same(1.0)(known)

    def never(known: Problem) -> Forecast:
        raise CannotFitError("too young")

    customers = len(problem().ids)
    outcome = Outcome(np.arange(customers, dtype=float), np.arange(customers) > 0)
    models = {"counted": counted, "never": never}
    first, second = (judged("a 2020-01", problem(), outcome, models, tmp_path) for _ in range(2))
    assert calls == ["fit"]
    assert first == second
    assert set(first) == {"counted"}
    assert first["counted"]["mae"] == pytest.approx(np.abs(outcome.value - 1.0).mean())
    assert json.loads((tmp_path / "a 2020-01 never.json").read_text()) is None


def test_differences_are_means_over_the_origins_that_both_have() -> None:
    cases = [
        {
            "a": {"wape": 0.5, "norm_gini": 0.4, "total_ratio": 1.1},
            "b": {"wape": 1.0, "norm_gini": 0.5, "total_ratio": 1.0},
        },
        {
            "a": {"wape": 0.5, "norm_gini": 0.4, "total_ratio": 0.5},
            "b": {"wape": 0.5, "norm_gini": 0.3, "total_ratio": 2.0},
        },
        {"a": {"wape": 9.9}},
    ]
    found = differences(cases, "b", "a")
    assert found["wape"] == pytest.approx(np.log(2.0) / 2.0)
    assert found["norm_gini"] == pytest.approx(0.0)
    assert found["total_ratio"] == pytest.approx(-np.log(1.1) / 2.0)


def test_an_unknown_model_is_refused_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        choose.main(["ours", "theirs", "--kept", str(tmp_path)])
    assert "no such model: theirs" in capsys.readouterr().err


def test_a_shop_without_its_file_is_left_out_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    choose.main(["trailing_year", "--shop", "cdnow", "--kept", str(tmp_path / "kept"), "--data", str(tmp_path)])
    assert "cdnow: left out" in capsys.readouterr().out
