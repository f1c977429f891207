"""A Random Forest that forecasts the sum of the months: for the notebook, on the forecaster's inputs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from jobs.core.month import Month
from jobs.forecasting.encoder import Customers, Floats
from jobs.forecasting.outcomes import Outcomes
from jobs.forecasting.params import ModelParams

TREES = 60
LEAST_CUSTOMERS_IN_A_LEAF = 10
CUSTOMERS_A_TREE = 10_000


def unfitted(rows: int, *, threads: int, seed: int) -> RandomForestRegressor:
    """A forest for so many training rows."""
    return RandomForestRegressor(
        n_estimators=TREES,
        min_samples_leaf=LEAST_CUSTOMERS_IN_A_LEAF,
        max_features=1.0 / 3.0,
        max_samples=min(1.0, CUSTOMERS_A_TREE / rows),
        n_jobs=threads,
        random_state=seed,
    )


def random_forest(
    coded: Mapping[date, Customers], outcomes: Outcomes, *, origin: date, months: int, params: ModelParams
) -> Floats | None:
    """Forecast the value of the next months by trees on earlier snapshots whose next months are over at the origin.

    Returns None if no such snapshot exists.
    """
    usable = [day for day in coded if Month.of(day).months_until(Month.of(origin)) >= months]
    if not usable:
        return None
    inputs = np.concatenate([coded[day].inputs for day in usable])
    labels = np.concatenate(
        [outcomes.after(coded[day].ids, day, range(1, months + 1))[0].sum(axis=1) for day in usable]
    )
    forest = unfitted(len(labels), threads=params.threads, seed=params.seed % 2**31)
    forest.fit(np.nan_to_num(inputs, nan=-1.0), labels)
    return np.asarray(forest.predict(np.nan_to_num(coded[origin].inputs, nan=-1.0)))
