from __future__ import annotations

from datetime import date
from itertools import chain, pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.forecasting.first_month.days import (
    AFTER_DAYS,
    FIRST_DAYS,
    MONTH_ENDS,
    completed,
    completed_between,
    first_orders,
    month_after,
    months_matured,
)
from jobs.forecasting.first_month.features import NUMBERS, first_month_features, profile_at
from jobs.forecasting.first_month.outcomes import FirstMonthOutcomes
from jobs.lake.tables import ALL_DEPARTMENTS
from tests.forecasting.first_month.shop import daily, day_row, profiles

SHOP, LISTS = daily(30, 8), profiles(30, 8)
AS_OF = date(2020, 7, 1)
FIRST = completed(first_orders(SHOP, AS_OF), AS_OF)


def firsts(**days: str) -> pd.Series:
    return pd.Series({name: pd.Timestamp(day) for name, day in days.items()}, name="first_ordered_on")


def rows(*given_rows: dict[str, object]) -> pd.DataFrame:
    return pd.DataFrame(list(given_rows))


def test_the_first_month_is_completed_on_day_30() -> None:
    first = firsts(done="2020-06-01", a_day_short="2020-06-02")
    assert completed(first, date(2020, 7, 1)).index.tolist() == ["done"]


def test_successive_months_share_customers_out_without_gap_or_overlap() -> None:
    first = first_orders(SHOP, AS_OF)
    days = [date(2020, month, 1) for month in range(1, 8)]
    months = [completed_between(first, *pair).index.tolist() for pair in pairwise(days)]
    assert sorted(chain.from_iterable(months)) == sorted(completed(first, AS_OF).index)


def test_a_return_is_no_first_order() -> None:
    frame = rows(day_row("a", "2020-01-01", -5.0, orders=0.0), day_row("a", "2020-01-09", 5.0))
    assert first_orders(frame, AS_OF)["a"] == pd.Timestamp("2020-01-09")


def test_the_twelve_months_are_a_year_of_months_of_30_or_31_days() -> None:
    assert MONTH_ENDS[-1] == AFTER_DAYS == 365
    assert set(np.diff([0, *MONTH_ENDS]).tolist()) == {30, 31}
    days = np.arange(-1, AFTER_DAYS + 1)
    assert np.bincount(month_after(days)[1:-1]).tolist() == np.diff([0, *MONTH_ENDS]).tolist()
    assert month_after(days)[[0, -1]].tolist() == [-1, 12]


def test_a_month_has_matured_when_its_last_day_lies_before_as_of() -> None:
    first = firsts(over="2020-05-02", a_day_short="2020-05-03", year="2019-06-02", year_short="2019-06-03")
    assert months_matured(first, AS_OF).tolist() == [1, 0, 12, 11]


def test_features_of_a_customer_are_those_of_the_first_thirty_days() -> None:
    frame = rows(
        day_row("a", "2020-01-01", 20.0, units=2.0, products=2.0),
        day_row("a", "2020-01-01", 20.0, "books", units=2.0, products=2.0),
        day_row("a", "2020-01-11", 30.0, orders_morning=0.0, orders_night=1.0),
        day_row("a", "2020-01-11", 30.0, "toys"),
        day_row("a", "2020-01-30", -10.0, orders=0.0, return_orders=1.0, units=-1.0, products=0.0, orders_morning=0.0),
        day_row("a", "2020-01-31", 1000.0),
    )
    row = first_month_features(frame, None, firsts(a="2020-01-01")).iloc[0]
    expected = {
        "net_value_first_month": 40.0,
        "orders_first_month": 2.0,
        "return_value_first_month": 10.0,
        "order_days_first_month": 2.0,
        "last_order_day": 10.0,
        "second_order_day": 10.0,
        "sales_value_first_day": 20.0,
        "units_first_day": 2.0,
        "order_value_mean_first_month": 25.0,
        "return_value_share_first_month": 0.2,
        "departments_first_month": 2.0,
        "share_books": 0.4,
        "share_toys": 0.6,
    }
    assert {name: round(float(row[name]), 9) for name in expected} == expected
    assert np.isnan(row["signup_days"])


def test_the_profile_is_that_of_the_newest_list_not_later_than_day_30() -> None:
    lists = pd.DataFrame(
        {
            "as_of": pd.to_datetime(["2020-01-01", "2020-02-01", "2020-02-01", "2020-03-01"]),
            "customer_id": ["a", "a", "b", "a"],
            "signup_on": pd.Timestamp("2019-12-31"),
            "membership": ["none", "annual", "monthly", "none"],
            "city": "York",
            "country": "UK",
        }
    )
    profile = profile_at(lists, firsts(a="2020-01-02", b="2020-01-01", unlisted="2020-01-01"))
    assert profile["membership"].tolist()[0] == "annual"
    assert profile["membership"].isna().tolist() == [False, True, True]


def test_outcomes_hold_each_month_once_it_is_over() -> None:
    frame = rows(
        day_row("a", "2020-01-01", 1.0),
        day_row("a", "2020-01-30", 2.0),
        day_row("a", "2020-01-31", 4.0),
        day_row("a", "2020-02-29", 8.0),
        day_row("a", "2020-03-01", 16.0),
    )
    outcomes = FirstMonthOutcomes.read(frame, firsts(a="2020-01-01"), date(2020, 3, 31))
    np.testing.assert_array_equal(outcomes.value[0], [12.0, 16.0, *[np.nan] * 10])
    np.testing.assert_array_equal(outcomes.orders[0], [2.0, 1.0, *[np.nan] * 10])
    np.testing.assert_array_equal(outcomes.started[0, :3] - 2020 * 12, [0, 2, 2])


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31), share=st.floats(0.1, 1.0))
def test_nothing_from_day_30_on_changes_a_feature(seed: int, share: float) -> None:
    """Later rows are scaled, dropped and added, and later lists changed: the features stay, to the last bit."""
    rng = np.random.default_rng(seed)
    start = SHOP["customer_id"].map(FIRST)
    later = ((SHOP["ordered_on"] - start).dt.days >= FIRST_DAYS).to_numpy()
    kept = ~later | (rng.random(len(SHOP)) < share)
    altered = SHOP[kept].copy()
    moved = later[kept]
    altered.loc[moved, "net_value"] *= rng.normal(1.0, 5.0, moved.sum())
    altered.loc[moved, "orders"] += rng.integers(0, 9, moved.sum())
    customer = str(rng.choice(FIRST.index))
    day = FIRST[customer] + pd.Timedelta(days=int(rng.integers(FIRST_DAYS, 400)))
    extra = rows(*(day_row(customer, day, 999.0, name) for name in (ALL_DEPARTMENTS, "books")))
    lists = LISTS.copy()
    late = (lists["as_of"] > lists["customer_id"].map(FIRST) + pd.Timedelta(days=FIRST_DAYS)).to_numpy()
    lists.loc[late, "membership"] = "changed"
    now = first_month_features(pd.concat([altered, extra]).sample(frac=1.0, random_state=seed), lists, FIRST)
    pd.testing.assert_frame_equal(now, first_month_features(SHOP, LISTS, FIRST), rtol=0.0, atol=0.0)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_nothing_from_as_of_on_changes_an_outcome(seed: int) -> None:
    rng = np.random.default_rng(seed)
    later = (SHOP["ordered_on"] >= pd.Timestamp(AS_OF)).to_numpy()
    altered = SHOP[~later | (rng.random(len(SHOP)) < 0.5)].copy()
    altered.loc[altered["ordered_on"] >= pd.Timestamp(AS_OF), "net_value"] += rng.normal(0.0, 100.0)
    first = completed(first_orders(altered, AS_OF), AS_OF)
    pd.testing.assert_series_equal(first, FIRST)
    then, now = (FirstMonthOutcomes.read(frame, FIRST, AS_OF) for frame in (SHOP, altered))
    np.testing.assert_array_equal(now.value, then.value)
    np.testing.assert_array_equal(now.orders, then.orders)


@pytest.mark.parametrize("months", [4, 7, 8])
def test_a_customer_s_features_are_the_same_at_every_as_of(months: int) -> None:
    as_of = date(2020, months, 1)
    then = completed(first_orders(SHOP, as_of), as_of)
    before = first_month_features(SHOP[SHOP["ordered_on"] < pd.Timestamp(as_of)], LISTS, then)
    now = first_month_features(SHOP, LISTS, then)
    pd.testing.assert_frame_equal(before, now, rtol=0.0, atol=0.0)
    assert list(before.columns[2 : 2 + len(NUMBERS)]) == list(NUMBERS)
