from __future__ import annotations

from sqlalchemy import text

from benchmarks.bare_copy import TABLES, copy_again
from jobs.lake.lake import Lake
from tests.conftest import Database
from tests.forecasts import CUSTOMERS, DECEMBER, NOVEMBER, publish_new_run


def stored(database: Database) -> dict[str, int]:
    with database.owner.connect() as connection:
        counts = {table: connection.execute(text(f"SELECT count(*) FROM clv.{table}")) for table in TABLES}  # noqa: S608
        return {table: count.scalar_one() for table, count in counts.items()}


def test_the_rows_of_the_newest_load_are_copied_and_none_stays(database: Database, lake: Lake) -> None:
    publish_new_run(database, lake, NOVEMBER)
    before_newest = stored(database)
    publish_new_run(database, lake, DECEMBER)
    newest = {table: rows - before_newest[table] for table, rows in stored(database).items()}
    assert newest["forecast_rows"] == len(CUSTOMERS)
    assert {table: copied.rows for table, copied in copy_again(database.owner).items()} == newest
    assert {table: rows - before_newest[table] for table, rows in stored(database).items()} == newest
