from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache

import numpy as np
import pandas as pd
import pytest

from jobs.features.table import lag_name
from jobs.forecasting.calibrated import Calibration
from jobs.forecasting.calibration import calibrate
from jobs.forecasting.fit import Uncalibrated
from jobs.forecasting.params import ModelParams
from tests.forecasting.shops import NEVER_BUY, shop

MONTHS = 6
SNAPSHOTS = shop(600, 18)
ORIGIN = sorted(SNAPSHOTS)[-1 - MONTHS]


@cache
def holdout() -> Uncalibrated:
    earlier = {day: frame for day, frame in SNAPSHOTS.items() if day <= ORIGIN}
    return Uncalibrated.fit(earlier, ModelParams(rounds=8, threads=1))


def learned(known: dict[date, pd.DataFrame]) -> Calibration:
    return calibrate(holdout().model, holdout().encoder, known, MONTHS)


def came(factor: np.ndarray) -> dict[date, pd.DataFrame]:
    """The shop, if each customer had brought so many times what they brought after the origin."""
    month = lag_name("net_value", 1)
    return {
        day: frame if day <= ORIGIN else frame.assign(**{month: frame[month] * factor})
        for day, frame in SNAPSHOTS.items()
    }


def forecast_of_a_month() -> np.ndarray:
    customers = holdout().encoder.encode(SNAPSHOTS[ORIGIN], ORIGIN)
    return holdout().model.expect(customers).outlook(MONTHS).value / MONTHS


def test_small_forecasts_that_were_too_high_are_lowered_against_the_large_ones() -> None:
    a_month = forecast_of_a_month()
    small = a_month < np.median(a_month)
    plain, off = (learned(came(np.where(small, factor, 1.0))).levels for factor in (1.0, 0.2))
    low, high = np.quantile(a_month[a_month > 0], [0.1, 0.9])
    relative = [float(np.divide(*levels.of(np.array([low, high])))) for levels in (plain, off)]
    assert relative[1] < 0.8 * relative[0]


def test_what_the_shop_brought_more_than_forecast_is_an_error_of_the_total_not_of_a_band() -> None:
    plain, more = (learned(came(np.full(600, factor))) for factor in (1.0, 1.5))
    assert more.levels.log_factors == pytest.approx(plain.levels.log_factors)
    assert more.intervals.level_errors[0] - plain.intervals.level_errors[0] == pytest.approx(np.log(1.5))


def test_the_errors_of_the_total_are_those_of_all_six_of_the_newest_four_and_of_two() -> None:
    buyers = holdout().encoder.encode(SNAPSHOTS[ORIGIN], ORIGIN)
    buyers = buyers.take(buyers.has_bought)
    month = lag_name("net_value", 1)
    later = [SNAPSHOTS[day].set_index("customer_id")[month] for day in sorted(SNAPSHOTS)[-MONTHS:]]
    actual = sum(frame.loc[list(buyers.ids)].sum() for frame in later)
    errors = learned(SNAPSHOTS).intervals.level_errors
    assert len(errors) == 3
    assert errors[0] == pytest.approx(np.log(actual / holdout().model.combined_total(buyers, MONTHS)))


@pytest.mark.parametrize(("factor", "error"), [(100.0, 1.0), (0.001, -1.0), (0.0, -1.0)])
def test_an_error_of_the_total_counts_as_a_factor_of_e_at_most(factor: float, error: float) -> None:
    assert learned(came(np.full(600, factor))).intervals.level_errors == pytest.approx([error] * 3)


def test_customers_the_holdout_did_not_know_teach_nothing() -> None:
    stranger = SNAPSHOTS[ORIGIN].iloc[[-1]].assign(customer_id="new", **{lag_name("net_value", 1): 1e6})
    joined = {
        day: frame if day <= ORIGIN else pd.concat([frame, stranger], ignore_index=True)
        for day, frame in SNAPSHOTS.items()
    }
    assert learned(joined).levels == learned(SNAPSHOTS).levels


def test_calibrated_intervals_hold_what_came_of_the_customers_they_were_learned_from() -> None:
    calibration = learned(SNAPSHOTS)
    model = replace(holdout().model, calibration=calibration)
    customers = holdout().encoder.encode(SNAPSHOTS[ORIGIN], ORIGIN)
    outlook = model.expect(customers).outlook(MONTHS)
    month = lag_name("net_value", 1)
    actual = sum(SNAPSHOTS[day][month].to_numpy() for day in sorted(SNAPSHOTS)[-MONTHS:])
    outlook = replace(outlook, value=outlook.value * actual.sum() / outlook.value.sum())
    lower, upper = calibration.intervals.of(outlook, MONTHS)
    assert ((lower <= actual) & (actual <= upper)).mean() == pytest.approx(0.8, abs=0.05)


def test_intervals_of_buyers_do_not_depend_on_how_many_never_bought() -> None:
    """Forecasts of who never bought are a few values, all alike: they would fill bands of their own."""
    waiting = {
        day: pd.concat([frame, *(_waiting(frame, part) for part in range(50))], ignore_index=True)
        for day, frame in SNAPSHOTS.items()
    }
    assert len(waiting[ORIGIN]) == 600 + 50 * NEVER_BUY
    assert learned(waiting).intervals == learned(SNAPSHOTS).intervals


def _waiting(frame: pd.DataFrame, part: int) -> pd.DataFrame:
    """More customers like those who never buy."""
    idle = frame.iloc[:NEVER_BUY]
    return idle.assign(customer_id=[f"{customer} {part}" for customer in idle["customer_id"]])
