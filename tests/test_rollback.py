from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from jobs.core.month import Month
from jobs.core.postgres import execute, statement
from jobs.lake.lake import Lake
from jobs.publishing.rollback import RollbackError, roll_back
from jobs.rollback import main
from jobs.withdraw import withdraw
from tests.conftest import Database
from tests.forecasts import (
    CUSTOMERS,
    DECEMBER,
    NOVEMBER,
    before_statement,
    plan,
    publish,
    publish_new_run,
    row,
    seen,
    write,
)

MONTH = Month(2011, 11)
WHY = {"by": "Ada", "because": "a price list was wrong"}


@pytest.fixture
def three(database: Database, lake: Lake) -> list[int]:
    """Three runs of a month, published one after the other, each worth ten times as much as the one before."""
    return [publish_new_run(database, lake, DECEMBER, level=level) for level in ("1.00", "10.00", "100.00")]


def shown(database: Database) -> set[tuple[int, Decimal]]:
    return {(row["run_id"], row["clv_1m"]) for row in seen(database, "forecast_current")}


def audit(database: Database) -> list[dict[str, object]]:
    query = text("SELECT run_id, replaced_run_id, what, by_whom, because FROM clv.publications ORDER BY flip_id")
    with database.reader.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def test_readers_see_the_run_before_again(database: Database, three: list[int]) -> None:
    _, second, third = three
    assert shown(database) == {(third, Decimal("100.00"))}
    assert roll_back(database.writer, MONTH, None, **WHY) == (third, second)
    assert shown(database) == {(second, Decimal("10.00"))}
    assert len(seen(database)) == len(CUSTOMERS)


def test_the_same_rollback_again_is_refused_unless_it_names_a_run(database: Database, three: list[int]) -> None:
    first, second, _ = three
    roll_back(database.writer, MONTH, None, **WHY)
    named = rf"month 2011-11 was rolled back to run {second} already; name the run with --run-id \(RUN=…\)"
    with pytest.raises(RollbackError, match=rf"{named}(?s:.*)run {first}: "):
        roll_back(database.writer, MONTH, None, **WHY)
    assert shown(database) == {(second, Decimal("10.00"))}
    assert roll_back(database.writer, MONTH, first, **WHY) == (second, first)


def test_it_goes_to_the_run_that_is_named_and_back(database: Database, three: list[int]) -> None:
    first, _, third = three
    roll_back(database.writer, MONTH, first, **WHY)
    assert shown(database) == {(first, Decimal("1.00"))}
    roll_back(database.writer, MONTH, third, **WHY)
    assert shown(database) == {(third, Decimal("100.00"))}


@pytest.mark.usefixtures("environment")
def test_the_command_keeps_who_did_it_when_and_why(database: Database, three: list[int]) -> None:
    _, second, third = three
    hostile = '-1 % is "wrong"; DROP TABLE clv.run;-- %s :name'
    main(["--month", "2011-11", "--run-id", str(second), "--by=O'Hara", f"--because={hostile}"])
    assert audit(database)[-2:] == [
        {"run_id": third, "replaced_run_id": second, "what": "published", "by_whom": "clv_writer", "because": None},
        {"run_id": second, "replaced_run_id": third, "what": "rolled back", "by_whom": "O'Hara", "because": hostile},
    ]


@pytest.mark.usefixtures("environment")
def test_the_command_tells_whether_readers_see_another_forecast(
    database: Database, lake: Lake, three: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    def told(run_id: int) -> tuple[object, ...]:
        main(["--month", "2011-11", "--run-id", str(run_id), "--by=Ada", "--because=why"])
        change = json.loads(capsys.readouterr().out.splitlines()[-1])
        return change["month"], change["run_id"], change["content_hash"], change["changed"]

    same_as_third = publish_new_run(database, lake, DECEMBER, level="100.00")
    hashes = {run["run_id"]: run["content_hash"] for run in seen(database, "runs")}
    first, _, third = three
    assert told(third) == ("2011-11", third, hashes[third], False)
    assert told(first) == ("2011-11", first, hashes[first], True)
    assert told(same_as_third) == ("2011-11", same_as_third, hashes[third], True)


def test_a_run_that_was_taken_back_is_gone_to_only_where_it_is_named(
    database: Database, lake: Lake, three: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    first, second, third = three
    roll_back(database.writer, MONTH, second, **WHY)
    fourth = publish_new_run(database, lake, DECEMBER, level="7.00")
    withdraw(database.writer, MONTH, **WHY | {"by": "Eve"})
    fifth = publish_new_run(database, lake, DECEMBER, level="8.00")
    with pytest.raises(RollbackError) as refusal:
        roll_back(database.writer, MONTH, 999, **WHY)
    taken_back = dict(re.findall(r"run (\d+): .*?UTC(?:, taken back by (\w+))?\n", f"{refusal.value}\n"))
    assert taken_back == {str(fourth): "Eve", str(third): "Ada", str(second): "", str(first): ""}
    assert roll_back(database.writer, MONTH, None, **WHY) == (fifth, second)
    assert roll_back(database.writer, MONTH, third, **WHY) == (second, third)
    assert f"Run {third} of month 2011-11 was taken back by Ada" in caplog.text
    assert shown(database) == {(third, Decimal("100.00"))}


def test_where_every_earlier_run_was_taken_back_one_must_be_named(database: Database, lake: Lake) -> None:
    first = publish_new_run(database, lake, DECEMBER)
    withdraw(database.writer, MONTH, **WHY)
    second = publish_new_run(database, lake, DECEMBER)
    with pytest.raises(RollbackError, match=r"no earlier run has a forecast that was not taken back\. (?s:.*)by Ada"):
        roll_back(database.writer, MONTH, None, **WHY)
    assert roll_back(database.writer, MONTH, first, **WHY) == (second, first)


def test_a_withdrawn_month_is_put_back_to_the_run_that_is_named(
    database: Database, lake: Lake, three: list[int]
) -> None:
    _, second, third = three
    withdraw(database.writer, MONTH, **WHY)
    with pytest.raises(RollbackError, match=f"2011-11 is withdrawn, and --run-id does not say (?s:.*)run {third}: "):
        roll_back(database.writer, MONTH, None, **WHY)
    assert seen(database, "forecast_current") == []
    assert roll_back(database.writer, MONTH, third, **WHY) == (None, third)
    assert shown(database) == {(third, Decimal("100.00"))}
    assert audit(database)[-1] == {"run_id": third, "replaced_run_id": None, "what": "rolled back"} | {
        "by_whom": "Ada",
        "because": WHY["because"],
    }
    write(lake, DECEMBER, [row(customer, level="7.00") for customer in CUSTOMERS])
    publish(database.writer, lake, as_of=DECEMBER, run_id=third)
    assert shown(database) == {(third, Decimal("7.00"))}
    assert roll_back(database.writer, MONTH, None, **WHY) == (third, second)


def test_a_withdrawn_month_that_a_run_has_published_since_is_not_put_back(
    database: Database, lake: Lake, three: list[int]
) -> None:
    withdraw(database.writer, MONTH, **WHY)
    fourth = publish_new_run(database, lake, DECEMBER, level="7.00")
    with pytest.raises(DBAPIError, match=f"readers of 2011-12-01 see run {fourth} now, not run none"):
        execute(database.writer, "roll_back", as_of=DECEMBER, from_run_id=None, to_run_id=three[0], **WHY)
    assert shown(database) == {(fourth, Decimal("7.00"))}


def test_other_months_stay_as_they_are(database: Database, lake: Lake, three: list[int]) -> None:
    publish_new_run(database, lake, NOVEMBER)
    november = [row for row in seen(database) if row["as_of"] == NOVEMBER]
    roll_back(database.writer, MONTH, None, **WHY)
    assert [row for row in seen(database) if row["as_of"] == NOVEMBER] == november


def test_the_next_run_of_the_month_publishes_as_always(database: Database, lake: Lake, three: list[int]) -> None:
    roll_back(database.writer, MONTH, None, **WHY)
    fourth = publish_new_run(database, lake, DECEMBER, level="7.00")
    assert shown(database) == {(fourth, Decimal("7.00"))}


def test_a_refusal_lists_the_runs_that_can_be_gone_to(database: Database, three: list[int]) -> None:
    first, second, third = three
    planned_only = plan(database.writer, DECEMBER)
    for wrong in (planned_only, third, 999):
        with pytest.raises(RollbackError) as refusal:
            roll_back(database.writer, MONTH, wrong, **WHY)
        message = str(refusal.value)
        assert f"month 2011-11 is published by run {third}, and run {wrong} is not a run to go back to" in message
        assert f"  run {second}: 3 customers, 2,340.00 over twelve months, model version 3, loaded " in message
        assert f"  run {first}: 3 customers, 234.00" in message
    assert shown(database) == {(third, Decimal("100.00"))}
    assert len(audit(database)) == len(three)


def test_a_month_with_one_run_or_none_has_nothing_to_go_back_to(database: Database, lake: Lake) -> None:
    with pytest.raises(RollbackError, match="month 2011-11 was never published"):
        roll_back(database.writer, MONTH, None, **WHY)
    planned = plan(database.writer, DECEMBER)
    with pytest.raises(DBAPIError, match="no run of 2011-12-01 was ever published: nothing was changed"):
        execute(database.writer, "roll_back", as_of=DECEMBER, from_run_id=None, to_run_id=planned, **WHY)
    only = publish_new_run(database, lake, DECEMBER)
    with pytest.raises(
        RollbackError,
        match=f"by run {only}, and no earlier run has a forecast that was not taken back. No other run of the month",
    ):
        roll_back(database.writer, MONTH, None, **WHY)


@pytest.mark.parametrize(("by", "because"), [(" ", "why not"), ("Ada", "")])
def test_without_a_name_or_a_reason_nothing_is_changed(
    database: Database, three: list[int], by: str, because: str
) -> None:
    with pytest.raises(RollbackError, match="--by"):
        roll_back(database.writer, MONTH, None, by=by, because=because)
    pointer = {"as_of": DECEMBER, "from_run_id": three[2], "to_run_id": three[1]}
    with pytest.raises(DBAPIError, match="a_rollback_has_a_name_and_a_reason"):
        execute(database.writer, "roll_back", **pointer, by=by, because=because)
    assert shown(database) == {(three[2], Decimal("100.00"))}


def test_a_forecast_whose_rows_are_gone_is_not_shown(database: Database, three: list[int]) -> None:
    first, second, third = three
    with database.owner.begin() as connection:
        connection.execute(
            text(
                "DELETE FROM clv.forecast_rows WHERE customer_id = '12346' AND load_id = "
                "(SELECT load_id FROM clv.forecast_load WHERE run_id = :run_id)"
            ),
            {"run_id": second},
        )
    with pytest.raises(RollbackError, match=f"run {second} has no whole forecast"):
        roll_back(database.writer, MONTH, second, **WHY)
    assert roll_back(database.writer, MONTH, first, **WHY) == (third, first)


def wait_for_the_lock(database: Database) -> None:
    """Return once somebody waits for an advisory lock of this database."""
    waiting = text(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    with database.owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while connection.execute(waiting).scalar_one() == 0:
            pass


def test_a_rollback_that_a_publish_overtakes_changes_nothing(
    database: Database, lake: Lake, three: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    fourth = plan(database.writer, DECEMBER)
    write(lake, DECEMBER, [row(customer, level="7.00") for customer in CUSTOMERS])
    with ThreadPoolExecutor(1) as pool:
        rollbacks = []

        def roll_back_meanwhile() -> None:
            rollbacks.append(pool.submit(roll_back, database.writer, MONTH, None, **WHY))
            wait_for_the_lock(database)

        before_statement(monkeypatch, "publish_load", roll_back_meanwhile)
        publish(database.writer, lake, as_of=DECEMBER, run_id=fourth)
        with pytest.raises(RollbackError, match=f"readers of 2011-12-01 see run {fourth} now, not run {three[2]}"):
            rollbacks[0].result()
    assert shown(database) == {(fourth, Decimal("7.00"))}
    assert [move["run_id"] for move in audit(database)] == [*three, fourth]


def test_a_publish_that_comes_during_a_rollback_waits_and_comes_after_it(
    database: Database, lake: Lake, three: list[int]
) -> None:
    fourth = plan(database.writer, DECEMBER)
    write(lake, DECEMBER, [row(customer, level="7.00") for customer in CUSTOMERS])
    pointer = {"as_of": DECEMBER, "from_run_id": three[2], "to_run_id": three[1]}
    with ThreadPoolExecutor(1) as pool:
        with database.writer.begin() as connection:
            connection.execute(statement("roll_back"), pointer | WHY)
            published = pool.submit(publish, database.writer, lake, as_of=DECEMBER, run_id=fourth)
            wait_for_the_lock(database)
            assert shown(database) == {(three[2], Decimal("100.00"))}
        published.result()
    assert shown(database) == {(fourth, Decimal("7.00"))}
    assert [move["run_id"] for move in audit(database)] == [*three, three[1], fourth]


def test_readers_see_one_whole_run_while_it_goes_back_and_forth(database: Database, three: list[int]) -> None:
    levels = dict(zip(three, (Decimal("1.00"), Decimal("10.00"), Decimal("100.00")), strict=True))
    query = text("SELECT run_id, clv_1m, count(*) FROM clv.forecast_current GROUP BY run_id, clv_1m")
    finished = threading.Event()

    def read(isolation: str) -> set[int]:
        runs: set[int] = set()
        with database.reader.connect().execution_options(isolation_level=isolation) as connection:
            connection.execute(text("SET lock_timeout = '1ms'"))
            connection.commit()
            while not finished.is_set():
                views = [connection.execute(query).all() for _ in range(2)]
                connection.commit()
                for view in views:
                    [(run_id, level, rows)] = view
                    assert (level, rows) == (levels[run_id], len(CUSTOMERS))
                    runs.add(run_id)
                assert isolation == "AUTOCOMMIT" or views[0] == views[1]
        return runs

    with ThreadPoolExecutor(2) as pool:
        readings = [pool.submit(read, level) for level in ("AUTOCOMMIT", "REPEATABLE READ")]
        try:
            for target in (three[:2] * 15)[:30]:
                roll_back(database.writer, MONTH, target, **WHY)
        finally:
            finished.set()
        assert all(reading.result() <= set(three) for reading in readings)
    assert shown(database) == {(three[1], Decimal("10.00"))}


@pytest.mark.parametrize("kind", ["newer", "older"])
def test_a_dry_run_takes_no_run_s_turn_and_publishes_nothing(database: Database, lake: Lake, kind: str) -> None:
    plan_of: dict[str, Callable[[], int]] = {
        "run": lambda: plan(database.writer, DECEMBER),
        "dry": lambda: plan(database.writer, DECEMBER, is_dry_run=True),
    }
    planned = {name: plan_of[name]() for name in (("run", "dry") if kind == "newer" else ("dry", "run"))}
    write(lake, DECEMBER, [row(customer) for customer in CUSTOMERS])
    with pytest.raises(DBAPIError, match="is a dry run, which publishes nothing"):
        publish(database.writer, lake, as_of=DECEMBER, run_id=planned["dry"])
    publish(database.writer, lake, as_of=DECEMBER, run_id=planned["run"])
    assert {entry["run_id"]: entry["status"] for entry in seen(database, "runs")} == {
        planned["run"]: "published",
        planned["dry"]: "dry run",
    }
