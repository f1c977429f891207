"""Copy rows of the lake into Postgres with COPY."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import psycopg2.extensions
import pyarrow as pa
import pyarrow.csv as pa_csv
from sqlalchemy import Connection

from jobs.core.postgres import statement
from jobs.core.refusal import RefusedError
from jobs.lake.arrow import batches_of_rows
from jobs.lake.lake import Lake
from jobs.lake.tables import Table

BATCH_ROWS = 100_000


class PublishError(RefusedError):
    """The forecast in the lake, or its copy in Postgres, does not match the lake's record or the run."""


def csv_batches(
    lake: Lake, table: Table, as_of: date, columns: Sequence[str], *, first: Mapping[str, int]
) -> Iterator[io.BytesIO]:
    """Columns of a table as batches of CSV; the one item of `first` (name, number) is the first column of every row."""
    for batch in batches_of_rows(lake, table, as_of, columns, BATCH_ROWS):
        yield from csv_of(pa.Table.from_batches([batch]), first=first)


def csv_of(rows: pa.Table, *, first: Mapping[str, int]) -> Iterator[io.BytesIO]:
    """Rows as batches of CSV, with `first` as in `csv_batches`."""
    [(key, number)] = first.items()
    options = pa_csv.WriteOptions(include_header=False)
    for batch in rows.to_batches(BATCH_ROWS):
        # pyarrow's CSV writer does not support decimals; cast to text, they keep every digit.
        values = [column.cast(pa.string()) if pa.types.is_decimal(column.type) else column for column in batch.columns]
        csv = io.BytesIO()
        with_key = pa.record_batch([pa.repeat(number, len(batch)), *values], names=[key, *batch.schema.names])
        pa_csv.write_csv(with_key, csv, options)
        csv.seek(0)
        yield csv


def copy_rows(connection: Connection, query: str, batches: Iterator[io.BytesIO]) -> None:
    """Send CSV batches to the COPY statement in `sql/queries/<query>.sql`, in the connection's transaction."""
    cursor: psycopg2.extensions.cursor = connection.connection.cursor()  # type: ignore[assignment]
    for csv in batches:
        cursor.copy_expert(statement(query).text, csv)
