from __future__ import annotations

import numpy as np
import pytest

from jobs.core.month import HORIZON_MONTHS
from jobs.forecasting.cold_start import Rates, Seen


def seen(days: float, p: float, value: float, customers: int = 5_000) -> list[Seen]:
    """Customers who signed up so long ago, of whom a share bought in every month."""
    active = (np.arange(customers) < p * customers).astype(float)
    return [Seen(np.full(customers, days), h, active, active * value) for h in range(1, HORIZON_MONTHS + 1)]


def test_each_stage_gets_what_its_customers_did() -> None:
    rates = Rates.fit([*seen(10.0, 0.2, 40.0), *seen(400.0, 0.01, 20.0)], active_value=30.0)
    p, value = rates.of(np.array([20.0, 900.0]))
    assert p.shape == value.shape == (2, HORIZON_MONTHS)
    assert p[:, 0] == pytest.approx([0.2, 0.01], rel=0.05)
    assert value[:, 0] == pytest.approx([8.0, 0.2], rel=0.05)


def test_who_does_not_tell_when_he_signed_up_counts_as_the_longest_known() -> None:
    rates = Rates.fit([*seen(10.0, 0.2, 40.0), *seen(400.0, 0.01, 20.0)], active_value=30.0)
    unknown, longest = rates.of(np.array([np.nan])), rates.of(np.array([10_000.0]))
    assert np.array_equal(unknown[0], longest[0])


def test_a_stage_nobody_was_seen_in_leans_on_the_others() -> None:
    p, _ = Rates.fit(seen(10.0, 0.2, 40.0), active_value=30.0).of(np.array([400.0]))
    assert p[0, 0] == pytest.approx(0.2, rel=0.05)


def test_a_few_customers_do_not_decide_alone() -> None:
    one = [Seen(np.array([10.0]), 1, np.array([1.0]), np.array([500.0]))]
    p, value = Rates.fit(one, active_value=30.0).of(np.array([10.0]))
    assert p.max() < 0.1
    assert value.max() < 50.0


def test_a_shop_where_everybody_bought_still_has_rates() -> None:
    p, value = Rates.fit([], active_value=30.0).of(np.array([10.0]))
    assert (p > 0.0).all()
    assert (value > 0.0).all()


def test_customers_whose_goods_came_back_are_worth_nothing_rather_than_less() -> None:
    returned = [Seen(np.full(100, 10.0), 1, np.zeros(100), np.full(100, -10.0))]
    _, value = Rates.fit(returned, active_value=30.0).of(np.array([10.0, 60.0]))
    group = 50.0 * 0.01 * 30.0 / (100.0 + 50.0)
    stage = 50.0 * group / (100.0 + 50.0)
    assert value[0] == pytest.approx([50.0 * stage / (100.0 + 50.0), *[stage] * 11])
    assert value[1] == pytest.approx([group] * 12)
