from __future__ import annotations

import numpy as np
import pytest

from jobs.forecasting.bands import BANDS
from jobs.forecasting.intervals import Intervals, Outlook

CUSTOMERS = 20_000
EDGES = [0.0] * len(BANDS)
CONTENTS = [0.8] * (len(BANDS) + 1)


def shop(seed: int, spread: float = 0.7) -> tuple[Outlook, np.ndarray]:
    """Customers whose P(active) and expected value are known, and what came of them."""
    rng = np.random.default_rng(seed)
    p = rng.beta(1.0, 1.0, CUSTOMERS)
    value = rng.lognormal(4.0, 1.0, CUSTOMERS) * p
    noise = rng.lognormal(-(spread**2) / 2, spread, CUSTOMERS)
    actual = np.where(rng.random(CUSTOMERS) < p, value / p * noise, 0.0)
    return Outlook(value, p, p * 3.0), actual


def coverage(ends: tuple[np.ndarray, np.ndarray], actual: np.ndarray) -> float:
    return float(((ends[0] <= actual) & (actual <= ends[1])).mean())


@pytest.mark.parametrize("spread", [0.4, 0.7, 1.1])
def test_coverage_on_other_customers_is_nominal_overall_and_in_the_top_decile(spread: float) -> None:
    outlook, actual = shop(1, spread)
    intervals = Intervals.fit(outlook, actual, 6, 0.8, [0.0])
    later, came = shop(2, spread)
    lower, upper = intervals.of(later, 6)
    top = later.value >= np.quantile(later.value, 0.9)
    assert coverage((lower, upper), came) == pytest.approx(0.8, abs=0.02)
    assert coverage((lower[top], upper[top]), came[top]) == pytest.approx(0.8, abs=0.04)


def test_the_forecast_lies_inside_its_interval_and_nothing_is_negative() -> None:
    outlook, actual = shop(1)
    lower, upper = Intervals.fit(outlook, actual, 6, 0.8, [0.0]).of(outlook, 6)
    assert (lower >= 0.0).all()
    assert (lower <= outlook.value).all()
    assert (outlook.value <= upper).all()


def test_an_interval_that_holds_more_is_wider() -> None:
    outlook, _ = shop(1)
    intervals = Intervals.uncalibrated(0.8)
    narrow, wide = (intervals.holding(outlook, np.full(CUSTOMERS, content)) for content in (0.5, 0.9))
    assert (wide[0] <= narrow[0]).all()
    assert (narrow[1] <= wide[1]).all()


def test_an_error_of_level_is_taken_out_before_calibration() -> None:
    outlook, actual = shop(1)
    off = Outlook(outlook.value * 1.7, outlook.p_active**0.5, outlook.active_months)
    back = off.at_level(actual, actual > 0)
    assert back.value.sum() == pytest.approx(actual.sum())
    assert back.p_active.mean() == pytest.approx((actual > 0).mean(), abs=1e-6)
    assert np.array_equal(np.argsort(back.value), np.argsort(off.value))


def test_money_is_at_the_actual_level_though_everybody_or_nobody_ordered() -> None:
    outlook, actual = shop(1)
    for active in (np.ones(CUSTOMERS, dtype=bool), np.zeros(CUSTOMERS, dtype=bool)):
        back = outlook.at_level(actual * 3.0, active)
        assert back.value.sum() == pytest.approx(actual.sum() * 3.0)
        assert back.p_active.tolist() == outlook.p_active.tolist()


@pytest.mark.parametrize(("customers", "p", "active"), [(60_000, 0.5, 5), (2_000, 0.95, 2), (2_000, 0.001, 1_998)])
def test_almost_nobody_or_almost_everybody_ordered(customers: int, p: float, active: int) -> None:
    outlook = Outlook(np.full(customers, 10.0), np.full(customers, p), np.full(customers, p * 3.0))
    back = outlook.at_level(np.full(customers, 1.0), np.arange(customers) < active)
    assert back.p_active.mean() == pytest.approx(active / customers, rel=1e-6)


def test_the_interval_of_a_total_is_wider_than_chance_alone_and_narrower_than_the_ends_added_up() -> None:
    outlook, actual = shop(1)
    exact, shared = (Intervals.fit(outlook, actual, 6, 0.8, errors) for errors in ([0.0, 0.0], [0.1, -0.1]))
    total = outlook.value.sum()
    alone, together = exact.of_total(outlook, 6, 0.8), shared.of_total(outlook, 6, 0.8)
    ends = [end.sum() for end in shared.of(outlook, 6)]
    assert ends[0] < together[0] < alone[0] < total < alone[1] < together[1] < ends[1]


def test_a_segment_of_few_is_less_certain_than_the_shop() -> None:
    outlook, actual = shop(1)
    intervals = Intervals.fit(outlook, actual, 6, 0.8, [0.1, -0.1])
    few = Outlook(outlook.value[:20], outlook.p_active[:20], outlook.active_months[:20])
    relative = [np.log(intervals.of_total(part, 6, 0.8)[1] / part.value.sum()) for part in (few, outlook)]
    assert relative[0] > relative[1]


def test_totals_of_shops_drawn_with_a_shared_error_are_covered() -> None:
    rng = np.random.default_rng(5)
    outlook, _ = shop(1)
    intervals = Intervals.fit(*shop(1), 6, 0.8, [0.1, -0.1, 0.1])
    lower, upper = intervals.of_total(outlook, 6, 0.8)
    totals = np.array([shop(seed)[1].sum() for seed in range(10, 40)]) * np.exp(rng.normal(0.0, 0.1, 30))
    assert 0.7 <= np.mean([lower <= total <= upper for total in totals]) <= 1.0


def test_customers_who_all_stayed_away_still_have_intervals() -> None:
    outlook, _ = shop(1)
    lower, upper = Intervals.fit(outlook, np.zeros(CUSTOMERS), 6, 0.8, [0.0]).of(outlook, 6)
    assert np.isfinite(upper).all()
    assert (lower == 0.0).mean() > 0.5


@pytest.mark.parametrize(("months", "times"), [(3, 1.0), (6, 1.0), (24, 2.0)])
@pytest.mark.parametrize(("errors", "quantile"), [([0.1], np.tan(0.4 * np.pi)), ([0.2, -0.1], 0.8 / np.sqrt(0.18))])
def test_the_total_reaches_as_far_as_students_t_and_with_the_root_of_the_months_beyond_the_known(
    months: int, times: float, errors: list[float], quantile: float
) -> None:
    certain = Outlook(np.array([30.0, 70.0]), np.ones(2), np.ones(2))
    intervals = Intervals(0.0, 0.0, EDGES, CONTENTS, errors, 6)
    reach = quantile * times * np.sqrt(np.mean(np.square(errors)))
    assert intervals.of_total(certain, months, 0.8) == pytest.approx((100.0 * np.exp(-reach), 100.0 * np.exp(reach)))


def test_what_customers_differ_by_does_not_grow_with_the_months() -> None:
    apart = Outlook(np.array([30.0, 70.0]), np.full(2, 0.5), np.ones(2))
    intervals = Intervals(0.0, 0.0, EDGES, CONTENTS, [0.1, -0.1], 6)
    reach = 0.8 / np.sqrt(0.18) * np.sqrt(0.01 * 4.0 + (30.0**2 + 70.0**2) / 100.0**2)
    assert np.log(intervals.of_total(apart, 24, 0.8)[1] / 100.0) == pytest.approx(reach)


def test_the_active_months_follow_the_chance_to_be_active() -> None:
    outlook = Outlook(np.array([10.0, 20.0, 30.0, 40.0]), np.full(4, 0.5), np.array([1.0, 2.0, 3.0, 4.0]))
    level = outlook.at_level(np.array([200.0, 0.0, 0.0, 0.0]), np.array([True, False, False, False]))
    assert level.value == pytest.approx([20.0, 40.0, 60.0, 80.0])
    assert level.p_active == pytest.approx([0.25] * 4)
    assert level.active_months == pytest.approx([0.5, 1.0, 1.5, 2.0])
