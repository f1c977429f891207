from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jobs.core.month import Month, MonthRefusedError, parse_as_of, resolve_month

FIRST, LAST_CLOSED = Month(2009, 12), Month(2011, 11)

months = st.builds(Month, st.integers(1950, 2150), st.integers(1, 12))
distances = st.integers(-600, 600)


def resolved(requested: str | None = None, run_type: str = "manual", logical_date: datetime | None = None) -> Month:
    return resolve_month(
        requested=requested, run_type=run_type, logical_date=logical_date, first=FIRST, last_closed=LAST_CLOSED
    )


@given(months)
def test_a_month_reads_back_as_it_is_written(month: Month) -> None:
    assert Month.parse(str(month)) == month


@given(months, distances)
def test_moving_there_and_back_ends_where_it_began(month: Month, distance: int) -> None:
    moved = month.plus(distance)
    assert moved.plus(-distance) == month
    assert month.months_until(moved) == distance


@given(months, st.integers(0, 60))
def test_the_months_through_a_later_one_are_consecutive_and_include_both(month: Month, distance: int) -> None:
    through = month.through(month.plus(distance))
    assert (through[0], through[-1], len(through)) == (month, month.plus(distance), distance + 1)
    assert all(earlier.plus(1) == later for earlier, later in pairwise(through))


@given(months, months)
def test_months_are_ordered_as_their_days_and_as_their_text(one: Month, other: Month) -> None:
    assert (one < other) == (one.first_day < other.first_day) == (str(one) < str(other))


@given(st.dates(date(1950, 1, 1), date(2150, 12, 31)))
def test_every_day_of_a_month_lies_before_its_as_of_and_not_before_its_first_day(day: date) -> None:
    month = Month.of(day)
    assert month.first_day <= day < month.as_of
    assert Month.before(month.as_of) == month


def test_there_are_no_months_through_an_earlier_one() -> None:
    assert Month(2011, 11).through(Month(2011, 10)) == []


@pytest.mark.parametrize("text", ["2011-13", "2011-00", "1899-12", "2011-1", "201111", "2011-11-01", "", "2011-11\n"])
def test_text_that_is_no_month_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a month: give YYYY-MM, for example 2011-11"):
        Month.parse(text)


def test_an_as_of_is_the_first_of_a_month() -> None:
    assert parse_as_of("2011-12-01") == date(2011, 12, 1)
    with pytest.raises(ValueError, match="2011-12-02 is not the first of a month"):
        parse_as_of("2011-12-02")


@pytest.mark.parametrize("run_type", ["scheduled", "backfill"])
@given(day=st.datetimes(datetime(2009, 12, 1), datetime(2011, 11, 30), timezones=st.just(UTC)))  # noqa: DTZ001
def test_scheduled_and_backfill_runs_are_for_the_month_of_their_logical_date(run_type: str, day: datetime) -> None:
    assert resolved(run_type=run_type, logical_date=day) == Month.of(day)


@given(st.none() | st.datetimes(timezones=st.just(UTC)))
def test_a_manual_run_is_for_the_last_closed_month_whenever_the_button_was_pressed(moment: datetime | None) -> None:
    assert resolved(run_type="manual", logical_date=moment) == LAST_CLOSED


@given(requested=st.sampled_from(FIRST.through(LAST_CLOSED)), day=st.datetimes(timezones=st.just(UTC)))
@pytest.mark.parametrize("run_type", ["scheduled", "backfill", "manual", "operator_triggered", "asset_triggered"])
def test_the_month_asked_for_wins_in_every_kind_of_run(run_type: str, requested: Month, day: datetime) -> None:
    assert resolved(str(requested), run_type, day) == requested


@given(months)
def test_a_month_outside_the_data_is_refused_with_the_months_that_exist(month: Month) -> None:
    assume(not FIRST <= month <= LAST_CLOSED)
    why = "lies before the first month of data" if month < FIRST else "is not closed"
    with pytest.raises(MonthRefusedError, match=f"month {month} {why}.*can be run: 2009-12 to 2011-11"):
        resolved(str(month))
