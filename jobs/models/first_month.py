"""The model of the first month: train and judge a version, and forecast the customers of a data month with it."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from datetime import date
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from jobs.core.code_version import code_fingerprint
from jobs.core.postgres import fetch
from jobs.core.value_basis import NET_REVENUE
from jobs.forecasting.encoder import InputError
from jobs.lake.lake import Lake
from jobs.lake.tables import Table
from jobs.models.model_version import Training, TrainingInputs, Version, library_versions, read
from jobs.models.opponent import Files, Trial
from jobs.models.promotion import promote
from jobs.models.registry import Registry
from jobs.models.training import example_of, fingerprint_of
from jobs.models.verdict import Verdict

if TYPE_CHECKING:
    import pandas as pd

    from jobs.forecasting.bootstrap import BacktestOrigin
    from jobs.forecasting.first_month.forecaster import FirstMonthForecaster
    from jobs.forecasting.first_month.holdout import Holdout
    from jobs.models.first_month_data import NewCustomers

log = logging.getLogger(__name__)


def unpack(files: Files) -> FirstMonthForecaster:
    """Read a forecaster from a version's files; raises UnreadableError if this code cannot read their format."""
    from jobs.forecasting.first_month.forecaster import FirstMonthForecaster

    return read(files, FirstMonthForecaster.load)


@dataclass(frozen=True, kw_only=True)
class FirstMonthModels:
    """The versions of the model, and what they are trained on.

    Attributes:
        registry: the versions.
        lake: the lake.
        table: its features table.
    """

    registry: Registry
    lake: Lake
    table: Table

    def train(self, as_of: date, *, is_forced: bool = False) -> int:
        """Train and register a version, unless one with the same inputs exists; its number.

        Raises:
            InputError: too few customers have lived through a month after their first one.
            IncompleteError: the snapshot as of `as_of`, or a month, is not in the lake.
        """
        inputs = self._inputs(as_of)
        existing = None if is_forced else self.registry.find(inputs)
        if existing is not None:
            log.info("Version %s has the same inputs and code: nothing to train", existing)
            return existing
        return self.registry.register(self._training(as_of), inputs)

    def judge(self, number: int, *, as_of: date, run_id: int) -> Verdict:
        """Let the gate judge a version. Raises the same errors as `promote`."""
        [newest] = fetch(self.registry.database, "newest_published_as_of", value_basis=NET_REVENUE)
        trial = Trial(self._compare, self.train, partial(self._shares_holdout, as_of))
        return promote(self.registry, number, run_id=run_id, as_of=as_of, newest_published=newest["as_of"], trial=trial)

    def holdout(self, version: Version) -> tuple[FirstMonthForecaster, Holdout] | None:
        """A version's holdout model, and the customers that it forecasts; None if it has none."""
        if version.holdout_origin is None:
            return None
        customers = self._held_out(version.as_of, version.holdout_origin)
        return unpack(self.registry.fetch(version.number, "backtest")), customers

    def _compare(self, own: Files, opponents: Files | None, challenger: Version) -> list[BacktestOrigin]:
        assert challenger.holdout_origin is not None
        customers = self._held_out(challenger.as_of, challenger.holdout_origin)
        return customers.compared(unpack(own), None if opponents is None else unpack(opponents))

    def _shares_holdout(self, as_of: date, before: date) -> bool:
        from jobs.forecasting.first_month.holdout import holdout_origin

        first = self._known(as_of).first
        return holdout_origin(first, as_of) == holdout_origin(first, before)

    def _inputs(self, as_of: date) -> TrainingInputs:
        from jobs.forecasting.first_month.fit import PARAMS

        return TrainingInputs(
            as_of=str(as_of),
            input_fingerprint=self._fingerprint(as_of),
            params_fingerprint=fingerprint_of(asdict(PARAMS)),
            code_fingerprint=code_fingerprint(__name__),
            libraries=library_versions(),
        )

    def _known(self, as_of: date) -> NewCustomers:
        return _learned_from(self.lake, self.table, as_of, self._fingerprint(as_of))

    def _held_out(self, as_of: date, origin: date) -> Holdout:
        return _holdout(self.lake, self.table, as_of, origin, self._fingerprint(as_of))

    def _fingerprint(self, as_of: date) -> str:
        from jobs.models.first_month_data import inputs_of

        return fingerprint_of(inputs_of(self.lake, self.table, as_of))

    def _training(self, as_of: date) -> Training:
        from jobs.forecasting.first_month.fit import PARAMS, fit_first_month
        from jobs.forecasting.first_month.holdout import holdout_origin

        known = self._known(as_of)
        fit = partial(fit_first_month, known.daily, known.profiles, opened=known.first.first_day)
        forecaster, backtest = fit(as_of=as_of), None
        metrics: dict[str, dict[str, float]] = {}
        missing: tuple[str, ...] = ()
        origin = holdout_origin(known.first, as_of)
        try:
            if origin is None:
                raise InputError(f"the data begin in {known.first}: no month is left to be compared")
            backtest = fit(as_of=origin)
            metrics = self._held_out(as_of, origin).metrics(backtest)
        except InputError as error:
            missing = (f"everything: {error}",)
        return Training(
            forecaster=forecaster,
            backtest=backtest,
            params=asdict(PARAMS) | {"matured_customers": forecaster.matured},
            metrics=metrics,
            figures={},
            example=_example(known, as_of),
            not_measured=missing,
            served_by="jobs.models.served_first_month",
        )


@lru_cache(maxsize=1)
def _learned_from(lake: Lake, table: Table, as_of: date, _fingerprint: str) -> NewCustomers:
    """Training, the gate and scoring read the same days: once, as long as they are the same."""
    from jobs.forecasting.first_month.fit import PARAMS
    from jobs.models.first_month_data import learned_from

    return learned_from(lake, table, as_of, PARAMS.max_customers)


@lru_cache(maxsize=1)
def _holdout(lake: Lake, table: Table, as_of: date, origin: date, fingerprint: str) -> Holdout:
    """Training and the gate judge by the same customers, whose simple forecasts take a while to fit."""
    from jobs.forecasting.first_month.holdout import Holdout

    known = _learned_from(lake, table, as_of, fingerprint)
    return Holdout.read(known.daily, known.profiles, origin=origin, as_of=as_of)


def _example(known: NewCustomers, as_of: date) -> pd.DataFrame:
    from jobs.forecasting.first_month.days import completed, first_orders
    from jobs.forecasting.first_month.features import first_month_features

    customers = completed(first_orders(known.daily, as_of), as_of)
    return example_of(first_month_features(known.daily, known.profiles, customers))
