from __future__ import annotations

import numpy as np
import pytest

from benchmarks.ziln import Ziln, gradients, loss

STEP = 1e-6


def test_gradients_are_the_slopes_of_the_loss() -> None:
    rng = np.random.default_rng(0)
    value = np.where(rng.random(200) < 0.5, 0.0, rng.lognormal(2.0, 1.0, 200))
    parameters = rng.normal([0.0, 2.0, 0.5], 0.3, (200, 3))
    first, second = gradients(parameters, value)
    for column in range(3):
        step = np.eye(3)[column] * STEP
        slope = (loss(parameters + step, value) - loss(parameters - step, value)) / (2 * STEP)
        np.testing.assert_allclose(first[:, column], slope, atol=1e-5)
    assert (second > 0.0).all()


def test_loss_of_one_customer_is_the_papers() -> None:
    # p = 1/2; sigma = softplus(raw) = 1; log value one sigma above mu: log 2 + 0 + 1/2.
    parameters = np.array([[0.0, 1.0, np.log(np.e - 1.0)]])
    assert loss(parameters, np.array([np.exp(2.0)]))[0] == pytest.approx(np.log(2.0) + 0.5)
    assert loss(parameters, np.array([0.0]))[0] == pytest.approx(np.log(2.0))


def test_it_finds_who_buys_and_how_much() -> None:
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(4000, 3)).astype(np.float32)
    p, mu = 1.0 / (1.0 + np.exp(-inputs[:, 0])), 2.0 + inputs[:, 1]
    value = np.where(rng.random(4000) < p, np.exp(mu + 0.5 * rng.normal(size=4000)), 0.0)
    expected, chance = Ziln.fit(inputs, value, threads=1, seed=1).predict(inputs)
    assert np.corrcoef(chance, p)[0, 1] > 0.93
    assert np.corrcoef(np.log(expected), np.log(p) + mu)[0, 1] > 0.95
    assert expected.sum() / value.sum() == pytest.approx(1.0, abs=0.08)


def test_nobody_who_bought_is_nothing_to_learn_from() -> None:
    with pytest.raises(ValueError, match="0 of 3 customers bought"):
        Ziln.fit(np.zeros((3, 1), np.float32), np.zeros(3), threads=1, seed=1)
