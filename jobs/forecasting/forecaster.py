"""The forecaster: learn from snapshots, forecast a snapshot's customers, be saved and loaded."""

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

from jobs.forecasting.cohorts import Rate
from jobs.forecasting.hurdle import Hurdle, Rows, Start
from jobs.forecasting.inputs import Customers, Floats, InputEncoder, InputError
from jobs.forecasting.intervals import Intervals
from jobs.forecasting.panel import Outcomes, Snapshots, first_month, horizon_inputs, known_by, thinned
from jobs.forecasting.params import ModelParams
from jobs.forecasting.standing import COHORT_PRIOR, DORMANT_RATE, MODEL, method, status
from jobs.month import HORIZON_MONTHS, Month
from jobs.tables import FORECAST_MONTHS, FORECASTS

COLUMNS = [name for name in FORECASTS.names if name != "model_version"]
LEAST_SNAPSHOTS = 2


@dataclass(frozen=True)
class Expectation:
    """What is expected of each customer: p(active) and net value of each horizon month."""

    p: Floats
    value: Floats
    method: NDArray[np.object_]
    status: NDArray[np.object_]


@dataclass(frozen=True)
class Forecaster:
    """A fitted forecaster."""

    as_of: date
    params: ModelParams
    encoder: InputEncoder
    hurdle: Hurdle
    level: float
    rates: Mapping[str, Rate]
    intervals: Intervals

    def expect(self, snapshot: pd.DataFrame, as_of: date) -> Expectation:
        """Expected months of each customer of a snapshot, in its order."""
        customers = self.encoder.encode(snapshot, as_of)
        found = status(customers, self.params)
        how = method(found)
        p, value = np.zeros((2, len(customers), HORIZON_MONTHS))
        modelled = how == MODEL
        p[modelled], amount = self.hurdle.predict(customers.take(modelled))
        value[modelled] = p[modelled] * amount * self.level
        for name, rate in self.rates.items():
            p[how == name], value[how == name] = rate.p, rate.value
        return Expectation(p, value, how, found)

    def predict(self, snapshot: pd.DataFrame, *, as_of: date | None = None) -> pd.DataFrame:
        """Forecast every customer of a snapshot: the columns of `tables.FORECASTS` but the model's version.

        A customer's row does not depend on who else is in the snapshot. Months are rounded to cents first, so that
        they sum exactly to the longer horizons.

        Args:
            snapshot: one row a customer, with the columns of the features table.
            as_of: the snapshot's; the forecaster's own where left out.
        """
        expected = self.expect(snapshot, as_of or self.as_of)
        months = np.rint(np.maximum(expected.value, 0.0) * 100.0).astype(np.int64)
        year = months.sum(axis=1)
        lower, upper = self.intervals.of(year.astype(float))
        cents = {f"clv_{k}m": months[:, :k].sum(axis=1) for k in (1, 3, 6, 12)}
        cents |= {"clv_12m_p10": np.floor(lower).astype(np.int64), "clv_12m_p90": np.ceil(upper).astype(np.int64)}
        cents |= {name: months[:, i] for i, name in enumerate(FORECAST_MONTHS)}
        forecast: dict[str, Any] = {name: _money(column) for name, column in cents.items()}
        forecast["customer_id"] = snapshot["customer_id"].to_numpy(dtype=object)
        forecast["p_active_12m"] = np.round(1.0 - np.prod(1.0 - expected.p, axis=1), 6)
        forecast |= {"status": expected.status, "method": expected.method}
        return pd.DataFrame(forecast, columns=COLUMNS)

    def save(self, folder: Path) -> None:
        """Write the boosters in XGBoost's own format and everything else as one JSON."""
        self.hurdle.save(folder)
        rest: dict[str, Any] = {
            "as_of": self.as_of.isoformat(),
            "params": asdict(self.params),
            "encoder": asdict(self.encoder),
            "start": asdict(self.hurdle.start),
            "names": self.hurdle.names,
            "level": self.level,
            "rates": {name: asdict(rate) for name, rate in self.rates.items()},
            "intervals": asdict(self.intervals),
        }
        (folder / "forecaster.json").write_text(json.dumps(rest, indent=1, sort_keys=True), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Forecaster:
        """Read what `save` wrote."""
        rest = json.loads((folder / "forecaster.json").read_text(encoding="utf-8"))
        encoder = rest["encoder"]
        categories = {name: tuple(texts) for name, texts in encoder["categories"].items()}
        return cls(
            as_of=date.fromisoformat(rest["as_of"]),
            params=ModelParams(**rest["params"]),
            encoder=InputEncoder(tuple(encoder["numbers"]), categories, encoder["first_month"]),
            hurdle=Hurdle.load(folder, Start(**rest["start"]), tuple(rest["names"])),
            level=rest["level"],
            rates={name: Rate(**rate) for name, rate in rest["rates"].items()},
            intervals=Intervals(**rest["intervals"]),
        )


def fit(snapshots: Snapshots, *, as_of: date, params: ModelParams | None = None) -> Forecaster:
    """Learn from every snapshot up to and including `as_of`, with labels that had matured by then.

    Args:
        snapshots: as_of → frame with the columns of the features table, one row a customer known then. To train on a
            part of the customers, choose them by `panel.sample_customers` and take the same ones in every snapshot.
        as_of: what happened on or after this day is not looked at.
        params: the forecaster's settings.

    Raises:
        InputError: there is no snapshot as of `as_of`, or fewer than two, or columns are missing.
    """
    params = params or ModelParams()
    known = known_by(snapshots, as_of)
    if len(known) < LEAST_SNAPSHOTS:
        raise InputError(f"{len(known)} snapshot(s) up to {as_of}: at least {LEAST_SNAPSHOTS} are needed to learn from")
    encoder = InputEncoder.of(known[as_of], first_month(known))
    outcomes = Outcomes.read(known)
    coded = {day: encoder.encode(frame, day) for day, frame in known.items()}
    start, rows = _training_rows(coded, outcomes, params)
    hurdle = Hurdle.fit(rows, start, encoder.names, params)
    return Forecaster(as_of, params, encoder, hurdle, 1.0, _rates(coded, outcomes, params), _no_intervals())


def _training_rows(coded: Mapping[date, Customers], outcomes: Outcomes, params: ModelParams) -> tuple[Start, Rows]:
    modelled = {day: c.take(method(status(c, params)) == MODEL) for day, c in coded.items()}
    total = sum(len(c) * len(outcomes.matured(day)) for day, c in modelled.items())
    pieces = []
    for day, customers in modelled.items():
        for h in outcomes.matured(day):
            keep = thinned(len(customers), params.max_activity_rows / max(total, 1), (params.seed, day.toordinal(), h))
            value, orders = outcomes.after(customers.ids[keep], day, [h])
            pieces.append((customers.take(keep), h, value[:, 0], orders[:, 0] > 0))
    value = np.concatenate([piece[2] for piece in pieces])
    active = np.concatenate([piece[3] for piece in pieces])
    start = Start(
        p_mean=float(active.mean()),
        value_mean=float(max(value[active].mean(), 0.01)) if active.any() else 0.01,
        p_months=params.activity_prior_months,
        value_months=params.value_prior_months,
    )
    starts = [start.of(piece[0]) for piece in pieces]
    rows = Rows(
        inputs=np.concatenate([horizon_inputs(piece[0], piece[1]) for piece in pieces]),
        p_start=np.concatenate([s[0] for s in starts]),
        value_start=np.concatenate([s[1] for s in starts]),
        value=value,
        active=active,
    )
    return start, rows


def _rates(coded: Mapping[date, Customers], outcomes: Outcomes, params: ModelParams) -> dict[str, Rate]:
    nothing = Rate([0.01] * HORIZON_MONTHS, [0.0] * HORIZON_MONTHS)
    rates = {}
    for name in (COHORT_PRIOR, DORMANT_RATE):
        active, total, matured = np.zeros((3, HORIZON_MONTHS))
        for day, customers in coded.items():
            ids = customers.ids[method(status(customers, params)) == name]
            horizons = outcomes.matured(day)
            value, orders = outcomes.after(ids, day, horizons)
            columns = np.array(horizons, dtype=int) - 1
            active[columns] += (orders > 0).sum(axis=0)
            total[columns] += value.sum(axis=0)
            matured[columns] += len(ids)
        rates[name] = Rate.fit(active, total, matured, nothing)
    return rates


def _no_intervals() -> Intervals:
    return Intervals([], [0.0], [2.5])


def _money(cents: NDArray[np.int64]) -> list[Decimal]:
    return [Decimal(int(amount)).scaleb(-2) for amount in cents]


def months_between(earlier: date, later: date) -> int:
    """Calendar months from one as_of to another."""
    return Month.of(earlier).months_until(Month.of(later))
