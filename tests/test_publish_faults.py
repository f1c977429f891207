from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from jobs.lake.lake import Lake
from jobs.publishing.standard import publish
from tests.conftest import Database
from tests.forecasts import (
    CUSTOMERS,
    DECEMBER,
    SHOP,
    before_statement,
    count,
    plan,
    publish_new_run,
    row,
    scored,
    seen,
    write,
)


def cut_connections(database: Database) -> None:
    with database.owner.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE usename = 'clv_writer' AND datname = current_database()"
            )
        )


@pytest.mark.parametrize(
    "point", ["begin_load", "copy_forecast", "copy_customers", "record_totals", "record_load", "publish_load", "commit"]
)
def test_a_connection_cut_at_any_statement_leaves_the_month_whole_and_nothing_behind(
    database: Database, lake: Lake, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    publish_new_run(database, lake, DECEMBER)
    served = seen(database)
    writer = database.writer
    run_id = plan(writer, DECEMBER)
    write(lake, DECEMBER, [row(customer, level="20.00") for customer in CUSTOMERS])
    scored(writer, lake, DECEMBER, run_id)
    with monkeypatch.context() as patched:
        if point == "commit":
            event.listen(writer, "commit", lambda _: cut_connections(database), once=True)
        before_statement(patched, point, lambda: cut_connections(database))
        with pytest.raises((DBAPIError, psycopg2.OperationalError)):
            publish(writer, lake, SHOP, as_of=DECEMBER, run_id=run_id)
    assert seen(database) == served
    assert count(database, "forecast_rows") == len(CUSTOMERS)
    publish(writer, lake, SHOP, as_of=DECEMBER, run_id=run_id)
    assert {actual["run_id"] for actual in seen(database)} == {run_id}


def test_readers_always_see_exactly_one_whole_run_and_never_wait_for_a_lock(database: Database, lake: Lake) -> None:
    customers = 200
    first = plan(database.writer, DECEMBER)
    write(lake, DECEMBER, [row(str(number), level="1.00") for number in range(customers)])
    scored(database.writer, lake, DECEMBER, first)
    publish(database.writer, lake, SHOP, as_of=DECEMBER, run_id=first)
    finished = threading.Event()

    def read(isolation: str) -> set[int]:
        """The runs seen; a view that shows anything but one whole run fails here."""
        query = text("SELECT run_id, clv_1m, count(*) AS customers FROM clv.forecast_current GROUP BY run_id, clv_1m")
        seen: set[int] = set()
        last_round = False
        with database.reader.connect().execution_options(isolation_level=isolation) as connection:
            connection.execute(text("SET lock_timeout = '1ms'"))
            connection.commit()
            while not last_round:
                last_round = finished.is_set()
                views = [connection.execute(query).all() for _ in range(3)]
                connection.commit()
                for view in views:
                    [(run_id, level, rows)] = view
                    assert (level, rows) == (run_id, customers)
                    seen.add(run_id)
                if isolation == "REPEATABLE READ":
                    assert views[0] == views[1] == views[2]
        return seen

    with ThreadPoolExecutor(4) as pool:
        readings = [pool.submit(read, level) for level in ("AUTOCOMMIT", "REPEATABLE READ") for _ in range(2)]
        try:
            last = first
            for _ in range(25):
                last = plan(database.writer, DECEMBER)
                write(lake, DECEMBER, [row(str(number), level=f"{last}.00") for number in range(customers)])
                scored(database.writer, lake, DECEMBER, last)
                publish(database.writer, lake, SHOP, as_of=DECEMBER, run_id=last)
        finally:
            finished.set()
        seen = [reading.result() for reading in readings]
    assert all(last in runs for runs in seen)
    assert max(len(runs) for runs in seen) > 1


def test_a_vacuum_of_the_rows_does_not_hold_up_a_publication(database: Database, lake: Lake) -> None:
    with database.owner.connect() as vacuum:
        vacuum.execute(text("LOCK TABLE clv.forecast_rows IN SHARE UPDATE EXCLUSIVE MODE"))
        run_id = publish_new_run(database, lake, DECEMBER)
    assert {actual["run_id"] for actual in seen(database)} == {run_id}


def test_a_reader_whose_planning_outlasts_the_publication_still_sees_the_month(database: Database, lake: Lake) -> None:
    """The statement's tables are looked up before its snapshot is taken: rows in a new partition would be missed."""
    publish_new_run(database, lake, DECEMBER)
    newer = plan(database.writer, DECEMBER)
    write(lake, DECEMBER, [row(customer) for customer in CUSTOMERS])
    scored(database.writer, lake, DECEMBER, newer)
    with database.owner.begin() as connection:
        connection.execute(
            text(
                "CREATE FUNCTION clv.nothing_later() RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER AS "
                "$$ BEGIN PERFORM pg_advisory_lock(1), pg_advisory_unlock(1); RETURN ''; END $$;"
                "GRANT EXECUTE ON FUNCTION clv.nothing_later() TO clv_reader"
            )
        )

    def read() -> set[tuple[int, int]]:
        # To estimate the comparison, the planner calls the function; it waits there for the lock.
        slow = text("SELECT run_id, count(*) FROM clv.forecast WHERE customer_id > clv.nothing_later() GROUP BY run_id")
        with database.reader.connect() as connection:
            return {tuple(actual) for actual in connection.execute(slow)}

    with ThreadPoolExecutor(1) as pool, database.owner.connect() as holder:
        holder.execute(text("SELECT pg_advisory_lock(1)"))
        holder.commit()
        reading = pool.submit(read)
        waits = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        while holder.execute(waits).scalar_one() == 0:
            holder.commit()
        publish(database.writer, lake, SHOP, as_of=DECEMBER, run_id=newer)
        holder.execute(text("SELECT pg_advisory_unlock(1)"))
        assert reading.result() == {(newer, len(CUSTOMERS))}
