"""Fit a forecaster to snapshots; a holdout model's forecasts of the newest months calibrate it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from jobs.core.month import HORIZON_MONTHS
from jobs.forecasting.base_margin import HORIZON_NAMES, NAMES
from jobs.forecasting.boosting_weight import boosting_weight
from jobs.forecasting.calibrated import Calibration
from jobs.forecasting.calibration import calibrate
from jobs.forecasting.cold_start import Rates
from jobs.forecasting.encoder import Customers, InputEncoder, InputError
from jobs.forecasting.forecaster import Forecaster
from jobs.forecasting.frailty import fit_shape
from jobs.forecasting.holdout import calibration_months, snapshots_before_holdout
from jobs.forecasting.monthly_model import MonthlyModel
from jobs.forecasting.outcomes import Snapshots, first_month, known_by
from jobs.forecasting.params import ModelParams
from jobs.forecasting.reasons import Explainer
from jobs.forecasting.training_rows import Panel
from jobs.forecasting.two_part import TwoPartModel

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
        InputError: there is no snapshot as of `as_of`, columns are missing, or there is nothing to learn from: see
            `nothing_to_learn`.
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
    if months == 0 or nothing_to_learn(earlier):
        return Calibration.none(params.coverage)
    model = holdout or Uncalibrated.fit(earlier, params)
    if (model.as_of, model.params) != (max(earlier), params):
        raise ValueError(f"the holdout model is as of {model.as_of} or has other settings: fit it as of {max(earlier)}")
    return calibrate(model.model, model.encoder, known, months)


def nothing_to_learn(known: Snapshots) -> str | None:
    """Why a model cannot be fitted to these snapshots; None if it can."""
    days = sorted(known)
    if len(days) < LEAST_SNAPSHOTS:
        return f"{len(days)} snapshot(s): a model needs at least {LEAST_SNAPSHOTS}"
    newest, before = known[days[-1]], known[days[-2]]
    if newest["first_ordered_on"].isna().all():
        return f"no customer ordered before {days[-1]}: there is nothing to learn from"
    if before["first_ordered_on"].isna().all():
        return f"no customer ordered before {days[-2]}: a model needs a whole month after somebody's first order"
    if not (newest.loc[newest["first_ordered_on"].notna(), "net_value_lifetime"] > 0).any():
        return f"no customer brought more than they took back before {days[-1]}: there is no value to forecast"
    return None


def before_holdout(known: Snapshots) -> Snapshots:
    """The snapshots before the months that are held back; `known` is sorted, oldest first."""
    return dict(list(known.items())[: snapshots_before_holdout(len(known))])


@dataclass(frozen=True)
class Uncalibrated:
    """All that is learned without a holdout.

    Attributes:
        as_of: the newest snapshot.
        encoder: which columns are read, and how.
        newest: the customers of the newest snapshot.
        model: the model of the twelve months, uncalibrated.
    """

    as_of: date
    encoder: InputEncoder
    newest: Customers
    model: MonthlyModel

    @classmethod
    def fit(cls, known: Snapshots, params: ModelParams) -> Uncalibrated:
        """Fit the base models and the boosters to the matured rows; raises InputError as `fit` does."""
        if reason := nothing_to_learn(known):
            raise InputError(reason)
        as_of = max(known)
        encoder = InputEncoder.of(known[as_of], first_month(known))
        panel = Panel.of(known, encoder, params)
        base_models = panel.base_models()
        names = (*encoder.names, *NAMES, *HORIZON_NAMES)
        newcomers = Rates.fit(panel.newcomers(base_models), panel.active_value)
        return cls(
            as_of=as_of,
            encoder=encoder,
            newest=panel.coded[as_of],
            model=MonthlyModel(
                params=params,
                base_models=base_models,
                two_part=TwoPartModel.fit(panel.rows(base_models), names, panel.active_value, params),
                weight=boosting_weight(len(known)),
                newcomers=newcomers,
                frailty=_frailty(panel, newcomers),
                calibration=Calibration.none(params.coverage),
            ),
        )

    @property
    def params(self) -> ModelParams:
        """The settings."""
        return self.model.params

    def forecaster(self, calibration: Calibration) -> Forecaster:
        """The forecaster under a calibration."""
        calibrated = replace(self.model, calibration=calibration)
        monthly = calibrated.at_combined_level(self.newest.take(self.newest.has_bought))
        explainer = Explainer.fit(self.newest, monthly)
        return Forecaster(as_of=self.as_of, encoder=self.encoder, monthly=monthly, explainer=explainer)


def _frailty(panel: Panel, rates: Rates) -> float:
    """The frailty that makes P(active) of customers who never bought right over half of the history."""
    days = list(panel.coded)
    months = min(len(days) // 2, HORIZON_MONTHS)
    earlier = panel.coded[days[-1 - months]]
    waiting = earlier.take(~earlier.has_bought)
    _, orders = panel.outcomes.after(waiting.ids, earlier.as_of, range(1, months + 1))
    chance, _ = rates.of(waiting.signup_days)
    return fit_shape(chance[:, :months], orders.max(axis=1) > 0)
