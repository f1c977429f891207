"""The forecaster: learn from snapshots, forecast a snapshot's customers, be saved and loaded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobs.forecasting.activity import fit_shape, p_active
from jobs.forecasting.btyd import BgNbd
from jobs.forecasting.cohorts import DORMANT_STAGES, NEVER_BOUGHT_STAGES, Rates
from jobs.forecasting.history import Start
from jobs.forecasting.hurdle import Hurdle
from jobs.forecasting.inputs import Customers, Floats, InputEncoder, InputError
from jobs.forecasting.intervals import Intervals, Outlook
from jobs.forecasting.level import fit_level
from jobs.forecasting.panel import Snapshots, first_month, known_by
from jobs.forecasting.params import ModelParams
from jobs.forecasting.season import Season
from jobs.forecasting.standing import COHORT_PRIOR, DORMANT_RATE, MODEL, method, scale, status
from jobs.forecasting.training import Panel, stage_days
from jobs.month import HORIZON_MONTHS, Month
from jobs.tables import FORECAST_MONTHS, FORECASTS

COLUMNS = [name for name in FORECASTS.names if name != "model_version"]
JSON_FILE = "forecaster.json"
LEAST_SNAPSHOTS = 2

_STAGES = {COHORT_PRIOR: NEVER_BOUGHT_STAGES, DORMANT_RATE: DORMANT_STAGES}
_P_DIGITS = 6


@dataclass(frozen=True)
class Expectation:
    """What is expected of each customer.

    Attributes:
        p: P(active) in each horizon month, one row a customer.
        value: expected net value of each horizon month.
        frailty: see `activity.py`.
        status: see `standing.py`.
        method: likewise.
    """

    p: Floats
    value: Floats
    frailty: float
    status: NDArray[np.object_]
    method: NDArray[np.object_]

    def outlook(self, months: int) -> Outlook:
        """The first `months` months taken together."""
        return Outlook(
            value=self.value[:, :months].sum(axis=1),
            p_active=p_active(self.p[:, :months], self.frailty)[:, -1],
            active_months=self.p[:, :months].sum(axis=1),
        )


@dataclass(frozen=True)
class Forecaster:
    """A fitted forecaster.

    Attributes:
        as_of: what happened on or after this day it has not seen.
        params: its settings.
        encoder: which columns it reads, and how.
        start: where the boosters start from.
        hurdle: the boosters.
        activity_level: factor on the odds of being active, by horizon month.
        value_level: factor on the net value, by horizon month.
        rates: method outside the model → its rates.
        frailty: how much a customer's months depend on each other.
        intervals: the calibrated intervals.
    """

    as_of: date
    params: ModelParams
    encoder: InputEncoder
    start: Start
    hurdle: Hurdle
    activity_level: list[float]
    value_level: list[float]
    rates: Mapping[str, Rates]
    frailty: float
    intervals: Intervals

    def expect(self, snapshot: pd.DataFrame, as_of: date) -> Expectation:
        """What is expected of each customer of a snapshot, in its order; raises InputError for missing columns."""
        return self.expect_of(self.encoder.encode(snapshot, as_of))

    def expect_of(self, customers: Customers) -> Expectation:
        """What is expected of coded customers."""
        found = status(customers, self.params)
        how = method(found)
        p, value = np.zeros((2, len(customers), HORIZON_MONTHS))
        modelled = how == MODEL
        chance, money = self.hurdle.predict(self.start.history(customers.take(modelled)))
        odds = chance / (1.0 - chance) * np.asarray(self.activity_level)
        p[modelled], value[modelled] = odds / (1.0 + odds), money * np.asarray(self.value_level)
        months = [Month.of(customers.as_of).plus(h) for h in range(HORIZON_MONTHS)]
        of_activity, of_value = self.start.season.of_activity(months), self.start.season.of_value(months)
        for name, rates in self.rates.items():
            group = customers.take(how == name)
            chance, money = rates.of(stage_days(group, name), scale(group, name, self.hurdle.unit))
            p[how == name], value[how == name] = np.minimum(chance * of_activity, 1.0), money * of_value
        return Expectation(p, value, self.frailty, found, how)

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
            "activity_level": self.activity_level,
            "value_level": self.value_level,
            "rates": {name: asdict(rates) for name, rates in self.rates.items()},
            "frailty": self.frailty,
            "intervals": asdict(self.intervals),
        }
        (folder / JSON_FILE).write_text(json.dumps(rest, indent=1, sort_keys=True), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Forecaster:
        """Read what `save` wrote; raises ValueError where boosters and JSON do not belong together."""
        rest = json.loads((folder / JSON_FILE).read_text(encoding="utf-8"))
        encoder, start = rest["encoder"], rest["start"]
        categories = {name: tuple(texts) for name, texts in encoder["categories"].items()}
        purchases, season = BgNbd(**start.pop("purchases")), Season(**start.pop("season"))
        return cls(
            as_of=date.fromisoformat(rest["as_of"]),
            params=ModelParams(**rest["params"]),
            encoder=InputEncoder(tuple(encoder["numbers"]), categories, encoder["first_month"]),
            start=Start(purchases=purchases, season=season, **start),
            hurdle=Hurdle.load(folder, tuple(rest["names"]), rest["unit"]),
            activity_level=rest["activity_level"],
            value_level=rest["value_level"],
            rates={name: Rates(**rates) for name, rates in rest["rates"].items()},
            frailty=rest["frailty"],
            intervals=Intervals(**rest["intervals"]),
        )


def fit(snapshots: Snapshots, *, as_of: date, params: ModelParams | None = None, calibrated: bool = True) -> Forecaster:
    """Learn from every snapshot up to and including `as_of`, with labels that had matured by then.

    Intervals are calibrated on the forecasts of a twin that knew only what lay before the newest matured months.

    Args:
        snapshots: as_of → frame with the columns of the features table, one row a customer known then. To train on a
            part of the customers, choose them by `panel.sample_customers` and take the same ones in every snapshot.
        as_of: what happened on or after this day is not looked at.
        params: the forecaster's settings.
        calibrated: whether to calibrate intervals, which costs a second fit.

    Raises:
        InputError: there is no snapshot as of `as_of`, or fewer than two, or columns are missing, or nobody ordered.
    """
    params = params or ModelParams()
    known = known_by(snapshots, as_of)
    forecaster = _learn(known, params)
    months = calibration_months(len(known))
    earlier = dict(list(known.items())[: len(known) - months])
    if not calibrated or months == 0 or len(earlier) < LEAST_SNAPSHOTS:
        return forecaster
    origin = max(earlier)
    frame = known[origin]
    panel = Panel.of(known, forecaster.encoder, params)
    actual, _ = panel.outcomes.after(frame["customer_id"].to_numpy(dtype=object), origin, range(1, months + 1))
    outlook = _learn(earlier, params).expect(frame, origin).outlook(months)
    return replace(forecaster, intervals=Intervals.fit(outlook, actual.sum(axis=1), months, params.coverage))


def calibration_months(snapshots: int) -> int:
    """How many of the newest months are held back to calibrate and to judge: a third, a year at most."""
    return min(snapshots // 3, HORIZON_MONTHS)


def _learn(known: Snapshots, params: ModelParams) -> Forecaster:
    """Everything but calibrated intervals."""
    as_of = max(known)
    if len(known) < LEAST_SNAPSHOTS:
        raise InputError(f"{len(known)} snapshot(s) up to {as_of}: at least {LEAST_SNAPSHOTS} are needed to learn from")
    if known[as_of]["first_ordered_on"].isna().all():
        raise InputError(f"nobody has ordered before {as_of}: there is nothing to learn from")
    encoder = InputEncoder.of(known[as_of], first_month(known))
    panel = Panel.of(known, encoder, params)
    start = panel.start()
    rows, horizon, label_month = panel.rows(start)
    hurdle = Hurdle.fit(rows, encoder.names, panel.active_value, params)
    p, value = hurdle.month(rows.inputs, rows.p_start, rows.value_start)
    newest = label_month > label_month.max() - params.level_months
    trust = min(params.level_months, len(known) - 1)
    level: dict[str, Any] = {"months": trust, "prior_months": params.level_prior_months}
    forecaster = Forecaster(
        as_of=as_of,
        params=params,
        encoder=encoder,
        start=start,
        hurdle=hurdle,
        activity_level=fit_level(horizon[newest], rows.active[newest].astype(float), p[newest], **level),
        value_level=fit_level(horizon[newest], rows.value[newest], value[newest], **level),
        rates={
            name: Rates.fit(stages, panel.outside_model(start, name), panel.active_value)
            for name, stages in _STAGES.items()
        },
        frailty=1.0,
        intervals=Intervals.uncalibrated(params.coverage),
    )
    return replace(forecaster, frailty=_frailty(forecaster, panel))


def _frailty(forecaster: Forecaster, panel: Panel) -> float:
    """The frailty that makes P(active) right over the longest horizon that has matured."""
    days = list(panel.coded)
    months = min(len(days) - 1, HORIZON_MONTHS)
    day = days[-1 - months]
    customers = panel.coded[day]
    _, orders = panel.outcomes.after(customers.ids, day, range(1, months + 1))
    return fit_shape(forecaster.expect_of(customers).p[:, :months], orders.max(axis=1, initial=0.0) > 0)


def _money(cents: NDArray[np.int64]) -> list[Decimal]:
    return [Decimal(int(amount)).scaleb(-2) for amount in cents]
