"""Shops in which almost nothing has happened: a refusal that says why, or a forecast without what cannot be learned."""

from __future__ import annotations

import pandas as pd
import pytest

from jobs.features.table import LAG_MONTHS, lag_name
from jobs.forecasting import leak_check
from jobs.forecasting.backtest import evaluate
from jobs.forecasting.bands import BandLevels
from jobs.forecasting.encoder import InputError
from jobs.forecasting.fit import fit
from jobs.forecasting.params import ModelParams
from tests.forecasting.shops import shop

PARAMS = ModelParams(rounds=8, threads=1)
MONEY = ["net_value_lifetime", *(lag_name("net_value", lag) for lag in LAG_MONTHS)]


@pytest.mark.parametrize("months", [2, 9])
def test_a_shop_whose_first_orders_are_of_the_newest_month_is_refused(months: int) -> None:
    young = shop(150, months, opening=months - 1)
    with pytest.raises(InputError, match="a model needs a whole month after somebody's first order"):
        fit(young, as_of=max(young), params=PARAMS)


@pytest.mark.parametrize("opening", [5, 6, 7])
def test_a_shop_that_sold_nothing_before_the_held_out_months_is_forecast_but_not_judged(opening: int) -> None:
    snapshots = shop(150, 9, opening=opening)
    as_of = max(snapshots)
    forecaster = fit(snapshots, as_of=as_of, params=PARAMS)
    assert forecaster.predict(snapshots[as_of])["clv_12m"].sum() > 0
    assert forecaster.monthly.calibration.levels == BandLevels.none()
    [missing] = evaluate(snapshots, as_of=as_of, params=PARAMS).missing
    assert missing.startswith("everything: no customer ordered before")
    leak_check.check(snapshots, as_of=as_of, params=PARAMS)


@pytest.mark.parametrize("times", [0.0, -1.0])
def test_a_shop_that_has_earned_nothing_is_refused(times: float) -> None:
    snapshots = {day: frame.assign(**frame[MONEY] * times) for day, frame in shop(150, 9).items()}
    with pytest.raises(InputError, match="no customer brought more than they took back before 2020-10-01"):
        fit(snapshots, as_of=max(snapshots), params=PARAMS)


def test_a_shop_in_which_one_customer_ordered_in_the_held_out_months_is_forecast() -> None:
    snapshots = shop(3_000, 9)
    days = sorted(snapshots)
    lone = snapshots[days[-4]]["customer_id"].iloc[100]
    orders, value = lag_name("orders", 1), lag_name("net_value", 1)
    quiet = {
        day: frame if day <= days[-4] else _without(frame, frame["customer_id"] != lone, orders, value)
        for day, frame in snapshots.items()
    }
    forecast = fit(quiet, as_of=days[-1], params=PARAMS).predict(quiet[days[-1]])
    assert (forecast["clv_12m_p10"] <= forecast["clv_12m"]).all()


def _without(frame: pd.DataFrame, rows: pd.Series, *columns: str) -> pd.DataFrame:
    return frame.assign(**{name: frame[name].mask(rows, 0.0) for name in columns})
