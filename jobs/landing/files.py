"""One delivered file: its columns, its hash, and its rows in batches. Each kind of damage has its own message."""

from __future__ import annotations

import csv
import gzip
import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from jobs.core.messages import message_of
from jobs.landing.file_checks import LandingError, check_is_file, reading, verify
from jobs.landing.parquet_copy import copy_in_microseconds, copy_workbook, has_nanoseconds
from jobs.sources.mapping import Source, TableColumns, delivered_columns, required_columns

MOST_COLUMNS = 1_000
LONGEST_FIELD = 1_000_000
"""In characters; a longer CSV field means that a quotation mark is never closed."""

_BATCH_ROWS = 250_000
_BATCH_BYTES = 32 << 20


def is_csv(path: Path) -> bool:
    """Whether a file is CSV, gzipped or not."""
    return path.name.endswith((".csv", ".csv.gz"))


def sha256(path: Path) -> str:
    """Hash of a file's bytes; raises LandingError for a path that is not a file or cannot be read."""
    check_is_file(path)
    with reading(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_fingerprint(files: Sequence[Path]) -> str:
    """A hash of the names and bytes of files, whatever their order."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path.name} {sha256(path)}\n".encode())
    return digest.hexdigest()


def readable(path: Path, cache: Path) -> Path:
    """The file to read for a delivered one: the file itself, or a Parquet copy if Spark cannot read it."""
    is_workbook = path.name.endswith(".xlsx")
    if not is_workbook and (is_csv(path) or not has_nanoseconds(_parquet_schema(path))):
        return path
    copy = cache / f"{sha256(path)}.parquet"
    if not copy.is_file():
        verify(path)
        try:
            (copy_workbook if is_workbook else copy_in_microseconds)(path, copy)
        except Exception as error:
            reason = message_of(error) or type(error).__name__
            raise LandingError(f"{path} cannot be read ({reason}): deliver it again") from error
    return copy


def schema(path: Path, source: Source) -> pa.Schema:
    """The columns of a file, in order; CSV columns are text. Raises LandingError if a name occurs twice."""
    if is_csv(path):
        columns = pa.schema([(name, pa.string()) for name in _header(path, source)])
    else:
        columns = _parquet_schema(path)
    if len(columns) > MOST_COLUMNS:
        raise LandingError(f"{path} has {len(columns):,} columns: deliver at most {MOST_COLUMNS:,}")
    names = [name.casefold() for name in columns.names]
    repeated = [str(position) for position, name in enumerate(names, start=1) if names.count(name) > 1]
    if repeated:
        raise LandingError(f"{path} repeats a column name in columns {', '.join(repeated)}: rename or drop the others")
    return columns


def check_columns(
    path: Path, file_schema: pa.Schema, columns: TableColumns, source: Source, *, is_older_list: bool = False
) -> None:
    """Raise LandingError if a column that the mapping names is missing, or a column has an unsupported type.

    A list that is not the newest may lack attributes: the shop may have added them since.
    """
    mapped = required_columns(columns) if is_older_list else delivered_columns(columns)
    missing = [name for name in mapped if name not in file_schema.names]
    if missing:
        hint = f" or its delimiter {source.delimiter!r}" if is_csv(path) else ""
        # A first line that names no mapped column may be a row, or no line of a delivery at all: it is not quoted.
        has = f"It has: {', '.join(map(repr, file_schema.names))}"
        if len(missing) == len(mapped):
            has = "None of the mapped columns is there: perhaps the first line does not name the columns"
        raise LandingError(
            f"{path} has no column {', '.join(map(repr, missing))}. {has}. "
            f"Correct the file, or the mapping of {source.name!r} in jobs/sources{hint}"
        )
    for field in file_schema:
        if pa.types.is_time(field.type) or pa.types.is_float16(field.type) or pa.types.is_decimal256(field.type):
            raise LandingError(f"{path}: column {field.name!r} has type {field.type}: deliver it as text, or drop it")
    if columns.time is not None:
        time_column = getattr(columns, columns.time)
        type_ = file_schema.field(time_column).type
        if not (pa.types.is_timestamp(type_) or pa.types.is_date(type_) or _is_text(type_)):
            raise LandingError(
                f"{path}: column {time_column!r} should hold times but has type {type_}: deliver times or text"
            )
    for name in set(delivered_columns(columns)).intersection(file_schema.names):
        if pa.types.is_nested(file_schema.field(name).type):
            raise LandingError(f"{path}: column {name!r} has type {file_schema.field(name).type}: deliver plain values")


def batches(path: Path, source: Source) -> Iterator[pa.RecordBatch]:
    """All rows of a Parquet or CSV file in batches; CSV values are bytes.

    A CSV line with another number of fields than the header becomes a row with the line in its first column, else NULL.
    """
    with reading(path):
        if is_csv(path):
            yield from _csv_batches(path, source)
        else:
            yield from pq.ParquetFile(path).iter_batches(_BATCH_ROWS)


def _csv_batches(path: Path, source: Source) -> Iterator[pa.RecordBatch]:
    names = schema(path, source).names
    malformed: list[str] = []

    def skip(row: pyarrow.csv.InvalidRow) -> str:
        malformed.append(row.text)
        return "skip"

    reader = pyarrow.csv.open_csv(
        path,
        read_options=pyarrow.csv.ReadOptions(
            column_names=names, skip_rows=1, block_size=_BATCH_BYTES, use_threads=False, encoding=source.encoding
        ),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=source.delimiter, newlines_in_values=True, invalid_row_handler=skip
        ),
        convert_options=pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.binary()), check_utf8=False),
    )
    yield from reader
    if malformed:
        first = pa.array([text.encode() for text in malformed], pa.binary())
        rest = [pa.nulls(len(malformed), pa.binary()) for _ in names[1:]]
        yield pa.record_batch([first, *rest], names=names)


def _parquet_schema(path: Path) -> pa.Schema:
    with reading(path):
        return pq.read_schema(path)


def _header(path: Path, source: Source) -> list[str]:
    is_utf8 = source.encoding.lower() in ("utf-8", "utf8")
    with reading(path), gzip.open(path) if path.name.endswith(".gz") else path.open("rb") as file:
        start = file.readline(LONGEST_FIELD)
    line = re.split(rb"[\r\n]", start, maxsplit=1)[0]
    if len(line) == LONGEST_FIELD:
        raise LandingError(f"{path} has a first line of {LONGEST_FIELD:,} bytes or more: it must name the columns")
    try:
        text = line.decode("utf-8-sig" if is_utf8 else source.encoding)
        names = next(csv.reader([text], delimiter=source.delimiter, strict=True), [])
    except UnicodeDecodeError as error:
        raise LandingError(_wrong_encoding(path, source)) from error
    except csv.Error as error:
        raise LandingError(f"{path} has a header that cannot be read ({error}): correct its first line") from error
    if "\0" in text:
        raise LandingError(_wrong_encoding(path, source))
    if not names:
        raise LandingError(f"{path} begins with an empty line: its first line must name the columns")
    return [name or f"column_{i}" for i, name in enumerate(names, start=1)]


def _wrong_encoding(path: Path, source: Source) -> str:
    return (
        f"{path} is not {source.encoding}: deliver it in that encoding, or set `encoding` in the mapping of "
        f"{source.name!r}"
    )


def _is_text(type_: pa.DataType) -> bool:
    value = type_.value_type if pa.types.is_dictionary(type_) else type_
    return bool(pa.types.is_string(value) or pa.types.is_large_string(value))
