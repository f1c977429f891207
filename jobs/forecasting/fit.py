"""Fit a forecaster to snapshots; a holdout model's forecasts of the newest months calibrate it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from jobs.core.month import HORIZON_MONTHS
from jobs.forecasting.base_margin import HORIZON_NAMES, NAMES, BaseModels
from jobs.forecasting.bias_correction import fit_bias_correction
from jobs.forecasting.calibrated import Calibration
from jobs.forecasting.calibration import calibrate
from jobs.forecasting.cold_start import Rates
from jobs.forecasting.correction_shrinkage import blend
from jobs.forecasting.corrections import Corrections
from jobs.forecasting.encoder import Customers, Floats, InputEncoder, InputError
from jobs.forecasting.forecaster import Forecaster
from jobs.forecasting.frailty import fit_shape
from jobs.forecasting.monthly_model import NO_FRAILTY_YET, MonthlyModel
from jobs.forecasting.outcomes import Snapshots, first_month, known_by
from jobs.forecasting.params import ModelParams
from jobs.forecasting.reasons import Explainer
from jobs.forecasting.status import COHORT_PRIOR, MODEL
from jobs.forecasting.total_level import combined
from jobs.forecasting.training_rows import Panel
from jobs.forecasting.two_part import Boosted, TwoPartModel

LEAST_SNAPSHOTS = 2


def fit(
    snapshots: Snapshots,
    *,
    as_of: date,
    params: ModelParams | None = None,
    calibration: Calibration | None = None,
    holdout: Uncalibrated | None = None,
) -> Forecaster:
    """Learn from every snapshot up to and including `as_of`, with labels that had matured by then.

    Args:
        snapshots: as_of → frame with the columns of the features table, one row a customer known then. To train on a
            part of the customers, choose them by `outcomes.sample_customers` and take the same in every snapshot.
        as_of: what happened on or after this day is not looked at.
        params: the forecaster's settings.
        calibration: if given, it is taken over, and no holdout model is needed.
        holdout: if given, the holdout model, fitted with the same settings to the snapshots before the months held
            back; else it is fitted here.

    Raises:
        InputError: there is no snapshot as of `as_of`, there are fewer than two, columns are missing, or no customer
            ordered.
        ValueError: `holdout` is as of another day, or has other settings.
    """
    params = params or ModelParams()
    known = known_by(snapshots, as_of)
    if calibration is None:
        calibration = calibration_of(known, params, holdout)
    return Uncalibrated.fit(known, params).forecaster(calibration)


def calibration_of(known: Snapshots, params: ModelParams, holdout: Uncalibrated | None = None) -> Calibration:
    """What the forecasts of a holdout model of the newest months teach; nothing if the history is too short."""
    months, earlier = calibration_months(len(known)), before_holdout(known)
    if months == 0 or len(earlier) < LEAST_SNAPSHOTS:
        return Calibration.none(params.coverage)
    model = holdout or Uncalibrated.fit(earlier, params)
    if (model.as_of, model.params) != (max(earlier), params):
        raise ValueError(f"the holdout model is as of {model.as_of} or has other settings: fit it as of {max(earlier)}")
    return calibrate(model.monthly(Calibration.none(params.coverage)), model.encoder, known, months)


def calibration_months(snapshots: int) -> int:
    """How many of the newest months are held back to calibrate and to judge: a third, a year at most."""
    return min(snapshots // 3, HORIZON_MONTHS)


def before_holdout(known: Snapshots) -> Snapshots:
    """The snapshots before the months that are held back; `known` is sorted, oldest first."""
    return dict(list(known.items())[: len(known) - calibration_months(len(known))])


@dataclass(frozen=True)
class Uncalibrated:
    """All that is learned without a holdout, and what calibration has to be fitted to.

    Attributes:
        as_of: the newest snapshot.
        params: the settings.
        encoder: which columns are read, and how.
        base_models: where the boosters start from.
        two_part: the boosters.
        newcomers: rates of customers who never bought.
        activity_odds: factor on the odds of being active.
        label_month: label month of each training row, counted in months.
        label_value: net value of each training row.
        boosted: the boosters' forecast of each training row.
        newest: the customers of the newest snapshot.
        frailty_customers: those of an earlier snapshot, to whom the frailties are fitted.
        frailty_active: whether they ordered in each month since, one row a customer.
    """

    as_of: date
    params: ModelParams
    encoder: InputEncoder
    base_models: BaseModels
    two_part: TwoPartModel
    newcomers: Rates
    activity_odds: float
    label_month: NDArray[np.int64]
    label_value: Floats
    boosted: Boosted
    newest: Customers
    frailty_customers: Customers
    frailty_active: NDArray[np.bool_]

    @classmethod
    def fit(cls, known: Snapshots, params: ModelParams) -> Uncalibrated:
        """Fit the base models and the boosters to the matured rows; raises InputError as `fit` does."""
        as_of = max(known)
        if len(known) < LEAST_SNAPSHOTS:
            raise InputError(f"{len(known)} snapshot(s) up to {as_of}: a model needs at least {LEAST_SNAPSHOTS}")
        if known[as_of]["first_ordered_on"].isna().all():
            raise InputError(f"no customer ordered before {as_of}: there is nothing to learn from")
        encoder = InputEncoder.of(known[as_of], first_month(known))
        panel = Panel.of(known, encoder, params)
        base_models = panel.base_models()
        rows, unit = panel.rows(base_models), panel.active_value
        two_part = TwoPartModel.fit(rows, (*encoder.names, *NAMES, *HORIZON_NAMES), unit, params)
        boosted = two_part.boosted(rows.inputs, rows.logs, rows.season, rows.p_base)
        newcomers = Rates.fit(panel.newcomers(base_models), unit)
        days = list(panel.coded)
        months = min(len(days) // 2, HORIZON_MONTHS)
        earlier = panel.coded[days[-1 - months]]
        _, orders = panel.outcomes.after(earlier.ids, earlier.as_of, range(1, months + 1))
        return cls(
            as_of=as_of,
            params=params,
            encoder=encoder,
            base_models=base_models,
            two_part=two_part,
            newcomers=newcomers,
            activity_odds=_bias_correction(params, rows.month, rows.active.astype(float), boosted.p),
            label_month=rows.month,
            label_value=rows.value,
            boosted=boosted,
            newest=panel.coded[as_of],
            frailty_customers=earlier,
            frailty_active=orders > 0,
        )

    def monthly(self, calibration: Calibration) -> MonthlyModel:
        """The model of a month. Each step is fitted to what the model of the step before forecasts."""
        blended = blend(self.boosted.base, self.boosted.value, calibration.correction_weight)
        value = _bias_correction(self.params, self.label_month, self.label_value, blended)
        model = MonthlyModel(
            params=self.params,
            base_models=self.base_models,
            two_part=self.two_part,
            newcomers=self.newcomers,
            corrections=Corrections(self.activity_odds, value),
            frailty=NO_FRAILTY_YET,
            calibration=calibration,
        )
        model = replace(model, corrections=self._combined(model))
        return replace(model, frailty=self._frailty(model))

    def forecaster(self, calibration: Calibration) -> Forecaster:
        """The forecaster under a calibration."""
        monthly = self.monthly(calibration)
        explainer = Explainer.fit(
            self.newest,
            self.base_models,
            self.two_part,
            self.newcomers,
            correction_weight=calibration.correction_weight,
            level=monthly.corrections.value * monthly.corrections.total_value,
        )
        return Forecaster(as_of=self.as_of, encoder=self.encoder, monthly=monthly, explainer=explainer)

    def _combined(self, model: MonthlyModel) -> Corrections:
        """The corrections that give the buyers' totals of the horizon the combined level."""
        weights = model.calibration
        money, activity = model.candidate_totals(self.newest.take(self.newest.has_bought), HORIZON_MONTHS)
        return replace(
            model.corrections,
            activity_hazard=combined(activity, weights.activity_weights) / float(activity[0]),
            total_value=combined(money, weights.money_weights) / float(money[0]),
        )

    def _frailty(self, model: MonthlyModel) -> dict[str, float]:
        """The frailties that make P(active) right over a long horizon."""
        months, bought = self.frailty_active.shape[1], self.frailty_customers.has_bought
        p = model.expect(self.frailty_customers).p[:, :months]
        active = np.asarray(self.frailty_active.any(axis=1))
        return {MODEL: fit_shape(p[bought], active[bought]), COHORT_PRIOR: fit_shape(p[~bought], active[~bought])}


def _bias_correction(params: ModelParams, month: NDArray[np.int64], actual: Floats, forecast: Floats) -> float:
    return fit_bias_correction(month, actual, forecast, newest=params.level_months, prior=params.level_prior_months)
