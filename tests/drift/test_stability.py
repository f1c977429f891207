from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.drift.stability import THRESHOLD, Comparison, categories, compare_categories, compare_numbers

NUMBERS = st.lists(st.none() | st.floats(-1e12, 1e12), max_size=40).map(lambda values: pd.Series(values, dtype=float))


def test_the_index_is_the_published_formula() -> None:
    # (0.4 - 0.5) ln(0.4 / 0.5) + (0.6 - 0.5) ln(0.6 / 0.5)
    assert Comparison(["a", "b"], [0.5, 0.5], [0.4, 0.6]).psi == pytest.approx(0.0405465)


def test_a_bin_that_only_one_of_them_has_counts_as_one_in_ten_thousand() -> None:
    psi = Comparison(["a", "b"], [1.0, 0.0], [0.5, 0.5]).psi
    assert np.isfinite(psi)
    assert psi > 4


@settings(max_examples=50, deadline=None)
@given(reference=NUMBERS, today=NUMBERS)
def test_every_customer_is_in_one_bin_whatever_the_numbers(reference: pd.Series, today: pd.Series) -> None:
    comparison = compare_numbers(reference, today)
    assert np.isfinite(comparison.psi)
    assert comparison.psi >= 0
    for shares, values in ((comparison.reference_shares, reference), (comparison.shares, today)):
        assert len(shares) == len(comparison.bins)
        assert sum(shares) == pytest.approx(1.0 if len(values) else 0.0)


def test_equal_distributions_have_not_drifted_and_a_shift_of_all_customers_has() -> None:
    values = pd.Series(np.random.default_rng(1).gamma(2.0, 50.0, 5_000))
    assert compare_numbers(values, values).psi == 0
    assert compare_numbers(values[:2500], values[2500:]).psi < THRESHOLD
    assert compare_numbers(values, values * 2).psi > THRESHOLD


def test_mostly_equal_numbers_are_one_bin_and_missing_ones_another() -> None:
    reference = pd.Series([0.0] * 90 + [5.0] * 8 + [None] * 2)
    comparison = compare_numbers(reference, pd.Series([0.0, 7.0, None, None]))
    assert comparison.bins == ["up to 0", "above 0", "missing"]
    assert comparison.reference_shares == [0.9, 0.08, 0.02]
    assert comparison.shares == [0.25, 0.25, 0.5]


def test_categories_are_compared_by_name_and_rare_or_new_ones_together() -> None:
    reference = categories(pd.Series([f"c{number:02d}" for number in range(25)] + ["c00"] * 5))
    comparison = compare_categories(reference, categories(pd.Series(["c00", "abroad", None, "c24"])))
    assert comparison.bins == [*(f"c{number:02d}" for number in range(20)), "other"]
    assert comparison.shares == [0.25, *[0.0] * 19, 0.75]
    assert comparison.reference_shares[0] == 0.2
