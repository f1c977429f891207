from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.core.tiers import DEFAULT_SHARES, TierError, Tiers

values_of_customers = st.lists(st.floats(0.0, 1e6), min_size=1, max_size=200)


def assigned(tiers: Tiers, values: Sequence[float], before: Sequence[int] | None = None) -> list[int]:
    return tiers.of(np.array(values), np.array(before or [0] * len(values))).tolist()


def test_without_a_month_before_the_tiers_hold_the_declared_shares() -> None:
    tiers = assigned(Tiers(), list(range(1000)))
    assert np.bincount(tiers).tolist() == [0, 10, 40, 50, 150, 250, 500]
    assert tiers[-1] == 1
    assert tiers[0] == len(DEFAULT_SHARES) + 1


def test_amounts_are_the_least_values_of_their_tiers() -> None:
    assert assigned(Tiers(amounts=(1000, 200)), [1000.0, 999.99, 200.0, 199.99, -5.0]) == [1, 2, 2, 3, 3]


@pytest.mark.parametrize(
    ("value", "before", "tier"),
    [(850.0, 1, 1), (799.0, 1, 2), (1150.0, 2, 2), (1201.0, 2, 1), (170.0, 1, 3), (170.0, 2, 2), (850.0, 0, 2)],
)
def test_a_customer_keeps_the_tier_until_the_value_is_a_fifth_past_the_boundary(
    value: float, before: int, tier: int
) -> None:
    assert assigned(Tiers(amounts=(1000, 200)), [value], [before]) == [tier]


def test_a_tier_that_the_shop_has_given_up_is_left() -> None:
    assert assigned(Tiers(amounts=(1000,)), [10.0, 2000.0], [6, 6]) == [2, 1]


@given(values_of_customers)
def test_customers_of_equal_value_have_the_same_tier(values: list[float]) -> None:
    tiers = assigned(Tiers(), values * 2)
    assert tiers[: len(values)] == tiers[len(values) :]


@given(values_of_customers, st.data())
def test_the_tiers_of_the_month_before_change_nothing_but_who_is_near_a_boundary(
    values: list[float], data: st.DataObject
) -> None:
    before = data.draw(st.lists(st.integers(0, 6), min_size=len(values), max_size=len(values)))
    plain, kept = (np.array(assigned(Tiers(), values, tiers)) for tiers in (None, before))
    share = np.array([(np.array(values) >= value).mean() for value in values])
    near = (np.abs(share[:, None] / np.array(DEFAULT_SHARES) - 1.0) <= 0.2 + 1e-9).any(axis=1)
    assert ((plain == kept) | near).all()
    assert assigned(Tiers(), values, plain.tolist()) == plain.tolist()


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"shares": (0.1,), "amounts": (5,)}, "give one of them"),
        ({"shares": (0.1, 0.05)}, "give rising shares"),
        ({"shares": (0.1, 0.1)}, "give rising shares"),
        ({"shares": (0.5, 1.0)}, "between 0 and 1"),
        ({"amounts": (100, 200)}, "falling positive amounts"),
        ({"amounts": (100, 0)}, "give positive ones"),
    ],
)
def test_boundaries_that_contradict_themselves_are_refused(
    declared: dict[str, tuple[float, ...]], message: str
) -> None:
    with pytest.raises(TierError, match=message):
        Tiers(**declared)
