"""The months that are held back, and the model of the months before them."""

from __future__ import annotations

from pathlib import Path

from jobs.forecasting.backtest import evaluate
from jobs.forecasting.holdout import calibration_months, snapshots_before_holdout
from tests.snapshots import QUICK, model_frames, simulated_snapshots

FRAMES = model_frames(simulated_snapshots(months=22))


def holdout_files(snapshots: int, folder: Path) -> dict[str, bytes]:
    """The files of the holdout model of a training on the first snapshots."""
    days = sorted(FRAMES)[:snapshots]
    backtest = evaluate({day: FRAMES[day] for day in days}, as_of=days[-1], params=QUICK).backtest
    assert backtest is not None
    folder.mkdir()
    backtest.forecaster.save(folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_third_of_the_history_is_held_back_and_a_year_at_most() -> None:
    assert [calibration_months(snapshots) for snapshots in (2, 3, 35, 36, 60)] == [0, 1, 11, 12, 12]
    assert [snapshots_before_holdout(snapshots) for snapshots in (2, 3, 35, 36, 60)] == [2, 2, 24, 24, 48]


def test_where_two_histories_hold_back_from_the_same_day_their_holdout_models_are_the_same(tmp_path: Path) -> None:
    models = {snapshots: holdout_files(snapshots, tmp_path / str(snapshots)) for snapshots in (20, 21, 22)}
    assert snapshots_before_holdout(20) == snapshots_before_holdout(21) < snapshots_before_holdout(22)
    assert models[20] == models[21]
    assert models[21] != models[22]
