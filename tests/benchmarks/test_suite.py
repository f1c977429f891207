from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import suite
from benchmarks.trials import SUITE, Trial


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
