from __future__ import annotations

from sqlalchemy import text

from benchmarks import bare_copy
from jobs.lake.lake import Lake
from tests.conftest import Database
from tests.forecasts import DECEMBER, publish_new_run


def test_the_rows_of_the_newest_load_are_copied_and_none_stays(database: Database, lake: Lake) -> None:
    publish_new_run(database, lake, DECEMBER)
    count = text("SELECT count(*) FROM clv.forecast_rows")
    with database.owner.connect() as connection:
        before = connection.execute(count).scalar_one()
    assert bare_copy.seconds(database.owner) > 0.0
    with database.owner.connect() as connection:
        assert connection.execute(count).scalar_one() == before > 0
