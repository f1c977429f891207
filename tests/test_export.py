"""A month of a view as a file: what the reader sees of it, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.core.month import Month
from jobs.core.settings import SettingsError
from jobs.export import export, main
from jobs.exporting import rows
from jobs.exporting.files import FORMATS
from jobs.exporting.rows import ExportError, arrow_schema, batches, dated_views
from jobs.lake.lake import Lake
from tests.conftest import Database
from tests.forecasts import CUSTOMERS, DECEMBER, NOVEMBER, plan, publish, publish_new_run, row, seen, write

MONTH = Month(2011, 11)


@pytest.fixture
def months(database: Database, lake: Lake) -> Database:
    """October and November are published; the rows of November lie in another order than that of their customers."""
    publish_new_run(database, lake, NOVEMBER)
    run_id = plan(database.writer, DECEMBER)
    write(lake, DECEMBER, [row(customer) for customer in ("b", "00123", "Z", "é", "a")])
    publish(database.writer, lake, as_of=DECEMBER, run_id=run_id)
    return database


@pytest.fixture(autouse=True)
def numbered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "BATCH_ROWS", 2)


def test_a_month_has_every_column_and_row_that_readers_see_ordered_by_customer(
    months: Database, tmp_path: Path
) -> None:
    table = pq.read_table(export(months.reader, "forecast", MONTH, file_format="parquet", folder=tmp_path))
    assert table.column("customer_id").to_pylist() == ["00123", "Z", "a", "b", "é"]
    published = [dict(one) for one in seen(months) if one["as_of"] == DECEMBER]
    assert table.to_pylist() == sorted(published, key=lambda one: str(one["customer_id"]).encode())
    assert table.schema.field("clv_12m").type == pa.decimal128(18, 2)
    assert table.schema.field("as_of").type == pa.date32()


@pytest.mark.parametrize("view", ["forecast", "forecast_monthly", "customer", "forecast_total", "runs"])
def test_a_view_of_any_kind_is_exported(months: Database, tmp_path: Path, view: str) -> None:
    table = pq.read_table(export(months.reader, view, MONTH, file_format="parquet", folder=tmp_path))
    count = sum(one["as_of"] == DECEMBER for one in seen(months, view))
    assert table.num_rows == count > 0


def test_every_dated_view_of_readers_has_types_that_files_hold(database: Database) -> None:
    with database.reader.connect() as connection:
        views = dated_views(connection)
    assert set(views) >= {"forecast", "customer", "actual", "accuracy", "forecast_total_monthly", "runs"}
    for types in views.values():
        assert arrow_schema(types).names == list(types)


@pytest.mark.parametrize("file_format", FORMATS)
def test_an_export_that_is_repeated_has_the_same_bytes(months: Database, tmp_path: Path, file_format: str) -> None:
    paths = [export(months.reader, "customer", MONTH, file_format=file_format, folder=tmp_path / name) for name in "ab"]
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_publication_in_between_does_not_mix_two_runs(months: Database, lake: Lake) -> None:
    with months.reader.connect() as connection:
        _, parts = batches(connection, "forecast", MONTH)
        first = next(parts)
        publish_new_run(months, lake, DECEMBER)
        rest = list(parts)
    table = pa.Table.from_batches([first, *rest])
    assert table.num_rows == 5
    assert len(set(table.column("run_id").to_pylist())) == 1


@pytest.mark.parametrize(
    ("view", "month", "said"),
    [
        ("forecast", Month(2010, 1), "clv.forecast has no row of 2010-01: clv.runs lists"),
        ("api_key", MONTH, "clv.api_key is no view with an as_of: choose one of accuracy, actual, "),
        ("forecast_rows", MONTH, "choose one of"),
        ('forecast"; drop table clv.run', MONTH, "choose one of"),
    ],
)
def test_what_readers_do_not_see_is_refused(
    months: Database, tmp_path: Path, view: str, month: Month, said: str
) -> None:
    with pytest.raises(ExportError, match=said):
        export(months.reader, view, month, file_format="csv", folder=tmp_path / "exports")
    assert not (tmp_path / "exports").exists()


def test_the_command_prints_the_path_of_the_file(
    database: Database,
    lake: Lake,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    publish_new_run(database, lake, DECEMBER)
    url = database.reader.url.render_as_string(hide_password=False)
    monkeypatch.setenv("CLV_READER_DATABASE_URL", url)
    main(["--month", "2011-11", "--format", "csv", "--folder", str(tmp_path / "exports")])
    path = tmp_path / "exports" / "forecast_2011-11.csv"
    assert capsys.readouterr().out == f"{path}\n"
    assert tuple(pd.read_csv(path, dtype=str)["customer_id"]) == CUSTOMERS


def test_without_an_address_the_command_names_the_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CLV_READER_DATABASE_URL", raising=False)
    with pytest.raises(SettingsError, match=r"^CLV_READER_DATABASE_URL is not set\. Set it"):
        main(["--month", "2011-11", "--format", "csv", "--folder", str(tmp_path)])
