"""The dashboards as Superset imports them, against the columns that readers see."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import create_engine, make_url

from jobs import dashboards
from jobs.dashboard import assets
from tests.conftest import Database

CHARTS = [chart for page in assets.pages().values() for row in page["rows"] for chart in row]


@pytest.fixture
def written(database: Database, tmp_path: Path) -> Path:
    assets.write(tmp_path, create_engine(make_url(database.reader_url)))
    return tmp_path


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_every_column_that_a_chart_names_is_one_of_its_dataset(written: Path) -> None:
    for chart in CHARTS:
        dataset = read(written / "datasets" / "clv" / f"{chart['dataset']}.yaml")
        known = {column["column_name"] for column in dataset["columns"]}
        declared = chart["params"]
        named = {*declared.get("filters", {}), *declared.get("groupby", []), *declared.get("rows", [])}
        metrics = declared.get("metrics", [])
        named |= {*declared.get("columns", []), *(metrics.values() if isinstance(metrics, dict) else metrics)}
        named |= {*declared.get("order", []), *(declared[key] for key in ("x_axis", "metric") if key in declared)}
        assert named <= known, f"{chart['name']}: {named - known}"


def test_every_query_is_used_and_every_row_fits_the_page() -> None:
    queries = {path.stem for path in assets.DATASETS.glob("*.sql")}
    assert queries <= {chart["dataset"] for chart in CHARTS}
    for page in assets.pages().values():
        assert all(sum(chart["width"] for chart in row) <= 12 for row in page["rows"])


def test_charts_dashboards_and_datasets_refer_to_each_other(written: Path) -> None:
    charts = {read(path)["uuid"] for path in (written / "charts").iterdir()}
    datasets = {read(path)["uuid"] for path in (written / "datasets" / "clv").iterdir()}
    assert {read(path)["dataset_uuid"] for path in (written / "charts").iterdir()} == datasets
    shown = set()
    for path in (written / "dashboards").iterdir():
        position = read(path)["position"].values()
        shown |= {part["meta"]["uuid"] for part in position if isinstance(part, dict) and part["type"] == "CHART"}
    assert shown == charts
    assert len(charts) == len(CHARTS), "two charts of a page have the same name"


def test_the_same_files_are_written_again(database: Database, written: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    assets.write(again, create_engine(make_url(database.reader_url)))
    for path in again.rglob("*.yaml"):
        assert path.read_bytes() == (written / path.relative_to(again)).read_bytes()


def test_no_query_reads_anything_but_views() -> None:
    for path in assets.DATASETS.glob("*.sql"):
        read_from = set(re.findall(r"clv\.(\w+)", path.read_text(encoding="utf-8")))
        assert not {name for name in read_from if name.endswith("_rows")}, path


def test_the_program_writes_them_for_their_owner_alone_in_place_of_earlier_ones(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "assets"
    (folder / "charts").mkdir(parents=True)
    (folder / "charts" / "gone.yaml").write_text("", encoding="utf-8")
    monkeypatch.setenv("CLV_READER_DATABASE_URL", str(database.reader_url))
    before = os.umask(0o022)
    try:
        dashboards.main(["--folder", str(folder)])
    finally:
        os.umask(before)
    assert not (folder / "charts" / "gone.yaml").exists()
    assert (folder / "databases" / "clv.yaml").stat().st_mode & 0o077 == 0
