from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from jobs.forecasting.champion_challenger import BTYD, CHALLENGER, OPPONENT, TRAILING, compare_candidates, origins
from jobs.forecasting.fit import fit
from jobs.forecasting.outcomes import Outcomes
from jobs.forecasting.params import ModelParams
from tests.forecasting.shops import shop

PARAMS = ModelParams(rounds=8, threads=1)
SNAPSHOTS = shop(150, 12)
DAYS = sorted(SNAPSHOTS)
AS_OF, FIRST = DAYS[-1], DAYS[-7]
TWIN = fit(SNAPSHOTS, as_of=FIRST, params=PARAMS)


def test_origins_leave_all_two_thirds_and_one_third_of_the_fold_ahead() -> None:
    assert origins(FIRST, AS_OF) == [DAYS[-7], DAYS[-5], DAYS[-3]]
    assert origins(AS_OF, AS_OF) == []


def test_everybody_forecasts_the_same_customers_and_months() -> None:
    rounds = compare_candidates(TWIN, TWIN, SNAPSHOTS, as_of=AS_OF)
    assert [one.months for one in rounds] == [6, 4, 2]
    for one, day in zip(rounds, origins(FIRST, AS_OF), strict=True):
        assert list(one.forecasts) == [CHALLENGER, OPPONENT, TRAILING, BTYD]
        assert one.ids.tolist() == sorted(SNAPSHOTS[day]["customer_id"])
        actual, _ = Outcomes.read(SNAPSHOTS).after(one.ids, day, range(1, one.months + 1))
        assert one.actual.tolist() == actual.sum(axis=1).tolist()
        assert (one.forecasts[CHALLENGER] == one.forecasts[OPPONENT]).all()
        assert all(np.isfinite(forecast).all() for forecast in one.forecasts.values())


def test_no_forecast_knows_the_months_it_is_judged_on() -> None:
    future = {
        day: frame if day <= FIRST else frame.assign(net_value_month_lag_01=1e6) for day, frame in SNAPSHOTS.items()
    }
    known, changed = (
        compare_candidates(TWIN, None, SNAPSHOTS, as_of=AS_OF)[0],
        compare_candidates(TWIN, None, future, as_of=AS_OF)[0],
    )
    for name, forecast in known.forecasts.items():
        assert (forecast == changed.forecasts[name]).all()
    assert (known.actual != changed.actual).all()


def test_who_has_seen_the_months_may_not_enter() -> None:
    with pytest.raises(ValueError, match=r"opponent, fitted as of .* has seen months after"):
        compare_candidates(TWIN, replace(TWIN, as_of=AS_OF), SNAPSHOTS, as_of=AS_OF)
