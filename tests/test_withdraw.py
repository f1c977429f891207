from __future__ import annotations

import json

import pytest
from sqlalchemy.exc import DBAPIError

from jobs.core.month import Month
from jobs.core.postgres import execute
from jobs.lake.lake import Lake
from jobs.publishing.rollback import roll_back
from jobs.withdraw import WithdrawalError, main, withdraw
from tests.conftest import Database
from tests.forecasts import DECEMBER, NOVEMBER, publish, publish_new_run, row, seen, write

MONTH = Month(2011, 11)
WHY = {"by": "Ada", "because": "delivered twice"}


def months_shown(database: Database) -> set[object]:
    return {row["as_of"] for row in seen(database)}


@pytest.fixture
def two_months(database: Database, lake: Lake) -> tuple[int, int]:
    """The runs that published October and November."""
    return publish_new_run(database, lake, NOVEMBER), publish_new_run(database, lake, DECEMBER)


def test_readers_fall_back_to_the_month_before(database: Database, two_months: tuple[int, int]) -> None:
    october, november = two_months
    assert withdraw(database.writer, MONTH, **WHY) == november
    assert months_shown(database) == {NOVEMBER}
    assert {row["run_id"] for row in seen(database, "forecast_current")} == {october}
    assert {run["run_id"]: run["status"] for run in seen(database, "runs")} == {
        october: "published",
        november: "withdrawn",
    }


@pytest.mark.usefixtures("environment")
def test_the_command_keeps_who_did_it_and_why_and_tells_the_change(
    database: Database, two_months: tuple[int, int], capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--month", "2011-11", "--by=O'Hara", '--because=-1 % looks "wrong"; DROP TABLE clv.run'])
    change = {"month": "2011-11", "run_id": two_months[1], "content_hash": None, "changed": True}
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == change
    last = max(seen(database, "publications"), key=lambda move: move["flip_id"])
    assert {name: last[name] for name in ("what", "run_id", "replaced_run_id", "by_whom", "because")} == {
        "what": "withdrawn",
        "run_id": None,
        "replaced_run_id": two_months[1],
        "by_whom": "O'Hara",
        "because": '-1 % looks "wrong"; DROP TABLE clv.run',
    }


def test_a_withdrawn_run_does_not_come_back_by_publishing_again_and_the_next_run_does(
    database: Database, lake: Lake, two_months: tuple[int, int]
) -> None:
    _, november = two_months
    withdraw(database.writer, MONTH, **WHY)
    with pytest.raises(DBAPIError, match=f"run {november} of 2011-12-01 was taken back by Ada: nothing was changed"):
        publish(database.writer, lake, as_of=DECEMBER, run_id=november)
    assert months_shown(database) == {NOVEMBER}
    publish_new_run(database, lake, DECEMBER)
    assert months_shown(database) == {NOVEMBER, DECEMBER}


def test_a_run_that_was_rolled_back_does_not_come_back_by_publishing_again(database: Database, lake: Lake) -> None:
    first, second = (publish_new_run(database, lake, DECEMBER, level=level) for level in ("1.00", "10.00"))
    roll_back(database.writer, MONTH, None, **WHY)
    with pytest.raises(DBAPIError, match=f"run {second} of 2011-12-01 was taken back by Ada"):
        publish(database.writer, lake, as_of=DECEMBER, run_id=second)
    assert {row["run_id"] for row in seen(database)} == {first}
    roll_back(database.writer, MONTH, second, **WHY)
    write(lake, DECEMBER, [row("12346", level="7.00")])
    assert publish(database.writer, lake, as_of=DECEMBER, run_id=second).rows == 1


@pytest.mark.usefixtures("two_months")
def test_a_month_that_is_not_published_cannot_be_withdrawn(database: Database) -> None:
    withdraw(database.writer, MONTH, **WHY)
    with pytest.raises(WithdrawalError, match="month 2011-11 is not published: there is nothing to withdraw"):
        withdraw(database.writer, MONTH, **WHY)
    with pytest.raises(DBAPIError, match="readers of 2011-12-01 see run none now"):
        execute(database.writer, "withdraw", as_of=DECEMBER, run_id=None, **WHY)


@pytest.mark.usefixtures("environment")
def test_a_month_is_withdrawn_only_while_readers_see_the_expected_run(
    database: Database, two_months: tuple[int, int]
) -> None:
    october, november = two_months
    options = ["--month", "2011-11", "--by=Ada", "--because=delivered twice"]
    with pytest.raises(WithdrawalError) as refusal:
        main([*options, f"--run-id={october}"])
    assert str(refusal.value) == (
        f"readers of 2011-12-01 see run {november} now, not run {october}: nothing was changed. "
        "Another publish or rollback came first: check what readers see, then decide again."
    )
    assert months_shown(database) == {NOVEMBER, DECEMBER}
    main([*options, f"--run-id={november}"])
    assert months_shown(database) == {NOVEMBER}


@pytest.mark.parametrize(("by", "because"), [(" ", "why not"), ("Ada", "")])
def test_without_a_name_or_a_reason_nothing_is_changed(
    database: Database, two_months: tuple[int, int], by: str, because: str
) -> None:
    with pytest.raises(WithdrawalError, match="--by"):
        withdraw(database.writer, MONTH, by=by, because=because)
    with pytest.raises(DBAPIError, match="a_rollback_has_a_name_and_a_reason"):
        execute(database.writer, "withdraw", as_of=DECEMBER, run_id=two_months[1], by=by, because=because)
    assert months_shown(database) == {NOVEMBER, DECEMBER}


def test_a_run_that_readers_no_longer_see_is_not_withdrawn(database: Database, two_months: tuple[int, int]) -> None:
    with pytest.raises(DBAPIError, match=f"readers of 2011-12-01 see run {two_months[1]} now, not run 99"):
        execute(database.writer, "withdraw", as_of=DECEMBER, run_id=99, **WHY)
    assert months_shown(database) == {NOVEMBER, DECEMBER}
