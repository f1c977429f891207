from __future__ import annotations

from pathlib import Path

import pytest

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
