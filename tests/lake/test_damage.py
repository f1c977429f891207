"""Files that are not as the log says are noticed, by every reader, and written again by a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake
from deltalake.exceptions import DeltaError
from pyspark.sql import SparkSession

from jobs.core.month import Month
from jobs.lake.arrow import batches_of_rows, read_rows
from jobs.lake.frames import read_periods
from jobs.lake.lake import Lake
from jobs.lake.schemas import arrow_schema
from jobs.lake.tables import SESSIONS, TRANSACTIONS
from jobs.lake.versions import DamagedError, IncompleteError, Record
from tests.periods import put

OCTOBER, NOVEMBER = Month(2011, 10), Month(2011, 11)
INPUTS = {"landing": "1"}


@pytest.fixture
def path(lake: Lake) -> Path:
    """One of the two files of November, whose other month is intact."""
    part = pa.Table.from_pylist([{"customer_id": "c1"}, {"customer_id": "c2"}], schema=arrow_schema(TRANSACTIONS))
    put(lake, TRANSACTIONS, OCTOBER, Record(rows=2, fingerprint="october", inputs=INPUTS), part)
    put(lake, TRANSACTIONS, NOVEMBER, Record(rows=4, fingerprint="november", inputs=INPUTS), part, part)
    return Path(lake.root) / lake.files_of(TRANSACTIONS, [NOVEMBER])[1].path


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-8])


def garble(path: Path) -> None:
    path.write_bytes(b"x" * path.stat().st_size)


def garble_footer(path: Path) -> None:
    """Leave the length of the footer and the magic bytes as they are."""
    whole = path.read_bytes()
    path.write_bytes(whole[:-200] + b"x" * 192 + whole[-8:])


def garble_schema(path: Path) -> None:
    """Change the Arrow schema in the footer: the error about it is neither of Arrow nor of the operating system."""
    whole = path.read_bytes()
    at = whole.rindex(b"ARROW:schema")
    path.write_bytes(whole[: at + 20] + b"\xff" * 40 + whole[at + 60 :])


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (Path.unlink, "is missing"),
        (truncate, "bytes, but"),
        (empty, "has 0 bytes, but"),
        (garble, "cannot be read"),
        (garble_footer, "cannot be read"),
        (garble_schema, "cannot be read"),
    ],
)
def test_a_damaged_file_is_noticed_by_every_reader_and_not_taken_for_current(
    lake: Lake, path: Path, spark: SparkSession, damage: Callable[[Path], None], says: str
) -> None:
    assert lake.is_current(TRANSACTIONS, NOVEMBER, INPUTS)
    damage(path)
    assert not lake.is_current(TRANSACTIONS, NOVEMBER, INPUTS)
    assert lake.is_current(TRANSACTIONS, OCTOBER, INPUTS)
    readers: list[Callable[[], object]] = [
        lambda: read_rows(lake, TRANSACTIONS, [OCTOBER, NOVEMBER]),
        lambda: list(batches_of_rows(lake, TRANSACTIONS, NOVEMBER, ["customer_id"], 10)),
        lambda: read_periods(spark, lake, TRANSACTIONS, [OCTOBER, NOVEMBER]),
        lambda: lake.folder(TRANSACTIONS, NOVEMBER),
    ]
    for read in readers:
        with pytest.raises(DamagedError, match=f"clean/transactions month=2011-11 in .*, version 2: .*{says}"):
            read()
    assert len(read_rows(lake, TRANSACTIONS, [OCTOBER])) == 2


def test_a_file_of_the_right_size_with_fewer_rows_is_noticed(lake: Lake, path: Path) -> None:
    before = path.stat().st_size
    pq.write_table(pq.read_table(path, partitioning=None).slice(0, 1), path)
    log = Path(lake.root) / TRANSACTIONS.name / "_delta_log" / f"{2:020d}.json"
    files = {True: (f'"size":{before}', f'"size":{path.stat().st_size}'), False: ("", "")}
    lines = [line.replace(*files[path.name in line]) for line in log.read_text().splitlines()]
    log.write_text("\n".join(lines))
    assert not lake.is_intact(TRANSACTIONS, NOVEMBER)
    with pytest.raises(DamagedError, match="has 1 rows, but 2 in the log"):
        read_rows(lake, TRANSACTIONS, [NOVEMBER])


def test_what_somebody_else_commits_is_noticed(lake: Lake, path: Path) -> None:
    table = f"{lake.root}/{TRANSACTIONS.name}"
    row = pa.Table.from_pylist([{"customer_id": "c9"}], schema=arrow_schema(TRANSACTIONS))
    for month in (NOVEMBER, Month(2011, 12)):
        write_deltalake(table, row.append_column("month", pa.array([str(month)])), mode="append")
    assert lake.periods(TRANSACTIONS) == [str(OCTOBER), str(NOVEMBER)]
    assert not lake.is_current(TRANSACTIONS, NOVEMBER, INPUTS)
    with pytest.raises(DamagedError, match="there are 5 rows, but 4 in the record"):
        read_rows(lake, TRANSACTIONS, [NOVEMBER])
    put(lake, TRANSACTIONS, NOVEMBER, Record(rows=4, fingerprint="november", inputs=INPUTS))
    assert len(read_rows(lake, TRANSACTIONS, [NOVEMBER])) == 4


def test_a_file_that_was_added_is_no_part_of_the_table(lake: Lake, path: Path, spark: SparkSession) -> None:
    (path.parent / "part-00009.parquet").write_bytes(path.read_bytes())
    assert len(read_rows(lake, TRANSACTIONS, [NOVEMBER])) == 4
    assert read_periods(spark, lake, TRANSACTIONS, [NOVEMBER]).count() == 4


def test_a_damaged_month_is_whole_once_it_is_written_again(lake: Lake, path: Path) -> None:
    path.unlink()
    put(lake, TRANSACTIONS, NOVEMBER, Record(rows=4, fingerprint="november", inputs=INPUTS))
    assert lake.is_current(TRANSACTIONS, NOVEMBER, INPUTS)
    assert len(read_rows(lake, TRANSACTIONS, [OCTOBER, NOVEMBER])) == 6


def test_a_period_without_rows_has_a_file_that_can_be_missed(lake: Lake) -> None:
    put(lake, SESSIONS, NOVEMBER, Record(rows=0, fingerprint="0"))
    [file] = lake.files_of(SESSIONS, [NOVEMBER])
    (Path(lake.root) / file.path).unlink()
    with pytest.raises(DamagedError, match="is missing"):
        read_rows(lake, SESSIONS, [NOVEMBER])


@pytest.mark.parametrize("bytes_left", [0, 100])
def test_a_torn_log_is_an_error_and_the_version_before_can_be_restored(lake: Lake, path: Path, bytes_left: int) -> None:
    put(lake, TRANSACTIONS, NOVEMBER, Record(rows=0, fingerprint="torn"))
    log = Path(lake.root) / TRANSACTIONS.name / "_delta_log" / f"{3:020d}.json"
    log.write_bytes(log.read_bytes()[:bytes_left])
    for read in (lambda: lake.periods(TRANSACTIONS), lambda: put(lake, TRANSACTIONS, OCTOBER, Record(0, "0"))):
        with pytest.raises(DamagedError, match=r"the log of clean/transactions in .* cannot be read"):
            read()
    log.unlink()
    assert lake.record(TRANSACTIONS, NOVEMBER).fingerprint == "november"
    put(lake, TRANSACTIONS, NOVEMBER, Record(rows=0, fingerprint="again"))
    assert lake.record(TRANSACTIONS, NOVEMBER).fingerprint == "again"


def test_a_table_that_does_not_exist_has_no_periods(lake: Lake) -> None:
    assert lake.periods(TRANSACTIONS) == []
    assert not lake.is_complete(TRANSACTIONS, OCTOBER)
    with pytest.raises(IncompleteError, match="clean/transactions has no complete month=2011-10 in "):
        lake.record(TRANSACTIONS, OCTOBER)
    assert not Path(lake.root).exists()


def test_a_store_that_does_not_answer_is_no_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    """A retry may help."""
    for name, value in {"AWS_ACCESS_KEY_ID": "clv", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_RETRIES", "0")
    with pytest.raises((DeltaError, OSError)) as failed:
        Lake("s3://shop/lake").periods(TRANSACTIONS)
    assert not isinstance(failed.value, DamagedError)
