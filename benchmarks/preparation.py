"""Classic preparations of the inputs, as transformations of the snapshots that the forecaster is fitted on.

Each looks at one snapshot alone, or at outcomes that had matured: nothing here knows the future. The columns that the
starting model needs (`inputs.REQUIRED`) are never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np
import pandas as pd
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer
from sklearn.linear_model import LassoCV
from sklearn.preprocessing import StandardScaler

from benchmarks.shop import Problem, outcome
from jobs.core.month import Month
from jobs.forecasting.encoder import REQUIRED, VALUE_LAGS, InputEncoder
from jobs.forecasting.forecaster import Forecaster
from jobs.forecasting.outcomes import Snapshots, customer_fold

MOST_MISSING = 0.5
FEW_TEXTS = 5
COLLINEAR = 0.9
GAIN_KEPT = 0.9
"""Share of the boosters' gain that the inputs kept by importance have together."""

_FOLDS = 5
_PRIOR_CUSTOMERS = 20.0
_NEIGHBOURS = 10
_SEED = 7
_CODED = "net_value_{}_365d"
"""The encoder takes a column of such a name, a department's, for a numeric input."""


def sparse(snapshot: pd.DataFrame, encoder: InputEncoder) -> list[str]:
    """The inputs that are missing for more than half of the customers who bought."""
    bought = snapshot[snapshot["recency_days"].notna()]
    return [name for name in _free(encoder.numbers) if bought[name].isna().mean() > MOST_MISSING]


def without(history: Snapshots, names: Collection[str]) -> Snapshots:
    """The snapshots without some columns."""
    return {day: frame.drop(columns=list(names)) for day, frame in history.items()}


def imputed_by_regression(history: Snapshots, encoder: InputEncoder) -> Snapshots:
    """Each snapshot's missing numbers from its other inputs by chained ridge regressions (van Buuren's MICE)."""
    return _imputed(
        history,
        encoder,
        lambda: IterativeImputer(
            max_iter=10, tol=0.01, n_nearest_features=10, random_state=_SEED, keep_empty_features=True
        ),
    )


def imputed_by_neighbours(history: Snapshots, encoder: InputEncoder) -> Snapshots:
    """Each snapshot's missing numbers from its most similar customers."""
    return _imputed(history, encoder, lambda: KNNImputer(n_neighbors=_NEIGHBOURS, keep_empty_features=True))


def _imputed(
    history: Snapshots, encoder: InputEncoder, imputer: Callable[[], IterativeImputer | KNNImputer]
) -> Snapshots:
    filled = _free(encoder.numbers)

    def impute(frame: pd.DataFrame) -> pd.DataFrame:
        known = frame[list(encoder.numbers)].astype("float64")
        scaled = StandardScaler().set_output(transform="pandas")
        complete = imputer().fit_transform(scaled.fit_transform(known))
        back = pd.DataFrame(scaled.inverse_transform(complete), columns=known.columns, index=frame.index)
        return frame.assign(**{name: known[name].fillna(back[name]) for name in filled})

    return {day: impute(frame) for day, frame in history.items()}


def coded(history: Snapshots, encoder: InputEncoder) -> Snapshots:
    """Texts as numbers: one column a text where there are few, else the mean value of other customers with that text.

    The mean is of the year before the snapshot, over the customers of the other folds (out of fold), mixed with the
    mean of all of them as if that were of twenty customers more (Micci-Barreca 2001).
    """
    return {day: _coded(frame, encoder.categories) for day, frame in history.items()}


def _coded(frame: pd.DataFrame, categories: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    columns: dict[str, pd.Series] = {}
    for name, texts in categories.items():
        if len(texts) <= FEW_TEXTS:
            columns |= {_CODED.format(f"{name}_{i}"): (frame[name] == text) * 1.0 for i, text in enumerate(texts)}
        else:
            year = frame[VALUE_LAGS].astype("float64").sum(axis=1)
            columns[_CODED.format(name)] = _mean_of_others(frame[name], year, frame)
    return frame.drop(columns=list(categories)).assign(**columns)


def _mean_of_others(text: pd.Series, value: pd.Series, frame: pd.DataFrame) -> pd.Series:
    fold = customer_fold(frame["customer_id"], _FOLDS)
    coded = pd.Series(np.nan, index=frame.index)
    for held_out in range(_FOLDS):
        others, own = fold != held_out, fold == held_out
        mean = value[others].mean()
        found = value[others].groupby(text[others]).agg(["sum", "count"])
        means = (found["sum"] + _PRIOR_CUSTOMERS * mean) / (found["count"] + _PRIOR_CUSTOMERS)
        coded[own] = text[own].map(means).fillna(mean)
    return coded


def dropped_by_lasso(problem: Problem, encoder: InputEncoder) -> list[str]:
    """The inputs that a cross-validated Lasso gives no weight, on the newest snapshot whose outcome had matured."""
    day = Month.of(problem.origin).plus(-problem.months).first_day
    frame = problem.history[day]
    frame = frame[frame["recency_days"].notna()]
    value = outcome(problem.days, pd.Index(frame["customer_id"]), day, problem.months).value
    inputs = _standardised(frame, encoder)
    weights = LassoCV(cv=_FOLDS, random_state=_SEED, max_iter=5_000).fit(inputs, np.log1p(np.maximum(value, 0.0))).coef_
    return _free([name for name, weight in zip(inputs.columns, weights, strict=True) if not weight])


def dropped_by_importance(forecaster: Forecaster) -> list[str]:
    """The snapshot's inputs below those that have nine tenths of the gain together."""
    names = forecaster.encoder.names
    gain = pd.Series(forecaster.hurdle.importance())[list(names)].sort_values(ascending=False, kind="stable")
    above = gain.cumsum().shift(fill_value=0.0) / gain.sum()
    return _free([str(name) for name in gain.index[above >= GAIN_KEPT]])


def collinear_pairs(snapshot: pd.DataFrame, encoder: InputEncoder) -> int:
    """How many pairs of inputs correlate by more than 0.9 in either direction."""
    correlation = _standardised(snapshot, encoder).corr().abs().fillna(0.0).to_numpy()
    return int((np.triu(correlation, 1) > COLLINEAR).sum())


def _standardised(frame: pd.DataFrame, encoder: InputEncoder) -> pd.DataFrame:
    """The numeric inputs: logarithms of what is never negative, the middle for what is missing, equal scales."""
    numbers = frame[list(encoder.numbers)].astype("float64")
    numbers = numbers.fillna(numbers.median()).fillna(0.0)
    logs = np.where(numbers.min() < 0.0, numbers, np.log1p(numbers.clip(lower=0.0)))
    return pd.DataFrame(StandardScaler().fit_transform(logs), columns=numbers.columns)


def _free(names: Sequence[str]) -> list[str]:
    return [name for name in names if name not in REQUIRED]
