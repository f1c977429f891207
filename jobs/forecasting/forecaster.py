"""The forecaster: learn from snapshots, forecast a snapshot's customers, be saved and loaded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobs.forecasting.activity import fit_shape
from jobs.forecasting.btyd import GammaGamma, MbgNbd
from jobs.forecasting.calibration import calibrate
from jobs.forecasting.cohorts import Rates
from jobs.forecasting.expectation import Expectation
from jobs.forecasting.history import Start
from jobs.forecasting.hurdle import Hurdle
from jobs.forecasting.inputs import Customers, Floats, InputEncoder, InputError
from jobs.forecasting.intervals import Intervals
from jobs.forecasting.level import fit_level
from jobs.forecasting.panel import Snapshots, first_month, known_by
from jobs.forecasting.params import ModelParams
from jobs.forecasting.pool import Pool
from jobs.forecasting.reasons import Explainer, reasons
from jobs.forecasting.season import Season
from jobs.forecasting.standing import BTYD, COHORT_PRIOR, MODEL, method, status
from jobs.forecasting.training import Panel
from jobs.forecasting.trust import LITTLE, blend
from jobs.forecasting.vocabulary import THEMES
from jobs.month import HORIZON_MONTHS, Month
from jobs.tables import FORECAST_MONTHS, FORECASTS, REASON_COLUMNS

COLUMNS = [name for name in FORECASTS.names if name != "model_version"]
JSON_FILE = "forecaster.json"
LEAST_SNAPSHOTS = 2

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
        trust: how much of the value booster's correction is believed, 0 to 1.
        activity_level: factor on the odds of being active.
        value_level: factor on the net value.
        newcomers: rates of customers who never bought.
        frailty: how much a customer's months depend on each other, by method.
        explainer: what customers are compared with to find reasons.
        intervals: the calibrated intervals.
    """

    as_of: date
    params: ModelParams
    encoder: InputEncoder
    start: Start
    hurdle: Hurdle
    trust: float
    activity_level: float
    value_level: float
    newcomers: Rates
    frailty: Mapping[str, float]
    explainer: Explainer
    intervals: Intervals

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
        p[bought] = odds / (1.0 + odds)
        value[bought] = blend(found.start, found.value, self.trust) * self.value_level
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
            "trust": self.trust,
            "newcomers": asdict(self.newcomers),
            "frailty": dict(self.frailty),
            "explainer": asdict(self.explainer),
            "intervals": asdict(self.intervals),
        }
        (folder / JSON_FILE).write_text(json.dumps(rest, indent=1, sort_keys=True), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Forecaster:
        """Read what `save` wrote; raises ValueError where boosters and JSON do not belong together."""
        rest = json.loads((folder / JSON_FILE).read_text(encoding="utf-8"))
        encoder, start = rest["encoder"], rest["start"]
        categories = {name: tuple(texts) for name, texts in encoder["categories"].items()}
        purchases, season = MbgNbd(**start.pop("purchases")), Season(**start.pop("season"))
        spend = GammaGamma(**start.pop("spend"))
        return cls(
            as_of=date.fromisoformat(rest["as_of"]),
            params=ModelParams(**rest["params"]),
            encoder=InputEncoder(tuple(encoder["numbers"]), categories, encoder["first_month"]),
            start=Start(purchases=purchases, season=season, spend=spend, **start),
            hurdle=Hurdle.load(folder, tuple(rest["names"]), rest["unit"], Pool(**rest["pool"])),
            trust=rest["trust"],
            activity_level=rest["activity_level"],
            value_level=rest["value_level"],
            newcomers=Rates(**rest["newcomers"]),
            frailty=rest["frailty"],
            explainer=Explainer(**rest["explainer"]),
            intervals=Intervals(**rest["intervals"]),
        )


def fit(
    snapshots: Snapshots, *, as_of: date, params: ModelParams | None = None, trust: float | None = None
) -> Forecaster:
    """Learn from every snapshot up to and including `as_of`, with labels that had matured by then.

    Trust and intervals are calibrated on the forecasts of a twin that knew only what lay before the newest months.

    Args:
        snapshots: as_of → frame with the columns of the features table, one row a customer known then. To train on a
            part of the customers, choose them by `panel.sample_customers` and take the same ones in every snapshot.
        as_of: what happened on or after this day is not looked at.
        params: the forecaster's settings.
        trust: where given, it is taken over, and nothing is calibrated, which saves the twin.

    Raises:
        InputError: there is no snapshot as of `as_of`, or fewer than two, or columns are missing, or nobody ordered.
    """
    params = params or ModelParams()
    known = known_by(snapshots, as_of)
    months = calibration_months(len(known))
    earlier = dict(list(known.items())[: len(known) - months])
    if trust is not None or months == 0 or len(earlier) < LEAST_SNAPSHOTS:
        return _learn(known, params, trust or 0.0)
    trust, intervals = calibrate(_learn(earlier, params, 0.0), known, months)
    return replace(_learn(known, params, trust), intervals=intervals)


def calibration_months(snapshots: int) -> int:
    """How many of the newest months are held back to calibrate and to judge: a third, a year at most."""
    return min(snapshots // 3, HORIZON_MONTHS)


def _learn(known: Snapshots, params: ModelParams, trust: float) -> Forecaster:
    """Everything but what is calibrated on months held back."""
    as_of = max(known)
    if len(known) < LEAST_SNAPSHOTS:
        raise InputError(f"{len(known)} snapshot(s) up to {as_of}: at least {LEAST_SNAPSHOTS} are needed to learn from")
    if known[as_of]["first_ordered_on"].isna().all():
        raise InputError(f"nobody has ordered before {as_of}: there is nothing to learn from")
    encoder = InputEncoder.of(known[as_of], first_month(known))
    panel = Panel.of(known, encoder, params)
    start = panel.start()
    rows, unit = panel.rows(start), panel.active_value
    hurdle = Hurdle.fit(rows, encoder.names, unit, params)
    found = hurdle.boosted(rows.inputs, rows.logs, rows.horizon, rows.season, rows.p_start)
    level = partial(fit_level, rows.month, newest=params.level_months, prior=params.level_prior_months)
    newcomers = Rates.fit(panel.newcomers(start), unit)
    value_level = level(rows.value, blend(found.start, found.value, trust))
    forecaster = Forecaster(
        as_of=as_of,
        params=params,
        encoder=encoder,
        start=start,
        hurdle=hurdle,
        trust=trust,
        activity_level=level(rows.active.astype(float), found.p),
        value_level=value_level,
        newcomers=newcomers,
        frailty={MODEL: 1.0, COHORT_PRIOR: 1.0},
        explainer=Explainer.fit(panel.coded[as_of], start, hurdle, newcomers, trust=trust, level=value_level),
        intervals=Intervals.uncalibrated(params.coverage),
    )
    return replace(forecaster, frailty=_frailty(forecaster, panel))


def _frailty(forecaster: Forecaster, panel: Panel) -> dict[str, float]:
    """The frailties that make P(active) right over the longest horizon that has matured."""
    days = list(panel.coded)
    months = min(len(days) - 1, HORIZON_MONTHS)
    customers = panel.coded[days[-1 - months]]
    _, orders = panel.outcomes.after(customers.ids, customers.as_of, range(1, months + 1))
    p, active = forecaster.expect_of(customers).p[:, :months], orders.max(axis=1, initial=0.0) > 0
    new = np.isnan(customers.recency_days)
    return {MODEL: fit_shape(p[~new], active[~new]), COHORT_PRIOR: fit_shape(p[new], active[new])}


def _money(cents: NDArray[np.int64]) -> list[Decimal]:
    return [Decimal(int(amount)).scaleb(-2) for amount in cents]
