"""A check for leaks: whether a forecast changes when the months after its origin are changed.

The forecaster is fitted as of a day of the past, on a few customers and with few trees, twice: on the snapshots as they
are, and with everything after that day made into something else. Both must forecast the same, to the last digit.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd

from jobs.core.refusal import RefusedError
from jobs.forecasting.fit import fit, nothing_to_learn
from jobs.forecasting.holdout import calibration_months
from jobs.forecasting.outcomes import Snapshots, known_by, sample_customers
from jobs.forecasting.params import ModelParams

CUSTOMERS = 500
ROUNDS = 5
_TIMES = 7.0


class LeakError(RefusedError):
    """A forecast depends on months after its origin."""


def check(snapshots: Snapshots, *, as_of: date, params: ModelParams) -> None:
    """Raise LeakError where changing the months after an earlier origin changes the forecast made there.

    Args:
        snapshots: as for `fit.fit`; nothing is checked where they are too few for an earlier origin.
        as_of: the newest.
        params: the forecaster's settings.
    """
    known = known_by(snapshots, as_of)
    months = calibration_months(len(known))
    if months == 0:
        return
    origin = list(known)[-1 - months]
    customers = set(sample_customers(known[as_of]["customer_id"], CUSTOMERS))
    few = {day: frame[frame["customer_id"].isin(customers)] for day, frame in known.items()}
    if nothing_to_learn({day: frame for day, frame in few.items() if day <= origin}):
        return
    quick = replace(params, rounds=ROUNDS)
    changed = {day: frame if day <= origin else _another(frame) for day, frame in few.items()}
    before, after = (
        fit(some, as_of=origin, params=quick).predict(some[origin], as_of=origin) for some in (few, changed)
    )
    moved = before.columns[[not before[name].equals(after[name]) for name in before.columns]].tolist()
    if moved:
        raise LeakError(
            f"the forecast as of {origin} changes with the months after it, in {', '.join(moved)}: the model knows the "
            "future. Look for code that reads snapshots later than its as_of"
        )


def _another(frame: pd.DataFrame) -> pd.DataFrame:
    """The same customers with other customers' numbers, seven times as large."""
    numbers = frame.select_dtypes("number").columns
    return frame.assign(**{name: frame[name].to_numpy()[::-1] * _TIMES for name in numbers})
