from __future__ import annotations

import numpy as np
import pytest

from jobs.forecasting.btyd import BgNbd, Purchases

PUBLISHED = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
"""CDNOW, 39 weeks (Fader, Hardie and Lee 2005, table 2)."""

# The first three customers of the paper's spreadsheet: repeats, week of the last order, weeks known.
FIRST_THREE = Purchases(np.array([2.0, 1.0, 0.0]), np.array([30.43, 1.71, 0.0]), np.full(3, 38.86))


def test_likelihood_of_the_published_customers():
    assert PUBLISHED.log_likelihood(FIRST_THREE) == pytest.approx([-9.4596, -4.4711, -0.5538], abs=3e-3)


def test_published_customer_is_expected_to_order_1_226_times_in_the_next_39_weeks():
    assert PUBLISHED.expected_purchases(FIRST_THREE, 39.0)[0] == pytest.approx(1.226, abs=1e-3)


def test_who_never_came_back_cannot_have_left():
    assert PUBLISHED.p_alive(FIRST_THREE)[2] == 1.0


def test_expected_orders_grow_with_the_time_ahead():
    ahead = np.array([PUBLISHED.expected_purchases(FIRST_THREE, weeks) for weeks in (4.0, 13.0, 52.0)])
    assert (np.diff(ahead, axis=0) > 0).all()


def simulated(true: BgNbd, customers: int, seed: int) -> Purchases:
    rng = np.random.default_rng(seed)
    age = rng.uniform(20.0, 60.0, customers)
    rate, leave = rng.gamma(true.r, 1 / true.alpha, customers), rng.beta(true.a, true.b, customers)
    repeats, last = np.zeros(customers), np.zeros(customers)
    clock, alive = np.zeros(customers), np.ones(customers, dtype=bool)
    while alive.any():
        clock = clock + rng.exponential(1 / np.maximum(rate, 1e-12))
        alive &= clock <= age
        repeats, last = repeats + alive, np.where(alive, clock, last)
        alive &= rng.random(customers) >= leave
    return Purchases(repeats, last, age)


def test_parameters_of_a_simulated_shop_are_recovered():
    true = BgNbd(r=0.8, alpha=6.0, a=0.9, b=3.0)
    found = BgNbd.fit(simulated(true, 20_000, seed=5))
    assert found.r == pytest.approx(true.r, rel=0.1)
    assert found.alpha == pytest.approx(true.alpha, rel=0.1)
    assert found.a / (found.a + found.b) == pytest.approx(true.a / (true.a + true.b), rel=0.1)


def test_fit_does_not_depend_on_the_order_of_the_customers():
    shop = simulated(PUBLISHED, 2_000, seed=1)
    turned = Purchases(shop.repeats[::-1], shop.last[::-1], shop.age[::-1])
    assert BgNbd.fit(turned) == BgNbd.fit(shop)


def test_customers_who_all_ordered_once_still_have_an_answer():
    once = Purchases(np.zeros(50), np.zeros(50), np.linspace(1.0, 12.0, 50))
    expected = BgNbd.fit(once).expected_purchases(once, 52.0)
    assert np.isfinite(expected).all()
    assert (expected < 0.5).all()
