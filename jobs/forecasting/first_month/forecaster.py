"""The first month's forecaster: forecasts customers on day 30, is saved and loaded. `fit.py` fits it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from jobs.core.month import HORIZON_MONTHS
from jobs.forecasting.btyd import GammaGamma, ParetoNbd
from jobs.forecasting.corrections import Corrections
from jobs.forecasting.encoder import Floats
from jobs.forecasting.first_month.base import FirstMonthBase
from jobs.forecasting.first_month.encoder import FirstMonthEncoder
from jobs.forecasting.first_month.model import FirstMonthModel
from jobs.forecasting.intervals import Intervals
from jobs.forecasting.params import ModelParams
from jobs.forecasting.pool import Pool
from jobs.forecasting.two_part import TwoPartModel
from jobs.lake.tables import FORECAST_MONTHS

JSON_FILE = "first_month.json"
FORMAT = 1
"""The version of the saved files, as in `forecaster.py`."""

STANDARD_PRIOR_CUSTOMERS = 100.0
"""How many customers with a matured year the standard model's forecast weighs."""

_P_DIGITS = 6


@dataclass(frozen=True)
class FirstMonthForecaster:
    """A fitted forecaster.

    Attributes:
        as_of: it has not seen what happened on or after this day.
        model: the model of a month.
        intervals: calibrated on customers whom the boosters had not seen.
        matured: how many customers it learned from whose twelve months were over.
    """

    as_of: date
    model: FirstMonthModel
    intervals: Intervals
    matured: int

    @property
    def standard_weight(self) -> float:
        """How much of a forecast is the standard model's: all of it at no matured customer, little at thousands."""
        return STANDARD_PRIOR_CUSTOMERS / (STANDARD_PRIOR_CUSTOMERS + self.matured)

    def predict(self, features: pd.DataFrame, standard: Floats | None = None) -> pd.DataFrame:
        """Forecast the twelve months after the first one.

        Months are rounded to cents first, so that they sum exactly to `clv_12m`. A customer's row does not depend on
        the others.

        Args:
            features: `first_month_features` of customers who have completed the first month.
            standard: the standard model's net value of the next twelve months, one a customer; NaN where it has none.

        Returns:
            `customer_id`, `first_ordered_on`, `clv_12m`, `clv_12m_p10`, `clv_12m_p90` (an 80 % interval),
            `p_active_12m`, and `month_01` to `month_12`.
        """
        expected = self.model.expect(features)
        outlook = expected.outlook(HORIZON_MONTHS)
        factor = self._towards(standard, outlook.value)
        months = np.rint(expected.value * factor[:, None] * 100.0).astype(np.int64)
        year = months.sum(axis=1)
        ends = self.intervals.of(outlook, HORIZON_MONTHS)
        lower, upper = (np.rint(end * factor * 100.0).astype(np.int64) for end in ends)
        cents = {"clv_12m": year, "clv_12m_p10": np.minimum(lower, year), "clv_12m_p90": np.maximum(upper, year)}
        cents |= {name: months[:, column] for column, name in enumerate(FORECAST_MONTHS)}
        money = {name: [Decimal(int(amount)).scaleb(-2) for amount in column] for name, column in cents.items()}
        keys = {name: features[name].to_numpy() for name in ("customer_id", "first_ordered_on")}
        frame = pd.DataFrame(keys | money)
        frame.insert(5, "p_active_12m", np.round(outlook.p_active, _P_DIGITS))
        return frame

    def _towards(self, standard: Floats | None, own: Floats) -> Floats:
        """The factor that moves each customer's own forecast towards the standard model's."""
        if standard is None:
            return np.ones(len(own))
        weight = np.where(np.isnan(standard), 0.0, self.standard_weight)
        blended = (1.0 - weight) * own + weight * np.nan_to_num(standard)
        return np.asarray(blended / np.maximum(own, 1e-9))

    def save(self, folder: Path) -> None:
        """Write the boosters in XGBoost's own format and everything else as one JSON."""
        model = self.model
        model.two_part.save(folder)
        content: dict[str, Any] = {
            "format": FORMAT,
            "as_of": self.as_of.isoformat(),
            "matured": self.matured,
            "params": asdict(model.params),
            "numbers": list(model.encoder.numbers),
            "categories": [[name, list(texts)] for name, texts in model.encoder.categories.items()],
            "base": asdict(model.base),
            "names": model.two_part.names,
            "unit": model.two_part.unit,
            "pool": asdict(model.two_part.pool),
            "corrections": asdict(model.corrections),
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
        categories = {name: tuple(texts) for name, texts in content["categories"]}
        model = FirstMonthModel(
            params=ModelParams.of(content["params"]),
            encoder=FirstMonthEncoder(tuple(content["numbers"]), categories),
            base=FirstMonthBase(
                purchases=ParetoNbd(**base.pop("purchases")), spend=GammaGamma(**base.pop("spend")), **base
            ),
            two_part=TwoPartModel.load(folder, tuple(content["names"]), content["unit"], Pool(**content["pool"])),
            corrections=Corrections(**content["corrections"]),
            frailty=content["frailty"],
        )
        return cls(
            as_of=date.fromisoformat(content["as_of"]),
            model=model,
            intervals=Intervals(**content["intervals"]),
            matured=content["matured"],
        )
