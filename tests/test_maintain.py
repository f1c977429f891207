"""Maintenance removes what nothing needs, and says so; what a published month needs stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from jobs.core.month import Month
from jobs.lake.arrow import read_rows
from jobs.lake.lake import Lake
from jobs.lake.tables import FORECASTS
from jobs.maintain import main
from jobs.publishing.rollback import RollbackError, roll_back
from jobs.withdraw import withdraw
from tests.conftest import Database
from tests.forecasts import CUSTOMERS, DECEMBER, publish_new_run, seen

pytestmark = pytest.mark.usefixtures("environment", "registry")

TODAY, MUCH_LATER = "2011-12-15", "2200-01-15"


@pytest.fixture
def runs(database: Database, lake: Lake) -> list[int]:
    """Three runs of a month, published one after the other."""
    return [publish_new_run(database, lake, DECEMBER, level=level) for level in ("1.00", "10.00", "100.00")]


def rows_by_run(database: Database) -> dict[int, int]:
    query = "SELECT run_id, count(*) FROM clv.forecast_rows JOIN clv.forecast_load USING (load_id) GROUP BY run_id"
    with database.owner.connect() as connection:
        return dict(connection.execute(text(query)).all())  # type: ignore[arg-type]


def test_rows_of_replaced_runs_go_after_the_time_to_keep_and_their_totals_stay(
    database: Database, runs: list[int]
) -> None:
    before = seen(database, "runs")
    main(["--today", TODAY])
    assert rows_by_run(database) == dict.fromkeys(runs, len(CUSTOMERS))
    main(["--today", MUCH_LATER])
    assert rows_by_run(database) == {runs[-1]: len(CUSTOMERS)}
    assert seen(database, "runs") == before
    assert {entry["run_id"] for entry in seen(database, "forecast")} == {runs[-1]}
    with pytest.raises(RollbackError, match="has no whole forecast"):
        roll_back(database.writer, Month(2011, 11), runs[0], by="Ada", because="an older one")


def test_the_newest_run_of_a_month_that_was_withdrawn_stays(database: Database, runs: list[int]) -> None:
    withdraw(database.writer, Month(2011, 11), by="Ada", because="wrong prices")
    main(["--today", MUCH_LATER])
    assert rows_by_run(database) == {runs[-1]: len(CUSTOMERS)}


def test_the_versions_of_the_lake_that_a_published_run_read_stay(
    database: Database, lake: Lake, runs: list[int]
) -> None:
    with database.owner.connect() as connection:
        query = text("SELECT lake_versions FROM clv.run WHERE run_id = :run_id")
        pinned = connection.execute(query, {"run_id": runs[-1]}).scalar_one()
    main(["--today", MUCH_LATER])
    assert len(read_rows(Lake(lake.root, versions=pinned), FORECASTS, [DECEMBER])) == len(CUSTOMERS)


def test_what_was_removed_is_on_record(database: Database, lake: Lake, runs: list[int]) -> None:
    (Path(lake.root) / "landing_cache" / ".scratch-1").mkdir(parents=True)
    main(["--today", MUCH_LATER])
    done = {entry["what"]: (entry["removed"], entry["detail"]) for entry in seen(database, "maintenance")}
    assert done["rows of replaced loads"] == (2, f"run {runs[0]} as of 2011-12-01, run {runs[1]} as of 2011-12-01")
    assert done["scratch folders"] == (1, ".scratch-1")
    assert set(done) == {
        "rows of replaced loads", "lake files", "lake periods joined", "model versions", "scratch folders"
    }  # fmt: skip
    assert {str(entry["kept_since"]) for entry in seen(database, "maintenance")} == {"2198-01-01"}
