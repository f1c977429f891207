from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest

from jobs.features.table import LAG_MONTHS, lag_name
from jobs.forecasting.encoder import InputError
from jobs.forecasting.params import ModelParams
from jobs.forecasting.tuning import SPACE, SURE, candidates, tune, with_settings
from tests.forecasting.shops import FIRST, shop

PARAMS = ModelParams(rounds=8, threads=1, max_depth=3)
PRUNED = replace(PARAMS, split_gain=1e9)
SNAPSHOTS = shop(200, 12)
DAYS = sorted(SNAPSHOTS)


def every_other_month(customers: int, months: int) -> dict:
    """Customers who buy in every other month, half of them in the odd ones: only trees see the pattern."""
    rng = np.random.default_rng(3)
    net = rng.lognormal(3.0, 0.3, (customers, months)).round(2)
    net[(np.arange(customers)[:, None] + np.arange(months)) % 2 == 0] = 0.0
    return {FIRST.plus(age).first_day: _snapshot(net[:, :age]) for age in range(2, months + 1)}


def _snapshot(net: np.ndarray) -> pd.DataFrame:
    customers, age = net.shape
    last = age - 1 - (net > 0)[:, ::-1].argmax(axis=1)
    first = (net > 0).argmax(axis=1)
    columns: dict[str, object] = {
        "customer_id": [f"c{number:04d}" for number in range(customers)],
        "first_ordered_on": [FIRST.plus(int(month)).first_day for month in first],
        "recency_days": (age - last) * 30.0,
        "tenure_days": (age - first) * 30.0,
        "order_days_lifetime": (net > 0).sum(axis=1),
        "net_value_lifetime": net.sum(axis=1),
    }
    for lag in LAG_MONTHS:
        month = net[:, age - lag] if lag <= age else np.zeros(customers)
        columns |= {lag_name("net_value", lag): month, lag_name("orders", lag): (month > 0) * 1.0}
    return pd.DataFrame(columns)


def test_candidates_are_drawn_by_the_seed_from_the_space_alone() -> None:
    drawn = list(candidates(PARAMS, 20))
    assert drawn == list(candidates(PARAMS, 20))
    assert drawn[:5] == list(candidates(PARAMS, 5))
    assert drawn != list(candidates(replace(PARAMS, seed=1), 20))
    for one in drawn:
        assert all(getattr(one, name) in values for name, values in SPACE.items())
        assert replace(one, **{name: getattr(PARAMS, name) for name in SPACE}) == PARAMS


def test_the_defaults_are_in_the_space() -> None:
    assert all(getattr(ModelParams(), name) in values for name, values in SPACE.items())


def test_settings_that_are_better_on_both_halves_are_adopted() -> None:
    actual = tune(every_other_month(300, 24), as_of=FIRST.plus(24).first_day, present=PRUNED, tried=[PARAMS])
    assert actual.adopted
    assert actual.gain > 0.0
    assert actual.sure >= SURE
    assert with_settings(PRUNED, actual.settings) == PARAMS


def test_settings_that_are_worse_to_choose_by_are_not_tried_further() -> None:
    actual = tune(every_other_month(300, 24), as_of=FIRST.plus(24).first_day, present=PARAMS, tried=[PRUNED])
    assert not actual.adopted
    assert with_settings(PARAMS, actual.settings) == PARAMS
    assert [trial.settings["split_gain"] for trial in actual.trials] == [0.0, 1e9]


def test_settings_that_forecast_the_same_are_not_adopted() -> None:
    actual = tune(SNAPSHOTS, as_of=DAYS[-1], present=PARAMS, tried=[replace(PARAMS, split_gain=1e-12)])
    assert not actual.adopted


def test_nothing_is_chosen_by_the_months_that_confirm_it() -> None:
    tried = list(candidates(PARAMS, 2))
    last_two = {
        day: frame.assign(net_value_month_lag_01=7.0) if day > DAYS[-3] else frame for day, frame in SNAPSHOTS.items()
    }
    actual, changed = (tune(some, as_of=DAYS[-1], present=PARAMS, tried=tried) for some in (SNAPSHOTS, last_two))
    assert actual.trials == changed.trials


def test_what_comes_after_as_of_changes_nothing() -> None:
    tried = list(candidates(PARAMS, 2))
    before = {day: SNAPSHOTS[day] for day in DAYS[:-3]}
    actual, known = (tune(some, as_of=DAYS[-4], present=PARAMS, tried=tried) for some in (SNAPSHOTS, before))
    assert asdict(actual) == asdict(known)


def test_without_candidates_the_present_settings_stay() -> None:
    actual = tune(SNAPSHOTS, as_of=DAYS[-1], present=PARAMS, tried=[])
    assert (actual.adopted, with_settings(PARAMS, actual.settings)) == (False, PARAMS)


def test_a_history_that_is_too_short_is_refused() -> None:
    with pytest.raises(InputError, match=r"5 snapshot\(s\).* too few"):
        tune(SNAPSHOTS, as_of=DAYS[4], present=PARAMS, tried=[])
