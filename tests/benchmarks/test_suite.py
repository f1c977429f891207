from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from benchmarks import suite
from benchmarks.peers import entered
from benchmarks.shop import Problem
from benchmarks.trials import SUITE, Trial
from tests.snapshots import model_frames, simulated_snapshots


@pytest.mark.parametrize("trial", SUITE.values(), ids=SUITE)
def test_what_followed_the_choosing_origins_ends_before_the_reported_months_begin(trial: Trial) -> None:
    assert list(trial.choosing) == sorted(trial.choosing)
    assert all(origin.end <= trial.reporting.month for origin in trial.choosing)


def test_a_shop_whose_file_is_not_there_is_left_out_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    suite.main(["cdnow", "--choosing", "--data", str(tmp_path)])
    assert f"cdnow: left out: {tmp_path / 'cdnow_master.parquet'} is not there" in capsys.readouterr().out


def test_a_shop_that_is_not_of_the_suite_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        suite.main(["cdnov"])
    assert "no such shop: cdnov" in capsys.readouterr().err


def test_the_model_of_the_guide_can_be_entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guide = (Path(suite.__file__).parent / "README.md").read_text(encoding="utf-8")
    [code] = re.findall(r"```python\n# (?:my_model\.py)\n(.*?)```", guide, re.DOTALL)
    (tmp_path / "my_model.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    name, model = entered("mine=my_model:last_year_again")
    frames = model_frames(simulated_snapshots(14))
    origin = max(frames)
    known = Problem(origin=origin, months=6, snapshot=frames[origin], history=frames, days=pd.DataFrame())
    lags = [f"net_value_month_lag_{lag:02d}" for lag in range(1, 13)]
    assert name == "mine"
    assert model(known).value.sum() == pytest.approx(frames[origin][lags].sum().sum() / 2.0)
