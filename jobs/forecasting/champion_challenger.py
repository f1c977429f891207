"""The comparison that the gate decides on: challenger, opponent and baselines forecast the same past months."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from jobs.core.month import Month
from jobs.forecasting.baselines import btyd_value, trailing_value
from jobs.forecasting.bootstrap import BacktestOrigin
from jobs.forecasting.forecaster import Forecaster
from jobs.forecasting.outcomes import Outcomes, Snapshots, known_by, rolling

CHALLENGER, OPPONENT, TRAILING, BTYD = "challenger", "opponent", "trailing value", "btyd"


def origins(first: date, as_of: date) -> list[date]:
    """The origins to forecast from, oldest first; at least one month has matured since each by `as_of`."""
    months = Month.of(first).months_until(Month.of(as_of))
    return [Month.of(as_of).plus(-ahead).first_day for ahead in rolling(months)] if months > 0 else []


def compare_candidates(
    challenger: Forecaster, opponent: Forecaster | None, snapshots: Snapshots, *, as_of: date
) -> list[BacktestOrigin]:
    """Every candidate's forecasts of the months up to `as_of`, from several origins.

    Args:
        challenger: fitted as of the first origin: the months that follow it are out of its time.
        opponent: fitted as of the first origin or earlier.
        snapshots: those as of every origin, and every later one up to `as_of`.
        as_of: the newest outcome looked at lies before it.

    Raises:
        ValueError: a forecaster was fitted after the first origin.
        InputError: the snapshots lack columns that a forecaster needs.
    """
    candidates = {CHALLENGER: challenger} | ({} if opponent is None else {OPPONENT: opponent})
    for name, forecaster in candidates.items():
        if forecaster.as_of > challenger.as_of:
            raise ValueError(f"the {name}, fitted as of {forecaster.as_of}, has seen months after {challenger.as_of}")
    known = known_by(snapshots, as_of)
    outcomes = Outcomes.read(known)
    return [_origin(candidates, known[day], outcomes, day, as_of) for day in origins(challenger.as_of, as_of)]


def _origin(
    candidates: Mapping[str, Forecaster], frame: pd.DataFrame, outcomes: Outcomes, origin: date, as_of: date
) -> BacktestOrigin:
    months = Month.of(origin).months_until(Month.of(as_of))
    ids = frame["customer_id"].to_numpy(dtype=object)
    actual, _ = outcomes.after(ids, origin, range(1, months + 1))
    forecasts = {
        name: forecaster.expect(frame, origin).value[:, :months].sum(axis=1) for name, forecaster in candidates.items()
    }
    challenger = candidates[CHALLENGER]
    customers = challenger.encoder.encode(frame, origin)
    forecasts[TRAILING] = trailing_value(customers, months)
    forecasts[BTYD] = btyd_value(challenger.monthly.base_models, customers, months)
    return BacktestOrigin(months, ids, np.asarray(actual.sum(axis=1)), forecasts)
