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
from jobs.forecasting.btyd import GammaGamma, ParetoNbd
from jobs.forecasting.calibration import Calibration, calibrate, totals
from jobs.forecasting.cohorts import Rates
from jobs.forecasting.combination import combined
from jobs.forecasting.expectation import Expectation
from jobs.forecasting.history import Start
from jobs.forecasting.hurdle import Hurdle
from jobs.forecasting.inputs import Customers, InputEncoder, InputError
from jobs.forecasting.intervals import Intervals
from jobs.forecasting.level import fit_level
from jobs.forecasting.panel import Snapshots, first_month, known_by
from jobs.forecasting.params import ModelParams
from jobs.forecasting.pool import Pool
from jobs.forecasting.season import Season
from jobs.forecasting.standing import BTYD, COHORT_PRIOR, MODEL, method, status
from jobs.forecasting.training import Panel
from jobs.forecasting.trust import LITTLE, blend
from jobs.month import HORIZON_MONTHS, Month
from jobs.tables import FORECAST_MONTHS, FORECASTS

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
        activity_level: factor on the odds of being active.
        value_level: factor on the net value.
        level: factor on the net value of customers who bought, which gives their total the combined level.
        activity_combined: factor on their hazards of being active, likewise.
        newcomers: rates of customers who never bought.
        frailty: how much a customer's months depend on each other, by method.
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
        expected = self.expect(snapshot, as_of or self.as_of)
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
            "calibration": asdict(self.calibration),
        }
        (folder / JSON_FILE).write_text(json.dumps(rest, indent=1, sort_keys=True), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Forecaster:
        """Read what `save` wrote; raises ValueError where boosters and JSON do not belong together."""
        rest = json.loads((folder / JSON_FILE).read_text(encoding="utf-8"))
        encoder, start = rest["encoder"], rest["start"]
        categories = {name: tuple(texts) for name, texts in encoder["categories"].items()}
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
            calibration=Calibration(**calibration),
        )


def fit(
    snapshots: Snapshots, *, as_of: date, params: ModelParams | None = None, calibration: Calibration | None = None
) -> Forecaster:
    """Learn from every snapshot up to and including `as_of`, with labels that had matured by then.

    Trust, level and intervals are calibrated on the forecasts of a twin that knew only what lay before the newest
    months.

    Args:
        snapshots: as_of → frame with the columns of the features table, one row a customer known then. To train on a
            part of the customers, choose them by `panel.sample_customers` and take the same ones in every snapshot.
        as_of: what happened on or after this day is not looked at.
        params: the forecaster's settings.
        calibration: where given, it is taken over, which saves the twin.

    Raises:
        InputError: there is no snapshot as of `as_of`, or fewer than two, or columns are missing, or nobody ordered.
    """
    params = params or ModelParams()
    known = known_by(snapshots, as_of)
    months = calibration_months(len(known))
    earlier = dict(list(known.items())[: len(known) - months])
    none = Calibration.none(params.coverage)
    if calibration is None and months > 0 and len(earlier) >= LEAST_SNAPSHOTS:
        calibration = calibrate(_learn(earlier, params, none), known, months)
    return _learn(known, params, calibration or none)


def calibration_months(snapshots: int) -> int:
    """How many of the newest months are held back to calibrate and to judge: a third, a year at most."""
    return min(snapshots // 3, HORIZON_MONTHS)


def _learn(known: Snapshots, params: ModelParams, calibration: Calibration) -> Forecaster:
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
    forecaster = Forecaster(
        as_of=as_of,
        params=params,
        encoder=encoder,
        start=start,
        hurdle=hurdle,
        activity_level=level(rows.active.astype(float), found.p),
        value_level=level(rows.value, blend(found.start, found.value, calibration.trust)),
        level=1.0,
        activity_combined=1.0,
        newcomers=Rates.fit(panel.newcomers(start), unit),
        frailty={MODEL: 1.0, COHORT_PRIOR: 1.0},
        calibration=calibration,
    )
    forecaster = _combined(forecaster, panel)
    return replace(forecaster, frailty=_frailty(forecaster, panel))


def _combined(forecaster: Forecaster, panel: Panel) -> Forecaster:
    """The forecaster at the combined level: the totals of the horizon, of customers who bought."""
    newest, weights = panel.coded[forecaster.as_of], forecaster.calibration
    money, activity = totals(forecaster, newest.take(~np.isnan(newest.recency_days)), HORIZON_MONTHS)
    return replace(
        forecaster,
        level=combined(money, weights.money_weights) / float(money[0]),
        activity_combined=combined(activity, weights.activity_weights) / float(activity[0]),
    )


def _frailty(forecaster: Forecaster, panel: Panel) -> dict[str, float]:
    """The frailties that make P(active) right over a long horizon, of customers who had had as long to be known."""
    days = list(panel.coded)
    months = min(len(days) // 2, HORIZON_MONTHS)
    customers = panel.coded[days[-1 - months]]
    _, orders = panel.outcomes.after(customers.ids, customers.as_of, range(1, months + 1))
    p, active = forecaster.expect_of(customers).p[:, :months], orders.max(axis=1, initial=0.0) > 0
    new = np.isnan(customers.recency_days)
    return {MODEL: fit_shape(p[~new], active[~new]), COHORT_PRIOR: fit_shape(p[new], active[new])}


def _money(cents: NDArray[np.int64]) -> list[Decimal]:
    return [Decimal(int(amount)).scaleb(-2) for amount in cents]
