"""Put periods into a lake, as the jobs leave them."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
from deltalake import CommitProperties, Transaction

from jobs.features.table import features
from jobs.lake.arrow import write_rows
from jobs.lake.lake import Lake
from jobs.lake.schemas import arrow_schema
from jobs.lake.tables import Table
from jobs.lake.versions import Period, Record, open_version
from jobs.planning.lake_tables import tables_of_run


def put(lake: Lake, table: Table, period: Period, record: Record, *parts: pa.Table) -> None:
    """Put rows into a lake, a file for each part; by default as many as the record says, whose values are null."""
    schema = arrow_schema(table)
    nothing = pa.table([pa.nulls(record.rows, field.type) for field in schema], schema=schema)
    write_rows(parts or [nothing], lake, table, period, record)


def planned(lake: Lake, as_of: date, run_id: int, *, are_known: bool = True) -> Lake:
    """A lake as a run sees it that has just been planned; the database knows all runs, or none."""
    of_run = Lake.of_run(lake.root, as_of, run_id)
    of_run.take_over(tables_of_run(features(())), lambda _: are_known)
    return of_run


def take_out(lake: Lake, table: Table, *periods: Period) -> None:
    """Take periods out of a table, as if they had never been written."""
    for period in periods:
        version = open_version(lake.root, table)
        assert version is not None
        names = [] if lake.run is None else [Transaction(lake.run.view, version.number + 1)]
        properties = CommitProperties(app_transactions=names)
        version.delta.delete(f"{table.period_key} = '{period}'", commit_properties=properties)
    lake._seen.pop(table.name, None)
