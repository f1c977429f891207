"""The first month's forecaster: forecasts customers on day 30, is saved and loaded. `fit.py` fits it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from jobs.core.month import HORIZON_MONTHS
from jobs.forecasting.btyd import GammaGamma, ParetoNbd
from jobs.forecasting.first_month.base import FirstMonthBase
from jobs.forecasting.first_month.correction import Correction
from jobs.forecasting.first_month.model import FirstMonthModel
from jobs.forecasting.first_month.reasons import effects, reasons_of
from jobs.forecasting.intervals import Intervals
from jobs.forecasting.params import ModelParams
from jobs.forecasting.reason_codes import FEATURE_GROUPS
from jobs.lake.tables import FORECAST_MONTHS, REASON_COLUMNS

JSON_FILE = "first_month.json"
ORDERS_FILE, VALUE_FILE = "orders.ubj", "value.ubj"
FORMAT = 3
"""The version of the saved files, as in `forecaster.py`."""

_P_DIGITS = 6


@dataclass(frozen=True)
class FirstMonthForecaster:
    """A fitted forecaster.

    Attributes:
        as_of: it has not seen what happened on or after this day.
        model: the model of a month.
        intervals: calibrated on customers whom the boosters had not seen.
        matured: how many customers it learned from whose twelve months were over.
        typical: what each feature group adds to log(value) of the customers it learned from, on average.
        percentiles: feature group → the percentiles of that, relative to the average.
    """

    as_of: date
    model: FirstMonthModel
    intervals: Intervals
    matured: int
    typical: Sequence[float]
    percentiles: Mapping[str, Sequence[float]]

    def predict(self, features: pd.DataFrame, level: float = 1.0) -> pd.DataFrame:
        """Forecast the twelve months after the first one.

        Months are rounded to cents first, so that they sum exactly to `clv_12m`. A customer's row does not depend on
        the others.

        Args:
            features: `first_month_features` of customers who have completed the first month.
            level: a factor on all amounts: what the standard model makes of the level.

        Returns:
            `customer_id`, `first_ordered_on`, `clv_12m`, `clv_12m_p10`, `clv_12m_p90` (an 80 % interval),
            `p_active_12m`, `month_01` to `month_12`, and `reason_1` to `reason_3`: codes of
            `first_month.reasons.VOCABULARY`, why a forecast differs from the typical new customer's.
        """
        expected = self.model.expect(features)
        outlook = expected.outlook(HORIZON_MONTHS)
        months = np.rint(expected.value * level * 100.0).astype(np.int64)
        year = months.sum(axis=1)
        ends = self.intervals.of(outlook, HORIZON_MONTHS)
        lower, upper = (np.rint(end * level * 100.0).astype(np.int64) for end in ends)
        cents = {"clv_12m": year, "clv_12m_p10": np.minimum(lower, year), "clv_12m_p90": np.maximum(upper, year)}
        cents |= {name: months[:, column] for column, name in enumerate(FORECAST_MONTHS)}
        money = {name: [Decimal(int(amount)).scaleb(-2) for amount in column] for name, column in cents.items()}
        keys = {name: features[name].to_numpy() for name in ("customer_id", "first_ordered_on")}
        frame = pd.DataFrame(keys | money)
        frame.insert(5, "p_active_12m", np.round(outlook.p_active, _P_DIGITS))
        found = reasons_of(effects(self.model, features) - np.asarray(self.typical), self.percentiles)
        return frame.assign(**dict(zip(REASON_COLUMNS, found.T, strict=True)))

    def save(self, folder: Path) -> None:
        """Write the boosters in XGBoost's own format and everything else as one JSON."""
        model = self.model
        content: dict[str, Any] = {
            "format": FORMAT,
            "as_of": self.as_of.isoformat(),
            "matured": self.matured,
            "typical": dict(zip(FEATURE_GROUPS, self.typical, strict=True)),
            "percentiles": self.percentiles,
            "params": asdict(model.params),
            "base": asdict(model.base),
            "orders": model.orders.save(folder / ORDERS_FILE),
            "value": model.value.save(folder / VALUE_FILE),
            "level": model.level,
            "frailty": model.frailty,
            "intervals": asdict(self.intervals),
        }
        (folder / JSON_FILE).write_text(json.dumps(content, indent=1, sort_keys=True), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> FirstMonthForecaster:
        """Read what `save` wrote; raises ValueError for another format, or boosters that do not belong to the JSON."""
        content = json.loads((folder / JSON_FILE).read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']}; this code reads format {FORMAT}")
        base = content["base"]
        model = FirstMonthModel(
            params=ModelParams.of(content["params"]),
            base=FirstMonthBase(
                purchases=ParetoNbd(**base.pop("purchases")), spend=GammaGamma(**base.pop("spend")), **base
            ),
            orders=Correction.load(folder / ORDERS_FILE, content["orders"]),
            value=Correction.load(folder / VALUE_FILE, content["value"]),
            level=content["level"],
            frailty=content["frailty"],
        )
        return cls(
            as_of=date.fromisoformat(content["as_of"]),
            model=model,
            intervals=Intervals(**content["intervals"]),
            matured=content["matured"],
            typical=[content["typical"][group] for group in FEATURE_GROUPS],
            percentiles=content["percentiles"],
        )
