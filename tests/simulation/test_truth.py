"""The truth is the truth: what many customers really spend afterwards is what it says, within sampling error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from jobs.core.month import HORIZON_MONTHS, Month
from jobs.simulation.deliveries import Shop
from jobs.simulation.population import Population
from jobs.simulation.purchases import month_of_shop
from jobs.simulation.truth import truth

AGE = 14
LARGEST_STANDARD_ERRORS = 3.5
"""Some 60 comparisons are made; in 1 of 2000 honest ones the difference is larger."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Outcome:
    """One row a customer who had signed up: what was expected, and what came."""

    people: Population
    known: npt.NDArray[np.bool_]
    expected: Floats
    p_active: Floats
    realised: Floats
    was_active: Floats


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    shop = Shop(customers=50_000, months=AGE + HORIZON_MONTHS, seed=3, end=Month(2012, 7))
    people = shop.population(0)
    realised, was_active = np.zeros((len(people), HORIZON_MONTHS)), np.zeros(len(people))
    late, kept = None, None
    for age in range(shop.months):
        if age == AGE:
            expectations = truth(people, age, shop.first.plus(age), kept=kept).to_pandas()
        drawn = month_of_shop(people, age, shop.first.plus(age), returned_from_before=late, rng=shop.rng(1, 0, age))
        late, kept = drawn.returned_next_month, drawn.kept
        if age >= AGE:
            was_active[drawn.sales.customer] = 1
            for lines in (drawn.sales, drawn.returns):
                realised[:, age - AGE] += np.bincount(lines.customer, weights=lines.value, minlength=len(people))
    known = people.signup_month < AGE
    expected = expectations[[f"expected_{h:02d}" for h in range(1, HORIZON_MONTHS + 1)]].to_numpy()
    return Outcome(people, known, expected, expectations.p_active_12m.to_numpy(), realised[known], was_active[known])


def standard_errors(difference: Floats) -> float:
    """How many standard errors the mean of the differences lies from zero."""
    return float(abs(difference.mean()) / (difference.std() / len(difference) ** 0.5))


def test_every_forecast_month_brings_in_what_was_expected(outcome: Outcome) -> None:
    for h in range(HORIZON_MONTHS):
        assert standard_errors(outcome.realised[:, h] - outcome.expected[:, h]) < LARGEST_STANDARD_ERRORS, (
            f"month {h + 1}"
        )


@pytest.mark.parametrize("trait", ["tenure", "membership", "taste", "tier", "rate", "churn", "return_share"])
def test_every_kind_of_customer_brings_in_what_was_expected(outcome: Outcome, trait: str) -> None:
    people, known = outcome.people, outcome.known
    values = (AGE - people.signup_month if trait == "tenure" else getattr(people, trait))[known]
    bands = np.searchsorted(np.quantile(values, [0.2, 0.4, 0.6, 0.8]), values)
    difference = (outcome.realised - outcome.expected).sum(axis=1)

    for band in np.unique(bands):
        assert standard_errors(difference[bands == band]) < LARGEST_STANDARD_ERRORS, f"{trait}, fifth {band}"


def test_as_many_stay_active_as_was_expected(outcome: Outcome) -> None:
    spread = np.sqrt((outcome.p_active * (1 - outcome.p_active)).sum())

    assert abs(outcome.was_active.sum() - outcome.p_active.sum()) / spread < LARGEST_STANDARD_ERRORS


def test_customers_who_left_are_worth_no_more_than_the_returns_still_to_come(outcome: Outcome) -> None:
    left = (outcome.people.last_month < AGE)[outcome.known]

    assert (outcome.expected[left, 0] <= 0).all()
    assert (outcome.expected[left, 0] < 0).any()
    assert (outcome.expected[left, 1:] == 0).all()
    assert (outcome.p_active[left] == 0).all()
