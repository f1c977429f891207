from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import datasets
from docs.generate import benchmarks as page


def test_the_page_is_what_the_results_say() -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.page()


def test_every_result_has_its_picture() -> None:
    assert all(path.with_suffix(".png").is_file() for path in page.accuracy_results())


def test_check_refuses_an_old_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "benchmarks.md"
    old.write_text("something else", encoding="utf-8")
    monkeypatch.setattr(page, "PAGE", old)
    with pytest.raises(SystemExit, match=r"python -m docs\.generate\.benchmarks"):
        page.main(["--check"])
    page.main(["--write"])
    page.main(["--check"])


def test_data_that_is_not_there_is_left_out_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [cdnow] = [one for one in datasets.DATA_SETS if one.source == "cdnow"]
    datasets.judge(cdnow, tmp_path)
    assert f"cdnow: left out, {tmp_path / 'cdnow_master.parquet'} is not there" in capsys.readouterr().out
