from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from jobs.core.month import Month
from jobs.features.staleness import daily_inputs, months_until, snapshot_inputs
from jobs.lake.lake import Lake
from jobs.lake.tables import CUSTOMERS, DAILY, SESSIONS, TRANSACTIONS, Table
from jobs.lake.versions import IncompleteError, Record
from tests.periods import put

MONTHS = Month(2023, 10).through(Month(2024, 12))
UNTIL = date(2025, 1, 1)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(str(tmp_path))
    for month in MONTHS:
        deliver(lake, TRANSACTIONS, month)
        deliver(lake, DAILY, month)
    return lake


def deliver(lake: Lake, table: Table, month: Month, fingerprint: str = "1") -> None:
    put(lake, table, month, Record(rows=1, fingerprint=fingerprint))


def changed(before: list[dict[str, str]], lake: Lake) -> list[str]:
    """The snapshots that are made from something else than before."""
    now = fingerprints(lake)
    return [str(month.as_of) for month, old, new in zip(MONTHS, before, now, strict=True) if old != new]


def fingerprints(lake: Lake) -> list[dict[str, str]]:
    return [dict(one.fingerprints) for one in snapshot_inputs(lake, (), until=UNTIL)]


def test_a_snapshot_looks_back_on_twelve_months(lake: Lake) -> None:
    last = snapshot_inputs(lake, (), until=UNTIL)[-1]
    assert last.daily == Month(2024, 1).through(Month(2024, 12))


def test_a_restated_month_makes_all_later_snapshots_stale_and_no_earlier_one(lake: Lake) -> None:
    before = fingerprints(lake)
    deliver(lake, DAILY, Month(2023, 11), "restated")
    assert changed(before, lake) == [str(month.as_of) for month in MONTHS[1:]]


def test_a_month_delivered_again_unchanged_makes_nothing_stale(lake: Lake) -> None:
    before = fingerprints(lake)
    deliver(lake, DAILY, Month(2023, 11))
    assert changed(before, lake) == []


def test_a_later_month_changes_no_earlier_snapshot(lake: Lake) -> None:
    before = fingerprints(lake)
    for table in (TRANSACTIONS, DAILY, SESSIONS):
        deliver(lake, table, Month(2025, 1))
    assert changed(before, lake) == []


def test_a_snapshot_uses_the_newest_customer_list_of_its_past_and_none_before_the_first(lake: Lake) -> None:
    for month in (Month(2024, 3), Month(2024, 11), Month(2025, 2)):
        deliver(lake, CUSTOMERS, month)
    used = {str(one.as_of): str(one.customers) for one in snapshot_inputs(lake, (), until=UNTIL)}
    assert (used["2024-03-01"], used["2024-04-01"], used["2024-12-01"]) == ("None", "2024-03", "2024-11")


def test_logins_are_read_from_the_delivered_months_that_their_windows_reach(lake: Lake) -> None:
    for month in Month(2024, 2).through(Month(2024, 11)):
        deliver(lake, SESSIONS, month)
    by_as_of = {str(one.as_of): one for one in snapshot_inputs(lake, (), until=UNTIL)}
    assert by_as_of["2024-06-01"].sessions == Month(2024, 3).through(Month(2024, 5))
    assert by_as_of["2025-01-01"].sessions == Month(2024, 10).through(Month(2024, 11))
    assert (by_as_of["2024-12-01"].has_sessions, by_as_of["2025-01-01"].has_sessions) == (True, False)


def test_another_declaration_of_departments_makes_every_snapshot_stale(lake: Lake) -> None:
    plain = fingerprints(lake)
    declared = [dict(one.fingerprints) for one in snapshot_inputs(lake, ("books",), until=UNTIL)]
    assert all(one != other for one, other in zip(plain, declared, strict=True))


def test_a_gap_in_the_months_is_refused_by_name(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    deliver(lake, TRANSACTIONS, Month(2024, 1))
    deliver(lake, TRANSACTIONS, Month(2024, 3))
    with pytest.raises(IncompleteError, match="lacks 2024-02 in"):
        months_until(lake, date(2024, 4, 1))


def test_a_month_before_the_data_is_refused(lake: Lake) -> None:
    with pytest.raises(IncompleteError, match="lacks 2023-08 in"):
        months_until(lake, date(2023, 9, 1))


def test_another_population_makes_every_month_and_snapshot_stale_and_so_does_a_corrected_list(lake: Lake) -> None:
    month, french = Month(2024, 11), "country = 'FR'"

    def made_from(where: str | None) -> list[dict[str, str]]:
        snapshots = [dict(one.fingerprints) for one in snapshot_inputs(lake, (), until=UNTIL, customers_where=where)]
        return [daily_inputs(lake, month, where), snapshots[0]]

    deliver(lake, CUSTOMERS, Month(2024, 12))
    everybody, before = made_from(None), made_from(french)
    assert all(one not in before for one in everybody)
    assert all(one not in before for one in made_from("country = 'DE'"))
    deliver(lake, CUSTOMERS, Month(2024, 12), "corrected")
    assert made_from(french)[0] != before[0]
    assert made_from(None)[0] == everybody[0]
