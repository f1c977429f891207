"""The champion in memory, with what its features need of the shop: read from MLflow and the lake, checked, ready."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

from jobs.cleaning.row_predicates import predicates
from jobs.cleaning.rows import Delivered
from jobs.core.month import Month
from jobs.core.refusal import RefusedError
from jobs.features.rfm_cuts import RfmCuts
from jobs.features.table import feature_columns, features
from jobs.lake.lake import Lake
from jobs.lake.tables import PRODUCTS
from jobs.sources.mapping import Source

if TYPE_CHECKING:
    from jobs.forecasting.forecaster import Forecaster
    from jobs.models.registry import Registry

State = tuple[str, ...]
"""Fingerprints of all that is read: the version's number, the hash of its files, and those of the lake."""

_PLAUSIBLE_MONTHS = 24
"""Times that are more months before the shop's first, or after the forecast, are typing errors."""


class NotUsableError(RefusedError):
    """The champion cannot forecast single customers."""


@dataclass(frozen=True, kw_only=True)
class LiveModel:
    """A version that can forecast; immutable, so that an answer is made with one version alone.

    Attributes:
        version: its number.
        forecaster: the model.
        source: the shop's mapping.
        products: month of a list of products → article → department.
        cuts: as_of → the quintiles of all customers, of each snapshot that it may forecast: from the lake, as the batch
            reads them; those that travel with the model where the lake has no snapshot of its day.
        state: what `ModelSource.seen` said when it was read.
    """

    version: int
    forecaster: Forecaster
    source: Source
    products: Mapping[Month, Mapping[str, str]]
    cuts: Mapping[date, RfmCuts]
    state: State

    @property
    def earliest(self) -> date:
        """The first as_of that it may forecast: it has seen what happened before."""
        return self.forecaster.as_of

    @property
    def newest(self) -> date:
        """The as_of of the newest snapshot that is known."""
        return max(self.cuts)

    def cuts_as_of(self, as_of: date) -> RfmCuts:
        """The quintiles of the newest snapshot that is not later."""
        return self.cuts[max(known for known in self.cuts if known <= as_of)]

    def delivered(self, as_of: date) -> Delivered:
        """Where rows of a request come from."""
        first, last = Month.parse(self.forecaster.encoder.first_month), Month.of(as_of)
        return Delivered(
            first=first.plus(-_PLAUSIBLE_MONTHS), last=last.plus(_PLAUSIBLE_MONTHS), products=self.products
        )


class Champion(Protocol):
    """Where the champion is read from. It is pickled into the process that reads it."""

    def seen(self) -> State | None:
        """What tells the champion, and what belongs to it, from another, without loading it; None: there is none."""

    def read(self) -> LiveModel:
        """The champion as it is now; raises if it cannot be used."""


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What the service knows of the version that a process has loaded.

    Attributes:
        version: its number.
        state: what `Champion.seen` said when it was read.
        example: a body that it can forecast.
    """

    version: int
    state: State
    example: dict[str, Any]


@dataclass(frozen=True)
class ModelSource:
    """Where the champion, and the shop's lists, are read from."""

    registry: Registry
    lake: Lake
    source: Source

    def seen(self) -> State | None:
        """What is there now, without loading it; None if there is no champion.

        Raises:
            RefusedError: the mapping cannot be used.
        """
        predicates(self.source)
        number = self.registry.aliased("champion")
        return None if number is None else self._state(number)

    def read(self) -> LiveModel:
        """The champion as it is now.

        Raises:
            RefusedError: there is none, or it cannot be used; the message says why and what to do.
        """
        state = self.seen()
        if state is None:
            raise NotUsableError("no version is the champion any more")
        number = int(state[0])
        forecaster = self._load(number)
        assert forecaster.rfm_cuts is not None
        return LiveModel(
            version=number,
            forecaster=forecaster,
            source=self.source,
            products=self._products(),
            cuts={forecaster.as_of: forecaster.rfm_cuts} | self._cuts(forecaster.as_of),
            state=state,
        )

    def _load(self, number: int) -> Forecaster:
        from jobs.models.model_version import unpack

        forecaster = unpack(self.registry.fetch(number))
        if forecaster.rfm_cuts is None:
            raise NotUsableError(
                f"model version {number} was registered without the quintiles of all customers, which a single "
                "customer's features need: run its month again, which trains it again"
            )
        missing = sorted(set(forecaster.encoder.columns) - {c.name for c in feature_columns(self.source.departments)})
        if missing:
            raise NotUsableError(
                f"model version {number} reads the columns {', '.join(missing)}, which the mapping {self.source.name} "
                "does not give: set CLV_SOURCE to the shop that it was trained on, or train the month again"
            )
        forecaster.monthly.two_part.use_one_thread()
        return forecaster

    def _state(self, number: int) -> State:
        sha256 = self.registry.sha256(number) or "no hash"
        lists = [self.lake.record(PRODUCTS, Month.parse(text)).fingerprint for text in self._lists()]
        table = features(self.source.departments)
        snapshots = [self.lake.record(table, as_of).fingerprint for as_of in self._snapshots()]
        return (str(number), sha256, *lists, "|", *snapshots)

    def _lists(self) -> list[str]:
        """The months of the lists of products, where departments come from them."""
        is_needed = self.source.products is not None and self.source.transactions.department is None
        return self.lake.periods(PRODUCTS) if is_needed else []

    def _products(self) -> dict[Month, dict[str, str]]:
        from jobs.lake.arrow import read_rows

        lists: dict[Month, dict[str, str]] = {}
        for month in map(Month.parse, self._lists()):
            listed = read_rows(self.lake, PRODUCTS, [month])
            products, departments = listed["product_id"].to_pylist(), listed["department"].to_pylist()
            lists[month] = dict(zip(products, departments, strict=True))
        return lists

    def _snapshots(self) -> list[date]:
        return [date.fromisoformat(period) for period in self.lake.periods(features(self.source.departments))]

    def _cuts(self, earliest: date) -> dict[date, RfmCuts]:
        from jobs.models.training_data import read_rfm_cuts

        table = features(self.source.departments)
        return {as_of: read_rfm_cuts(self.lake, table, as_of) for as_of in self._snapshots() if as_of >= earliest}
