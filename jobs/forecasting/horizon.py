"""A forecast of the first months alone: their value with the interval of just these months, and the total's."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd

from jobs.forecasting.forecaster import Forecaster
from jobs.forecasting.intervals import Outlook

P_DIGITS = 6


def predict_horizon(forecaster: Forecaster, snapshot: pd.DataFrame, months: int, *, as_of: date) -> pd.DataFrame:
    """Forecast every customer of a snapshot over `months` months from `as_of` on.

    `clv` is `clv_<months>m` of `Forecaster.predict`, to the cent. A row does not depend on who else is in the snapshot.

    Returns:
        The columns of `tables.SPECIAL_FORECASTS` but the model's version, in the snapshot's order.

    Raises:
        InputError: the snapshot lacks columns.
    """
    expected = forecaster.expect(snapshot, as_of)
    outlook = expected.outlook(months)
    value = np.rint(expected.value[:, :months] * 100.0).astype(np.int64).sum(axis=1)
    lower, upper = (np.rint(end * 100.0).astype(np.int64) for end in forecaster.intervals.of(outlook, months))
    cents = {"clv": value, "clv_p10": np.minimum(lower, value), "clv_p90": np.maximum(upper, value)}
    return pd.DataFrame(
        {
            "customer_id": snapshot["customer_id"].to_numpy(dtype=object),
            **{name: [Decimal(int(amount)).scaleb(-2) for amount in column] for name, column in cents.items()},
            "p_active": np.round(outlook.p_active, P_DIGITS),
            "active_months": outlook.active_months,
            "status": expected.status,
            "method": expected.method,
        }
    )


def total_interval(forecaster: Forecaster, forecasts: pd.DataFrame, months: int) -> tuple[Decimal, Decimal]:
    """Ends of the interval for the total of the customers' `clv`, to the cent.

    `forecasts` is as `predict_horizon` made it of as many months, in any order. Customers share an error of level and
    are independent beside it, so the ends are not the sums of theirs.
    """
    ordered = forecasts.sort_values("customer_id", kind="stable")
    columns = (ordered[name].to_numpy(dtype=float) for name in ("clv", "p_active", "active_months"))
    ends = forecaster.intervals.of_total(Outlook(*columns), months, forecaster.params.coverage)
    lower, upper = (Decimal(round(end * 100.0)).scaleb(-2) for end in ends)
    return lower, upper
