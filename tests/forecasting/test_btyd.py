from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import beta, gamma

from jobs.forecasting.btyd import GammaGamma, MbgNbd, Purchases

PUBLISHED = MbgNbd(r=0.525, alpha=6.183, a=0.891, b=1.614)
"""CDNOW, 39 weeks (Batislam, Denizel and Filiztekin 2007)."""

# The first three customers of Fader and Hardie's spreadsheet: repeats, week of the last order, weeks known.
FIRST_THREE = Purchases(np.array([2.0, 1.0, 0.0]), np.array([30.43, 1.71, 0.0]), np.full(3, 38.86))


@pytest.mark.parametrize(("repeats", "last"), [(0.0, 0.0), (2.0, 7.0), (5.0, 19.0)])
def test_likelihood_is_that_of_the_story_it_tells(repeats: float, last: float):
    model, age = MbgNbd(r=1.5, alpha=6.0, a=1.5, b=2.5), 20.0
    levels = (np.arange(2_000) + 0.5) / 2_000
    rate = gamma.ppf(levels, model.r, scale=1 / model.alpha)[:, None]
    leaves = beta.ppf(levels, model.a, model.b)[None, :]
    stayed = rate**repeats * np.exp(-rate * age) * (1 - leaves) ** (repeats + 1)
    left = rate**repeats * np.exp(-rate * last) * leaves * (1 - leaves) ** repeats
    one = Purchases(np.array([repeats]), np.array([last]), np.array([age]))
    assert model.log_likelihood(one)[0] == pytest.approx(np.log((stayed + left).mean()), abs=1e-3)


def test_published_customer_is_expected_to_order_about_1_226_times_in_the_next_39_weeks():
    # 1.226 is BG/NBD's figure for the same customer; the two models agree where he has come back.
    assert PUBLISHED.expected_purchases(FIRST_THREE, 39.0)[0] == pytest.approx(1.226, rel=0.05)


def test_a_single_order_long_ago_means_the_customer_has_probably_left():
    once = Purchases(np.zeros(3), np.zeros(3), np.array([1.0, 52.0, 520.0]))
    alive = PUBLISHED.p_alive(once)
    assert alive[0] > alive[1] > alive[2]
    assert alive[2] < 0.25


def test_expected_orders_grow_with_the_time_ahead():
    ahead = np.array([PUBLISHED.expected_purchases(FIRST_THREE, weeks) for weeks in (4.0, 13.0, 52.0)])
    assert (np.diff(ahead, axis=0) > 0).all()


def simulated(true: MbgNbd, customers: int, seed: int, ahead: float = 0.0) -> tuple[Purchases, np.ndarray]:
    """Histories of a shop, and the orders of the time ahead."""
    rng = np.random.default_rng(seed)
    age = rng.uniform(20.0, 60.0, customers)
    rate, leave = rng.gamma(true.r, 1 / true.alpha, customers), rng.beta(true.a, true.b, customers)
    repeats, last, later, clock = np.zeros((4, customers))
    alive = rng.random(customers) >= leave
    while alive.any():
        clock = clock + rng.exponential(1 / np.maximum(rate, 1e-12))
        alive &= clock <= age + ahead
        known = alive & (clock <= age)
        repeats, last, later = repeats + known, np.where(known, clock, last), later + (alive & ~known)
        alive &= rng.random(customers) >= leave
    return Purchases(repeats, last, age), later


def test_parameters_of_a_simulated_shop_are_recovered():
    true = MbgNbd(r=0.8, alpha=6.0, a=0.9, b=3.0)
    found = MbgNbd.fit(simulated(true, 20_000, seed=5)[0])
    assert found.r == pytest.approx(true.r, rel=0.1)
    assert found.alpha == pytest.approx(true.alpha, rel=0.1)
    assert found.a / (found.a + found.b) == pytest.approx(true.a / (true.a + true.b), rel=0.1)


def test_orders_expected_of_each_kind_of_customer_are_those_that_come():
    true = MbgNbd(r=0.8, alpha=6.0, a=0.9, b=3.0)
    known, later = simulated(true, 100_000, seed=6, ahead=26.0)
    expected = true.expected_purchases(known, 26.0)
    silent = known.age - known.last > 20.0
    for kind in (known.repeats == 0, (known.repeats > 0) & silent, (known.repeats > 0) & ~silent):
        assert expected[kind].mean() == pytest.approx(later[kind].mean(), rel=0.05)


def test_fit_does_not_depend_on_the_order_of_the_customers():
    shop, _ = simulated(PUBLISHED, 2_000, seed=1)
    turned = Purchases(shop.repeats[::-1], shop.last[::-1], shop.age[::-1])
    assert MbgNbd.fit(turned) == MbgNbd.fit(shop)


def test_customers_who_all_ordered_once_still_have_an_answer():
    once = Purchases(np.zeros(50), np.zeros(50), np.linspace(1.0, 12.0, 50))
    expected = MbgNbd.fit(once).expected_purchases(once, 52.0)
    assert np.isfinite(expected).all()
    assert (expected < 0.5).all()


def spending(true: GammaGamma, customers: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Order days, their mean, and each customer's true mean."""
    rng = np.random.default_rng(seed)
    days = rng.integers(1, 8, customers).astype(float)
    rate = rng.gamma(true.q, 1 / true.gamma, customers)
    return days, rng.gamma(true.p * days) / rate / days, true.p / rate


def test_gamma_gamma_recovers_a_simulated_shop_and_shrinks_as_it_should():
    true = GammaGamma(p=6.0, q=4.0, gamma=15.0)
    days, mean, real = spending(true, 30_000, seed=2)
    found = GammaGamma.fit(days, mean)
    assert (found.p, found.q) == pytest.approx((true.p, true.q), rel=0.1)
    expected = found.expected_value(days, mean)
    assert np.polyfit(expected, real, 1)[0] == pytest.approx(1.0, abs=0.05)
    assert np.std(expected) < np.std(mean)


def test_gamma_gamma_likelihood_is_that_of_the_story_it_tells():
    model, days, mean = GammaGamma(p=6.0, q=4.0, gamma=15.0), 3.0, 30.0

    def of(rate: float) -> float:
        return float(
            gamma.pdf(mean, model.p * days, scale=1 / (days * rate)) * gamma.pdf(rate, model.q, scale=1 / model.gamma)
        )

    found = model.log_likelihood(np.array([days]), np.array([mean]))[0]
    assert found == pytest.approx(np.log(quad(of, 0, 20)[0]), abs=1e-6)
