"""The simulated regimes do what their names say, and their truth is that of the months that follow."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest

from benchmarks.regimes import FIRST, MONTHS, REGIMES, write

ORIGIN = FIRST.plus(MONTHS - 12)
NAMES = list(REGIMES)


@cache
def drawn(name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The transactions of a regime, and the truth at the origin."""
    with TemporaryDirectory() as folder:
        rows = pd.read_parquet(write(name, Path(folder), origins=[ORIGIN]))
        return rows, pd.read_parquet(Path(folder, "truth", f"as_of={ORIGIN.first_day}.parquet"))


def gaps(name: str) -> pd.Series:
    """Days between a customer's orders."""
    rows = drawn(name)[0].sort_values(["customer_id", "ordered_at"])
    return rows.groupby("customer_id")["ordered_at"].diff().dropna() / pd.Timedelta(days=1)


def test_the_same_bytes_are_drawn_again(tmp_path: Path) -> None:
    pd.testing.assert_frame_equal(pd.read_parquet(write("yearly", tmp_path, origins=[])), drawn("yearly")[0])


@pytest.mark.parametrize("name", NAMES)
def test_every_month_has_orders_and_no_order_lies_outside(name: str) -> None:
    rows = drawn(name)[0]
    months = rows["ordered_at"].dt.strftime("%Y-%m")
    assert sorted(months.unique()) == [str(month) for month in FIRST.through(FIRST.plus(MONTHS - 1))]
    assert rows["order_id"].is_unique
    assert (rows["amount"] > 0.0).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_truth_is_what_follows_on_average(name: str) -> None:
    rows, truth = drawn(name)
    known = set(truth["customer_id"])
    assert known >= set(rows.loc[rows["ordered_at"] < pd.Timestamp(ORIGIN.first_day), "customer_id"])
    later = rows[(rows["ordered_at"] >= pd.Timestamp(ORIGIN.first_day)) & rows["customer_id"].isin(known)]
    actual = later.groupby("customer_id")["amount"].sum().reindex(truth["customer_id"], fill_value=0.0).to_numpy()
    expected = truth.filter(like="expected").sum(axis=1).to_numpy()
    error = np.std(actual - expected) * np.sqrt(len(actual)) / expected.sum()
    assert abs(actual.sum() / expected.sum() - 1.0) < 4.0 * error + 0.01


def test_regular_customers_have_even_gaps_and_clumpy_ones_do_not() -> None:
    steady, clumpy = gaps("steady"), gaps("clumpy")
    assert steady.std() / steady.mean() < 1.2 < clumpy.std() / clumpy.mean()
    assert gaps("memberships").between(26, 35).mean() > 0.9


def test_one_time_customers_do_not_come_back_and_yearly_ones_do_after_a_year() -> None:
    later = drawn("one_time")[0].groupby("customer_id")["ordered_at"].agg(["min", "max"])
    assert ((later["max"] - later["min"]).dt.days < 31).mean() > 0.95
    assert gaps("yearly").between(330, 400).mean() > 0.7


def test_growth_decline_and_break_show_in_the_months() -> None:
    def years(name: str) -> list[int]:
        """Orders of each year."""
        return drawn(name)[0]["ordered_at"].dt.year.value_counts().sort_index().tolist()

    assert years("growing")[3] > 1.3 * years("growing")[1]
    assert years("shrinking")[3] < 0.7 * years("shrinking")[1]
    month = drawn("break")[0]["ordered_at"].dt.strftime("%Y-%m").value_counts().sort_index()
    assert month.iloc[45:48].sum() < 0.75 * month.iloc[33:36].sum()
