"""Learning: from snapshots to a forecaster, whose own forecasts of the newest months calibrate it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial

import numpy as np

from jobs.core.month import HORIZON_MONTHS
from jobs.forecasting.bias_correction import fit_level
from jobs.forecasting.calibration import Calibration, calibrate, totals
from jobs.forecasting.cold_start import Rates
from jobs.forecasting.correction_shrinkage import blend
from jobs.forecasting.encoder import InputEncoder, InputError
from jobs.forecasting.forecaster import Forecaster
from jobs.forecasting.frailty import fit_shape
from jobs.forecasting.outcomes import Snapshots, first_month, known_by
from jobs.forecasting.params import ModelParams
from jobs.forecasting.reasons import Explainer
from jobs.forecasting.status import COHORT_PRIOR, MODEL
from jobs.forecasting.total_level import combined
from jobs.forecasting.training_rows import Panel
from jobs.forecasting.two_part import Hurdle

LEAST_SNAPSHOTS = 2


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
    found = hurdle.boosted(rows.inputs, rows.logs, rows.season, rows.p_start)
    level = partial(fit_level, rows.month, newest=params.level_months, prior=params.level_prior_months)
    newcomers = Rates.fit(panel.newcomers(start), unit)
    value_level = level(rows.value, blend(found.start, found.value, calibration.trust))
    forecaster = Forecaster(
        as_of=as_of,
        params=params,
        encoder=encoder,
        start=start,
        hurdle=hurdle,
        activity_level=level(rows.active.astype(float), found.p),
        value_level=value_level,
        level=1.0,
        activity_combined=1.0,
        newcomers=newcomers,
        frailty={MODEL: 1.0, COHORT_PRIOR: 1.0},
        explainer=Explainer((), {}, 0.0, 0.0),
        calibration=calibration,
    )
    forecaster = _combined(forecaster, panel)
    return replace(forecaster, frailty=_frailty(forecaster, panel), explainer=_explainer(forecaster, panel))


def _combined(forecaster: Forecaster, panel: Panel) -> Forecaster:
    """The forecaster at the combined level: the totals of the horizon, of customers who bought."""
    newest, weights = panel.coded[forecaster.as_of], forecaster.calibration
    money, activity = totals(forecaster, newest.take(~np.isnan(newest.recency_days)), HORIZON_MONTHS)
    return replace(
        forecaster,
        level=combined(money, weights.money_weights) / float(money[0]),
        activity_combined=combined(activity, weights.activity_weights) / float(activity[0]),
    )


def _explainer(forecaster: Forecaster, panel: Panel) -> Explainer:
    return Explainer.fit(
        panel.coded[forecaster.as_of],
        forecaster.start,
        forecaster.hurdle,
        forecaster.newcomers,
        trust=forecaster.trust,
        level=forecaster.value_level * forecaster.level,
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
