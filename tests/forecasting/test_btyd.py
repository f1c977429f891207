from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import gamma

from jobs.forecasting.btyd import GammaGamma, ParetoNbd, Purchases

PUBLISHED = ParetoNbd(r=0.5533, alpha=10.5776, s=0.6061, beta=11.6562)
"""CDNOW, 39 weeks (Fader, Hardie and Lee 2005)."""

CUSTOMERS = Purchases(
    np.array([0.0, 1.0, 2.0, 7.0, 26.0]),
    np.array([0.0, 1.71, 30.43, 21.0, 38.0]),
    np.array([38.86, 38.86, 38.86, 35.0, 39.0]),
)


def test_figures_are_those_of_the_public_library_lifetimes() -> None:
    # lifetimes 0.11.3, ParetoNBDFitter with the published parameters
    assert PUBLISHED.log_likelihood(CUSTOMERS) == pytest.approx(
        [-0.52111231, -4.44950572, -9.55460274, -20.3616315, -43.89400635], abs=1e-6
    )
    assert PUBLISHED.p_alive(CUSTOMERS) == pytest.approx(
        [0.29497045, 0.16778819, 0.86911014, 0.42353731, 0.98411781], abs=1e-6
    )
    assert PUBLISHED.expected_purchases(CUSTOMERS, 39.0) == pytest.approx(
        [0.10701849, 0.17089775, 1.45511153, 2.24780764, 17.09371999], abs=1e-6
    )


@given(
    st.floats(0.02, 8.0),
    st.floats(0.5, 400.0),
    st.floats(0.01, 8.0),
    st.floats(0.05, 2000.0),
    st.integers(0, 300),
    st.floats(1.0, 500.0),
    st.floats(0.0, 1.0),
)
def test_likelihood_is_that_of_its_process(
    r: float, alpha: float, s: float, beta: float, repeats: int, age: float, share: float
) -> None:
    last = age * share if repeats else 0.0

    def fall(left: float) -> float:
        shape = r + repeats
        return shape * np.log((alpha + left) / (alpha + last)) + (s + 1.0) * np.log((beta + left) / (beta + last))

    edges = last + (age - last) * np.concatenate([[0.0], np.logspace(-6.0, 0.0, 13)])
    left = sum(quad(lambda u: np.exp(-fall(u)), *pair, epsabs=0.0)[0] for pair in pairwise(edges))
    left *= s * (alpha + last) ** -r * (beta + last) ** -(s + 1.0)
    stayed = ((alpha + last) / (alpha + age)) ** (r + repeats) * (alpha + last) ** -r * (beta + age) ** -s
    one = Purchases(np.array([float(repeats)]), np.array([last]), np.array([age]))
    p_alive = ParetoNbd(r, alpha, s, beta).p_alive(one)[0]
    assert p_alive == pytest.approx(stayed / (stayed + left), rel=1e-6, abs=1e-12)


def test_a_single_order_long_ago_means_the_customer_has_probably_left() -> None:
    once = Purchases(np.zeros(3), np.zeros(3), np.array([1.0, 52.0, 520.0]))
    alive = PUBLISHED.p_alive(once)
    assert alive[0] > alive[1] > alive[2]
    assert alive[2] < 0.1


def test_expected_orders_grow_with_the_time_ahead_and_pass_s_of_one_smoothly() -> None:
    ahead = np.array([PUBLISHED.expected_purchases(CUSTOMERS, weeks) for weeks in (4.0, 13.0, 52.0)])
    assert (np.diff(ahead, axis=0) > 0).all()
    below, at, above = (replace(PUBLISHED, s=s).expected_purchases(CUSTOMERS, 52.0) for s in (1 - 1e-7, 1.0, 1 + 1e-7))
    assert at == pytest.approx((below + above) / 2.0, rel=1e-9)


def simulated(true: ParetoNbd, customers: int, seed: int, ahead: float = 0.0) -> tuple[Purchases, np.ndarray]:
    """Histories of a shop, and the orders of the time ahead."""
    rng = np.random.default_rng(seed)
    age = rng.uniform(20.0, 60.0, customers)
    rate = rng.gamma(true.r, 1 / true.alpha, customers)
    leaves = rng.exponential(1.0, customers) / rng.gamma(true.s, 1 / true.beta, customers)
    repeats, last, later, clock = np.zeros((4, customers))
    end = np.minimum(leaves, age + ahead)
    while (clock < end).any():
        clock = clock + rng.exponential(1 / np.maximum(rate, 1e-12))
        known = (clock < end) & (clock <= age)
        repeats, last, later = repeats + known, np.where(known, clock, last), later + ((clock < end) & (clock > age))
    return Purchases(repeats, last, age), later


SHOP = ParetoNbd(r=0.8, alpha=6.0, s=0.7, beta=15.0)


def test_parameters_of_a_simulated_shop_are_recovered() -> None:
    actual = ParetoNbd.fit(simulated(SHOP, 20_000, seed=5)[0])
    assert (actual.r, actual.alpha) == pytest.approx((SHOP.r, SHOP.alpha), rel=0.1)
    assert actual.s / actual.beta == pytest.approx(SHOP.s / SHOP.beta, rel=0.15)


def test_orders_expected_of_each_kind_of_customer_are_those_that_come() -> None:
    known, later = simulated(SHOP, 100_000, seed=6, ahead=26.0)
    expected = SHOP.expected_purchases(known, 26.0)
    silent = known.age - known.last > 20.0
    for kind in (known.repeats == 0, (known.repeats > 0) & silent, (known.repeats > 0) & ~silent):
        assert expected[kind].mean() == pytest.approx(later[kind].mean(), rel=0.05)


def test_fit_does_not_depend_on_the_order_of_the_customers() -> None:
    shop, _ = simulated(PUBLISHED, 2_000, seed=1)
    turned = Purchases(shop.repeats[::-1], shop.last[::-1], shop.age[::-1])
    assert ParetoNbd.fit(turned) == ParetoNbd.fit(shop)


def test_a_large_shop_is_fitted_to_a_sample_that_forecasts_as_all_of_it_would(monkeypatch: pytest.MonkeyPatch) -> None:
    shop, _ = simulated(SHOP, 12_000, seed=3)
    turned = Purchases(shop.repeats[::-1], shop.last[::-1], shop.age[::-1])
    of_all = ParetoNbd.fit(shop)
    monkeypatch.setattr("jobs.forecasting.btyd._MOST_CUSTOMERS", 6_000)
    sampled = ParetoNbd.fit(shop)
    assert sampled != of_all
    assert ParetoNbd.fit(turned) == sampled
    expected, actual = (model.expected_purchases(shop, 52.0) for model in (of_all, sampled))
    assert actual.sum() == pytest.approx(expected.sum(), rel=0.02)
    assert np.abs(actual - expected).sum() < 0.02 * expected.sum()


def test_a_customers_figures_do_not_depend_on_the_others() -> None:
    for row in range(len(CUSTOMERS.age)):
        alone = Purchases(*(column[row : row + 1] for column in (CUSTOMERS.repeats, CUSTOMERS.last, CUSTOMERS.age)))
        assert PUBLISHED.expected_purchases(alone, 9.0)[0] == PUBLISHED.expected_purchases(CUSTOMERS, 9.0)[row]


def test_customers_who_all_ordered_once_still_have_an_answer() -> None:
    once = Purchases(np.zeros(50), np.zeros(50), np.linspace(1.0, 12.0, 50))
    expected = ParetoNbd.fit(once).expected_purchases(once, 52.0)
    assert np.isfinite(expected).all()
    assert (expected < 0.5).all()


def spending(true: GammaGamma, customers: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Order days, their mean, and each customer's true mean."""
    rng = np.random.default_rng(seed)
    days = rng.integers(1, 8, customers).astype(float)
    rate = rng.gamma(true.q, 1 / true.gamma, customers)
    return days, rng.gamma(true.p * days) / rate / days, true.p / rate


def test_gamma_gamma_recovers_a_simulated_shop_and_shrinks_as_it_should() -> None:
    true = GammaGamma(p=6.0, q=4.0, gamma=15.0)
    days, mean, real = spending(true, 30_000, seed=2)
    actual = GammaGamma.fit(days, mean)
    assert (actual.p, actual.q) == pytest.approx((true.p, true.q), rel=0.1)
    expected = actual.expected_value(days, mean)
    assert np.polyfit(expected, real, 1)[0] == pytest.approx(1.0, abs=0.05)
    assert np.std(expected) < np.std(mean)


def test_gamma_gamma_likelihood_is_that_of_its_process() -> None:
    model, days, mean = GammaGamma(p=6.0, q=4.0, gamma=15.0), 3.0, 30.0

    def of(rate: float) -> float:
        return float(
            gamma.pdf(mean, model.p * days, scale=1 / (days * rate)) * gamma.pdf(rate, model.q, scale=1 / model.gamma)
        )

    actual = model.log_likelihood(np.array([days]), np.array([mean]))[0]
    assert actual == pytest.approx(np.log(quad(of, 0, 20)[0]), abs=1e-6)
