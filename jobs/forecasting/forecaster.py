"""The forecaster: forecasts a snapshot's customers, is saved and loaded. `fit.py` fits it."""

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
from numpy.typing import NDArray

from jobs.core.month import HORIZON_MONTHS, HORIZONS
from jobs.features.rfm_cuts import RfmCuts
from jobs.forecasting.bands import BandLevels
from jobs.forecasting.base_margin import BaseModels
from jobs.forecasting.btyd import GammaGamma, ParetoNbd
from jobs.forecasting.calibrated import Calibration
from jobs.forecasting.cold_start import Rates
from jobs.forecasting.encoder import Customers, Floats, InputEncoder, InputError
from jobs.forecasting.intervals import Intervals
from jobs.forecasting.monthly_model import MonthlyModel
from jobs.forecasting.params import ModelParams
from jobs.forecasting.prediction import Expectation
from jobs.forecasting.reason_codes import FEATURE_GROUPS
from jobs.forecasting.reasons import Explainer
from jobs.forecasting.seasonality import Season
from jobs.forecasting.two_part import TwoPartModel
from jobs.lake.tables import FORECAST_MONTHS, FORECASTS, REASON_COLUMNS

COLUMNS = [name for name in FORECASTS.names if name != "model_version"]
JSON_FILE = "forecaster.json"
FORMAT = 3
"""The version of the saved files. A change after which `load` would read earlier files wrongly raises it; another
parameter of `ModelParams` does not."""

_P_DIGITS = 6
_VARIANCE_DIGITS = 4


@dataclass(frozen=True)
class Forecaster:
    """A fitted forecaster.

    Attributes:
        as_of: it has not seen what happened on or after this day.
        encoder: which columns it reads, and how.
        monthly: the model of the twelve months.
        explainer: what customers are compared with to find reasons.
        rfm_cuts: the quintiles of all customers as of that day, for features of one customer alone; None if they
            were not given.
    """

    as_of: date
    encoder: InputEncoder
    monthly: MonthlyModel
    explainer: Explainer
    rfm_cuts: RfmCuts | None = None

    @property
    def params(self) -> ModelParams:
        """Its settings."""
        return self.monthly.params

    @property
    def intervals(self) -> Intervals:
        """The calibrated intervals."""
        return self.monthly.calibration.intervals

    def expect(self, snapshot: pd.DataFrame, as_of: date) -> Expectation:
        """What is expected of each customer of a snapshot, in its order; raises InputError for missing columns."""
        return self.monthly.expect(self.encoder.encode(snapshot, as_of))

    def attributions(self, customers: Customers, *, exact: bool = False) -> Floats:
        """What raises or lowers each encoded customer's value, in logarithms: one column a feature group.

        `reasons.py` tells what they are relative to.
        """
        model, bought = self.monthly, customers.has_bought
        effects = np.zeros((len(customers), len(FEATURE_GROUPS)))
        if bought.any():
            history = model.base_models.history(customers.take(bought))
            effects[bought] = self.explainer.of_buyers(model, history, exact=exact)
        effects[~bought] = self.explainer.of_newcomers(model.newcomers, customers.signup_days[~bought])
        return effects

    def predict(self, snapshot: pd.DataFrame, *, as_of: date | None = None) -> pd.DataFrame:
        """Forecast every customer of a snapshot: the columns of `tables.FORECASTS` but the model's version.

        A customer's row does not depend on who else is in the snapshot. Months are rounded to cents first, so that
        they sum exactly to the longer horizons.

        Args:
            snapshot: one row a customer, with the columns of the features table.
            as_of: the snapshot's; the forecaster's own where left out.

        Raises:
            InputError: the snapshot lacks columns.
        """
        customers = self.encoder.encode(snapshot, as_of or self.as_of)
        return pd.DataFrame(self._forecast(customers), columns=COLUMNS)

    def predict_rows(self, rows: Sequence[Mapping[str, Any]], *, as_of: date) -> list[dict[str, Any]]:
        """As `predict`, of customers given as rows of the features table, in plain values, in their order.

        Raises:
            InputError: a row lacks columns.
        """
        if not rows:
            return []
        columns = {name: [row[name] for row in rows] for name in self.encoder.columns if name in rows[0]}
        forecast = self._forecast(self.encoder.encode(columns, as_of))
        return [dict(zip(forecast, values, strict=True)) for values in zip(*forecast.values(), strict=True)]

    def _forecast(self, customers: Customers) -> dict[str, Any]:
        """The columns of a forecast, without the model's version."""
        expected = self.monthly.expect(customers)
        outlook = expected.outlook(HORIZON_MONTHS)
        if not np.isfinite(expected.value).all():
            lost = int((~np.isfinite(expected.value)).any(axis=1).sum())
            raise InputError(f"{lost} of {len(customers)} forecasts are not numbers: train the month again")
        months = np.rint(expected.value * 100.0).astype(np.int64)
        year = months.sum(axis=1)
        lower, upper = (np.rint(end * 100.0).astype(np.int64) for end in self.intervals.of(outlook, HORIZON_MONTHS))
        cents = {f"clv_{k}m": months[:, :k].sum(axis=1) for k in HORIZONS}
        cents |= {"clv_12m_p10": np.minimum(lower, year), "clv_12m_p90": np.maximum(upper, year)}
        cents |= {name: months[:, i] for i, name in enumerate(FORECAST_MONTHS)}
        forecast: dict[str, Any] = {name: _money(column) for name, column in cents.items()}
        forecast["customer_id"] = customers.ids
        for k in HORIZONS:
            first = expected.outlook(k)
            forecast[f"p_active_{k}m"] = np.round(first.p_active, _P_DIGITS)
            forecast[f"variance_{k}m"] = np.round(self.intervals.own_variance(first), _VARIANCE_DIGITS)
        forecast |= {"status": expected.status, "method": expected.method}
        forecast |= dict(zip(REASON_COLUMNS, self.explainer.reasons(self.attributions(customers)).T, strict=True))
        return forecast

    def save(self, folder: Path) -> None:
        """Write the boosters in XGBoost's own format and everything else as one JSON."""
        model = self.monthly
        model.two_part.save(folder)
        content: dict[str, Any] = {
            "format": FORMAT,
            "as_of": self.as_of.isoformat(),
            "params": asdict(model.params),
            "encoder": asdict(self.encoder),
            "base_models": asdict(model.base_models),
            "names": model.two_part.names,
            "unit": model.two_part.unit,
            "balance": model.two_part.balance,
            "newcomers": asdict(model.newcomers),
            "weight": model.weight,
            "frailty": model.frailty,
            "level": model.level,
            "calibration": asdict(model.calibration),
            "explainer": asdict(self.explainer),
            "rfm_cuts": None if self.rfm_cuts is None else asdict(self.rfm_cuts),
        }
        (folder / JSON_FILE).write_text(json.dumps(content, indent=1, sort_keys=True), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Forecaster:
        """Read what `save` wrote; raises ValueError for another format, or boosters that do not belong to the JSON."""
        content = json.loads((folder / JSON_FILE).read_text(encoding="utf-8"))
        stored_format = content.get("format", 1)
        if stored_format != FORMAT:
            raise ValueError(f"format {stored_format}; this code reads format {FORMAT}")
        encoder, base_models, calibration = content["encoder"], content["base_models"], content["calibration"]
        cuts = content["rfm_cuts"]
        # The JSON is sorted by key; the boosters know the texts by their position among the inputs.
        texts = encoder["categories"]
        categories = {name: tuple(texts[name]) for name in content["names"] if name in texts}
        monthly = MonthlyModel(
            params=ModelParams.of(content["params"]),
            base_models=BaseModels(
                purchases=ParetoNbd(**base_models.pop("purchases")),
                season=Season(**base_models.pop("season")),
                spend=GammaGamma(**base_models.pop("spend")),
                **base_models,
            ),
            two_part=TwoPartModel.load(folder, tuple(content["names"]), content["unit"], content["balance"]),
            weight=content["weight"],
            newcomers=Rates(**content["newcomers"]),
            frailty=content["frailty"],
            level=content["level"],
            calibration=Calibration(
                levels=BandLevels(**calibration["levels"]), intervals=Intervals(**calibration["intervals"])
            ),
        )
        return cls(
            as_of=date.fromisoformat(content["as_of"]),
            encoder=InputEncoder(tuple(encoder["numbers"]), categories, encoder["first_month"]),
            monthly=monthly,
            explainer=Explainer(**content["explainer"]),
            rfm_cuts=None if cuts is None else RfmCuts(**cuts),
        )


def _money(cents: NDArray[np.int64]) -> list[Decimal]:
    return [Decimal(int(amount)).scaleb(-2) for amount in cents]
