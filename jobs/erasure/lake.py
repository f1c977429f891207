"""Take customers out of a table of the lake: out of every period, and with every earlier version.

What is known of a period stays as it is, but for the number of its rows and the sums: its fingerprint names what was
made, and nothing is made anew because customers are gone from it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow.fs import copy_files

from jobs.cleaning.erased import RAW
from jobs.erasure.marks import Marks
from jobs.lake.lake import Lake
from jobs.lake.tables import REJECTED_COLUMNS, Table
from jobs.lake.versions import File, Period, Record, open_version


@dataclass(frozen=True)
class Trace:
    """What customers leave in a table.

    Attributes:
        column: the column that tells.
        is_theirs: its values → whether each names one of them.
        instead: what the column holds afterwards; None: the whole row goes.
    """

    column: str
    is_theirs: Callable[[pa.ChunkedArray], pa.Array]
    instead: pa.Scalar | None = None


def trace(table: Table, customers: Collection[str], marks: Marks, id_column: str) -> Trace | None:
    """What customers leave in a table; None where there is nothing of them.

    Args:
        table: the table.
        customers: their ids.
        marks: the same as the shop delivers them.
        id_column: the delivered column that holds the id, in a table of rejected rows.
    """
    if "customer_id" in table.names:
        wanted = pa.array(sorted(customers), pa.string())
        return Trace("customer_id", lambda ids: pc.is_in(ids, value_set=wanted))
    if table.columns == REJECTED_COLUMNS:
        return Trace("raw", _each(lambda raw: raw is not None and marks.are_in_row(raw, id_column)), pa.scalar(RAW))
    if "examples" in table.names:
        nothing = pa.scalar([], pa.list_(pa.string()))
        return Trace("examples", _each(lambda named: any(map(marks.are_in, named or ()))), nothing)
    return None


def _each(is_theirs: Callable[..., bool]) -> Callable[[pa.ChunkedArray], pa.Array]:
    return lambda values: pa.array([is_theirs(value) for value in values.to_pylist()], pa.bool_())


def erase(lake: Lake, table: Table, left: Trace, inputs: Mapping[str, Mapping[str, str]]) -> int:
    """Take what customers left out of a table; the number of rows.

    Args:
        lake: the lake.
        table: the table.
        left: what they left.
        inputs: period → inputs that have another fingerprint since customers are gone from them.

    Raises:
        DamagedError: a file is not as the log says.
        ChangedError: a period was written meanwhile.
    """
    version = open_version(lake.root, table)
    if version is None:
        return 0
    seen, rows = Lake(lake.root, versions={table.name: version.number}), 0
    with lake.writing(table) as folder:
        records: dict[Period, Record] = {}
        for text in version.periods:
            period, before = table.period(text), version.record(text)
            after = replace(before, inputs=dict(before.inputs) | dict(inputs.get(text, {})))
            theirs = _found(seen, table, period, left)
            if theirs or after != before:
                records[period] = _written(seen, table, period, after, left, theirs, folder)
                rows += theirs.total()
        if records:
            lake.commit(table, folder, records, upon=version.number)
        else:
            lake.files.delete_dir(folder)
    return rows


def drop_earlier_versions(lake: Lake, table: Table) -> int | None:
    """Remove every file that the newest version does not hold; that version, or None if the table does not exist."""
    version = open_version(lake.root, table)
    if version is None:
        return None
    version.delta.vacuum(retention_hours=0, enforce_retention_duration=False, full=True, dry_run=False)
    newest = open_version(lake.root, table)
    assert newest is not None
    return newest.number


def _found(lake: Lake, table: Table, period: Period, left: Trace) -> Counter[File]:
    """File → how many rows of it are theirs, of those that have any."""
    found: Counter[File] = Counter()
    for file in lake.files_of(table, [period]):
        with lake.files.open_input_file(file.path) as opened:
            for batch in pq.ParquetFile(opened).iter_batches(columns=[left.column]):
                found[file] += pc.sum(left.is_theirs(batch.column(0))).as_py() or 0
    return +found


def _written(
    lake: Lake, table: Table, period: Period, record: Record, left: Trace, theirs: Counter[File], folder: str
) -> Record:
    """Write a period without them; its record."""
    place = f"{folder}/{table.period_key}={period}"
    lake.files.create_dir(place)
    gone, sums = 0, {name: Decimal(text) for name, text in record.sums.items()}
    for file in lake.files_of(table, [period]):
        target = f"{place}/{file.path.rpartition('/')[2]}"
        if file not in theirs:
            copy_files(file.path, target, source_filesystem=lake.files, destination_filesystem=lake.files)
            continue
        for rows in _rewritten(lake, file, left, target):
            gone += len(rows)
            for name in sums.keys() & set(rows.column_names):
                sums[name] -= pc.sum(rows[name]).as_py() or 0
    return replace(record, rows=record.rows - gone, sums={name: str(total) for name, total in sums.items()})


def _rewritten(lake: Lake, file: File, left: Trace, target: str) -> list[pa.Table]:
    """Write a file without them, with the columns that it has; the rows that are gone."""
    gone: list[pa.Table] = []
    with lake.files.open_input_file(file.path) as opened:
        parquet = pq.ParquetFile(opened, coerce_int96_timestamp_unit="us")
        schema = parquet.schema_arrow
        with pq.ParquetWriter(target, schema, filesystem=lake.files) as writer:
            for group in range(parquet.num_row_groups):
                rows = parquet.read_row_group(group)
                is_theirs = left.is_theirs(rows[left.column])
                if left.instead is None:
                    gone.append(rows.filter(is_theirs))
                    rows = rows.filter(pc.invert(is_theirs))
                else:
                    values = pc.if_else(is_theirs, left.instead, rows[left.column].combine_chunks())
                    rows = rows.set_column(
                        schema.get_field_index(left.column),
                        schema.field(left.column),
                        values.cast(schema.field(left.column).type),
                    )
                writer.write_table(rows)
    return gone
