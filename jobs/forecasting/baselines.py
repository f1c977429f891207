"""What the forecaster has to beat: trailing value, buy-till-you-die, and a Random Forest that forecasts the sum."""

from __future__ import annotations

from datetime import date

import numpy as np

from jobs.core.month import Month
from jobs.forecasting.base_margin import Start
from jobs.forecasting.encoder import Customers, Floats
from jobs.forecasting.outcomes import Outcomes
from jobs.forecasting.params import ModelParams


def trailing_value(customers: Customers, months: int) -> Floats:
    """The mean month of the last twelve (fewer, where the shop is younger), times the months to forecast."""
    known = max(int((~np.isnan(customers.values)).sum(axis=1).max(initial=0)), 1)
    return np.asarray(np.nansum(customers.values, axis=1) / known * months)


def btyd_value(start: Start, customers: Customers, months: int) -> Floats:
    """Pareto/NBD x Gamma-Gamma with the months' seasons; nothing for whoever has never bought."""
    value, bought = np.zeros(len(customers)), ~np.isnan(customers.recency_days)
    history = start.history(customers.take(bought))
    for horizon in range(1, months + 1):
        month = history.month(horizon)
        value[bought] += np.exp(month.logs[:, 0]) * month.season
    return value


def random_forest(
    coded: dict[date, Customers], outcomes: Outcomes, *, origin: date, months: int, params: ModelParams
) -> Floats | None:
    """Forecast the value of the next months by trees on earlier snapshots whose next months are over at the origin.

    Returns None where no such snapshot exists.
    """
    from sklearn.ensemble import RandomForestRegressor

    usable = [day for day in coded if Month.of(day).months_until(Month.of(origin)) >= months]
    if not usable:
        return None
    inputs = np.concatenate([coded[day].inputs for day in usable])
    labels = np.concatenate(
        [outcomes.after(coded[day].ids, day, range(1, months + 1))[0].sum(axis=1) for day in usable]
    )
    forest = RandomForestRegressor(
        n_estimators=params.forest_trees,
        min_samples_leaf=params.forest_leaf,
        max_features=1.0 / 3.0,
        max_samples=min(1.0, params.forest_rows / len(labels)),
        n_jobs=params.threads,
        random_state=params.seed % 2**31,
    )
    forest.fit(np.nan_to_num(inputs, nan=-1.0), labels)
    return np.asarray(forest.predict(np.nan_to_num(coded[origin].inputs, nan=-1.0)))
