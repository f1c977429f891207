"""What stands in a file: types, texts that only look like something else, and no half a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.exporting import files
from jobs.exporting.files import FORMATS, write
from jobs.exporting.rows import ExportError

SCHEMA = pa.schema(
    [
        ("customer_id", pa.string()),
        ("clv_12m", pa.decimal128(18, 2)),
        ("p_active_12m", pa.float64()),
        ("tier", pa.int16()),
        ("first_ordered_on", pa.date32()),
        ("published_at", pa.timestamp("us", tz="UTC")),
        ("is_covered", pa.bool_()),
    ]
)
PUBLISHED = datetime(2011, 12, 2, 3, 4, 5, tzinfo=UTC)
FULL = ("00123", Decimal("1234.50"), 0.1, 1, date(2010, 3, 5), PUBLISHED, True)
ROWS = [FULL, ('=SUM(1)\n"ä";,', None, None, None, None, None, None), ("http://x", *FULL[1:-1], False)]


def batches(rows: Sequence[tuple[object, ...]] = ROWS) -> Iterator[pa.RecordBatch]:
    """A batch for each row."""
    for row in rows:
        yield pa.RecordBatch.from_arrays(
            [pa.array([v], f.type) for v, f in zip(row, SCHEMA, strict=True)], schema=SCHEMA
        )


def test_parquet_has_the_types_and_the_rows(tmp_path: Path) -> None:
    assert write(tmp_path / "x.parquet", SCHEMA, batches()) == len(ROWS)
    table = pq.read_table(tmp_path / "x.parquet")
    assert table.schema == SCHEMA
    assert [tuple(row.values()) for row in table.to_pylist()] == ROWS


def test_csv_is_utf_8_with_a_head_and_empty_where_there_is_nothing(tmp_path: Path) -> None:
    assert write(tmp_path / "x.csv", SCHEMA, batches()) == len(ROWS)
    assert (tmp_path / "x.csv").read_bytes().decode() == (
        "customer_id,clv_12m,p_active_12m,tier,first_ordered_on,published_at,is_covered\n"
        "00123,1234.50,0.1,1,2010-03-05,2011-12-02T03:04:05+00:00,true\n"
        '"=SUM(1)\n""ä"";,",,,,,,\n'
        "http://x,1234.50,0.1,1,2010-03-05,2011-12-02T03:04:05+00:00,false\n"
    )


def test_a_workbook_has_numbers_days_and_texts_that_excel_leaves_alone(tmp_path: Path) -> None:
    assert write(tmp_path / "forecast_2011-11.xlsx", SCHEMA, batches()) == len(ROWS)
    [sheet] = openpyxl.load_workbook(tmp_path / "forecast_2011-11.xlsx").worksheets
    assert sheet.title == "forecast_2011-11"
    head, *rows = sheet.iter_rows()
    assert [cell.value for cell in head] == SCHEMA.names
    in_excel = ("00123", 1234.5, 0.1, 1, datetime.fromisoformat("2010-03-05"), PUBLISHED.replace(tzinfo=None), True)
    assert [tuple(cell.value for cell in row) for row in rows] == [
        in_excel,
        ROWS[1],
        ("http://x", *in_excel[1:-1], False),
    ]
    assert [row[0].data_type for row in rows] == ["s", "s", "s"]
    assert rows[2][0].hyperlink is None


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_same_rows_give_the_same_bytes(tmp_path: Path, file_format: str) -> None:
    path, again = tmp_path / "a" / f"x.{file_format}", tmp_path / "b" / f"x.{file_format}"
    write(path, SCHEMA, batches())
    write(again, SCHEMA, batches())
    assert path.read_bytes() == again.read_bytes()


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_file_is_replaced_when_the_new_one_is_complete_and_not_before(tmp_path: Path, file_format: str) -> None:
    def broken() -> Iterator[pa.RecordBatch]:
        yield from batches()
        raise ConnectionError("the server is gone")

    path = tmp_path / f"x.{file_format}"
    write(path, SCHEMA, batches(ROWS[:1]))
    before = path.read_bytes()
    with pytest.raises(ConnectionError):
        write(path, SCHEMA, broken())
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    write(path, SCHEMA, batches())
    assert path.read_bytes() != before


def test_a_sheet_that_is_full_is_an_error_that_names_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "SHEET_ROWS", len(ROWS))
    with pytest.raises(ExportError, match=r"holds 2 rows: use FORMAT=csv or parquet"):
        write(tmp_path / "x.xlsx", SCHEMA, batches())
    assert list(tmp_path.iterdir()) == []


def test_a_text_that_no_cell_holds_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="row 2 has a text that is too long"):
        write(tmp_path / "x.xlsx", SCHEMA, batches([("x" * 40_000, *FULL[1:])]))
