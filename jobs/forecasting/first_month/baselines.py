"""What forecasts on day 30 have to beat: the cohort's mean, the first month's spend times a ratio, and BTYD."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from jobs.core.month import HORIZON_MONTHS
from jobs.forecasting.btyd import GammaGamma, ParetoNbd
from jobs.forecasting.encoder import Floats
from jobs.forecasting.first_month.base import DAYS_PER_WEEK, order_histories, purchases_on_day_30, purchases_until
from jobs.forecasting.first_month.days import MONTH_ENDS, completed, first_orders
from jobs.forecasting.first_month.features import first_days
from jobs.forecasting.first_month.outcomes import FirstMonthOutcomes
from jobs.lake.tables import ALL_DEPARTMENTS

COHORT_MEAN, SPEND_RATIO, BTYD = "cohort_mean", "spend_times_ratio", "pareto_nbd_gg"


@dataclass(frozen=True)
class FirstMonth:
    """What is known at an origin.

    Attributes:
        daily: the daily table of before the origin.
        features: of the customers to forecast.
        as_of: the origin.
        months: months to forecast.
    """

    daily: pd.DataFrame
    features: pd.DataFrame
    as_of: date
    months: int


def forecasts(known: FirstMonth) -> dict[str, Floats]:
    """Every peer's forecast by name, one entry a customer."""
    mean, ratio = _cohort(known)
    spent = np.maximum(known.features["net_value_first_month"].to_numpy(np.float64), 0.0)
    return {COHORT_MEAN: np.full(len(spent), mean), SPEND_RATIO: spent * ratio, BTYD: _btyd(known)}


def _cohort(known: FirstMonth) -> tuple[float, float]:
    """What the average customer brought in the months ahead, and that as a multiple of the average first month.

    Each month counts all who have lived through it; a month that nobody has lived through is taken to be as the last
    one that somebody has.
    """
    first = completed(first_orders(known.daily, known.as_of), known.as_of)
    value = FirstMonthOutcomes.read(known.daily, first, known.as_of).value
    days = first_days(known.daily, first)
    spent = days[days["department"] == ALL_DEPARTMENTS]["net_value"].sum() / len(first)
    over = [column for column in range(HORIZON_MONTHS) if not np.isnan(value[:, column]).all()]
    by_month = [float(np.nanmean(value[:, min(column, over[-1])])) for column in range(known.months)]
    return sum(by_month), sum(by_month) / spent


def _btyd(known: FirstMonth) -> Floats:
    """Pareto/NBD and Gamma-Gamma, fitted to the orders up to the origin, read on day 30."""
    histories = order_histories(known.daily, known.as_of)
    model = ParetoNbd.fit(purchases_until(histories, known.as_of))
    paid = histories[histories["net_value"] > 0.0]
    paid_days = paid["order_days"].to_numpy(np.float64)
    spend = GammaGamma.fit(paid_days, paid["net_value"].to_numpy(np.float64) / paid_days)
    days = known.features["order_days_first_month"].to_numpy(np.float64)
    mean = np.maximum(known.features["net_value_first_month"].to_numpy(np.float64), 0.0) / days
    ahead = model.expected_purchases(purchases_on_day_30(known.features), MONTH_ENDS[known.months - 1] / DAYS_PER_WEEK)
    return np.asarray(ahead * spend.expected_value(days, mean))
