"""The forecaster: forecast a snapshot's customers, be saved and loaded. `fit.py` fits it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobs.core.month import HORIZON_MONTHS, Month
from jobs.forecasting.base_margin import Start
from jobs.forecasting.btyd import GammaGamma, ParetoNbd
from jobs.forecasting.calibration import Calibration
from jobs.forecasting.cold_start import Rates
from jobs.forecasting.correction_shrinkage import LITTLE, blend
from jobs.forecasting.encoder import Customers, Floats, InputEncoder
from jobs.forecasting.intervals import Intervals
from jobs.forecasting.params import ModelParams
from jobs.forecasting.pool import Pool
from jobs.forecasting.prediction import Expectation
from jobs.forecasting.reason_codes import THEMES
from jobs.forecasting.reasons import Explainer, reasons
from jobs.forecasting.seasonality import Season
from jobs.forecasting.status import BTYD, COHORT_PRIOR, MODEL, method, status
from jobs.forecasting.two_part import Hurdle
from jobs.lake.tables import FORECAST_MONTHS, FORECASTS, REASON_COLUMNS

COLUMNS = [name for name in FORECASTS.names if name != "model_version"]
JSON_FILE = "forecaster.json"

_P_DIGITS = 6


@dataclass(frozen=True)
class Forecaster:
    """A fitted forecaster.

    Attributes:
        as_of: what happened on or after this day it has not seen.
        params: its settings.
        encoder: which columns it reads, and how.
        start: where the boosters start from.
        hurdle: the boosters.
        activity_level: factor on the odds of being active.
        value_level: factor on the net value.
        level: factor on the net value of customers who bought, which gives their total the combined level.
        activity_combined: factor on their hazards of being active, likewise.
        newcomers: rates of customers who never bought.
        frailty: how much a customer's months depend on each other, by method.
        explainer: what customers are compared with to find reasons.
        calibration: what was learned from earlier forecasts.
    """

    as_of: date
    params: ModelParams
    encoder: InputEncoder
    start: Start
    hurdle: Hurdle
    activity_level: float
    value_level: float
    level: float
    activity_combined: float
    newcomers: Rates
    frailty: Mapping[str, float]
    explainer: Explainer
    calibration: Calibration

    @property
    def intervals(self) -> Intervals:
        """The calibrated intervals."""
        return self.calibration.intervals

    @property
    def trust(self) -> float:
        """How much of the value booster's correction is believed, 0 to 1."""
        return self.calibration.trust

    def expect(self, snapshot: pd.DataFrame, as_of: date) -> Expectation:
        """What is expected of each customer of a snapshot, in its order; raises InputError for missing columns."""
        return self.expect_of(self.encoder.encode(snapshot, as_of))

    def expect_of(self, customers: Customers) -> Expectation:
        """What is expected of coded customers."""
        standing = status(customers, self.params)
        how = method(standing, BTYD if self.trust < LITTLE else MODEL)
        bought = how != COHORT_PRIOR
        p, value = np.zeros((2, len(customers), HORIZON_MONTHS))
        found = self.hurdle.predict(self.start.history(customers.take(bought)))
        odds = found.p / (1.0 - found.p) * self.activity_level
        p[bought] = 1.0 - (1.0 + odds) ** -self.activity_combined
        value[bought] = blend(found.start, found.value, self.trust) * self.value_level * self.level
        months = [Month.of(customers.as_of).plus(h) for h in range(HORIZON_MONTHS)]
        chance, money = self.newcomers.of(customers.signup_days[~bought])
        p[~bought] = np.minimum(chance * self.start.season.of_activity(months), 1.0)
        value[~bought] = money * self.start.season.of_value(months)
        frailty = np.where(bought, self.frailty[MODEL], self.frailty[COHORT_PRIOR])
        return Expectation(p, value, frailty, standing, how)

    def effects(self, customers: Customers, *, exact: bool = False) -> Floats:
        """What lifts or lowers each coded customer's value, in logarithms: one column a theme (see `reasons.py`)."""
        bought, found = ~np.isnan(customers.recency_days), np.zeros((len(customers), len(THEMES)))
        if bought.any():
            history = self.start.history(customers.take(bought))
            found[bought] = self.explainer.of_buyers(self.hurdle, history, self.trust, exact=exact)
        found[~bought] = self.explainer.of_newcomers(self.newcomers, customers.signup_days[~bought])
        return found

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
        expected = self.expect_of(customers)
        outlook = expected.outlook(HORIZON_MONTHS)
        months = np.rint(expected.value * 100.0).astype(np.int64)
        year = months.sum(axis=1)
        lower, upper = (np.rint(end * 100.0).astype(np.int64) for end in self.intervals.of(outlook, HORIZON_MONTHS))
        cents = {f"clv_{k}m": months[:, :k].sum(axis=1) for k in (1, 3, 6, 12)}
        cents |= {"clv_12m_p10": np.minimum(lower, year), "clv_12m_p90": np.maximum(upper, year)}
        cents |= {name: months[:, i] for i, name in enumerate(FORECAST_MONTHS)}
        forecast: dict[str, Any] = {name: _money(column) for name, column in cents.items()}
        forecast["customer_id"] = snapshot["customer_id"].to_numpy(dtype=object)
        forecast["p_active_12m"] = np.round(outlook.p_active, _P_DIGITS)
        forecast |= {"status": expected.status, "method": expected.method}
        forecast |= dict(zip(REASON_COLUMNS, reasons(self.effects(customers)).T, strict=True))
        return pd.DataFrame(forecast, columns=COLUMNS)

    def save(self, folder: Path) -> None:
        """Write the boosters in XGBoost's own format and everything else as one JSON."""
        self.hurdle.save(folder)
        rest: dict[str, Any] = {
            "as_of": self.as_of.isoformat(),
            "params": asdict(self.params),
            "encoder": asdict(self.encoder),
            "start": asdict(self.start),
            "names": self.hurdle.names,
            "unit": self.hurdle.unit,
            "pool": asdict(self.hurdle.pool),
            "activity_level": self.activity_level,
            "value_level": self.value_level,
            "level": self.level,
            "activity_combined": self.activity_combined,
            "newcomers": asdict(self.newcomers),
            "frailty": dict(self.frailty),
            "explainer": asdict(self.explainer),
            "calibration": asdict(self.calibration),
        }
        (folder / JSON_FILE).write_text(json.dumps(rest, indent=1, sort_keys=True), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Forecaster:
        """Read what `save` wrote; raises ValueError where boosters and JSON do not belong together."""
        rest = json.loads((folder / JSON_FILE).read_text(encoding="utf-8"))
        encoder, start = rest["encoder"], rest["start"]
        # The JSON is sorted by key; the boosters know the texts by their position among the inputs.
        texts = encoder["categories"]
        categories = {name: tuple(texts[name]) for name in rest["names"] if name in texts}
        purchases, season = ParetoNbd(**start.pop("purchases")), Season(**start.pop("season"))
        spend = GammaGamma(**start.pop("spend"))
        calibration = rest["calibration"]
        calibration |= {"intervals": Intervals(**calibration["intervals"])}
        return cls(
            as_of=date.fromisoformat(rest["as_of"]),
            params=ModelParams(**rest["params"]),
            encoder=InputEncoder(tuple(encoder["numbers"]), categories, encoder["first_month"]),
            start=Start(purchases=purchases, season=season, spend=spend, **start),
            hurdle=Hurdle.load(folder, tuple(rest["names"]), rest["unit"], Pool(**rest["pool"])),
            activity_level=rest["activity_level"],
            value_level=rest["value_level"],
            level=rest["level"],
            activity_combined=rest["activity_combined"],
            newcomers=Rates(**rest["newcomers"]),
            frailty=rest["frailty"],
            explainer=Explainer(**rest["explainer"]),
            calibration=Calibration(**calibration),
        )


def _money(cents: NDArray[np.int64]) -> list[Decimal]:
    return [Decimal(int(amount)).scaleb(-2) for amount in cents]
