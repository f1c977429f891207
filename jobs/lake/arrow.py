"""Read and write the lake's tables without Spark."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.lake.lake import Lake
from jobs.lake.schemas import arrow_schema
from jobs.lake.tables import Table
from jobs.lake.versions import Period, Record


def read_rows(
    lake: Lake,
    table: Table,
    periods: Sequence[Period],
    columns: Sequence[str] | None = None,
    where: pc.Expression | None = None,
) -> pa.Table:
    """Columns of the rows of periods that fulfil a condition; all columns and all rows by default.

    Raises:
        IncompleteError: a period was never written.
        DamagedError: a file is not as the log says.
    """
    files = [file.path for file in lake.files_of(table, periods)]
    names = list(columns or table.names)
    if not files:
        return arrow_schema(table).empty_table().select(names)
    return pq.read_table(files, columns=names, filters=where, partitioning=None, filesystem=lake.files)


def batches_of_rows(
    lake: Lake, table: Table, period: Period, columns: Sequence[str], most_rows: int
) -> Iterator[pa.RecordBatch]:
    """Columns of a period's rows, a batch at a time; raises the errors of `read_rows`."""
    for file in lake.files_of(table, [period]):
        with lake.files.open_input_file(file.path) as opened:
            yield from pq.ParquetFile(opened).iter_batches(most_rows, columns=list(columns))


def with_doubles(rows: pa.Table) -> pa.Table:
    """The rows with each decimal of at most 18 digits as the nearest double, which Arrow's own cast often misses."""
    for position, field in enumerate(rows.schema):
        if pa.types.is_decimal128(field.type):
            decimals = rows.column(position).combine_chunks()
            # A decimal is stored as two words; the lower one holds 18 digits.
            words = np.frombuffer(decimals.buffers()[1], dtype=np.int64)[::2]
            units = words[decimals.offset : decimals.offset + len(decimals)]
            doubles = pa.array(units / 10.0**field.type.scale, mask=decimals.is_null().to_numpy(zero_copy_only=False))
            rows = rows.set_column(position, field.name, doubles)
    return rows


def write_period(frame: pd.DataFrame, lake: Lake, table: Table, period: Period, inputs: Mapping[str, str]) -> Record:
    """Replace a period of a table by the rows of a frame, sorted by its first column; the record.

    Raises:
        pyarrow.ArrowException: a column is missing or cannot be stored in its declared type.
        SupersededError: a newer run of the month is planned.
    """
    schema = arrow_schema(table)
    # pandas forgets the type of a column without values.
    rows = schema.empty_table() if frame.empty else pa.Table.from_pandas(frame, schema=schema, preserve_index=False)
    rows = rows.sort_by(table.names[0])
    record = Record(
        rows=len(rows),
        fingerprint=hashlib.sha256("\n".join(map(repr, rows.to_pylist())).encode()).hexdigest()[:32],
        inputs=dict(inputs),
        sums={name: str(pc.sum(rows[name]).as_py() or 0) for name in table.money},
    )
    write_rows([rows], lake, table, period, record)
    return record


def write_rows(
    parts: Iterable[pa.Table], lake: Lake, table: Table, period: Period, record: Record, *, upon: int | None = None
) -> None:
    """Replace a period of a table by rows, a file for each part; `upon` as in `Lake.commit`.

    Raises:
        ContractError: there are not as many rows as the record says.
        SupersededError: a newer run of the month is planned.
    """
    with lake.writing(table) as folder:
        place = f"{folder}/{table.period_key}={period}"
        lake.files.create_dir(place)
        for number, part in enumerate(parts):
            pq.write_table(part, f"{place}/part-{number:05d}.parquet", filesystem=lake.files)
        lake.commit(table, folder, {period: record}, upon=upon)
