from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from benchmarks import preparation
from jobs.core.month import Month
from jobs.forecasting.encoder import ORDER_LAGS, VALUE_LAGS, InputEncoder
from jobs.forecasting.outcomes import customer_fold

AS_OF = date(2024, 7, 1)
CUSTOMERS = 120


@pytest.fixture
def snapshot() -> pd.DataFrame:
    """Customers of whom ten never bought; half of the gaps and most mean order values of the month are missing."""
    rng = np.random.default_rng(2)
    value = rng.lognormal(3.0, 1.0, CUSTOMERS)
    never, row = np.arange(CUSTOMERS) < 10, np.arange(CUSTOMERS)
    return pd.DataFrame(
        {
            "customer_id": [f"c{number:03d}" for number in row],
            "first_ordered_on": pd.Timestamp("2024-01-15"),
            "recency_days": np.where(never, np.nan, rng.uniform(1, 100, CUSTOMERS)),
            "tenure_days": np.where(never, np.nan, rng.uniform(100, 150, CUSTOMERS)),
            "order_days_lifetime": np.where(never, 0, rng.integers(1, 9, CUSTOMERS)),
            "net_value_lifetime": value,
            "sales_value_lifetime": value * 1.01,
            "gap_days_mean": np.where(row % 2 == 0, np.nan, value / 2.0),
            "order_value_mean_30d": np.where(row % 5 == 0, value, np.nan),
            "membership": np.array(["none", "monthly", "annual"])[row % 3],
            "city": np.array(list("abcdefgh"))[row % 8],
            **{name: value * (i + 1) for i, name in enumerate((*VALUE_LAGS, *ORDER_LAGS))},
        }
    )


@pytest.fixture
def encoder(snapshot: pd.DataFrame) -> InputEncoder:
    return InputEncoder.of(snapshot, Month(2024, 1))


def test_sparse_are_the_inputs_that_most_buyers_lack(snapshot: pd.DataFrame, encoder: InputEncoder) -> None:
    assert preparation.sparse(snapshot, encoder) == ["order_value_mean_30d"]


@pytest.mark.parametrize("impute", [preparation.imputed_by_regression, preparation.imputed_by_neighbours])
def test_imputation_fills_what_is_missing_and_changes_nothing_else(
    impute: object, snapshot: pd.DataFrame, encoder: InputEncoder
) -> None:
    filled = impute({AS_OF: snapshot}, encoder)[AS_OF]  # type: ignore[operator]

    there = snapshot["gap_days_mean"].notna()
    assert filled["gap_days_mean"].notna().all()
    pd.testing.assert_series_equal(filled["gap_days_mean"][there], snapshot["gap_days_mean"][there])
    untouched = ["customer_id", "recency_days", "tenure_days", "city", *VALUE_LAGS]
    pd.testing.assert_frame_equal(filled[untouched], snapshot[untouched])


def test_a_regression_finds_what_another_input_tells(snapshot: pd.DataFrame, encoder: InputEncoder) -> None:
    filled = preparation.imputed_by_regression({AS_OF: snapshot}, encoder)[AS_OF]
    expected = snapshot["net_value_lifetime"] / 2.0

    assert np.corrcoef(filled["gap_days_mean"], expected)[0, 1] > 0.9


def test_few_texts_become_columns_and_many_become_means(snapshot: pd.DataFrame, encoder: InputEncoder) -> None:
    coded = preparation.coded({AS_OF: snapshot}, encoder)[AS_OF]

    assert not {"membership", "city"} & set(coded.columns)
    one_hot = coded[[f"net_value_membership_{i}_365d" for i in range(3)]]
    assert (one_hot.sum(axis=1) == 1.0).all()
    names = InputEncoder.of(coded, Month(2024, 1)).names
    assert {*one_hot.columns, "net_value_city_365d"} <= set(names)


def test_nobodys_own_value_is_in_his_code(snapshot: pd.DataFrame, encoder: InputEncoder) -> None:
    fold = customer_fold(snapshot["customer_id"], 5)
    own = fold == fold[0]
    richer = snapshot.assign(**{name: snapshot[name] * np.where(own, 9.0, 1.0) for name in VALUE_LAGS})
    before, after = (
        preparation.coded({AS_OF: frame}, encoder)[AS_OF]["net_value_city_365d"] for frame in (snapshot, richer)
    )

    assert (before[own] == after[own]).all()
    assert (before[~own] < after[~own]).all()


def test_collinear_pairs_are_counted_once(snapshot: pd.DataFrame, encoder: InputEncoder) -> None:
    alone = preparation.collinear_pairs(snapshot.assign(sales_value_lifetime=np.arange(CUSTOMERS) % 7), encoder)

    assert preparation.collinear_pairs(snapshot, encoder) == alone + 1
