from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from jobs.forecasting.first_month.correction import Correction
from jobs.forecasting.first_month.encoder import ORDERS_INPUTS, SHARE, VALUE_INPUTS, FirstMonthEncoder
from jobs.forecasting.first_month.features import CATEGORIES, NUMBERS
from jobs.forecasting.first_month.reasons import GROUP_OF_INPUT
from jobs.forecasting.params import ModelParams

PARAMS = ModelParams(rounds=200, threads=1, activity_leaf=5.0, activity_l2=1.0)
CUSTOMERS = 2_000


@pytest.fixture(scope="module")
def features() -> pd.DataFrame:
    """Customers whose columns are drawn apart from each other; every other one is a member."""
    rng = np.random.default_rng(7)
    numbers = pd.DataFrame(rng.gamma(2.0, 3.0, (CUSTOMERS, len(NUMBERS))), columns=list(NUMBERS))
    member = np.resize(["annual", "none"], CUSTOMERS)
    return numbers.assign(membership=member, country="UK", share_books=rng.random(CUSTOMERS))


def test_members_who_order_thrice_as_expected_get_three_times_the_factor(features: pd.DataFrame) -> None:
    """However long each of them was seen."""
    rng = np.random.default_rng(3)
    expected = rng.uniform(0.1, 4.0, CUSTOMERS)
    member = (features["membership"] == "annual").to_numpy()
    actual = rng.poisson(expected * np.where(member, 1.5, 0.5)).astype(float)
    factor = Correction.fit(features, actual, expected, ORDERS_INPUTS, PARAMS).factor(features)
    assert factor[member].mean() == pytest.approx(1.5, rel=0.1)
    assert factor[~member].mean() == pytest.approx(0.5, rel=0.1)


def test_the_level_balances_what_was_expected_and_what_was_done_even_if_some_are_capped(features: pd.DataFrame) -> None:
    rng = np.random.default_rng(4)
    expected = rng.uniform(0.5, 2.0, CUSTOMERS)
    actual = expected * rng.lognormal(0.0, 2.0, CUSTOMERS)
    capped = Correction.fit(features, actual, expected, VALUE_INPUTS, PARAMS, cap=3.0)
    assert (capped.factor(features) * expected).sum() == pytest.approx(actual.sum())


@pytest.mark.parametrize("department", ["toys [new]", "<10 EUR"])
def test_a_department_of_any_name_is_an_input_before_and_after_saving(
    features: pd.DataFrame, tmp_path: Path, department: str
) -> None:
    named = features.rename(columns={"share_books": f"share_{department}"})
    expected = np.ones(CUSTOMERS)
    actual = np.where(named[f"share_{department}"] > 0.5, 1.5, 0.5)
    correction = Correction.fit(named, actual, expected, VALUE_INPUTS, PARAMS)
    loaded = Correction.load(tmp_path / "x.ubj", correction.save(tmp_path / "x.ubj"))
    assert f"share_{department}" in loaded.encoder.names
    np.testing.assert_array_equal(loaded.factor(named), correction.factor(named))
    assert np.corrcoef(loaded.factor(named), actual)[0, 1] > 0.9


def test_contributions_add_up_to_the_factor(features: pd.DataFrame) -> None:
    rng = np.random.default_rng(5)
    expected = rng.uniform(0.5, 2.0, CUSTOMERS)
    correction = Correction.fit(features, rng.poisson(expected).astype(float), expected, VALUE_INPUTS, PARAMS)
    rest = np.log(correction.factor(features)) - correction.contributions(features).sum(axis=1)
    np.testing.assert_allclose(rest, rest[0], atol=1e-4)


def test_columns_that_tell_nobody_apart_are_no_inputs(features: pd.DataFrame) -> None:
    rare = features.assign(share_rare=np.arange(CUSTOMERS) < 29, units_first_day=1.0)
    encoder = FirstMonthEncoder.of(rare, VALUE_INPUTS)
    assert {"share_rare", "units_first_day", "country"}.isdisjoint(encoder.names)
    assert {"share_books", "membership"} <= set(encoder.names)


def test_every_input_is_a_feature_and_has_a_feature_group() -> None:
    inputs = {*ORDERS_INPUTS, *VALUE_INPUTS}
    assert inputs <= {*NUMBERS, *CATEGORIES, SHARE}
    assert inputs == set(GROUP_OF_INPUT)
