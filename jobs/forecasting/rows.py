"""Rows of the panel that everything is fitted to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.forecasting.encoder import Floats
from jobs.forecasting.params import ModelParams


@dataclass(frozen=True)
class Rows:
    """Training rows, one a customer-month.

    Attributes:
        inputs: what the boosters see.
        logs: logarithms of the pooled forecasts, without season.
        season: the label month's factor on the net value.
        p_start: P(active) that the activity booster starts from.
        value: net value of the label month.
        active: whether there was an order in it.
        month: the label month, counted in months.
    """

    inputs: NDArray[np.float32]
    logs: Floats
    season: Floats
    p_start: Floats
    value: Floats
    active: NDArray[np.bool_]
    month: NDArray[np.int64]


def capped(value: Floats, start: Floats, unit: float, params: ModelParams) -> Floats:
    """Net value as it is learned from: giants count as a multiple of what was to be expected, returns as nothing."""
    return np.asarray(np.clip(value, 0.0, params.value_cap_multiple * np.maximum(start, unit)))
