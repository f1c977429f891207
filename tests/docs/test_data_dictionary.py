from __future__ import annotations

from pathlib import Path

import pytest

from docs.generate import data_dictionary


def test_the_committed_dictionary_is_what_the_declarations_say() -> None:
    assert data_dictionary.PAGE.read_text(encoding="utf-8") == data_dictionary.page()


def test_a_dictionary_that_is_out_of_date_is_refused_until_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "data_dictionary.md"
    page.write_text("old")
    monkeypatch.setattr(data_dictionary, "PAGE", page)
    with pytest.raises(SystemExit, match="--write"):
        data_dictionary.main(["--check"])
    data_dictionary.main(["--write"])
    data_dictionary.main(["--check"])
