"""Forecast the customers who completed their first month in a data month."""

from __future__ import annotations

from datetime import date

import pandas as pd

from jobs.core.code_version import code_fingerprint
from jobs.core.month import Month
from jobs.core.settings import FIRST_MONTH_MODEL
from jobs.forecasting.first_month.days import FIRST_DAYS, completed_between, first_orders
from jobs.forecasting.first_month.features import first_month_features
from jobs.forecasting.status import BY_FIRST_MONTH, BY_STANDARD
from jobs.lake.arrow import read_rows, write_period
from jobs.lake.first_month_tables import FIRST_MONTH
from jobs.lake.lake import Lake
from jobs.lake.tables import FORECAST_MONTHS, FORECASTS, REASON_COLUMNS
from jobs.lake.versions import Record
from jobs.models.first_month import FirstMonthModels, unpack
from jobs.models.first_month_data import completed_in, inputs_of
from jobs.models.first_month_level import level_of, snapshots_of

_STANDARD = [
    *("clv_12m", "clv_12m_p10", "clv_12m_p90", "p_active_12m"),
    *FORECAST_MONTHS,
    "model_version",
    *REASON_COLUMNS,
]


def score_first_month(models: FirstMonthModels, number: int | None, *, as_of: date, is_forced: bool = False) -> Record:
    """Write `first_month/as_of=…`; its record.

    Where there is no version, because too few customers have lived through a month after their first one, the standard
    forecasts of these customers stand in. Nothing is written that the lake holds already, unless forced.

    Args:
        models: the model of the first month.
        number: the version that forecasts; None if there is none.
        as_of: first day after the data month.
        is_forced: whether to write what is current, too.

    Raises:
        IncompleteError: the snapshot, a month or the standard forecasts are not in the lake.
    """
    lake = models.lake
    inputs = (
        inputs_of(lake, models.table, as_of)
        | snapshots_of(lake, models.table, as_of)
        | {
            "model": f"{FIRST_MONTH_MODEL}/{number}",
            "code": code_fingerprint(__name__),
            "forecasts": lake.record(FORECASTS, as_of).fingerprint,
        }
    )
    if not is_forced and lake.is_current(FIRST_MONTH, as_of, inputs):
        return lake.record(FIRST_MONTH, as_of)
    return write_period(_forecasts(models, number, as_of), lake, FIRST_MONTH, as_of, inputs)


def _forecasts(models: FirstMonthModels, number: int | None, as_of: date) -> pd.DataFrame:
    known = completed_in(models.lake, models.table, as_of)
    first = completed_between(first_orders(known.daily, as_of), Month.before(as_of).first_day, as_of)
    if number is None:
        return _dated(_standard(models.lake, as_of, first))
    features = first_month_features(known.daily, known.profiles, first)
    return forecasts_of(models, number, features, as_of)


def forecasts_of(models: FirstMonthModels, number: int, features: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """A version's forecasts of some customers, in the columns of FIRST_MONTH.

    Args:
        models: the model of the first month.
        number: the version.
        features: `first_month_features` of the customers.
        as_of: day of the standard forecasts whose model tells the level.
    """
    own = unpack(models.registry.fetch(number))
    made = own.predict(features, 1.0 if features.empty else level_of(models, own, as_of))
    return _dated(made.assign(method=BY_FIRST_MONTH, model_version=number))


def _dated(made: pd.DataFrame) -> pd.DataFrame:
    completed_on = made["first_ordered_on"] + pd.Timedelta(days=FIRST_DAYS)
    return made.assign(first_ordered_on=made["first_ordered_on"].dt.date, completed_on=completed_on.dt.date)


def _standard(lake: Lake, as_of: date, first: pd.Series) -> pd.DataFrame:
    """The standard forecasts of some customers."""
    rows = read_rows(lake, FORECASTS, [as_of], ["customer_id", *_STANDARD]).to_pandas()
    chosen: pd.DataFrame = rows.set_index("customer_id").loc[first.index].reset_index()
    return chosen.assign(first_ordered_on=first.to_numpy(), method=BY_STANDARD)
