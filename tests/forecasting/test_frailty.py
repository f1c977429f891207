from __future__ import annotations

import numpy as np
import pytest

from jobs.forecasting.frailty import fit_shape, p_active


def test_one_month_keeps_its_probability_and_more_months_can_only_add() -> None:
    p = np.array([[0.1, 0.3, 0.2], [0.9, 0.9, 0.9]])
    actual = p_active(p, 0.7)
    assert actual[:, 0] == pytest.approx(p[:, 0])
    assert (np.diff(actual, axis=1) > 0).all()


def test_a_large_shape_means_independent_months() -> None:
    p = np.array([[0.1, 0.3, 0.2]])
    assert p_active(p, 1e6)[0, -1] == pytest.approx(1 - 0.9 * 0.7 * 0.8, abs=1e-5)


def test_shape_of_a_simulated_shop_is_recovered_and_calibrates_the_year() -> None:
    rng = np.random.default_rng(11)
    shape, customers = 0.6, 40_000
    base = rng.uniform(0.02, 0.5, customers)
    frailty = rng.gamma(shape, 1 / shape, customers)
    active = rng.random((customers, 12)) < 1 - np.exp(-(base * frailty))[:, None]
    p = np.repeat((1 - (1 + base / shape) ** -shape)[:, None], 12, axis=1)
    actual = fit_shape(p, active.any(axis=1))
    assert actual == pytest.approx(shape, rel=0.1)
    assert p_active(p, actual)[:, -1].mean() == pytest.approx(active.any(axis=1).mean(), abs=0.01)
    assert (1 - (1 - p).prod(axis=1)).mean() > active.any(axis=1).mean() + 0.05


@pytest.mark.parametrize("active", [True, False])
def test_where_all_or_none_were_active_the_shape_is_not_guessed_from_the_extreme(active: bool) -> None:
    assert fit_shape(np.full((20, 6), 0.3), np.full(20, active)) == 1.0
